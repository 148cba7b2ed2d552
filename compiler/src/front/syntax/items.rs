//! Words that begin no item: those of other languages, attributes and clauses outside of blocks, `x = 5`. In: the place where the parser
//! stands. Out: the diagnostic with what is meant.

use super::error::{Place, short};
use super::expected::{ITEMS, closest};
use super::mistakes::FOREIGN;
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::attributes::{self, Block};
use crate::lang::keywords::Keyword as K;

/// A word that begins no item.
pub(super) fn unknown(place: &Place<'_>) -> Option<Diagnostic> {
    let (at, token) = place.found()?;
    if !place.expected.item() || !place.begins_entry(at) {
        return None;
    }
    let word = place.word(at);
    let (Token::Identifier | Token::Keyword(_) | Token::Constant) = token else { return None };
    let diagnostic = Diagnostic::error(Code::UnknownClause, place.span(at), format!("`{}` begins no item", short(word)), "not known here");
    let assigned = place.token(at + 1) == Some(&Token::Assign);
    let of_policy = Block::Policy.attributes().iter().map(|attribute| attribute.name);
    // Short words are close to one another by chance.
    let near = if assigned && word.len() > 5 { closest(word, of_policy.clone()) } else { None };
    let attribute = of_policy.clone().find(|name| *name == word).or(near);
    if let Some(name) = attribute {
        return Some(diagnostic.help(format!("write it into the `policy` block: `policy my_api {{ {name} = … }}`")));
    }
    if assigned {
        return Some(diagnostic.help(value(place, at)));
    }
    let foreign = FOREIGN.iter().find(|(name, _)| *name == word).map(|(_, meant)| *meant);
    let item = |meant: &&str| ITEMS.iter().any(|item| item.text() == *meant);
    let meant = foreign.filter(item).or_else(|| closest(&word.to_lowercase(), ITEMS.iter().map(|item| item.text())));
    Some(match (meant, token) {
        (Some(meant), _) => diagnostic.help(format!("write `{meant}`")),
        (None, Token::Keyword(clause @ (K::Apply | K::Authenticate))) => {
            let clause = names(place, at).unwrap_or_else(|| format!("{} NAME", clause.text()));
            diagnostic.help(format!("put it into a `scope`, such as `scope \"/**\" {{ {clause} }}`"))
        }
        (None, Token::Keyword(K::On | K::When | K::Unless | K::Reply)) => {
            diagnostic.help("put it into a rule, such as `permit \"…\" { … }`")
        }
        (None, _) => diagnostic.help("begin an item with a keyword such as `permit`, `limit` or `scope`"),
    })
}

/// A clause with the names behind it, as it is written.
fn names(place: &Place<'_>, at: usize) -> Option<String> {
    let entry = place.layout.entries.get(*place.layout.entry_of.get(at)?)?;
    let name =
        |index: usize| matches!(place.token(index), Some(Token::Identifier | Token::Comma | Token::Keyword(K::Or | K::And | K::Optional)));
    let last = entry.end.checked_sub(1).filter(|last| *last > at && (at + 1..=*last).all(name))?;
    Some(short(place.source(at, last)))
}

/// How `x = 5` outside of blocks is written.
fn value(place: &Place<'_>, at: usize) -> String {
    let word = place.word(at);
    if attributes::is_one(word) {
        return "put attributes into a block, such as `policy NAME { … }`".to_owned();
    }
    let value = match place.token(at + 2) {
        Some(Token::Int(_) | Token::Float(_) | Token::Duration(_) | Token::Size(_) | Token::String(_)) => short(place.word(at + 2)),
        Some(_) | None => "…".to_owned(),
    };
    format!("write `let {} = {value}`", word.to_ascii_lowercase())
}
