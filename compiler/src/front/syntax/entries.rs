//! Entries that other languages have and a block here has not: `delete` in a `rewrite`, `cluster` in a `route`, `[a, b]` as a type.
//! In: the place where the parser stands. Out: the diagnostic with the way to write it.

use super::error::{Place, short};
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword as K;

/// The mistake at this place, if it is one of those.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    let finders: [fn(&Place<'_>) -> Option<Diagnostic>; 10] =
        [foreign_entry, joined_clauses, kind_of_credential, action, edit, arm, list_type, members, several_keys, json_reply];
    finders.into_iter().find_map(|finder| finder(place))
}

fn error(code: Code, place: &Place<'_>, at: usize, message: impl Into<String>, label: &str, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, place.span(at), message, label).help(help)
}

const RULES: [K; 5] = [K::Permit, K::Forbid, K::Rewrite, K::Redact, K::Route];

/// Words that begin an entry elsewhere, the blocks that people write them in, and what stands there here.
const ENTRIES: [(&[K], &str, &str); 21] = [
    (&[K::Rewrite], "delete", "write `remove \"x-name\"`"),
    (&[K::Rewrite], "unset", "write `remove \"x-name\"`"),
    (&[K::Rewrite], "add", "write `append \"x-name\" = …`"),
    (&[K::Rewrite], "replace", "write `path = replace(request.path, \"/a\", \"/b\")`"),
    (&[K::Rewrite], "request", "write `set \"x-name\" = …`"),
    (&[K::Rewrite], "response", "write `set \"x-name\" = …`"),
    (&[K::Rewrite], "path", "write `path = …`"),
    (&[K::Rewrite], "host", "write `host = …`"),
    (&[K::Route], "cluster", "write `otherwise -> cluster \"a\"`"),
    (&[K::Redact], "builtin", "write `any builtin.card -> mask(keep_last = 4)`"),
    (&[K::Redact], "mask", "write `any builtin.card -> mask(keep_last = 4)`"),
    (&[K::Redact], "body", "write `json \"$.name\" -> …`"),
    (&[K::Permit, K::Forbid], "path", "write `on \"/path\"`"),
    (&[K::Permit, K::Forbid], "url", "write `on \"/path\"`"),
    (&[K::Permit, K::Forbid], "method", "write `on GET \"/path\"`"),
    (&RULES, "where", "write `when`"),
    (&RULES, "require", "write `authenticate NAME` in a `scope` around the rule"),
    (&RULES, "authenticate", "write it into a `scope` around the rule"),
    (&RULES, "apply", "write it into a `scope` around the rule"),
    (&[K::Scope], "use", "write `authenticate NAME` or `apply LIMIT`"),
    (&[K::Scope], "require", "write `authenticate NAME`"),
];

fn foreign_entry(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, Token::Identifier | Token::Keyword(_)) = place.previous()? else { return None };
    if !place.expected.only("=") {
        return None;
    }
    let block = *place.around(&place.entry()?).first()?;
    let word = place.word(before);
    let (.., help) = ENTRIES.iter().find(|(blocks, known, _)| blocks.contains(&block) && *known == word)?;
    let attribute = help.starts_with(&format!("write `{word} ="));
    let message =
        if attribute { format!("`{word}` is given with `=`") } else { format!("`{word}` does not belong in a `{}`", block.text()) };
    Some(error(Code::UnknownClause, place, before, message, "no clause of this block", *help))
}

/// `on "/x" or "/y"`, `on "/x" and when …`
fn joined_clauses(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(word @ (K::And | K::Or))) = place.found()? else { return None };
    let (before, Token::String(_)) = place.previous()? else { return None };
    if place.keyword(place.entry()?.start)? != K::On {
        return None;
    }
    let (message, help) = match place.token(at + 1) {
        Some(Token::String(_)) => ("templates are separated by commas", format!("write `{}, {}`", place.word(before), place.word(at + 1))),
        _ => ("clauses stand side by side: all of them must hold", "remove it".to_owned()),
    };
    Some(error(Code::ForeignOperator, place, at, message, &format!("no `{}` stands here", word.text()), help))
}

/// `authenticate jwt corp`
fn kind_of_credential(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(kind @ (K::Jwt | K::ApiKey | K::Basic | K::Hmac | K::Token | K::Mtls | K::Limit))) = place.found()? else {
        return None;
    };
    let (_, Token::Keyword(K::Authenticate | K::Optional | K::Apply)) = place.previous()? else { return None };
    if place.token(at + 1) != Some(&Token::Identifier) || super::error::incomplete(place).is_some() {
        return None;
    }
    let message = format!("`{}` is said where `{}` is declared", kind.text(), place.word(at + 1));
    Some(error(Code::ForeignWord, place, at, message, "only the name belongs here", "remove it"))
}

