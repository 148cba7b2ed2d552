//! Mistakes of meaning beside mistakes of syntax. In: what the checker finds in a policy that could be read in part, and what is
//! missing from it. Out: the findings that do not follow from what is missing: who mends the syntax still has them.
//!
//! When in doubt a finding is dropped; it comes with the next check.

use std::collections::BTreeSet;

use super::syntax::{self, Gap, is_rule};
use crate::base::{Code, Diagnostic, Diagnostics, Label, Severity, Sources, Span};
use crate::ir::ast;
use crate::lang::keywords::Keyword;
use crate::lang::values;

/// What is missing from a policy.
#[derive(Debug, Default)]
pub struct Missing {
    /// Nothing sensible can be said about the rest.
    pub all: bool,
    /// Any name may be declared in what was not read, as in a file that could not be imported.
    pub any_name: bool,
    /// A `policy` block may be among it.
    header: bool,
    /// Where blocks begin and end is not certain.
    structure: bool,
    /// What a scope gives to its rules may be among it.
    nesting: bool,
    /// Fields, claims and other members may be among it.
    members: bool,
    /// Names that it may have declared.
    words: BTreeSet<String>,
    /// Items, rules and scopes that were read in part.
    damaged: Vec<Span>,
    /// The mistakes themselves.
    mistakes: Vec<Span>,
}

/// What is wrong with one of these is so whatever stands beside it.
const BY_ITSELF: [Code; 11] = [
    Code::UnknownName,
    Code::UnknownFunction,
    Code::UnknownMember,
    Code::UnknownAttribute,
    Code::BadTemplate,
    Code::BadHeaderName,
    Code::BadStatus,
    Code::BadHost,
    Code::BadRegex,
    Code::BadAddress,
    Code::BadFile,
];

/// These say that a name is not what it should be.
const OF_NAMES: [Code; 8] = [
    Code::UnknownName,
    Code::UnknownFunction,
    Code::UnknownMember,
    Code::WrongKind,
    Code::DuplicateName,
    Code::BadName,
    Code::BadTest,
    Code::WrongForm,
];

/// These depend on the scopes around.
const OF_NESTING: [Code; 6] =
    [Code::NotAuthenticated, Code::BadCapture, Code::TemplateOutsideScope, Code::MayBeAbsent, Code::MissingAbsent, Code::RouteTie];

/// These depend on the block around.
const OF_BLOCKS: [Code; 4] = [Code::UnknownAttribute, Code::DuplicateAttribute, Code::MissingAttribute, Code::Misplaced];

/// Values that no declaration makes, and whose members are always the same.
const BUILT_IN: [&str; 4] = ["request.", "response.", "client.", "now."];

impl Missing {
    /// Adds what is missing from one file.
    pub fn file(&mut self, tree: &ast::File, gaps: &[Gap], mistakes: &Diagnostics, sources: &Sources) {
        for found in mistakes.iter() {
            if let Some(label) = found.labels.first() {
                let bracket = matches!(sources.text(label.span), "(" | "[");
                if matches!(found.code, Code::Unclosed | Code::UnclosedText | Code::UnexpectedEnd) && !bracket {
                    self.structure();
                }
                self.mistakes.push(label.span);
                self.damage(tree, label.span);
            }
        }
        for gap in gaps {
            self.gap(tree, gap);
        }
    }

    fn gap(&mut self, tree: &ast::File, gap: &Gap) {
        self.mistakes.push(gap.span);
        self.words.extend(gap.words.iter().filter(|word| !values::ROOTS.contains(&word.as_str())).cloned());
        if gap.unbalanced {
            self.structure();
        }
        let Some(lost) = &gap.lost else { return self.damage(tree, gap.span) };
        self.any_name |= !lost.named;
        // The keys of limits read what scopes give.
        self.nesting |= lost.keyword == Some(Keyword::Scope);
        if lost.item {
            match lost.keyword.filter(|keyword| syntax::ITEMS.contains(keyword)) {
                Some(Keyword::Policy) => self.header = true,
                Some(Keyword::Import) => self.any_name = true,
                Some(keyword) => self.members |= has_members(keyword),
                None => {
                    // An item that ended too early may go on here.
                    self.structure();
                    if let Some(item) = tree.items.iter().rev().find(|item| item.span().end <= gap.span.start) {
                        self.damage(tree, item.span());
                    }
                }
            }
        } else if !lost.keyword.is_some_and(is_rule) {
            self.damage(tree, gap.span);
        }
    }

