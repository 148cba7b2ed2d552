//! Credentials: their states, and what each scope demands of them.

use portcullis_runtime::contract::{Mechanism, REASONS, Val, credential, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{any, binary, not};
use super::{hmac, jwt, peer, reply, tables, token};
use crate::ir::hir::{self, Credential, CredentialId, CredentialSource, Keys, Member};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt};

/// What counts when a credential is not presented that has to be.
const ABSENT: &str = "absent";

/// What counts when a certificate is verified and is not the one.
const OTHER_PEER: &str = "other_peer";

/// The states in which a credential is refused whatever a line says: status, and what counts. The caller learns the status only.
fn refusals(credential: &Credential) -> &'static [(i32, u16, &'static str)] {
    match credential {
        Credential::ApiKey(_) => &[(credential::DOUBLED, 400, "doubled"), (credential::INVALID, 401, "unknown_key")],
        Credential::Basic(_) => &[
            (credential::DOUBLED, 400, "doubled"),
            (credential::INVALID, 401, "unknown_user"),
            (credential::SECRET, 401, "wrong_password"),
            (credential::MALFORMED, 401, "malformed"),
        ],
        Credential::Hmac(_) => &[
            (credential::DOUBLED, 400, "doubled"),
            (credential::MALFORMED, 401, "malformed"),
            (credential::STALE, 401, "stale"),
            (credential::TOO_LARGE, 401, "too_large"),
            (credential::SECRET, 401, "wrong_signature"),
            (credential::REPLAYED, 401, "replayed"),
        ],
        Credential::Token(_) => &[
            (credential::DOUBLED, 400, "doubled"),
            (credential::MALFORMED, 401, "malformed"),
            (credential::SECRET, 401, "wrong_signature"),
            (credential::STALE, 401, "expired"),
        ],
        // A certificate is presented to the host and not to one declaration: another one may take it.
        Credential::Mtls(_) => &[],
        // Of invalid ones the stub tells why: `jwt::refuse_invalid`.
        Credential::Jwt(_) => &[(credential::DOUBLED, 400, "doubled")],
    }
}

/// Everything that refusals of a credential count; what a token is refused for in the order of its numbers.
pub(super) fn outcomes(credential: &Credential) -> impl Iterator<Item = &'static str> {
    let reasons = if matches!(credential, Credential::Jwt(_)) { &REASONS[..] } else { &[] };
    let other = matches!(credential, Credential::Mtls(_)).then_some(OTHER_PEER);
    reasons.iter().copied().chain([ABSENT]).chain(refusals(credential).iter().map(|(_, _, outcome)| *outcome)).chain(other)
}

/// What the number of a metric becomes when a scope in shadow says which refusal it would have been: below every action.
const WATCHED: i32 = i32::MIN;

/// Whether some scope in shadow demands a credential.
pub(super) fn is_watched(policy: &hir::Policy, number: usize) -> bool {
    policy.scopes.iter().any(|scope| scope.shadow && scope.demands(number))
}

/// The state of a credential; computed once for each request.
pub(super) fn state(builder: &mut Builder<'_>, id: CredentialId) -> Expr {
    let policy = builder.policy;
    match policy.credentials.get(id.index()) {
        Some(Credential::ApiKey(key)) => api_key(builder, id, key),
        Some(Credential::Basic(basic)) => self::basic(builder, id, basic),
        Some(Credential::Hmac(hmac)) => Expr::Apply(hmac::functions(builder, id, hmac).whole, vec![]),
        Some(Credential::Mtls(mtls)) => peer::state(builder, id, mtls),
        Some(Credential::Jwt(token)) => jwt::state(builder, id, token),
        Some(Credential::Token(token)) => token::state(builder, id, token),
        None => Expr::I32(credential::ABSENT),
    }
}

/// The state of a credential as far as the headers tell it: what signs may still be open.
pub(super) fn state_from_headers(builder: &mut Builder<'_>, id: CredentialId) -> Expr {
    let policy = builder.policy;
    match policy.credentials.get(id.index()) {
        Some(Credential::Hmac(hmac)) => Expr::Apply(hmac::functions(builder, id, hmac).from_headers, vec![]),
        Some(Credential::ApiKey(_) | Credential::Basic(_) | Credential::Mtls(_) | Credential::Jwt(_) | Credential::Token(_)) | None => {
            state(builder, id)
        }
    }
}

