//! The regex dialect, in one place for every engine. In: the pattern and flags of a `matches`. Out: `regex_syntax`'s tree.
//!
//! Patterns are Unicode: `.`, literals, brackets and `\p{…}` speak of code points, and what matches is valid UTF-8.
//! `\d \w \s \b \B` are ASCII, so that automata stay small and fast on any text; their negations are all other code points.
//! `i` folds by Unicode's simple case folding, which leaves `\d \w \s` alone outside brackets.
//! Build automata from this tree, never from the text.

use regex_syntax::ast;
use regex_syntax::hir::{Hir, translate::TranslatorBuilder};

/// Parses a pattern (with `\/` already undone) under flags from `imsx`.
/// An error says in words why the pattern is refused.
pub fn parse(pattern: &str, flags: &str) -> Result<Hir, String> {
    let mut translator = TranslatorBuilder::new();
    translator.unicode(true).utf8(true);
    let mut verbose = false;
    for flag in flags.chars() {
        match flag {
            'i' => translator.case_insensitive(true),
            'm' => translator.multi_line(true),
            's' => translator.dot_matches_new_line(true),
            'x' => {
                verbose = true;
                &mut translator
            }
            other => return Err(format!("there is no flag `{other}`")),
        };
    }
    let mut tree = ast::parse::ParserBuilder::new()
        .ignore_whitespace(verbose)
        .nest_limit(100)
        .build()
        .parse(pattern)
        .map_err(|error| error.kind().to_string())?;
    narrow(&mut tree)?;
    translator.build().translate(pattern, &tree).map_err(|error| error.kind().to_string())
}

/// Makes the Perl classes and word boundaries ASCII and refuses flags outside the dialect.
fn narrow(tree: &mut ast::Ast) -> Result<(), String> {
    match tree {
        ast::Ast::Empty(_) | ast::Ast::Literal(_) | ast::Ast::Dot(_) | ast::Ast::ClassUnicode(_) => {}
        ast::Ast::Flags(set) => check_flags(&set.flags)?,
        ast::Ast::Assertion(assertion) => {
            let word = !matches!(
                assertion.kind,
                ast::AssertionKind::StartLine | ast::AssertionKind::EndLine | ast::AssertionKind::StartText | ast::AssertionKind::EndText
            );
            if word {
                let span = assertion.span;
                *tree = without(ast::Flag::Unicode, span, ast::Ast::Assertion(assertion.clone()));
            }
        }
        ast::Ast::ClassPerl(class) => {
            let span = class.span;
            let bracketed = ast::ClassBracketed { span, negated: false, kind: ast::ClassSet::Item(ast::ClassSetItem::Ascii(ascii(class))) };
            *tree = without(ast::Flag::CaseInsensitive, span, ast::Ast::ClassBracketed(Box::new(bracketed)));
        }
        ast::Ast::ClassBracketed(class) => narrow_set(&mut class.kind),
        ast::Ast::Repetition(repetition) => narrow(&mut repetition.ast)?,
        ast::Ast::Group(group) => {
            if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                check_flags(flags)?;
            }
            narrow(&mut group.ast)?;
        }
        ast::Ast::Alternation(alternation) => {
            for branch in &mut alternation.asts {
                narrow(branch)?;
            }
        }
        ast::Ast::Concat(concat) => {
            for piece in &mut concat.asts {
                narrow(piece)?;
            }
        }
    }
    Ok(())
}

/// Likewise inside brackets.
fn narrow_set(set: &mut ast::ClassSet) {
    match set {
        ast::ClassSet::Item(item) => narrow_item(item),
        ast::ClassSet::BinaryOp(operation) => {
            narrow_set(&mut operation.lhs);
            narrow_set(&mut operation.rhs);
        }
    }
}

fn narrow_item(item: &mut ast::ClassSetItem) {
    match item {
        ast::ClassSetItem::Perl(class) => *item = ast::ClassSetItem::Ascii(ascii(class)),
        ast::ClassSetItem::Bracketed(class) => narrow_set(&mut class.kind),
        ast::ClassSetItem::Union(union) => union.items.iter_mut().for_each(narrow_item),
        ast::ClassSetItem::Empty(_)
        | ast::ClassSetItem::Literal(_)
        | ast::ClassSetItem::Range(_)
        | ast::ClassSetItem::Ascii(_)
        | ast::ClassSetItem::Unicode(_) => {}
    }
}

