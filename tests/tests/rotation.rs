//! Keys that change under a running Envoy: an issuer that rotates, answers nonsense or not at all, and configurations that are replaced
//! under load. Nobody gets in whom the keys in force do not let in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portcullis::Options;
use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::message::{Answer, Body, Headers};
use portcullis_tests::envoy::bootstrap::{Routes, gateway, wasm_filter};
use portcullis_tests::envoy::client;
use portcullis_tests::envoy::gate::get;
use portcullis_tests::envoy::process::{Envoy, run_folder};
use portcullis_tests::envoy::upstream::Upstream;
use portcullis_tests::envoy::wire::read_head;
use portcullis_tests::tokens::{self, AUDIENCE, ISSUER, STRANGER};
use serde_json::{Value, json};

const ALGORITHM: JwtAlgorithm = JwtAlgorithm::Es256;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn answer(status: u16, text: &str) -> Answer {
    Answer { status, headers: Headers::new(), body: Some(Body { bytes: text.as_bytes().to_vec(), split: None, trailers: Vec::new() }) }
}

fn module(policy: &str, folder: &Path) -> std::path::PathBuf {
    let checked = portcullis::check("rotation.policy", policy, &mut |_| Err("there is no file".to_owned()));
    assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
    let module = folder.join("module.wasm");
    fs::write(&module, portcullis::compile(&checked, &Options::default()).unwrap().output.wasm).unwrap();
    module
}

/// An Envoy of two threads with this policy, before an upstream, and the issuer, which answers with this key set.
fn with_issuer(policy: &str, set: &str) -> (Envoy, Upstream) {
    let folder = run_folder().unwrap();
    let module = module(policy, &folder);
    let (upstream, identity) = (Upstream::start(&["upstream".to_owned()]).unwrap(), Upstream::start(&["identity".to_owned()]).unwrap());
    identity.expect(&answer(200, set));
    let ports: BTreeMap<String, u16> = upstream.ports().iter().chain(identity.ports()).map(|(name, port)| (name.clone(), *port)).collect();
    let routes = Routes::Clusters { default: "upstream", ports: &ports };
    let envoy = Envoy::start(&gateway(&[wasm_filter(&module, "", true)], routes, 0, None), 2, folder).unwrap();
    (envoy, identity)
}

fn status(port: u16, token: &str) -> u16 {
    client::send(port, &get("/a".to_owned(), vec![("authorization", format!("Bearer {token}"))])).unwrap().status
}

/// Tries until it is so; some seconds are more than any of this takes.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        sleep(Duration::from_millis(20));
    }
}

/// A request with a body whose second half comes later.
struct Slow(TcpStream);

const HELD: &[u8] = br#"{"customer":"c-1"}"#;

impl Slow {
    fn begin(port: u16, token: &str) -> Slow {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "PROXY TCP4 192.0.2.1 127.0.0.1 40000 {port}\r\nPOST /held HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            HELD.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(HELD.get(..9).unwrap()).unwrap();
        Slow(stream)
    }

    fn end(mut self) -> String {
        self.0.write_all(HELD.get(9..).unwrap()).unwrap();
        self.0.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        read_head(&mut BufReader::new(self.0)).unwrap().unwrap().start
    }
}