/// How the state of a credential is told.
type State = fn(&mut Builder<'_>, CredentialId) -> Expr;

fn api_key(builder: &mut Builder<'_>, id: CredentialId, key: &hir::ApiKey) -> Expr {
    let description = tables::credential(builder, &key.from);
    match &key.keys {
        Keys::Known(keys) => {
            let keys = tables::keys(builder, keys);
            call(Mechanism::CredentialCheck, vec![index(id.index()), Expr::Data(description), Expr::Data(keys)])
        }
        Keys::Config(field) => {
            call(Mechanism::CredentialCheckConfig, vec![index(id.index()), Expr::Data(description), index(field.index())])
        }
    }
}

fn basic(builder: &mut Builder<'_>, id: CredentialId, basic: &hir::Basic) -> Expr {
    let description = tables::credential(builder, &basic.from);
    match &basic.users {
        Keys::Known(users) => {
            let users = tables::users(builder, users);
            call(Mechanism::CredentialCheckBasic, vec![index(id.index()), Expr::Data(description), Expr::Data(users)])
        }
        Keys::Config(field) => {
            call(Mechanism::CredentialCheckBasicConfig, vec![index(id.index()), Expr::Data(description), index(field.index())])
        }
    }
}

/// What is known of a valid credential. Checking first is free when it was done: the state is kept for the request.
pub(super) fn member(builder: &mut Builder<'_>, id: CredentialId, member: Member) -> Expr {
    if let Some(Credential::Mtls(mtls)) = builder.policy.credentials.get(id.index()) {
        return peer::member(builder, id, mtls, member);
    }
    let state = state(builder, id);
    let value = match member {
        Member::KeyId | Member::User | Member::San | Member::Subject => call(Mechanism::CredentialKeyId, vec![index(id.index())]),
    };
    Expr::Block(vec![Stmt::Do(state)], Box::new(value))
}

/// `NAME is present`.
pub(super) fn is_valid(builder: &mut Builder<'_>, id: CredentialId) -> Expr {
    let state = state(builder, id);
    binary(BinaryOp::Equal32, state, Expr::I32(credential::VALID))
}

/// A function that tries all selected scopes in order: -1, or the action of a refusal. `None` when no scope authenticates.
pub(super) fn lower(builder: &mut Builder<'_>, state: State, name: &str) -> Option<FunctionId> {
    let policy = builder.policy;
    if policy.scopes.iter().all(|scope| scope.authenticate.is_empty()) {
        return None;
    }
    let mut arms = Vec::new();
    for scope in &policy.scopes {
        if scope.authenticate.is_empty() {
            arms.push(vec![give(Expr::I32(-1))]);
            continue;
        }
        let function = demand(builder, scope, state);
        arms.push(vec![give(Expr::Apply(function, vec![]))]);
    }
    let context = Context::new(Phase::Request, &[Val::I32]);
    let body = vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![]), give(Expr::I32(-1))];
    let by_scope = builder.function(format!("{name}: scope"), context, Some(Val::I32), body);

    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let number = context.local(Val::I32);
    let outcome = context.local(Val::I32);
    let selected = call(Mechanism::RulesSelected, vec![Expr::I32(kind::SCOPE), Expr::Local(number)]);
    let refused = not(binary(BinaryOp::Equal32, Expr::Local(outcome), Expr::I32(-1)));
    let mut stop = Stmt::If(refused, vec![give(Expr::Local(outcome))], vec![]);
    if policy.scopes.iter().any(|scope| scope.shadow && !scope.authenticate.is_empty()) {
        // Of what scopes in shadow would have refused the first counts.
        let counted = context.local(Val::I32);
        let metric = binary(BinaryOp::Add32, Expr::Local(outcome), Expr::I32(WATCHED));
        let count = vec![act(Mechanism::Count, vec![metric]), Stmt::Set(counted, Expr::I32(1))];
        let watched = binary(BinaryOp::Less32, Expr::Local(outcome), Expr::I32(-1));
        stop = Stmt::If(watched, vec![Stmt::If(Expr::Local(counted), vec![], count)], vec![stop]);
    }
    let each = vec![Stmt::Set(outcome, Expr::Apply(by_scope, vec![selected])), stop];
    let body = vec![Stmt::Count(number, Expr::Local(Local(0)), each), give(Expr::I32(-1))];
    Some(builder.function(name, context, Some(Val::I32), body))
}

/// What [`awaits`] gives when a scope that refuses asks for the keys; 1 when only some in shadow do, 0 when none does.
pub(super) const AWAITED: i32 = 2;

