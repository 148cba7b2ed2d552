//! Clauses and heads as people type them: `on GET POST`, `when: …`, `set x-a = …`, `deny 403` in a `forbid`, `config { a = 5 }`,
//! items without a name. In: the place where the parser stands. Out: the diagnostic with the way to write it.

use super::error::{Place, short};
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword as K;

/// The mistake at this place, if it is one of those.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    let finders: [fn(&Place<'_>) -> Option<Diagnostic>; 16] = [
        sign_after_clause,
        comma_before_clause,
        methods,
        header_word,
        status_without_reply,
        value_without_sign,
        member_without_type,
        table_without_type,
        parameter_without_type,
        head,
        several_credentials,
        names_in_brackets,
        limit_in_scope,
        arm,
        block_for,
        import_as,
    ];
    finders.into_iter().find_map(|finder| finder(place))
}

fn error(code: Code, place: &Place<'_>, at: usize, message: impl Into<String>, label: &str, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, place.span(at), message, label).help(help)
}

/// `when: …`, `on = GET "/a"`
fn sign_after_clause(place: &Place<'_>) -> Option<Diagnostic> {
    let start = place.entry()?.start;
    let word = match place.keyword(start)? {
        word @ (K::On | K::When | K::Unless | K::Reply | K::Authenticate | K::Apply | K::Expect) => word.text(),
        _ => return None,
    };
    let at = start + 1;
    let sign = match place.token(at)? {
        Token::Colon if place.at == Some(at) => ":",
        Token::Assign if place.at.is_some_and(|found| found >= at) => "=",
        _ => return None,
    };
    let message = format!("`{word}` is a clause, not an attribute");
    Some(error(Code::WrongAssign, place, at, message, "no sign follows it", format!("write `{word} …` without `{sign}`")))
}

/// `on "/y", when …`
fn comma_before_clause(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(word)) = place.found()? else { return None };
    let (comma, Token::Comma) = place.previous()? else { return None };
    if !matches!(word, K::When | K::Unless | K::Reply | K::On | K::Set | K::Otherwise) || place.expected.expression() {
        return None;
    }
    let found = error(Code::BadComma, place, comma, "clauses are not separated by commas", "one comma too many", "remove it");
    Some(found.also(place.span(at), "the next clause"))
}

/// `on GET POST "/x"`
fn methods(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Constant) = place.found()? else { return None };
    let (before, Token::Constant) = place.previous()? else { return None };
    if place.keyword(place.entry()?.start)? != K::On || !place.expected.has(",") {
        return None;
    }
    let help = format!("write `{}, {}`", place.word(before), place.word(at));
    Some(error(Code::BadComma, place, at, "methods are separated by commas", "no `,` before it", help))
}

/// `set header "x-a" = …`, `set x-a = …`, `header "x-a" = …` in a `rewrite`
fn header_word(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let entry = place.entry()?;
    if let (Token::String(_), Some((before, Token::Keyword(K::Header)))) = (token, place.previous())
        && place.expected.only("=")
        && place.around(&entry).contains(&K::Rewrite)
    {
        let help = format!("write `set {} = …`, or `append` for one more line", short(place.word(at)));
        return Some(error(Code::UnknownClause, place, before, "a header is written with `set` or `append`", "no clause", help));
    }
    let (before, Token::Keyword(word @ (K::Set | K::Append | K::Remove))) = place.previous()? else { return None };
    if !place.expected.has("STRING") || !matches!(token, Token::Identifier | Token::Keyword(_) | Token::Constant) {
        return None;
    }
    if let (Token::Keyword(K::Header), Some(Token::String(_))) = (token, place.token(at + 1)) {
        let help = format!("write `{} {}`", place.word(before), short(place.word(at + 1)));
        return Some(error(
            Code::ForeignWord,
            place,
            at,
            format!("`{}` takes the name of a header", word.text()),
            "one word too many",
            help,
        ));
    }
    let name = place.bare_text(at);
    let message = format!("the name of a header is a string, found `{}`", short(name));
    Some(error(Code::WrongQuotes, place, at, message, "quotes are missing", format!("write `{} \"{}\"`", word.text(), short(name))))
}

impl<'a> Place<'a> {
    /// What begins with this token and reads like one text: `x-user`, `shared.policy`.
    pub(super) fn bare_text(&self, at: usize) -> &'a str {
        let rest = self.text.get(self.span(at).start as usize..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.*/".contains(c))).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }
}

/// `deny 403`, `status 403` where a `reply` belongs
fn status_without_reply(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Int(_)) = place.found()? else { return None };
    let (before, _) = place.previous()?;
    let word = place.word(before);
    if !place.expected.only("=") || !matches!(word, "deny" | "status" | "with" | "return" | "respond" | "code" | "error" | "response") {
        return None;
    }
    let help = format!("write `reply {}`", place.word(at));
    Some(error(Code::UnknownClause, place, before, "the answer of a `forbid` is its `reply`", "no clause", help))
}

