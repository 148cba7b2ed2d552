//! Parsing on after a mistake. In: tokens and their layout. Out: the tree without the entries that have mistakes,
//! and one diagnostic per mistake. What is left out is an item, clause, attribute or step; the whole is then parsed
//! again, which is simpler than to teach the grammar about mistakes, and fast enough for the few that are reported.

use std::collections::BTreeSet;

use lalrpop_util::ParseError;

use super::error::{self, Place};
use super::expected::Expected;
use super::layout::{self, Layout, Unclosed};
use super::lexer::Lexed;
use super::token::{Spanned, Token};
use super::tree::{Context, MAX_EXPR_DEPTH, Refusal};
use super::{Parsed, gaps, grammar};
use crate::base::{Code, Diagnostic, Diagnostics, Span};
use crate::ir::ast;
use crate::lang::keywords::Keyword;

/// So many mistakes are reported; who has more mends these first.
const MAX_MISTAKES: usize = 30;

/// The tree of a file, as far as it can be read.
pub(super) fn parse(ctx: &Context<'_>, lexed: Lexed) -> Parsed {
    let Lexed { tokens, diagnostics } = lexed;
    let column = |index: usize| {
        let start = tokens.get(index).map_or(0, |spanned| spanned.span.start as usize);
        let before = ctx.text.get(..start).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().chars().count()
    };
    let layout = layout::layout(&tokens, column);
    if let Some(span) = layout.too_deep {
        let mut diagnostics = diagnostics;
        diagnostics.push(
            Diagnostic::error(
                Code::TooDeep,
                span,
                format!("brackets nest more than {} deep", layout::MAX_BRACKETS),
                "one bracket too many",
            )
            .help("name inner parts with `let` or `fn`"),
        );
        return Parsed { diagnostics, ..Parsed::default() };
    }
    let end = ctx.text.trim_end().len();
    let lines = Lines::new(ctx.text);
    let spoiled: BTreeSet<usize> = diagnostics.iter().filter_map(|found| found.labels.first()).map(|label| lines.of(label.span)).collect();
    let missing_braces = swallowed(ctx.text, &lines, &tokens, &spoiled);
    let mut recovery = Recovery {
        ctx,
        lines,
        tokens: &tokens,
        layout: &layout,
        left_out: vec![false; tokens.len()],
        spoiled,
        reported: BTreeSet::new(),
        missing_braces,
        end: ctx.span(end, end),
        diagnostics,
    };
    recovery.unclosed_blocks();
    let tree = recovery.run();
    let gaps = tree.as_ref().map(|_| gaps::find(ctx.text, &tokens, &layout, &recovery.left_out));
    let mut all = recovery.diagnostics;
    all.sort();
    let mut diagnostics = Diagnostics::new();
    for diagnostic in all.into_iter().take(MAX_MISTAKES) {
        diagnostics.push(diagnostic);
    }
    Parsed { tree: tree.unwrap_or_default(), gaps, diagnostics }
}

/// Braces that malformed tokens have swallowed, as an unclosed string does.
fn swallowed(text: &str, lines: &Lines, tokens: &[Spanned], spoiled: &BTreeSet<usize>) -> usize {
    if spoiled.is_empty() {
        return 0;
    }
    let texts = text.split('\n').enumerate().filter(|(number, _)| spoiled.contains(number));
    let written: usize = texts.map(|(_, text)| text.matches('{').count()).sum();
    let open = |spanned: &&Spanned| spanned.token == Token::BraceOpen;
    let seen = tokens.iter().filter(open).filter(|spanned| spoiled.contains(&lines.of(spanned.span))).count();
    written.saturating_sub(seen)
}

struct Recovery<'a> {
    ctx: &'a Context<'a>,
    lines: Lines,
    tokens: &'a [Spanned],
    layout: &'a Layout,
    /// The tokens that the parser does not get to see any more.
    left_out: Vec<bool>,
    /// Lines with a malformed token; what the parser says about them would be a follow-on.
    spoiled: BTreeSet<usize>,
    /// Tokens that were complained about.
    reported: BTreeSet<Option<usize>>,
    /// Blocks without `{`: the `}` of each will be one too many.
    missing_braces: usize,
    end: Span,
    diagnostics: Diagnostics,
}

