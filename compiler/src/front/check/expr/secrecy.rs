//! Codes made with a secret (`hmac_…`), however they are written: they may be compared whole, be keys and be written out, but not
//! looked at piece by piece, which would tell a caller how much of a guess is right. And keys: what everybody knows is none.
//! In: a checked expression. Out: the same, or a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::failed;
use crate::base::{Code, Diagnostic, Span};
use crate::front::check::context::Context;
use crate::ir::hir::{Const, Expr, ExprKind, FnId, Function, LetId, Ty};

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    /// A code is in it, or may be.
    code: bool,
    /// It is made with a secret, whichever way it came about.
    key: bool,
}

/// A parameter in its own `fn`: each call tells.
const PARAMETER: Origin = Origin { code: false, key: true };
/// Anything that is no code.
const OPEN: Origin = Origin { code: false, key: false };

/// A value that is used as it must not be.
enum Misuse {
    /// Looked at piece by piece: where, and as what.
    Pieces(Span, &'static str),
    /// The key of a code that is not made with a secret.
    KnownKey(Span),
    /// Compared where something else may stand for the code.
    StandIn(Span),
}

/// Refuses an expression that looks into a code or takes a known text for a key; the operands have been looked at.
pub(in crate::front::check) fn look(ctx: &mut Context<'_>, expr: Expr) -> Expr {
    let Some((place, misuse)) = Judge::new(ctx).node(&expr, &[]) else { return expr };
    let finding = match misuse {
        Misuse::Pieces(at, what) => beside(looked_into(place, what), place, at, "here"),
        Misuse::StandIn(at) => {
            let label = "sometimes a code, sometimes what everybody can know or choose";
            let finding = Diagnostic::error(Code::SecretLeak, place, "a known text may stand for the code that is compared", label);
            let help = "compare the code alone, and write the other case as a condition of its own, as in `config.NAME is present and …`";
            beside(finding, place, at, "compared here").help(help)
        }
        Misuse::KnownKey(at) => {
            let label = "everybody can know or choose this";
            let finding = Diagnostic::error(Code::BadArguments, place, "a key that is not made with a secret", label);
            let help = "declare it as `secret` in `config`, or derive it with another `hmac_…`";
            beside(finding, place, at, "the key is used here").help(help)
        }
    };
    ctx.push(finding);
    failed(expr.span)
}

/// Reports a code that is looked into, where the expression around is checked elsewhere.
pub(super) fn refuse_pieces(ctx: &mut Context<'_>, value: &Expr, what: &str) -> bool {
    let code = Judge::new(ctx).origin(value, &[]).code;
    if code {
        ctx.push(looked_into(value.span, what));
    }
    code
}

/// The finding with a second place, if there is one.
fn beside(finding: Diagnostic, place: Span, at: Span, label: &str) -> Diagnostic {
    if at == place { finding } else { finding.also(at, label) }
}

fn looked_into(place: Span, what: &str) -> Diagnostic {
    let label = "what `hmac_…` gives is compared whole, or a caller finds it out piece by piece";
    Diagnostic::error(Code::SecretLeak, place, format!("a code made with a secret would become {what}"), label)
        .help("compare the whole of it with `==`; cut what comes with the request instead, as in `substring(…)` or `self.mac`")
}

/// Reports a text that stands where secrets do: it can be read in the module, or is chosen by the caller.
pub(super) fn refuse_known(ctx: &mut Context<'_>, value: &Expr, what: &str) -> bool {
    let known = *value.ty.present() == Ty::String;
    if known {
        let help = "declare it as `secret` in `config`; for a secret that may be missing write `config.NAME is present and …`";
        let label = format!("has type `{}`, so others can know or choose it", value.ty);
        ctx.error(Code::SecretLeak, value.span, format!("{what} is no secret"), label, help);
    }
    known
}

/// What has been found out, so that chains of declarations stay linear.
struct Judge<'a, 'c> {
    ctx: &'a Context<'c>,
    lets: BTreeMap<LetId, Origin>,
    values: BTreeMap<(FnId, Vec<Origin>), Origin>,
    bodies: BTreeSet<(FnId, Vec<Origin>)>,
}

impl<'a, 'c> Judge<'a, 'c> {
    fn new(ctx: &'a Context<'c>) -> Judge<'a, 'c> {
        Judge { ctx, lets: BTreeMap::new(), values: BTreeMap::new(), bodies: BTreeSet::new() }
    }

