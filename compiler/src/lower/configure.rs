//! `policy.on_configure`: the schema of the configuration, so that the stub can read and refuse.

use portcullis_runtime::contract::{Mechanism, Policy, Val};

use super::build::{Builder, Context, Phase, call, give, index};
use super::expr::{self, binary, not};
use super::tables;
use crate::ir::hir::{Basic, Credential, Keys, Ty};
use crate::ir::lir::{BinaryOp, Expr, Local, Stmt};

pub(super) fn lower(builder: &mut Builder<'_>) {
    let policy = builder.policy;
    let mut context = Context::new(Phase::Request, &[Val::I32]);
    let mut body = Vec::new();
    if policy.config.is_empty() {
        let none = call(Mechanism::ConfigNone, vec![Expr::Local(Local(0))]);
        body.push(Stmt::If(not(none), vec![give(Expr::I32(0))], vec![]));
    } else {
        let schema = tables::schema(builder);
        let reader = if policy.config.iter().all(|field| is_plain(&field.ty)) { Mechanism::ConfigLoad } else { Mechanism::ConfigLoadTyped };
        let load = call(reader, vec![Expr::Data(schema), Expr::Local(Local(0))]);
        body.push(Stmt::If(not(load), vec![give(Expr::I32(0))], vec![]));
    }
    let mut checked = Vec::new();
    for credential in &policy.credentials {
        if let Credential::Basic(Basic { users: Keys::Config(field), .. }) = credential
            && !checked.contains(field)
            && let Some(declared) = policy.config.get(field.index())
        {
            checked.push(*field);
            let name = builder.string(&declared.name.text);
            let valid = call(Mechanism::ConfigUsers, vec![index(field.index()), name]);
            body.push(Stmt::If(not(valid), vec![give(Expr::I32(0))], vec![]));
        }
    }
    for loaded in super::jwt::configured(builder) {
        body.push(Stmt::If(not(loaded), vec![give(Expr::I32(0))], vec![]));
    }
    for field in policy.encoded_secrets() {
        let name = policy.config.get(field.index()).map_or("", |config| config.name.text.as_str());
        let refusal = builder.string(&format!("portcullis: configuration key `{name}` must be `whsec_` and base64"));
        let valid = call(Mechanism::ConfigEncoded, vec![index(field.index()), refusal]);
        body.push(Stmt::If(not(valid), vec![give(Expr::I32(0))], vec![]));
    }
    for amount in policy.configured_amounts() {
        let value = expr::lower(builder, &mut context, amount.value);
        let refusal = builder.string(&format!("portcullis: {}", amount.refusal));
        let refused = call(Mechanism::ConfigRefuse, vec![refusal]);
        body.push(Stmt::If(binary(BinaryOp::Less64, value, Expr::I64(1)), vec![give(refused)], vec![]));
    }
    body.push(give(Expr::I32(1)));
    let function = builder.function("configure", context, Some(Val::I32), body);
    builder.implement(Policy::OnConfigure, function);
}

/// Whether values of this type are read as they are written; the others need readers that most policies do not.
fn is_plain(ty: &Ty) -> bool {
    match ty {
        Ty::Bool | Ty::Int | Ty::String | Ty::Secret => true,
        Ty::List(inner) | Ty::Map(inner) | Ty::Optional(inner) => is_plain(inner),
        Ty::Float | Ty::Bytes | Ty::Ip | Ty::Cidr | Ty::Duration | Ty::Time | Ty::Enum(_) | Ty::Json | Ty::Rate | Ty::Regex | Ty::Error => {
            false
        }
    }
}
