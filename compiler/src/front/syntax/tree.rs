//! What the grammar's actions build with: spans, names, and expressions that do not nest without end.
//! In: pieces that the parser has recognised. Out: nodes of the syntax tree, or a refusal.

use crate::base::{FileId, Span};
use crate::ir::ast;

/// How deep expressions may nest. Later stages recurse over them; 128 levels fit every thread's stack.
pub(super) const MAX_EXPR_DEPTH: usize = 128;

/// How deep types may nest; nothing in the language needs more than two.
const MAX_TYPE_DEPTH: usize = 8;

/// A node that the grammar admits and the compiler does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// An expression or type that nests too deeply.
    TooDeep(Span),
}

/// What actions need to know about the file.
pub(crate) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) file: FileId,
}

impl Context<'_> {
    /// The span of bytes `start..end` of this file.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// The word at `start..end`.
    pub(crate) fn name(&self, start: usize, end: usize) -> ast::Name {
        ast::Name { text: self.text.get(start..end).unwrap_or_default().to_owned(), span: self.span(start, end) }
    }

    /// An expression, unless it nests too deeply.
    pub(crate) fn expr(&self, start: usize, end: usize, kind: ast::ExprKind) -> Result<ast::Expr, Error> {
        let span = self.span(start, end);
        if depth_of_kind(&kind) > MAX_EXPR_DEPTH {
            return Err(lalrpop_util::ParseError::User { error: Refusal::TooDeep(span) });
        }
        Ok(ast::Expr { kind, span })
    }
}

/// What a fallible action fails with.
type Error = lalrpop_util::ParseError<usize, super::token::Token, Refusal>;

/// Levels of an expression. The recursion is bounded since every part has passed [`Context::expr`].
fn depth(expr: &ast::Expr) -> usize {
    depth_of_kind(&expr.kind)
}

fn depth_of_kind(kind: &ast::ExprKind) -> usize {
    let below = match kind {
        ast::ExprKind::Int(_)
        | ast::ExprKind::Float(_)
        | ast::ExprKind::Duration(_)
        | ast::ExprKind::Size(_)
        | ast::ExprKind::Percent(_)
        | ast::ExprKind::String(_)
        | ast::ExprKind::Regex { .. }
        | ast::ExprKind::Bool(_)
        | ast::ExprKind::Null
        | ast::ExprKind::Name(_)
        | ast::ExprKind::Constant(_) => 0,
        ast::ExprKind::Interpolation(parts) | ast::ExprKind::And(parts) | ast::ExprKind::Or(parts) => deepest(parts),
        ast::ExprKind::List(args) => deepest_arg(args),
        ast::ExprKind::Object(members) => members.iter().map(|member| depth(&member.value)).max().unwrap_or(0),
        ast::ExprKind::Not(operand)
        | ast::ExprKind::Negate(operand)
        | ast::ExprKind::Presence { operand, .. }
        | ast::ExprKind::Per { count: operand, .. }
        | ast::ExprKind::Member(operand, _) => depth(operand),
        ast::ExprKind::Compare { left, right, .. }
        | ast::ExprKind::Binary { left, right, .. }
        | ast::ExprKind::Coalesce(left, right)
        | ast::ExprKind::Index(left, right) => depth(left).max(depth(right)),
        ast::ExprKind::Call { callee, args } => depth(callee).max(deepest_arg(args)),
        ast::ExprKind::If { condition, then, otherwise } => depth(condition).max(depth(then)).max(depth(otherwise)),
        ast::ExprKind::Quantified { list, condition, .. } => depth(list).max(depth(condition)),
        ast::ExprKind::Match { subject, arms } => arms.iter().map(|arm| depth(&arm.value)).max().unwrap_or(0).max(depth(subject)),
    };
    below + 1
}

fn deepest(exprs: &[ast::Expr]) -> usize {
    exprs.iter().map(depth).max().unwrap_or(0)
}

