//! What the mechanisms share: the frame of one callback, and what the VM keeps for ever.
//! In: nothing. Out: plain structures; each part is defined beside the code that works on it.

use crate::auth::api_key::Found;
use crate::auth::jwt::Token;
use crate::auth::jwt::remembered::Remembered;
use crate::auth::verified::Verified;
use crate::body::request::RequestBody;
use crate::config::roots::Roots;
use crate::crypto::host::Offer;
use crate::edits::forward::Forward;
use crate::edits::header::Written;
use crate::facts::Known;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::limits::step::Step;
use crate::limits::store::Tables;
use crate::redact::response::Choice;
use crate::reply::Reply;
use crate::rt::arena::{Arena, Items, Text};
use crate::rt::heap::Heap;
use crate::rules::Chosen;
use crate::streams::Streams;

/// State of one callback; made anew at its start, gone at its end.
pub struct Frame<'a> {
    /// Where everything of this callback lives.
    pub arena: &'a Arena,
    /// The stream, or the root context in `on_configure`.
    pub context: u32,
    /// The root context whose configuration is in force.
    pub root: u32,
    /// Whether the request headers are being decided.
    pub in_request: bool,
    /// Something faulted: the policy's `on_fault` decides.
    pub fault: bool,
    /// Elements that `some` and `every` have looked at.
    pub rounds: u32,
    /// The request, in the request phase.
    pub request: Request<'a>,
    /// The body of the request, once it is in.
    pub body: RequestBody<'a>,
    /// The response, in the response phase.
    pub response: Response<'a>,
    /// Rules that were chosen.
    pub chosen: Chosen<'a>,
    /// What is known about subjects; empty before the first is asked for.
    pub facts: &'a mut [Known<'a>],
    /// Patterns of the subject that is being looked up.
    pub patterns: &'a [u32],
    /// Which shared conditions are known, and which of them hold.
    pub remembered: u64,
    /// See `remembered`.
    pub memory: u64,
    /// The text that is being built.
    pub text: Text<'a>,
    /// The reply that is being put together.
    pub reply: Reply<'a>,
    /// What is forwarded instead of what came.
    pub forward: Forward<'a>,
    /// Headers that were written.
    pub written: Written<'a>,
    /// Metrics of redactions that were counted for this response.
    pub redacted: Items<'a, u32>,
    /// Limits of the request.
    pub limits: Step<'a>,
    /// Credentials that were checked.
    pub credentials: Items<'a, Found<'a>>,
    /// Tokens that were checked, the latest first.
    pub tokens: Option<&'a Token<'a>>,
    /// The forwarded cookies, once one was taken out.
    pub cookies: Option<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// An empty one.
    pub const fn new(arena: &'a Arena) -> Frame<'a> {
        Frame {
            arena,
            context: 0,
            root: 0,
            in_request: false,
            fault: false,
            rounds: 0,
            request: Request::empty(),
            body: RequestBody::empty(),
            response: Response::empty(),
            chosen: Chosen::empty(),
            facts: &mut [],
            patterns: &[],
            remembered: 0,
            memory: 0,
            text: Text::new(arena),
            reply: Reply::empty(arena),
            forward: Forward::empty(),
            written: Items::new(arena),
            redacted: Items::new(arena),
            limits: Step::new(arena),
            credentials: Items::new(arena),
            tokens: None,
            cookies: None,
        }
    }
}

/// State of the VM.
pub struct Vm {
    /// What outlives callbacks.
    pub heap: Heap,
    /// Records of streams.
    pub streams: Streams,
    /// Redactions that are chosen for a response; here because it is large and most callbacks do not need it.
    pub choice: Choice,
    /// The stream that was created last, and its root context.
    pub created: (u32, u32),
    /// The root context that was configured last.
    pub configured: u32,
    /// Where limits count.
    pub limits: Tables,
    /// Configurations.
    pub config: Roots,
    /// Credentials that were verified lately.
    pub verified: Verified,
    /// What tokens among them say.
    pub remembered: Remembered,
    /// Whether the host verifies signatures.
    pub host_verifies: Offer,
}

impl Vm {
    /// An empty one.
    pub const fn new() -> Vm {
        Vm {
            heap: Heap::new(),
            streams: Streams::new(),
            choice: Choice::new(),
            created: (0, 0),
            configured: 0,
            limits: Tables::new(),
            config: Roots::new(),
            verified: Verified::new(),
            remembered: Remembered::new(),
            host_verifies: Offer::Open,
        }
    }

    /// Ends a stream's record.
    pub fn close(&mut self, context: u32) {
        self.streams.close(&mut self.heap, context);
    }

    /// The root context of a stream whose request begins: hosts create a stream right before they hand over its headers.
    pub fn root_of_new(&self, context: u32) -> u32 {
        let (created, root) = self.created;
        if created == context && root != 0 { root } else { self.configured }
    }
}
