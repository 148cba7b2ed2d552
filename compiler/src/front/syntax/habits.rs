//! Constructs that people bring along from other languages: conditions in braces, types of `let`, tuples, `elif`, periods
//! in words. In: the place where the parser stands. Out: the diagnostic with the way to write it here.

use super::error::{Place, short};
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword;

/// The construct at this place, if it is one of those.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    let finders: [fn(&Place<'_>) -> Option<Diagnostic>; 11] = [
        condition_in_braces,
        if_statement,
        unfinished_choice,
        rule_in_parentheses,
        typed_let,
        tuple,
        presence,
        period,
        reply_without_status,
        named_text,
        bare_target,
    ];
    finders.into_iter().find_map(|finder| finder(place))
}

fn error(place: &Place<'_>, at: usize, message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::ForeignWord, place.span(at), message, label).help(help)
}

/// The first token of the entry that holds this one.
fn head_of<'a>(place: &Place<'a>, at: usize) -> Option<&'a Token> {
    let entry = place.layout.entries.get(*place.layout.entry_of.get(at)?)?;
    place.token(entry.start)
}

/// `when { … }`
fn condition_in_braces(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let open = match (place.previous(), token) {
        (Some((before, Token::Keyword(Keyword::When | Keyword::Unless))), Token::BraceOpen) => Some(before + 1),
        _ => *place.layout.bracket_of.get(at)?,
    }?;
    if place.token(open) != Some(&Token::BraceOpen) {
        return None;
    }
    let Token::Keyword(word @ (Keyword::When | Keyword::Unless)) = place.token(open.checked_sub(1)?)? else { return None };
    let word = word.text();
    Some(error(place, open, "a condition has no braces", "this begins an object", format!("write `{word} …` without braces")))
}

/// `if … { … }` where a rule or a clause belongs.
fn if_statement(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let entry = place.expected.boundary();
    match token {
        Token::Keyword(Keyword::If) if entry && place.expected.item() => Some(error(
            place,
            at,
            "there are no statements, `if` stands in expressions",
            "no item begins with `if`",
            "write a rule with the condition, such as `permit \"name\" { when … }`",
        )),
        Token::Keyword(Keyword::If) if entry => {
            Some(error(place, at, "a clause begins with `when`, not with `if`", "not known here", "write `when …`, or `unless …`"))
        }
        Token::BraceOpen if place.expected.has("then") => Some(error(
            place,
            at,
            "`if` chooses between two values, it has no block",
            "`then` is expected here",
            "write `if … then … else …`, or a rule with `when`",
        )),
        _ => None,
    }
}

/// `elif`, `if` without `else`, a route without `otherwise`.
fn unfinished_choice(place: &Place<'_>) -> Option<Diagnostic> {
    let missing = |diagnostic: Diagnostic| Diagnostic { code: Code::MissingOtherwise, ..diagnostic };
    if let Some((at, Token::Identifier)) = place.found()
        && place.expected.has("else")
        && matches!(place.word(at), "elif" | "elsif" | "elseif")
    {
        let word = place.word(at);
        return Some(error(place, at, format!("`{word}` is not known"), "another condition begins here", "write `else if`"));
    }
    if let Some((at, Token::Keyword(Keyword::Else))) = place.found()
        && place.expected.has("otherwise")
    {
        let found = error(place, at, "the last arm is called `otherwise`", "not known here", "write `otherwise`");
        return Some(found);
    }
    if place.expected.has("else") && !matches!(place.found(), Some((_, Token::Comma))) {
        let (before, _) = place.previous()?;
        let ends =
            place.at.is_none_or(|at| place.begins_entry(at) || matches!(place.token(at), Some(Token::BraceClose | Token::ParenClose)));
        return ends.then(|| {
            missing(error(
                place,
                before,
                "`if` has no `else`",
                "`else` is expected after this",
                "add `else …`: an expression has a value in every case",
            ))
        });
    }
    if let Some((at, Token::BraceClose)) = place.found()
        && place.expected.has("otherwise")
    {
        return Some(missing(error(
            place,
            at,
            "the route does not say where other requests go",
            "`otherwise` is expected before this",
            "add `otherwise -> keep`, or `otherwise -> cluster \"…\"`",
        )));
    }
    None
}

