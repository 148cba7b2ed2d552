//! One direction of a stream through the filter: headers, body events, trailers, and what was let through.
//!
//! In: the events as Envoy's HTTP/1 codec gives them. Out: the bytes that passed, or why the stream ended early.

use super::abi::{BodyAction, HeadersAction};
use super::stream::{Access, Guarded, Reply, Stream, Window};
use super::vm::{CallError, Vm, endless};
use crate::tools::engine::EngineError;
use crate::tools::message::{Body, Headers};

use super::header_map::HeaderMap;

/// The two directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// What arrives after the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes, and whether they end the stream.
    Data(Vec<u8>, bool),
    /// Trailers; they end the stream.
    Trailers(Headers),
}

/// Why a direction ended before its events did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The guest replied.
    Reply(Reply),
    /// The guest trapped.
    Trap,
    /// The guest closed the stream.
    Closed,
    /// The guest held more than the buffer limit.
    TooLarge,
    /// Not something that a proxy could answer.
    Error(EngineError),
}

/// Limits and switches of the proxy that decide how bodies flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) allow_stop_iteration: bool,
    pub(crate) buffer_limit: usize,
}

/// How a direction stands.
#[derive(Debug)]
pub(crate) struct Flow {
    direction: Direction,
    context: u32,
    rules: Rules,
    /// The headers as they went on; what a callback still changes afterwards reaches nobody.
    pub(crate) headers: Option<HeaderMap>,
    /// What went on of the body.
    pub(crate) passed: Vec<u8>,
    /// The trailers that went on.
    pub(crate) trailers: Headers,
    /// What the filter manager keeps.
    held: Vec<u8>,
    /// The last body callback asked to buffer, so the next one sees all that is held.
    buffering: bool,
    /// Something is held back.
    stopped: bool,
}

/// The events of a body. HTTP/1 ends a body with an empty event of its own, unless trailers do.
pub(crate) fn events(body: &Body) -> Vec<Event> {
    let size = body.split.unwrap_or(body.bytes.len()).max(1);
    let mut events: Vec<Event> = body.bytes.chunks(size).map(|chunk| Event::Data(chunk.to_vec(), false)).collect();
    events.push(if body.trailers.is_empty() { Event::Data(Vec::new(), true) } else { Event::Trailers(body.trailers.clone()) });
    events
}

impl Direction {
    fn headers(self, stream: &mut Stream) -> &mut Guarded {
        match self {
            Self::Request => &mut stream.request_headers,
            Self::Response => &mut stream.response_headers,
        }
    }

    fn trailers(self, stream: &mut Stream) -> &mut Guarded {
        match self {
            Self::Request => &mut stream.request_trailers,
            Self::Response => &mut stream.response_trailers,
        }
    }

    fn body(self, stream: &mut Stream) -> &mut Window {
        match self {
            Self::Request => &mut stream.request_body,
            Self::Response => &mut stream.response_body,
        }
    }

    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Request => ["proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers"],
            Self::Response => ["proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"],
        }
    }
}

/// How often a request may be decided anew because answers of other servers came.
const ANSWERS: usize = 64;

impl Flow {
    /// A direction of the stream in this context, nothing of it seen yet.
    pub(crate) fn new(direction: Direction, context: u32, rules: Rules) -> Self {
        Self {
            direction,
            context,
            rules,
            headers: None,
            passed: Vec::new(),
            trailers: Headers::new(),
            held: Vec::new(),
            buffering: false,
            stopped: false,
        }
    }

    /// Runs headers and events through the filter.
    pub(crate) fn run(&mut self, vm: &mut Vm, events: Vec<Event>) -> Result<(), Stop> {
        let [name, _, _] = self.direction.names();
        let ends = events.is_empty();
        let action = self.call_headers(vm, ends)?;
        match action {
            HeadersAction::Continue => {
                self.pass_headers(vm);
                // Only this takes the map away; after StopIteration it stays in reach to the end of the stream.
                self.with(vm, |direction, stream| direction.headers(stream).access = Access::Gone);
            }
            HeadersAction::StopAll | HeadersAction::StopIteration if self.resumed(vm)? => self.pass_headers(vm),
            HeadersAction::StopAll => return Err(hangs(name, "it stopped the stream and nothing continues it")),
            HeadersAction::StopIteration if ends => {
                return Err(hangs(name, "it stopped iteration although the headers end the stream, so no body callback follows"));
            }
            HeadersAction::StopIteration => self.stopped = true,
        }
        for event in events {
            match event {
                Event::Data(bytes, end) => self.data(vm, bytes, end)?,
                Event::Trailers(lines) => self.trailers(vm, &lines)?,
            }
        }
        if self.stopped {
            return Err(hangs(name, "the stream ended while a callback held it back"));
        }
        Ok(())
    }

    /// Waits for the calls that the guest has made: whether it then lets the stream go on.
    fn resumed(&self, vm: &mut Vm) -> Result<bool, Stop> {
        if self.direction == Direction::Response {
            return Ok(false);
        }
        // An answer may let the module ask for more.
        for _ in 0..ANSWERS {
            let some = vm.deliver().map_err(|error| match error {
                CallError::Trap => Stop::Trap,
                CallError::Endless(name) => Stop::Error(endless(name)),
            })?;
            let Some(stream) = vm.host().streams.get_mut(&self.context) else { return Ok(false) };
            if let Some(reply) = stream.reply.take() {
                return Err(Stop::Reply(reply));
            }
            if stream.continued || !some {
                return Ok(stream.continued);
            }
        }
        Ok(false)
    }

