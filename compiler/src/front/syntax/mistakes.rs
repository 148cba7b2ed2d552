//! The mistakes that people make, each with its own sentence and fix. In: the place where the parser stands.
//! Out: the diagnostic of the first mistake that fits, in the order of `find`.

use super::error::{Place, head, head_end, short, shown};
use super::expected::{self, ITEMS, closest};
use super::mixed;
use super::token::Token;
use super::{clauses, entries, habits, items, operators};
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword;

/// The words that clauses, edits, redactions and parts begin with.
const CLAUSES: [&str; 32] = [
    "on",
    "when",
    "unless",
    "reply",
    "set",
    "append",
    "remove",
    "any",
    "json",
    "header",
    "query",
    "form",
    "otherwise",
    "authenticate",
    "apply",
    "permit",
    "forbid",
    "rewrite",
    "redact",
    "route",
    "scope",
    "claims",
    "request",
    "expect",
    "at",
    "wait",
    "repeat",
    "from",
    "upstream",
    "service",
    "token",
    "config",
];

/// Words of other languages, and what is written here.
pub(super) const FOREIGN: [(&str, &str); 14] = [
    ("rule", "permit"),
    ("allow", "permit"),
    ("deny", "forbid"),
    ("path", "on"),
    ("where", "when"),
    ("var", "let"),
    ("const", "let"),
    ("function", "fn"),
    ("def", "fn"),
    ("include", "import"),
    ("ratelimit", "limit"),
    ("auth", "authenticate"),
    ("require", "authenticate"),
    ("default", "otherwise"),
];

/// The known mistake at this place.
pub(super) fn find(place: &Place<'_>) -> Option<Diagnostic> {
    type Finder = fn(&Place<'_>) -> Option<Diagnostic>;
    let finders: [(Finder, Code); 19] = [
        (closing_brace, Code::Unclosed),
        (mixed::and_with_or, Code::MixedLogic),
        (operators::find, Code::UnexpectedToken),
        (entries::find, Code::UnexpectedToken),
        (clauses::find, Code::UnexpectedToken),
        (habits::find, Code::ForeignWord),
        (no_value, Code::Incomplete),
        (unknown_operator, Code::ForeignOperator),
        (comparison, Code::WrongAssign),
        (open_bracket, Code::Unclosed),
        (string_or_word, Code::WrongQuotes),
        (reserved_word, Code::ReservedWord),
        (unknown_entry, Code::UnknownClause),
        (items::unknown, Code::UnknownClause),
        (missing_brace, Code::Unclosed),
        (operand, Code::NeedsParentheses),
        (missing_comma, Code::BadComma),
        (needless_comma, Code::BadComma),
        (slip, Code::UnexpectedToken),
    ];
    let (found, code) = finders.into_iter().find_map(|(finder, code)| Some((finder(place)?, code)))?;
    // A finder that knows several mistakes says itself which of them this is.
    let code = if found.code == Code::UnexpectedToken { code } else { found.code };
    Some(Diagnostic { code, ..found })
}

fn error(place: &Place<'_>, at: usize, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::UnexpectedToken, place.span(at), message, label)
}

fn coded(code: Code, diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { code, ..diagnostic }
}
/// `}` where nothing is open.
fn closing_brace(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    if *token != Token::BraceClose || !place.expected.item() {
        return None;
    }
    Some(error(place, at, "`}` closes nothing", "no `{` is open here").help("remove it, or add the `{` that it closes"))
}

/// `=` for `==` and the reverse, comparisons of comparisons, `? :`.
fn comparison(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    match token {
        Token::Assign if place.previous().is_some_and(|(_, before)| *before == Token::Equal) => {
            Some(coded(Code::ForeignOperator, error(place, at, "`===` is no operator", "one `=` too many").help("write `==`")))
        }
        Token::Assign if place.expected.has("==") => {
            Some(error(place, at, "`=` gives a value to a name, it does not compare", "an operator is expected here").help("write `==`"))
        }
        Token::Equal if place.expected.has("=") => {
            Some(error(place, at, "`==` compares, it gives no value to a name", "`=` is expected here").help("write `=`"))
        }
        Token::Equal | Token::NotEqual | Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual
            if place.expected.has("and") && !place.expected.has("==") =>
        {
            let found = error(place, at, "comparisons do not chain", "the left side is a comparison already");
            Some(coded(Code::ChainedComparison, found.help("join two comparisons with `and`")))
        }
        Token::Question if place.expected.operator() => {
            let found = error(place, at, "`?` is no operator", "not known in expressions");
            Some(coded(Code::ForeignOperator, found.help("write `if … then … else …`, or `??` for a default")))
        }
        Token::Colon if place.expected.has("=") && place.expected.operator() => None,
        Token::Colon if place.expected.has("=") => {
            Some(error(place, at, "an attribute is given with `=`", "`=` is expected here").help("write `=`"))
        }
        Token::Assign if place.expected.has(":") => {
            Some(error(place, at, "a member or field is given with `:`", "`:` is expected here").help("write `:`"))
        }
        _ => None,
    }
}

/// Nothing after `=` or an operator at the end of a line: the next attribute's name, or the next item's keyword, was read as the value.
fn no_value(place: &Place<'_>) -> Option<Diagnostic> {
    let (_, found) = place.found()?;
    let (before, Token::Identifier | Token::Keyword(_)) = place.previous()? else { return None };
    let item = matches!(place.token(before), Some(Token::Keyword(word)) if ITEMS.contains(word))
        && before.checked_sub(1).and_then(|before| place.token(before)) == Some(&Token::Assign);
    if !(item || *found == Token::Assign && place.expected.operator()) {
        return None;
    }
    let first = place.tokens.get(before).is_some_and(|spanned| spanned.first_on_line);
    let operator = before.checked_sub(1).filter(|_| first)?;
    let written = place.word(operator);
    Some(
        error(place, operator, format!("nothing follows `{}`", short(written)), "an expression is expected after this")
            .also(place.span(before), "this begins the next line")
            .help(format!("write a value after `{}`", short(written))),
    )
}

/// A word between operands that is no operator; the parser took it for an attribute's name.
fn unknown_operator(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, Token::Identifier) = place.previous()? else { return None };
    let same_line = place.tokens.get(before).is_some_and(|spanned| !spanned.first_on_line);
    if !place.expected.only("=") || place.begins_entry(before) || !same_line {
        return None;
    }
    let word = place.word(before);
    let names = before.checked_sub(1).and_then(|name| Some((name, place.token(name.checked_sub(1)?)?)));
    if let Some((name, Token::Keyword(clause @ (Keyword::Apply | Keyword::Authenticate)))) = names {
        let (first, joined) = (place.word(name), if *clause == Keyword::Apply { ", " } else { " or " });
        let found = error(place, before, format!("`{word}` stands behind `{first}` with nothing between"), "a second name");
        return Some(coded(Code::BadComma, found.help(format!("write `{} {first}{joined}{word}`", clause.text()))));
    }
    let operators = ["in", "contains", "starts_with", "ends_with", "matches", "is", "per", "and", "or", "not"];
    let foreign =
        [("add", "append"), ("equals", "=="), ("eq", "=="), ("like", "matches"), ("startswith", "starts_with"), ("endswith", "ends_with")];
    let known = foreign.iter().find(|(name, _)| *name == word).map(|(_, meant)| *meant);
    let diagnostic = error(place, before, format!("`{word}` is no operator"), "not known here");
    Some(match known.or_else(|| closest(word, operators)) {
        Some(meant) => diagnostic.help(format!("write `{meant}`")),
        None => diagnostic.help("write an operator such as `==`, `in` or `and`"),
    })
}

