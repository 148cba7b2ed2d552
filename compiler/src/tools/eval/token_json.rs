//! Strict JSON of tokens: no member twice at any depth, bounded. In: bytes. Out: members with their values as written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep values nest below the object.
const DEPTH: usize = 32;

/// Members of an object in the order written, repeated ones too.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The members of an object; nothing when the text is anything but one unambiguous object with at most `most` members, those
/// of objects in it included.
pub(super) fn object(text: &[u8], most: usize) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut count = 0;
    let members = members(text, &mut count)?;
    for (_, value) in &members {
        check(value, DEPTH, &mut count)?;
    }
    (count <= most).then_some(members)
}

fn members(text: &str, count: &mut usize) -> Option<Vec<(String, String)>> {
    let Members(members) = serde_json::from_str(text).ok()?;
    *count += members.len();
    let twice = members.iter().enumerate().any(|(at, (name, _))| members.iter().take(at).any(|(before, _)| before == name));
    if twice { None } else { Some(members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()) }
}

/// A value that is valid and unambiguous in itself.
fn check(text: &str, depth: usize, count: &mut usize) -> Option<()> {
    match text.as_bytes().first()? {
        b'{' => {
            let depth = depth.checked_sub(1)?;
            members(text, count)?.iter().try_for_each(|(_, value)| check(value, depth, count))
        }
        b'[' => {
            let depth = depth.checked_sub(1)?;
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            items.iter().try_for_each(|item| check(item.get(), depth, count))
        }
        b'"' => serde_json::from_str::<String>(text).ok().map(|_| ()),
        _ => Some(()),
    }
}

/// The value of a member, as written.
pub(super) fn get<'a>(members: &'a [(String, String)], name: &str) -> Option<&'a str> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A string.
pub(super) fn string(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}
