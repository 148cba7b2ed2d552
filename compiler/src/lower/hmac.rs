//! `hmac`: two functions for each declaration. The first tells what the headers say of what is presented, the second verifies it, with
//! the body where that is signed. Both give a state (`contract::credential`).

use portcullis_runtime::contract::{Mechanism, Val, credential};
use portcullis_runtime::digest::sha512;

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{binary, choose, hold, lower, not};
use super::{list, tables};
use crate::ir::hir::{self, Algorithm, CredentialId, Encoding, Hmac, Piece, TimestampForm, TimestampSource};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt, UnaryOp};

/// The functions of one declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Functions {
    /// From the headers.
    pub(super) from_headers: FunctionId,
    /// With the body.
    pub(super) whole: FunctionId,
}

/// The functions of a declaration; made once.
pub(super) fn functions(builder: &mut Builder<'_>, id: CredentialId, hmac: &Hmac) -> Functions {
    if let Some(functions) = builder.signed.get(&id.0) {
        return *functions;
    }
    let from_headers = from_headers(builder, id, hmac);
    let whole = whole(builder, id, hmac, from_headers);
    let functions = Functions { from_headers, whole };
    builder.signed.insert(id.0, functions);
    functions
}

fn is_zero(value: Expr) -> Expr {
    Expr::Unary(UnaryOp::IsZero64, Box::new(value))
}

fn settle(id: CredentialId, state: Expr) -> Stmt {
    give(call(Mechanism::CredentialSettle, vec![index(id.index()), state]))
}

/// Leaves with a state unless it is this one.
fn unless(id: CredentialId, local: Local, state: i32) -> Stmt {
    let is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(state));
    Stmt::If(is, vec![], vec![settle(id, Expr::Local(local))])
}

fn malformed(id: CredentialId) -> Vec<Stmt> {
    vec![settle(id, Expr::I32(credential::MALFORMED))]
}

/// The parts that begin so.
fn parts(builder: &mut Builder<'_>, id: CredentialId, hmac: &Hmac, prefix: &str) -> Expr {
    let separator = hmac.codes.separator.map_or(0, |separator| i32::try_from(u32::from(separator)).unwrap_or(0));
    let prefix = builder.string(prefix);
    call(Mechanism::CredentialParts, vec![index(id.index()), Expr::I32(separator), prefix])
}

/// Runs statements with each code that is presented.
fn each_code(hmac: &Hmac, context: &mut Context, parts: Local, code: Local, then: Vec<Stmt>) -> Stmt {
    let decoder = match hmac.codes.encoding {
        Encoding::Hex | Encoding::LowerHex => Mechanism::HexDecode,
        Encoding::Base64 => Mechanism::Base64Decode,
        Encoding::Base64Url => Mechanism::Base64UrlDecode,
    };
    let number = context.local(Val::I32);
    let mut body = vec![Stmt::Set(code, call(decoder, vec![list::cell(parts, number)]))];
    if hmac.codes.encoding == Encoding::LowerHex {
        let same = call(Mechanism::StrEqual, vec![call(Mechanism::HexEncode, vec![Expr::Local(code)]), list::cell(parts, number)]);
        body.push(Stmt::If(same, vec![], vec![Stmt::Set(code, Expr::I64(0))]));
    }
    body.extend(then);
    let count = Expr::Unary(UnaryOp::Wrap, Box::new(call(Mechanism::ListLen, vec![Expr::Local(parts)])));
    Stmt::Count(number, count, body)
}

/// The timestamp as it was written, or absent.
fn timestamp(builder: &mut Builder<'_>, context: &mut Context, id: CredentialId, hmac: &Hmac) -> Expr {
    match hmac.timestamp.as_ref().map(|timestamp| &timestamp.from) {
        Some(TimestampSource::Value(value)) => lower(builder, context, value),
        Some(TimestampSource::Part(prefix)) => {
            let found = parts(builder, id, hmac, prefix);
            let list = context.local(Val::I64);
            let first = context.local(Val::I32);
            let one = binary(BinaryOp::Equal64, call(Mechanism::ListLen, vec![Expr::Local(list)]), Expr::I64(1));
            let value = choose(Val::I64, one, list::cell(list, first), Expr::I64(0));
            Expr::Block(vec![Stmt::Set(list, found), Stmt::Set(first, Expr::I32(0))], Box::new(value))
        }
        None => Expr::I64(0),
    }
}

