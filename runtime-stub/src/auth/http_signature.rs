//! HTTP Message Signatures (RFC 9421, `scheme = http_signature`) with HMAC-SHA-256. In: the request, what a signature has to cover, a
//! secret, the clock. Out: a state (`contract::credential`), the code if one that is presented is right.
//!
//! A request may carry several signatures: each stands for itself, those that cannot count (another algorithm, a component that is not
//! known here, too little covered) are passed over.

use super::api_key::{Found, find, settle};
use super::signed;
use crate::bytes;
use crate::contract::credential;
use crate::digest::sha256::{self, Sha256};
use crate::digest::sha512::Sha512;
use crate::digest::{self, hmac};
use crate::frame::Frame;
use crate::host::Host;
use crate::http::structured::{Bare, Cursor, is_base64};
use crate::rt::arena::{Items, Text};
use crate::values::encoding::{Alphabet, from_base64};

/// Most signatures of a request, and most components of one.
const MOST: usize = 16;
const MOST_COMPONENTS: usize = 64;

/// What counts of a signature, whenever it was made.
#[derive(Clone, Copy)]
struct Claim<'a> {
    /// What stands between the parentheses, and all behind the label's `=`.
    components: &'a [u8],
    parameters: &'a [u8],
    created: i64,
    expires: Option<i64>,
    code: &'a [u8],
}

/// What a declaration asks of signatures.
#[derive(Clone, Copy)]
pub struct Demands<'a> {
    /// Names of components between spaces.
    pub covers: &'a [u8],
    /// How far from now they may have been created, nanoseconds.
    pub tolerance: i64,
    /// How many may count: one where its code may come once, or another one that was sent beside it could come again alone.
    pub most: usize,
}

/// The state of a credential, open when a signature may be right.
pub fn present<H: Host>(frame: &mut Frame<'_>, host: &mut H, id: u32, demands: Demands<'_>) -> i32 {
    if let Some(found) = find(frame, id) {
        return found.state;
    }
    let state = if !frame.request.headers.has(b"signature") && !frame.request.headers.has(b"signature-input") {
        credential::ABSENT
    } else {
        let mut state = credential::MALFORMED;
        for claim in claims(frame, demands.most) {
            if state != credential::OPEN && has_all(frame, claim, demands.covers, false) {
                state = fresh(frame, host, claim, demands.tolerance);
            }
        }
        state
    };
    settle(frame, Found { id, state, name: &[] })
}

fn fresh<H: Host>(frame: &mut Frame<'_>, host: &mut H, claim: &Claim<'_>, tolerance: i64) -> i32 {
    let nanoseconds = |seconds: i64| seconds.saturating_mul(1_000_000_000);
    let state = signed::near(frame, host, nanoseconds(claim.created), tolerance);
    let over =
        claim.expires.is_some_and(|end| frame.limits.now.is_some_and(|now| i64::try_from(now).unwrap_or(i64::MAX) >= nanoseconds(end)));
    if state == credential::OPEN && over { credential::STALE } else { state }
}

/// The code of a request whose body is in, when a signature of it is right under a secret. The constants are those of SHA-512.
pub fn code<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, secret: &[u8], demands: Demands<'_>, constants: &[u8]) -> Option<&'a [u8]> {
    let body = frame.body.raw()?;
    let mut right = None;
    for claim in claims(frame, demands.most) {
        if has_all(frame, claim, demands.covers, !body.is_empty()) && fresh(frame, host, claim, demands.tolerance) == credential::OPEN {
            let base = base(frame, claim);
            frame.fault |= base.is_none();
            let code = hmac::of(Sha256::new(), secret, base?);
            if bytes::equal_in_constant_time(bytes::until(&code, 32), claim.code) {
                right = Some(claim.code);
            }
        }
    }
    // Only who knows a secret makes us look through the body.
    right.filter(|_| !frame.request.headers.has(b"content-digest") || is_digest(frame, body, constants))
}