/// A parenthesis or square bracket that is not closed before the next clause or the end of the block.
fn open_bracket(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let open = *place.layout.bracket_of.get(at)?;
    let open = open?;
    let (written, closer) = match place.token(open)? {
        Token::ParenOpen => ("(", ")"),
        Token::BracketOpen => ("[", "]"),
        _ => return None,
    };
    let first = place.tokens.get(at).is_some_and(|spanned| spanned.first_on_line);
    let ends = *token == Token::BraceClose || first && place.begins_line_of_its_own(at);
    if !ends || !(place.expected.has(closer) || place.expected.has(",")) {
        return None;
    }
    Some(
        error(place, open, format!("`{written}` is not closed"), "opened here")
            .also(place.span(at), format!("`{closer}` is expected before this"))
            .help(format!("close it with `{closer}`")),
    )
}

impl Place<'_> {
    /// Whether a line that begins with this token reads like an attribute or clause.
    fn begins_line_of_its_own(&self, at: usize) -> bool {
        match self.token(at) {
            Some(Token::Keyword(keyword)) if CLAUSES.contains(&keyword.text()) => true,
            Some(Token::Keyword(_) | Token::Identifier) => self.token(at + 1) == Some(&Token::Assign),
            Some(_) | None => false,
        }
    }
}

impl Place<'_> {
    /// The string before this place when it is a method in quotes after `on`, and the method.
    fn method_in_quotes(&self) -> Option<(usize, &str)> {
        let (before, Token::String(text)) = self.previous()? else { return None };
        let after_on = self.token(before.checked_sub(1)?) == Some(&Token::Keyword(Keyword::On));
        let capitals = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
        (after_on && capitals).then_some((before, text.as_str()))
    }
}

