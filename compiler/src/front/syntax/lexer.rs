//! From text to tokens. In: a file. Out: its tokens, and a diagnostic for each place where none begins or one is
//! malformed; a plausible token then takes the place, so that the parser does not stumble over it again.

use logos::Logos;

use super::interpolation::{self, Stop};
use super::literal;
use super::token::{Spanned, Token};
use crate::base::{Code, Diagnostic, Diagnostics, FileId, Span};
use crate::lang::keywords::Keyword;

/// How deep strings may nest in the interpolations of strings.
const MAX_INTERPOLATIONS: usize = 16;

/// What begins at a place; strings, regexes and raw strings are then read by hand.
#[derive(Logos, Clone, Copy, Debug, PartialEq)]
#[logos(skip r"[ \t\r\n\f]+")]
#[logos(skip(r"//[^\n]*", allow_greedy = true))]
pub(super) enum Raw {
    #[regex("[a-z_][A-Za-z0-9_]*")]
    Word,
    #[regex("[A-Z][A-Za-z0-9_]*")]
    Constant,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([A-Za-z][A-Za-z0-9_]*|%)?")]
    Number,
    #[token("\"")]
    Quote,
    #[token("r\"")]
    Verbatim,
    #[token("/")]
    Slash,
    #[token("{")]
    BraceOpen,
    #[token("}")]
    BraceClose,
    #[token("(")]
    ParenOpen,
    #[token(")")]
    ParenClose,
    #[token("[")]
    BracketOpen,
    #[token("]")]
    BracketClose,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("=")]
    Assign,
    #[token("==")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("->")]
    Arrow,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("%")]
    Percentage,
    #[token("??")]
    Coalesce,
    #[token("?")]
    Question,
    // What other languages write; each has a token that was meant.
    #[token("=>")]
    FatArrow,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("!")]
    Bang,
    #[token("'")]
    SingleQuote,
    #[token(";")]
    Semicolon,
    #[token("#")]
    Hash,
}

/// What the lexer found in a file.
pub(super) struct Lexed {
    pub(super) tokens: Vec<Spanned>,
    pub(super) diagnostics: Diagnostics,
}

/// The tokens of `text`.
pub(super) fn lex(text: &str, file: FileId) -> Lexed {
    let mut state = State {
        text,
        file,
        lexer: Raw::lexer(text),
        last_end: 0,
        last_stray: 0,
        open: Vec::new(),
        lexed: Lexed { tokens: Vec::new(), diagnostics: Diagnostics::new() },
    };
    // Editors on some systems begin a file with a byte order mark.
    if text.starts_with('\u{feff}') {
        state.restart('\u{feff}'.len_utf8());
    }
    loop {
        match state.lexer.next() {
            Some(Ok(raw)) => state.token(raw),
            Some(Err(())) => state.stray(),
            None if state.open.is_empty() => break,
            None => state.unclosed(),
        }
    }
    state.lexed
}

/// An interpolated string whose expression is being lexed.
struct Open {
    /// Index of its head among the tokens.
    head: usize,
    /// Braces that are open in the expression.
    braces: usize,
}

pub(super) struct State<'a> {
    pub(super) text: &'a str,
    file: FileId,
    pub(super) lexer: logos::Lexer<'a, Raw>,
    /// Where the last token ended, to tell what is first on its line.
    last_end: usize,
    /// Where the last character ended that no token begins with; 0 for none. One per line is reported.
    pub(super) last_stray: usize,
    open: Vec<Open>,
    pub(super) lexed: Lexed,
}

