//! Operators, literals and steps as people type them: `not contains`, `<>`, `AND`, `between`, `5 minutes`, `expect status 403`.
//! In: the place where the parser stands. Out: the diagnostic with the way to write it.

use super::error::{Place, short};
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword as K;

/// The mistake at this place, if it is one of those.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    let finders: [fn(&Place<'_>) -> Option<Diagnostic>; 10] =
        [trailing_dot, unit, word, negated, doubled, quantifier, percentage, expectation, given, method_of_request];
    finders.into_iter().find_map(|finder| finder(place))
}

fn error(code: Code, place: &Place<'_>, at: usize, message: impl Into<String>, label: &str, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, place.span(at), message, label).help(help)
}

/// `request. == …`
fn trailing_dot(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, Token::Dot) = place.previous()? else { return None };
    let written = place.word(before.checked_sub(1)?);
    if let Some(Token::Int(_)) = place.token(before - 1) {
        let help = format!("write `{written} <= value and value <= …`");
        return Some(error(Code::ForeignOperator, place, before, "there are no ranges", "not known here", help));
    }
    let help = format!("write `{written}.NAME`, or remove the `.`");
    Some(error(Code::Incomplete, place, before, format!("nothing follows `{written}.`"), "a name is expected after this", help))
}

/// Units as words and what they are here.
const UNITS: [(&str, &str); 21] = [
    ("ms", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("s", "s"),
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "m"),
    ("min", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("h", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("d", "d"),
    ("day", "d"),
    ("days", "d"),
    ("B", "B"),
    ("KiB", "KiB"),
    ("MiB", "MiB"),
    ("GiB", "GiB"),
];

/// `5 minutes`, `1 MiB`, `wait 61`
fn unit(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let number = |index: usize| matches!(place.token(index), Some(Token::Int(_)));
    let unit = |index: usize| UNITS.iter().find(|(name, _)| *name == place.word(index)).map(|(_, unit)| *unit);
    // The word was read as the name of the next attribute, was met itself, or comes after the number that is met.
    let candidates = [(at.checked_sub(2), at.checked_sub(1)), (at.checked_sub(1), Some(at)), (Some(at), Some(at + 1))];
    for (count, named) in candidates {
        let (Some(count), Some(named)) = (count, named) else { continue };
        let met = at == count && (place.expected.has("DURATION") || place.expected.has("SIZE"));
        let after = at != count && (place.expected.has("=") || place.expected.operator());
        if let (true, Some(unit), true) = (number(count), unit(named), met || after) {
            let (amount, word) = (place.word(count), place.word(named));
            let message = format!("a number and its unit are one word, `{amount} {word}` are two");
            return Some(error(Code::BadLiteral, place, count, message, "a number without a unit", format!("write `{amount}{unit}`")));
        }
    }
    if matches!(token, Token::Int(_)) && place.expected.only("DURATION") {
        let amount = place.word(at);
        return Some(error(Code::BadLiteral, place, at, "a duration has a unit", "no unit", format!("write `{amount}s` or `{amount}m`")));
    }
    None
}

/// Words that are operators elsewhere.
const WORDS: [(&str, &str); 12] = [
    ("between", "write `low <= value and value <= high`"),
    ("xor", "write `a != b` for two conditions"),
    ("AND", "write `and`"),
    ("OR", "write `or`"),
    ("NOT", "write `not`"),
    ("IN", "write `in`"),
    ("IS", "write `is`"),
    ("LIKE", "write `matches /…/`"),
    ("like", "write `matches /…/`"),
    ("mod", "write `%`"),
    ("redirect", "write `reply 302 location \"…\"`"),
    ("return", "write the value itself: there are no statements"),
];

fn word(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, _) = place.found()?;
    let (before, _) = place.previous()?;
    let known = |index: usize| WORDS.iter().find(|(name, _)| *name == place.word(index)).map(|(_, help)| (index, *help));
    let name = place.expected.only("=") || place.expected.item();
    let here = if place.expected.operator() || place.expected.boundary() { known(at) } else { None };
    let (index, help) = if name && !place.begins_entry(before) { known(before).or(here) } else { here }?;
    Some(error(
        Code::ForeignOperator,
        place,
        index,
        format!("`{}` is a word of other languages", place.word(index)),
        "not known here",
        help,
    ))
}

/// `not contains`
fn negated(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(word)) = place.found()? else { return None };
    let (before, Token::Keyword(K::Not)) = place.previous()? else { return None };
    if !place.expected.only("in") {
        return None;
    }
    let word = word.text();
    let found = error(Code::ForeignOperator, place, at, format!("`not {word}` is no operator"), "only `not in` is", "");
    Some(found.also(place.span(before), "this belongs before the whole comparison").help(format!("write `not (… {word} …)`")))
}

/// `<>`, `++`
fn doubled(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, previous) = place.previous()?;
    if !place.expected.expression() && !place.expected.has("INT") || place.span(before).end != place.span(at).start {
        return None;
    }
    let (written, help) = match (previous, token) {
        (Token::Less, Token::Greater) => ("<>", "write `!=`"),
        (Token::Plus, Token::Plus) => ("++", "write `+`, or `\"${a}${b}\"` for texts"),
        (Token::Star, Token::Star) => ("**", "multiply with `*`"),
        (Token::Equal, Token::Greater) => ("==>", "write `==`"),
        (Token::Assign, Token::Less) => ("=<", "write `<=`"),
        _ => return None,
    };
    Some(error(Code::ForeignOperator, place, before, format!("`{written}` is no operator"), "not known here", help))
}