/// A function that tells whether a selected scope demands a credential whose keys are being fetched. `None` when none can.
/// What it finds out of credentials is kept, so it costs nothing that authentication would not cost.
pub(super) fn awaits(builder: &mut Builder<'_>) -> Option<FunctionId> {
    let policy = builder.policy;
    let fetched = |id: &CredentialId| policy.credentials.get(id.index()).is_some_and(jwt::is_fetched);
    let demanded = |scope: &hir::Scope| -> Vec<CredentialId> {
        scope.authenticate.iter().flat_map(|line| &line.credentials).copied().filter(|id| fetched(id)).collect()
    };
    if policy.scopes.iter().all(|scope| demanded(scope).is_empty()) {
        return None;
    }
    let mut arms = Vec::new();
    for scope in &policy.scopes {
        let waits = demanded(scope).into_iter().map(|id| {
            let state = state(builder, id);
            binary(BinaryOp::Equal32, state, Expr::I32(credential::WAIT))
        });
        let waits: Vec<Expr> = waits.collect();
        let found = Expr::I32(if scope.shadow { 1 } else { AWAITED });
        arms.push(if waits.is_empty() { Vec::new() } else { vec![Stmt::If(any(waits), vec![give(found)], vec![])] });
    }
    let context = Context::new(Phase::Request, &[Val::I32]);
    let body = vec![Stmt::Switch(Expr::Local(Local(0)), arms, vec![]), give(Expr::I32(0))];
    let by_scope = builder.function("scope waits for keys", context, Some(Val::I32), body);
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let number = context.local(Val::I32);
    let (found, some) = (context.local(Val::I32), context.local(Val::I32));
    let selected = call(Mechanism::RulesSelected, vec![Expr::I32(kind::SCOPE), Expr::Local(number)]);
    let is_awaited = binary(BinaryOp::Equal32, Expr::Local(found), Expr::I32(AWAITED));
    let each = vec![
        Stmt::Set(found, Expr::Apply(by_scope, vec![selected])),
        Stmt::If(is_awaited, vec![give(Expr::I32(AWAITED))], vec![]),
        Stmt::If(Expr::Local(found), vec![Stmt::Set(some, Expr::I32(1))], vec![]),
    ];
    let body = vec![Stmt::Count(number, Expr::Local(Local(0)), each), give(Expr::Local(some))];
    Some(builder.function("waits for keys", context, Some(Val::I32), body))
}

/// What one scope demands: -1 when its lines hold.
fn demand(builder: &mut Builder<'_>, scope: &hir::Scope, state: State) -> FunctionId {
    let policy = builder.policy;
    let mut context = Context::new(Phase::Request, &[]);
    let mut body = Vec::new();
    for line in &scope.authenticate {
        let mut states: Vec<(CredentialId, Local)> = Vec::new();
        for id in &line.credentials {
            let local = context.local(Val::I32);
            let value = state(builder, *id);
            body.push(Stmt::Set(local, value));
            for (state, status, outcome) in policy.credentials.get(id.index()).map_or(&[][..], refusals) {
                let is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(*state));
                let refusal = refuse(builder, scope, *id, *status, Why::Counts(outcome));
                body.push(Stmt::If(is, refusal, vec![]));
            }
            if let Some(Credential::Jwt(_)) = policy.credentials.get(id.index()) {
                let is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::INVALID));
                let refusal = refuse(builder, scope, *id, 401, Why::Token);
                body.push(Stmt::If(is, refusal, vec![]));
            }
            let mut is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::FAULT));
            if policy.credentials.get(id.index()).is_some_and(jwt::is_fetched) {
                // Who could not wait for keys has none.
                is = any(vec![is, binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::WAIT))]);
            }
            let fault = if scope.shadow { vec![give(Expr::I32(-1))] } else { reply::fault(builder) };
            body.push(Stmt::If(is, fault, vec![]));
            states.push((*id, local));
        }
        if line.optional {
            continue;
        }
        // After all refusals, what is there counts: it is valid, or may still be.
        let other = |local: Local| binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::OTHER));
        let valid = |local: Local| binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::VALID));
        let valid = |local: Local, id: &CredentialId| {
            let signs = matches!(policy.credentials.get(id.index()), Some(Credential::Hmac(_)));
            if signs { not(binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::ABSENT))) } else { valid(local) }
        };
        if line.any {
            let some = any(states.iter().map(|(id, local)| valid(*local, id)).collect());
            if let Some((first, local)) = states.first() {
                let mut refusal = refuse(builder, scope, *first, 401, Why::Absent);
                if let Some(Credential::Mtls(_)) = policy.credentials.get(first.index()) {
                    let known = refuse(builder, scope, *first, 401, Why::Other);
                    refusal = vec![Stmt::If(other(*local), known, refusal)];
                }
                body.push(Stmt::If(not(some), refusal, vec![]));
            }
        } else {
            for (id, local) in &states {
                let refusal = refuse(builder, scope, *id, 401, Why::Absent);
                if let Some(Credential::Mtls(_)) = policy.credentials.get(id.index()) {
                    let known = refuse(builder, scope, *id, 401, Why::Other);
                    body.push(Stmt::If(other(*local), known, vec![]));
                }
                body.push(Stmt::If(not(valid(*local, id)), refusal, vec![]));
            }
        }
    }
    body.push(give(Expr::I32(-1)));
    let name = format!("scope {:?}: authenticate", crate::plan::template_text(&scope.template));
    builder.function(name, context, Some(Val::I32), body)
}

