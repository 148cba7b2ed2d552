//! Walking over typed expressions: direct operands, all reads below, equality without places.

use super::{Expr, ExprKind, LetId, Policy, Read};
use crate::base::Span;

impl Expr {
    /// The direct operands, from left to right.
    pub fn operands(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Const(_) | ExprKind::Read(_) | ExprKind::Config(_) | ExprKind::Let(_) | ExprKind::List(_) => Vec::new(),
            ExprKind::ListOf(items) | ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Concat(items) | ExprKind::Call(_, items) => {
                items.iter().collect()
            }
            ExprKind::MapGet(_, operand)
            | ExprKind::ConfigMapGet(_, operand)
            | ExprKind::Not(operand)
            | ExprKind::InMap(operand, _)
            | ExprKind::InConfigMap(operand, _)
            | ExprKind::Matches(operand, _, _)
            | ExprKind::JsonAs(operand)
            | ExprKind::JsonIsNull(operand)
            | ExprKind::Present(operand) => vec![operand],
            ExprKind::Equal(left, right)
            | ExprKind::Less(left, right)
            | ExprKind::LessEqual(left, right)
            | ExprKind::In(left, right)
            | ExprKind::InCidr(left, right)
            | ExprKind::Contains(left, right)
            | ExprKind::StartsWith(left, right)
            | ExprKind::EndsWith(left, right)
            | ExprKind::JsonMember(left, right)
            | ExprKind::JsonElement(left, right)
            | ExprKind::JsonHas(left, right)
            | ExprKind::Coalesce(left, right)
            | ExprKind::Arithmetic(_, left, right) => vec![left, right],
        }
    }

    /// The direct operands, to be changed in place.
    pub fn operands_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Const(_) | ExprKind::Read(_) | ExprKind::Config(_) | ExprKind::Let(_) | ExprKind::List(_) => Vec::new(),
            ExprKind::ListOf(items) | ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Concat(items) | ExprKind::Call(_, items) => {
                items.iter_mut().collect()
            }
            ExprKind::MapGet(_, operand)
            | ExprKind::ConfigMapGet(_, operand)
            | ExprKind::Not(operand)
            | ExprKind::InMap(operand, _)
            | ExprKind::InConfigMap(operand, _)
            | ExprKind::Matches(operand, _, _)
            | ExprKind::JsonAs(operand)
            | ExprKind::JsonIsNull(operand)
            | ExprKind::Present(operand) => vec![operand],
            ExprKind::Equal(left, right)
            | ExprKind::Less(left, right)
            | ExprKind::LessEqual(left, right)
            | ExprKind::In(left, right)
            | ExprKind::InCidr(left, right)
            | ExprKind::Contains(left, right)
            | ExprKind::StartsWith(left, right)
            | ExprKind::EndsWith(left, right)
            | ExprKind::JsonMember(left, right)
            | ExprKind::JsonElement(left, right)
            | ExprKind::JsonHas(left, right)
            | ExprKind::Coalesce(left, right)
            | ExprKind::Arithmetic(_, left, right) => vec![left, right],
        }
    }

    /// Calls `visit` with every read in the expression, each `let` entered once for each place it is named.
    pub fn reads<'a>(&'a self, policy: &'a Policy, visit: &mut dyn FnMut(&'a Read)) {
        let mut seen: Vec<LetId> = Vec::new();
        self.reads_seen(policy, &mut seen, visit);
    }

    fn reads_seen<'a>(&'a self, policy: &'a Policy, seen: &mut Vec<LetId>, visit: &mut dyn FnMut(&'a Read)) {
        if let ExprKind::Read(read) = &self.kind {
            visit(read);
        }
        // INVARIANT: a let reads only lets before it, so this ends; `seen` keeps chains of lets linear.
        if let ExprKind::Let(id) = &self.kind
            && !seen.contains(id)
        {
            seen.push(*id);
            if let Some(item) = policy.lets.get(id.index()) {
                item.value.reads_seen(policy, seen, visit);
            }
        }
        for operand in self.operands() {
            operand.reads_seen(policy, seen, visit);
        }
    }

    /// The same expression with all places forgotten: equal texts give equal values.
    #[must_use]
    pub fn without_places(&self) -> Expr {
        let mut copy = self.clone();
        forget(&mut copy);
        copy
    }
}

fn forget(expr: &mut Expr) {
    expr.span = Span::default();
    for operand in expr.operands_mut() {
        forget(operand);
    }
}

impl Read {
    /// Whether it is known only when the body of the request is in.
    pub fn is_request_body(&self) -> bool {
        matches!(self, Read::BodySize | Read::BodyText | Read::BodyJson | Read::BodyForm(_))
    }

    /// Whether it is known only when the response begins.
    pub fn is_response(&self) -> bool {
        matches!(self, Read::ResponseStatus | Read::ResponseHeader(_))
    }
}
