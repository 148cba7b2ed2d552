//! Keys of a `jwt`: a JSON Web Key Set in a file, or the configuration value that brings one or a secret.

use super::attrs::{self, Attrs};
use super::context::Context;
use super::file::{self, Node};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};

/// Most keys of one set.
const MOST: usize = 64;
/// Most `jwt`s that fetch their keys: a request that is held for its body remembers of each whether it held.
const FETCHED: usize = 30;
/// Bits that the modulus of an RSA key may have.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// What signatures are verified with.
pub(super) fn keys(
    ctx: &mut Context<'_>,
    jwt: &ast::Jwt,
    attrs: &Attrs<'_>,
    algorithms: &[(hir::JwtAlgorithm, Span)],
) -> Option<hir::JwtKeys> {
    let example = "keys = file \"jwks.json\"";
    let Some(attr) = attrs.get("keys") else {
        attrs::missing(ctx, jwt.name.span, &format!("`jwt {}`", jwt.name.text), "keys", example);
        return None;
    };
    let keys = match &attr.value {
        ast::Value::Source(source) => hir::JwtKeys::Known(from_file(ctx, source)?),
        ast::Value::Fetch(inner, span) => hir::JwtKeys::Fetched(fetched(ctx, inner, *span)?),
        ast::Value::Expr(expr) => configured(ctx, attr, expr)?,
        ast::Value::Outcome(_) | ast::Value::Distinct(_) => {
            attrs::wrong(ctx, attr, "a `file \"…\"` or `config.NAME`", example);
            return None;
        }
    };
    for (algorithm, span) in algorithms {
        fitting(ctx, &keys, *algorithm, *span, attrs::value_span(attr));
    }
    Some(keys)
}

/// Reports an algorithm that these keys cannot have.
fn fitting(ctx: &mut Context<'_>, keys: &hir::JwtKeys, algorithm: hir::JwtAlgorithm, span: Span, keys_span: Span) {
    let name = algorithm.as_str();
    match keys {
        hir::JwtKeys::Known(_) | hir::JwtKeys::Set(_) | hir::JwtKeys::Fetched(_) if algorithm.is_hmac() => ctx.push(
            Diagnostic::error(Code::BadCredential, span, format!("`{name}` with public keys"), "takes a secret")
                .also(keys_span, "everybody may know these")
                .help("declare a `secret` in `config` and write `keys = config.NAME`"),
        ),
        hir::JwtKeys::Secret(_) if !algorithm.is_hmac() => ctx.push(
            Diagnostic::error(Code::BadCredential, span, format!("`{name}` with a secret"), "takes a public key")
                .also(keys_span, "this is a secret")
                .help("write `keys = file \"jwks.json\"`, or an algorithm such as `HS256`"),
        ),
        hir::JwtKeys::Known(known) if !known.iter().any(|key| key.fits(algorithm)) => {
            ctx.ineffective(span, format!("no key verifies `{name}`"), "tokens with it are refused", "drop it, or add the key to the set")
        }
        hir::JwtKeys::Known(_) | hir::JwtKeys::Secret(_) | hir::JwtKeys::Set(_) | hir::JwtKeys::Fetched(_) => {}
    }
}