impl State<'_> {
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    pub(super) fn push(&mut self, token: Token, start: usize, end: usize) {
        let before = self.text.get(self.last_end..start).unwrap_or_default();
        let first_on_line = self.lexed.tokens.is_empty() || before.contains('\n');
        self.lexed.tokens.push(Spanned { token, span: self.span(start, end), first_on_line });
        self.last_end = end;
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.lexed.diagnostics.push(diagnostic);
    }

    /// Goes on at byte `offset`.
    pub(super) fn restart(&mut self, offset: usize) {
        let mut lexer = Raw::lexer(self.text);
        lexer.bump(offset.min(self.text.len()));
        self.lexer = lexer;
    }

    /// The end of the line that `offset` lies in, without the line break.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        offset + line.strip_suffix('\r').unwrap_or(line).len()
    }

    fn token(&mut self, raw: Raw) {
        let std::ops::Range { start, end } = self.lexer.span();
        let token = match raw {
            Raw::Word => Keyword::from_text(self.lexer.slice()).map_or(Token::Identifier, Token::Keyword),
            Raw::Constant => Token::Constant,
            Raw::Number => return self.number(start, end),
            Raw::Quote => return self.string(start, end, true),
            Raw::Verbatim => return self.raw_string(start, end),
            Raw::Slash => return self.slash(start),
            Raw::BraceOpen => {
                if let Some(open) = self.open.last_mut() {
                    open.braces += 1;
                }
                Token::BraceOpen
            }
            Raw::BraceClose => match self.open.last_mut() {
                Some(open) if open.braces == 0 => return self.string(start, end, false),
                Some(open) => {
                    open.braces -= 1;
                    Token::BraceClose
                }
                None => Token::BraceClose,
            },
            Raw::ParenOpen => Token::ParenOpen,
            Raw::ParenClose => Token::ParenClose,
            Raw::BracketOpen => Token::BracketOpen,
            Raw::BracketClose => Token::BracketClose,
            Raw::Comma => Token::Comma,
            Raw::Colon => Token::Colon,
            Raw::Dot => Token::Dot,
            Raw::Assign => Token::Assign,
            Raw::Equal => Token::Equal,
            Raw::NotEqual => Token::NotEqual,
            Raw::Less => Token::Less,
            Raw::LessEqual => Token::LessEqual,
            Raw::Greater => Token::Greater,
            Raw::GreaterEqual => Token::GreaterEqual,
            Raw::Arrow => Token::Arrow,
            Raw::Plus => Token::Plus,
            Raw::Minus => Token::Minus,
            Raw::Star => Token::Star,
            Raw::Percentage => Token::Percentage,
            Raw::Coalesce => Token::Coalesce,
            Raw::Question => Token::Question,
            Raw::FatArrow if self.in_call() => self.foreign("=>", "some x in … satisfies …", Token::Arrow),
            Raw::FatArrow if self.in_match() => self.foreign("=>", ":", Token::Colon),
            Raw::FatArrow => self.foreign("=>", "->", Token::Arrow),
            Raw::AndAnd => self.foreign("&&", "and", Token::Keyword(Keyword::And)),
            Raw::OrOr => self.foreign("||", "or", Token::Keyword(Keyword::Or)),
            Raw::Bang => return self.exclamation_mark(start, end),
            Raw::SingleQuote => return self.single_quotes(start),
            Raw::Semicolon => {
                let span = self.span(start, end);
                self.report(
                    Diagnostic::error(Code::BadCharacter, span, "`;` does not belong here", "nothing ends with `;`")
                        .help("remove it; a comma separates the elements of a list"),
                );
                return;
            }
            Raw::Hash => return self.skip_line(start, "#"),
        };
        self.push(token, start, end);
    }

    /// Whether the parameter of a lambda stands before this place: `.any(x => …)`.
    fn in_call(&self) -> bool {
        let mut last = self.lexed.tokens.iter().rev().map(|spanned| &spanned.token);
        match last.next() {
            Some(Token::Identifier) => matches!(last.next(), Some(Token::ParenOpen)),
            Some(Token::ParenClose) => true,
            Some(_) | None => false,
        }
    }

    /// Whether the innermost open brace is that of a `match`: arms of a `route` have `->`, those of a `match` have `:`.
    fn in_match(&self) -> bool {
        let mut depth = 0_u32;
        let mut before = self.lexed.tokens.iter().rev().map(|spanned| &spanned.token);
        let open = before.by_ref().any(|token| {
            match token {
                Token::BraceClose => depth = depth.saturating_add(1),
                Token::BraceOpen if depth == 0 => return true,
                Token::BraceOpen => depth = depth.saturating_sub(1),
                _ => {}
            }
            false
        });
        let subject = before.take_while(|token| !matches!(token, Token::BraceOpen | Token::BraceClose));
        open && subject.take(40).any(|token| *token == Token::Keyword(Keyword::Match))
    }

    fn number(&mut self, start: usize, end: usize) {
        if self.bare_address(start) || self.bare_time(start) || self.bare_clock(start) {
            return;
        }
        if self.bare_remainder(start, end) {
            return;
        }
        let token = match literal::number(self.lexer.slice()) {
            Ok(token) => token,
            Err(bad) => {
                let span = self.span(start, end);
                self.report(Diagnostic::error(Code::BadLiteral, span, bad.message, bad.label).help(bad.help));
                Token::Int(0)
            }
        };
        self.push(token, start, end);
    }

    /// A text of a string: after the opening quote, or after the brace that closes an interpolation.
    fn string(&mut self, start: usize, end: usize, opening: bool) {
        let piece = interpolation::piece(self.text, end);
        for bad in &piece.bad {
            let span = self.span(bad.start, bad.end);
            self.report(
                Diagnostic::error(Code::BadEscape, span, "a malformed escape in a string", bad.label.clone()).help(bad.help.clone()),
            );
        }
        let head = self.lexed.tokens.len();
        let token = match (piece.stop, opening) {
            (Stop::LineEnd, true) if self.open.is_empty() => {
                let span = self.span(start, piece.end);
                self.report(
                    Diagnostic::error(Code::UnclosedText, span, "a string that is not closed", "no `\"` up to the end of the line")
                        .help("close it with `\"`; write a line break as `\\n`"),
                );
                Token::String(piece.text)
            }
            (Stop::LineEnd, _) => return self.unclosed(),
            (Stop::Quote, true) => Token::String(piece.text),
            (Stop::Quote, false) => {
                self.open.pop();
                Token::StringTail(piece.text)
            }
            (Stop::Interpolation, true) if self.open.len() >= MAX_INTERPOLATIONS => return self.too_deep(start, piece.end),
            (Stop::Interpolation, true) => {
                self.open.push(Open { head, braces: 0 });
                Token::StringHead(piece.text)
            }
            (Stop::Interpolation, false) => Token::StringMiddle(piece.text),
        };
        self.push(token, start, piece.end);
        self.restart(piece.end);
    }

    /// The outermost interpolated string does not end: it counts as a string up to the end of its line.
    fn unclosed(&mut self) {
        let Some((start, end)) = self.abandon() else { return };
        let span = self.span(start, end);
        self.report(
            Diagnostic::error(Code::UnclosedText, span, "a string with an interpolation that is not closed", "begins here")
                .help("close each `${` with `}` and the string with `\"`"),
        );
    }

    fn too_deep(&mut self, start: usize, end: usize) {
        let span = self.span(start, end);
        self.abandon();
        let message = format!("strings nest more than {MAX_INTERPOLATIONS} deep");
        self.report(
            Diagnostic::error(Code::TooDeep, span, message, "an interpolation in an interpolation, again and again")
                .help("name the inner parts with `let`"),
        );
    }

    /// Takes back the tokens of the outermost interpolated string and goes on after its first line.
    fn abandon(&mut self) -> Option<(usize, usize)> {
        let head = self.open.first().map(|open| open.head)?;
        self.open.clear();
        let spanned = self.lexed.tokens.get(head)?.clone();
        let (start, end) = (spanned.span.start as usize, self.line_end(spanned.span.end as usize));
        self.lexed.tokens.truncate(head);
        let string = Token::String(String::new());
        self.lexed.tokens.push(Spanned { token: string, span: self.span(start, end), ..spanned });
        self.last_end = end;
        self.restart(end);
        Some((start, end))
    }

    fn raw_string(&mut self, start: usize, end: usize) {
        let line_end = self.line_end(end);
        let line = self.text.get(end..line_end).unwrap_or_default();
        let (value, after) = match line.split_once('"') {
            Some((value, _)) => (value, end + value.len() + 1),
            None => {
                let span = self.span(start, line_end);
                self.report(
                    Diagnostic::error(Code::UnclosedText, span, "a raw string that is not closed", "no `\"` up to the end of the line")
                        .help("close it with `\"`"),
                );
                (line, line_end)
            }
        };
        self.push(Token::String(value.to_owned()), start, after);
        self.restart(after);
    }

    /// A regex, since nothing else begins with `/`; but other languages' comments are told apart.
    fn slash(&mut self, start: usize) {
        let rest = self.text.get(start..).unwrap_or_default();
        if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(self.text.len(), |at| start + at + 2);
            let span = self.span(start, start + 2);
            self.report(
                Diagnostic::error(Code::ForeignComment, span, "`/*` begins no comment", "not known here")
                    .help("begin each line of a comment with `//`"),
            );
            return self.restart(end);
        }
        if self.path_expected() {
            return self.bare_path(start);
        }
        let line_end = self.line_end(start + 1);
        let line = self.text.get(start + 1..line_end).unwrap_or_default();
        let mut escaped = false;
        let close = line.find(|c: char| {
            let found = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        let Some(length) = close else {
            let span = self.span(start, start + 1);
            let string = self
                .lexed
                .tokens
                .last()
                .filter(|last| matches!(last.token, Token::String(_)) && last.span.end == span.start && line.contains('"'));
            let diagnostic = match string.map(|last| last.span) {
                Some(string) => {
                    Diagnostic::error(Code::UnclosedText, string, "a `\"` is missing on this line", "one string for the compiler")
                        .help("close the string where it ends")
                }
                None if self.lexed.tokens.last().is_some_and(|last| matches!(last.token, Token::Int(_))) => {
                    let period = match line.trim_start().chars().next() {
                        Some('s' | 'S') => "1s",
                        Some('h' | 'H') => "1h",
                        Some('d' | 'D') => "1d",
                        Some(_) | None => "1m",
                    };
                    Diagnostic::error(Code::UnclosedText, span, "there is no division", "this begins a regex")
                        .help(format!("write `per {period}` for a rate"))
                }
                None => Diagnostic::error(Code::UnclosedText, span, "a regex that is not closed", "no `/` follows on this line")
                    .help("close it with `/`; there is no division"),
            };
            self.report(diagnostic);
            self.push(Token::Regex(String::new(), String::new()), start, line_end);
            return self.restart(line_end);
        };
        let pattern = line.get(..length).unwrap_or_default();
        let after = line.get(length + 1..).unwrap_or_default();
        let flags_length = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        let flags = after.get(..flags_length).unwrap_or_default();
        let flags_start = start + 1 + length + 1;
        let end = flags_start + flags_length;
        let repeated = flags.char_indices().any(|(at, c)| flags.get(..at).is_some_and(|before| before.contains(c)));
        let known = flags.chars().all(|c| "imsx".contains(c)) && !repeated;
        if !known {
            let span = self.span(flags_start, end);
            self.report(
                Diagnostic::error(Code::BadLiteral, span, format!("`{flags}` are not flags of a regex"), "not known here")
                    .help("use each of `i m s x` at most once; write a `/` inside a regex as `\\/`"),
            );
        }
        // What follows another `/` belonged to the regex that was meant.
        let end = if known { end } else { after.rfind('/').map_or(end, |at| flags_start + at + 1) };
        let flags = if known { flags } else { "" };
        self.push(Token::Regex(pattern.to_owned(), flags.to_owned()), start, end);
        self.restart(end);
    }
}
