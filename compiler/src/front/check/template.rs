//! Path templates: parsed, refused when they can never match, compared with the templates around them.

use super::context::Context;
use super::host;
use crate::base::Code;
use crate::ir::{ast, hir};
use crate::lang::{regex, url};

/// Parses a template; what is malformed is reported.
pub(super) fn parse(ctx: &mut Context<'_>, name: &ast::Name) -> Option<hir::Template> {
    match template(&name.text) {
        Ok(template) => {
            foreign_capture(ctx, name, &template);
            Some(template)
        }
        Err((label, help)) => {
            ctx.error(Code::BadTemplate, name.span, format!("`{}` is no path template", name.text), label, help);
            None
        }
    }
}

/// Warns about `:id`, a capture elsewhere and plain text here.
fn foreign_capture(ctx: &mut Context<'_>, name: &ast::Name, template: &hir::Template) {
    let literals = template.segments.iter().filter_map(|segment| match segment {
        hir::Segment::Literal(text) => {
            text.strip_prefix(':').or_else(|| text.strip_prefix('<')?.strip_suffix('>')).map(|capture| (text, capture))
        }
        hir::Segment::Capture(_) | hir::Segment::Any => None,
    });
    for (text, capture) in literals.filter(|(_, capture)| capture_name(capture, &[]).is_ok()) {
        let message = format!("`{text}` captures nothing");
        let help = format!("write `{{{capture}}}` for any segment");
        ctx.ineffective(name.span, message, "matches only paths that have this very text", help);
    }
}

/// A label and a help text.
pub(super) type Refusal = (String, String);

fn refuse<T>(label: impl Into<String>, help: impl Into<String>) -> Result<T, Refusal> {
    Err((label.into(), help.into()))
}

const EXAMPLE: &str = "write a path such as `/orders/{id}` or `/orders/**`";

/// What of a URL is a template, and what its host is for; nothing when it has no such parts.
fn of_url(text: &str) -> Option<String> {
    let (authority, behind) = url::parts(text)?;
    let path = behind.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    let name = url::without_port(url::without_user(authority));
    let in_scope = host::pattern(name).map(|_| format!(", and `hosts = [\"{name}\"]` in a `scope`"));
    template(path).is_ok().then(|| format!("write `\"{path}\"`{}", in_scope.unwrap_or_default()))
}

/// What is meant by `//`: of `//a/b` nobody can tell whether it begins with a host.
fn of_slashes(text: &str) -> String {
    let merged = merge(text);
    let url = if text.starts_with("//") { url::parts(text).filter(|(_, path)| path.len() > 1) } else { None };
    match url.filter(|(name, path)| host::pattern(name).is_ok() && template(path).is_ok()) {
        Some((name, path)) => {
            format!("write `\"{merged}\"` for this path, or `\"{path}\"` and `hosts = [\"{name}\"]` in a `scope` for this host")
        }
        None => format!("write `{merged}`"),
    }
}

/// How paths are matched by a regex that stands for a template: `^/a`, `/a$` without its slash.
fn of_regex(text: &str) -> Option<String> {
    let pattern = text.replace("\\/", "/");
    if !(text.starts_with('^') || text.ends_with('$')) || regex::parse(&pattern, "").is_err() {
        return None;
    }
    Some(format!("test `request.path matches /{}/` in a `when`", pattern.replace('/', "\\/")))
}

/// The template, or a label and a help text. Reports nothing.
pub(super) fn template(text: &str) -> Result<hir::Template, Refusal> {
    let Some(rest) = text.strip_prefix('/') else {
        if let Some((method, path)) = text.split_once(' ')
            && path.starts_with('/')
            && !method.is_empty()
            && method.bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            return refuse("holds a method", format!("write `{} \"{path}\"`", method.to_ascii_uppercase()));
        }
        if text.contains("://") {
            return refuse("a template is a path, without scheme and host", of_url(text).unwrap_or_else(|| EXAMPLE.to_owned()));
        }
        if let Some(help) = of_regex(text) {
            return refuse("a template is no regex", help);
        }
        if matches!(text, "*" | "**") {
            return refuse("does not begin with `/`", "write `/**` for all paths".to_owned());
        }
        return refuse("does not begin with `/`", format!("write `/{text}`"));
    };
    if text.contains('?') {
        let path = text.split('?').next().unwrap_or("/");
        return refuse(
            "templates match the path, without the query",
            format!("write `{path}` and test `request.query[\"…\"]` in a `when`"),
        );
    }
    let pieces: Vec<&str> = rest.split('/').collect();
    let mut segments: Vec<hir::Segment> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut whole = false;
    for (index, piece) in pieces.iter().enumerate() {
        let last = index + 1 == pieces.len();
        if *piece == "**" {
            if !last {
                return refuse("`**` stands before the end", "put `**` at the end, or write `*` for one segment");
            }
            whole = true;
        } else if *piece == "*" {
            segments.push(hir::Segment::Any);
        } else if let Some(capture) = piece.strip_prefix('{').and_then(|piece| piece.strip_suffix('}')) {
            capture_name(capture, &names)?;
            names.push(capture);
            segments.push(hir::Segment::Capture(capture.to_owned()));
        } else if piece.is_empty() && !last {
            return refuse("paths are normalised: no path holds `//`", of_slashes(text));
        } else {
            literal(piece, text)?;
            segments.push(hir::Segment::Literal((*piece).to_owned()));
        }
    }
    Ok(hir::Template { segments, rest: whole })
}