    /// Where blocks begin and end is not certain.
    fn structure(&mut self) {
        self.structure = true;
        self.header = true;
        self.nesting = true;
        self.members = true;
        self.any_name = true;
    }

    /// Marks the innermost item, rule or scope around a place.
    fn damage(&mut self, tree: &ast::File, place: Span) {
        let Some(item) = tree.items.iter().find(|item| touches(item.span(), place)) else { return };
        self.members |= matches!(item, ast::Item::Config(_) | ast::Item::Jwt(_) | ast::Item::Declaration(_));
        if let Some(name) = item_name(item) {
            self.words.insert(name.text.clone());
        }
        let ast::Item::Scope(scope) = item else { return self.damaged.push(item.span()) };
        let mut scope = scope;
        loop {
            let inner = scope.items.iter().find_map(|item| match item {
                ast::ScopeItem::Scope(inner) if touches(inner.span, place) => Some(inner),
                _ => None,
            });
            let Some(inner) = inner else { break };
            scope = inner;
        }
        let rule = scope.items.iter().find_map(|item| match item {
            ast::ScopeItem::Rule(rule) if touches(rule.span, place) => Some(rule),
            _ => None,
        });
        match rule {
            Some(rule) => {
                self.words.insert(rule.name.text.clone());
                self.damaged.push(rule.span);
            }
            None => {
                self.nesting = true;
                self.damaged.push(scope.span);
            }
        }
    }

    /// The findings that do not follow from what is missing.
    pub fn independent(&self, found: Diagnostics, sources: &Sources) -> Diagnostics {
        let mut kept = Diagnostics::new();
        if self.all {
            return kept;
        }
        let lines: Vec<Span> = self.mistakes.iter().map(|span| line(sources, *span)).collect();
        let beside =
            |label: &Label| lines.iter().any(|line| line.file == label.span.file && (line.start..=line.end).contains(&label.span.start));
        for finding in found {
            if !finding.labels.iter().any(beside) && self.stands(&finding, sources) {
                kept.push(finding);
            }
        }
        kept
    }

    fn stands(&self, finding: &Diagnostic, sources: &Sources) -> bool {
        let Some(place) = finding.labels.first() else { return finding.code == Code::Internal };
        let text = sources.text(place.span);
        let built_in = BUILT_IN.iter().any(|root| text.starts_with(root));
        let unknown = self.any_name || self.names(text) || self.members && finding.code == Code::UnknownMember;
        let follows = [
            (unknown && !built_in, &OF_NAMES as &[Code]),
            (self.nesting, &OF_NESTING),
            (self.structure, &OF_BLOCKS),
            (self.header, &[Code::MissingPolicy]),
        ];
        let damaged = self.damaged.iter().any(|span| touches(*span, place.span)) && !BY_ITSELF.contains(&finding.code);
        finding.severity == Severity::Error && !damaged && !follows.iter().any(|(holds, codes)| *holds && codes.contains(&finding.code))
    }

    /// Whether one of the words that are missing stands in this text.
    fn names(&self, text: &str) -> bool {
        let text = text.trim_matches('"');
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        self.words.contains(text) || text.split(word).any(|word| self.words.contains(word))
    }
}

fn has_members(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Config | Keyword::Jwt | Keyword::ApiKey | Keyword::Basic | Keyword::Hmac | Keyword::Token | Keyword::Mtls)
}

/// The line that a span begins on.
fn line(sources: &Sources, span: Span) -> Span {
    let text = sources.get(span.file).map_or("", |source| source.text.as_str());
    let at = span.start as usize;
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length);
    Span::new(span.file, start, end)
}

fn touches(left: Span, right: Span) -> bool {
    left.file == right.file && left.start <= right.end && right.start <= left.end
}

/// The name by which others speak of an item.
fn item_name(item: &ast::Item) -> Option<&ast::Name> {
    match item {
        ast::Item::Let(item) => Some(&item.name),
        ast::Item::Function(item) => Some(&item.name),
        ast::Item::List(item) | ast::Item::Map(item) => Some(&item.name),
        ast::Item::Jwt(item) => Some(&item.name),
        ast::Item::Declaration(item) => Some(&item.name),
        ast::Item::Lookup(item) => Some(&item.name),
        ast::Item::Rule(item) => Some(&item.name),
        ast::Item::Policy(_) | ast::Item::Import(_) | ast::Item::Config(_) | ast::Item::Scope(_) | ast::Item::Test(_) => None,
    }
}