/// `any card -> "****"`
fn action(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::String(_) | Token::Keyword(_)) = place.found()? else { return None };
    let (_, Token::Arrow) = place.previous()? else { return None };
    if !place.around(&place.entry()?).contains(&K::Redact) {
        return None;
    }
    let help = "write `mask(keep_last = 4)`, `replace(\"…\")` or `remove`";
    let message = format!("`{}` is no action", short(place.word(at)));
    Some(error(Code::UnexpectedToken, place, at, message, "an action is expected here", help))
}

/// `set "x-a" "b"`, `set "x-a": "b"`, `set path = …`
fn edit(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, previous) = place.previous()?;
    let head = place.keyword(place.entry()?.start)?;
    if !matches!(head, K::Set | K::Append) {
        return None;
    }
    match (previous, token) {
        (Token::String(_), Token::String(_) | Token::Int(_) | Token::Identifier | Token::Colon) if place.expected.only("=") => {
            let help = format!("write `{} {} = …`", head.text(), short(place.word(before)));
            Some(error(Code::WrongAssign, place, at, "the value of a header follows `=`", "`=` is expected here", help))
        }
        (Token::Keyword(_), Token::Keyword(_) | Token::Identifier) if place.token(at + 1) == Some(&Token::Assign) => {
            let word = place.word(at);
            let help = matches!(word, "path" | "host").then(|| format!("write `{word} = …` without `{}`", head.text()))?;
            Some(error(Code::ForeignWord, place, before, format!("`{word}` is no header"), "edits headers", help))
        }
        _ => None,
    }
}

/// `route "a" { "/x" -> "b" }`
fn arm(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::String(_)) = place.found()? else { return None };
    let inside = place.token(at + 1) == Some(&Token::Arrow) && place.expected.has("otherwise");
    let help = format!("write `when request.path == {} -> cluster \"…\"`", short(place.word(at)));
    inside.then(|| error(Code::UnexpectedToken, place, at, "an arm of a route begins with `when`", "no condition", help))
}

/// `names: string[]`, `names: [string]`, `names: list[string]`
fn list_type(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::BracketOpen) = place.found()? else { return None };
    let (before, _) = place.previous()?;
    let ty = place.expected.has("IDENTIFIER") && place.expected.has("enum") && !place.expected.any_name();
    let after = place.expected.has("<") && place.expected.has("?") && !place.expected.operator();
    let element = match place.word(before) {
        "list" | "array" if after => place.word(at + 1),
        word if after => word,
        _ if ty => place.word(at + 1),
        _ => return None,
    };
    // `list a: string [ "x" ]` lacks its `=`.
    if after && matches!(place.token(at + 1), Some(Token::String(_) | Token::Int(_))) {
        return Some(error(
            Code::WrongAssign,
            place,
            at,
            "the elements of a list follow `=`",
            "`=` is expected before this",
            "write `= […]`",
        ));
    }
    // `list names: [string]`: the declaration names the type of its elements.
    let declared = before.checked_sub(2).and_then(|list| place.token(list)) == Some(&Token::Keyword(K::List));
    let help = if declared {
        format!("write `{}`, the type of its elements", short(element))
    } else {
        format!("write `list<{}>`", short(element))
    };
    Some(error(Code::UnexpectedToken, place, at, "a type has no square brackets", "not known in types", help))
}

/// `[ "a": "b" ]`
fn members(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Colon) = place.found()? else { return None };
    let open = (*place.layout.bracket_of.get(at)?)?;
    let list = place.token(open) == Some(&Token::BracketOpen) && place.expected.has("]") && place.expected.has(",");
    let message = "members of an object stand in braces";
    list.then(|| error(Code::UnexpectedToken, place, open, message, "this begins a list", "write `{ … }`"))
}

/// `key = client.ip, request.path`
fn several_keys(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Comma) = place.found()? else { return None };
    let entry = place.layout.entries.get(*place.layout.entry_of.get(at)?)?;
    let key = place.word(entry.start) == "key" && place.around(entry).first() == Some(&K::Limit);
    // `key = a, rate = b` is a comma between attributes.
    if !key || place.token(at + 2) == Some(&Token::Assign) || place.token(at + 2) == Some(&Token::Colon) {
        return None;
    }
    let message = "several values of a key are a list";
    Some(error(Code::BadComma, place, at, message, "no list is open here", "write `key = […, …]`"))
}

/// `reply 403 { … }`
fn json_reply(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::BraceOpen) = place.found()? else { return None };
    let (status, Token::Int(_)) = place.previous()? else { return None };
    let (K::Reply | K::Deny | K::With) = place.keyword(status.checked_sub(1)?)? else { return None };
    let help = format!("write `{} {} json {{ … }}`", place.word(status - 1), place.word(status));
    Some(error(Code::UnexpectedToken, place, at, "an object is sent as `json`", "`json` is expected before this", help))
}
