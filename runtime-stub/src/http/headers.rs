//! Headers of one message by slot. In: the pairs, the slot table. Out: values, lines joined when there are several.

use super::host_name;
use super::joined::looks_joined;
use super::pairs::Pairs;
use super::utf8;
use crate::contract::slot;
use crate::rt::arena::{Arena, Exhausted, Text};
use crate::tables::slots;
use crate::values::string;

/// What is known of a slot.
#[derive(Clone, Copy)]
struct Slot<'a> {
    /// The first line, or all joined once `ready`.
    value: Option<&'a [u8]>,
    lines: u32,
    ready: bool,
}

/// The headers of one message.
pub struct Headers<'a> {
    pairs: Pairs<'a>,
    table: &'a [u8],
    slots: &'a mut [Slot<'a>],
    /// Lines that are no pseudo headers.
    pub count: u32,
}

/// Whether the only line of a header that has one may be read in several ways.
fn is_ambiguous(n: u32, value: &[u8]) -> bool {
    if n == slot::HOST { !host_name::well_formed(value) } else { looks_joined(value, n == slot::AUTHORIZATION) }
}

/// What a pseudo header is called, without the colon.
pub type Pseudo<'a> = (&'a [u8], &'a [u8]);

impl<'a> Headers<'a> {
    /// Of a message without any.
    pub const fn empty() -> Headers<'a> {
        Headers { pairs: Pairs::EMPTY, table: &[], slots: &mut [], count: 0 }
    }

    /// Indexes serialised pairs in one walk and hands pseudo headers to `pseudo`. Nothing when the buffer is not well formed or
    /// memory is exhausted. `:authority` counts as `host`.
    pub fn index(bytes: &'a [u8], table: &'a [u8], arena: &'a Arena, mut pseudo: impl FnMut(Pseudo<'a>)) -> Option<Headers<'a>> {
        let pairs = Pairs::new(bytes)?;
        let slots = arena.filled(slots::count(table), Slot { value: None, lines: 0, ready: false })?;
        let mut count = 0u32;
        let mut walk = pairs;
        for (name, value) in walk.by_ref() {
            let slot = match name {
                b":authority" => {
                    pseudo((b"authority", value));
                    Some(slot::HOST as usize)
                }
                [b':', rest @ ..] => {
                    pseudo((rest, value));
                    None
                }
                [..] => {
                    count = count.saturating_add(1);
                    slots::find(table, name)
                }
            };
            if let Some(slot) = slot.and_then(|slot| slots.get_mut(slot)) {
                slot.lines = slot.lines.saturating_add(1);
                if slot.value.is_none() {
                    slot.value = Some(value);
                }
            }
        }
        if walk.left() != 0 {
            return None;
        }
        Some(Headers { pairs, table, slots, count })
    }

    /// Whether one of the headers that have one line has, or may have had, several, or `host` is none.
    pub fn any_ambiguous(&self) -> bool {
        let mut singles = (0..slot::FIRST).zip(self.slots.iter());
        singles.any(|(n, known)| known.lines > 1 || known.value.is_some_and(|value| is_ambiguous(n, value)))
    }

    /// Bytes of all names and values.
    pub fn size(&self) -> usize {
        self.pairs.size()
    }

    /// How many lines a slot has.
    pub fn line_count(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |slot| slot.lines)
    }

    /// The lines of a slot as received, in order.
    pub fn lines(&self, slot: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let name = slots::name(self.table, slot);
        let pairs = if self.line_count(slot) == 0 { Pairs::EMPTY } else { self.pairs };
        let is_host = slot == slot::HOST as usize;
        pairs.filter(move |(n, _)| *n == name || (is_host && *n == b":authority")).map(|(_, value)| value)
    }

    /// The value of a slot: lines joined with `, `, as UTF-8.
    pub fn value(&mut self, slot: usize, arena: &'a Arena) -> Result<Option<&'a [u8]>, Exhausted> {
        let Some(known) = self.slots.get(slot).copied() else { return Ok(None) };
        let Some(first) = known.value else { return Ok(None) };
        if known.ready {
            return Ok(known.value);
        }
        let joined = if known.lines > 1 { self.join(slot, arena).ok_or(Exhausted)? } else { first };
        let value = utf8::lossy(joined, arena).ok_or(Exhausted)?;
        if let Some(known) = self.slots.get_mut(slot) {
            known.value = Some(value);
            known.ready = true;
        }
        Ok(Some(value))
    }

    /// The lines of a header by its name in any case, as received, in order. Pseudo headers have no name; `host` is `:authority`.
    pub fn lines_of(&self, name: &'a [u8], arena: &'a Arena) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>, Exhausted> {
        let name = string::mapped(name, u8::to_ascii_lowercase, arena).ok_or(Exhausted)?;
        let pairs = if name.starts_with(b":") { Pairs::EMPTY } else { self.pairs };
        Ok(pairs.filter(move |(n, _)| *n == name || (*n == b":authority" && name == b"host")).map(|(_, value)| value))
    }

    /// The value of a header by its name: lines joined with `, `, as UTF-8.
    pub fn value_of(&self, name: &'a [u8], arena: &'a Arena) -> Result<Option<&'a [u8]>, Exhausted> {
        let mut text = Text::new(arena);
        let mut found = false;
        for line in self.lines_of(name, arena)? {
            if found {
                text.push(b", ");
            }
            text.push(line);
            found = true;
        }
        let joined = text.finish().ok_or(Exhausted)?;
        if found { utf8::lossy(joined, arena).map(Some).ok_or(Exhausted) } else { Ok(None) }
    }

    fn join(&self, slot: usize, arena: &'a Arena) -> Option<&'a [u8]> {
        let mut text = Text::new(arena);
        for (n, line) in self.lines(slot).enumerate() {
            if n > 0 {
                text.push(b", ");
            }
            text.push(line);
        }
        text.finish()
    }

    /// All pairs as received.
    pub fn pairs(&self) -> Pairs<'a> {
        self.pairs
    }

    /// Whether there is a line of this name, which is in lower case.
    pub fn has(&self, name: &[u8]) -> bool {
        self.pairs.into_iter().any(|(n, _)| n == name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Headers;
    use crate::rt::arena::Arena;
    use crate::tables::slots;
    use crate::testing::serialise;

    fn index<'a>(arena: &'a Arena, pairs: &[(&str, &[u8])]) -> Headers<'a> {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_bytes().to_vec(), v.to_vec())).collect();
        let table = arena.copy(&slots::encode(&["host", "content-type", "content-length", "authorization", "x-a", "cookie"])).unwrap();
        Headers::index(arena.copy(&serialise(&pairs)).unwrap(), table, arena, |_| ()).unwrap()
    }

    #[test]
    fn lines_are_joined_and_corrected() {
        let arena = Arena::new();
        let mut headers = index(&arena, &[(":method", b"GET"), ("x-a", b"1"), ("x-b", b"?"), ("x-a", b"\xff2"), ("content-type", b"")]);
        assert_eq!(headers.value(4, &arena), Ok(Some("1, \u{fffd}2".as_bytes())));
        assert_eq!(headers.value(4, &arena), Ok(Some("1, \u{fffd}2".as_bytes())));
        assert_eq!(headers.value(1, &arena), Ok(Some(&b""[..])));
        assert_eq!(headers.value(5, &arena), Ok(None));
        assert_eq!(headers.value(500, &arena), Ok(None));
        assert_eq!(headers.lines(4).collect::<Vec<_>>(), [&b"1"[..], b"\xff2"]);
        assert_eq!(headers.count, 4);
        assert!(headers.has(b"x-b") && !headers.has(b"x-c"));
        assert!(!headers.any_ambiguous());
    }

    #[test]
    fn headers_are_found_by_any_name() {
        let arena = Arena::new();
        let headers =
            index(&arena, &[(":authority", b"a.example"), (":path", b"/"), ("x-a", b"1"), ("x-c", b"\xff"), ("x-a", b"2"), ("x-e", b"")]);
        let value = |name: &'static str| headers.value_of(name.as_bytes(), &arena).unwrap();
        assert_eq!((value("x-a"), value("X-A"), value("x-b")), (Some(&b"1, 2"[..]), Some(&b"1, 2"[..]), None));
        assert_eq!((value("Host"), value(":authority"), value(":path"), value("")), (Some(&b"a.example"[..]), None, None, None));
        assert_eq!((value("x-c"), value("x-e")), (Some("\u{fffd}".as_bytes()), Some(&b""[..])));
        assert_eq!(headers.lines_of(b"X-a", &arena).unwrap().collect::<Vec<_>>(), [b"1", b"2"]);
    }

    #[test]
    fn singletons_on_two_lines_are_seen() {
        let arena = Arena::new();
        for name in ["host", "content-type", "content-length", "authorization"] {
            assert!(index(&arena, &[(name, b"a"), (name, b"a")]).any_ambiguous(), "{name}");
        }
        assert!(index(&arena, &[(":authority", b"a"), ("host", b"b")]).any_ambiguous());
        assert!(index(&arena, &[(":authority", b"a,b")]).any_ambiguous());
        assert!(index(&arena, &[("authorization", b"Bearer a,Bearer b")]).any_ambiguous());
        assert!(!index(&arena, &[("authorization", b"Digest a=1, b=2"), ("x-a", b"1,2")]).any_ambiguous());
        assert!(!index(&arena, &[(":authority", b"a"), ("x-a", b"b"), ("x-a", b"b")]).any_ambiguous());
    }

    #[test]
    fn thousands_of_lines() {
        let arena = Arena::new();
        let pairs: Vec<(&str, &[u8])> = (0..3000).map(|_| ("x-a", &b"v"[..])).collect();
        let mut headers = index(&arena, &pairs);
        assert_eq!(headers.value(4, &arena).unwrap().unwrap().len(), 3000 * 3 - 2);
    }
}
