//! Where items, clauses and steps begin and end, guessed from tokens alone. The parser asks when a token fits
//! nowhere: it then leaves out the entry at fault and reads the rest, so that one mistake hides no other.
//! In: tokens. Out: entries as a tree over them, the braces that nobody closes, and the place of a nesting too deep.

use super::token::{Spanned, Token};
use crate::base::Span;
use crate::lang::keywords::Keyword;

/// How deep brackets of all kinds may nest, blocks included.
pub(super) const MAX_BRACKETS: usize = 64;

/// An item, clause, attribute, field or step: a run of tokens of one block.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Index of its first token.
    pub(super) start: usize,
    /// One past its last token.
    pub(super) end: usize,
    /// The entry whose block it stands in; none in the file itself.
    pub(super) parent: Option<usize>,
    /// The entry before it in the same block.
    pub(super) before: Option<usize>,
}

/// A brace that is not closed before another item begins or the file ends.
#[derive(Debug)]
pub(super) struct Unclosed {
    /// Index of the brace.
    pub(super) open: usize,
    /// The tokens of the item that it spoils.
    pub(super) item: std::ops::Range<usize>,
}

/// The structure of a file.
#[derive(Default)]
pub(super) struct Layout {
    /// All entries; inner ones after those around them.
    pub(super) entries: Vec<Entry>,
    /// For each token the innermost entry that it belongs to.
    pub(super) entry_of: Vec<usize>,
    /// For a brace that closes a block: the last entry of that block.
    pub(super) last_of: std::collections::BTreeMap<usize, usize>,
    /// For each token the innermost bracket that is open before it.
    pub(super) bracket_of: Vec<Option<usize>>,
    pub(super) unclosed: Vec<Unclosed>,
    /// The bracket that is one too deep.
    pub(super) too_deep: Option<Span>,
}

/// An open bracket or, at the bottom, the file.
struct Frame {
    /// Index of the bracket.
    open: Option<usize>,
    closer: Closer,
    /// Whether entries stand in it: a block or the file.
    block: bool,
    /// The current or last entry of a block.
    entry: Option<usize>,
    /// Whether that entry is complete, as after its block.
    done: bool,
    /// Where the line of the bracket begins: what the author's own indentation says about its end.
    indent: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closer {
    Brace,
    Paren,
    Bracket,
    Quote,
    File,
}

/// The structure of `tokens`; `column` gives the distance of a token from the start of its line.
pub(super) fn layout(tokens: &[Spanned], column: impl Fn(usize) -> usize) -> Layout {
    let mut excess = 0i64;
    for spanned in tokens {
        match spanned.token {
            Token::BraceOpen => excess += 1,
            Token::BraceClose => excess -= 1,
            _ => {}
        }
    }
    let file = || Frame { open: None, closer: Closer::File, block: true, entry: None, done: false, indent: 0 };
    let mut scan = Scan { tokens, layout: Layout::default(), frames: vec![file()], suspect: None };
    let mut indent = 0;
    for (index, spanned) in tokens.iter().enumerate() {
        if spanned.first_on_line {
            indent = column(index);
            if excess > 0 && scan.begins_item(index) && scan.frames.len() > 1 && indent <= scan.item_indent(&column) {
                excess -= scan.braces();
                let last = scan.abandon(index);
                scan.frames = vec![Frame { entry: last, done: true, ..file() }];
            }
        }
        scan.token(index, indent);
        // Nothing is read then, and what follows would be looked at once for each bracket.
        if scan.layout.too_deep.is_some() {
            break;
        }
    }
    scan.finish();
    scan.layout
}

struct Scan<'a> {
    tokens: &'a [Spanned],
    layout: Layout,
    frames: Vec<Frame>,
    /// A brace whose block seems to end before it is closed, by the indentation of a brace below.
    suspect: Option<usize>,
}