#[test]
fn an_issuer_rotates_fails_and_comes_back() {
    let policy = format!(
        "policy rotation {{ default = deny 403 }} service identity {{ cluster = \"identity\" }}\n\
         jwt corp {{ issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] algorithms = [ES256]\n\
         keys = fetch {{ service = identity, path = \"/jwks\", refresh = 1s, stale = 1h }} claims {{ sub: string }} }}\n\
         scope \"/**\" {{ authenticate corp  permit \"all\" {{ on GET \"/**\" }}\n\
         permit \"held\" {{ on POST \"/held\" when request.body.json.customer == corp.sub }}\n\
         forbid \"others\" {{ when corp.sub != \"c-1\" }} }}"
    );
    let (ours, others) = (tokens::key_set().to_string(), tokens::other_key_set().to_string());
    let (envoy, identity) = with_issuer(&policy, &ours);
    let port = envoy.port();
    let (mine, theirs) = (tokens::good(ALGORITHM, now()), tokens::others(ALGORITHM, now()));
    // The very first request waits for the keys.
    assert_eq!(status(port, &mine), 200, "{}", envoy.log());
    assert_eq!(status(port, &theirs), 401);

    // Verified before the keys change, decided after: the request is whom it was when it came.
    let held = Slow::begin(port, &mine);
    sleep(Duration::from_millis(300));
    identity.expect(&answer(200, &others));
    eventually("the old keys end", || (0..8).all(|_| status(port, &mine) == 401));
    assert!(held.end().contains(" 200 "), "{}", envoy.log());
    assert_eq!((status(port, &theirs), status(port, &mine)), (200, 401));

    // What is no key set, and what does not come, changes nothing, for as long as several refreshes take.
    for failure in [Some(answer(200, "<html>we are sorry</html>")), Some(answer(200, r#"{"keys":[]}"#)), Some(answer(503, "")), None] {
        match &failure {
            Some(answer) => identity.expect(answer),
            None => identity.hang(),
        }
        let before = envoy.admin("/stats?filter=fetch_failed").unwrap();
        eventually("a fetch fails", || envoy.admin("/stats?filter=fetch_failed").unwrap() != before);
        for _ in 0..8 {
            assert_eq!((status(port, &theirs), status(port, &mine)), (200, 401), "{failure:?}");
        }
    }
    identity.expect(&answer(200, &ours));
    eventually("the issuer is back", || (0..8).all(|_| status(port, &mine) == 200 && status(port, &theirs) == 401));
}

/// Two threads of a proxy ask the issuer once at the start, and once for a key that is new: everybody who comes with a token of that
/// key before the answer is there waits for that one answer, on either thread.
#[test]
fn all_who_come_meanwhile_wait_for_one_fetch() {
    let policy = format!(
        "policy waiting {{ default = deny 403 }} service identity {{ cluster = \"identity\"  timeout = 5s }}\n\
         jwt corp {{ issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] algorithms = [ES256]\n\
         keys = fetch {{ service = identity, path = \"/jwks\", refresh = 1h, stale = 2h }} }}\n\
         scope \"/**\" {{ authenticate corp  permit \"all\" {{ }} }}"
    );
    let (envoy, identity) = with_issuer(&policy, STRANGER);
    let port = envoy.port();
    // Before any request: one of the two threads, and only one.
    assert!(identity.received(Duration::from_secs(10)).is_some(), "{}", envoy.log());
    assert!(identity.received(Duration::from_millis(1500)).is_none(), "a second thread fetches");

    let mine = tokens::good(ALGORITHM, now());
    identity.expect(&answer(200, &tokens::key_set().to_string()));
    identity.delay(Duration::from_millis(800));
    let statuses: Vec<u16> = scope(|threads| {
        let clients: Vec<_> = (0..24).map(|_| threads.spawn(|| status(port, &mine))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 24], "{}", envoy.log());
    assert!(identity.received(Duration::ZERO).is_some());
    assert!(identity.received(Duration::from_millis(500)).is_none(), "somebody fetched again");
}

/// A listener in a file of its own, which Envoy takes anew when the file is replaced.
fn put_listener(file: &Path, listener: &Value, version: usize) {
    let mut listener = listener.clone();
    listener.as_object_mut().unwrap().insert("@type".to_owned(), json!("type.googleapis.com/envoy.config.listener.v3.Listener"));
    let text = json!({ "version_info": version.to_string(), "resources": [listener] }).to_string();
    let staging = file.with_extension("new");
    fs::write(&staging, text).unwrap();
    fs::rename(&staging, file).unwrap();
}

/// What clients got: who they were, what was in force for sure (nothing while it changed), the status.
type Seen = BTreeMap<(&'static str, Option<bool>, u16), usize>;

#[test]
fn keys_are_replaced_under_load_and_nobody_slips_in() {
    let policy = format!(
        "policy reload {{ default = deny 403 }} config {{ set: string }}\n\
         jwt corp {{ issuer = \"{ISSUER}\" audiences = [\"{AUDIENCE}\"] algorithms = [ES256] keys = config.set\n\
         max_lifetime = 24h claims {{ sub: string }} }}\n\
         scope \"/**\" {{ authenticate corp  permit \"all\" {{}} }}"
    );
    let (folder, files) = (run_folder().unwrap(), run_folder().unwrap());
    let module = module(&policy, &folder);
    let upstream = Upstream::start(&["upstream".to_owned()]).unwrap();
    let bootstrap = |configuration: &str| {
        let routes = Routes::Clusters { default: "upstream", ports: upstream.ports() };
        gateway(&[wasm_filter(&module, configuration, false)], routes, 0, None)
    };
    let listener = |configuration: &str| bootstrap(configuration).pointer("/static_resources/listeners/0").unwrap().clone();
    let sets = [tokens::key_set(), tokens::other_key_set()].map(|set| json!({ "set": set.to_string() }).to_string());
    let listeners = sets.each_ref().map(|set| listener(set));
    let file = files.join("listeners.json");
    put_listener(&file, listeners.first().unwrap(), 0);
    let mut dynamic = bootstrap("");
    dynamic.pointer_mut("/static_resources").unwrap().as_object_mut().unwrap().remove("listeners");
    let more = dynamic.as_object_mut().unwrap();
    more.insert("node".to_owned(), json!({ "id": "tests", "cluster": "tests" }));
    let source = json!({ "resource_api_version": "V3", "path_config_source": { "path": file } });
    more.insert("dynamic_resources".to_owned(), json!({ "lds_config": source }));
    let envoy = Envoy::start(&dynamic, 2, folder).unwrap();
    let port = envoy.port();

    let (mine, theirs) = (tokens::good(ALGORITHM, now()), tokens::others(ALGORITHM, now()));
    let mut forged = tokens::broken(ALGORITHM, now());
    // That other key is the one of the second set.
    forged.retain(|broken| broken.how != "another key");
    // Even: the first or the second set is in force; odd: it changes.
    let (phase, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let seen: Mutex<Seen> = Mutex::new(Seen::new());
    scope(|threads| {
        for worker in 0..3_usize {
            let (phase, done, seen, mine, theirs, forged) = (&phase, &done, &seen, &mine, &theirs, &forged);
            threads.spawn(move || {
                for round in worker.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    let (who, token) = match round % 3 {
                        0 => ("mine", mine.as_str()),
                        1 => ("theirs", theirs.as_str()),
                        _ => ("forged", forged.get(round / 3 % forged.len()).unwrap().token.as_str()),
                    };
                    let before = phase.load(Ordering::SeqCst);
                    let status = status(port, token);
                    let settled = before == phase.load(Ordering::SeqCst) && before.is_multiple_of(2);
                    let first = settled.then_some(before.is_multiple_of(4));
                    *seen.lock().unwrap().entry((who, first, status)).or_default() += 1;
                }
            });
        }
        for version in 1..=6_usize {
            sleep(Duration::from_millis(700));
            // One that the module refuses in between: what was in force stays.
            put_listener(&file, &listener("{\"set\":\"{}\"}"), 100 + version);
            eventually("a wrong configuration is refused", || {
                let stats = envoy.admin("/stats?filter=listener_manager.lds.update_rejected").unwrap();
                stats.trim().rsplit(' ').next().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0) >= version
            });
            sleep(Duration::from_millis(300));
            phase.fetch_add(1, Ordering::SeqCst);
            put_listener(&file, listeners.get(version % 2).unwrap(), version);
            let (now_good, now_bad) = if version % 2 == 0 { (&mine, &theirs) } else { (&theirs, &mine) };
            eventually("the other keys are in force", || (0..20).all(|_| status(port, now_good) == 200 && status(port, now_bad) == 401));
            phase.fetch_add(1, Ordering::SeqCst);
        }
        sleep(Duration::from_millis(500));
        done.store(true, Ordering::SeqCst);
    });
    let seen = seen.into_inner().unwrap();
    println!("{seen:#?}");
    for ((who, first, status), count) in &seen {
        let admitted = *status == 200;
        assert!(admitted || *status == 401, "{count} times {status} for {who}: {seen:?}");
        match (*who, first) {
            ("mine", Some(first)) => assert_eq!(admitted, *first, "{count} times {status} for {who}: {seen:?}"),
            ("theirs", Some(first)) => assert_eq!(admitted, !*first, "{count} times {status} for {who}: {seen:?}"),
            ("forged", _) => assert!(!admitted, "{count} forged tokens were let in: {seen:?}"),
            (_, _) => {}
        }
    }
    let settled: usize = seen.iter().filter(|((_, first, _), _)| first.is_some()).map(|(_, count)| count).sum();
    let changing: usize = seen.iter().filter(|((_, first, _), _)| first.is_none()).map(|(_, count)| count).sum();
    assert!(settled >= 300 && changing >= 20, "{settled} requests while nothing changed, {changing} while it did");
    drop(fs::remove_dir_all(files));
}