/// A word where a string belongs, a string where a word belongs, an interpolation where the text is fixed.
fn string_or_word(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let expected = &place.expected;
    if expected.operator() || expected.expression() {
        return None;
    }
    let before = place.previous().map(|(index, _)| place.word(index)).unwrap_or_default();
    match token {
        Token::StringHead(_) if expected.has("STRING") => {
            let found = error(place, at, "an interpolation where the text must be fixed", "this string is read by the compiler");
            Some(coded(Code::FixedText, found.help("write the text without `${…}`; write `\\$` for a dollar sign before `{`")))
        }
        Token::String(_) if place.method_in_quotes().is_some() => {
            let (before, method) = place.method_in_quotes()?;
            Some(error(place, before, "a method is written without quotes", "this reads as a path").help(format!("write `{method}`")))
        }
        Token::String(_) if expected.has(",") && matches!(place.previous(), Some((_, Token::String(_)))) => {
            let found = error(place, at, format!("no `,` before {}", shown(place, at, token)), "elements are separated by commas");
            Some(coded(Code::BadComma, found.help("write a `,` before it")))
        }
        Token::String(text) if expected.has("IDENTIFIER") && !expected.has("STRING") => {
            let word = text.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '_'), "_").to_lowercase();
            let diagnostic =
                error(place, at, format!("expected a name, found the string `{}`", short(place.word(at))), "a name has no quotes");
            Some(if word.is_empty() { diagnostic } else { diagnostic.help(format!("write `{word}`")) })
        }
        Token::Identifier | Token::Keyword(_) if expected.has("CONSTANT") && !expected.any_name() => {
            let word = place.word(at);
            let method = word.to_uppercase();
            let found = error(place, at, format!("`{word}` is no method"), "methods are written in capitals");
            Some(coded(Code::MethodCase, found.help(format!("write `{method}`"))))
        }
        Token::Constant if expected.has("STRING") && matches!(place.token(at + 1), Some(Token::String(_))) && before == "," => {
            let found = error(place, at, "another method in one `on`", "the paths of one `on` have the same methods");
            Some(coded(Code::BadComma, found.help(format!("write `on {} …` for itself", short(place.word(at))))))
        }
        Token::Identifier | Token::Constant | Token::Keyword(_) if expected.has("STRING") && !expected.has("IDENTIFIER") => {
            let word = short(place.bare_text(at));
            Some(
                error(place, at, format!("expected a string after `{before}`, found `{word}`"), "quotes are missing")
                    .help(format!("write `\"{word}\"`")),
            )
        }
        Token::Regex(pattern, _) if expected.has("STRING") => {
            let plain = pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
            let help = if plain {
                format!("write `\"/{}\"`", short(pattern))
            } else {
                format!("test `request.path matches /{}/` in a `when`", short(pattern))
            };
            Some(error(place, at, "a path is written as a string", "this reads as a regex").help(help))
        }
        _ => None,
    }
}

/// A keyword where only other words can be names.
fn reserved_word(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let Token::Keyword(keyword) = token else { return None };
    let word = keyword.text();
    if !place.expected.has("IDENTIFIER") || place.expected.operator() || place.expected.expression() {
        return None;
    }
    if place.begins_entry(at) && !keyword.is_reserved() || super::error::incomplete(place).is_some() {
        return None;
    }
    let message = if keyword.is_reserved() {
        format!("`{word}` is a reserved word")
    } else {
        format!("`{word}` is a keyword and names nothing here")
    };
    Some(error(place, at, message, "a name is expected here").help(format!("choose another name, such as `{word}_1`")))
}

/// A word that begins nothing in its block: what follows it shows that no attribute was meant.
fn unknown_entry(place: &Place<'_>) -> Option<Diagnostic> {
    let (_, token) = place.found()?;
    let (before, previous) = place.previous()?;
    if !place.expected.only("=")
        || super::error::incomplete(place).is_some()
        || !place.begins_entry(before)
        || matches!(token, Token::BraceClose)
    {
        return None;
    }
    let word = place.word(before);
    let block = place.block(before)?;
    match previous {
        Token::Keyword(keyword) => Some(
            error(place, before, format!("`{}` does not belong in `{}`", keyword.text(), short(block)), "no clause of this block")
                .help(belongs(*keyword, word)),
        ),
        Token::Identifier => {
            let message = format!("`{word}` begins nothing in `{}`", short(block));
            let diagnostic = error(place, before, message, "no clause and no attribute");
            let foreign = FOREIGN.iter().find(|(name, _)| *name == word).map(|(_, meant)| *meant);
            Some(match foreign.or_else(|| closest(word, CLAUSES)) {
                Some(meant) => diagnostic.help(format!("write `{meant}`")),
                None => diagnostic.help(format!("write `{word} = …` if it is an attribute")),
            })
        }
        _ => None,
    }
}

