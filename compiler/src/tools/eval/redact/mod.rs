//! Redaction of whole response bodies. In: the redactions that apply, response headers and body. Out: the body that the
//! client gets, which rules changed it, or the reply that replaces it. Works on all bytes at once: simple, and independent
//! of chunks by construction.

mod card;
mod json;
mod media;

use std::ops::Range;

use super::json::quoted;
use crate::ir::hir;
use crate::tools::message::Headers;

/// Headers that are wrong or misleading once a body may have changed.
const STALE: [&str; 7] = ["content-length", "etag", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"];

/// A redaction that applies to this response, and its rule.
pub(super) type Applying<'a> = (&'a hir::Rule, &'a hir::Redact);

/// What becomes of a response.
pub(super) enum Inspection<'a> {
    /// It is not looked at.
    Untouched,
    /// It was looked at; the rules that changed it, in file order.
    Inspected { body: Vec<u8>, changed_by: Vec<&'a hir::Rule> },
    /// This reply of the rule stands for it.
    Refused(&'a hir::Rule, &'a hir::Reply),
    /// It was begun and cut.
    Cut(&'a hir::Rule),
}

/// What is known of a body before its first byte is sent on.
#[derive(Clone, Copy)]
pub(super) struct Foreseen {
    /// Its length is announced.
    pub(super) announced: bool,
    /// It was held to its end.
    pub(super) held: bool,
}

/// Looks at a response that has a body.
pub(super) fn inspect<'a>(applying: &[Applying<'a>], status: u16, headers: &Headers, body: &[u8], foreseen: Foreseen) -> Inspection<'a> {
    let content_types = media::content_types(headers);
    let inspecting: Vec<Applying<'a>> = applying
        .iter()
        .filter(|(_, redact)| !redact.any.is_empty() && content_types.iter().any(|given| media::is_in(given, &redact.types)))
        .copied()
        .collect();
    if inspecting.is_empty() {
        return Inspection::Untouched;
    }
    if status == 206 || !media::is_readable(&content_types, headers) {
        let refusing = inspecting.iter().find_map(|(rule, redact)| Some((*rule, redact.on_encoded.as_ref()?)));
        return refusing.map_or(Inspection::Untouched, |(rule, reply)| Inspection::Refused(rule, reply));
    }
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let refusing = inspecting
        .iter()
        .filter_map(|(rule, redact)| Some((redact.max_body.filter(|most| length > *most)?, *rule, redact.on_oversize.as_ref()?)));
    // An announced length is compared in file order; bytes as they come reach the smallest limit first.
    let first = if foreseen.announced { refusing.clone().next() } else { refusing.min_by_key(|(most, ..)| *most) };
    if let Some((_, rule, reply)) = first {
        return if foreseen.announced || foreseen.held { Inspection::Refused(rule, reply) } else { Inspection::Cut(rule) };
    }
    redact(&inspecting, body, content_types.iter().any(|given| media::is_json(given)))
}

/// Removes what is no longer true of an inspected response.
pub(super) fn remove_stale(headers: &mut Headers) {
    headers.retain(|(name, _)| !STALE.contains(&name.as_str()));
}

/// The longest number that becomes a string when it changes: no stream holds more. In a longer one masked digits become `0`.
const HELD: usize = 128;

/// Where letters stand, which decides how a replacement is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    String,
    Number,
    LongNumber,
}

/// A character that detectors see: its ASCII code (0x80 if it has none) and the bytes that write it.
struct Letter {
    code: u8,
    bytes: Range<usize>,
}