impl Scan<'_> {
    fn at(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index).map(|spanned| &spanned.token)
    }

    /// How many blocks and objects are open.
    fn braces(&self) -> i64 {
        let open = self.frames.iter().filter(|frame| frame.closer == Closer::Brace).count();
        i64::try_from(open).unwrap_or(i64::MAX)
    }

    /// Where the current item of the file begins on its line.
    fn item_indent(&self, column: impl Fn(usize) -> usize) -> usize {
        let entry = self.frames.first().and_then(|frame| frame.entry).and_then(|entry| self.layout.entries.get(entry));
        entry.map_or(0, |entry| column(entry.start))
    }

    /// Whether an item is likely to begin here: its keyword, then what follows it in every item.
    fn begins_item(&self, index: usize) -> bool {
        let Some(Token::Keyword(keyword)) = self.at(index) else { return false };
        let next = self.at(index + 1);
        match keyword {
            Keyword::Permit | Keyword::Forbid | Keyword::Route | Keyword::Scope | Keyword::Test | Keyword::Import => {
                matches!(next, Some(Token::String(_)))
            }
            Keyword::Rewrite | Keyword::Redact => {
                matches!(next, Some(Token::Keyword(Keyword::Request | Keyword::Response)))
            }
            Keyword::Config => next == Some(&Token::BraceOpen),
            other => {
                super::expected::ITEMS.contains(other)
                    && matches!(next, Some(Token::Identifier | Token::Keyword(_)))
                    && matches!(self.at(index + 2), Some(Token::BraceOpen | Token::ParenOpen | Token::Assign | Token::Colon))
            }
        }
    }

    fn token(&mut self, index: usize, indent: usize) {
        let bracket = self.frames.last().and_then(|frame| frame.open);
        self.layout.bracket_of.push(bracket);
        let Some(spanned) = self.tokens.get(index) else { return };
        let closer = match spanned.token {
            Token::BraceClose => Some(Closer::Brace),
            Token::ParenClose => Some(Closer::Paren),
            Token::BracketClose => Some(Closer::Bracket),
            Token::StringTail(_) => Some(Closer::Quote),
            _ => None,
        };
        if let Some(closer) = closer {
            self.close(closer, index, indent);
        } else {
            self.begin_entry(index);
        }
        let entry = self.frames.iter().rev().find(|frame| frame.block).and_then(|frame| frame.entry);
        let entry = entry.unwrap_or_else(|| self.push_entry(index));
        self.layout.entry_of.push(entry);
        if let Some(entry) = self.layout.entries.get_mut(entry) {
            entry.end = index + 1;
        }
        let opened = match spanned.token {
            Token::BraceOpen => Closer::Brace,
            Token::ParenOpen => Closer::Paren,
            Token::BracketOpen => Closer::Bracket,
            Token::StringHead(_) => Closer::Quote,
            _ => return,
        };
        let block = opened == Closer::Brace && self.opens_block(index);
        if self.frames.len() > MAX_BRACKETS && self.layout.too_deep.is_none() {
            self.layout.too_deep = Some(spanned.span);
        }
        self.frames.push(Frame { open: Some(index), closer: opened, block, entry: None, done: false, indent });
    }

    /// Closes the innermost bracket of this kind. A brace closes what is left open inside it, too; others do not reach
    /// out of the block that they stand in.
    fn close(&mut self, closer: Closer, index: usize, indent: usize) {
        let found = self.frames.iter().rposition(|frame| frame.closer == closer);
        let Some(found) = found else { return };
        let crosses = self.frames.iter().skip(found + 1).any(|frame| frame.closer == Closer::Brace);
        if crosses {
            return;
        }
        let frame = self.frames.get(found);
        if let Some(Frame { open: Some(open), block: true, entry, indent: opened, .. }) = frame {
            if let Some(entry) = entry {
                self.layout.last_of.insert(index, *entry);
            }
            let first = self.tokens.get(index).is_some_and(|spanned| spanned.first_on_line);
            if first && indent < *opened && self.suspect.is_none() {
                self.suspect = Some(*open);
            }
        }
        let block = frame.is_some_and(|frame| frame.block);
        self.frames.truncate(found);
        if let Some(outer) = self.frames.last_mut()
            && block
        {
            outer.done = true;
        }
        if self.frames.len() == 1 {
            self.suspect = None;
        }
    }

    /// Begins an entry at this token, if one begins.
    fn begin_entry(&mut self, index: usize) {
        let Some(frame) = self.frames.last().filter(|frame| frame.block) else { return };
        let in_file = frame.open.is_none();
        if frame.entry.is_none() || frame.done || self.looks_like_entry(index, in_file) {
            let entry = self.push_entry(index);
            if let Some(frame) = self.frames.last_mut() {
                frame.entry = Some(entry);
                frame.done = false;
            }
        }
    }

    fn push_entry(&mut self, index: usize) -> usize {
        let mut blocks = self.frames.iter().rev().filter(|frame| frame.block);
        let before = blocks.next().and_then(|frame| frame.entry);
        let parent = blocks.next().and_then(|frame| frame.entry);
        self.layout.entries.push(Entry { start: index, end: index + 1, parent, before });
        self.layout.entries.len() - 1
    }

    fn looks_like_entry(&self, index: usize, in_file: bool) -> bool {
        let Some(spanned) = self.tokens.get(index) else { return false };
        let next = self.at(index + 1);
        let complete = index.checked_sub(1).and_then(|before| self.at(before)).is_some_and(ends_entry);
        match &spanned.token {
            Token::Keyword(Keyword::When | Keyword::Unless | Keyword::Otherwise) => true,
            Token::Keyword(keyword) if keyword.is_reserved() => false,
            Token::Identifier | Token::Keyword(_) => {
                complete && (spanned.first_on_line || !in_file && matches!(next, Some(Token::Assign | Token::Colon)))
            }
            Token::String(_) => {
                let named =
                    index.checked_sub(1).and_then(|before| self.at(before)).is_some_and(|before| matches!(before, Token::Keyword(_)));
                complete && !named && !in_file && next == Some(&Token::Colon)
            }
            _ => false,
        }
    }

    /// Whether the brace at `index` opens a block of entries rather than an object or a list of arms.
    fn opens_block(&self, index: usize) -> bool {
        let Some(frame) = self.frames.last().filter(|frame| frame.block) else { return false };
        let Some(start) = frame.entry.and_then(|entry| self.layout.entries.get(entry)).map(|entry| entry.start) else {
            return false;
        };
        let before = index.checked_sub(1).and_then(|before| self.at(before));
        if !before.is_some_and(ends_entry) || matches!(before, Some(Token::Keyword(Keyword::Json | Keyword::Form | Keyword::Fetch))) {
            return false;
        }
        let head = self.at(start);
        if frame.open.is_none() {
            return !matches!(head, Some(Token::Keyword(Keyword::Let | Keyword::Fn | Keyword::List | Keyword::Map)));
        }
        match head {
            Some(Token::Keyword(
                Keyword::Scope
                | Keyword::Permit
                | Keyword::Forbid
                | Keyword::Rewrite
                | Keyword::Redact
                | Keyword::Route
                | Keyword::Claims
                | Keyword::Repeat
                | Keyword::Request
                | Keyword::Upstream
                | Keyword::Service,
            )) => true,
            _ => index == start + 2 && matches!(before, Some(Token::String(_))),
        }
    }

    /// The item that is open ends before `index` without its braces. Gives that item's entry.
    fn abandon(&mut self, index: usize) -> Option<usize> {
        let innermost = self.frames.iter().rev().find(|frame| frame.closer == Closer::Brace).and_then(|frame| frame.open);
        let item = self.frames.first().and_then(|frame| frame.entry)?;
        let start = self.layout.entries.get(item).map(|entry| entry.start)?;
        if let Some(open) = self.suspect.take().or(innermost) {
            self.layout.unclosed.push(Unclosed { open, item: start..index });
        }
        Some(item)
    }

    fn finish(&mut self) {
        if self.braces() > 0 {
            self.abandon(self.tokens.len());
        }
        // Inner entries come after outer ones, so one pass backwards makes each end where its last part does.
        for index in (0..self.layout.entries.len()).rev() {
            let Some(Entry { end, parent: Some(parent), .. }) = self.layout.entries.get(index).cloned() else { continue };
            if let Some(parent) = self.layout.entries.get_mut(parent) {
                parent.end = parent.end.max(end);
            }
        }
    }
}

/// Whether a token may be the last of an entry.
pub(super) fn ends_entry(token: &Token) -> bool {
    match token {
        Token::Keyword(keyword) => {
            !keyword.is_reserved() || matches!(keyword, Keyword::True | Keyword::False | Keyword::Null | Keyword::Otherwise)
        }
        Token::Identifier
        | Token::Constant
        | Token::Int(_)
        | Token::Float(_)
        | Token::Duration(_)
        | Token::Size(_)
        | Token::Percent(_)
        | Token::String(_)
        | Token::StringTail(_)
        | Token::Regex(..)
        | Token::BraceOpen
        | Token::BraceClose
        | Token::ParenClose
        | Token::BracketClose
        | Token::Greater
        | Token::Question => true,
        Token::StringHead(_)
        | Token::StringMiddle(_)
        | Token::ParenOpen
        | Token::BracketOpen
        | Token::Comma
        | Token::Colon
        | Token::Dot
        | Token::Assign
        | Token::Equal
        | Token::NotEqual
        | Token::Less
        | Token::LessEqual
        | Token::GreaterEqual
        | Token::Arrow
        | Token::Plus
        | Token::Minus
        | Token::Star
        | Token::Percentage
        | Token::Coalesce => false,
    }
}
