//! Characters that make a policy look other than it is (Trojan source). In: the text of a file. Out: errors for what turns the
//! direction of text around, wherever it stands, and warnings for what is not seen between plain letters.

use crate::base::source::TURNING;
use crate::base::{Code, Diagnostic, FileId, Span};

/// What has no width. Between letters of other scripts, and in emoji, some of these have a meaning.
const WIDTHLESS: [char; 9] = ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{180e}', '\u{feff}'];

/// The findings in a text; the first of a line stands for the others.
pub(super) fn find(text: &str, file: FileId) -> Vec<Diagnostic> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        found.extend(first(line).map(|(at, found)| told(found, Span::new(file, start + at, start + at + found.len_utf8()))));
        start += line.len();
    }
    found
}

fn first(line: &str) -> Option<(usize, char)> {
    let turning = line.char_indices().find(|(_, c)| TURNING.contains(c));
    turning.or_else(|| {
        line.char_indices().find(|(at, c)| {
            let before = line.get(..*at).and_then(|before| before.chars().next_back());
            let after = line.get(at + c.len_utf8()..).and_then(|after| after.chars().next());
            WIDTHLESS.contains(c) && before.is_some_and(|c| c.is_ascii()) && after.is_some_and(|c| c.is_ascii())
        })
    })
}

fn told(found: char, span: Span) -> Diagnostic {
    let shown = format!("U+{:04X}", u32::from(found));
    let help = format!("remove it, or write `{}` in a string", found.escape_unicode());
    if TURNING.contains(&found) {
        let message = format!("the character {shown} turns the direction of text around");
        Diagnostic::error(Code::BadCharacter, span, message, "what follows is not what is shown").help(help)
    } else {
        let message = format!("the character {shown} is not seen");
        Diagnostic::warning(Code::BadCharacter, span, message, "invisible between plain letters").help(help)
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::base::{FileId, Severity};

    fn severities(text: &str) -> Vec<Severity> {
        find(text, FileId::default()).iter().map(|found| found.severity).collect()
    }

    #[test]
    fn what_has_a_meaning_is_left_alone() {
        assert_eq!(severities("// \u{202e}a\n\"adm\u{200b}in\"\n"), [Severity::Error, Severity::Warning]);
        assert!(severities("\"👩\u{200d}💻 می\u{200c}خواهم – ü\"").is_empty());
    }
}