    fn call_headers(&self, vm: &mut Vm, ends: bool) -> Result<HeadersAction, Stop> {
        let [name, _, _] = self.direction.names();
        let mut count = 0;
        self.with(vm, |direction, stream| {
            let guarded = direction.headers(stream);
            guarded.access = Access::Live;
            count = guarded.map.len();
        });
        let value = self.call(vm, name, &[integer(count), i32::from(ends)])?;
        Ok(HeadersAction::new(value.unwrap_or(0), self.rules.allow_stop_iteration))
    }

    fn data(&mut self, vm: &mut Vm, bytes: Vec<u8>, end: bool) -> Result<(), Stop> {
        let [_, name, _] = self.direction.names();
        let window = if self.buffering {
            let mut all = std::mem::take(&mut self.held);
            all.extend(bytes);
            all
        } else {
            bytes
        };
        let size = window.len();
        self.with(vm, |direction, stream| {
            *direction.body(stream) = Window { bytes: window, open: true };
            stream.body_ends = end;
        });
        let value = self.call(vm, name, &[integer(size), i32::from(end)]);
        let mut window = Vec::new();
        let mut trailers = Headers::new();
        self.with(vm, |direction, stream| {
            stream.body_ends = false;
            let body = direction.body(stream);
            body.open = false;
            window = std::mem::take(&mut body.bytes);
            let created = direction.trailers(stream);
            if created.access == Access::Live {
                created.access = Access::Gone;
                trailers = created.map.lines().clone();
            }
        });
        let action = value?.map_or(BodyAction::Continue, BodyAction::new);
        self.buffering = action == BodyAction::StopIterationAndBuffer;
        self.stopped = action != BodyAction::Continue;
        match action {
            BodyAction::Continue => {
                self.pass_headers(vm);
                self.passed.append(&mut self.held);
                self.passed.extend(window);
                self.trailers = trailers;
            }
            BodyAction::StopIterationAndBuffer => {
                self.held.extend(window);
                if self.held.len() > self.rules.buffer_limit {
                    return Err(Stop::TooLarge);
                }
            }
            BodyAction::StopIterationAndWatermark => self.held.extend(window),
            BodyAction::StopIterationNoBuffer => {}
        }
        Ok(())
    }

    fn trailers(&mut self, vm: &mut Vm, lines: &Headers) -> Result<(), Stop> {
        let [_, _, name] = self.direction.names();
        let map = HeaderMap::new(lines);
        let count = map.len();
        // Only what was held by StopIterationAndBuffer can be reached from here.
        let window = if self.buffering { Some(std::mem::take(&mut self.held)) } else { None };
        self.with(vm, |direction, stream| {
            *direction.trailers(stream) = Guarded { map, access: Access::Live };
            if let Some(bytes) = window {
                *direction.body(stream) = Window { bytes, open: true };
            }
        });
        let value = self.call(vm, name, &[integer(count)]);
        let mut out = Headers::new();
        let mut window = Vec::new();
        self.with(vm, |direction, stream| {
            let guarded = direction.trailers(stream);
            guarded.access = Access::Gone;
            out = guarded.map.lines().clone();
            let body = direction.body(stream);
            body.open = false;
            window = std::mem::take(&mut body.bytes);
        });
        if value?.unwrap_or(0) != 0 {
            return Err(hangs(name, "it stopped iteration and nothing continues the stream"));
        }
        self.pass_headers(vm);
        self.held.extend(window);
        self.passed.append(&mut self.held);
        self.trailers = out;
        self.stopped = false;
        Ok(())
    }

    fn pass_headers(&mut self, vm: &mut Vm) {
        if self.headers.is_some() {
            return;
        }
        let mut passed = None;
        self.with(vm, |direction, stream| passed = Some(direction.headers(stream).map.clone()));
        self.headers = passed;
    }

    /// Calls, then looks at what the guest asked for beside its result.
    fn call(&self, vm: &mut Vm, name: &'static str, arguments: &[i32]) -> Result<Option<i32>, Stop> {
        let value = vm.call(name, self.context, arguments).map_err(|error| match error {
            CallError::Trap => Stop::Trap,
            CallError::Endless(name) => Stop::Error(endless(name)),
        })?;
        let Some(stream) = vm.host().streams.get_mut(&self.context) else {
            return Ok(value);
        };
        if stream.closed {
            return Err(Stop::Closed);
        }
        match stream.reply.take() {
            Some(reply) => Err(Stop::Reply(reply)),
            None => Ok(value),
        }
    }

    fn with(&self, vm: &mut Vm, act: impl FnOnce(Direction, &mut Stream)) {
        if let Some(stream) = vm.host().streams.get_mut(&self.context) {
            act(self.direction, stream);
        }
    }
}

fn hangs(name: &str, why: &str) -> Stop {
    Stop::Error(EngineError(format!("the stream hangs in `{name}`: {why}")))
}

fn integer(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
