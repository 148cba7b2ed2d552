//! Response headers, fetched with one host call. In: header pairs, the slot table. Out: what `response.*` names.

use super::headers::Headers;
use crate::contract::map;
use crate::frame::Frame;
use crate::host::Host;
use crate::rt::arena::Exhausted;

/// The response of a callback.
pub struct Response<'a> {
    /// Its headers by slot.
    pub headers: Headers<'a>,
    /// `:status`; 0 when it is no number.
    pub status: u32,
}

impl Response<'_> {
    /// Before anything was fetched.
    pub const fn empty() -> Self {
        Response { headers: Headers::empty(), status: 0 }
    }
}

/// Fetches and indexes the headers; false for a fault.
pub fn begin<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, slots: &'a [u8]) -> bool {
    let response = &mut frame.response;
    let headers = host.header_pairs(frame.arena, map::RESPONSE).ok().and_then(|bytes| {
        Headers::index(bytes, slots, frame.arena, |(name, value)| {
            if name == b"status" {
                response.status = status(value);
            }
        })
    });
    match headers {
        Some(headers) => response.headers = headers,
        None => frame.fault = true,
    }
    // As with requests: headers that were not handed over are none that nothing applies to.
    frame.fault |= response.status == 0;
    !frame.fault
}

fn status(text: &[u8]) -> u32 {
    match text {
        &[a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
            digit(a).wrapping_mul(100).wrapping_add(digit(b).wrapping_mul(10)).wrapping_add(digit(c))
        }
        [..] => 0,
    }
}

/// The value of a slot.
pub fn header<'a>(frame: &mut Frame<'a>, slot: usize) -> Option<&'a [u8]> {
    frame.response.headers.value(slot, frame.arena).unwrap_or_else(|Exhausted| {
        frame.fault = true;
        None
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{begin, header, status};
    use crate::frame::Frame;
    use crate::rt::arena::Arena;
    use crate::tables::slots;
    use crate::testing::FakeHost;

    #[test]
    fn reads_status_and_headers() {
        let arena = Arena::new();
        let table = slots::encode(&["host", "content-type", "content-length", "authorization", "set-cookie"]);
        let mut host = FakeHost::with_response(&[(":status", "404"), ("set-cookie", "a"), ("set-cookie", "b")]);
        let mut frame = Frame::new(&arena);
        assert!(begin(&mut frame, &mut host, &table));
        assert_eq!(frame.response.status, 404);
        assert_eq!(header(&mut frame, 4), Some(&b"a, b"[..]));
        let mut host = FakeHost { raw_pairs: Some(Vec::new()), ..FakeHost::default() };
        assert!(!begin(&mut Frame::new(&arena), &mut host, &table), "an empty list is a fault");
        assert_eq!((status(b"20"), status(b"2000"), status(b"2x0")), (0, 0, 0));
    }
}
