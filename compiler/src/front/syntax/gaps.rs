//! What the tree of a file with mistakes lacks. In: the tokens that the parser was not shown, and the entries that they stand in.
//! Out: one gap for each run, with the words that it may have declared.

use super::layout::{Entry, Layout};
use super::token::{Spanned, Token};
use crate::base::Span;
use crate::lang::keywords::Keyword;

/// A piece of a file that was not read.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where it stands.
    pub span: Span,
    /// What it is, where a whole entry is missing.
    pub lost: Option<Lost>,
    /// Names that others may use and that it may have declared.
    pub words: Vec<String>,
    /// Whether braces in it are not closed in it: what stands around it is not certain.
    pub unbalanced: bool,
}

/// An entry that is missing from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// The keyword that it begins with, if it is one.
    pub keyword: Option<Keyword>,
    /// Whether it stands in no block.
    pub item: bool,
    /// Whether its name can be told.
    pub named: bool,
}

/// The gaps that left-out tokens make.
pub(super) fn find(text: &str, tokens: &[Spanned], layout: &Layout, left_out: &[bool]) -> Vec<Gap> {
    let left = |index: usize| left_out.get(index) == Some(&true);
    let mut gaps: Vec<Gap> = Vec::new();
    let mut reached = 0;
    for index in (0..tokens.len()).filter(|index| left(*index)) {
        if index < reached {
            continue;
        }
        let entry = outermost(layout, index, left);
        let lost = entry.map(|entry| lost(tokens, entry));
        let end = entry.map_or(index + 1, |entry| entry.end.max(index + 1));
        reached = end;
        let Some((first, last)) = tokens.get(index).zip(tokens.get(end - 1)) else { continue };
        // What a rule reads declares nothing.
        let names_first = lost.is_some_and(|lost| lost.keyword.is_some_and(is_rule));
        let named = |index: &usize| !follows_dot(tokens, *index) && (!names_first || begins(layout, *index));
        gaps.push(Gap {
            span: first.span.to(last.span),
            lost,
            words: (index..end).filter(named).filter_map(|index| word(text, tokens, index)).collect(),
            unbalanced: !balanced(tokens.get(index..end).unwrap_or_default()),
        });
    }
    gaps
}

/// Whether a keyword begins what has a name and declares nothing else.
pub(in crate::front) fn is_rule(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::Permit | Keyword::Forbid | Keyword::Rewrite | Keyword::Redact | Keyword::Route | Keyword::Scope | Keyword::Test
    )
}

fn lost(tokens: &[Spanned], entry: &Entry) -> Lost {
    let at = |index: usize| tokens.get(index).map(|spanned| &spanned.token);
    let keyword = if let Some(Token::Keyword(keyword)) = at(entry.start) { Some(*keyword) } else { None };
    let name = match keyword {
        Some(Keyword::Rewrite | Keyword::Redact) => at(entry.start + 2),
        Some(_) | None => at(entry.start + 1),
    };
    let named = match keyword {
        Some(keyword) if is_rule(keyword) => matches!(name, Some(Token::String(_))),
        Some(Keyword::Config) => true,
        // `fn f item: json)` may have been meant as `fn f(item: json)` or otherwise.
        Some(Keyword::Fn) => matches!(at(entry.start + 2), Some(Token::ParenOpen)),
        Some(_) | None => matches!(name, Some(Token::Identifier | Token::Keyword(_))),
    };
    Lost { keyword, item: entry.parent.is_none(), named }
}

fn balanced(tokens: &[Spanned]) -> bool {
    let mut open = 0u32;
    for spanned in tokens {
        match spanned.token {
            Token::BraceOpen => open += 1,
            Token::BraceClose if open == 0 => return false,
            Token::BraceClose => open -= 1,
            _ => {}
        }
    }
    open == 0
}

/// The outermost entry that holds the token and whose beginning was left out, too.
fn outermost(layout: &Layout, index: usize, left: impl Fn(usize) -> bool) -> Option<&Entry> {
    let mut around = layout.entry_of.get(index).and_then(|entry| layout.entries.get(*entry));
    let mut found = None;
    while let Some(entry) = around {
        if left(entry.start) {
            found = Some(entry);
        }
        around = entry.parent.and_then(|parent| layout.entries.get(parent));
    }
    found
}

/// Whether a token stands where an entry names itself: `let NAME`, `permit "NAME"`, `rewrite request "NAME"`.
fn begins(layout: &Layout, index: usize) -> bool {
    let start = layout.entry_of.get(index).and_then(|entry| layout.entries.get(*entry)).map(|entry| entry.start);
    start.is_some_and(|start| index <= start + 2)
}

fn follows_dot(tokens: &[Spanned], index: usize) -> bool {
    index.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| before.token == Token::Dot)
}

fn word(text: &str, tokens: &[Spanned], index: usize) -> Option<String> {
    let spanned = tokens.get(index)?;
    match &spanned.token {
        Token::String(text) => Some(text.clone()),
        Token::Identifier | Token::Keyword(_) | Token::Constant => {
            text.get(spanned.span.start as usize..spanned.span.end as usize).map(str::to_owned)
        }
        _ => None,
    }
}