/// `default deny 403`, `let x 5`
fn value_without_sign(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, _) = place.previous()?;
    let entry = place.entry()?;
    let head = place.keyword(entry.start);
    let declares = head == Some(K::Let) && before == entry.start + 1;
    let denies = *token == Token::Keyword(K::Deny) && place.expected.only("=");
    if !place.expected.has("=") || !(declares || denies) || matches!(token, Token::Colon | Token::Equal | Token::Comma) {
        return None;
    }
    let word = place.word(before);
    let help = if declares { format!("write `let {word} = …`") } else { format!("write `{word} = {} …`", place.word(at)) };
    Some(error(Code::WrongAssign, place, at, format!("`{word}` is given with `=`"), "`=` is expected before this", help))
}

/// The type of a literal.
fn type_of(token: Option<&Token>) -> &'static str {
    match token {
        Some(Token::Int(_)) => "int",
        Some(Token::Float(_)) => "float",
        Some(Token::Duration(_)) => "duration",
        Some(Token::Keyword(K::True | K::False)) => "bool",
        Some(Token::BracketOpen) => "list<string>",
        Some(Token::BraceOpen) => "map<string, string>",
        Some(_) | None => "string",
    }
}

/// Types that are written before the name elsewhere.
const TYPES: [&str; 6] = ["string", "int", "bool", "float", "secret", "duration"];

/// `config { a = 5 }`, `claims { sub string }`
fn member_without_type(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, _) = place.previous()?;
    let open = (*place.layout.bracket_of.get(at)?)?;
    let block = place.keyword(open.checked_sub(1)?)?;
    if !matches!(block, K::Config | K::Claims) || !place.expected.only(":") || place.around(&place.entry()?).contains(&K::Test) {
        return None;
    }
    let name = place.word(before);
    let what = if block == K::Config { "a field of `config`" } else { "a claim" };
    let named = matches!(place.token(at + 1), Some(Token::Identifier)) && matches!(place.word(at + 1), "string" | "int" | "bool" | "float");
    let help = match token {
        Token::Assign if named => format!("write `{name}: {}`", place.word(at + 1)),
        Token::Assign => format!("write `{name}: {} = …`", type_of(place.token(at + 1))),
        Token::Identifier | Token::Keyword(_) if TYPES.contains(&name) => format!("write `{}: {name}`", place.word(at)),
        Token::Identifier => format!("write `{name}: {}`", place.word(at)),
        _ => format!("write `{name}: string`"),
    };
    Some(error(Code::WrongAssign, place, at, format!("{what} has a type, after `:`"), "`:` and a type are expected here", help))
}

/// `list l = […]`, `map m = {…}`, `map m: string = {…}`
fn table_without_type(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, _) = place.found()?;
    let entry = place.entry()?;
    let name = place.word(entry.start + 1);
    let (message, help) = match place.keyword(entry.start)? {
        K::List if place.expected.only(":") && at == entry.start + 2 => {
            ("a `list` says what its elements are", format!("write `list {name}: {} = …`", type_of(place.token(at + 2))))
        }
        K::Map if place.expected.has("->") || place.expected.only(":") && at == entry.start + 2 => {
            ("a `map` says what its keys and values are", format!("write `map {name}: string -> string = {{ … }}`"))
        }
        _ => return None,
    };
    Some(error(Code::UnexpectedToken, place, at, message, "the type is missing before this", help))
}

/// `fn f(x) = …`, `fn f(string x) = …`
fn parameter_without_type(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, _) = place.previous()?;
    if !matches!(place.keyword(place.entry()?.start)?, K::Fn | K::Lookup) || !place.expected.only(":") {
        return None;
    }
    let name = place.word(before);
    let help = match token {
        Token::Identifier | Token::Keyword(_) => format!("write `{}: {name}`", place.word(at)),
        _ => format!("write `{name}: string`, or another type"),
    };
    Some(error(Code::UnexpectedToken, place, at, format!("the parameter `{name}` has no type"), "`:` and a type are expected here", help))
}