fn deepest_arg(args: &[ast::Arg]) -> usize {
    let of = |arg: &ast::Arg| match arg {
        ast::Arg::Expr(expr) | ast::Arg::Named(_, expr) => depth(expr),
        ast::Arg::Source(source) => depth(&source.text),
    };
    args.iter().map(of).max().unwrap_or(0)
}

/// One part of a `jwt` block.
pub(crate) enum JwtItem {
    Attr(ast::Attr),
    Claims(Vec<ast::Field>),
}

/// A `jwt` block: attributes and claims, each in the order written.
pub(crate) fn jwt(name: ast::Name, items: Vec<JwtItem>, span: Span) -> ast::Jwt {
    let mut jwt = ast::Jwt { name, attrs: Vec::new(), claims: Vec::new(), span };
    for item in items {
        match item {
            JwtItem::Attr(attr) => jwt.attrs.push(attr),
            JwtItem::Claims(fields) => jwt.claims.extend(fields),
        }
    }
    jwt
}

/// The items of a route in the order written.
pub(crate) fn route(mut items: Vec<ast::RuleItem>, arms: Vec<ast::RuleItem>, last: ast::RuleItem) -> Vec<ast::RuleItem> {
    items.extend(arms);
    items.push(last);
    items
}

/// `first` before `rest`.
pub(crate) fn prepend<T>(first: T, rest: Vec<T>) -> Vec<T> {
    let mut list = vec![first];
    list.extend(rest);
    list
}

/// A reply; `status` with its place.
pub(crate) fn reply(status: (i64, Span), body: ast::ReplyBody, span: Span) -> ast::Reply {
    ast::Reply { status: status.0, status_span: status.1, body, span }
}

/// `if … then … else …`
pub(crate) fn conditional(condition: ast::Expr, then: ast::Expr, otherwise: ast::Expr) -> ast::ExprKind {
    ast::ExprKind::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(otherwise) }
}

/// `some` and `every`
pub(crate) fn quantified(quantifier: ast::Quantifier, name: ast::Name, list: ast::Expr, condition: ast::Expr) -> ast::ExprKind {
    ast::ExprKind::Quantified { quantifier, name, list: Box::new(list), condition: Box::new(condition) }
}

/// A comparison; `op` with its place.
pub(crate) fn compare(op: (ast::CompareOp, Span), left: ast::Expr, right: ast::Expr) -> ast::ExprKind {
    ast::ExprKind::Compare { op: op.0, op_span: op.1, left: Box::new(left), right: Box::new(right) }
}

/// Arithmetic.
pub(crate) fn binary(op: ast::BinaryOp, left: ast::Expr, right: ast::Expr) -> ast::ExprKind {
    ast::ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }
}

/// An interpolated string; texts between expressions that are empty are left out.
pub(crate) fn interpolation(head: ast::Name, first: ast::Expr, rest: Vec<(ast::Name, ast::Expr)>, tail: ast::Name) -> ast::ExprKind {
    let mut parts = Vec::new();
    push_text(&mut parts, head);
    parts.push(first);
    for (text, expr) in rest {
        push_text(&mut parts, text);
        parts.push(expr);
    }
    push_text(&mut parts, tail);
    ast::ExprKind::Interpolation(parts)
}

fn push_text(parts: &mut Vec<ast::Expr>, text: ast::Name) {
    if !text.text.is_empty() {
        parts.push(ast::Expr { kind: ast::ExprKind::String(text.text), span: text.span });
    }
}

/// A type that is no enum.
pub(crate) fn ty(name: ast::Name, args: Vec<ast::Type>, optional: bool, span: Span) -> Result<ast::Type, Error> {
    let ty = ast::Type { name, args, values: Vec::new(), optional, span };
    if type_depth(&ty) > MAX_TYPE_DEPTH {
        return Err(lalrpop_util::ParseError::User { error: Refusal::TooDeep(span) });
    }
    Ok(ty)
}

fn type_depth(ty: &ast::Type) -> usize {
    ty.args.iter().map(type_depth).max().unwrap_or(0) + 1
}