/// The lines of a field as one, joined with `, `; nothing when there is none.
fn field<'a>(frame: &Frame<'a>, name: &'a [u8]) -> Option<&'a [u8]> {
    let mut text = Text::new(frame.arena);
    let mut found = false;
    for line in frame.request.headers.lines_of(name, frame.arena).ok()? {
        if found {
            text.push(b", ");
        }
        text.push(line.trim_ascii());
        found = true;
    }
    let joined = text.finish()?;
    found.then_some(joined)
}

/// The signatures that may count; none at all when either field is malformed, or names a label twice, or when there are too many.
fn claims<'a>(frame: &mut Frame<'a>, most: usize) -> &'a [Claim<'a>] {
    let mut claims = Items::new(frame.arena);
    let whole = read(frame, &mut claims).is_some();
    frame.fault |= claims.is_broken();
    if whole && claims.as_slice().len() <= most { claims.finish() } else { &[] }
}

fn read<'a>(frame: &Frame<'a>, claims: &mut Items<'a, Claim<'a>>) -> Option<()> {
    let mut codes: Items<'a, (&'a [u8], &'a [u8])> = Items::new(frame.arena);
    let mut cursor = Cursor { rest: field(frame, b"signature")? };
    loop {
        let label = cursor.key()?;
        cursor.expect(b'=')?;
        cursor.expect(b':')?;
        let written = cursor.many(is_base64);
        cursor.expect(b':')?;
        let code = from_base64(written, Alphabet::Standard, frame.arena).ok()??;
        if codes.as_slice().iter().any(|(known, _)| *known == label) || codes.as_slice().len() >= MOST {
            return None;
        }
        codes.push((label, code));
        if !cursor.another()? {
            break;
        }
    }
    let mut labels: Items<'a, &'a [u8]> = Items::new(frame.arena);
    let mut cursor = Cursor { rest: field(frame, b"signature-input")? };
    loop {
        let label = cursor.key()?;
        if labels.as_slice().contains(&label) || labels.as_slice().len() >= MOST {
            return None;
        }
        labels.push(label);
        cursor.expect(b'=')?;
        let claim = input(&mut cursor)?;
        let code = codes.as_slice().iter().find(|(known, _)| *known == label);
        if let (Some(claim), Some((_, code))) = (claim, code)
            && code.len() == 32
        {
            claims.push(Claim { code, ..claim });
        }
        if !cursor.another()? {
            break;
        }
    }
    (!codes.is_broken() && !labels.is_broken()).then_some(())
}

/// The names of components, which are quoted and have no parameters.
fn names(components: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    components
        .split(|byte| *byte == b' ')
        .filter(|quoted| quoted.len() > 2)
        .map(|quoted| bytes::until(bytes::from(quoted, 1), quoted.len().wrapping_sub(2)))
}

/// Whether a signature covers what it has to, everything that it covers is there, and nothing twice.
fn has_all(frame: &Frame<'_>, claim: &Claim<'_>, covers: &[u8], has_body: bool) -> bool {
    let names = names(claim.components);
    // Bounded first: what follows compares each with each.
    let count = names.clone().take(MOST_COMPONENTS.wrapping_add(1)).count();
    if count == 0 || count > MOST_COMPONENTS {
        return false;
    }
    let covered = |wanted: &[u8]| names.clone().any(|name| name == wanted);
    let has_query = frame.request.raw_path.unwrap_or(&[]).contains(&b'?');
    let enough = covers.split(|byte| *byte == b' ').filter(|wanted| !wanted.is_empty()).all(|wanted| {
        covered(wanted)
            || match wanted {
                b"@path" => covered(b"@request-target"),
                b"@query" => !has_query || covered(b"@request-target"),
                b"content-digest" => !has_body,
                _ => false,
            }
    });
    let once = names.clone().enumerate().all(|(at, name)| !names.clone().take(at).any(|before| before == name));
    let known = names.clone().all(|name| match name {
        b"@method" | b"@authority" | b"@path" | b"@query" | b"@request-target" => true,
        b"host" => true,
        _ => is_field_name(name) && frame.request.headers.has(name),
    });
    enough && once && known
}