/// `fetch { service = NAME, path = "…", refresh = 10m, stale = 24h }`.
fn fetched(ctx: &mut Context<'_>, inner: &[ast::Attr], span: Span) -> Option<hir::JwtFetch> {
    const REFRESH: i64 = 600_000_000_000;
    const STALE: i64 = 86_400_000_000_000;
    let attrs = attrs::check(ctx, crate::lang::attributes::Block::Fetch, inner);
    let examples = [("service", "service = identity"), ("path", "path = \"/.well-known/jwks.json\"")];
    for (name, example) in examples {
        if attrs.get(name).is_none() {
            attrs::missing(ctx, span, "`fetch`", name, example);
        }
    }
    let time = |ctx: &mut Context<'_>, name: &str, example: &str| {
        let attr = attrs.get(name)?;
        let time = super::jwt::duration(ctx, attr, example)?;
        if time < 1_000_000_000 {
            attrs::wrong(ctx, attr, "a duration of at least a second", example);
            return None;
        }
        Some(time)
    };
    let refresh = time(ctx, "refresh", "refresh = 10m").unwrap_or(REFRESH);
    let stale = time(ctx, "stale", "stale = 24h").unwrap_or(STALE.max(refresh));
    if let (true, Some(attr)) = (stale < refresh, attrs.get("stale")) {
        attrs::wrong(ctx, attr, "at least the duration of `refresh`", "stale = 24h");
    }
    let path = attrs.get("path").and_then(|attr| match &attr.value {
        ast::Value::Expr(expr) => {
            let path =
                super::constant::string(expr).filter(|path| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()));
            if path.is_none() {
                attrs::wrong(ctx, attr, "a path such as `\"/jwks.json\"`", examples[1].1);
            }
            path.map(str::to_owned)
        }
        ast::Value::Source(_) | ast::Value::Fetch(..) | ast::Value::Outcome(_) | ast::Value::Distinct(_) => {
            attrs::wrong(ctx, attr, "a path such as `\"/jwks.json\"`", examples[1].1);
            None
        }
    });
    let attr = attrs.get("service")?;
    let service = match attrs::word(attr).and_then(|word| ctx.symbols.get(word)) {
        Some((super::context::Symbol::Service(id), _)) => *id,
        Some(_) | None => {
            attrs::wrong(ctx, attr, "the name of a `service`", "service = identity");
            return None;
        }
    };
    let fetches =
        |credential: &&hir::Credential| matches!(credential, hir::Credential::Jwt(jwt) if matches!(jwt.keys, hir::JwtKeys::Fetched(_)));
    if ctx.credentials.iter().filter(fetches).count() >= FETCHED {
        let message = format!("more than {FETCHED} key sets that are fetched");
        ctx.error(Code::BadCredential, span, message, "one too many", "put key sets into files, or split the policy");
        return None;
    }
    Some(hir::JwtFetch { service, path: path?, refresh, stale })
}

fn configured(ctx: &mut Context<'_>, attr: &ast::Attr, expr: &ast::Expr) -> Option<hir::JwtKeys> {
    let env = super::env::Env::configuration("`keys`");
    let checked = super::expr::check(ctx, &env, expr);
    match (&checked.kind, &checked.ty) {
        (_, hir::Ty::Error) => None,
        (hir::ExprKind::Config(id), hir::Ty::Secret) => Some(hir::JwtKeys::Secret(*id)),
        (hir::ExprKind::Config(id), hir::Ty::String) => Some(hir::JwtKeys::Set(*id)),
        (hir::ExprKind::Config(_), hir::Ty::Optional(_)) => {
            let label = format!("has type `{}`", checked.ty);
            ctx.error(Code::MayBeAbsent, expr.span, "the keys may be absent", label, "declare the configuration value without `?`");
            None
        }
        _ => {
            attrs::wrong(
                ctx,
                attr,
                "a `file \"…\"`, a configured `secret`, or a configured `string` that holds a key set",
                "keys = config.NAME",
            );
            None
        }
    }
}

fn from_file(ctx: &mut Context<'_>, source: &ast::Source) -> Option<Vec<hir::Jwk>> {
    let (path, members) = file::object(ctx, source)?;
    let mut bad = |reason: &str, help: &str| {
        file::bad(ctx, source.span, &path, reason, help);
        None
    };
    let Some((_, Node::Array(items))) = members.iter().find(|(name, _)| name == "keys") else {
        return bad("is no JSON Web Key Set: it has no list `keys`", "save the set of your issuer (its `jwks_uri`) in it");
    };
    let mut keys = Vec::new();
    for (number, item) in items.iter().enumerate() {
        match key(item) {
            Ok(key) => keys.extend(key),
            Err((reason, help)) => return bad(&format!("has a bad key (number {} of `keys`): {reason}", number + 1), help),
        }
    }
    if keys.is_empty() {
        return bad("holds no public key that can be used", "add one of kind RSA, EC (P-256, P-384) or OKP (Ed25519)");
    }
    if keys.len() > MOST {
        return bad(&format!("holds more than {MOST} keys"), "keep those that your issuer signs with");
    }
    Some(keys)
}

