//! Why a configuration is refused. In: the reason. Out: the line that is logged.

use crate::rt::arena::{Arena, Text};

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The host did not hand it over.
    Unreadable,
    /// No JSON object.
    Json,
    /// A protobuf `Struct`, which the host passes on as it is.
    Struct,
    /// A key that is not declared.
    Unknown(&'a [u8]),
    /// A key that comes twice.
    Twice(&'a [u8]),
    /// A key that must be there.
    Missing(&'a [u8]),
    /// A key with a value of another type, and what it must be.
    Type(&'a [u8], &'a [u8]),
    /// A secret without characters.
    Empty(&'a [u8]),
    /// A key of a map that comes twice.
    MapTwice(&'a [u8], &'a [u8]),
    /// A name whose value is not what it has to be, which is said in between.
    Entry(&'a [u8], &'static [u8], &'a [u8]),
    /// No memory.
    Memory,
}

impl<'a> Refusal<'a> {
    /// What is logged.
    pub fn line<'b>(&self, arena: &'b Arena) -> &'b [u8] {
        let (key, problem, name): (Option<&[u8]>, &[u8], Option<&[u8]>) = match *self {
            Refusal::Unreadable => (None, b"cannot be read from the host", None),
            Refusal::Json => (None, b"is no JSON object", None),
            Refusal::Struct => (None, b"is a protobuf Struct: write it as JSON text in a google.protobuf.StringValue", None),
            Refusal::Memory => (None, b"does not fit into memory", None),
            Refusal::Unknown(key) => (Some(key), b"is unknown", None),
            Refusal::Twice(key) => (Some(key), b"appears twice", None),
            Refusal::Missing(key) => (Some(key), b"is missing", None),
            Refusal::Empty(key) => (Some(key), b"must not be empty", None),
            Refusal::MapTwice(key, name) => (Some(key), b"must name each entry once: twice there is ", Some(name)),
            Refusal::Entry(key, problem, name) => (Some(key), problem, Some(name)),
            Refusal::Type(key, expected) => (Some(key), expected, None),
        };
        let mut line = Text::new(arena);
        line.push(b"portcullis: ");
        match key {
            Some(key) => {
                line.push(b"configuration key ");
                quoted(&mut line, key);
                line.push_byte(b' ');
            }
            None => line.push(b"the configuration "),
        }
        line.push(problem);
        if let Some(name) = name {
            quoted(&mut line, name);
        }
        line.finish().unwrap_or(b"portcullis: the configuration is refused")
    }
}

/// A name in backticks: at most 64 bytes of it, and nothing that could begin a new line. Never a value: it may be a secret.
fn quoted(line: &mut Text<'_>, name: &[u8]) {
    line.push_byte(b'`');
    for &byte in name.iter().take(64) {
        line.push_byte(if byte < 0x20 || byte == 0x7f { b'?' } else { byte });
    }
    line.push_byte(b'`');
}
