//! Structured fields (RFC 8941): dictionaries of bare items and inner lists. In: the bytes of a field. Out: its members, in order.

use crate::lang::encoding;

/// Most members of a dictionary of signatures.
const MOST: usize = 16;

/// A bare item (RFC 8941, 3.3).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// As written.
    String(String),
    Integer(i64),
    Bytes(Vec<u8>),
    Other,
}

pub(super) type Parameters = Vec<(String, Item)>;

/// A member of a dictionary.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Items of an inner list, with whether each has parameters; nothing for a bare item.
    pub(super) list: Option<Vec<(Item, bool)>>,
    pub(super) item: Item,
    pub(super) parameters: Parameters,
    /// All of the value.
    pub(super) written: String,
}

/// A dictionary whose members are there once, at most so many as a request may have signatures.
pub(super) fn dictionary(field: &[u8]) -> Option<Vec<(String, Member)>> {
    dictionary_of(field, MOST, true)
}

/// A dictionary (RFC 8941, 4.2.2); nothing for anything else.
pub(super) fn dictionary_of(field: &[u8], most: usize, once: bool) -> Option<Vec<(String, Member)>> {
    let text = std::str::from_utf8(field).ok()?;
    let mut rest = text;
    let mut members: Vec<(String, Member)> = Vec::new();
    loop {
        let name = key(&mut rest)?;
        rest = rest.strip_prefix('=')?;
        let start = rest;
        let (list, item) = if rest.starts_with('(') { (Some(inner(&mut rest)?), Item::Other) } else { (None, bare(&mut rest)?) };
        let parameters = parameters(&mut rest)?;
        let written = start.strip_suffix(rest)?.to_owned();
        if once && members.iter().any(|(known, _)| *known == name) {
            return None;
        }
        members.push((name, Member { list, item, parameters, written }));
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Some(members).filter(|members| members.len() <= most);
        }
        rest = rest.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

/// Takes letters off the front.
fn while_in(rest: &mut &str, is: impl Fn(char) -> bool) -> String {
    let end = rest.find(|letter| !is(letter)).unwrap_or(rest.len());
    let (found, after) = rest.split_at(end);
    *rest = after;
    found.to_owned()
}

fn key(rest: &mut &str) -> Option<String> {
    let key = while_in(rest, |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-.*".contains(letter));
    key.starts_with(|first: char| first.is_ascii_lowercase() || first == '*').then_some(key)
}

fn inner(rest: &mut &str) -> Option<Vec<(Item, bool)>> {
    *rest = rest.strip_prefix('(')?;
    let mut items = Vec::new();
    loop {
        *rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(')') {
            *rest = after;
            return Some(items);
        }
        let item = bare(rest)?;
        items.push((item, !parameters(rest)?.is_empty()));
        if !rest.starts_with([' ', ')']) {
            return None;
        }
    }
}

fn parameters(rest: &mut &str) -> Option<Parameters> {
    let mut found = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        *rest = after.trim_start_matches(' ');
        let name = key(rest)?;
        let item = match rest.strip_prefix('=') {
            Some(after) => {
                *rest = after;
                bare(rest)?
            }
            None => Item::Other,
        };
        found.push((name, item));
    }
    Some(found)
}

/// An Integer or a Decimal.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.chars().all(|letter| letter.is_ascii_digit());
    match digits.split_once('.') {
        None => all(digits, 15),
        Some((whole, fraction)) => all(whole, 12) && all(fraction, 3),
    }
}

fn bare(rest: &mut &str) -> Option<Item> {
    let first = rest.chars().next()?;
    match first {
        '"' => {
            let mut text = String::new();
            let mut letters = rest.char_indices().skip(1);
            loop {
                match letters.next()? {
                    (at, '"') => {
                        *rest = rest.get(at + 1..)?;
                        return Some(Item::String(text));
                    }
                    (_, '\\') => match letters.next()? {
                        (_, escaped @ ('"' | '\\')) => text.extend(['\\', escaped]),
                        _ => return None,
                    },
                    (_, letter @ ' '..='~') => text.push(letter),
                    _ => return None,
                }
            }
        }
        '0'..='9' | '-' => {
            let text = while_in(rest, |letter| letter.is_ascii_digit() || letter == '-' || letter == '.');
            is_number(&text).then(|| text.parse().map_or(Item::Other, Item::Integer))
        }
        ':' => {
            let (text, after) = rest.strip_prefix(':')?.split_once(':')?;
            *rest = after;
            let letters = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(letter));
            letters.then(|| encoding::from_base64(text).map_or(Item::Other, Item::Bytes))
        }
        '?' => {
            *rest = rest.strip_prefix("?0").or_else(|| rest.strip_prefix("?1"))?;
            Some(Item::Other)
        }
        letter if letter.is_ascii_alphabetic() || letter == '*' => {
            while_in(rest, |letter| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(letter));
            Some(Item::Other)
        }
        _ => None,
    }
}
