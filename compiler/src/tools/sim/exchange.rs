//! One request and its response through one VM: local replies, failures, limits, and the callbacks that end a stream.

use std::collections::BTreeMap;

use super::flow::{Direction, Event, Flow, Rules, Stop};
use super::header_map::HeaderMap;
use super::stream::{Reply, Stream};
use super::vm::{CallError, Vm, endless};
use super::wire::{self, Ending};
use crate::tools::engine::EngineError;
use crate::tools::message::{Answer, Forwarded, Headers, Request, Response};

/// Details of the reply that Envoy makes when a VM has failed.
pub(crate) const FAILED: &str = "wasm_fail_stream";

/// Details of an answer that came from the upstream.
pub(crate) const VIA_UPSTREAM: &str = "via_upstream";

/// What became of the request.
#[derive(Clone, Debug)]
pub(crate) enum Arrived {
    /// It reached the upstream.
    Upstream(Box<Forwarded>),
    /// Somebody in the proxy answered.
    Answered {
        /// The status that was asked for.
        status: u16,
        details: String,
        response: Response,
    },
}

/// A stream under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) context: u32,
    pub(crate) rules: Rules,
    head: bool,
    grpc: bool,
}

/// An answer that Envoy itself makes.
pub(crate) fn own_reply(status: u16, details: &str, body: &str) -> Reply {
    Reply { status, details: details.to_owned(), body: body.as_bytes().to_vec(), headers: Vec::new(), grpc_status: None }
}

/// A reply that goes out without passing the filter.
pub(crate) fn direct(reply: &Reply, head: bool, grpc: bool) -> Response {
    let (map, body) = wire::reply_map(reply, grpc);
    let ending = Ending { headers_only: body.is_empty(), cut: false, head };
    wire::received(&map, body, Headers::new(), ending)
}

/// Whether the filter left a status; without one Envoy answers 502.
fn has_status(map: &HeaderMap) -> bool {
    map.text(":status").parse::<u16>().is_ok()
}

impl Exchange {
    /// The request phase: from the first callback to the upstream, or to an answer.
    pub(crate) fn begin(vm: &mut Vm, stream: Stream, request: &Request, rules: Rules) -> Result<(Self, Arrived), EngineError> {
        let context = vm.next_context();
        let root = stream.root;
        let grpc = stream.request_headers.map.text("content-type").starts_with("application/grpc");
        let exchange = Self { context, rules, head: request.method == "HEAD", grpc };
        vm.host().streams.insert(context, stream);
        let created = vm.call("proxy_on_context_create", context, &[root.cast_signed()]);
        let mut flow = Flow::new(Direction::Request, context, rules);
        let run = match created {
            Ok(_) => flow.run(vm, wire::request_events(request)),
            Err(CallError::Trap) => Err(Stop::Trap),
            Err(CallError::Endless(name)) => Err(Stop::Error(endless(name))),
        };
        let reply = match run {
            Ok(()) => match Self::route(flow)? {
                Ok(forwarded) => return Ok((exchange, Arrived::Upstream(Box::new(forwarded)))),
                Err(reply) => reply,
            },
            Err(Stop::Reply(reply)) => reply,
            Err(Stop::Trap) => own_reply(503, FAILED, ""),
            Err(Stop::TooLarge) => own_reply(413, "request_payload_too_large", "Payload Too Large"),
            Err(Stop::Closed) => {
                let arrived = Arrived::Answered { status: 0, details: FAILED.to_owned(), response: exchange.reset() };
                return Ok((exchange, arrived));
            }
            Err(Stop::Error(error)) => return Err(error),
        };
        let response = exchange.local_reply(vm, &reply)?;
        Ok((exchange, Arrived::Answered { status: reply.status, details: reply.details, response }))
    }

    /// What the router makes of the request that the filter let through.
    fn route(flow: Flow) -> Result<Result<Forwarded, Reply>, EngineError> {
        let Some(map) = &flow.headers else {
            return Ok(Err(own_reply(503, FAILED, "")));
        };
        if map.text(":path").is_empty() || map.text(":authority").is_empty() {
            return Ok(Err(own_reply(404, "route_not_found", "")));
        }
        if map.text(":method").is_empty() {
            return Ok(Err(own_reply(503, "filter_removed_required_request_headers{missing_required_header_:method}", "")));
        }
        wire::forwarded(map, flow.passed).map(Ok).ok_or_else(|| {
            EngineError("the upstream hangs: the request body is shorter than the `content-length` that went before it".to_owned())
        })
    }

