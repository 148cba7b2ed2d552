//! Walking over typed expressions: direct operands, all reads below, equality without places.

use super::{CredentialId, Expr, ExprKind, FnId, Json, Keyed, Let, LetId, Policy, Read, Scope};
use crate::base::Span;

impl Expr {
    /// Whether it is `null`, written in place.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, ExprKind::Object(json) if **json == Json::Null)
    }

    /// The direct operands, from left to right.
    pub fn operands(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Const(_) | ExprKind::Read(_) | ExprKind::Config(_) | ExprKind::Let(_) | ExprKind::List(_) | ExprKind::Bound(_) => {
                Vec::new()
            }
            ExprKind::ListOf(items)
            | ExprKind::And(items)
            | ExprKind::Or(items)
            | ExprKind::Concat(items)
            | ExprKind::Call(_, items)
            | ExprKind::Invoke(_, items) => items.iter().collect(),
            ExprKind::Object(json) => json.values(),
            ExprKind::MapGet(_, operand)
            | ExprKind::ConfigMapGet(_, operand)
            | ExprKind::Not(operand)
            | ExprKind::InMap(operand, _)
            | ExprKind::InConfigMap(operand, _)
            | ExprKind::Matches(operand, _, _)
            | ExprKind::JsonAs(operand)
            | ExprKind::ReadAt(_, operand)
            | ExprKind::JsonIsNull(operand)
            | ExprKind::TimeText(operand)
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
            | ExprKind::Index(left, right)
            | ExprKind::Quantified(_, _, left, right)
            | ExprKind::Arithmetic(_, left, right) => vec![left, right],
            ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
            ExprKind::Match(subject, arms, otherwise) => {
                std::iter::once(&**subject).chain(arms.iter().map(|(_, value)| value)).chain([&**otherwise]).collect()
            }
        }
    }

    /// The direct operands, to be changed in place.
    pub fn operands_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Const(_) | ExprKind::Read(_) | ExprKind::Config(_) | ExprKind::Let(_) | ExprKind::List(_) | ExprKind::Bound(_) => {
                Vec::new()
            }
            ExprKind::ListOf(items)
            | ExprKind::And(items)
            | ExprKind::Or(items)
            | ExprKind::Concat(items)
            | ExprKind::Call(_, items)
            | ExprKind::Invoke(_, items) => items.iter_mut().collect(),
            ExprKind::Object(json) => json.values_mut(),
            ExprKind::MapGet(_, operand)
            | ExprKind::ConfigMapGet(_, operand)
            | ExprKind::Not(operand)
            | ExprKind::InMap(operand, _)
            | ExprKind::InConfigMap(operand, _)
            | ExprKind::Matches(operand, _, _)
            | ExprKind::JsonAs(operand)
            | ExprKind::ReadAt(_, operand)
            | ExprKind::JsonIsNull(operand)
            | ExprKind::TimeText(operand)
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
            | ExprKind::Index(left, right)
            | ExprKind::Quantified(_, _, left, right)
            | ExprKind::Arithmetic(_, left, right) => vec![left, right],
            ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
            ExprKind::Match(subject, arms, otherwise) => {
                std::iter::once(&mut **subject).chain(arms.iter_mut().map(|(_, value)| value)).chain([&mut **otherwise]).collect()
            }
        }
    }

    /// Calls `visit` with every read in the expression, in the `let`s that it names and the `fn`s that it calls.
    pub fn reads<'a>(&'a self, policy: &'a Policy, visit: &mut dyn FnMut(&'a Read)) {
        self.reads_seen(policy, &mut (Vec::new(), Vec::new()), visit);
    }

    fn reads_seen<'a>(&'a self, policy: &'a Policy, seen: &mut (Vec<LetId>, Vec<FnId>), visit: &mut dyn FnMut(&'a Read)) {
        if let ExprKind::Read(read) | ExprKind::ReadAt(read, _) = &self.kind {
            visit(read);
        }
        // INVARIANT: lets and fns lead only to those before them, so this ends; `seen` keeps chains of them linear.
        if let ExprKind::Let(id) = &self.kind
            && !seen.0.contains(id)
        {
            seen.0.push(*id);
            if let Some(item) = policy.lets.get(id.index()) {
                item.value.reads_seen(policy, seen, visit);
            }
        }
        if let ExprKind::Invoke(id, _) = &self.kind
            && !seen.1.contains(id)
        {
            seen.1.push(*id);
            if let Some(item) = policy.fns.get(id.index()) {
                item.body.reads_seen(policy, seen, visit);
            }
        }
        for operand in self.operands() {
            operand.reads_seen(policy, seen, visit);
        }
    }

    /// Whether it reads a name that is bound outside of it: such a value exists only there.
    pub fn is_open(&self) -> bool {
        self.is_open_in(&mut Vec::new())
    }

    fn is_open_in(&self, bound: &mut Vec<u32>) -> bool {
        if let ExprKind::Bound(level) = &self.kind {
            return !bound.contains(level);
        }
        if let ExprKind::Quantified(_, level, list, condition) = &self.kind {
            // A quantifier that stands in another one keeps its level, which only has a place there.
            if *level as usize != bound.len() || list.is_open_in(bound) {
                return true;
            }
            bound.push(*level);
            let open = condition.is_open_in(bound);
            bound.pop();
            return open;
        }
        self.operands().into_iter().any(|operand| operand.is_open_in(bound))
    }

    /// Whether it is the same for every element of a quantifier of this level: it reads no name of that level or of one inside it,
    /// but those that it binds itself.
    pub fn is_fixed_at(&self, level: u32) -> bool {
        self.is_fixed_between(level, u32::MAX)
    }

    fn is_fixed_between(&self, level: u32, own: u32) -> bool {
        match &self.kind {
            ExprKind::Bound(bound) => *bound < level || *bound >= own,
            ExprKind::Quantified(_, inner, list, condition) => {
                list.is_fixed_between(level, own) && condition.is_fixed_between(level, own.min(*inner))
            }
            _ => self.operands().into_iter().all(|operand| operand.is_fixed_between(level, own)),
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

impl Scope {
    /// Whether it asks for a credential, by number.
    pub fn demands(&self, number: usize) -> bool {
        self.authenticate.iter().any(|line| line.credentials.iter().any(|id| id.index() == number))
    }
}

impl Policy {
    /// Whether some scope authenticates a credential. One in shadow changes nothing, so it takes none away.
    pub fn is_demanded(&self, number: usize) -> bool {
        self.scopes.iter().any(|scope| !scope.shadow && scope.demands(number))
    }

    /// Whether hosts decide what applies to a request.
    pub fn decides_by_hosts(&self) -> bool {
        !self.hosts.is_empty() || self.scopes.iter().any(|scope| !scope.hosts.is_empty())
    }

    /// What an expression is, by way of `let`s.
    pub fn behind_lets<'a>(&'a self, expr: &'a Expr) -> &'a Expr {
        behind_lets(&self.lets, expr)
    }
}

/// What an expression is, by way of these `let`s.
pub fn behind_lets<'a>(lets: &'a [Let], mut expr: &'a Expr) -> &'a Expr {
    // INVARIANT: a let reads only lets before it, so this ends.
    while let ExprKind::Let(id) = &expr.kind {
        let Some(item) = lets.get(id.index()) else { break };
        expr = &item.value;
    }
    expr
}

impl Json {
    /// The expressions in it, in the order written.
    pub fn values(&self) -> Vec<&Expr> {
        match self {
            Json::Null => Vec::new(),
            Json::Expr(value) => vec![value],
            Json::Array(items) => items.iter().flat_map(Json::values).collect(),
            Json::Object(members) => members.iter().flat_map(|(_, value)| value.values()).collect(),
        }
    }

    /// The expressions in it, to be changed in place.
    pub fn values_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Json::Null => Vec::new(),
            Json::Expr(value) => vec![value],
            Json::Array(items) => items.iter_mut().flat_map(Json::values_mut).collect(),
            Json::Object(members) => members.iter_mut().flat_map(|(_, value)| value.values_mut()).collect(),
        }
    }

    /// The same with all places forgotten.
    #[must_use]
    pub fn without_places(&self) -> Json {
        let mut copy = self.clone();
        copy.values_mut().into_iter().for_each(forget);
        copy
    }
}

impl Read {
    /// Whether it is known only when the body of the request is in.
    pub fn is_request_body(&self) -> bool {
        matches!(
            self,
            Read::BodySize | Read::BodyText | Read::BodyBytes | Read::BodyJson | Read::BodyForm(_) | Read::Computed(Keyed::BodyForm)
        )
    }

    /// Whether it is known only when the response begins.
    pub fn is_response(&self) -> bool {
        matches!(self, Read::ResponseStatus | Read::ResponseHeader(_) | Read::Computed(Keyed::ResponseHeader)) || self.is_response_body()
    }

    /// Whether it is known only when the body of the response is in.
    pub fn is_response_body(&self) -> bool {
        matches!(self, Read::ResponseText | Read::ResponseJson)
    }

    /// The credential that it reads.
    pub fn credential(&self) -> Option<CredentialId> {
        if let Read::Member(id, _) | Read::Claim(id, _) | Read::CredentialPresent(id) = self { Some(*id) } else { None }
    }
}
