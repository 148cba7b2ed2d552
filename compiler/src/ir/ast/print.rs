//! A readable dump of the syntax tree for `portcullis dump ast`: one line per node, two blanks per level,
//! expressions on their line with every operator in parentheses, so that the structure shows.
//! In: a file's tree. Out: text that depends on nothing else.

use super::print_expr::{arg, args, expr, object_name, quoted};
use super::{
    Action, Attr, BodyPart, Combination, Detector, EditKind, Expected, Field, File, Found, Given, Item, ListOrMap, Outcome, Param, Part,
    RedactionTarget, Reply, ReplyBody, Rule, RuleItem, Scope, ScopeItem, Step, StepKind, Target, TargetKind, Type, Value,
};

/// The tree of a file as text.
pub fn print(file: &File) -> String {
    let mut out = Printer { text: String::new(), level: 0 };
    for part in &file.items {
        out.item(part);
    }
    out.text
}

struct Printer {
    text: String,
    level: usize,
}

impl Printer {
    fn line(&mut self, text: &str) {
        for _ in 0..self.level {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn nested(&mut self, head: &str, body: impl FnOnce(&mut Printer)) {
        self.line(head);
        self.level += 1;
        body(self);
        self.level -= 1;
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Policy(policy) => self.block(&format!("policy {}", policy.name.text), &policy.attrs),
            Item::Import(import) => self.line(&format!("import {}", quoted(&import.file.text))),
            Item::Config(config) => self.nested("config", |out| out.fields(&config.fields)),
            Item::Let(binding) => self.line(&format!("let {} = {}", binding.name.text, expr(&binding.value))),
            Item::Function(function) => {
                let head = format!("fn {}({}) = {}", function.name.text, params(&function.params), expr(&function.body));
                self.line(&head);
            }
            Item::List(list) => self.data("list", list),
            Item::Map(map) => self.data("map", map),
            Item::Jwt(jwt) => self.nested(&format!("jwt {}", jwt.name.text), |out| {
                out.attrs(&jwt.attrs);
                if !jwt.claims.is_empty() {
                    out.nested("claims", |out| out.fields(&jwt.claims));
                }
            }),
            Item::Declaration(declaration) => {
                let head = format!("{} {}", declaration.kind.keyword(), declaration.name.text);
                self.block(&head, &declaration.attrs);
            }
            Item::Lookup(lookup) => {
                let head = format!("lookup {}({}) -> {}", lookup.name.text, params(&lookup.params), ty(&lookup.ty));
                self.block(&head, &lookup.attrs);
            }
            Item::Scope(scope) => self.scope(scope),
            Item::Rule(rule) => self.rule(rule),
            Item::Test(test) => self.nested(&format!("test {}", quoted(&test.name.text)), |out| out.steps(&test.steps)),
        }
    }

    fn block(&mut self, head: &str, attrs: &[Attr]) {
        self.nested(head, |out| out.attrs(attrs));
    }

    fn data(&mut self, keyword: &str, data: &ListOrMap) {
        let key = data.key.as_ref().map(|key| format!("{} -> ", ty(key))).unwrap_or_default();
        self.line(&format!("{keyword} {}: {key}{} = {}", data.name.text, ty(&data.ty), value(&data.value)));
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            let default = field.default.as_ref().map(|default| format!(" = {}", expr(default))).unwrap_or_default();
            self.line(&format!("{}: {}{default}", object_name(&field.name.text), ty(&field.ty)));
        }
    }

    fn attrs(&mut self, attrs: &[Attr]) {
        for attr in attrs {
            self.attr(attr);
        }
    }

    fn attr(&mut self, attr: &Attr) {
        match &attr.value {
            Value::Fetch(attrs, _) => self.block(&format!("{} = fetch", attr.name.text), attrs),
            Value::Expr(_) | Value::Source(_) | Value::Outcome(_) | Value::Distinct(_) => {
                self.line(&format!("{} = {}", attr.name.text, value(&attr.value)));
            }
        }
    }

