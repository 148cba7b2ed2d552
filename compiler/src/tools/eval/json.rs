//! JSON as the language reads it: strict, with the text of every value kept. In: bytes. Out: a tree, or nothing.

use std::collections::BTreeSet;

/// A value and the text that it was written as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Most brackets that may be open at once.
const DEPTH: usize = 128;

/// Reads a whole text. `None`: it is invalid or ambiguous.
pub(super) fn parse(bytes: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (value, rest) = value(space(text), 0)?;
    space(rest).is_empty().then_some(value)
}

fn space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

fn value(text: &str, depth: usize) -> Option<(Json, &str)> {
    let (kind, rest) = match text.chars().next()? {
        'n' => (Kind::Null, text.strip_prefix("null")?),
        't' => (Kind::Bool(true), text.strip_prefix("true")?),
        'f' => (Kind::Bool(false), text.strip_prefix("false")?),
        '"' => string(text).map(|(string, rest)| (Kind::String(string), rest))?,
        '[' => array(text, depth + 1)?,
        '{' => object(text, depth + 1)?,
        _ => (Kind::Number, number(text)?),
    };
    let length = text.len() - rest.len();
    Some((Json { text: text.get(..length)?.to_owned(), kind }, rest))
}

fn array(text: &str, depth: usize) -> Option<(Kind, &str)> {
    let mut items = Vec::new();
    let mut rest = space(text.strip_prefix('[').filter(|_| depth <= DEPTH)?);
    if let Some(rest) = rest.strip_prefix(']') {
        return Some((Kind::Array(items), rest));
    }
    loop {
        let (item, after) = value(rest, depth)?;
        items.push(item);
        rest = space(after);
        if let Some(rest) = rest.strip_prefix(']') {
            return Some((Kind::Array(items), rest));
        }
        rest = space(rest.strip_prefix(',')?);
    }
}

fn object(text: &str, depth: usize) -> Option<(Kind, &str)> {
    let mut members = Vec::new();
    let mut names = BTreeSet::new();
    let mut rest = space(text.strip_prefix('{').filter(|_| depth <= DEPTH)?);
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Kind::Object(members), rest));
    }
    loop {
        let (name, after) = string(rest)?;
        if !names.insert(name.clone()) {
            return None;
        }
        let (member, after) = value(space(space(after).strip_prefix(':')?), depth)?;
        members.push((name, member));
        rest = space(after);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((Kind::Object(members), rest));
        }
        rest = space(rest.strip_prefix(',')?);
    }
}

/// A string, which `serde_json` decodes: control characters and halves of surrogate pairs are invalid.
fn string(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let inside = text.strip_prefix('"')?;
    let end = inside.find(|letter: char| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })?;
    let whole = text.get(..end + 2)?;
    Some((serde_json::from_str(whole).ok()?, text.get(end + 2..)?))
}

fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn number(text: &str) -> Option<&str> {
    let begun = text.strip_prefix('-').unwrap_or(text);
    let mut rest = if let Some(rest) = begun.strip_prefix('0') { rest } else { digits(begun)? };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
    }
    Some(rest)
}

/// A number as sign, digits without zeros at the ends, and the power of ten of the last digit: equal for equal numbers.
fn normal(text: &str) -> (bool, String, i128) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i128 = exponent.parse().unwrap_or(if exponent.starts_with('-') { i128::MIN / 4 } else { i128::MAX / 4 });
    let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let all = format!("{whole}{fraction}");
    let mut power = exponent - fraction.len() as i128;
    let short = all.trim_end_matches('0');
    power += (all.len() - short.len()) as i128;
    let short = short.trim_start_matches('0');
    if short.is_empty() { (false, String::new(), 0) } else { (mantissa.starts_with('-'), short.to_owned(), power) }
}

/// A JSON string: `"`, `\` and control characters escaped, everything else as it is.
pub(super) fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            control if u32::from(control) < 0x20 => written.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

impl Json {
    /// `null`
    pub(super) fn null() -> Json {
        Json { text: "null".to_owned(), kind: Kind::Null }
    }

    /// `true` or `false`
    pub(super) fn bool(value: bool) -> Json {
        Json { text: value.to_string(), kind: Kind::Bool(value) }
    }

    /// A number as it is written.
    pub(super) fn number(text: String) -> Json {
        Json { text, kind: Kind::Number }
    }

    /// A string.
    pub(super) fn string(value: String) -> Json {
        Json { text: quoted(&value), kind: Kind::String(value) }
    }

    /// An array of these, written without spaces.
    pub(super) fn array(items: Vec<Json>) -> Json {
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        Json { text: format!("[{}]", texts.join(",")), kind: Kind::Array(items) }
    }

    /// An object of these, written without spaces.
    pub(super) fn object(members: Vec<(String, Json)>) -> Json {
        let texts: Vec<String> = members.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.text)).collect();
        Json { text: format!("{{{}}}", texts.join(",")), kind: Kind::Object(members) }
    }

    /// Whether both are the same string, number, bool or null.
    pub(super) fn equals(&self, other: &Json) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(left), Kind::Bool(right)) => left == right,
            (Kind::Number, Kind::Number) => normal(&self.text) == normal(&other.text),
            (Kind::String(left), Kind::String(right)) => left == right,
            _ => false,
        }
    }

    /// An int, if it is a number of that value.
    pub(super) fn int(&self) -> Option<i64> {
        if self.kind != Kind::Number {
            return None;
        }
        let (negative, digits, power) = normal(&self.text);
        if digits.is_empty() {
            return Some(0);
        }
        if !(0..20).contains(&power) {
            return None;
        }
        let zeros = "0".repeat(usize::try_from(power).ok()?);
        format!("{}{digits}{zeros}", if negative { "-" } else { "" }).parse().ok()
    }

    /// The nearest float, if it is a number that one is near to. Every zero is the same.
    pub(super) fn float(&self) -> Option<f64> {
        let value = if self.kind == Kind::Number { crate::lang::float::parse(&self.text)? } else { return None };
        Some(if value == 0.0 { 0.0 } else { value })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Json, parse};

    #[test]
    fn strict() {
        for text in ["{}", " [1, -0.5e+3, {\"a\": {\"a\": null}}] ", "\"\\u0061\"", "0"] {
            assert!(parse(text.as_bytes()).is_some(), "{text}");
        }
        for text in ["", "{", "01", "1.", "[1,]", "{\"a\":1,\"\\u0061\":2}", "\"\\ud800\"", "1 2", "\u{feff}1", "+1"] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(deep(128).as_bytes()).is_some() && parse(deep(129).as_bytes()).is_none());
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let all: String = (0..0x250_u32).filter_map(char::from_u32).collect();
        let array = Json::array(vec![Json::null(), Json::bool(true), Json::number("1.5".to_owned()), Json::string(all.clone())]);
        let whole = Json::object(vec![(all, array), ("b".to_owned(), Json::array(Vec::new()))]);
        assert_eq!(parse(whole.text.as_bytes()), Some(whole));
    }

    #[test]
    fn numbers() {
        let number = |text: &str| Json::number(text.to_owned());
        assert!(number("1.0").equals(&number("10e-1")) && number("-0").equals(&number("0e9")));
        assert!(!number("9007199254740993").equals(&number("9007199254740992")));
        assert_eq!((number("1e2").int(), number("1.5").int(), number("9223372036854775808").int()), (Some(100), None, None));
    }
}
