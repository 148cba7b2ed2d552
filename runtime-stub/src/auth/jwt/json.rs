//! Objects of tokens and key sets: JSON that every reader understands alike (`body::valid`). In: text. Out: members with their values
//! as written.

use crate::body::{json, valid};
use crate::config::json::{Invalid, Reader};
use crate::rt::arena::{Arena, Items};

/// A member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// Decoded.
    pub(super) name: &'a [u8],
    /// Its number, which most are found by.
    word: Word,
    /// As written; valid.
    pub(super) value: &'a [u8],
}

/// The members of an object.
pub(super) fn members<'a>(text: &'a [u8], arena: &'a Arena) -> Result<&'a [Member<'a>], Invalid> {
    if !valid::check(text, arena) {
        return Err(Invalid);
    }
    let mut reader = Reader::of_valid(text, arena);
    let mut members: Items<'a, Member<'a>> = Items::new(arena);
    let mut first = true;
    reader.expect(b'{')?;
    while reader.another(b'}', &mut first)? {
        let name = reader.string()?;
        reader.expect(b':')?;
        members.push(Member { name, word: word(name), value: json::value(&mut reader) });
    }
    if members.is_broken() { Err(Invalid) } else { Ok(members.finish()) }
}

/// The value of a member.
pub(super) fn get<'a>(members: &[Member<'a>], name: &[u8]) -> Option<&'a [u8]> {
    members.iter().find(|member| member.name == name).map(|member| member.value)
}

/// A name of at most 4 bytes as a number, so that it is code of what looks for it and no data of every module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

/// The number of a name; longer ones have that of none.
#[inline(never)]
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
    members.iter().find(|member| member.word == name).map(|member| member.value)
}

/// A string, decoded; nothing when the value is none.
pub(super) fn string<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    json::string(value, arena)
}

#[cfg(test)]
mod tests {
    use super::{find, get, members, word};
    use crate::rt::arena::Arena;

    #[test]
    fn only_unambiguous_objects() {
        let arena = Arena::new();
        let ok = r#" {"a" : {"b": [1, {"b": -0.5e+3}, []], "c": {}}, "b": null, "\u0063": "x" , "d":true} "#;
        let found = members(ok.as_bytes(), &arena).unwrap_or(&[]);
        assert_eq!(get(found, b"a"), Some(&br#"{"b": [1, {"b": -0.5e+3}, []], "c": {}}"#[..]));
        assert_eq!((get(found, b"c"), get(found, b"d"), get(found, b"e")), (Some(&b"\"x\""[..]), Some(&b"true"[..]), None));
        assert_eq!((find(found, word(b"d")), find(found, word(b"e"))), (Some(&b"true"[..]), None));
        for (name, other) in [(&b"ab"[..], &b"ab\0"[..]), (b"a", b"\0a"), (b"", b"\0"), (b"abcd", b"abcde")] {
            assert!(word(name) != word(other), "{name:?}");
        }
        assert!(members(b"{}", &arena).is_ok_and(<[_]>::is_empty));
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
            assert!(members(text.as_bytes(), &arena).is_err(), "{text}");
        }
        assert!(members(b"{\"a\":\"\xff\"}", &arena).is_err());
    }
}