    fn scope(&mut self, scope: &Scope) {
        self.nested(&format!("scope {}", quoted(&scope.template.text)), |out| {
            for item in &scope.items {
                match item {
                    ScopeItem::Attr(attr) => out.attr(attr),
                    ScopeItem::Authenticate(authenticate) => {
                        let optional = if authenticate.optional { "optional " } else { "" };
                        let between = match authenticate.combination {
                            Combination::And => " and ",
                            Combination::Or => " or ",
                        };
                        out.line(&format!("authenticate {optional}{}", names(&authenticate.names, between)));
                    }
                    ScopeItem::Apply(apply) => out.line(&format!("apply {}", names(&apply.names, ", "))),
                    ScopeItem::Rule(rule) => out.rule(rule),
                    ScopeItem::Scope(scope) => out.scope(scope),
                }
            }
        });
    }

    fn rule(&mut self, rule: &Rule) {
        self.nested(&format!("{} {}", rule.kind.keyword(), quoted(&rule.name.text)), |out| {
            for item in &rule.items {
                out.rule_item(item);
            }
        });
    }

    fn rule_item(&mut self, item: &RuleItem) {
        let line = match item {
            RuleItem::On(on) => {
                let templates: Vec<String> = on.templates.iter().map(|template| quoted(&template.text)).collect();
                let methods = names(&on.methods, ", ");
                let blank = if methods.is_empty() { "" } else { " " };
                format!("on {methods}{blank}{}", templates.join(", "))
            }
            RuleItem::When(condition) => format!("when {}", expr(condition)),
            RuleItem::Unless(condition) => format!("unless {}", expr(condition)),
            RuleItem::Reply(body) => format!("reply {}", reply(body)),
            RuleItem::Edit(edit) => {
                let header = quoted(&edit.header.text);
                match &edit.kind {
                    EditKind::Set(value) => format!("set {header} = {}", expr(value)),
                    EditKind::Append(value) => format!("append {header} = {}", expr(value)),
                    EditKind::Remove => format!("remove {header}"),
                }
            }
            RuleItem::Redaction(redaction) => {
                let target = match &redaction.target {
                    RedactionTarget::Any(detectors) => {
                        let list: Vec<String> = detectors.iter().map(detector).collect();
                        format!("any [{}]", list.join(", "))
                    }
                    RedactionTarget::Json(name) => format!("json {}", quoted(&name.text)),
                    RedactionTarget::Header(name) => format!("header {}", quoted(&name.text)),
                    RedactionTarget::Query(name) => format!("query {}", quoted(&name.text)),
                    RedactionTarget::Form(name) => format!("form {}", quoted(&name.text)),
                };
                let action = match &redaction.action {
                    Action::Call(name, list) => format!("{}({})", name.text, args(list)),
                    Action::Block(body) => format!("block({})", reply(body)),
                };
                format!("{target} -> {action}")
            }
            RuleItem::Arm(condition, to) => format!("when {} -> {}", expr(condition), target(to)),
            RuleItem::Otherwise(to) => format!("otherwise -> {}", target(to)),
            RuleItem::Attr(attr) => return self.attr(attr),
        };
        self.line(&line);
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match &step.kind {
                StepKind::At(time) => self.line(&format!("at {}", quoted(&time.text))),
                StepKind::Wait(nanoseconds) => self.line(&format!("wait {nanoseconds}ns")),
                StepKind::Config(values) => self.line(&format!("config {}", expr(values))),
                StepKind::Repeat(times, name, inner) => {
                    self.nested(&format!("repeat {times} as {}", name.text), |out| out.steps(inner));
                }
                StepKind::Request { method, target, given } => {
                    self.nested(&format!("request {} {}", method.text, expr(target)), |out| out.given(given));
                }
                StepKind::Expect(expected) => self.line(&format!("expect {}", expectation(expected))),
            }
        }
    }

    fn given(&mut self, given: &[Given]) {
        for one in given {
            match one {
                Given::From(address) => self.line(&format!("from {}", expr(address))),
                Given::Part(part) => self.part(part),
                Given::Token(name, claims) => self.line(&format!("token {} {}", name.text, expr(claims))),
                Given::Upstream(status, parts, _) => self.parts(&format!("upstream {status}"), parts),
                Given::Service(name, None, _) => self.line(&format!("service {} timeout", name.text)),
                Given::Service(name, Some((status, parts)), _) => {
                    self.parts(&format!("service {} {status}", name.text), parts);
                }
            }
        }
    }

    fn parts(&mut self, head: &str, parts: &[Part]) {
        self.nested(head, |out| {
            for part in parts {
                out.part(part);
            }
        });
    }

    fn part(&mut self, part: &Part) {
        let line = match part {
            Part::Header(name, value) => format!("header {} = {}", quoted(&name.text), expr(value)),
            Part::Body(BodyPart::Json(value)) => format!("json {}", expr(value)),
            Part::Body(BodyPart::Text(value)) => format!("text {}", expr(value)),
            Part::Body(BodyPart::Form(value)) => format!("form {}", expr(value)),
            Part::Split(size, _) => format!("split every {size}"),
        };
        self.line(&line);
    }
}

