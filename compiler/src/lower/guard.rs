//! Finding rules by the values of subjects (pass `guards`), patterns of one subject in one search (pass `automata`), parts of
//! conditions that are evaluated once (pass `once`).

use std::net::IpAddr;

use portcullis_runtime::contract::{Mechanism, Policy, Val};
use portcullis_runtime::facts;
use portcullis_runtime::tables::facts::{Key as TableKey, encode};

use super::build::{Builder, Context, Phase, call, give, index};
use super::expr::{self, binary};
use super::tables;
use crate::ir::hir;
use crate::ir::lir::{BinaryOp, Content, DataId, Expr, Stmt, UnaryOp};
use crate::plan::{self, Key, Subject};

/// Selects all rules of a kind that hold.
pub(super) fn select(builder: &mut Builder<'_>, entries: DataId, kind: i32) -> Expr {
    find(builder, [Mechanism::RulesSelect, Mechanism::RulesSelectGuarded], entries, kind)
}

/// Finds the first rule of a kind that holds.
pub(super) fn first(builder: &mut Builder<'_>, entries: DataId, kind: i32) -> Expr {
    find(builder, [Mechanism::RulesFirst, Mechanism::RulesFirstGuarded], entries, kind)
}

fn find(builder: &mut Builder<'_>, [plain, guarded]: [Mechanism; 2], entries: DataId, kind: i32) -> Expr {
    let mut all = builder.plan.index.accepts.iter().flat_map(|accept| &accept.entries);
    if all.any(|entry| entry.kind == kind && entry.guard.is_some()) {
        let subjects = subjects(builder);
        return call(guarded, vec![Expr::Data(entries), Expr::Data(subjects), Expr::I32(kind)]);
    }
    call(plain, vec![Expr::Data(entries), Expr::I32(kind)])
}

/// Generates `policy.subject`: the value of each subject, searched for its patterns.
pub(super) fn lower(builder: &mut Builder<'_>) {
    let plan = builder.plan;
    let mut arms = Vec::with_capacity(plan.subjects.len());
    for subject in &plan.subjects {
        let mut context = Context::new(Phase::Request, &[]);
        let value = expr::lower(builder, &mut context, &subject.expr);
        let value = if subject.address { Expr::Unary(UnaryOp::Extend, Box::new(value)) } else { value };
        let value = if subject.patterns.is_empty() {
            value
        } else {
            let patterns = subject.patterns.iter().map(|(pattern, _)| (pattern.text.clone(), pattern.flags.clone(), pattern.span));
            let set = builder.region("patterns", Content::Automata(patterns.collect()));
            call(Mechanism::SubjectSearch, vec![Expr::Data(set), value])
        };
        let name = format!("subject {}", subject.expr.text(builder.policy));
        let function = builder.function(name, context, Some(Val::I64), vec![give(value)]);
        arms.push(vec![give(Expr::Apply(function, vec![]))]);
    }
    let context = Context::new(Phase::Request, &[Val::I32]);
    let body = vec![Stmt::Switch(Expr::Local(crate::ir::lir::Local(0)), arms, vec![]), give(Expr::I64(0))];
    let function = builder.function("subject", context, Some(Val::I64), body);
    builder.implement(Policy::Subject, function);
}

/// The table of all subjects.
fn subjects(builder: &mut Builder<'_>) -> DataId {
    if let Some(table) = builder.subjects {
        return table;
    }
    let subjects: Vec<(bool, Vec<u8>)> = builder.plan.subjects.iter().map(|subject| (subject.address, facts_of(subject))).collect();
    let table = builder.table("subjects", facts::encode(&subjects));
    builder.subjects = Some(table);
    table
}

fn facts_of(subject: &Subject) -> Vec<u8> {
    let keys: Vec<(TableKey, u32)> = subject.keys.iter().filter_map(|(key, atom)| Some((table_key(key)?, *atom))).collect();
    let patterns: Vec<Vec<u32>> = subject.patterns.iter().map(|(_, atoms)| atoms.clone()).collect();
    encode(&keys, &patterns)
}

fn table_key(key: &Key) -> Option<TableKey> {
    match key {
        Key::Whole(text) => Some(TableKey::Whole(text.clone().into_bytes())),
        Key::Beginning(text) => Some(TableKey::Beginning(text.clone().into_bytes())),
        Key::Ending(text) => Some(TableKey::Ending(text.clone().into_bytes())),
        Key::Network(ip, bits) => Some(network(*ip, *bits)),
        Key::Pattern(..) => None,
    }
}

fn network(ip: IpAddr, bits: u8) -> TableKey {
    let [_, address @ ..] = tables::record(ip);
    TableKey::Network(ip.is_ipv4(), address, bits)
}

/// Whether a pattern matches its subject, if all patterns of that subject are searched together.
pub(super) fn pattern(builder: &mut Builder<'_>, subject: &hir::Expr, text: &str, flags: &str) -> Option<Expr> {
    let read = plan::subject(subject)?;
    let mut all = builder.plan.subjects.iter();
    let number = all.position(|known| plan::subject(&known.expr).is_some_and(|known| known == read))?;
    let patterns = &builder.plan.subjects.get(number)?.patterns;
    let pattern = patterns.iter().position(|(pattern, _)| pattern.is(text, flags))?;
    let subjects = subjects(builder);
    Some(call(Mechanism::PatternHolds, vec![Expr::Data(subjects), index(number), index(pattern)]))
}

/// A part of conditions that is evaluated once: a function that remembers.
pub(super) fn shared(builder: &mut Builder<'_>, expr: &hir::Expr) -> Option<Expr> {
    if builder.plan.once.is_empty() {
        return None;
    }
    let bit = *builder.plan.once.get(&plan::is_kept(expr)?)?;
    if let Some(function) = builder.shared_parts.get(&bit) {
        return Some(Expr::Apply(*function, vec![]));
    }
    let number = Expr::I32(i32::try_from(bit).unwrap_or(0));
    let mut context = Context::new(Phase::Request, &[]);
    let known = context.local(Val::I32);
    let value = expr::natural_present(builder, &mut context, expr);
    let unknown = binary(BinaryOp::Less32, Expr::Local(known), Expr::I32(0));
    let body = vec![
        Stmt::Set(known, call(Mechanism::Remembered, vec![number.clone()])),
        Stmt::If(unknown, vec![give(call(Mechanism::Remember, vec![number, value]))], vec![]),
        give(Expr::Local(known)),
    ];
    let function = builder.function(format!("shared condition {bit}"), context, Some(Val::I32), body);
    builder.shared_parts.insert(bit, function);
    Some(Expr::Apply(function, vec![]))
}