/// Why a key cannot be used, and what to do.
type Fault = (String, &'static str);

/// One key; `None` when it is of a kind or use that is passed over.
fn key(item: &Node) -> Result<Option<hir::Jwk>, Fault> {
    let fault = |reason: &str, help: &'static str| (reason.to_owned(), help);
    let Node::Object(members) = item else { return Err(fault("it is no object", "correct the file")) };
    let member = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let text = |name: &str| match member(name) {
        Some(Node::String(text)) => Some(text.as_str()),
        Some(Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other | Node::Array(_) | Node::Object(_)) | None => None,
    };
    if let Some((name, _)) = members
        .iter()
        .enumerate()
        .find_map(|(at, (name, _))| members.iter().take(at).any(|(before, _)| before == name).then_some((name, at)))
    {
        return Err((format!("it names `{name}` twice"), "keep one of them"));
    }
    if member("d").is_some() {
        return Err(fault(
            "it is a private key",
            "keep it secret: take `d` and the other private members out, and replace the key if it got about",
        ));
    }
    if text("kty") == Some("oct") {
        return Err(fault(
            "it is a secret, and this file goes into the module",
            "declare a `secret` in `config` and write `keys = config.NAME`",
        ));
    }
    let is_to_verify = |value: &Node| match value {
        Node::Array(operations) => operations.iter().any(|operation| matches!(operation, Node::String(name) if name == "verify")),
        Node::String(_) | Node::Int(_) | Node::Bool(_) | Node::Float(_) | Node::Other | Node::Object(_) => false,
    };
    if member("use").is_some() && text("use") != Some("sig") || member("key_ops").is_some_and(|value| !is_to_verify(value)) {
        return Ok(None);
    }
    let number = |name: &str| {
        let bytes = text(name).and_then(base64url);
        bytes.ok_or_else(|| (format!("its `{name}` is missing or no base64url"), "copy the key again from your issuer"))
    };
    let point = |size: usize| {
        let (x, y) = (number("x")?, number("y")?);
        let whole = x.len() == size && y.len() == size;
        if whole { Ok((x, y)) } else { Err(fault("its coordinates have the wrong size", "copy the key again from your issuer")) }
    };
    let material = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => rsa(number("n")?, number("e")?)?,
        (Some("EC"), Some("P-256")) => point(32).map(|(x, y)| hir::JwkMaterial::P256 { x, y })?,
        (Some("EC"), Some("P-384")) => point(48).map(|(x, y)| hir::JwkMaterial::P384 { x, y })?,
        (Some("OKP"), Some("Ed25519")) => match number("x")? {
            x if x.len() == 32 => hir::JwkMaterial::Ed25519(x),
            _ => return Err(fault("its `x` has the wrong size", "copy the key again from your issuer")),
        },
        _ => return Ok(None),
    };
    let algorithm = match member("alg") {
        None => None,
        Some(_) => match hir::JwtAlgorithm::ALL.into_iter().find(|algorithm| Some(algorithm.as_str()) == text("alg")) {
            Some(algorithm) => Some(algorithm),
            // A key of an algorithm that the language does not have verifies nothing here.
            None => return Ok(None),
        },
    };
    Ok(Some(hir::Jwk { id: text("kid").map(str::to_owned), algorithm, material }))
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<hir::JwkMaterial, Fault> {
    let n: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
    let e: Vec<u8> = e.into_iter().skip_while(|byte| *byte == 0).collect();
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err((format!("its modulus has {bits} bits"), "use a key of 2048 to 4096 bits"));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !odd(&n) || !odd(&e) || e.len() > 4 || e == [1] {
        return Err(("its modulus or exponent is no RSA key's".to_owned(), "copy the key again from your issuer"));
    }
    Ok(hir::JwkMaterial::Rsa { n, e })
}

/// Canonical base64url without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut bits = 0u32;
    let mut count = 0;
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && bits == 0).then_some(bytes)
}