fn names(list: &[super::Name], between: &str) -> String {
    let texts: Vec<&str> = list.iter().map(|name| name.text.as_str()).collect();
    texts.join(between)
}

fn detector(detector: &Detector) -> String {
    names(&detector.path, ".")
}

fn params(list: &[Param]) -> String {
    let texts: Vec<String> = list.iter().map(|param| format!("{}: {}", param.name.text, ty(&param.ty))).collect();
    texts.join(", ")
}

fn ty(ty_: &Type) -> String {
    let mut text = ty_.name.text.clone();
    if !ty_.args.is_empty() {
        let list: Vec<String> = ty_.args.iter().map(ty).collect();
        text.push_str(&format!("<{}>", list.join(", ")));
    }
    if !ty_.values.is_empty() {
        let list: Vec<String> = ty_.values.iter().map(|value| object_name(&value.text)).collect();
        text.push_str(&format!("({})", list.join(", ")));
    }
    if ty_.optional {
        text.push('?');
    }
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::Expr(inner) => expr(inner),
        Value::Source(source) => arg(&super::Arg::Source(source.clone())),
        Value::Outcome(Outcome::Deny(body)) => format!("deny {}", reply(body)),
        Value::Outcome(Outcome::Block(nanoseconds, body)) => format!("block {nanoseconds}ns with {}", reply(body)),
        Value::Distinct(inner) => format!("distinct {}", expr(inner)),
        Value::Fetch(attrs, _) => {
            let list: Vec<String> = attrs.iter().map(|attr| format!("{} = {}", attr.name.text, self::value(&attr.value))).collect();
            format!("fetch {{ {} }}", list.join(", "))
        }
    }
}

fn reply(reply: &Reply) -> String {
    match &reply.body {
        ReplyBody::Empty => reply.status.to_string(),
        ReplyBody::Text(text) => format!("{} {}", reply.status, expr(text)),
        ReplyBody::Json(body) => format!("{} json {}", reply.status, expr(body)),
        ReplyBody::Location(target) => format!("{} location {}", reply.status, expr(target)),
    }
}

fn target(target: &Target) -> String {
    match &target.kind {
        TargetKind::Cluster(name) => format!("cluster {}", expr(name)),
        TargetKind::Keep => "keep".to_owned(),
        TargetKind::Split(key, arms) => {
            let weight = |hundredths: u32| format!("{}.{:02}%", hundredths / 100, hundredths % 100);
            let list: Vec<String> = arms.iter().map(|arm| format!("{}: {}", quoted(&arm.cluster.text), weight(arm.weight))).collect();
            format!("split by {} {{ {} }}", expr(key), list.join(", "))
        }
    }
}

fn expectation(expected: &Expected) -> String {
    let body =
        |negated: &bool, what: &str, value: &super::Expr| format!("{}body {what} {}", if *negated { "not " } else { "" }, expr(value));
    match expected {
        Expected::Allow => "allow".to_owned(),
        Expected::Deny(status, None) => format!("deny {status}"),
        Expected::Deny(status, Some(by)) => format!("deny {status} by {}", quoted(&by.text)),
        Expected::Cluster(name) => format!("cluster {}", quoted(&name.text)),
        Expected::Count(name, times) => format!("count {} == {times}", quoted(&name.text)),
        Expected::UpstreamPath(path) => format!("upstream path {}", expr(path)),
        Expected::UpstreamHeader(name, found) => format!("upstream header {} {}", quoted(&name.text), finding(found)),
        Expected::ResponseHeader(name, found) => format!("response header {} {}", quoted(&name.text), finding(found)),
        Expected::BodyJson(negated, value) => body(negated, "json", value),
        Expected::BodyText(negated, value) => body(negated, "text", value),
        Expected::BodyContains(negated, value) => body(negated, "contains", value),
    }
}

fn finding(found: &Found) -> String {
    match found {
        Found::Equals(value) => format!("== {}", expr(value)),
        Found::Absent => "is absent".to_owned(),
        Found::Present => "is present".to_owned(),
    }
}