/// `some x in list where …`, `some x in list: …`, `any x in list …`
fn quantifier(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    if place.expected.has("satisfies") && (*token == Token::Colon || matches!(place.word(at), "where" | "such" | "if")) {
        let message = "the condition of `some` and `every` follows `satisfies`";
        return Some(error(Code::ForeignWord, place, at, message, "`satisfies` is expected here", "write `satisfies`"));
    }
    let before = place.before?.checked_sub(1)?;
    let meant = match place.word(before) {
        "any" | "exists" | "for" => "some",
        "all" | "forall" | "each" => "every",
        _ => return None,
    };
    if *token != Token::Keyword(K::In) || !place.expected.only("=") {
        return None;
    }
    let name = place.word(before + 1);
    let message = format!("`{}` is not known here", place.word(before));
    Some(error(Code::ForeignWord, place, before, message, "no operator", format!("write `{meant} {name} in … satisfies …`")))
}

/// `split by … { "a": 5 }`
fn percentage(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Int(_) | Token::Float(_)) = place.found()? else { return None };
    if !place.expected.only("PERCENT") {
        return None;
    }
    let help = format!("write `{}%`", place.word(at));
    Some(error(Code::UnexpectedToken, place, at, "a weight is a percentage", "no `%` follows", help))
}

/// What `expect` is followed by elsewhere.
const EXPECTATIONS: [(&str, &str); 14] = [
    ("status", "write `expect deny STATUS`, or `expect allow`"),
    ("code", "write `expect deny STATUS`, or `expect allow`"),
    ("forbidden", "write `expect deny 403`"),
    ("denied", "write `expect deny 403`"),
    ("forbid", "write `expect deny 403`"),
    ("reject", "write `expect deny 403`"),
    ("unauthorized", "write `expect deny 401`"),
    ("permit", "write `expect allow`"),
    ("permitted", "write `expect allow`"),
    ("allowed", "write `expect allow`"),
    ("ok", "write `expect allow`"),
    ("header", "write `expect upstream header \"…\" == …`, or `expect response header \"…\" == …`"),
    ("path", "write `expect upstream path \"…\"`"),
    ("route", "write `expect cluster \"…\"`"),
];

/// `expect status 403`, `expect 403`, `expect deny by "a"`
fn expectation(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let entry = place.entry()?;
    if place.keyword(entry.start)? != K::Expect || super::error::incomplete(place).is_some() {
        return None;
    }
    let (before, _) = place.previous()?;
    let word = place.word(at);
    let help = if before == entry.start {
        let known = EXPECTATIONS.iter().find(|(name, _)| *name == word).map(|(_, help)| (*help).to_owned());
        match token {
            Token::Int(status) if *status < 400 => "write `expect allow`".to_owned(),
            Token::Int(_) => format!("write `expect deny {word}`"),
            _ => known?,
        }
    } else if place.word(before) == "not" && matches!(word, "allow" | "deny") {
        format!("write `expect {}`", if word == "allow" { "deny 403" } else { "allow" })
    } else if place.word(before) == "deny" {
        "write `expect deny 403`: the status is part of it".to_owned()
    } else if matches!(place.word(before), "upstream" | "response") && word == "status" {
        "write `expect allow` or `expect deny STATUS`: they speak of the policy's decision".to_owned()
    } else {
        return None;
    };
    let last = if *token == Token::BraceClose { before } else { at };
    let message = format!("`{}` does not say what is expected", short(place.source(entry.start, last)));
    Some(error(Code::UnexpectedToken, place, at, message, "no expectation", help))
}

/// What is given with a request elsewhere.
const PARTS: [(&str, &str); 8] = [
    ("body", "write `json { … }`, `text \"…\"` or `form { … }`"),
    ("ip", "write `from \"192.0.2.1\"`"),
    ("client", "write `from \"192.0.2.1\"`"),
    ("client_ip", "write `from \"192.0.2.1\"`"),
    ("headers", "write `header \"name\" = \"value\"` for each"),
    ("host", "write `header \"host\" = \"…\"`"),
    ("cookie", "write `header \"cookie\" = \"name=value\"`"),
    ("query", "write it into the path: `request GET \"/a?b=c\"`"),
];

fn given(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, _) = place.found()?;
    if !(place.expected.has("from") && place.expected.has("upstream")) || place.expected.any_name() {
        return None;
    }
    let word = place.word(at);
    let help = PARTS.iter().find(|(name, _)| *name == word).map(|(_, help)| *help)?;
    Some(error(Code::UnknownClause, place, at, format!("`{word}` is not given with a request"), "not known here", help))
}

/// `request "/x"`, `GET "/x"` in a test
fn method_of_request(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    match (token, place.previous()) {
        (Token::String(_), Some((_, Token::Keyword(K::Request)))) if place.expected.has("CONSTANT") => {
            let help = format!("write `request GET {}`", short(place.word(at)));
            Some(error(Code::UnexpectedToken, place, at, "a request has a method", "the method is expected before this", help))
        }
        // Methods are words in capitals; names are not.
        (Token::Constant, Some((_, Token::Keyword(K::Let | K::Fn | K::List | K::Map | K::Limit | K::Service)))) => {
            let (word, help) = (place.word(at), format!("write `{}`", place.word(at).to_ascii_lowercase()));
            Some(error(Code::UnexpectedToken, place, at, format!("the name `{word}` is in capitals"), "capitals are for methods", help))
        }
        (Token::Constant, _) if place.expected.has("wait") && place.expected.has("expect") => {
            let help = format!("write `request {} …`", place.word(at));
            Some(error(Code::UnexpectedToken, place, at, "a step begins with its keyword", "no step begins so", help))
        }
        _ => None,
    }
}
