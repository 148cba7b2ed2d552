//! `mtls` and `client.tls`: what the host says of the certificate that it verified, and whether a declaration takes it.

use portcullis_runtime::contract::{Mechanism, Val, certificate, credential};

use super::build::{Builder, Context, Phase, call, give};
use super::expr::{self, choose, not};
use crate::ir::hir::{self, CertificatePart, Const, CredentialId, ExprKind, Member, Mtls, PeerPattern, Read, Ty};
use crate::ir::lir::{Expr, FunctionId, Stmt, UnaryOp};

/// A part of the certificate, or absent.
pub(super) fn part(part: CertificatePart) -> Expr {
    let number = match part {
        CertificatePart::Uri => certificate::URI,
        CertificatePart::Dns => certificate::DNS,
        CertificatePart::Subject => certificate::SUBJECT,
    };
    call(Mechanism::ClientCertificate, vec![Expr::I32(number)])
}

/// The state of an `mtls`.
pub(super) fn state(builder: &mut Builder<'_>, id: CredentialId, mtls: &Mtls) -> Expr {
    Expr::Apply(functions(builder, id, mtls).0, vec![])
}

/// What is known of a valid one.
pub(super) fn member(builder: &mut Builder<'_>, id: CredentialId, mtls: &Mtls, member: Member) -> Expr {
    let (state, san) = functions(builder, id, mtls);
    let value = match member {
        Member::San => return Expr::Apply(san, vec![]),
        Member::Subject | Member::KeyId | Member::User => part(CertificatePart::Subject),
    };
    let valid = super::expr::binary(crate::ir::lir::BinaryOp::Equal32, Expr::Apply(state, vec![]), Expr::I32(credential::VALID));
    choose(Val::I64, valid, value, Expr::I64(0))
}

/// The state, and the name that matched (absent when the state is another than valid).
fn functions(builder: &mut Builder<'_>, id: CredentialId, mtls: &Mtls) -> (FunctionId, FunctionId) {
    if let Some(known) = builder.peers.get(&id.0) {
        return *known;
    }
    let name = &mtls.name.text;
    let mut context = Context::new(Phase::Request, &[]);
    let mut body = Vec::new();
    if !mtls.subjects.is_empty() {
        let subject = matches(builder, &mut context, CertificatePart::Subject, &mtls.subjects);
        body.push(Stmt::If(subject, vec![], vec![give(Expr::I64(0))]));
    }
    if !mtls.sans.is_empty() {
        for part in [CertificatePart::Uri, CertificatePart::Dns] {
            let san = matches(builder, &mut context, part, &mtls.sans);
            body.push(Stmt::If(san, vec![give(self::part(part))], vec![]));
        }
        body.push(give(Expr::I64(0)));
    } else {
        body.push(give(self::part(CertificatePart::Subject)));
    }
    let matched = builder.function(format!("mtls {name}: what matches"), context, Some(Val::I64), body);
    let is_there = |value: Expr| not(Expr::Unary(UnaryOp::IsZero64, Box::new(value)));
    let presented = is_there(call(Mechanism::ClientCertificate, vec![Expr::I32(certificate::PRESENT)]));
    let body = vec![
        Stmt::If(is_there(Expr::Apply(matched, vec![])), vec![give(Expr::I32(credential::VALID))], vec![]),
        Stmt::If(presented, vec![give(Expr::I32(credential::OTHER))], vec![]),
        give(Expr::I32(credential::ABSENT)),
    ];
    let state = builder.function(format!("mtls {name}"), Context::new(Phase::Request, &[]), Some(Val::I32), body);
    builder.peers.insert(id.0, (state, matched));
    (state, matched)
}

/// Whether one of the patterns matches, said in the language's own terms so that it is compiled as conditions are.
fn matches(builder: &mut Builder<'_>, context: &mut Context, part: CertificatePart, patterns: &[PeerPattern]) -> Expr {
    let new = |kind, ty| hir::Expr { kind, ty, span: crate::base::Span::default() };
    let read = || Box::new(new(ExprKind::Read(Read::ClientCertificate(part)), Ty::String.optional()));
    let text = |text: &String| new(ExprKind::Const(Const::String(text.clone())), Ty::String);
    let mut exact = Vec::new();
    let mut ways = Vec::new();
    for pattern in patterns {
        let kind = match pattern {
            PeerPattern::Exact(whole) => {
                exact.push(text(whole));
                continue;
            }
            PeerPattern::Begins(start) => ExprKind::StartsWith(read(), Box::new(text(start))),
            PeerPattern::Ends(end) => ExprKind::EndsWith(read(), Box::new(text(end))),
            PeerPattern::Any => ExprKind::Present(read()),
        };
        ways.push(new(kind, Ty::Bool));
    }
    if !exact.is_empty() {
        let list = new(ExprKind::ListOf(exact), Ty::List(Box::new(Ty::String)));
        ways.push(new(ExprKind::In(read(), Box::new(list)), Ty::Bool));
    }
    expr::lower(builder, context, &new(ExprKind::Or(ways), Ty::Bool))
}
