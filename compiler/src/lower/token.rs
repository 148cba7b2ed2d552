//! `token`: a function for each declaration that verifies what is presented, and what is read of it afterwards.

use portcullis_runtime::contract::{Mechanism, Val, credential};

use super::build::{Builder, Context, Phase, act, call, give, index};
use super::expr::{binary, choose, lower, not};
use super::{list, tables};
use crate::ir::hir::{Const, CredentialId, Token, Ty};
use crate::ir::lir::{BinaryOp, Expr, FunctionId, Local, Stmt, UnaryOp};

/// The state of a token; computed once for each request.
pub(super) fn state(builder: &mut Builder<'_>, id: CredentialId, token: &Token) -> Expr {
    if let Some(function) = builder.tokens.get(&id.0) {
        return Expr::Apply(*function, vec![]);
    }
    let function = verify(builder, id, token);
    builder.tokens.insert(id.0, function);
    Expr::Apply(function, vec![])
}

fn is_zero(value: Expr) -> Expr {
    Expr::Unary(UnaryOp::IsZero64, Box::new(value))
}

fn settle(id: CredentialId, state: i32) -> Vec<Stmt> {
    vec![give(call(Mechanism::CredentialSettle, vec![index(id.index()), Expr::I32(state)]))]
}

/// The parts of what is presented; an empty list when it has another format.
fn captures(builder: &mut Builder<'_>, id: CredentialId, token: &Token) -> Expr {
    let literals: Vec<Const> = token.literals.iter().map(|literal| Const::String(literal.clone())).collect();
    let literals = list::constants(builder, &literals.iter().collect::<Vec<_>>());
    call(Mechanism::CredentialCaptures, vec![index(id.index()), literals])
}

/// The cell of this number.
fn cell(list: Local, number: usize) -> Expr {
    let start = Expr::Unary(UnaryOp::Wrap, Box::new(Expr::Local(list)));
    Expr::Load(Box::new(binary(BinaryOp::Add32, start, index(number.saturating_mul(8)))))
}

fn verify(builder: &mut Builder<'_>, id: CredentialId, token: &Token) -> FunctionId {
    let mut context = Context::new(Phase::Request, &[]);
    let state = context.local(Val::I32);
    let description = tables::credential(builder, &token.from);
    let present = call(Mechanism::CredentialPresent, vec![index(id.index()), Expr::Data(description)]);
    let open = binary(BinaryOp::Equal32, Expr::Local(state), Expr::I32(credential::OPEN));
    let mut body = vec![Stmt::Set(state, present), Stmt::If(not(open), vec![give(Expr::Local(state))], vec![])];
    let parts = context.local(Val::I64);
    body.push(Stmt::Set(parts, captures(builder, id, token)));
    body.push(Stmt::If(is_zero(call(Mechanism::ListLen, vec![Expr::Local(parts)])), settle(id, credential::MALFORMED), vec![]));
    for (number, capture) in token.captures.iter().enumerate() {
        let value = context.local(Val::I64);
        body.push(Stmt::Set(value, cell(parts, number)));
        if capture.ty == Ty::Int {
            let int = context.local(Val::I32);
            body.push(Stmt::Set(int, call(Mechanism::StrToInt, vec![Expr::Local(value)])));
            body.push(Stmt::If(Expr::Local(int), vec![], settle(id, credential::MALFORMED)));
            // One number is written in one way.
            let read = Expr::Load(Box::new(Expr::Local(int)));
            body.push(act(Mechanism::TextBegin, vec![]));
            body.push(act(Mechanism::TextInt, vec![read.clone()]));
            let same = call(Mechanism::StrEqual, vec![call(Mechanism::TextEnd, vec![]), Expr::Local(value)]);
            body.push(Stmt::If(same, vec![], settle(id, credential::MALFORMED)));
            body.push(Stmt::Set(value, read));
        }
        context.bound.push((value, capture.ty.clone()));
    }
    let holds = lower(builder, &mut context, &token.verify);
    body.push(Stmt::If(holds, vec![], settle(id, credential::SECRET)));
    if let Some(expires) = &token.expires {
        let mut end = lower(builder, &mut context, expires);
        if expires.ty == Ty::Int {
            end = call(Mechanism::IntMultiply, vec![end, Expr::I64(1_000_000_000)]);
        }
        let over = binary(BinaryOp::LessEqual64, end, call(Mechanism::Now, vec![]));
        body.push(Stmt::If(over, settle(id, credential::STALE), vec![]));
    }
    body.extend(settle(id, credential::VALID));
    builder.function(format!("token {}", token.name.text), context, Some(Val::I32), body)
}

/// `NAME.capture`, in the shape of its type.
pub(super) fn captured(builder: &mut Builder<'_>, context: &mut Context, id: CredentialId, token: &Token, number: u32, ty: &Ty) -> Expr {
    let state = state(builder, id, token);
    let valid = binary(BinaryOp::Equal32, state, Expr::I32(credential::VALID));
    let parts = context.local(Val::I64);
    let part = context.local(Val::I64);
    let found = captures(builder, id, token);
    let here = choose(Val::I64, is_zero(call(Mechanism::ListLen, vec![Expr::Local(parts)])), Expr::I64(0), cell(parts, number as usize));
    let body = vec![Stmt::Set(part, Expr::I64(0)), Stmt::If(valid, vec![Stmt::Set(parts, found), Stmt::Set(part, here)], vec![])];
    let value = match (ty.present(), ty.is_optional()) {
        (Ty::Int, true) => call(Mechanism::StrToInt, vec![Expr::Local(part)]),
        (Ty::Int, false) => {
            let int = context.local(Val::I32);
            let read = call(Mechanism::StrToInt, vec![Expr::Local(part)]);
            let value = choose(Val::I64, Expr::Local(int), Expr::Load(Box::new(Expr::Local(int))), Expr::I64(0));
            Expr::Block(vec![Stmt::Set(int, read)], Box::new(value))
        }
        _ => Expr::Local(part),
    };
    Expr::Block(body, Box::new(value))
}
