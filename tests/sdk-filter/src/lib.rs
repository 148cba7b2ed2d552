//! A gateway filter written with the Proxy-Wasm Rust SDK. In: lines `rule TEMPLATE`, `key SECRET CLIENT`,
//! `limit PER_MINUTE` as plugin configuration. Out: 401, 429, 403, or the request with its headers edited.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use matchit::Router;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, Status};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Default)]
struct Gateway {
    router: Router<()>,
    clients: HashMap<String, String>,
    per_minute: Option<u64>,
}

#[derive(Default)]
struct Root {
    gateway: Rc<Gateway>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        let Ok(text) = String::from_utf8(configuration) else {
            return false;
        };
        let mut gateway = Gateway::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["rule", template] => {
                    if gateway.router.insert(*template, ()).is_err() {
                        return false;
                    }
                }
                ["key", secret, client] => {
                    gateway.clients.insert((*secret).to_owned(), (*client).to_owned());
                }
                ["limit", number] => gateway.per_minute = number.parse().ok(),
                _ => return false,
            }
        }
        self.gateway = Rc::new(gateway);
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { gateway: Rc::clone(&self.gateway) }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    gateway: Rc<Gateway>,
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Action {
        let mut client = None;
        if let Some(per_minute) = self.gateway.per_minute {
            let key = self.get_http_request_header("x-api-key").unwrap_or_default();
            let Some(name) = self.gateway.clients.get(&key) else {
                return self.deny(401, b"unauthorized");
            };
            if !self.admit(name, per_minute) {
                return self.deny(429, b"too many requests");
            }
            client = Some(name.clone());
        }
        let path = self.get_http_request_header(":path").unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        if self.gateway.router.at(path).is_err() {
            return self.deny(403, b"forbidden");
        }
        if let Some(client) = client {
            self.set_http_request_header("x-api-key", None);
            self.set_http_request_header("x-client", Some(&client));
        }
        self.set_http_request_header("x-gateway", Some("portcullis"));
        Action::Continue
    }
}

impl Filter {
    fn deny(&self, status: u32, body: &[u8]) -> Action {
        self.send_http_response(status, vec![], Some(body));
        Action::Pause
    }

    /// Counts across all workers: the time at which the next request is due lies in shared data.
    fn admit(&self, client: &str, per_minute: u64) -> bool {
        const PERIOD: u64 = 60_000_000_000;
        let step = PERIOD / per_minute;
        let name = format!("limit:{client}");
        let now = self.get_current_time().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
        loop {
            let (bytes, cas) = self.get_shared_data(&name);
            let stored = bytes.and_then(|bytes| bytes.try_into().ok()).map_or(now, u64::from_le_bytes);
            let due = stored.max(now);
            if due - now > PERIOD - step {
                return false;
            }
            match self.set_shared_data(&name, Some(&(due + step).to_le_bytes()), cas) {
                Ok(()) => return true,
                Err(Status::CasMismatch) => {}
                Err(_) => return false,
            }
        }
    }
}
