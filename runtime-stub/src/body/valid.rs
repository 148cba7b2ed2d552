//! Whether a text is JSON that every reader understands alike: valid, in UTF-8, of bounded depth, and no object with two
//! members of one name, however the names are escaped. In: a text. Out: yes or no. Nothing here recurses.

use crate::config::json::{Invalid, Kind, Reader};
use crate::rt::arena::{Arena, Items};
use crate::values::siphash;

/// Most brackets that may be open at once.
pub const DEPTH: usize = 128;

/// Whether it is; exhausted memory reads as no.
pub fn check(text: &[u8], arena: &Arena) -> bool {
    Reader::new(text, arena).is_ok_and(|mut reader| value(&mut reader, arena).is_ok() && reader.end().is_ok())
}

/// The brackets that are open.
struct Open {
    /// Whether it is an object.
    object: [bool; DEPTH],
    /// How many names there were when it was opened.
    names: [u32; DEPTH],
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool, names: usize) -> Result<(), Invalid> {
        let (Some(kind), Some(start)) = (self.object.get_mut(self.depth), self.names.get_mut(self.depth)) else { return Err(Invalid) };
        *kind = object;
        *start = u32::try_from(names).map_err(|_| Invalid)?;
        self.depth = self.depth.wrapping_add(1);
        Ok(())
    }

    /// The innermost: whether it is an object, and where its names begin.
    fn top(&self) -> Option<(bool, usize)> {
        let index = self.depth.checked_sub(1)?;
        Some((*self.object.get(index)?, *self.names.get(index)? as usize))
    }
}

/// Takes one such value.
pub fn value(reader: &mut Reader<'_>, arena: &Arena) -> Result<(), Invalid> {
    let mut open = Open { object: [false; DEPTH], names: [0; DEPTH], depth: 0 };
    // Digests of the names of all open objects; equal digests count as equal names, which refuses and never admits.
    let mut names: Items<'_, u64> = Items::new(arena);
    loop {
        // A value begins here.
        match reader.kind()? {
            Kind::String => {
                reader.string()?;
            }
            Kind::Number => {
                reader.number()?;
            }
            Kind::Bool => {
                reader.bool()?;
            }
            Kind::Null => reader.null()?,
            kind @ (Kind::Array | Kind::Object) => {
                let object = kind == Kind::Object;
                reader.expect(if object { b'{' } else { b'[' })?;
                open.push(object, names.as_slice().len())?;
                if !reader.take(if object { b'}' } else { b']' }) {
                    if object {
                        name(reader, &mut names)?;
                    }
                    continue;
                }
                open.depth = open.depth.saturating_sub(1);
            }
        }
        // A value has ended: brackets may close, then a comma leads to the next.
        loop {
            let Some((object, start)) = open.top() else { return Ok(()) };
            if reader.take(b',') {
                if object {
                    name(reader, &mut names)?;
                }
                break;
            }
            reader.expect(if object { b'}' } else { b']' })?;
            if object {
                let own = names.as_mut_slice().get_mut(start..).ok_or(Invalid)?;
                sort(own);
                if own.iter().zip(own.iter().skip(1)).any(|(a, b)| a == b) {
                    return Err(Invalid);
                }
                names.truncate(start);
            }
            open.depth = open.depth.saturating_sub(1);
        }
    }
}

/// Heap sort: no extra memory, n log n whatever comes, and nothing in it can panic, which the library's sorts cannot promise.
fn sort(items: &mut [u64]) {
    for start in (0..items.len() >> 1).rev() {
        sift(items, start, items.len());
    }
    for end in (1..items.len()).rev() {
        exchange(items, 0, end);
        sift(items, 0, end);
    }
}

/// Lets the item at `at` sink to its place among the first `end`.
fn sift(items: &mut [u64], mut at: usize, end: usize) {
    loop {
        let left = at.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        if left >= end {
            return;
        }
        let child = if right < end && items.get(right) > items.get(left) { right } else { left };
        if items.get(child) <= items.get(at) {
            return;
        }
        exchange(items, at, child);
        at = child;
    }
}

fn exchange(items: &mut [u64], a: usize, b: usize) {
    if let (Some(&first), Some(&second)) = (items.get(a), items.get(b)) {
        items.get_mut(a).into_iter().for_each(|place| *place = second);
        items.get_mut(b).into_iter().for_each(|place| *place = first);
    }
}

fn name(reader: &mut Reader<'_>, names: &mut Items<'_, u64>) -> Result<(), Invalid> {
    let name = reader.string()?;
    names.push(siphash::hash(name));
    reader.expect(b':')?;
    if names.is_broken() { Err(Invalid) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::rt::arena::Arena;

    #[test]
    fn sorted() {
        let mut items: Vec<u64> = (0..500).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 97).collect();
        let mut expected = items.clone();
        expected.sort_unstable();
        super::sort(&mut items);
        assert_eq!(items, expected);
    }

    #[test]
    fn what_every_reader_understands_alike() {
        let valid = |text: &[u8]| check(text, &Arena::new());
        for text in [
            "{}",
            " [1, -0.5e+3, \"a\", true, null, {\"a\": {\"a\": 1}, \"b\": []}] ",
            "0",
            "\"\\u0061\"",
            "[[],[[]]]",
            "{\"a\":1,\"b\":{\"a\":1,\"b\":2}}",
        ] {
            assert!(valid(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            " ",
            "{",
            "{}}",
            "{} {}",
            "[1,]",
            "{\"a\":1,}",
            "[,1]",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "tru",
            "nul",
            "{a:1}",
            "{\"a\" 1}",
            "\"\\x\"",
            "\"\n\"",
            "\"\\ud800\"",
            "'a'",
            "[1 2]",
            "// c\n1",
            "NaN",
            "\u{feff}{}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "[{\"x\":{\"a\":1,\"b\":{},\"a\":2}}]",
            "{\"a\":1,\"b\":{\"c\":1},\"a\":1}",
            "]",
            "{\"a\":1]",
        ] {
            assert!(!valid(text.as_bytes()), "{text}");
        }
        assert!(!valid(b"\"\xff\""));
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(valid(deep(128).as_bytes()) && !valid(deep(129).as_bytes()));
    }
}
