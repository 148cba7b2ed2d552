//! What other languages write and this one does not: their operators, quotes and comments, stray characters. In: the lexer at such a
//! place. Out: a diagnostic, and the token that was meant.

use super::lexer::State;
use super::literal;
use super::token::Token;
use crate::base::{Code, Diagnostic, Span};
use crate::lang::keywords::Keyword;

impl State<'_> {
    /// An operator of other languages, at the current place; gives the token that was meant.
    pub(super) fn foreign(&mut self, written: &str, meant: &str, token: Token) -> Token {
        let std::ops::Range { start, end } = self.lexer.span();
        let span = self.span(start, end);
        self.report(
            Diagnostic::error(Code::ForeignOperator, span, format!("`{written}` is no operator"), "not known here")
                .help(format!("write `{meant}`")),
        );
        token
    }

    /// `5%2`: a `%` directly after a number makes a percentage of it, which nothing follows without a blank.
    pub(super) fn bare_remainder(&mut self, start: usize, end: usize) -> bool {
        let Some(number) = self.lexer.slice().strip_suffix('%') else { return false };
        let rest = self.text.get(end..).unwrap_or_default();
        let operand = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c))).unwrap_or(rest.len());
        let (Ok(token), Some(operand)) = (literal::number(number), rest.get(..operand).filter(|operand| !operand.is_empty())) else {
            return false;
        };
        let help = format!("write `{number} % {operand}`");
        let span = self.span(start, end);
        self.report(Diagnostic::error(Code::BadLiteral, span, "a remainder is written with blanks", "this is a percentage").help(help));
        self.push(token, start, end - 1);
        self.push(Token::Percentage, end - 1, end);
        true
    }

    /// `!`, which is `not`; `!~` is the denial of a search.
    pub(super) fn exclamation_mark(&mut self, start: usize, end: usize) {
        if !self.text.get(end..).is_some_and(|rest| rest.starts_with('~')) {
            let token = self.foreign("!", "not", Token::Keyword(Keyword::Not));
            return self.push(token, start, end);
        }
        let span = self.span(start, end + 1);
        self.report(
            Diagnostic::error(Code::ForeignOperator, span, "`!~` is no operator", "not known here").help("write `not (… matches /…/)`"),
        );
        self.push(Token::Keyword(Keyword::Matches), start, end + 1);
        self.restart(end + 1);
    }

    /// `=~`: the `=` before counts as the operator that was meant. `~` behind a value is the operator itself.
    fn search_operator(&mut self, start: usize) -> bool {
        let tilde = self.text.get(start..).is_some_and(|rest| rest.starts_with('~'));
        let value = |token: &Token| matches!(token, Token::Identifier | Token::Keyword(_) | Token::BracketClose | Token::ParenClose);
        if tilde && self.lexed.tokens.last().is_some_and(|last| value(&last.token) && last.token != Token::Keyword(Keyword::Not)) {
            let token = self.foreign("~", "matches", Token::Keyword(Keyword::Matches));
            self.push(token, start, start + 1);
            self.restart(start + 1);
            return true;
        }
        let Some(last) = self.lexed.tokens.last_mut().filter(|last| last.token == Token::Assign && last.span.end as usize == start) else {
            return false;
        };
        if !tilde {
            return false;
        }
        last.token = Token::Keyword(Keyword::Matches);
        let span = last.span;
        self.report(
            Diagnostic::error(
                Code::ForeignOperator,
                Span { end: span.end.saturating_add(1), ..span },
                "`=~` is no operator",
                "not known here",
            )
            .help("write `matches`"),
        );
        self.restart(start + 1);
        true
    }

    /// `'text'`, which counts as the string that was meant.
    pub(super) fn single_quotes(&mut self, start: usize) {
        let line_end = self.line_end(start + 1);
        let line = self.text.get(start + 1..line_end).unwrap_or_default();
        let (value, end) = match line.split_once('\'') {
            Some((value, _)) => (value, start + 1 + value.len() + 1),
            None => (line, line_end),
        };
        let value = value.to_owned();
        let span = self.span(start, end);
        self.report(
            Diagnostic::error(Code::WrongQuotes, span, "single quotes do not enclose a string", "not known here")
                .help(format!("write `\"{value}\"`")),
        );
        self.push(Token::String(value), start, end);
        self.restart(end);
    }

    pub(super) fn skip_line(&mut self, start: usize, written: &str) {
        let end = self.line_end(start);
        let span = self.span(start, start + written.len());
        self.report(
            Diagnostic::error(Code::ForeignComment, span, format!("`{written}` begins no comment"), "not known here")
                .help("begin a comment with `//`"),
        );
        self.restart(end);
    }

    /// `“text”`, as word processors make it of a string: it counts as the string that was meant.
    fn curly_quotes(&mut self, start: usize) -> bool {
        const CURLY: [char; 4] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}'];
        let line = self.text.get(start..self.line_end(start)).unwrap_or_default();
        let Some(inside) = line.strip_prefix(CURLY) else { return false };
        let Some((value, _)) = inside.split_once(|c: char| CURLY.contains(&c) || c == '"') else { return false };
        let closing = inside.get(value.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let end = start + (line.len() - inside.len()) + value.len() + closing;
        let value = value.to_owned();
        let span = self.span(start, end);
        self.report(
            Diagnostic::error(Code::WrongQuotes, span, "curly quotes do not enclose a string", "not known here")
                .help(format!("write `\"{value}\"` in straight quotes")),
        );
        self.push(Token::String(value), start, end);
        self.restart(end);
        true
    }

    /// Characters that no token begins with; a run of them is one finding.
    pub(super) fn stray(&mut self) {
        let std::ops::Range { start, .. } = self.lexer.span();
        if self.curly_quotes(start) || self.search_operator(start) {
            return;
        }
        let rest = self.text.get(start..).unwrap_or_default();
        let known = |c: char| c.is_ascii() && (c.is_ascii_whitespace() || !c.is_ascii_control());
        let length = rest.find(known).unwrap_or(rest.len()).max(rest.chars().next().map_or(1, char::len_utf8));
        let end = start + length;
        let run = rest.get(..length).unwrap_or_default();
        let before = self.text.get(self.last_stray..start).unwrap_or_default();
        let follows = self.last_stray > 0 && !before.contains('\n');
        self.last_stray = end;
        if follows {
            return self.restart(end);
        }
        let shown = if run.starts_with('`') { "a backtick".to_owned() } else { format!("`{}`", run.escape_debug()) };
        let span = self.span(start, end);
        let help = match run.chars().next() {
            Some('\u{201c}' | '\u{201d}' | '\u{201e}' | '`') => "enclose strings in straight quotes `\"`",
            Some('\u{a0}' | '\u{2003}' | '\u{200b}') => "replace it by a plain blank",
            Some('\u{2192}') => "write `->`",
            Some('&') => "write `and`",
            Some('|') if self.lexed.tokens.last().is_some_and(|last| last.token == Token::Constant) => "separate methods by commas",
            Some('|') => "write `or`",
            Some(c) if c.is_alphabetic() => "use the letters `a` to `z`, digits and `_` in names",
            Some(_) | None => "remove it, or enclose it in a string",
        };
        self.report(
            Diagnostic::error(Code::BadCharacter, span, format!("{shown} does not belong here"), "no token begins with it").help(help),
        );
        self.restart(end);
    }
}