type Failure = ParseError<usize, Token, Refusal>;

impl Recovery<'_> {
    /// The tree, unless there are too many mistakes.
    fn run(&mut self) -> Option<ast::File> {
        let before = self.diagnostics.iter().count();
        // A mistake may cost several rounds: each leaves out more, so the bound is never what ends a sensible file.
        for _ in 0..4 * MAX_MISTAKES {
            match self.attempt() {
                Ok(tree) => return Some(tree),
                Err(failure) => self.failed(failure),
            }
            if self.diagnostics.iter().count() >= before + MAX_MISTAKES {
                break;
            }
        }
        None
    }

    fn attempt(&self) -> Result<ast::File, Failure> {
        let kept = self.tokens.iter().zip(&self.left_out).filter(|(_, left_out)| !**left_out);
        let stream = kept.map(|(spanned, _)| Ok((spanned.span.start as usize, spanned.token.clone(), spanned.span.end as usize)));
        grammar::FileParser::new().parse(self.ctx, stream)
    }

    /// The index of the token that begins at byte `start`.
    fn index(&self, start: usize) -> Option<usize> {
        self.tokens.binary_search_by_key(&start, |spanned| spanned.span.start as usize).ok()
    }

    fn failed(&mut self, failure: Failure) {
        match failure {
            ParseError::UnrecognizedToken { token: (start, _, _), expected } => {
                let at = self.index(start);
                self.unexpected(at, &expected);
            }
            ParseError::UnrecognizedEof { expected, .. } => self.unexpected(None, &expected),
            ParseError::User { error: Refusal::TooDeep(span) } => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::TooDeep,
                        span,
                        format!("more than {MAX_EXPR_DEPTH} levels in one expression or type"),
                        "nests too deeply",
                    )
                    .help("name inner parts with `let` or `fn`"),
                );
                let at = self.index(span.start as usize);
                self.leave_out(at, false);
            }
            // The parser itself never makes these two: the grammar has an end, and the lexer's tokens no positions of
            // their own.
            ParseError::InvalidToken { .. } | ParseError::ExtraToken { .. } => self.leave_out(None, false),
        }
    }

    /// The token before `at` that the parser saw.
    fn before(&self, at: Option<usize>) -> Option<usize> {
        let end = at.unwrap_or(self.tokens.len());
        (0..end).rev().find(|index| self.left_out.get(*index) == Some(&false))
    }

    fn unexpected(&mut self, at: Option<usize>, expected: &[String]) {
        let expected = Expected::new(expected);
        let midway = !expected.boundary();
        let brace = at.and_then(|at| self.tokens.get(at)).is_some_and(|spanned| spanned.token == Token::BraceClose);
        let follows = if brace && expected.item() && self.missing_braces > 0 {
            self.missing_braces -= 1;
            true
        } else {
            self.follows(at)
        };
        if !follows {
            if expected.has("{") && !expected.expression() && !expected.operator() && !expected.any_name() {
                self.missing_braces += 1;
            }
            let place = Place {
                text: self.ctx.text,
                tokens: self.tokens,
                layout: self.layout,
                at,
                before: self.before(at),
                expected,
                end: self.end,
            };
            let diagnostic = error::describe(&place);
            // What is said about the token before says nothing about this one.
            let about_before = midway
                && diagnostic.labels.first().is_some_and(|label| {
                    self.before(at).and_then(|before| self.tokens.get(before)).is_some_and(|before| before.span == label.span)
                });
            self.diagnostics.push(diagnostic);
            if about_before {
                return self.leave_out(at, midway);
            }
        }
        self.reported.insert(at);
        self.leave_out(at, midway);
    }

    /// Whether a complaint about this token would only follow on another one.
    fn follows(&self, at: Option<usize>) -> bool {
        let span = at.and_then(|at| self.tokens.get(at)).map_or(self.end, |spanned| spanned.span);
        let index = self.before(at);
        let before = index.and_then(|before| self.tokens.get(before));
        self.reported.contains(&at)
            || index.is_some() && self.reported.contains(&index)
            || self.spoiled.contains(&self.lines.of(span))
            || before.is_some_and(|before| self.spoiled.contains(&self.lines.of(before.span)))
    }

    /// Leaves out the entry at fault. `midway`: the parser was inside an entry when it met the token.
    fn leave_out(&mut self, at: Option<usize>, midway: bool) {
        let found = self.candidates(at, midway).into_iter().find(|range| self.any_left(range));
        let range = found.or_else(|| self.before(None).map(|last| last..last + 1));
        for index in range.into_iter().flatten() {
            if let Some(left_out) = self.left_out.get_mut(index) {
                *left_out = true;
            }
        }
    }

    fn any_left(&self, range: &std::ops::Range<usize>) -> bool {
        range.clone().any(|index| self.left_out.get(index) == Some(&false))
    }

    /// What might be left out for a mistake at this token, the best first.
    fn candidates(&self, at: Option<usize>, midway: bool) -> Vec<std::ops::Range<usize>> {
        let mut entries = Vec::new();
        let at_end = at.is_none();
        let Some(at) = at.or_else(|| self.before(None)) else { return Vec::new() };
        if let Some(last) = self.layout.last_of.get(&at)
            && !at_end
        {
            entries.push(*last);
        }
        if let Some(entry) = self.layout.entry_of.get(at).copied() {
            let begins = self.layout.entries.get(entry).filter(|entry| entry.start == at && midway && !at_end);
            entries.extend(begins.and_then(|entry| entry.before));
            entries.push(entry);
        }
        let mut ranges: Vec<_> = entries.into_iter().filter_map(|entry| self.whole(entry)).collect();
        ranges.push(at..at + 1);
        ranges
    }

    /// The tokens of an entry; of a part of a route the whole route, for it needs its last arm.
    fn whole(&self, entry: usize) -> Option<std::ops::Range<usize>> {
        let mut entry = self.layout.entries.get(entry)?;
        if let Some(parent) = entry.parent.and_then(|parent| self.layout.entries.get(parent)) {
            let head = self.tokens.get(parent.start).map(|spanned| &spanned.token);
            if head == Some(&Token::Keyword(Keyword::Route)) {
                entry = parent;
            }
        }
        Some(entry.start..entry.end)
    }

    /// Reports blocks that are not closed, and leaves out the items that they spoil.
    fn unclosed_blocks(&mut self) {
        for Unclosed { open, item } in &self.layout.unclosed {
            let place = Place {
                text: self.ctx.text,
                tokens: self.tokens,
                layout: self.layout,
                at: None,
                before: None,
                expected: Expected::new(&[]),
                end: self.end,
            };
            let lines = self.lines.of(place.span(item.start))..=self.lines.of(place.span(item.end.saturating_sub(1)));
            let spoiled = self.spoiled.range(lines).next().is_some();
            let entry = self.layout.entry_of.get(*open).and_then(|entry| self.layout.entries.get(*entry));
            let head = entry.map_or(String::new(), |entry| error::short(error::head(&place, entry.start)));
            let brace = place.span(*open);
            let diagnostic = if item.end >= self.tokens.len() {
                Diagnostic::error(Code::Unclosed, self.end, format!("the file ends inside `{head}`"), "expected `}`")
                    .also(brace, "this `{` is not closed")
            } else {
                Diagnostic::error(Code::Unclosed, brace, format!("`{head}` is not closed"), "this `{` has no `}`")
                    .also(place.span(item.end), "the next item begins here")
            };
            if !spoiled {
                self.diagnostics.push(diagnostic.help("close the block with `}`"));
            }
            for index in item.clone() {
                if let Some(left_out) = self.left_out.get_mut(index) {
                    *left_out = true;
                }
            }
        }
    }
}

/// Where the lines of a file end.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Lines {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line that a span begins on, counted from 0.
    fn of(&self, span: Span) -> usize {
        self.0.partition_point(|end| *end < span.start as usize)
    }
}