/// An item without its name, a `rewrite` without what it rewrites.
fn head(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (before, Token::Keyword(word)) = place.previous()? else { return None };
    let start = place.entry()?.start;
    let name = if matches!(token, Token::String(_)) { short(place.word(at)) } else { "\"name\"".to_owned() };
    let kind = word.text();
    if before == start && matches!(word, K::Rewrite | K::Redact) && place.expected.has("response") {
        let message = format!("`{kind}` does not say what it works on");
        let help = format!("write `{kind} request {name} {{ … }}` or `{kind} response {name} {{ … }}`");
        return Some(error(Code::UnexpectedToken, place, at, message, "`request` or `response` is expected before this", help));
    }
    let opens = matches!(token, Token::BraceOpen | Token::Assign) && (place.expected.has("STRING") || place.expected.has("IDENTIFIER"));
    let follows = before == start || before == start + 1 && matches!(word, K::Request | K::Response);
    if !opens || !follows || place.expected.expression() || !super::expected::ITEMS.contains(&place.keyword(start)?) {
        return None;
    }
    let what = if *word == K::Scope { "template" } else { "name" };
    let message = format!("`{}` has no {what}", place.source(start, before));
    let help = super::forms::form(place)?;
    Some(error(Code::UnexpectedToken, place, at, message, &format!("its {what} is expected before this"), help))
}

/// `authenticate a, b`
fn several_credentials(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Comma) = place.found()? else { return None };
    let (before, Token::Identifier) = place.previous()? else { return None };
    if place.keyword(place.entry()?.start)? != K::Authenticate {
        return None;
    }
    let (first, second) = (place.word(before), place.word(at + 1));
    let help = format!("write `{first} or {second}` for one of them, `{first} and {second}` for both");
    Some(error(Code::BadComma, place, at, "credentials are joined by `or` or `and`", "no comma stands here", help))
}

/// `apply [a, b]`, `authenticate [a]`
fn names_in_brackets(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::BracketOpen) = place.found()? else { return None };
    let (before, Token::Keyword(word @ (K::Apply | K::Authenticate | K::Optional))) = place.previous()? else { return None };
    let mut names: Vec<&str> = Vec::new();
    for index in at + 1..place.tokens.len() {
        match place.token(index)? {
            Token::BracketClose => break,
            Token::Comma => {}
            Token::Identifier => names.push(place.word(index)),
            Token::String(name) => names.push(name),
            _ => return None,
        }
    }
    let clause = place.source(place.entry()?.start, before);
    let written = |joined: &str| format!("`{clause} {}`", names.join(joined));
    let help = match (word, names.as_slice()) {
        (_, []) => return None,
        (K::Apply, _) | (_, [_]) => format!("write {}", written(", ")),
        _ => format!("write {} for one of them, {} for all", written(" or "), written(" and ")),
    };
    Some(error(Code::UnexpectedToken, place, at, format!("`{}` takes names without brackets", word.text()), "no list stands here", help))
}

/// `limit l` in a `scope`
fn limit_in_scope(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, _) = place.previous()?;
    let entry = place.entry()?;
    if place.keyword(entry.start)? != K::Limit || place.around(&entry).first() != Some(&K::Scope) {
        return None;
    }
    let (at, token) = if before > entry.start { (before, place.token(before)?) } else { place.found()? };
    let Token::Identifier = token else { return None };
    let help = format!("write `apply {}`, and declare the limit outside", place.word(at));
    Some(error(Code::UnknownClause, place, entry.start, "a `limit` is declared outside of scopes", "does not belong here", help))
}

/// `match x { "a" -> 1 }`
fn arm(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token @ (Token::Arrow | Token::Assign)) = place.found()? else { return None };
    let (before, _) = place.previous()?;
    let open = (*place.layout.bracket_of.get(at)?)?;
    if !place.expected.only(":") || place.token(open) != Some(&Token::BraceOpen) {
        return None;
    }
    let sign = if *token == Token::Arrow { "->" } else { "=" };
    let help = format!("write `{}: …`", short(place.word(before)));
    Some(error(Code::WrongAssign, place, at, format!("`:` stands here, not `{sign}`"), "`:` is expected here", help))
}

/// `exceed = deny 429 for 5m`
fn block_for(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(K::For)) = place.found()? else { return None };
    let status = place.before.filter(|before| place.keyword(before.saturating_sub(1)) == Some(K::Deny))?;
    let help = format!("write `block {} with {}`", place.word(at + 1), place.word(status));
    Some(error(Code::ForeignWord, place, at, "`deny` answers one request", "no time follows it", help))
}

/// `import "a.policy" as a`
fn import_as(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Keyword(K::As)) = place.found()? else { return None };
    let message = "what an import brings keeps its names";
    place.expected.item().then(|| error(Code::ForeignWord, place, at, message, "no other name follows", "remove it"))
}
