//! `or` mixed with `and`: the one precedence that the language leaves to parentheses, since people disagree about it.
//! In: the place of the second operator. Out: a diagnostic with both ways to write what stands there.

use super::error::Place;
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword;

/// The mistake, if the token is `and` after `or` or the reverse.
pub(super) fn and_with_or(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    let earlier = other(token)?;
    let (first, second) = (earlier.text(), place.word(at));
    if !place.expected.has(first) || place.expected.has(second) {
        return None;
    }
    let operator = operator_before(place, at, earlier)?;
    let left = operand(place, operator, false);
    let middle = place.before.filter(|last| *last > operator).map(|last| place.source(operator + 1, last));
    let right = operand(place, at, true);
    let fits = |text: &&str| !text.is_empty() && text.len() <= 60 && !text.contains('\n');
    let texts = (left.filter(fits), middle.filter(fits), right.filter(fits));
    let (a, b, c) = match texts {
        (Some(a), Some(b), Some(c)) if a.len() + b.len() + c.len() <= 120 => (a, b, c),
        (Some(_) | None, Some(_) | None, Some(_) | None) => ("a", "b", "c"),
    };
    let help = if is_credential(place, at) {
        "write two `authenticate` lines: a scope requires each of them".to_owned()
    } else {
        format!("write `({a} {first} {b}) {second} {c}` or `{a} {first} ({b} {second} {c})`")
    };
    let message = "`or` and `and` are mixed without parentheses";
    let diagnostic = Diagnostic::error(Code::MixedLogic, place.span(at), message, format!("`{second}` here"));
    Some(diagnostic.also(place.span(operator), format!("`{first}` here")).help(help))
}

fn other(token: &Token) -> Option<Keyword> {
    match token {
        Token::Keyword(Keyword::And) => Some(Keyword::Or),
        Token::Keyword(Keyword::Or) => Some(Keyword::And),
        _ => None,
    }
}

fn is_credential(place: &Place<'_>, at: usize) -> bool {
    let entry = place.layout.entry_of.get(at).and_then(|entry| place.layout.entries.get(*entry));
    entry.is_some_and(|entry| place.token(entry.start) == Some(&Token::Keyword(Keyword::Authenticate)))
}

/// The nearest `operator` before `at` on the same level of brackets.
fn operator_before(place: &Place<'_>, at: usize, operator: Keyword) -> Option<usize> {
    let level = place.layout.bracket_of.get(at)?;
    (0..at).rev().find(|index| place.layout.bracket_of.get(*index) == Some(level) && place.token(*index) == Some(&Token::Keyword(operator)))
}

/// The operand beside an operator: the text up to what cannot belong to it.
fn operand<'a>(place: &Place<'a>, operator: usize, after: bool) -> Option<&'a str> {
    let level = place.layout.bracket_of.get(operator)?;
    let entry = place.layout.entry_of.get(operator)?;
    let belongs = |index: &usize| {
        if place.layout.entry_of.get(*index) != Some(entry) {
            return false;
        }
        let same_level = place.layout.bracket_of.get(*index) == Some(level);
        let closes = place.layout.bracket_of.get(*index).copied().flatten().is_some_and(|open| Some(open) == *level)
            && matches!(place.token(*index), Some(Token::ParenClose | Token::BracketClose | Token::BraceClose));
        let Some(token) = place.token(*index) else { return false };
        let ends = matches!(
            token,
            Token::Keyword(
                Keyword::When
                    | Keyword::Unless
                    | Keyword::If
                    | Keyword::Then
                    | Keyword::Else
                    | Keyword::Satisfies
                    | Keyword::And
                    | Keyword::Or,
            ) | Token::Assign
                | Token::Comma
                | Token::Colon
                | Token::Arrow
                | Token::StringMiddle(_)
                | Token::StringTail(_)
        );
        !(closes || same_level && ends) && *index != level.unwrap_or(usize::MAX)
    };
    if after {
        let last = (operator + 1..place.tokens.len()).take_while(|index| belongs(index)).last()?;
        Some(place.source(operator + 1, last))
    } else {
        let first = (0..operator).rev().take_while(|index| belongs(index)).last()?;
        Some(place.source(first, operator - 1))
    }
}