fn is_field_name(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// What is signed; nothing when memory is exhausted.
fn base<'a>(frame: &Frame<'a>, claim: &Claim<'a>) -> Option<&'a [u8]> {
    let raw = frame.request.raw_path.unwrap_or(&[]);
    let (path, query) = bytes::split_once(raw, b'?').unwrap_or((raw, &[]));
    let mut text = Text::new(frame.arena);
    for name in names(claim.components) {
        text.push_byte(b'"');
        text.push(name);
        text.push(b"\": ");
        match name {
            b"@method" => text.push(frame.request.method),
            b"@authority" => authority(frame).iter().for_each(|byte| text.push_byte(byte.to_ascii_lowercase())),
            b"@path" => text.push(if path.is_empty() { b"/" } else { path }),
            b"@query" => {
                text.push_byte(b'?');
                text.push(query);
            }
            b"@request-target" => text.push(raw),
            _ => text.push(field(frame, name)?),
        }
        text.push_byte(b'\n');
    }
    text.push(b"\"@signature-params\": ");
    text.push(claim.parameters);
    text.finish()
}

/// The authority without the port that the scheme has anyway, or an empty one (RFC 9421, section 2.2.3; RFC 9110, section 4.2.3).
fn authority<'a>(frame: &Frame<'a>) -> &'a [u8] {
    let authority = frame.request.authority;
    let usual: &[u8] = if frame.request.scheme == b"https" { b":443" } else { b":80" };
    authority.strip_suffix(usual).or_else(|| authority.strip_suffix(b":")).unwrap_or(authority)
}

/// Whether `content-digest` (RFC 9530) has a digest that is known here, each such once, and each is the body's.
fn is_digest(frame: &Frame<'_>, body: &[u8], constants: &[u8]) -> bool {
    let Some(value) = field(frame, b"content-digest") else { return false };
    let mut cursor = Cursor { rest: value };
    let (mut short, mut long) = (false, false);
    loop {
        let Some(name) = cursor.key() else { return false };
        // Each is computed once, however often it is written.
        let again = match name {
            b"sha-256" => core::mem::replace(&mut short, true),
            b"sha-512" => core::mem::replace(&mut long, true),
            _ => false,
        };
        if again {
            return false;
        }
        if cursor.expect(b'=').is_none() || cursor.expect(b':').is_none() {
            return false;
        }
        let written = cursor.many(is_base64);
        let Ok(Some(given)) = from_base64(written, Alphabet::Standard, frame.arena) else { return false };
        let right = match name {
            b"sha-256" => given == sha256::digest(body),
            b"sha-512" => given == digest::of(Sha512::new(constants), body),
            _ => true,
        };
        if !right || cursor.expect(b':').is_none() {
            return false;
        }
        match cursor.another() {
            Some(true) => {}
            Some(false) => return short || long,
            None => return false,
        }
    }
}