    /// What is wrong with this node, and the place to name; `bound` tells of the parameters of the `fn` around.
    fn node(&mut self, expr: &Expr, bound: &[Origin]) -> Option<(Span, Misuse)> {
        if let ExprKind::Call(function, args) = &expr.kind
            && function.is_code()
        {
            let key = args.first()?;
            return (!self.origin(key, bound).key).then_some((key.span, Misuse::KnownKey(key.span)));
        }
        if let ExprKind::Invoke(id, args) = &expr.kind {
            let origins: Vec<Origin> = args.iter().map(|arg| self.origin(arg, bound)).collect();
            return self.call(*id, args, &origins, expr.span);
        }
        if let ExprKind::Equal(left, right) | ExprKind::In(left, right) = &expr.kind {
            let mixed = [left, right].into_iter().find(|side| {
                let origin = self.origin(side, bound);
                origin.code && !origin.key
            });
            if let Some(side) = mixed {
                return Some((side.span, Misuse::StandIn(side.span)));
            }
        }
        let (operands, what) = pieces(&expr.kind)?;
        let operand = operands.into_iter().find(|operand| self.origin(operand, bound).code)?;
        Some((operand.span, Misuse::Pieces(operand.span, what)))
    }

    /// A call: the body has no fault by itself, perhaps one with these arguments.
    fn call(&mut self, id: FnId, args: &[Expr], origins: &[Origin], span: Span) -> Option<(Span, Misuse)> {
        let known = (id, origins.to_vec());
        if origins.iter().all(|origin| *origin == PARAMETER) || !self.bodies.insert(known) {
            return None;
        }
        let body = &self.ctx.fns.get(id.index())?.body;
        let mut open = vec![body];
        while let Some(part) = open.pop() {
            if let Some((_, misuse)) = self.node(part, origins) {
                let guilty = |origin: &Origin| match misuse {
                    Misuse::Pieces(..) | Misuse::StandIn(_) => origin.code,
                    Misuse::KnownKey(_) => !origin.key,
                };
                let arg = args.iter().zip(origins).find(|(_, origin)| guilty(origin)).map_or(span, |(arg, _)| arg.span);
                return Some((arg, misuse));
            }
            open.extend(part.operands());
        }
        None
    }

    /// What a value is made of.
    fn origin(&mut self, expr: &Expr, bound: &[Origin]) -> Origin {
        match expr.ty.present() {
            Ty::Secret => return Origin { code: false, key: true },
            Ty::Bool => return OPEN,
            _ => {}
        }
        match &expr.kind {
            ExprKind::Call(function, _) if function.is_code() => Origin { code: true, key: true },
            ExprKind::Call(Function::Len | Function::Unix, _) => OPEN,
            ExprKind::Call(_, parts) | ExprKind::Concat(parts) => self.some(parts.iter(), bound),
            ExprKind::ListOf(items) => self.every(items.iter(), bound),
            ExprKind::Coalesce(left, right) => self.every([&**left, &**right].into_iter(), bound),
            ExprKind::If(_, then, otherwise) => self.every([&**then, &**otherwise].into_iter(), bound),
            ExprKind::Match(_, arms, otherwise) => {
                self.every(arms.iter().map(|(_, value)| value).chain(std::iter::once(&**otherwise)), bound)
            }
            ExprKind::Index(list, _) => self.origin(list, bound),
            ExprKind::Arithmetic(_, left, right) => self.some([&**left, &**right].into_iter(), bound),
            ExprKind::Bound(level) => bound.get(*level as usize).copied().unwrap_or(PARAMETER),
            ExprKind::Let(id) => {
                if let Some(known) = self.lets.get(id) {
                    return *known;
                }
                // INVARIANT: a let reads only lets before it, so this ends.
                let origin = self.ctx.lets.get(id.index()).map_or(OPEN, |item| self.origin(&item.value, &[]));
                self.lets.insert(*id, origin);
                origin
            }
            ExprKind::Invoke(id, args) => {
                let origins: Vec<Origin> = args.iter().map(|arg| self.origin(arg, bound)).collect();
                let call = (*id, origins);
                if let Some(known) = self.values.get(&call) {
                    return *known;
                }
                // INVARIANT: a `fn` calls only those before it, so this ends.
                let origin = self.ctx.fns.get(id.index()).map_or(OPEN, |item| self.origin(&item.body, &call.1));
                self.values.insert(call, origin);
                origin
            }
            _ => OPEN,
        }
    }

