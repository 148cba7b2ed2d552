//! `any` redactions of one rule: which bodies are inspected, what is masked, what happens when that cannot be done.
//! In: plain values of the compiler. Out: a blob; its reader.
//!
//! Layout (u32 each): kept at the start, kept at the end, reply when too large and reply when unreadable (plus one; 0 lets
//! pass), metric of these denials, whether there is a largest size, that size (u64), mask as text and as JSON (offset, length), number of
//! media ranges, and for each: main type, what is before the star, what is behind it (offset, length), whether there is one.

use crate::bytes::{equal_ignoring_case, from, slice_at, u32_at, u64_at, until};
use crate::redact::mask::Mask;

/// Bytes before the media ranges.
const HEAD: usize = 52;
/// Bytes of a media range.
const RANGE: usize = 28;

/// A media range, lower case: `application/json`, `text/*`, `application/*+json`.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange<'a> {
    /// Before the slash; `*` for all.
    pub main: &'a str,
    /// Behind the slash; one `*` stands for anything.
    pub sub: &'a str,
}

/// The redactions of a rule.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction<'a> {
    /// Content types that are inspected.
    pub types: Vec<MediaRange<'a>>,
    /// The most bytes that are inspected; `None`: no limit.
    pub max_body: Option<u64>,
    /// Reply (`contract::Policy::Reply`) to larger ones; `None` lets the rest pass.
    pub on_oversize: Option<u32>,
    /// Reply to what cannot be read; `None` lets it pass.
    pub on_encoded: Option<u32>,
    /// Metric that counts these denials.
    pub deny_metric: u32,
    /// Letters and digits that stay at the start of a card.
    pub keep_first: u32,
    /// Letters and digits that stay at its end.
    pub keep_last: u32,
    /// Written for each other one.
    pub with: char,
}

/// Writes the blob.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(redaction: &Redaction<'_>) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    let reply = |id: Option<u32>| id.map_or(0, |id| id.saturating_add(1));
    blob.u32(redaction.keep_first);
    blob.u32(redaction.keep_last);
    blob.u32(reply(redaction.on_oversize));
    blob.u32(reply(redaction.on_encoded));
    blob.u32(redaction.deny_metric);
    blob.u32(u32::from(redaction.max_body.is_some()));
    blob.u64(redaction.max_body.unwrap_or(0));
    let mut texts: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut place = |blob: &mut super::write::Blob, text: &[u8]| {
        texts.push((blob.bytes.len(), text.to_vec()));
        blob.u32(0);
        blob.size(text.len());
    };
    place(&mut blob, redaction.with.to_string().as_bytes());
    let json = match redaction.with {
        '"' | '\\' => format!("\\{}", redaction.with),
        '\0'..'\u{20}' => format!("\\u{:04x}", u32::from(redaction.with)),
        with => with.to_string(),
    };
    place(&mut blob, json.as_bytes());
    blob.size(redaction.types.len());
    for range in &redaction.types {
        let (before, after) = range.sub.split_once('*').unwrap_or((range.sub, ""));
        place(&mut blob, range.main.as_bytes());
        place(&mut blob, before.as_bytes());
        place(&mut blob, after.as_bytes());
        blob.u32(u32::from(range.sub.contains('*')));
    }
    for (at, text) in texts {
        let offset = blob.put(&text);
        blob.patch(at, offset);
    }
    blob.align();
    blob.bytes
}

/// A blob that is read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    table: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads a blob.
    pub fn new(table: &'a [u8]) -> Reader<'a> {
        Reader { table }
    }

    /// The blob.
    pub fn table(&self) -> &'a [u8] {
        self.table
    }

    fn text(&self, at: usize) -> &'a [u8] {
        slice_at(self.table, u32_at(self.table, at) as usize, u32_at(self.table, at.wrapping_add(4)) as usize)
    }

    /// What is written for a match.
    pub fn mask(&self) -> Mask<'a> {
        Mask { keep_first: u32_at(self.table, 0), keep_last: u32_at(self.table, 4), text: self.text(32), json: self.text(40) }
    }

    /// Reply to bodies that are too large.
    pub fn on_oversize(&self) -> Option<u32> {
        u32_at(self.table, 8).checked_sub(1)
    }

    /// Reply to bodies that cannot be read.
    pub fn on_encoded(&self) -> Option<u32> {
        u32_at(self.table, 12).checked_sub(1)
    }

    /// Metric of denials.
    pub fn deny_metric(&self) -> u32 {
        u32_at(self.table, 16)
    }

    /// The most bytes that are inspected; all ones: no limit.
    pub fn max_body(&self) -> u64 {
        if u32_at(self.table, 20) == 0 { u64::MAX } else { u64_at(self.table, 24) }
    }

    /// Whether bodies of this type are inspected. Case does not matter.
    pub fn has_type(&self, main: &[u8], sub: &[u8]) -> bool {
        let mut at = HEAD;
        for _ in 0..u32_at(self.table, 48) {
            if at.saturating_add(RANGE) > self.table.len() {
                break;
            }
            let (wanted, before, after) = (self.text(at), self.text(at.wrapping_add(8)), self.text(at.wrapping_add(16)));
            let star = u32_at(self.table, at.wrapping_add(24)) != 0;
            let fits = if star {
                sub.len() >= before.len().saturating_add(after.len())
                    && equal_ignoring_case(until(sub, before.len()), before)
                    && equal_ignoring_case(from(sub, sub.len().saturating_sub(after.len())), after)
            } else {
                equal_ignoring_case(sub, before)
            };
            if fits && (wanted == b"*" || equal_ignoring_case(main, wanted)) {
                return true;
            }
            at = at.wrapping_add(RANGE);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{MediaRange, Reader, Redaction, write};

    fn range<'a>(main: &'a str, sub: &'a str) -> MediaRange<'a> {
        MediaRange { main, sub }
    }

    #[test]
    fn reads_what_was_written() {
        let mut redaction = Redaction {
            types: vec![range("application", "json"), range("text", "*"), range("application", "vnd.*+json")],
            max_body: Some(8 << 20),
            on_oversize: Some(0),
            on_encoded: None,
            deny_metric: 7,
            keep_first: 1,
            keep_last: 4,
            with: '"',
        };
        let blob = write(&redaction);
        let reader = Reader::new(&blob);
        assert_eq!((reader.on_oversize(), reader.on_encoded(), reader.deny_metric(), reader.max_body()), (Some(0), None, 7, 8 << 20));
        let mask = reader.mask();
        assert_eq!((mask.keep_first, mask.keep_last, mask.text, mask.json), (1, 4, &b"\""[..], &b"\\\""[..]));
        for (main, sub, expected) in [
            ("application", "JSON", true),
            ("Text", "html", true),
            ("application", "vnd.a+json", true),
            ("application", "vnd+json", false),
            ("application", "xml", false),
            ("text", "", true),
            ("image", "json", false),
        ] {
            assert_eq!(reader.has_type(main.as_bytes(), sub.as_bytes()), expected, "{main}/{sub}");
        }
        redaction.max_body = None;
        assert_eq!(Reader::new(&write(&redaction)).max_body(), u64::MAX);
        assert!(!Reader::new(&[]).has_type(b"text", b"plain"));
        assert!(!Reader::new(&[0xff; 60]).has_type(b"text", b"plain"));
    }
}
