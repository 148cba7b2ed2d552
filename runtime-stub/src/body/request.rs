//! The body of a message that was held for it. In: the host's buffer. Out: its size, text, JSON, form.

use super::valid;
use crate::host::{Host, Status};
use crate::http::{query, utf8};
use crate::rt::arena::Arena;

/// The body; before it is fetched it is empty, which a request without body has.
pub struct RequestBody<'a> {
    bytes: &'a [u8],
    /// It has more bytes than may be read.
    pub too_large: bool,
    /// The request was held for it.
    pub was_held: bool,
    /// A credential that signs it was waiting for it, so nothing is decided yet.
    pub unverified: bool,
    /// Which credentials with keys that are fetched are verified: bits of `contract::VERIFIED`.
    pub verified: u64,
    json: Option<&'a [u8]>,
    form: bool,
}

impl<'a> RequestBody<'a> {
    /// No body.
    pub const fn empty() -> RequestBody<'a> {
        RequestBody { bytes: &[], too_large: false, was_held: false, unverified: false, verified: 0, json: None, form: false }
    }

    /// Takes the whole body from the host.
    pub fn fetch<H: Host>(&mut self, host: &mut H, arena: &'a Arena, which: i32, most: u32, fault: &mut bool) {
        match host.buffer(arena, which, 0, most) {
            Ok(bytes) => self.bytes = bytes,
            // An empty body has no buffer.
            Err(Status::NOT_FOUND | Status::BAD_ARGUMENT | Status::EMPTY) => {}
            Err(_) => *fault = true,
        }
    }

    /// How many bytes it has.
    pub fn size(&self) -> i64 {
        if self.too_large { i64::MAX } else { i64::try_from(self.bytes.len()).unwrap_or(i64::MAX) }
    }

    /// As it came; nothing when it is too large.
    pub fn raw(&self) -> Option<&'a [u8]> {
        if self.too_large { None } else { Some(self.bytes) }
    }

    /// As text; `None` inside: no memory.
    pub fn text(&self, arena: &'a Arena) -> Option<Option<&'a [u8]>> {
        if self.too_large { Some(None) } else { utf8::lossy(self.bytes, arena).map(Some) }
    }

    /// Reads it as JSON; true when it is malformed.
    pub fn read_json(&mut self, arena: &Arena) -> bool {
        if self.too_large || self.bytes.is_empty() {
            return false;
        }
        if !valid::check(self.bytes, arena) {
            return true;
        }
        self.json = Some(self.bytes.trim_ascii());
        false
    }

    /// As JSON.
    pub fn json(&self) -> Option<&'a [u8]> {
        self.json
    }

    /// Reads it as a form; true when it is malformed: of another content type, or with bytes or encodings that readers take
    /// differently.
    pub fn read_form(&mut self, content_type: Option<&[u8]>, arena: &Arena) -> bool {
        if self.too_large || self.bytes.is_empty() {
            return false;
        }
        let media = content_type.and_then(|value| value.split(|byte| *byte == b';').next()).unwrap_or(&[]);
        let whole = media.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
            && query::is_exact(self.bytes)
            && query::pieces(self.bytes).all(|piece| {
                let (key, value) = query::key_and_value(piece);
                [key, value].into_iter().all(|part| query::decode_bytes(part, arena).is_some_and(utf8::is_valid))
            });
        self.form = whole;
        !whole
    }

    /// The first value of a key, as written.
    pub fn form(&self, key: &[u8]) -> Option<&'a [u8]> {
        if self.form { query::values(self.bytes, key).next() } else { None }
    }
}
