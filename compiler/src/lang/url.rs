//! URLs as people write them where a host or a path is expected: RFC 3986, read leniently. In: a text. Out: its parts.

/// A URL behind its scheme and `//`, if it has them: its authority, and the rest. Nothing when that cannot be told.
pub(crate) fn parts(text: &str) -> Option<(&str, &str)> {
    let plain = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let url = text.split_once("//").filter(|(before, _)| before.is_empty() || before.strip_suffix(':').is_some_and(plain));
    let rest = url.map_or(text, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.split_at_checked(end).filter(|(authority, behind)| !(authority.ends_with(':') && behind.starts_with("//")))
}

/// The authority of a URL without `user:password@`.
pub(crate) fn without_user(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or(authority)
}

/// A host without `:port`: `:` and digits, or nothing, at the end.
pub(crate) fn without_port(host: &str) -> &str {
    host.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(':').unwrap_or(host)
}