    /// Of a value made of all of these: one secret part makes it a key.
    fn some<'e>(&mut self, parts: impl Iterator<Item = &'e Expr>, bound: &[Origin]) -> Origin {
        parts.map(|part| self.origin(part, bound)).fold(OPEN, |all, part| Origin { code: all.code | part.code, key: all.key | part.key })
    }

    /// Of a value that is one of these: each must be a key.
    fn every<'e>(&mut self, values: impl Iterator<Item = &'e Expr>, bound: &[Origin]) -> Origin {
        let start = Origin { code: false, key: true };
        values.map(|value| self.origin(value, bound)).fold(start, |all, one| Origin { code: all.code | one.code, key: all.key & one.key })
    }
}

/// The operands that an expression looks into, and as what.
fn pieces(kind: &ExprKind) -> Option<(Vec<&Expr>, &'static str)> {
    Some(match kind {
        ExprKind::Contains(left, right) => (vec![left, right], "an operand of `contains`"),
        ExprKind::StartsWith(left, right) => (vec![left, right], "an operand of `starts_with`"),
        ExprKind::EndsWith(left, right) => (vec![left, right], "an operand of `ends_with`"),
        ExprKind::Less(left, right) | ExprKind::LessEqual(left, right) => (vec![left, right], "smaller or greater than something"),
        ExprKind::Matches(subject, ..) => (vec![subject], "an operand of `matches`"),
        ExprKind::Match(subject, ..) => (vec![subject], "the subject of `match`"),
        ExprKind::MapGet(_, key) | ExprKind::ConfigMapGet(_, key) | ExprKind::InMap(key, _) | ExprKind::InConfigMap(key, _) => {
            (vec![key], "the key of a map")
        }
        ExprKind::JsonMember(_, key) => (vec![key], "the name of a member"),
        ExprKind::Object(members) => (members.values(), "a part of an object"),
        ExprKind::JsonHas(_, needle) => (vec![needle], "what is sought in a JSON array"),
        ExprKind::In(needle, list) if is_known(list) => (vec![needle], "what is sought in a list that the policy has"),
        ExprKind::Quantified(_, _, list, _) => (vec![list], "an element that is looked at by itself"),
        // What the policy itself says may go, such as the padding of base64.
        ExprKind::Call(Function::Replace, args) if args.iter().skip(1).all(|arg| matches!(arg.kind, ExprKind::Const(_))) => return None,
        ExprKind::Call(Function::Split | Function::Replace, args) => (args.iter().take(1).collect(), "a text that is taken apart"),
        ExprKind::Call(Function::Hash, args) => (args.iter().collect(), "a number that tells of it"),
        ExprKind::Call(Function::Substring, args) if !is_long(args) => (args.iter().take(1).collect(), "a text of which a part is taken"),
        _ => return None,
    })
}

/// The fewest characters of a code that are compared: 64 bits in hex.
const FEWEST: i64 = 16;

/// Whether a part of a text is always as long as a part of a code has to be.
fn is_long(args: &[Expr]) -> bool {
    let number = |arg: &Expr| if let ExprKind::Const(Const::Int(number)) = arg.kind { Some(number) } else { None };
    match args {
        // Of the shortest code, that of SHA-1 in base64, 27 characters count.
        [_, start] => number(start).is_some_and(|start| (0..=27 - FEWEST).contains(&start)),
        [_, start, length] => {
            number(start).is_some_and(|start| (0..=27 - FEWEST).contains(&start)) && number(length).is_some_and(|length| length >= FEWEST)
        }
        _ => false,
    }
}

/// Whether a list is in the policy as it stands: such a one is looked up, not compared element by element.
fn is_known(list: &Expr) -> bool {
    match &list.kind {
        ExprKind::List(_) | ExprKind::Config(_) => true,
        ExprKind::ListOf(items) => items.iter().all(|item| matches!(item.kind, ExprKind::Const(Const::String(_) | Const::Bytes(_)))),
        _ => false,
    }
}