/// Where a clause that stands in the wrong block belongs.
fn belongs(keyword: Keyword, word: &str) -> String {
    match keyword {
        Keyword::Set | Keyword::Append => "put it into a `rewrite request` or `rewrite response`".to_owned(),
        Keyword::Remove => "put it into a `rewrite`, or write `header \"…\" -> remove` in a `redact`".to_owned(),
        Keyword::Any | Keyword::Query | Keyword::Form => "put it into a `redact request` or `redact response`".to_owned(),
        Keyword::Reply => "put it into a `forbid`".to_owned(),
        Keyword::Apply | Keyword::Authenticate => "put it into a `scope`".to_owned(),
        Keyword::Claims => "put it into a `jwt`".to_owned(),
        Keyword::On => "put it into a rule, such as a `permit`".to_owned(),
        other if ITEMS.contains(&other) => format!("move `{word}` out of this block"),
        _ => format!("write `{word} = …` if it is an attribute"),
    }
}

/// A block without its `{`.
fn missing_brace(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    if !place.expected.has("{") || place.expected.expression() || place.expected.operator() || place.expected.any_name() {
        return None;
    }
    let (before, _) = place.previous()?;
    let entry = place.layout.entries.get(*place.layout.entry_of.get(before)?)?;
    // Further in, it is the last keyword that wants one: `json` in a reply, a `token` behind a header.
    let inside = before > head_end(place, entry.start);
    let last = (entry.start..=before).rev().find(|index| matches!(place.token(*index), Some(Token::Keyword(_))));
    let head = match last {
        Some(last) if inside => short(place.source(last, before)),
        Some(_) | None => short(head(place, entry.start)),
    };
    Some(
        error(place, at, format!("`{head}` has no `{{`"), format!("`{{` is expected before {}", shown(place, at, token)))
            .help(format!("write `{head} {{ … }}`")),
    )
}

/// A conditional or quantifier as an operand, or no operand at all.
fn operand(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    if !(place.expected.has("INT") && place.expected.has("(")) {
        return None;
    }
    let after = place.previous().map(|(index, _)| short(place.word(index))).unwrap_or_default();
    match token {
        Token::Keyword(Keyword::If) => Some(
            error(place, at, "`if` as an operand needs parentheses", format!("an operand of `{after}`"))
                .help("write `(if … then … else …)`"),
        ),
        Token::Keyword(word @ (Keyword::Some | Keyword::Every)) => Some(
            error(place, at, format!("`{}` as an operand needs parentheses", word.text()), format!("an operand of `{after}`"))
                .help(format!("write `({} … in … satisfies …)`", word.text())),
        ),
        Token::Keyword(Keyword::Not) => {
            Some(error(place, at, "`not` as an operand needs parentheses", format!("an operand of `{after}`")).help("write `(not …)`"))
        }
        Token::Comma => {
            let message = format!("expected an expression, found `,` after `{after}`");
            let found = error(place, at, message, "nothing stands before this comma");
            Some(coded(Code::BadComma, found.help("remove the comma, or write what belongs before it")))
        }
        _ => None,
    }
}

/// A comma where another attribute or clause may begin.
fn needless_comma(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, Token::Comma) = place.found()? else { return None };
    let between = place.expected.boundary() && !place.expected.has(",");
    between.then(|| error(place, at, "attributes and clauses are not separated by commas", "one comma too many").help("remove it"))
}

/// Two elements without a comma between.
fn missing_comma(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let closer = [")", "]", "}"].into_iter().any(|closer| place.expected.has(closer));
    let begins = matches!(
        token,
        Token::Identifier
            | Token::Constant
            | Token::Int(_)
            | Token::Float(_)
            | Token::Duration(_)
            | Token::Size(_)
            | Token::String(_)
            | Token::StringHead(_)
            | Token::BraceOpen
            | Token::Keyword(_)
    );
    if !place.expected.has(",") || !closer || !begins || place.expected.any_name() {
        return None;
    }
    if let Token::Keyword(word) = token
        && word.is_reserved()
        && !matches!(word, Keyword::True | Keyword::False | Keyword::Null | Keyword::Otherwise)
    {
        return None;
    }
    let found = shown(place, at, token);
    Some(error(place, at, format!("no `,` before {found}"), "elements are separated by commas").help("write a `,` before it"))
}

/// A word that is close to one that the grammar expects.
fn slip(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let (Token::Identifier | Token::Constant | Token::Keyword(_)) = token else { return None };
    let word = place.word(at);
    let meant = closest(word, place.expected.keywords())?;
    let expected = expected::Expected::words(&place.expected);
    Some(error(place, at, format!("expected {expected}, found `{word}`"), "not known here").help(format!("write `{meant}`")))
}
