//! Content types and whether a body can be read. In: response headers, media ranges. Out: yes or no.

use super::super::bytes::text;
use super::super::facts::lines;
use crate::ir::hir;
use crate::tools::message::Headers;

/// All content types that are given, in lower case. Some hosts join two lines with a comma, so a comma separates them too.
pub(super) fn content_types(headers: &Headers) -> Vec<String> {
    lines(headers, "content-type")
        .flat_map(|line| text(line).split(',').map(|given| given.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .collect()
}

/// Type and subtype without parameters.
fn essence(content_type: &str) -> (&str, &str) {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    essence.split_once('/').unwrap_or((essence, ""))
}

/// Whether a content type is in one of these ranges.
pub(super) fn is_in(content_type: &str, ranges: &[hir::MediaRange]) -> bool {
    let (main, sub) = essence(content_type);
    let fits = |pattern: &str, given: &str| match pattern.split_once('*') {
        Some((start, end)) => given.len() >= start.len() + end.len() && given.starts_with(start) && given.ends_with(end),
        None => pattern == given,
    };
    ranges.iter().any(|range| fits(&range.main, main) && fits(&range.sub, sub))
}

/// Whether a content type is JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let (main, sub) = essence(content_type);
    (main == "application" && sub == "json") || sub.ends_with("+json")
}

/// Whether the body is plain bytes of one content type in a charset that contains ASCII.
pub(super) fn is_readable(content_types: &[String], headers: &Headers) -> bool {
    let [content_type] = content_types else { return false };
    let plain = lines(headers, "content-encoding")
        .flat_map(|line| text(line).split(',').map(|coding| coding.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .all(|coding| coding.is_empty() || coding == "identity");
    let readable =
        |charset: &str| matches!(charset, "utf-8" | "us-ascii") || charset.starts_with("iso-8859-") || charset.starts_with("windows-125");
    plain
        && content_type
            .split(';')
            .skip(1)
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim() == "charset")
            .all(|(_, charset)| readable(charset.trim().trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::{content_types, is_in, is_json, is_readable};
    use crate::ir::hir::MediaRange;

    #[test]
    fn ranges() {
        let ranges = [("application", "json"), ("text", "*"), ("application", "*+json")]
            .map(|(main, sub)| MediaRange { main: main.into(), sub: sub.into() });
        for (given, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/problem+json", true),
            ("application/json5", false),
            ("text/html", true),
            ("texts/html", false),
            ("image/png", false),
            ("", false),
        ] {
            assert_eq!(is_in(given, &ranges), expected, "{given}");
        }
        assert!(is_json("application/problem+json ; x=y"));
        assert!(!is_json("text/plain"));
    }

    #[test]
    fn readability() {
        for (lines, expected) in [
            (&[("content-type", "text/plain; charset=UTF-8")][..], true),
            (&[("content-type", "text/plain; charset=\"iso-8859-15\"")], true),
            (&[("content-type", "text/plain; charset=utf-16")], false),
            (&[("content-type", "text/plain"), ("content-encoding", "gzip")], false),
            (&[("content-type", "text/plain"), ("content-encoding", "Identity")], true),
            (&[("content-type", "text/plain"), ("content-encoding", "identity, br")], false),
            (&[("content-type", "text/plain"), ("content-type", "text/plain")], false),
            (&[("content-type", "text/plain, text/html")], false),
        ] {
            let headers = lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
            assert_eq!(is_readable(&content_types(&headers), &headers), expected, "{lines:?}");
        }
    }
}