/// `permit(principal, action, resource)` and `permit if …`.
fn rule_in_parentheses(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::ParenOpen) = place.found()? else { return None };
    let (_, Token::Keyword(word @ (Keyword::Permit | Keyword::Forbid))) = place.previous()? else { return None };
    let word = word.text();
    let help = format!("write `{word} \"name\" {{ on GET \"/path\"  when … }}`");
    Some(error(place, at, format!("a `{word}` has a name and a block"), "no parentheses follow", help))
}

/// `let name: type = …`
fn typed_let(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Colon) = place.found()? else { return None };
    let Some(Token::Keyword(Keyword::Let)) = head_of(place, at) else { return None };
    place.expected.has("=").then(|| error(place, at, "a `let` names no type", "`=` is expected here", "write `let name = …`"))
}

/// `x in ("a", "b")`
fn tuple(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Comma) = place.found()? else { return None };
    let open = (*place.layout.bracket_of.get(at)?)?;
    if place.token(open) != Some(&Token::ParenOpen) || !place.expected.has(")") || place.expected.has(",") {
        return None;
    }
    Some(error(place, open, "a list stands in square brackets", "these parentheses hold one expression", "write `[…, …]`"))
}

/// `is not null`, `is None`, `is not present`
fn presence(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (_, Token::Keyword(Keyword::Is)) = place.previous()? else { return None };
    let negated = *token == Token::Keyword(Keyword::Not);
    let next = if negated { at + 1 } else { at };
    let absent = matches!(place.word(next), "null" | "None" | "nil" | "undefined" | "absent" | "empty" | "none");
    let value = match place.token(next) {
        Some(Token::String(_) | Token::Int(_) | Token::Float(_)) => Some(short(place.word(next))),
        Some(Token::Constant) => Some(format!("\"{}\"", place.word(next))),
        Some(_) | None => None,
    };
    if let (Some(value), false) = (value, absent) {
        let meant = if negated { "!=" } else { "==" };
        let message = "`is` is followed by `present` or `absent`";
        return Some(error(place, at, message, "a value stands here", format!("write `{meant} {value}`")));
    }
    let meant = if negated == absent { "is present" } else { "is absent" };
    Some(error(place, at, "`is` is followed by `present` or `absent`", "not known here", format!("write `{meant}`")))
}

/// `60 per minute`
fn period(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (_, Token::Keyword(Keyword::Per)) = place.previous()? else { return None };
    let word = place.word(at);
    let meant = match word.trim_end_matches('s') {
        "second" | "sec" => "1s",
        "minute" | "min" | "m" => "1m",
        "hour" | "h" => "1h",
        "day" | "d" => "1d",
        _ => match token {
            Token::Int(_) => {
                return Some(error(place, at, "a period needs a unit", "no duration", format!("write `{word}s` or `{word}m`")));
            }
            _ => "1m",
        },
    };
    Some(error(
        place,
        at,
        format!("a rate is given per duration, `{}` is none", short(word)),
        "no duration",
        format!("write `per {meant}`"),
    ))
}

/// `reply "no"`
fn reply_without_status(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::String(_)) = place.found()? else { return None };
    let (_, Token::Keyword(word @ (Keyword::Reply | Keyword::Deny))) = place.previous()? else { return None };
    let help = format!("write `{} 403 {}`", word.text(), short(place.word(at)));
    place.expected.has("INT").then(|| error(place, at, "a reply begins with its status", "no status before this text", help))
}

/// `reply 403 text "no"`
fn named_text(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (word, Token::Identifier | Token::Keyword(_)) = place.previous()? else { return None };
    let written = match token {
        Token::String(_) => short(place.word(at)),
        Token::StringHead(_) => "\"…\"".into(),
        _ => return None,
    };
    let status = word.checked_sub(1).filter(|status| matches!(place.token(*status), Some(Token::Int(_))))?;
    let Some(Token::Keyword(begun @ (Keyword::Reply | Keyword::Deny))) = place.token(status.checked_sub(1)?) else { return None };
    let help = format!("write `{} {} {}`", begun.text(), place.word(status), written);
    let message = format!("`{}` does not stand before a text", place.word(word));
    Some(error(place, word, message, "the text follows the status", help))
}

/// `-> "orders"`
fn bare_target(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (_, Token::Arrow) = place.previous()? else { return None };
    if !place.expected.has("keep") {
        return None;
    }
    let text = match token {
        Token::String(_) => place.word(at).to_owned(),
        Token::Identifier => format!("\"{}\"", place.word(at)),
        _ => return None,
    };
    let help = format!("write `cluster {}`", short(&text));
    Some(error(place, at, "a target says what it is", "a cluster is named with `cluster`", help))
}