fn capture_name(name: &str, names: &[&str]) -> Result<(), Refusal> {
    if name.is_empty() {
        return refuse("a capture without a name", "name it, as in `{id}`, or write `*`");
    }
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    if !first || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return refuse(
            format!("`{name}` is no name for a capture"),
            "write letters, digits and `_`, beginning with a small letter, as in `{id}`",
        );
    }
    if names.contains(&name) {
        return refuse(format!("captures `{name}` twice"), "give each capture its own name");
    }
    Ok(())
}

fn literal(piece: &str, text: &str) -> Result<(), Refusal> {
    if piece == "." || piece == ".." {
        return refuse("paths are normalised: no path holds `.` or `..` segments", "write the path that they lead to");
    }
    if piece.contains('%') {
        return match decoded(piece) {
            // What decoding gives must not mean more than it did: `%2a` is a character, `*` is any.
            Some(plain) if plain.contains(['*', '{', '}']) => refuse(
                "templates match the decoded path",
                format!("test `request.path == \"{}\"` in a `when`", text.replace(piece, &plain)),
            ),
            Some(plain) if !plain.contains(['/', '\\', '\0', '%', '"']) => {
                refuse("templates match the decoded path", format!("write `{}`", text.replace(piece, &plain)))
            }
            Some(_) | None => refuse("no path that reaches the rules holds this", "write the characters themselves, without `%`"),
        };
    }
    if piece.contains(['{', '}']) {
        return refuse("a capture takes a whole segment", "write the capture alone between slashes, as in `/{name}/`");
    }
    if piece.contains('*') {
        return refuse("`*` takes a whole segment", "write `*` alone between slashes, or test `request.path` in a `when`");
    }
    if let Some(c) = piece.chars().find(|c| c.is_control() || matches!(c, '\\' | '#')) {
        return refuse(format!("no path that reaches the rules holds `{}`", c.escape_default()), "leave it out");
    }
    Ok(())
}

fn merge(text: &str) -> String {
    let mut out = text.to_owned();
    while out.contains("//") {
        out = out.replace("//", "/");
    }
    out
}

/// The percent-decoded text, when it is valid.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The captures of a template with their segment numbers.
pub(super) fn captures(template: &hir::Template) -> Vec<(&str, u32)> {
    let named = template.segments.iter().enumerate().filter_map(|(index, segment)| match segment {
        hir::Segment::Capture(name) => Some((name.as_str(), u32::try_from(index).unwrap_or(u32::MAX))),
        hir::Segment::Literal(_) | hir::Segment::Any => None,
    });
    named.collect()
}

/// Whether every path of `inner` is one of `outer`.
pub(super) fn within(inner: &hir::Template, outer: &hir::Template) -> bool {
    let longer = inner.segments.len() >= outer.segments.len();
    let exact = inner.segments.len() == outer.segments.len() && !inner.rest;
    longer
        && (outer.rest || exact)
        && inner.segments.iter().zip(&outer.segments).all(|(inner, outer)| match (inner, outer) {
            (hir::Segment::Literal(inner), hir::Segment::Literal(outer)) => inner == outer,
            (hir::Segment::Capture(_) | hir::Segment::Any, hir::Segment::Literal(_)) => false,
            (hir::Segment::Literal(inner), hir::Segment::Capture(_) | hir::Segment::Any) => !inner.is_empty(),
            (hir::Segment::Capture(_) | hir::Segment::Any, hir::Segment::Capture(_) | hir::Segment::Any) => true,
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::{template, within};

    #[test]
    fn good_ones_survive_a_round_trip() {
        for good in ["/", "/a", "/a/", "/a/{id}/*/**", "/**", "/grün/ü", "/a b"] {
            assert_eq!(template(good).unwrap().to_string(), good);
        }
    }

    #[test]
    fn bad_ones_say_why() {
        let help = |text: &str| template(text).unwrap_err().1;
        assert!(help("a").contains("`/a`"));
        assert!(help("/a//b").contains("`/a/b`"));
        assert!(help("/a%20b").contains("`/a b`"));
        assert!(help("/a%2fb").contains("without `%`"));
        assert!(help("/a?b=c").contains("request.query"));
        for bad in ["/a/**/b", "/a/../b", "/./a", "/{}", "/{a}/{a}", "/x{a}", "/a*", "/{A}", "/a\\b", "/%zz", "/a#b", ""] {
            assert!(template(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn containment() {
        let inside = |inner: &str, outer: &str| within(&template(inner).unwrap(), &template(outer).unwrap());
        assert!(inside("/a/b", "/a/**") && inside("/a", "/a/**") && inside("/a/", "/a/**") && inside("/a/**", "/a/**"));
        assert!(inside("/t/x/y", "/t/{id}/**") && inside("/a/{b}", "/a/*"));
        assert!(
            !inside("/b", "/a/**")
                && !inside("/a/**", "/a/*")
                && !inside("/a/", "/a/*")
                && !inside("/*/b", "/a/**")
                && !inside("/a/b", "/a")
        );
    }
}