fn from_headers(builder: &mut Builder<'_>, id: CredentialId, hmac: &Hmac) -> FunctionId {
    let mut context = Context::new(Phase::Request, &[]);
    if let Some(tolerance) = hmac.aws {
        let state = call(Mechanism::CredentialAws, vec![index(id.index()), Expr::I64(tolerance), Expr::I64(hmac.longest())]);
        return builder.function(format!("hmac {}: from headers", hmac.name.text), context, Some(Val::I32), vec![give(state)]);
    }
    if let Some(http) = &hmac.http {
        let covers = builder.string(&http.covers.join(" "));
        let state =
            call(Mechanism::CredentialHttp, vec![index(id.index()), covers, Expr::I64(http.tolerance), index(hmac.most_signatures())]);
        return builder.function(format!("hmac {}: from headers", hmac.name.text), context, Some(Val::I32), vec![give(state)]);
    }
    let state = context.local(Val::I32);
    let description = tables::credential(builder, &hmac.from);
    let present = call(Mechanism::CredentialPresent, vec![index(id.index()), Expr::Data(description)]);
    let open = |local| binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::OPEN));
    let mut body = vec![Stmt::Set(state, present), Stmt::If(not(open(state)), vec![give(Expr::Local(state))], vec![])];
    let (list, code) = (context.local(Val::I64), context.local(Val::I64));
    body.push(Stmt::Set(list, parts(builder, id, hmac, &hmac.codes.prefix)));
    body.push(Stmt::If(is_zero(call(Mechanism::ListLen, vec![Expr::Local(list)])), malformed(id), vec![]));
    let spoiled = Stmt::If(is_zero(Expr::Local(code)), malformed(id), vec![]);
    body.push(each_code(hmac, &mut context, list, code, vec![spoiled]));
    if let Some(stamp) = &hmac.timestamp {
        let text = context.local(Val::I64);
        let written = timestamp(builder, &mut context, id, hmac);
        body.push(Stmt::Set(text, written));
        body.push(Stmt::If(is_zero(Expr::Local(text)), malformed(id), vec![]));
        let tolerance = Expr::I64(stamp.tolerance);
        match stamp.form {
            TimestampForm::Unix => body.push(Stmt::Set(state, call(Mechanism::CredentialFresh, vec![Expr::Local(text), tolerance]))),
            TimestampForm::Rfc3339 => {
                let cell = context.local(Val::I32);
                body.push(Stmt::Set(cell, call(Mechanism::StrToTime, vec![Expr::Local(text)])));
                body.push(Stmt::If(Expr::Local(cell), vec![], malformed(id)));
                let at = Expr::Load(Box::new(Expr::Local(cell)));
                body.push(Stmt::Set(state, call(Mechanism::CredentialNear, vec![at, tolerance])));
            }
        }
        body.push(unless(id, state, credential::OPEN));
    }
    body.push(give(Expr::I32(credential::OPEN)));
    builder.function(format!("hmac {}: from headers", hmac.name.text), context, Some(Val::I32), body)
}

fn whole(builder: &mut Builder<'_>, id: CredentialId, hmac: &Hmac, from_headers: FunctionId) -> FunctionId {
    let mut context = Context::new(Phase::Request, &[]);
    let state = context.local(Val::I32);
    let is_open = binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(credential::OPEN));
    let mut body =
        vec![Stmt::Set(state, Expr::Apply(from_headers, vec![])), Stmt::If(not(is_open), vec![give(Expr::Local(state))], vec![])];
    if hmac.reads_body {
        let missing = is_zero(call(Mechanism::BodyBytes, vec![]));
        body.push(Stmt::If(missing, vec![settle(id, Expr::I32(credential::TOO_LARGE))], vec![]));
    }
    for (reads, mechanism) in [(hmac.reads_json, Mechanism::BodyReadJson), (hmac.reads_form, Mechanism::BodyReadForm)] {
        if reads {
            body.push(Stmt::If(call(mechanism, vec![]), malformed(id), vec![]));
        }
    }
    // Of these the message and the code are found together, under each secret.
    let signed = if hmac.aws.is_some() || hmac.http.is_some() {
        None
    } else {
        let message = message(builder, &mut context, (id, hmac), &mut body);
        let list = context.local(Val::I64);
        body.push(Stmt::Set(list, parts(builder, id, hmac, &hmac.codes.prefix)));
        Some((message, list))
    };
    let (some, right) = (context.local(Val::I32), context.local(Val::I64));
    for secret in &hmac.secrets {
        let (set, key) = hold(builder, &mut context, secret);
        let mut with_key = vec![Stmt::Set(some, Expr::I32(1))];
        if hmac.encoded_secrets {
            with_key.push(Stmt::Set(key, call(Mechanism::CredentialSecret, vec![Expr::Local(key)])));
            with_key.push(Stmt::If(is_zero(Expr::Local(key)), vec![settle(id, Expr::I32(credential::FAULT))], vec![]));
        }
        let expected = context.local(Val::I64);
        let keep = Stmt::Set(right, Expr::Local(expected));
        if let Some((message, list)) = signed {
            let code = context.local(Val::I64);
            with_key.push(Stmt::Set(expected, computed(builder, hmac.algorithm, Expr::Local(key), Expr::Local(message))));
            // Each comparison takes time by the lengths only, and none is left out.
            let same = call(Mechanism::SecretEqual, vec![Expr::Local(code), Expr::Local(expected)]);
            with_key.push(each_code(hmac, &mut context, list, code, vec![Stmt::If(same, vec![keep], vec![])]));
        } else if let Some(http) = &hmac.http {
            let covers = builder.string(&http.covers.join(" "));
            let constants = Expr::Data(builder.table("constants of SHA-512", sha512::constants()));
            let found = call(
                Mechanism::CredentialHttpCode,
                vec![Expr::Local(key), covers, Expr::I64(http.tolerance), index(hmac.most_signatures()), constants],
            );
            with_key.push(Stmt::Set(expected, found));
            with_key.push(Stmt::If(is_zero(Expr::Local(expected)), vec![], vec![keep]));
        } else {
            with_key.push(Stmt::Set(expected, call(Mechanism::CredentialAwsCode, vec![Expr::Local(key)])));
            with_key.push(Stmt::If(is_zero(Expr::Local(expected)), vec![], vec![keep]));
        }
        body.push(set);
        body.push(Stmt::If(is_zero(Expr::Local(key)), vec![], with_key));
    }
    body.push(Stmt::If(Expr::Local(some), vec![], vec![settle(id, Expr::I32(credential::FAULT))]));
    body.push(Stmt::If(is_zero(Expr::Local(right)), vec![settle(id, Expr::I32(credential::SECRET))], vec![]));
    if let Some(dedupe) = &hmac.dedupe {
        let nonce = match &dedupe.nonce {
            // What is signed, and not its code: one that another secret gives beside it could come again alone.
            None => signed.as_ref().map_or(right, |(message, _)| *message),
            Some(nonce) => {
                let (set, local) = hold(builder, &mut context, nonce);
                body.push(set);
                body.push(Stmt::If(is_zero(Expr::Local(local)), malformed(id), vec![]));
                local
            }
        };
        let prefix = builder.string(&format!("portcullis/{}/{}/", builder.policy.name.text, hmac.name.text));
        let once = call(Mechanism::CredentialOnce, vec![prefix, Expr::Local(nonce), Expr::I64(dedupe.window)]);
        body.push(Stmt::Set(state, once));
        body.push(unless(id, state, credential::VALID));
    }
    body.push(settle(id, Expr::I32(credential::VALID)));
    builder.function(format!("hmac {}", hmac.name.text), context, Some(Val::I32), body)
}

