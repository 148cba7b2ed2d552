//! Walking LIR. In: statements. Out: every statement and expression once, outer before inner.

use std::collections::BTreeSet;

use super::{DataId, Expr, FunctionId, Local, Module, Stmt};

/// What is visited.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A statement.
    Stmt(&'a Stmt),
    /// An expression.
    Expr(&'a Expr),
}

/// Visits statements and all that they hold.
pub fn stmts<'a>(list: &'a [Stmt], visit: &mut impl FnMut(Node<'a>)) {
    for stmt in list {
        visit(Node::Stmt(stmt));
        match stmt {
            Stmt::Set(_, value) | Stmt::Do(value) | Stmt::Return(Some(value)) => expr(value, visit),
            Stmt::If(condition, then, otherwise) => {
                expr(condition, visit);
                stmts(then, visit);
                stmts(otherwise, visit);
            }
            Stmt::Switch(selector, arms, otherwise) => {
                expr(selector, visit);
                for arm in arms {
                    stmts(arm, visit);
                }
                stmts(otherwise, visit);
            }
            Stmt::Count(_, limit, body) => {
                expr(limit, visit);
                stmts(body, visit);
            }
            Stmt::Return(None) => {}
        }
    }
}

/// Visits an expression and all that it holds.
pub fn expr<'a>(value: &'a Expr, visit: &mut impl FnMut(Node<'a>)) {
    visit(Node::Expr(value));
    match value {
        Expr::I32(_) | Expr::I64(_) | Expr::F64(_) | Expr::Data(_) | Expr::DataPart(..) | Expr::Address(_) | Expr::Local(_) => {}
        Expr::Call(_, arguments) | Expr::Apply(_, arguments) => {
            for argument in arguments {
                expr(argument, visit);
            }
        }
        Expr::Unary(_, operand) | Expr::Load(operand) => expr(operand, visit),
        Expr::Binary(_, first, second) => {
            expr(first, visit);
            expr(second, visit);
        }
        Expr::If(_, condition, then, otherwise) => {
            expr(condition, visit);
            expr(then, visit);
            expr(otherwise, visit);
        }
        Expr::Block(list, last) => {
            stmts(list, visit);
            expr(last, visit);
        }
    }
}

/// Visits every mention of a local, those that set it too.
pub fn locals(list: &mut [Stmt], visit: &mut impl FnMut(&mut Local)) {
    for stmt in list {
        match stmt {
            Stmt::Set(local, value) => {
                visit(local);
                expr_locals(value, visit);
            }
            Stmt::Do(value) | Stmt::Return(Some(value)) => expr_locals(value, visit),
            Stmt::If(condition, then, otherwise) => {
                expr_locals(condition, visit);
                locals(then, visit);
                locals(otherwise, visit);
            }
            Stmt::Switch(selector, arms, otherwise) => {
                expr_locals(selector, visit);
                for arm in arms {
                    locals(arm, visit);
                }
                locals(otherwise, visit);
            }
            Stmt::Count(local, limit, body) => {
                visit(local);
                expr_locals(limit, visit);
                locals(body, visit);
            }
            Stmt::Return(None) => {}
        }
    }
}

fn expr_locals(value: &mut Expr, visit: &mut impl FnMut(&mut Local)) {
    match value {
        Expr::Local(local) => visit(local),
        Expr::I32(_) | Expr::I64(_) | Expr::F64(_) | Expr::Data(_) | Expr::DataPart(..) | Expr::Address(_) => {}
        Expr::Call(_, arguments) | Expr::Apply(_, arguments) => {
            for argument in arguments {
                expr_locals(argument, visit);
            }
        }
        Expr::Unary(_, operand) | Expr::Load(operand) => expr_locals(operand, visit),
        Expr::Binary(_, first, second) => {
            expr_locals(first, visit);
            expr_locals(second, visit);
        }
        Expr::If(_, condition, then, otherwise) => {
            expr_locals(condition, visit);
            expr_locals(then, visit);
            expr_locals(otherwise, visit);
        }
        Expr::Block(list, last) => {
            locals(list, visit);
            expr_locals(last, visit);
        }
    }
}

/// The functions that can run when these are called, themselves among them.
pub fn reachable(module: &Module, roots: impl IntoIterator<Item = FunctionId>) -> BTreeSet<FunctionId> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<FunctionId> = roots.into_iter().collect();
    while let Some(id) = waiting.pop() {
        let Some(function) = module.functions.get(id.0 as usize) else { continue };
        if found.insert(id) {
            stmts(&function.body, &mut |node| {
                if let Node::Expr(Expr::Apply(callee, _)) = node {
                    waiting.push(*callee);
                }
            });
        }
    }
    found
}

/// The regions that these functions name, and those that the cells of such regions point into.
pub fn regions(module: &Module, functions: &BTreeSet<FunctionId>) -> BTreeSet<DataId> {
    let mut found = BTreeSet::new();
    for id in functions {
        let Some(function) = module.functions.get(id.0 as usize) else { continue };
        stmts(&function.body, &mut |node| {
            if let Node::Expr(Expr::Data(region) | Expr::DataPart(region, ..) | Expr::Address(region)) = node {
                found.insert(*region);
            }
        });
    }
    let named: Vec<DataId> = found.iter().copied().collect();
    for id in named {
        if let Some(super::Data { content: super::Content::Parts(parts), .. }) = module.data.get(id.0 as usize) {
            found.extend(parts.iter().map(|(region, ..)| *region));
        }
    }
    found
}