/// Why a credential is refused.
#[derive(Clone, Copy, PartialEq)]
enum Why {
    /// It is not there.
    Absent,
    /// A certificate is there, and is not the one.
    Other,
    /// What counts is known beforehand.
    Counts(&'static str),
    /// A token is refused; the stub knows why.
    Token,
}

/// The refusal of a credential by a scope; one in shadow tells what would count.
fn refuse(builder: &mut Builder<'_>, scope: &hir::Scope, id: CredentialId, status: u16, why: Why) -> Vec<Stmt> {
    let policy = builder.policy;
    let Some(credential) = policy.credentials.get(id.index()) else { return vec![give(Expr::I32(-1))] };
    if scope.shadow {
        let metric = builder.metrics.number(&credential.name().text, "shadow");
        return vec![give(Expr::I32(WATCHED.saturating_add(i32::try_from(metric).unwrap_or(i32::MAX))))];
    }
    let presented = matches!(why, Why::Counts(_) | Why::Token);
    let challenge = (status == 401).then(|| challenge(policy, credential, presented));
    let full = reply::Full { challenge, ..reply::Full::of(&reply::bare(status)) };
    let name = &credential.name().text;
    match why {
        Why::Absent => reply::refuse_with(builder, &full, name, ABSENT),
        Why::Other => reply::refuse_with(builder, &full, name, OTHER_PEER),
        Why::Counts(outcome) => reply::refuse_with(builder, &full, name, outcome),
        Why::Token => jwt::refuse_invalid(builder, id, name, &full),
    }
}

/// What tells the caller how to present the credential (RFC 9110, section 11.6.1); where it was, and is not valid, RFC 6750,
/// section 3.1, wants that said, and nothing more.
fn challenge(policy: &hir::Policy, credential: &Credential, presented: bool) -> String {
    let realm = &policy.name.text;
    let bearer = || format!("Bearer realm=\"{realm}\"{}", if presented { ", error=\"invalid_token\"" } else { "" });
    match credential {
        Credential::ApiKey(key) if key.from.contains(&CredentialSource::Bearer) => bearer(),
        Credential::Jwt(_) => bearer(),
        Credential::ApiKey(_) => format!("ApiKey realm=\"{realm}\""),
        Credential::Basic(_) => format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
        Credential::Hmac(_) => format!("Hmac realm=\"{realm}\""),
        Credential::Mtls(_) => format!("ClientCertificate realm=\"{realm}\""),
        Credential::Token(token) if token.from.contains(&CredentialSource::Bearer) => format!("Bearer realm=\"{realm}\""),
        Credential::Token(_) => format!("Token realm=\"{realm}\""),
    }
}

/// Takes credentials out of what is forwarded.
pub(super) fn strip(builder: &mut Builder<'_>) -> Vec<Stmt> {
    let policy = builder.policy;
    let mut body = Vec::new();
    for (number, credential) in policy.credentials.iter().enumerate() {
        if !credential.forward() && policy.is_demanded(number) {
            if matches!(credential, Credential::Hmac(hmac) if hmac.aws.is_some()) {
                body.push(act(Mechanism::CredentialAwsStrip, vec![]));
                continue;
            }
            let description = tables::credential(builder, credential.from());
            body.push(act(Mechanism::CredentialStrip, vec![Expr::Data(description)]));
        }
    }
    body
}
