//! Texts without the quotes that they need: addresses, times, paths. In: the lexer at such a place. Out: a diagnostic, and the string
//! that was meant.

use super::lexer::State;
use super::token::Token;
use crate::base::{Code, Diagnostic};
use crate::lang::keywords::Keyword;
use crate::lang::time;

impl State<'_> {
    /// `10.0.0.0/8`, `192.0.2.1`: an address without quotes, which counts as the string that was meant.
    pub(super) fn bare_address(&mut self, start: usize) -> bool {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let address = rest.get(..length).unwrap_or_default();
        if address.parse::<std::net::Ipv4Addr>().is_err() {
            return false;
        }
        let after = rest.get(length..).unwrap_or_default();
        let bits = after.strip_prefix('/').map_or(0, |bits| bits.bytes().take_while(u8::is_ascii_digit).count());
        let end = start + length + if bits > 0 { bits + 1 } else { 0 };
        let written = self.text.get(start..end).unwrap_or_default().to_owned();
        let help = format!("write `\"{written}\"`");
        let told = ("an address without quotes", "addresses and networks are strings", help.as_str());
        self.meant(start, end.saturating_sub(start), Token::String(written), told);
        true
    }

    /// `at 2026-01-05T10:00:00Z`, `now > 2026-01-05`: a time without quotes, which counts as the string that was meant.
    pub(super) fn bare_time(&mut self, start: usize) -> bool {
        let last = self.lexed.tokens.last().map(|last| &last.token);
        let (at, compared) = (last == Some(&Token::Keyword(Keyword::At)), last.is_some_and(compares));
        if !at && !compared {
            return false;
        }
        let line = self.text.get(start..self.line_end(start)).unwrap_or_default();
        let word = |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || "-+:.".contains(c))).unwrap_or(text.len());
        let date = word(line);
        // `2026-01-05 10:00:00`, as it stands in logs.
        let clock = line
            .get(date..)
            .and_then(|rest| rest.strip_prefix(' '))
            .filter(|clock| clock.get(2..3) == Some(":"))
            .map_or(0, |clock| 1 + word(clock));
        let written = line.get(..date + clock).unwrap_or_default();
        let complete = ["", "Z", ":00Z", "T00:00:00Z"].map(|end| format!("{}{end}", written.replace(' ', "T")));
        let time = complete.into_iter().find(|text| time::parse(text).is_some_and(|time| time >= 0));
        let year = written.split('-').next().filter(|year| year.len() == 4 && year.len() < written.len());
        // Elsewhere `2026-1` is a difference.
        let dated = at && year.is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
        if !dated && time.is_none() {
            return false;
        }
        let time = time.unwrap_or_else(|| "2026-01-05T10:00:00Z".to_owned());
        let help = match (at, self.compared_with(start)) {
            (true, _) => format!("write `\"{time}\"`"),
            (false, Some(("now", _))) => format!("write `time(\"{time}\")`"),
            (false, _) => format!("write `\"{time}\"` for a text, `time(\"{time}\")` beside a time"),
        };
        let message = "a time without quotes";
        self.meant(start, written.len(), Token::String(time), (message, "times are strings", &help));
        true
    }

    /// `now.hour > 8:30`: an hour with its minutes, which counts as the hour.
    pub(super) fn bare_clock(&mut self, start: usize) -> bool {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
        let Some((hour, minutes)) = rest.get(..length).and_then(|written| written.split_once(':')) else { return false };
        let two = |text: &str| text.len() == 2;
        let (Ok(hour), true, true) =
            (hour.parse::<u8>(), minutes.split(':').all(two), self.lexed.tokens.last().is_some_and(|last| compares(&last.token)))
        else {
            return false;
        };
        let minute = minutes.split(':').next().and_then(|minute| minute.parse::<u8>().ok()).unwrap_or(0);
        let help = self.of_hour(start, hour, minute);
        let message = "a time of day is no number";
        self.meant(start, length, Token::Int(hour.into()), (message, "hours and minutes are compared each by itself", &help));
        true
    }

    /// The name that is compared with what begins here, and the operator.
    fn compared_with(&self, start: usize) -> Option<(&str, &str)> {
        let before = self.text.get(..start)?.trim_end();
        let left = before.trim_end_matches(['<', '>', '=', '!']);
        let operator = before.get(left.len()..)?;
        let left = left.trim_end();
        let name = left.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        Some((left.get(name.len()..)?, operator))
    }

    /// How an hour with its minutes is compared.
    fn of_hour(&self, start: usize, hour: u8, minute: u8) -> String {
        let Some(("now.hour", operator)) = self.compared_with(start) else {
            return "compare `now.hour` with the hour, and `now.minute` with the minutes".to_owned();
        };
        match (operator, minute) {
            ("<" | ">=", 0) => format!("write `now.hour {operator} {hour}`"),
            ("==", _) => format!("write `now.hour == {hour} and now.minute == {minute}`"),
            ("!=", _) => format!("write `not (now.hour == {hour} and now.minute == {minute})`"),
            _ => {
                let strict = operator.trim_end_matches('=');
                format!("write `(now.hour {strict} {hour} or (now.hour == {hour} and now.minute {operator} {minute}))`")
            }
        }
    }

    /// Reports what is written from here on, and goes on as if the token stood there.
    fn meant(&mut self, start: usize, length: usize, token: Token, (message, label, help): (&str, &str, &str)) {
        let end = start + length;
        let span = self.span(start, end);
        self.report(Diagnostic::error(Code::WrongQuotes, span, message, label).help(help));
        self.push(token, start, end);
        self.restart(end);
    }

    /// Whether a path is likely here and a regex is not possible.
    pub(super) fn path_expected(&self) -> bool {
        let mut last = self.lexed.tokens.iter().rev().map(|spanned| &spanned.token);
        match last.next() {
            Some(Token::Keyword(Keyword::On | Keyword::Scope | Keyword::Path | Keyword::Import)) => true,
            Some(Token::Constant) => {
                matches!(last.next(), Some(Token::Keyword(Keyword::On | Keyword::Request) | Token::Comma))
            }
            Some(_) | None => false,
        }
    }

    /// A path without quotes, which counts as the string that was meant.
    pub(super) fn bare_path(&mut self, start: usize) {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
        let path = rest.get(..length).unwrap_or_default().to_owned();
        let pattern = path.contains(['^', '\\', '$', '[', '(']);
        let help = if pattern { format!("test `request.path matches {path}` in a `when`") } else { format!("write `\"{path}\"`") };
        self.meant(start, length, Token::String(path), ("a path without quotes", "this would begin a regex", &help));
    }
}

/// Whether a token is an operator that compares.
fn compares(token: &Token) -> bool {
    matches!(token, Token::Equal | Token::NotEqual | Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual)
}