    /// A reply made in the request phase: it passes the filter's own response callbacks.
    fn local_reply(&self, vm: &mut Vm, reply: &Reply) -> Result<Response, EngineError> {
        if vm.is_dead() {
            return Ok(direct(reply, self.head, self.grpc));
        }
        let (map, body) = wire::reply_map(reply, self.grpc);
        // A reply's body comes in one event that also ends the stream.
        let events = if body.is_empty() || self.head { Vec::new() } else { vec![Event::Data(body, true)] };
        self.response(vm, map, events, &reply.details)
    }

    /// The response phase with the upstream's answer. Also gives the details that the response ends with.
    pub(crate) fn answer(&self, vm: &mut Vm, answer: &Answer) -> Result<(Response, String), EngineError> {
        let events = wire::response_events(answer, self.head);
        let map = wire::response_map(answer, !events.is_empty());
        let response = self.response(vm, map, events, VIA_UPSTREAM)?;
        let details = vm.host().streams.get(&self.context).and_then(|stream| stream.response_details.clone());
        Ok((response, details.unwrap_or_default()))
    }

    fn response(&self, vm: &mut Vm, map: HeaderMap, events: Vec<Event>, details: &str) -> Result<Response, EngineError> {
        let headers_only = events.is_empty();
        if let Some(stream) = vm.host().streams.get_mut(&self.context) {
            stream.response_status = map.text(":status").parse().ok();
            stream.response_details = Some(details.to_owned());
            stream.response_headers.map = map;
        }
        let mut flow = Flow::new(Direction::Response, self.context, self.rules);
        let run = flow.run(vm, events);
        let (reply, cut) = match run {
            Ok(()) if !flow.headers.as_ref().is_some_and(has_status) => {
                let details = "filter_removed_required_response_headers{missing_required_header:_:status}";
                (Some(own_reply(502, details, "missing required header: :status")), false)
            }
            Ok(()) => (None, false),
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Closed) if flow.headers.is_none() => return Ok(self.reset()),
            // Once headers are out nothing but a reset is left.
            Err(_) if flow.headers.is_some() => (None, true),
            Err(Stop::Reply(reply)) => (Some(reply), false),
            Err(Stop::TooLarge) => (Some(own_reply(500, "response_payload_too_large", "Internal Server Error")), false),
            Err(Stop::Trap | Stop::Closed) => (Some(own_reply(503, FAILED, "")), false),
        };
        if let Some(reply) = reply {
            let response = direct(&reply, self.head, self.grpc);
            if let Some(stream) = vm.host().streams.get_mut(&self.context) {
                stream.response_status = Some(response.status);
                stream.response_details = Some(reply.details.clone());
                stream.response_headers.map = wire::reply_map(&reply, self.grpc).0;
            }
            return Ok(response);
        }
        let map = flow.headers.unwrap_or_default();
        let ending = Ending { headers_only, cut, head: self.head };
        Ok(wire::received(&map, flow.passed, flow.trailers, ending))
    }

    /// A stream that was reset before any response header.
    fn reset(&self) -> Response {
        Response { status: 0, headers: Headers::new(), body: Vec::new(), trailers: Headers::new(), complete: false }
    }

    /// The callbacks that end a stream. Gives its filter state.
    pub(crate) fn end(self, vm: &mut Vm) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, EngineError> {
        let finished = self.last_callbacks(vm);
        let stream = vm.host().streams.remove(&self.context);
        match finished {
            // A trap at the end costs the VM, not the response.
            Ok(()) | Err(CallError::Trap) => Ok(stream.map(|stream| stream.filter_state).unwrap_or_default()),
            Err(CallError::Endless(name)) => Err(endless(name)),
        }
    }

    fn last_callbacks(&self, vm: &mut Vm) -> Result<(), CallError> {
        if let Some(stream) = vm.host().streams.get_mut(&self.context) {
            stream.open_for_log();
        }
        vm.call("proxy_on_log", self.context, &[])?;
        let done = vm.call("proxy_on_done", self.context, &[])?;
        if done == Some(0) && !vm.host().done.contains(&self.context) {
            // The guest promised `proxy_done`; the context lives on without a stream.
            return Ok(());
        }
        vm.call("proxy_on_delete", self.context, &[])?;
        Ok(())
    }
}
