//! Random scopes and rules. In: what is declared. Out: their trees; templates and applications are entered into the world.

use super::case::Node;
use super::expr::{Expressions, Place};
use super::policy::{hosts, reply};
use super::random::Random;
use super::world::{ANSWERED, EDITED, METHODS, SEGMENTS, World, quoted};

/// What a scope gives to what stands in it.
#[derive(Clone, Debug)]
struct Around {
    template: Option<String>,
    captures: Vec<String>,
    /// Credentials and whether they may be absent.
    credentials: Vec<(String, bool)>,
}

/// All scopes and rules.
pub fn rules(random: &mut Random, world: &mut World) -> Vec<Node> {
    let around = Around { template: None, captures: Vec::new(), credentials: Vec::new() };
    let mut items: Vec<Node> = Vec::new();
    for _ in 0..random.between(1, 6) {
        items.push(rule(random, world, &around));
    }
    let scopes = if random.chance(20) { 0 } else { random.between(1, 3) };
    for _ in 0..scopes {
        let at = random.below(items.len() + 1);
        items.insert(at, scope(random, world, &around, 2));
    }
    items
}

/// A template within another. Captures are called after their place, so that one name never stands at two.
fn template(random: &mut Random, within: Option<&str>) -> String {
    let (mut segments, open): (Vec<String>, bool) = match within {
        None => (Vec::new(), true),
        Some(outer) => {
            let open = outer.ends_with("/**");
            let stem = outer.strip_suffix("/**").unwrap_or(outer);
            (stem.split('/').skip(1).map(str::to_owned).collect(), open)
        }
    };
    for segment in &mut segments {
        if (segment.starts_with('{') || segment == "*") && random.chance(30) {
            *segment = random.word(SEGMENTS).to_owned();
        }
    }
    let mut tail = "";
    if open {
        for _ in 0..random.below(3) {
            let place = segments.len();
            segments.push(match random.below(5) {
                0 | 1 => format!("{{s{place}}}"),
                2 if random.chance(50) => "*".to_owned(),
                _ => random.word(SEGMENTS).to_owned(),
            });
        }
        tail = *random.pick(&["", "", "/**", "/**", "/"]);
    }
    let whole = format!("{}{tail}", segments.iter().map(|segment| format!("/{segment}")).collect::<String>());
    if whole.is_empty() { "/".to_owned() } else { whole }
}

fn captures(template: &str) -> Vec<String> {
    let names = template.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(str::to_owned).collect()
}

fn scope(random: &mut Random, world: &mut World, around: &Around, depth: usize) -> Node {
    let mut template = self::template(random, around.template.as_deref());
    if around.template.is_none() && !template.ends_with("/**") && random.chance(70) {
        template = format!("{}/**", template.trim_end_matches('/'));
    }
    world.templates.push(template.clone());
    let mut inner = around.clone();
    for name in captures(&template) {
        if !inner.captures.contains(&name) {
            inner.captures.push(name);
        }
    }
    inner.template = Some(template.clone());
    let mut children = Vec::new();
    if random.chance(20) {
        children.push(Node::line(hosts(random)));
    }
    if random.chance(15) {
        children.push(Node::line("mode = shadow"));
    }
    if !world.credentials.is_empty() {
        for _ in 0..random.below(3) {
            let mut names: Vec<String> =
                world.credentials.iter().map(|credential| credential.name.clone()).filter(|_| random.chance(60)).collect();
            if names.is_empty() {
                names.push(random.pick(&world.credentials).name.clone());
            }
            let word = *random.pick(&[" or ", " and "]);
            let optional = random.chance(35);
            let line = format!("authenticate {}{}", if optional { "optional " } else { "" }, names.join(word));
            let maybe = optional || (word == " or " && names.len() > 1);
            for name in names {
                match inner.credentials.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known &= maybe,
                    None => inner.credentials.push((name, maybe)),
                }
            }
            children.push(Node::line(line));
        }
    }
    if !world.signed.is_empty() && random.chance(60) {
        let name = random.pick(&world.signed).name.clone();
        let mut names = vec![name];
        for other in world.credentials.iter().map(|credential| &credential.name) {
            // Alternatives may be absent, so nothing is read of them.
            if random.chance(25) {
                names.insert(random.below(names.len() + 1), other.clone());
            }
        }
        let optional = if random.chance(30) { "optional " } else { "" };
        children.push(Node::line(format!("authenticate {optional}{}", names.join(random.word(&[" or ", " and "])))));
    }
    apply(random, world, &inner, &mut children);
    for _ in 0..random.between(0, 4) {
        children.push(rule(random, world, &inner));
    }
    if depth > 0 && random.chance(40) {
        children.push(scope(random, world, &inner, depth - 1));
    }
    Node::block(format!("scope {}", quoted(&template)), children)
}

