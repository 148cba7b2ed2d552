//! Replies of the policy's own. In: status, headers, body, the rule. Out: one local response, its details and filter state.

use crate::contract::reply_body;
use crate::frame::Frame;
use crate::host::Host;
use crate::http::pairs;
use crate::rt::arena::{Arena, Items, Text};

/// The reply that is being put together.
pub struct Reply<'a> {
    status: u32,
    headers: Items<'a, (&'a [u8], &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Reply<'a> {
    /// None yet.
    pub const fn empty(arena: &'a Arena) -> Reply<'a> {
        Reply { status: 0, headers: Items::new(arena), body: &[] }
    }
}

/// Begins a reply.
pub fn begin(frame: &mut Frame<'_>, status: u32) {
    frame.reply = Reply::empty(frame.arena);
    frame.reply.status = status;
}

/// Adds a header.
pub fn header<'a>(frame: &mut Frame<'a>, name: &'a [u8], value: &'a [u8]) {
    let clean = crate::edits::header::clean(value, frame.arena);
    frame.reply.headers.push((name, clean.unwrap_or(&[])));
}

/// Sets content type and body.
pub fn body<'a>(frame: &mut Frame<'a>, kind: i32, body: &'a [u8]) {
    let content_type: Option<&[u8]> = match kind {
        reply_body::TEXT => Some(b"text/plain"),
        reply_body::JSON => Some(b"application/json"),
        i32::MIN..=i32::MAX => None,
    };
    if let Some(content_type) = content_type {
        frame.reply.headers.push((b"content-type", content_type));
        frame.reply.body = body;
    }
}

/// Sends the reply for a rule, or for a credential that is refused: then the outcome tells why. When it cannot be sent as it is, a
/// bare one is: a refused request never goes on.
pub fn send<H: Host>(frame: &mut Frame<'_>, host: &mut H, (rule, outcome): (&[u8], &[u8])) {
    let (arena, reply) = (frame.arena, &frame.reply);
    let plain = matches!(outcome, b"deny" | b"fault");
    let [between, why, close, blank]: [&[u8]; 4] = if plain { [b"}", b"", b"", b""] } else { [b"}{", outcome, b"}", b" "] };
    let details = Text::of(arena, &[b"portcullis{", rule, between, why, close]).unwrap_or(&[]);
    let pairs = if reply.headers.is_broken() { None } else { pairs::write(reply.headers.as_slice(), arena) };
    let sent = pairs.is_some_and(|pairs| host.send_local_response(reply.status, details, reply.body, pairs).is_ok());
    if !sent {
        let _ = host.send_local_response(reply.status, details, &[], &[]);
    }
    let decision = Text::of(arena, &[b"deny ", rule, blank, why]).unwrap_or(&[]);
    let _ = host.set_property(b"portcullis.decision", decision);
}

#[cfg(test)]
mod tests {
    use super::{begin, body, header, send};
    use crate::contract::reply_body;
    use crate::frame::Frame;
    use crate::rt::arena::Arena;
    use crate::testing::{FakeHost, serialise};

    #[test]
    fn replies_are_sent_whole() {
        let (arena, mut host) = (Arena::new(), FakeHost::default());
        let mut frame = Frame::new(&arena);
        begin(&mut frame, 403);
        header(&mut frame, b"x-a", b"1\r\n2\t3");
        body(&mut frame, reply_body::JSON, b"{}");
        send(&mut frame, &mut host, (b"admin only", b"deny"));
        let pairs = serialise(&[(b"x-a".to_vec(), b"1  2\t3".to_vec()), (b"content-type".to_vec(), b"application/json".to_vec())]);
        let sent = host.replies.first().cloned();
        assert_eq!(
            sent.map(|r| (r.status, r.details, r.body, r.pairs)),
            Some((403, b"portcullis{admin only}".to_vec(), b"{}".to_vec(), pairs))
        );
        assert_eq!(host.properties.get(&b"portcullis.decision"[..]), Some(&b"deny admin only".to_vec()));
    }

    #[test]
    fn operators_learn_why_a_credential_is_refused() {
        let (arena, mut host) = (Arena::new(), FakeHost::default());
        let mut frame = Frame::new(&arena);
        begin(&mut frame, 401);
        send(&mut frame, &mut host, (b"corp", b"expired"));
        assert_eq!(host.replies.first().map(|r| r.details.clone()), Some(b"portcullis{corp}{expired}".to_vec()));
        assert_eq!(host.properties.get(&b"portcullis.decision"[..]), Some(&b"deny corp expired".to_vec()));
    }

    #[test]
    fn an_empty_reply_has_no_content_type() {
        let (arena, mut host) = (Arena::new(), FakeHost::default());
        let mut frame = Frame::new(&arena);
        begin(&mut frame, 302);
        body(&mut frame, reply_body::EMPTY, b"");
        send(&mut frame, &mut host, (b"r", b"deny"));
        assert_eq!(host.replies.first().map(|r| r.pairs.clone()), Some(serialise(&[])));
    }

    #[test]
    fn a_reply_that_the_host_refuses_is_tried_bare() {
        let (arena, mut host) = (Arena::new(), FakeHost::default());
        host.failing.insert("send_local_response", 2);
        let mut frame = Frame::new(&arena);
        begin(&mut frame, 500);
        send(&mut frame, &mut host, (b"r", b"deny"));
        assert_eq!(host.calls, ["send_local_response", "send_local_response", "set_property"]);
    }
}
