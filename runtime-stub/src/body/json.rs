//! Values of JSON. In: the text of a value, which `valid` has checked. Out: members, elements, strings, numbers.
//! Of a text that was not checked something comes out, too, but nothing traps and nothing loops.

use super::number::Number;
use crate::config::json::{Kind, Reader};
use crate::rt::arena::Arena;

fn kind(value: &[u8], arena: &Arena) -> Option<Kind> {
    Reader::of_valid(value, arena).kind().ok()
}

/// The value that comes next, without spaces around it.
pub fn value<'a>(reader: &mut Reader<'a>) -> &'a [u8] {
    reader.space();
    let start = reader.at();
    reader.skip_value();
    reader.since(start).trim_ascii_end()
}

/// A member of an object.
pub fn member<'a>(object: &'a [u8], key: &[u8], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut reader = Reader::of_valid(object, arena);
    let mut first = true;
    if !reader.take(b'{') {
        return None;
    }
    while reader.another(b'}', &mut first).ok()? {
        let name = reader.string().ok()?;
        reader.expect(b':').ok()?;
        let value = value(&mut reader);
        if name == key {
            return Some(value);
        }
    }
    None
}

/// The `n`th element of an array.
pub fn element<'a>(array: &'a [u8], n: i64, arena: &'a Arena) -> Option<&'a [u8]> {
    let n = usize::try_from(n).ok()?;
    elements(array, arena).nth(n)
}

/// The elements of an array; none of anything else.
pub fn elements<'a>(array: &'a [u8], arena: &'a Arena) -> impl Iterator<Item = &'a [u8]> {
    let mut reader = Reader::of_valid(array, arena);
    let mut first = true;
    let mut more = reader.take(b'[');
    core::iter::from_fn(move || {
        more = more && reader.another(b']', &mut first).unwrap_or(false);
        let found = if more { value(&mut reader) } else { &[] };
        // No value is empty, so this ends in a text that was not checked, too.
        more = !found.is_empty();
        more.then_some(found)
    })
}

/// A string, decoded.
pub fn string<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    Reader::of_valid(value, arena).string().ok()
}

fn number<'a>(value: &'a [u8], arena: &'a Arena) -> Option<&'a [u8]> {
    Reader::of_valid(value, arena).number().ok()
}

/// A number that is an int.
pub fn int(value: &[u8], arena: &Arena) -> Option<i64> {
    Number::read(number(value, arena)?).int()
}

/// A number as the nearest float; one that no float is near to is none. Every zero is the same, `-0` too.
pub fn float(value: &[u8], arena: &Arena) -> Option<f64> {
    crate::values::float::parse(number(value, arena)?).map(|value| value + 0.0)
}

/// `true` or `false`
pub fn bool(value: &[u8]) -> Option<bool> {
    match value {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Whether it is `null`.
pub fn is_null(value: &[u8]) -> bool {
    value == b"null"
}

/// Whether two are the same string, number, bool or null. Arrays and objects are equal to nothing.
pub fn equal(a: &[u8], b: &[u8], arena: &Arena) -> bool {
    match (kind(a, arena), kind(b, arena)) {
        (Some(Kind::String), Some(Kind::String)) => matches!((string(a, arena), string(b, arena)), (Some(a), Some(b)) if a == b),
        (Some(Kind::Number), Some(Kind::Number)) => {
            matches!((number(a, arena), number(b, arena)), (Some(a), Some(b)) if Number::read(a).equals(&Number::read(b)))
        }
        (Some(Kind::Bool), Some(Kind::Bool)) | (Some(Kind::Null), Some(Kind::Null)) => a == b,
        _ => false,
    }
}

/// Whether an array has such an element.
pub fn has(array: &[u8], needle: &[u8], arena: &Arena) -> bool {
    elements(array, arena).any(|element| equal(element, needle, arena))
}

#[cfg(test)]
mod tests {
    use super::{bool, element, elements, equal, float, has, int, is_null, member, string};
    use crate::rt::arena::Arena;

    #[test]
    fn values() {
        let arena = Arena::new();
        let text = br#" { "a" : [ 1 , {"x":"]"} , "q\"}" ] , "\u0062" : true,"n":null ,"e":{} , "":-2.50e1} "#;
        let at = |key: &[u8]| member(text, key, &arena);
        assert_eq!(at(b"a"), Some(&br#"[ 1 , {"x":"]"} , "q\"}" ]"#[..]));
        assert_eq!((at(b"b"), at(b"e"), at(b"none")), (Some(&b"true"[..]), Some(&b"{}"[..]), None));
        let array = at(b"a").unwrap_or_default();
        assert_eq!(elements(array, &arena).count(), 3);
        assert_eq!(element(array, 2, &arena).and_then(|value| string(value, &arena)), Some(&b"q\"}"[..]));
        assert_eq!((element(array, 3, &arena), element(array, -1, &arena), element(text, 0, &arena)), (None, None, None));
        assert_eq!(
            (int(b"1e2", &arena), int(b"\"1\"", &arena), float(b"-2.50e1", &arena), float(b"1e999", &arena)),
            (Some(100), None, Some(-25.0), None)
        );
        assert_eq!((bool(b"true"), bool(b"null"), is_null(b"null"), is_null(b"0")), (Some(true), None, true, false));
        assert!(equal(b"1.0", b"1", &arena) && equal(br#""\u0061""#, br#""a""#, &arena) && !equal(b"1", br#""1""#, &arena));
        assert!(!equal(b"[]", b"[]", &arena) && !equal(b"{}", b"{}", &arena) && equal(b"null", b"null", &arena));
        assert!(
            has(b"[1,[2],\"a\"]", b"1.0", &arena)
                && !has(b"[1,[2]]", b"2", &arena)
                && !has(b"1", b"1", &arena)
                && !has(b"[]", b"1", &arena)
        );
    }

    #[test]
    fn what_is_no_json_ends() {
        let arena = Arena::new();
        for text in [&b"[,,,"[..], b"{\"a\"", b"[\"", b"[[[", b"{,", b"[\\", b"{\"a\":\"\\", b"", b"]"] {
            let _ = (elements(text, &arena).count(), member(text, b"x", &arena), has(text, text, &arena));
        }
    }
}