/// What was signed, in a local; leaves when a piece is absent.
fn message(builder: &mut Builder<'_>, context: &mut Context, (id, hmac): (CredentialId, &Hmac), body: &mut Vec<Stmt>) -> Local {
    let mut pieces = Vec::new();
    for piece in &hmac.message {
        let (local, optional) = match piece {
            Piece::Value(value) => {
                let (set, local) = hold(builder, context, value);
                body.push(set);
                (local, value.ty.is_optional())
            }
            Piece::Timestamp => {
                let local = context.local(Val::I64);
                let written = timestamp(builder, context, id, hmac);
                body.push(Stmt::Set(local, written));
                (local, false)
            }
        };
        if optional {
            body.push(Stmt::If(is_zero(Expr::Local(local)), malformed(id), vec![]));
        }
        pieces.push(local);
    }
    if let [only] = pieces.as_slice() {
        return *only;
    }
    let message = context.local(Val::I64);
    body.push(act(Mechanism::TextBegin, vec![]));
    body.extend(pieces.into_iter().map(|piece| act(Mechanism::TextStr, vec![Expr::Local(piece)])));
    body.push(Stmt::Set(message, call(Mechanism::TextEnd, vec![])));
    message
}

fn computed(builder: &mut Builder<'_>, algorithm: Algorithm, key: Expr, message: Expr) -> Expr {
    match algorithm {
        Algorithm::Sha256 => call(Mechanism::HmacSha256, vec![key, message]),
        Algorithm::Sha1 => call(Mechanism::HmacSha1, vec![key, message]),
        Algorithm::Sha512 => {
            let constants = Expr::Data(builder.table("constants of SHA-512", sha512::constants()));
            call(Mechanism::HmacSha512, vec![constants, key, message])
        }
    }
}

/// Whether some scope has to wait for the body to authenticate, and what tells that it does: the scopes of each such credential.
pub(super) fn waiting(policy: &hir::Policy) -> Vec<(CredentialId, Vec<u32>)> {
    let mut found: Vec<(CredentialId, Vec<u32>)> = Vec::new();
    for (number, scope) in policy.scopes.iter().enumerate() {
        for id in scope.authenticate.iter().flat_map(|line| &line.credentials) {
            if !policy.credentials.get(id.index()).is_some_and(hir::Credential::reads_body) {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            match found.iter_mut().find(|(known, _)| known == id) {
                Some((_, scopes)) if scopes.contains(&number) => {}
                Some((_, scopes)) => scopes.push(number),
                None => found.push((*id, vec![number])),
            }
        }
    }
    found
}
