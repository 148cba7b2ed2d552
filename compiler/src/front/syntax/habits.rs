//! Constructs that people bring along from other languages: conditions in braces, types of `let`, tuples, `elif`, periods
//! in words. In: the place where the parser stands. Out: the diagnostic with the way to write it here.

use super::error::{Place, short};
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword;
use crate::lang::values;

/// The construct at this place, if it is one of those.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    let finders: [fn(&Place<'_>) -> Option<Diagnostic>; 14] = [
        condition_in_braces,
        if_statement,
        unfinished_choice,
        rule_in_parentheses,
        typed_let,
        let_in_let,
        source_as_value,
        tuple,
        presence,
        counted,
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

/// `let a = let b = 2`
fn let_in_let(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Identifier | Token::Keyword(_)) = place.found()? else { return None };
    let (before, Token::Keyword(Keyword::Let)) = place.previous()? else { return None };
    let sign = before.checked_sub(1).filter(|sign| place.token(*sign) == Some(&Token::Assign))?;
    let outer = sign.checked_sub(2).filter(|outer| place.token(*outer) == Some(&Token::Keyword(Keyword::Let)))?;
    // What begins the next line is the next item: the value before it is missing.
    if place.tokens.get(before).is_some_and(|spanned| spanned.first_on_line) || place.token(at + 1) != Some(&Token::Assign) {
        return None;
    }
    let (outer, inner) = (place.word(outer + 1), place.word(at));
    let help = format!("write `let {inner} = …` for itself, and `let {outer} = {inner}`");
    Some(error(place, before, "a `let` is no value", "another `let` begins here", help))
}

/// `when header "x" == "y"`, `let user = cookie "c"`
fn source_as_value(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token @ (Token::String(_) | Token::StringHead(_))) = place.found()? else { return None };
    let (before, Token::Identifier | Token::Keyword(_)) = place.previous()? else { return None };
    let word = place.word(before);
    let root = values::by_word(word).filter(|_| matches!(word, "header" | "query" | "cookie" | "form"))?;
    if place.begins_entry(before) || place.expected.has("STRING") {
        return None;
    }
    let key = if matches!(token, Token::String(_)) { short(place.word(at)) } else { "…".to_owned() };
    let message = format!("`{word} {key}` says where a credential stands and is no value");
    Some(error(place, before, message, "no value begins so", format!("write `{root}[{key}]`")))
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

/// A period that is named by its unit alone.
fn in_words(word: &str) -> Option<&'static str> {
    match word.trim_end_matches('s') {
        "second" | "sec" => Some("1s"),
        "minute" | "min" | "m" => Some("1m"),
        "hour" | "h" => Some("1h"),
        "day" | "d" => Some("1d"),
        _ => None,
    }
}

/// `5 requests per 1m`
fn counted(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(Keyword::Per)) = place.found()? else { return None };
    let (before, Token::Identifier | Token::Keyword(_)) = place.previous()? else { return None };
    let count = before.checked_sub(1).filter(|count| matches!(place.token(*count), Some(Token::Int(_))))?;
    let written = place.word(at + 1);
    let period = if let Some(Token::Duration(_)) = place.token(at + 1) { written } else { in_words(written).unwrap_or("1m") };
    let message = "a rate is a count per period, without the word for what is counted";
    Some(error(place, before, message, "one word too many", format!("write `{} per {period}`", place.word(count))))
}

/// `60 per minute`
fn period(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (_, Token::Keyword(Keyword::Per)) = place.previous()? else { return None };
    let word = place.word(at);
    let meant = match (in_words(word), token) {
        (Some(meant), _) => meant,
        (None, Token::Int(_)) => {
            return Some(error(place, at, "a period needs a unit", "no duration", format!("write `{word}s` or `{word}m`")));
        }
        (None, _) => "1m",
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
