//! `policy.on_configure`: the schema of the configuration, so that the stub can read and refuse.

use portcullis_runtime::contract::{Mechanism, Policy, Val};

use super::build::{Builder, Context, Phase, call, give};
use super::expr::all;
use super::tables;
use crate::ir::lir::{Expr, Local};

pub(super) fn lower(builder: &mut Builder<'_>) {
    let context = Context::new(Phase::Request, &[Val::I32]);
    let load = if builder.policy.config.is_empty() {
        call(Mechanism::ConfigNone, vec![Expr::Local(Local(0))])
    } else {
        let schema = tables::schema(builder);
        let load = call(Mechanism::ConfigLoad, vec![Expr::Data(schema), Expr::Local(Local(0))]);
        all([load].into_iter().chain(super::jwt::configured(builder)).collect())
    };
    let function = builder.function("configure", context, Some(Val::I32), vec![give(load)]);
    builder.implement(Policy::OnConfigure, function);
}
