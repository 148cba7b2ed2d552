//! Names in the syntax tree: every place that can use a declaration. In: files as written. Out: names.
//! The matches have no wildcard, so that a new form of the tree cannot hide a use.

use std::collections::BTreeSet;

use crate::base::FileId;
use crate::ir::ast;

/// What a policy uses.
#[derive(Default)]
pub(super) struct Used<'a> {
    /// Declarations by name.
    pub(super) names: BTreeSet<&'a str>,
    /// Fields of `config`.
    pub(super) config: BTreeSet<&'a str>,
}

impl<'a> Used<'a> {
    /// Everything that the items use. Tests check a policy and use nothing of it.
    pub(super) fn of(files: &'a [(FileId, ast::File)]) -> Used<'a> {
        let mut used = Used::default();
        for item in files.iter().flat_map(|(_, file)| &file.items) {
            used.item(item);
        }
        used
    }

    fn item(&mut self, item: &'a ast::Item) {
        match item {
            ast::Item::Policy(policy) => self.attrs(&policy.attrs),
            ast::Item::Import(_) | ast::Item::Test(_) => {}
            ast::Item::Config(config) => config.fields.iter().filter_map(|field| field.default.as_ref()).for_each(|expr| self.expr(expr)),
            ast::Item::Let(item) => self.expr(&item.value),
            ast::Item::Function(function) => self.expr(&function.body),
            ast::Item::List(item) | ast::Item::Map(item) => self.value(&item.value),
            ast::Item::Jwt(jwt) => self.attrs(&jwt.attrs),
            ast::Item::Declaration(declaration) => self.attrs(&declaration.attrs),
            ast::Item::Lookup(lookup) => self.attrs(&lookup.attrs),
            ast::Item::Scope(scope) => self.scope(scope),
            ast::Item::Rule(rule) => self.rule(rule),
        }
    }

    fn scope(&mut self, scope: &'a ast::Scope) {
        for item in &scope.items {
            match item {
                ast::ScopeItem::Attr(attr) => self.value(&attr.value),
                ast::ScopeItem::Authenticate(line) => self.names.extend(line.names.iter().map(|name| name.text.as_str())),
                ast::ScopeItem::Apply(line) => self.names.extend(line.names.iter().map(|name| name.text.as_str())),
                ast::ScopeItem::Rule(rule) => self.rule(rule),
                ast::ScopeItem::Scope(inner) => self.scope(inner),
            }
        }
    }

    fn rule(&mut self, rule: &'a ast::Rule) {
        for item in &rule.items {
            match item {
                ast::RuleItem::On(_) => {}
                ast::RuleItem::When(expr) | ast::RuleItem::Unless(expr) => self.expr(expr),
                ast::RuleItem::Reply(reply) => self.reply(reply),
                ast::RuleItem::Edit(edit) => match &edit.kind {
                    ast::EditKind::Set(expr) | ast::EditKind::Append(expr) => self.expr(expr),
                    ast::EditKind::Remove => {}
                },
                ast::RuleItem::Redaction(redaction) => self.redaction(redaction),
                ast::RuleItem::Arm(expr, target) => {
                    self.expr(expr);
                    self.target(target);
                }
                ast::RuleItem::Otherwise(target) => self.target(target),
                ast::RuleItem::Attr(attr) => self.value(&attr.value),
            }
        }
    }

    fn redaction(&mut self, redaction: &'a ast::Redaction) {
        match &redaction.target {
            ast::RedactionTarget::Any(detectors) => {
                self.names.extend(detectors.iter().filter_map(|detector| detector.path.first()).map(|name| name.text.as_str()));
            }
            ast::RedactionTarget::Json(_)
            | ast::RedactionTarget::Header(_)
            | ast::RedactionTarget::Query(_)
            | ast::RedactionTarget::Form(_) => {}
        }
        match &redaction.action {
            ast::Action::Call(_, args) => args.iter().for_each(|arg| self.arg(arg)),
            ast::Action::Block(reply) => self.reply(reply),
        }
    }

    fn target(&mut self, target: &'a ast::Target) {
        match &target.kind {
            ast::TargetKind::Cluster(expr) | ast::TargetKind::Split(expr, _) => self.expr(expr),
            ast::TargetKind::Keep => {}
        }
    }

    fn attrs(&mut self, attrs: &'a [ast::Attr]) {
        attrs.iter().for_each(|attr| self.value(&attr.value));
    }

    fn value(&mut self, value: &'a ast::Value) {
        match value {
            ast::Value::Expr(expr) | ast::Value::Distinct(expr) => self.expr(expr),
            ast::Value::Source(source) => self.source(source),
            ast::Value::Outcome(ast::Outcome::Deny(reply) | ast::Outcome::Block(_, reply)) => self.reply(reply),
            ast::Value::Fetch(attrs, _) => self.attrs(attrs),
        }
    }

    fn source(&mut self, source: &'a ast::Source) {
        self.names.insert(source.kind.text.as_str());
        self.expr(&source.text);
    }

    fn reply(&mut self, reply: &'a ast::Reply) {
        match &reply.body {
            ast::ReplyBody::Empty => {}
            ast::ReplyBody::Text(expr) | ast::ReplyBody::Json(expr) | ast::ReplyBody::Location(expr) => self.expr(expr),
        }
    }

    fn arg(&mut self, arg: &'a ast::Arg) {
        match arg {
            ast::Arg::Expr(expr) | ast::Arg::Named(_, expr) => self.expr(expr),
            ast::Arg::Source(source) => self.source(source),
        }
    }

    fn expr(&mut self, expr: &'a ast::Expr) {
        match &expr.kind {
            ast::ExprKind::Int(_)
            | ast::ExprKind::Float(_)
            | ast::ExprKind::Duration(_)
            | ast::ExprKind::Size(_)
            | ast::ExprKind::Percent(_)
            | ast::ExprKind::String(_)
            | ast::ExprKind::Regex { .. }
            | ast::ExprKind::Bool(_)
            | ast::ExprKind::Null
            | ast::ExprKind::Constant(_) => {}
            ast::ExprKind::Name(name) => {
                self.names.insert(name);
            }
            ast::ExprKind::Interpolation(items) | ast::ExprKind::And(items) | ast::ExprKind::Or(items) => {
                items.iter().for_each(|item| self.expr(item));
            }
            ast::ExprKind::List(items) => items.iter().for_each(|item| self.arg(item)),
            ast::ExprKind::Object(members) => members.iter().for_each(|member| self.expr(&member.value)),
            ast::ExprKind::Not(operand) | ast::ExprKind::Negate(operand) => self.expr(operand),
            ast::ExprKind::Compare { left, right, .. } | ast::ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ast::ExprKind::Presence { operand, .. } => self.expr(operand),
            ast::ExprKind::Per { count, .. } => self.expr(count),
            ast::ExprKind::Coalesce(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ast::ExprKind::Member(base, name) => {
                if is_config(base) {
                    self.config.insert(&name.text);
                }
                self.expr(base);
            }
            ast::ExprKind::Index(base, key) => {
                if let (true, ast::ExprKind::String(name)) = (is_config(base), &key.kind) {
                    self.config.insert(name);
                }
                self.expr(base);
                self.expr(key);
            }
            ast::ExprKind::Call { callee, args } => {
                self.expr(callee);
                args.iter().for_each(|arg| self.arg(arg));
            }
            ast::ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ast::ExprKind::Quantified { list, condition, .. } => {
                self.expr(list);
                self.expr(condition);
            }
            ast::ExprKind::Match { subject, arms } => {
                self.expr(subject);
                arms.iter().for_each(|arm| self.expr(&arm.value));
            }
        }
    }
}

fn is_config(base: &ast::Expr) -> bool {
    matches!(&base.kind, ast::ExprKind::Name(name) if name == "config")
}