/// A list of components and its parameters. Inside nothing: it is well-formed and cannot count.
fn input<'a>(cursor: &mut Cursor<'a>) -> Option<Option<Claim<'a>>> {
    let all = cursor.rest;
    cursor.expect(b'(')?;
    let inner = cursor.rest;
    let mut plain = true;
    loop {
        cursor.many(|byte| byte == b' ');
        if cursor.rest.first() == Some(&b')') {
            break;
        }
        let name = cursor.quoted()?;
        plain &= !name.is_empty() && !name.iter().any(|byte| b" \\".contains(byte));
        cursor.parameters(|_, _| plain = false)?;
        if !matches!(cursor.rest.first(), Some(b' ' | b')')) {
            return None;
        }
    }
    let components = bytes::until(inner, inner.len().wrapping_sub(cursor.rest.len()));
    cursor.take(b')');
    let (mut created, mut expires, mut algorithm) = (None, None, false);
    cursor.parameters(|name, value| match (name, value) {
        (b"created", Bare::Int(at)) => plain &= created.replace(at).is_none(),
        (b"expires", Bare::Int(at)) => plain &= expires.replace(at).is_none(),
        (b"alg", Bare::Text(b"hmac-sha256")) => plain &= !core::mem::replace(&mut algorithm, true),
        (b"created" | b"expires" | b"alg", _) => plain = false,
        _ => {}
    })?;
    let parameters = bytes::until(all, all.len().wrapping_sub(cursor.rest.len()));
    let claim = |created| Claim { components, parameters, created, expires, code: &[] };
    Some(if plain { created.map(claim) } else { None })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{Demands, code, present};
    use crate::contract::credential;
    use crate::digest::sha512;
    use crate::frame::Frame;
    use crate::http::request;
    use crate::rt::arena::Arena;
    use crate::tables::slots;
    use crate::testing::FakeHost;
    use crate::values::encoding::{Alphabet, from_base64};

    /// RFC 9421, B.1.5.
    const SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    /// RFC 9421, B.2.5.
    const EXAMPLE: [(&str, &str); 7] = [
        (":method", "POST"),
        (":path", "/foo?param=Value&Pet=dog"),
        (":authority", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("signature-input", r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#),
        ("signature", "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"),
    ];

    fn verify(pairs: &[(&str, &str)], covers: &str) -> (i32, bool) {
        let arena = Arena::new();
        let slots = slots::encode(&["host", "content-type", "content-length", "authorization"]);
        let mut host = FakeHost { now: 1_618_884_473_000_000_000, ..FakeHost::with_request(pairs) };
        let mut frame = Frame::new(&arena);
        assert!(request::begin(&mut frame, &mut host, arena.copy(&slots).unwrap()));
        let demands = Demands { covers: covers.as_bytes(), tolerance: 1_000_000_000, most: 16 };
        let secret = from_base64(SECRET.as_bytes(), Alphabet::Standard, &arena).ok().flatten().unwrap();
        let state = present(&mut frame, &mut host, 0, demands);
        let right = code(&mut frame, &mut host, secret, demands, &sha512::constants()).is_some();
        (state, right)
    }

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(verify(&EXAMPLE, "date @authority content-type"), (credential::OPEN, true));
        assert_eq!(verify(&EXAMPLE, "date @method"), (credential::MALFORMED, false));
        assert_eq!(verify(&EXAMPLE[..5], "date"), (credential::ABSENT, false));
    }

    /// RFC 9421, 2.2.3: the port that the scheme has anyway is not signed, any other is.
    #[test]
    fn the_schemes_own_port_is_not_signed() {
        for (scheme, authority, right) in [
            ("http", "Example.com:80", true),
            ("https", "example.com:443", true),
            ("http", "example.com:", true),
            ("https", "example.com:", true),
            ("http", "example.com:443", false),
            ("https", "example.com:80", false),
            ("http", "example.com:8080", false),
            ("http", "example.com:80:80", false),
            ("http", "example.com:080", false),
        ] {
            let mut pairs = EXAMPLE.to_vec();
            pairs.retain(|(name, _)| *name != ":authority");
            pairs.extend([(":authority", authority), (":scheme", scheme)]);
            assert_eq!(verify(&pairs, "date @authority content-type"), (credential::OPEN, right), "{scheme} {authority}");
        }
    }

    #[test]
    fn another_value_of_what_is_signed_is_refused() {
        for at in 2..EXAMPLE.len() {
            let (_, value) = EXAMPLE[at];
            for place in 0..value.len() {
                let mut changed = EXAMPLE;
                let other = if value.as_bytes()[place] == b'z' { "y" } else { "z" };
                let mut text = value.to_owned();
                text.replace_range(place..=place, other);
                changed[at].1 = &text;
                assert!(!verify(&changed, "date").1, "{text}");
            }
        }
    }
}