/// The POSIX class of a Perl class: it is ASCII also where the rest is Unicode.
fn ascii(class: &ast::ClassPerl) -> ast::ClassAscii {
    let kind = match class.kind {
        ast::ClassPerlKind::Digit => ast::ClassAsciiKind::Digit,
        ast::ClassPerlKind::Space => ast::ClassAsciiKind::Space,
        ast::ClassPerlKind::Word => ast::ClassAsciiKind::Word,
    };
    ast::ClassAscii { span: class.span, kind, negated: class.negated }
}

/// `(?-FLAG:inner)`
fn without(flag: ast::Flag, span: ast::Span, inner: ast::Ast) -> ast::Ast {
    let item = |kind| ast::FlagsItem { span, kind };
    let items = vec![item(ast::FlagsItemKind::Negation), item(ast::FlagsItemKind::Flag(flag))];
    let kind = ast::GroupKind::NonCapturing(ast::Flags { span, items });
    ast::Ast::Group(Box::new(ast::Group { span, kind, ast: Box::new(inner) }))
}

/// Only `i m s x` can be switched inside a pattern: the others would leave the dialect.
fn check_flags(flags: &ast::Flags) -> Result<(), String> {
    for item in &flags.items {
        match item.kind {
            ast::FlagsItemKind::Flag(ast::Flag::Unicode) => return Err("the flag `u` cannot be switched".to_owned()),
            ast::FlagsItemKind::Flag(ast::Flag::SwapGreed) => return Err("there is no flag `U`".to_owned()),
            ast::FlagsItemKind::Flag(ast::Flag::CRLF) => return Err("there is no flag `R`".to_owned()),
            ast::FlagsItemKind::Negation
            | ast::FlagsItemKind::Flag(
                ast::Flag::CaseInsensitive | ast::Flag::MultiLine | ast::Flag::DotMatchesNewLine | ast::Flag::IgnoreWhitespace,
            ) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use regex_automata::meta::Regex;

    fn matches(pattern: &str, flags: &str, text: &str) -> bool {
        Regex::builder().build_from_hir(&super::parse(pattern, flags).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn perl_classes_are_ascii_and_negations_are_whole_code_points() {
        assert!(matches(r"^\d+$", "", "0123456789"));
        assert!(!matches(r"\d", "", "٣"));
        assert!(!matches(r"\w", "", "é"));
        assert!(!matches(r"\w", "i", "\u{212a}"));
        assert!(!matches(r"[\s]", "", "\u{a0}"));
        assert!(matches(r"^\W$", "", "é"));
        assert!(matches(r"^[^\w]$", "", "é"));
        assert!(matches(r"^\D\S$", "", "éé"));
    }

    #[test]
    fn boundaries_are_ascii() {
        assert!(matches(r"\bEMP\b", "", "éEMPé"));
        assert!(!matches(r"\bEMP\b", "", "_EMP"));
        assert!(matches(r"a\Bb", "", "ab"));
    }

    #[test]
    fn a_dot_is_one_code_point() {
        assert!(matches("^.$", "", "é"));
        assert!(matches("^.$", "", "𝄞"));
        assert!(!matches("^.$", "", "\n"));
        assert!(matches("^.$", "s", "\n"));
    }

    #[test]
    fn flags() {
        assert!(matches("^GET$", "i", "get"));
        assert!(matches("^é$", "i", "É"));
        assert!(matches("^b$", "m", "a\nb"));
        assert!(!matches("^b$", "", "a\nb"));
        assert!(matches("a b # comment", "x", "ab"));
        assert!(matches("(?i:a)b", "", "Ab"));
    }

    #[test]
    fn refusals_say_why() {
        for (pattern, reason) in
            [("(?=a)", "look-around"), (r"(a)\1", "backreferences"), ("(", "unclosed group"), ("(?-u:a)", "`u`"), ("(?U)a", "`U`")]
        {
            let refusal = super::parse(pattern, "").unwrap_err();
            assert!(refusal.contains(reason), "{pattern}: {refusal}");
        }
    }
}
