//! Pass `order`: in each conjunction and disjunction the operands that cost least come first.
//! Allowed because conditions have no effects and absence is a value; the order never changes a decision.

use super::Plan;
use crate::ir::hir::{self, ExprKind, Read};

pub(super) fn run(_policy: &hir::Policy, plan: &mut Plan) {
    for condition in &mut plan.conditions {
        for expr in &mut condition.exprs {
            sort_operands(expr);
        }
        condition.exprs.sort_by_key(cost);
    }
    for rule in &mut plan.rules {
        rule.response_conditions.sort_by_key(cost);
    }
}

fn sort_operands(expr: &mut hir::Expr) {
    for operand in expr.operands_mut() {
        sort_operands(operand);
    }
    if let ExprKind::And(items) | ExprKind::Or(items) = &mut expr.kind {
        items.sort_by_key(cost);
    }
}

/// A rough price in nanoseconds: host calls dominate, then scans, then table look-ups (host.md section 5).
pub(super) fn cost(expr: &hir::Expr) -> u64 {
    let own: u64 = match &expr.kind {
        ExprKind::Read(read) | ExprKind::ReadAt(read, _) => read_cost(read),
        ExprKind::Matches(..) => 200,
        ExprKind::Contains(..) | ExprKind::Concat(_) | ExprKind::Object(_) | ExprKind::TimeText(_) => 60,
        ExprKind::Let(_) | ExprKind::Invoke(..) => 100,
        ExprKind::Quantified(..) => 500,
        ExprKind::Call(..) | ExprKind::In(..) | ExprKind::InMap(..) | ExprKind::InConfigMap(..) | ExprKind::InCidr(..) => 30,
        ExprKind::MapGet(..) | ExprKind::ConfigMapGet(..) => 30,
        ExprKind::JsonMember(..) | ExprKind::JsonElement(..) | ExprKind::JsonHas(..) => 300,
        ExprKind::JsonAs(_) | ExprKind::JsonIsNull(_) => 20,
        ExprKind::Equal(..) | ExprKind::StartsWith(..) | ExprKind::EndsWith(..) => 5,
        ExprKind::Const(_)
        | ExprKind::Config(_)
        | ExprKind::List(_)
        | ExprKind::ListOf(_)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Less(..)
        | ExprKind::LessEqual(..)
        | ExprKind::Present(_)
        | ExprKind::Coalesce(..)
        | ExprKind::Arithmetic(..)
        | ExprKind::If(..)
        | ExprKind::Match(..)
        | ExprKind::Index(..)
        | ExprKind::Bound(_) => 1,
    };
    expr.operands().into_iter().map(cost).fold(own, u64::saturating_add)
}

fn read_cost(read: &Read) -> u64 {
    match read {
        Read::ClientIp | Read::ClientPort | Read::ClientTls | Read::Protocol => 1300,
        Read::ClientCertificate(_) => 2600,
        Read::ClientSans => 5200,
        Read::Now | Read::NowWeekday | Read::NowHour | Read::NowMinute => 100,
        Read::Computed(_) => 200,
        Read::Cookie(_) | Read::Query(_) | Read::QueryAll(_) | Read::QueryCount => 60,
        Read::Member(..) | Read::Claim(..) | Read::CredentialPresent(_) => 10,
        Read::BodyText | Read::BodyForm(_) | Read::ResponseText => 1000,
        Read::BodySize | Read::BodyBytes | Read::BodyJson | Read::ResponseJson => 10,
        Read::Method
        | Read::Scheme
        | Read::Host
        | Read::RequestId
        | Read::Path
        | Read::RawPath
        | Read::Header(_)
        | Read::HeaderAll(_)
        | Read::HeaderCount
        | Read::Capture(..)
        | Read::ResponseStatus
        | Read::ResponseHeader(_) => 3,
    }
}
