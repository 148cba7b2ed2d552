//! Credentials: their states, and what each scope demands of them.

use portcullis_runtime::contract::{Mechanism, REASONS, Val, credential, kind};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{any, binary, not};
use super::{hmac, jwt, reply, tables, token};
use crate::ir::hir::{self, Credential, CredentialId, CredentialSource, Keys, Member};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt};

/// What a refusal counts that needs no reason of its own.
const DENY: &str = "deny";
const ABSENT: &str = "absent";

/// What counts when a credential is not presented that has to be.
fn absent(credential: &Credential) -> &'static str {
    match credential {
        Credential::ApiKey(_) => DENY,
        Credential::Basic(_) | Credential::Jwt(_) | Credential::Hmac(_) | Credential::Token(_) => ABSENT,
    }
}

/// The states in which a credential is refused whatever a line says: status, and what counts. The caller learns the status only.
fn refusals(credential: &Credential) -> &'static [(i32, u16, &'static str)] {
    match credential {
        Credential::ApiKey(_) => &[(credential::DOUBLED, 400, DENY), (credential::INVALID, 401, DENY)],
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
        // Of invalid ones the stub tells why: `jwt::refuse_invalid`.
        Credential::Jwt(_) => &[(credential::DOUBLED, 400, "doubled")],
    }
}

/// Everything that refusals of a credential count; what a token is refused for in the order of its numbers.
pub(super) fn outcomes(credential: &Credential) -> impl Iterator<Item = &'static str> {
    let reasons = if matches!(credential, Credential::Jwt(_)) { &REASONS[..] } else { &[] };
    reasons.iter().copied().chain([absent(credential)]).chain(refusals(credential).iter().map(|(_, _, outcome)| *outcome))
}

/// The state of a credential; computed once for each request.
pub(super) fn state(builder: &mut Builder<'_>, id: CredentialId) -> Expr {
    let policy = builder.policy;
    match policy.credentials.get(id.index()) {
        Some(Credential::ApiKey(key)) => api_key(builder, id, key),
        Some(Credential::Basic(basic)) => self::basic(builder, id, basic),
        Some(Credential::Hmac(hmac)) => Expr::Apply(hmac::functions(builder, id, hmac).whole, vec![]),
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
        Some(Credential::ApiKey(_) | Credential::Basic(_) | Credential::Jwt(_) | Credential::Token(_)) | None => state(builder, id),
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
    let state = state(builder, id);
    let value = match member {
        Member::KeyId | Member::User => call(Mechanism::CredentialKeyId, vec![index(id.index())]),
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
    let each = vec![
        Stmt::Set(outcome, Expr::Apply(by_scope, vec![selected])),
        Stmt::If(not(binary(BinaryOp::Equal32, Expr::Local(outcome), Expr::I32(-1))), vec![give(Expr::Local(outcome))], vec![]),
    ];
    let body = vec![Stmt::Count(number, Expr::Local(Local(0)), each), give(Expr::I32(-1))];
    Some(builder.function(name, context, Some(Val::I32), body))
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
                let refusal = refuse(builder, *id, *status, Why::Counts(outcome));
                body.push(Stmt::If(is, refusal, vec![]));
            }
            if let Some(Credential::Jwt(_)) = policy.credentials.get(id.index()) {
                let is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::INVALID));
                let refusal = refuse(builder, *id, 401, Why::Token);
                body.push(Stmt::If(is, refusal, vec![]));
            }
            let is = binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::FAULT));
            let fault = reply::fault(builder);
            body.push(Stmt::If(is, fault, vec![]));
            states.push((*id, local));
        }
        if line.optional {
            continue;
        }
        // After all refusals, what is there counts: it is valid, or may still be.
        let valid = |local: Local| binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::VALID));
        let valid = |local: Local, id: &CredentialId| {
            let signs = matches!(policy.credentials.get(id.index()), Some(Credential::Hmac(_)));
            if signs { not(binary(BinaryOp::Equal32, Expr::Local(local), Expr::I32(credential::ABSENT))) } else { valid(local) }
        };
        if line.any {
            let some = any(states.iter().map(|(id, local)| valid(*local, id)).collect());
            if let Some((first, _)) = states.first() {
                let refusal = refuse(builder, *first, 401, Why::Absent);
                body.push(Stmt::If(not(some), refusal, vec![]));
            }
        } else {
            for (id, local) in &states {
                let refusal = refuse(builder, *id, 401, Why::Absent);
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
    /// What counts is known beforehand.
    Counts(&'static str),
    /// A token is refused; the stub knows why.
    Token,
}

/// The refusal of a credential.
fn refuse(builder: &mut Builder<'_>, id: CredentialId, status: u16, why: Why) -> Vec<Stmt> {
    let policy = builder.policy;
    let Some(credential) = policy.credentials.get(id.index()) else { return vec![give(Expr::I32(-1))] };
    let challenge = (status == 401).then(|| challenge(policy, credential, why != Why::Absent));
    let full = reply::Full { challenge, ..reply::Full::of(&reply::bare(status)) };
    match why {
        Why::Absent => reply::refuse_with(builder, &full, &credential.name().text, absent(credential)),
        Why::Counts(outcome) => reply::refuse_with(builder, &full, &credential.name().text, outcome),
        Why::Token => jwt::refuse_invalid(builder, id, &credential.name().text, &full),
    }
}

/// What tells the caller how to present the credential (RFC 9110, section 11.6.1; RFC 6750, section 3), and nothing more.
fn challenge(policy: &hir::Policy, credential: &Credential, invalid: bool) -> String {
    let realm = &policy.name.text;
    match credential {
        Credential::ApiKey(key) if key.from.contains(&CredentialSource::Bearer) => format!("Bearer realm=\"{realm}\""),
        Credential::Jwt(_) if invalid => format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
        Credential::Jwt(_) => format!("Bearer realm=\"{realm}\""),
        Credential::ApiKey(_) => format!("ApiKey realm=\"{realm}\""),
        Credential::Basic(_) => format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
        Credential::Hmac(_) => format!("Hmac realm=\"{realm}\""),
        Credential::Token(token) if token.from.contains(&CredentialSource::Bearer) => format!("Bearer realm=\"{realm}\""),
        Credential::Token(_) => format!("Token realm=\"{realm}\""),
    }
}

/// Whether some scope authenticates a credential.
fn is_demanded(policy: &hir::Policy, number: usize) -> bool {
    let names = |line: &hir::Authenticate| line.credentials.iter().any(|id| id.index() == number);
    policy.scopes.iter().any(|scope| scope.authenticate.iter().any(names))
}

/// Takes credentials out of what is forwarded.
pub(super) fn strip(builder: &mut Builder<'_>) -> Vec<Stmt> {
    let policy = builder.policy;
    let mut body = Vec::new();
    for (number, credential) in policy.credentials.iter().enumerate() {
        if !credential.forward() && is_demanded(policy, number) {
            let description = tables::credential(builder, credential.from());
            body.push(act(Mechanism::CredentialStrip, vec![Expr::Data(description)]));
        }
    }
    body
}