fn apply(random: &mut Random, world: &mut World, around: &Around, children: &mut Vec<Node>) {
    let mut applied = Vec::new();
    for limit in &mut world.limits {
        if !random.chance(50) {
            continue;
        }
        if let Some(credential) = &limit.credential {
            let Some((_, maybe)) = around.credentials.iter().find(|(name, _)| name == credential) else { continue };
            limit.optional |= *maybe;
        }
        limit.captures = Some(match &limit.captures {
            None => around.captures.clone(),
            Some(known) => known.iter().filter(|name| around.captures.contains(name)).cloned().collect(),
        });
        applied.push(limit.name.clone());
    }
    if !applied.is_empty() {
        children.push(Node::line(format!("apply {}", applied.join(", "))));
    }
}

fn rule(random: &mut Random, world: &mut World, around: &Around) -> Node {
    let kind = random.below(11);
    let name = world.name("r");
    let name = if random.chance(10) { format!("{name} of \\\"ü\\\" \\\\ ; x") } else { name };
    let mut children = Vec::new();
    let mut place = Place {
        request: true,
        response: matches!(kind, 6..=8) || kind == 3 && random.chance(40),
        response_body: world.answers && matches!(kind, 3 | 6..=8) && random.chance(50),
        // Not in every rule, or every request would be held.
        body: random.chance(30),
        captures: around.captures.clone(),
        credentials: around.credentials.clone(),
        bound: Vec::new(),
    };
    place.response_body &= place.response;
    let mut common: Option<Vec<String>> = None;
    for _ in 0..[0, 1, 1, 1, 2][random.below(5)] {
        let mut templates = Vec::new();
        for _ in 0..[1, 1, 2][random.below(3)] {
            let template = self::template(random, around.template.as_deref());
            let names = captures(&template);
            common = Some(match common {
                None => names,
                Some(known) => known.into_iter().filter(|name| names.contains(name)).collect(),
            });
            templates.push(quoted(&template));
            world.templates.push(template);
        }
        let methods: Vec<&str> = (0..random.below(3)).map(|_| random.word(METHODS)).collect();
        let methods = if methods.is_empty() { String::new() } else { format!("{} ", methods.join(", ")) };
        children.push(Node::line(format!("on {methods}{}", templates.join(", "))));
    }
    for name in common.into_iter().flatten() {
        if !place.captures.contains(&name) {
            place.captures.push(name);
        }
    }
    if !matches!(kind, 9 | 10) {
        for _ in 0..[0, 0, 1, 1, 2][random.below(5)] {
            let word = *random.pick(&["when", "when", "unless"]);
            let condition = Expressions { random, world, place: &place }.boolean(3);
            children.push(Node::line(format!("{word} {condition}")));
        }
    }
    let head = match kind {
        0..=2 => "permit",
        3 => {
            if random.chance(80) {
                let reply = reply(random, world, &place);
                children.push(Node::line(format!("reply {reply}")));
            }
            "forbid"
        }
        4 | 5 => {
            edits(random, world, &place, EDITED, &mut children);
            if random.chance(25) {
                let text = Expressions { random, world, place: &place }.text(2);
                children.push(Node::line(format!("path = {text}")));
            }
            if random.chance(15) {
                let text = *random.pick(&["\"inner.test\"", "\"i-${request.host}\""]);
                children.push(Node::line(format!("host = {text}")));
            }
            "rewrite request"
        }
        6 => {
            edits(random, world, &place, ANSWERED, &mut children);
            "rewrite response"
        }
        7 | 8 => {
            redact(random, world.answers, &mut children);
            "redact response"
        }
        _ => {
            route(random, world, &place, &mut children);
            "route"
        }
    };
    if random.chance(15) {
        // In a route it stands before the arms.
        children.insert(0, Node::line("mode = shadow".to_owned()));
    }
    Node::block(format!("{head} \"{name}\""), children)
}