/// The redacted body.
fn redact<'a>(inspecting: &[Applying<'a>], body: &[u8], is_json: bool) -> Inspection<'a> {
    let parts = if is_json { json::parts(body) } else { vec![json::Part::Text(0)] };
    let mut output = Vec::new();
    let mut done = 0;
    let mut changed: Vec<usize> = Vec::new();
    for part in parts {
        let (letters, place) = match &part {
            json::Part::String(content) => (decoded(body, content.clone()), Place::String),
            json::Part::Number(digits) if digits.len() > HELD => (plain(body, digits.clone()), Place::LongNumber),
            json::Part::Number(digits) => (plain(body, digits.clone()), Place::Number),
            json::Part::Text(from) => (plain(body, *from..body.len()), Place::Text),
        };
        let masked = masked(inspecting, &letters, &mut changed);
        if masked.is_empty() {
            continue;
        }
        let whole = letters.first().map_or(0, |letter| letter.bytes.start)..letters.last().map_or(0, |letter| letter.bytes.end);
        output.extend(body.get(done..whole.start).unwrap_or(&[]));
        done = whole.start;
        if place == Place::Number {
            output.push(b'"');
        }
        for (index, with) in masked {
            let Some(letter) = letters.get(index) else { continue };
            output.extend(body.get(done..letter.bytes.start).unwrap_or(&[]));
            output.extend(written(with, place).bytes());
            done = letter.bytes.end;
        }
        output.extend(body.get(done..whole.end).unwrap_or(&[]));
        done = whole.end;
        if place == Place::Number {
            output.push(b'"');
        }
    }
    output.extend(body.get(done..).unwrap_or(&[]));
    changed.sort_unstable();
    changed.dedup();
    let changed_by = changed.into_iter().filter_map(|index| inspecting.get(index)).map(|(rule, _)| *rule).collect();
    Inspection::Inspected { body: output, changed_by }
}

/// Which letters are replaced, and with what. Notes the indexes of the redactions that do it.
fn masked(inspecting: &[Applying<'_>], letters: &[Letter], changed: &mut Vec<usize>) -> Vec<(usize, char)> {
    let codes: Vec<u8> = letters.iter().map(|letter| letter.code).collect();
    let mut masked = Vec::new();
    for place in card::find(&codes) {
        let end = letters.get(place.end - 1).map_or(u64::MAX, |letter| u64::try_from(letter.bytes.end).unwrap_or(u64::MAX));
        // The first redaction in the file that still looks at this part of the body acts.
        let acting = inspecting
            .iter()
            .enumerate()
            .filter(|(_, (_, redact))| redact.max_body.is_none_or(|most| end <= most))
            .find_map(|(index, (_, redact))| Some((index, redact.any.first()?)));
        let Some((index, action)) = acting else { continue };
        let hir::Detector::Card = action.detector;
        let counted: Vec<usize> = place.filter(|at| codes.get(*at).is_some_and(u8::is_ascii_alphanumeric)).collect();
        let first = usize::try_from(action.keep_first).unwrap_or(usize::MAX);
        let last = counted.len().saturating_sub(usize::try_from(action.keep_last).unwrap_or(usize::MAX));
        let replaced = counted.get(first..last.max(first)).unwrap_or(&[]);
        if !replaced.is_empty() {
            changed.push(index);
        }
        masked.extend(replaced.iter().map(|at| (*at, action.with)));
    }
    masked
}

/// A replacement as it is written.
fn written(with: char, place: Place) -> String {
    let text = with.to_string();
    match place {
        Place::Text => text,
        Place::LongNumber => "0".to_owned(),
        Place::String | Place::Number => {
            let quoted = quoted(&text);
            quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&text).to_owned()
        }
    }
}

/// Every byte is a letter.
fn plain(body: &[u8], place: Range<usize>) -> Vec<Letter> {
    let start = place.start;
    let bytes = body.get(place).unwrap_or(&[]);
    bytes.iter().enumerate().map(|(at, byte)| Letter { code: (*byte).min(0x80), bytes: start + at..start + at + 1 }).collect()
}

/// The letters of a JSON string; an escape is one of them.
fn decoded(body: &[u8], place: Range<usize>) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut at = place.start;
    while at < place.end {
        let (code, length) = match body.get(at..place.end).unwrap_or(&[]) {
            [b'\\', b'u', rest @ ..] => {
                let digits = rest.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(|code| u8::try_from(code).ok());
                (code.unwrap_or(0x80), 2 + rest.len().min(4))
            }
            [b'\\', escaped, ..] => {
                let code = match escaped {
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                };
                (code, 2)
            }
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        letters.push(Letter { code: code.min(0x80), bytes: at..at + length });
        at += length;
    }
    letters
}

#[cfg(test)]
mod tests;
