//! Header redactions of responses. In: a name or the start of names, the rule's metric. Out: host calls; whether to count the rule.

use crate::contract::map;
use crate::edits::header;
use crate::frame::Frame;
use crate::host::Host;

/// Removes what is there; true when the rule is to be counted, which it is once a response.
pub fn remove<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, is_prefix: bool, name: &'a [u8], metric: u32) -> bool {
    let removed =
        if is_prefix { header::remove_prefix(frame, host, map::RESPONSE, name) } else { header::remove(frame, host, map::RESPONSE, name) };
    if !removed || frame.redacted.as_slice().contains(&metric) {
        return false;
    }
    frame.redacted.push(metric);
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::remove;
    use crate::frame::Frame;
    use crate::http::response::begin;
    use crate::rt::arena::Arena;
    use crate::testing::FakeHost;

    #[test]
    fn a_rule_counts_once_a_response() {
        let arena = Arena::new();
        let mut host = FakeHost::with_response(&[(":status", "200"), ("x-internal-a", "1"), ("x-internal-b", "2"), ("server", "s")]);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, &[]));
        assert!(remove(&mut frame, &mut host, true, b"x-internal-", 4));
        assert!(!remove(&mut frame, &mut host, false, b"server", 4));
        assert!(!remove(&mut frame, &mut host, false, b"via", 5));
        assert_eq!(host.maps.get(&2).map(Vec::len), Some(1));
    }
}