fn edits(random: &mut Random, world: &World, place: &Place, names: &[&'static str], children: &mut Vec<Node>) {
    for _ in 0..random.between(1, 3) {
        let name = random.word(names);
        let value = Expressions { random, world, place }.writable(2);
        children.push(Node::line(match random.below(5) {
            0 | 1 => format!("set {} = {value}", quoted(name)),
            2 => format!("append {} = {value}", quoted(name)),
            3 => format!("remove {}", quoted(name)),
            _ => format!("remove {}", random.pick(&["\"x-*\"", "\"x-internal-*\"", "\"c*\"", "\"set-*\""])),
        }));
    }
}

fn redact(random: &mut Random, answers: bool, children: &mut Vec<Node>) {
    let any = random.chance(80);
    if any {
        if random.chance(40) {
            let types = *random.pick(&[
                "\"application/json\"",
                "\"text/*\"",
                "\"*/*\"",
                "\"application/*+json\", \"text/html\"",
                "\"application/*\"",
            ]);
            children.push(Node::line(format!("types = [{types}]")));
        }
        if random.chance(30) {
            // Where a response is held, one denied between `body_limit` and `max_body` is cut or replaced as its chunks happen to end.
            let most: &[&str] = if answers { &["1B", "1MiB"] } else { &["20B", "64B", "1KiB", "1MiB"] };
            children.push(Node::line(format!("max_body = {}", random.pick(most))));
            if random.chance(60) {
                children
                    .push(Node::line(format!("on_oversize = {}", random.pick(&["allow", "deny 502", "deny 500 \"too \\\"large\\\"\""]))));
            }
        }
        if random.chance(40) {
            children.push(Node::line(format!("on_encoded = {}", random.pick(&["allow", "deny 502", "deny 501 \"encoded\""]))));
        }
        let mask = *random.pick(&[
            "mask()",
            "mask",
            "mask(keep_last = 4)",
            "mask(keep_first = 6, keep_last = 4, with = \"#\")",
            "mask(with = \"•\")",
            "mask(with = \"\\\"\", keep_first = 1)",
            "mask(keep_first = 99)",
        ]);
        let detector = *random.pick(&["builtin.card", "[builtin.card]"]);
        children.push(Node::line(format!("any {detector} -> {mask}")));
    }
    if !any || random.chance(30) {
        for _ in 0..random.between(1, 2) {
            children.push(Node::line(format!(
                "header {} -> remove",
                random.pick(&["\"x-internal-*\"", "\"x-kind\"", "\"Set-Cookie\"", "\"x-a\"", "\"e*\""])
            )));
        }
    }
}

fn route(random: &mut Random, world: &World, place: &Place, children: &mut Vec<Node>) {
    for _ in 0..random.below(3) {
        let condition = Expressions { random, world, place }.boolean(2);
        children.push(Node::line(format!("when {condition} -> {}", target(random, world, place))));
    }
    children.push(Node::line(format!("otherwise -> {}", target(random, world, place))));
}

fn target(random: &mut Random, world: &World, place: &Place) -> String {
    match random.below(6) {
        0 => "keep".to_owned(),
        1 => {
            let text = Expressions { random, world, place }.text(1);
            format!("cluster \"c_${{{text}}}\"")
        }
        2 | 3 => {
            let key = Expressions { random, world, place }.writable(1);
            let split = *random.pick(&[
                "\"a\": 5%, \"b\": 95%",
                "\"a\": 33.33%, \"b\": 33.33%, \"c\": 33.34%",
                "\"a\": 100%",
                "\"a\": 0%, \"b\": 100%",
            ]);
            format!("split by {key} {{ {split} }}")
        }
        _ => format!("cluster {}", quoted(random.word(&["orders", "other", "a b"]))),
    }
}
