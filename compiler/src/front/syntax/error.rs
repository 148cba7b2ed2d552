//! From "this token fits nowhere" to a sentence. In: the token, its neighbours and what the grammar would take.
//! Out: one diagnostic, the most particular that fits; `mistakes` knows those that people make.

use super::expected::Expected;
use super::layout::Layout;
use super::mistakes;
use super::token::{Spanned, Token};
use crate::base::{Code, Diagnostic, Span};
use crate::lang::keywords::Keyword;

/// Where the parser stands.
pub(super) struct Place<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Spanned],
    pub(super) layout: &'a Layout,
    /// The token that fits nowhere; none at the end of the file.
    pub(super) at: Option<usize>,
    /// The token that the parser read before it.
    pub(super) before: Option<usize>,
    pub(super) expected: Expected<'a>,
    /// The end of the file.
    pub(super) end: Span,
}

impl<'a> Place<'a> {
    /// The token with this index.
    pub(super) fn token(&self, index: usize) -> Option<&'a Token> {
        self.tokens.get(index).map(|spanned| &spanned.token)
    }

    /// The place of the token with this index.
    pub(super) fn span(&self, index: usize) -> Span {
        self.tokens.get(index).map_or(self.end, |spanned| spanned.span)
    }

    /// The source text of a range of tokens.
    pub(super) fn source(&self, from: usize, to: usize) -> &'a str {
        let (start, end) = (self.span(from).start as usize, self.span(to).end as usize);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The source text of one token.
    pub(super) fn word(&self, index: usize) -> &'a str {
        self.source(index, index)
    }

    /// The token that fits nowhere, with its index.
    pub(super) fn found(&self) -> Option<(usize, &'a Token)> {
        let at = self.at?;
        Some((at, self.token(at)?))
    }

    /// The token before it, with its index.
    pub(super) fn previous(&self) -> Option<(usize, &'a Token)> {
        let before = self.before?;
        Some((before, self.token(before)?))
    }

    /// Whether a token is the first of an item, clause, attribute or step.
    pub(super) fn begins_entry(&self, index: usize) -> bool {
        let entry = self.layout.entry_of.get(index).and_then(|entry| self.layout.entries.get(*entry));
        entry.is_some_and(|entry| entry.start == index)
    }

    /// The head of the block around the token: `permit "a"`, or nothing in the file itself.
    pub(super) fn block(&self, index: usize) -> Option<&'a str> {
        let entry = self.layout.entries.get(*self.layout.entry_of.get(index)?)?;
        let parent = self.layout.entries.get(entry.parent?)?;
        Some(head(self, parent.start))
    }
}

/// The first words of an entry, as messages name it: `rewrite request "a"`, `limit per_user`.
pub(super) fn head<'a>(place: &Place<'a>, start: usize) -> &'a str {
    place.source(start, head_end(place, start))
}

/// The last of these words.
pub(super) fn head_end(place: &Place<'_>, start: usize) -> usize {
    let more = match place.token(start) {
        Some(Token::Keyword(Keyword::Rewrite | Keyword::Redact | Keyword::Request)) => 2,
        Some(Token::Keyword(Keyword::Config | Keyword::Claims)) => 0,
        Some(_) | None => 1,
    };
    let mut last = start;
    while last < start + more {
        match place.token(last + 1) {
            Some(Token::Identifier | Token::Constant | Token::Keyword(_) | Token::String(_) | Token::Int(_)) => last += 1,
            Some(_) | None => break,
        }
    }
    last
}

/// What is wrong at a place, with a fix.
pub(super) fn describe(place: &Place<'_>) -> Diagnostic {
    let found = plain(place);
    match found.help {
        Some(_) => found,
        None => Diagnostic { help: super::forms::help(place), ..found },
    }
}

fn plain(place: &Place<'_>) -> Diagnostic {
    if let Some(diagnostic) = mistakes::find(place) {
        return diagnostic;
    }
    let expected = place.expected.words();
    let Some((at, token)) = place.found() else { return end(place, &expected) };
    if let Some(before) = incomplete(place) {
        let after = short(place.word(before));
        let message = format!("expected {expected} after `{after}`");
        let comma = place.token(before) == Some(&Token::Comma);
        let code = if comma { Code::BadComma } else { Code::Incomplete };
        let diagnostic = Diagnostic::error(code, place.span(before), message, "nothing fitting follows");
        return if comma { diagnostic.help("remove the comma, or write what it announces") } else { diagnostic };
    }
    let diagnostic = Diagnostic::error(
        Code::UnexpectedToken,
        place.span(at),
        format!("expected {expected}, found {}", shown(place, at, token)),
        format!("{} does not fit here", if matches!(token, Token::String(_)) { "this string".to_owned() } else { shown(place, at, token) }),
    );
    match place.previous() {
        Some((before, Token::Comma)) if !place.expected.expression() => {
            let diagnostic = Diagnostic { code: Code::BadComma, ..diagnostic };
            diagnostic.also(place.span(before), "after this comma").help("remove the comma, or write what it announces")
        }
        Some(_) | None => diagnostic,
    }
}

/// The last token of an entry that ends too early: the next entry begins already.
pub(super) fn incomplete(place: &Place<'_>) -> Option<usize> {
    let (at, _) = place.found()?;
    let (before, _) = place.previous()?;
    let next_line = place.tokens.get(at).is_some_and(|spanned| spanned.first_on_line);
    let midway = !(place.expected.boundary() || place.expected.operator() && place.expected.any_name());
    (next_line && midway && (place.begins_entry(at) || place.token(before) == Some(&Token::Comma))).then_some(before)
}

/// The file ends too early.
fn end(place: &Place<'_>, expected: &str) -> Diagnostic {
    let last = place.tokens.len().checked_sub(1);
    let bracket = place.layout.bracket_of.last().copied().flatten();
    let inside = last.and_then(|last| place.layout.entry_of.get(last)).and_then(|entry| place.layout.entries.get(*entry));
    let message = match inside {
        Some(entry) => format!("the file ends inside `{}`", short(head(place, entry.start))),
        None => "the file ends too early".to_owned(),
    };
    let diagnostic = Diagnostic::error(Code::UnexpectedEnd, place.end, message, format!("expected {expected}"));
    match bracket {
        Some(open) => diagnostic.also(place.span(open), "this is still open"),
        None => diagnostic,
    }
}

/// A token as messages name it.
pub(super) fn shown(place: &Place<'_>, index: usize, token: &Token) -> String {
    let text = short(place.word(index));
    match token {
        Token::String(_) => format!("the string `{text}`"),
        Token::StringHead(_) => "a string with an interpolation".to_owned(),
        Token::StringMiddle(_) | Token::StringTail(_) => "the end of an interpolation".to_owned(),
        Token::Regex(..) => format!("the regex `{text}`"),
        Token::Int(_) | Token::Float(_) => format!("the number `{text}`"),
        _ => format!("`{text}`"),
    }
}

/// A text cut to what a message can carry.
pub(super) fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 40 {
        return line.to_owned();
    }
    let cut: String = line.chars().take(39).collect();
    format!("{cut}…")
}
