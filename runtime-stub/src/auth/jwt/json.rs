//! Objects of tokens: valid JSON, no member twice at any depth, nothing behind. In: text. Out: members with their values as written.

use crate::config::json::{Invalid, Kind, Reader};
use crate::rt::arena::{Arena, Items};

/// How deep values nest.
const DEPTH: usize = 32;

/// A member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// Decoded.
    pub(super) name: &'a [u8],
    /// As written; valid.
    pub(super) value: &'a [u8],
}

/// The members of an object; `most` members of all objects together are looked at, because each is compared with those before it.
pub(super) fn members<'a>(text: &'a [u8], most: usize, arena: &'a Arena) -> Result<&'a [Member<'a>], Invalid> {
    let mut reader = Reader::new(text, arena)?;
    let mut names: Items<'a, (u32, &'a [u8])> = Items::new(arena);
    let mut members: Items<'a, Member<'a>> = Items::new(arena);
    let mut first = true;
    let mut objects = 0;
    reader.expect(b'{')?;
    while reader.another(b'}', &mut first)? {
        let name = member(&mut reader, &mut names, 0, most)?;
        let start = reader.place();
        value(&mut reader, &mut names, &mut objects, most)?;
        members.push(Member { name, value: reader.since(start) });
    }
    reader.end()?;
    if members.is_broken() { Err(Invalid) } else { Ok(members.finish()) }
}

/// A name that its object does not have yet, and the colon.
fn member<'a>(reader: &mut Reader<'a>, names: &mut Items<'a, (u32, &'a [u8])>, object: u32, most: usize) -> Result<&'a [u8], Invalid> {
    let name = reader.string()?;
    let known = names.as_slice();
    if known.len() >= most || known.iter().any(|(of, known)| *of == object && *known == name) {
        return Err(Invalid);
    }
    names.push((object, name));
    reader.expect(b':')?;
    if names.is_broken() { Err(Invalid) } else { Ok(name) }
}

/// An array or object that is open.
#[derive(Clone, Copy)]
struct Open {
    close: u8,
    first: bool,
    object: u32,
}

/// Reads a value of any kind.
fn value<'a>(reader: &mut Reader<'a>, names: &mut Items<'a, (u32, &'a [u8])>, objects: &mut u32, most: usize) -> Result<(), Invalid> {
    let mut open = [Open { close: 0, first: true, object: 0 }; DEPTH];
    let mut depth = 0usize;
    loop {
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
                let (begin, close) = if kind == Kind::Array { (b'[', b']') } else { (b'{', b'}') };
                reader.expect(begin)?;
                *objects = objects.wrapping_add(1);
                *open.get_mut(depth).ok_or(Invalid)? = Open { close, first: true, object: *objects };
                depth = depth.wrapping_add(1);
            }
        }
        // What stands before the next value: ends of what is open, a comma, a name.
        loop {
            let Some(inner) = depth.checked_sub(1).and_then(|at| open.get_mut(at)) else { return Ok(()) };
            if reader.another(inner.close, &mut inner.first)? {
                if inner.close == b'}' {
                    member(reader, names, inner.object, most)?;
                }
                break;
            }
            depth = depth.wrapping_sub(1);
        }
    }
}

/// The value of a member.
pub(super) fn get<'a>(members: &[Member<'a>], name: &[u8]) -> Option<&'a [u8]> {
    members.iter().find(|member| member.name == name).map(|member| member.value)
}

/// A name of at most 4 bytes as a number, so that it is code of what looks for it and no data of every module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

/// The number of a name; longer ones have that of none.
pub(super) const fn word(name: &[u8]) -> Word {
    let (mut number, mut rest) = (name.len() as u64, name);
    if name.len() > 4 {
        return Word(u64::MAX);
    }
    while let Some((&byte, after)) = rest.split_first() {
        number = number << 8 | byte as u64;
        rest = after;
    }
    Word(number)
}

/// The value of a member with a name of at most 4 bytes.
#[inline(never)]
pub(super) fn find<'a>(members: &[Member<'a>], name: Word) -> Option<&'a [u8]> {
    members.iter().find(|member| word(member.name) == name).map(|member| member.value)
}

/// A string, decoded; nothing when the value is none.
pub(super) fn string<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    if value.first() != Some(&b'"') {
        return None;
    }
    Reader::new(value, arena).ok()?.string().ok()
}

#[cfg(test)]
mod tests {
    use super::{find, get, members, word};
    use crate::rt::arena::Arena;

    #[test]
    fn only_unambiguous_objects() {
        let arena = Arena::new();
        let ok = r#" {"a" : {"b": [1, {"b": -0.5e+3}, []], "c": {}}, "b": null, "\u0063": "x" , "d":true} "#;
        let found = members(ok.as_bytes(), 100, &arena).unwrap_or(&[]);
        assert_eq!(get(found, b"a"), Some(&br#"{"b": [1, {"b": -0.5e+3}, []], "c": {}}"#[..]));
        assert_eq!((get(found, b"c"), get(found, b"d"), get(found, b"e")), (Some(&b"\"x\""[..]), Some(&b"true"[..]), None));
        assert_eq!((find(found, word(b"d")), find(found, word(b"e"))), (Some(&b"true"[..]), None));
        for (name, other) in [(&b"ab"[..], &b"ab\0"[..]), (b"a", b"\0a"), (b"", b"\0"), (b"abcd", b"abcde")] {
            assert!(word(name) != word(other), "{name:?}");
        }
        assert!(members(b"{}", 0, &arena).is_ok_and(<[_]>::is_empty));
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}x",
            "{} {}",
            r#"{"a":1,}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"a":1},{"b":{},"b":1}]}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":1e}"#,
            r#"{"a":-}"#,
            r#"{"a":+1}"#,
            r#"{"a":nul}"#,
            r#"{a:1}"#,
            r#"{"a" 1}"#,
            r#"{"a":[1 2]}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":{,}}"#,
            "{\"a\":\"\u{1}\"}",
            "\u{feff}{}",
        ] {
            assert!(members(text.as_bytes(), 100, &arena).is_err(), "{text}");
        }
        assert!(members(b"{\"a\":\"\xff\"}", 100, &arena).is_err());
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(members(deep(super::DEPTH).as_bytes(), 100, &arena).is_ok());
        assert!(members(deep(super::DEPTH + 1).as_bytes(), 100, &arena).is_err());
        assert!(members(br#"{"a":{"b":1}}"#, 1, &arena).is_err());
    }
}
