//! Random policies. In: a generator of numbers. Out: the tree of a policy, its configuration, what requests should aim at.

use sha2::Digest;

use super::case::Node;
use super::expr::{Expressions, Place};
use super::random::Random;
use super::rules;
use super::signed;
use super::typed::Held;
use super::world::{
    BASIC, COOKIES, Credential, DNS, Function, HOSTS, KEYS, Limit, Named, PEER, QUERY, SUBJECTS, TEXTS, TIER, Type, URIS, World, base64,
    member, quoted,
};

/// What was made.
pub struct Made {
    /// The policy.
    pub items: Vec<Node>,
    /// The plugin configuration.
    pub configuration: String,
    /// What it declares.
    pub world: World,
}

/// Makes a policy; a few of them are refused by the checker (two routes may tie), which is no disagreement.
pub fn policy(random: &mut Random) -> Made {
    let mut world = World { answers: random.chance(40), ..World::default() };
    let mut head = Vec::new();
    let mut members: Vec<String> = Vec::new();
    config(random, &mut world, &mut head, &mut members);
    tables(random, &mut world, &mut head);
    functions(random, &mut world, &mut head);
    lets(random, &mut world, &mut head);
    credentials(random, &mut world, &mut head, &mut members);
    signed::declare(random, &mut world, &mut head, &mut members);
    signed::tokens(random, &mut world, &mut head, &mut members);
    for _ in 0..random.below(4) {
        let credential =
            if world.credentials.is_empty() || random.chance(60) { None } else { Some(random.pick(&world.credentials).name.clone()) };
        let name = world.name("limit");
        world.limits.push(Limit { name, credential, ..Limit::default() });
    }
    let mut body = rules::rules(random, &mut world);
    let limits: Vec<Node> = world.limits.clone().iter().map(|limit| self::limit(random, &world, limit)).collect();
    let mut items = vec![opening(random, &world)];
    items.append(&mut head);
    items.extend(limits);
    items.append(&mut body);
    let configuration = if members.is_empty() && random.chance(50) { String::new() } else { format!("{{{}}}", members.join(",")) };
    Made { items, configuration, world }
}

/// A reply that reads nothing but configuration.
fn plain_reply(random: &mut Random, world: &World) -> String {
    reply(random, world, &Place::default())
}

/// A reply at a place.
pub fn reply(random: &mut Random, world: &World, place: &Place) -> String {
    let status = *random.pick(&["403", "401", "404", "429", "451", "503", "200"]);
    let mut expressions = Expressions { random, world, place };
    match expressions.random.below(6) {
        0 | 1 => status.to_owned(),
        2 => format!("{status} {}", expressions.literal()),
        3 => format!("{status} \"no: ${{{}}}\"", expressions.writable(2)),
        4 => {
            let (first, second, third) = (expressions.writable(2), expressions.boolean(1), expressions.integer(1));
            let list = if place.request && expressions.random.chance(40) { expressions.texts(1) } else { "[]".to_owned() };
            let maybe = if place.request { expressions.optional_json() } else { "null".to_owned() };
            format!(
                "{status} json {{ error: {first}, \"b\\\"c\": [{second}, {third}, null], in: {{ x: {maybe}, y: {{}} }}, list: {list} }}"
            )
        }
        _ => format!("302 location \"/login?to=${{{}}}\"", expressions.text(2)),
    }
}

fn opening(random: &mut Random, world: &World) -> Node {
    let mut lines = Vec::new();
    if random.chance(70) {
        let default = if random.chance(35) { "allow".to_owned() } else { format!("deny {}", plain_reply(random, world)) };
        lines.push(Node::line(format!("default = {default}")));
    }
    if random.chance(40) {
        let fault = if random.chance(50) { "allow".to_owned() } else { format!("deny {}", plain_reply(random, world)) };
        lines.push(Node::line(format!("on_fault = {fault}")));
    }
    if random.chance(40) {
        lines.push(Node::line(format!("body_limit = {}B", random.pick(&[1, 10, 30, 60]))));
        lines.push(Node::line(format!("on_oversize = {}", random.pick(&["allow", "deny 413", "deny 413 \"too large\""]))));
    }
    if random.chance(25) {
        lines.push(Node::line(hosts(random)));
    }
    if random.chance(25) {
        lines.push(Node::line(format!("trusted_hops = {}", random.between(0, 3))));
    }
    if random.chance(20) {
        lines.push(Node::line(format!("normalize_path = {}", random.chance(20))));
    }
    if random.chance(8) {
        lines.push(Node::line("mode = shadow"));
    }
    Node::block("policy p", lines)
}

/// `hosts = […]`
pub fn hosts(random: &mut Random) -> String {
    let count = random.between(1, 3);
    let hosts: Vec<String> = (0..count).map(|_| quoted(random.word(HOSTS))).collect();
    format!("hosts = [{}]", hosts.join(", "))
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn config(random: &mut Random, world: &mut World, head: &mut Vec<Node>, members: &mut Vec<String>) {
    let mut fields = Vec::new();
    for _ in 0..random.below(6) {
        let name = world.name("c");
        let optional = random.chance(35);
        let default = !optional && random.chance(40);
        let held = *random.pick(&Held::ALL);
        let several: Vec<(String, String)> = (0..random.below(4)).map(|_| held.literal(random)).collect();
        let shape = random.below(5);
        let (ty, ty_text, default_text, given) = match shape {
            0 => {
                let (written, given): (Vec<String>, Vec<String>) = several.into_iter().unzip();
                (held.list(), format!("list<{}>", held.written()), format!("[{}]", written.join(", ")), format!("[{}]", given.join(",")))
            }
            1 => {
                let mut keys: Vec<&str> = several.iter().map(|_| random.word(TEXTS)).collect();
                keys.sort_unstable();
                keys.dedup();
                let object: Vec<String> = keys.iter().zip(&several).map(|(key, (value, _))| format!("{}: {value}", quoted(key))).collect();
                let given: Vec<String> = keys.iter().zip(&several).map(|(key, (_, value))| format!("{}:{value}", json(key))).collect();
                let ty = if held == Held::Text { Some(Type::Map) } else { None };
                (ty, format!("map<string, {}>", held.written()), format!("{{ {} }}", object.join(", ")), format!("{{{}}}", given.join(",")))
            }
            _ => {
                let (written, given) = held.literal(random);
                (Some(held.ty(false)), held.written().to_owned(), written, given)
            }
        };
        let default = default && held != Held::Secret;
        let mark = if optional { "?" } else { "" };
        let tail = if default { format!(" = {default_text}") } else { String::new() };
        fields.push(Node::line(format!("{name}: {ty_text}{mark}{tail}")));
        // One configuration in some dozens is refused, by all engines alike.
        let given = match random.below(60) {
            0 => (*random.pick(&["null", "1.5", "{}", "[1]", "\"\"", "\"x\"", "1e2", "{\"a\":null}", "1e400", "[\"\"]"])).to_owned(),
            _ => given,
        };
        if !((default || optional) && random.chance(50) || random.chance(1)) {
            members.push(format!("{}: {given}", json(&name)));
        }
        if shape == 1 && held != Held::Text && !optional {
            world.maps.push(Named {
                text: format!("config.{name}"),
                ty: held.ty(held == Held::Network),
                response: false,
                configuration: true,
            });
        }
        let ty = match (ty, optional, shape) {
            (Some(_), true, 2..) => Some(held.ty(true)),
            (_, true, _) => None,
            (ty, false, _) => ty,
        };
        let Some(ty) = ty else { continue };
        world.values.push(Named { text: format!("config.{name}"), ty, response: false, configuration: true });
    }
    if random.chance(15) {
        let name = world.name("c");
        let given = *random.pick(&["{\"a\":[1,\"a\",{}]}", "[]", "null", "\"a\"", "{\"a\":1,\"a\":1}", "1e2", "{\"a\": {\"b\" : true}}"]);
        fields.push(Node::line(format!("{name}: json{}", random.pick(&["?", "", " = { a: [\"GET\", 2] }"]))));
        if random.chance(90) {
            members.push(format!("{}: {given}", json(&name)));
        }
        world.json.push(format!("config.{name}"));
    }
    if !fields.is_empty() {
        head.push(Node::block("config", fields));
    }
}

fn tables(random: &mut Random, world: &mut World, head: &mut Vec<Node>) {
    let tabled = |random: &mut Random| *random.pick(Held::ALL.get(..10).unwrap_or(&Held::ALL));
    for _ in 0..random.below(4) {
        let held = tabled(random);
        let name = world.name("list");
        // Long enough now and then for tables that are searched rather than compared.
        let count = if random.chance(25) { random.between(9, 40) } else { random.below(5) };
        let mut items: Vec<String> = (0..count).map(|_| held.literal(random).0).collect();
        if held == Held::Text && count > 8 {
            items.extend((0..count).map(|number| quoted(&format!("item-{number}"))));
        }
        head.push(Node::line(format!("list {name}: {} = [{}]", held.written(), items.join(", "))));
        if let Some(ty) = held.list() {
            world.values.push(Named { text: name, ty, response: false, configuration: true });
        }
    }
    for _ in 0..random.below(4) {
        let held = tabled(random);
        let name = world.name("map");
        let mut keys: Vec<String> = (0..random.below(6)).map(|_| quoted(random.word(TEXTS))).collect();
        if random.chance(20) {
            keys.extend((0..30).map(|number| quoted(&format!("item-{number}"))));
        }
        keys.sort();
        keys.dedup();
        let entries: Vec<String> = keys.into_iter().map(|key| format!("{key}: {}", held.literal(random).0)).collect();
        head.push(Node::line(format!("map {name}: string -> {} = {{ {} }}", held.written(), entries.join(", "))));
        world.maps.push(Named { text: name, ty: held.ty(held == Held::Network), response: false, configuration: true });
    }
}

fn functions(random: &mut Random, world: &mut World, head: &mut Vec<Node>) {
    for _ in 0..random.below(4) {
        const PARAMS: [Type; 9] =
            [Type::Text, Type::MaybeText, Type::Int, Type::MaybeInt, Type::Bool, Type::Texts, Type::Float, Type::Time, Type::Duration];
        let params: Vec<Type> = (0..random.below(4)).map(|_| *random.pick(&PARAMS)).collect();
        let response = random.chance(20);
        let bound: Vec<(String, Type)> = params.iter().enumerate().map(|(number, ty)| (format!("p{number}"), *ty)).collect();
        let written: Vec<String> = bound
            .iter()
            .map(|(name, ty)| {
                let ty = match ty {
                    Type::Text => "string",
                    Type::MaybeText => "string?",
                    Type::Int => "int",
                    Type::MaybeInt => "int?",
                    Type::Bool => "bool",
                    Type::Tier => TIER,
                    Type::Float => "float",
                    Type::Time => "time",
                    Type::Duration => "duration",
                    _ => "list<string>",
                };
                format!("{name}: {ty}")
            })
            .collect();
        let place = Place { request: true, response, bound, ..Place::default() };
        let result = *random.pick(&[Type::Bool, Type::Text, Type::Int, Type::MaybeInt, Type::Float]);
        let body = Expressions { random, world, place: &place }.value(result, 2);
        let name = world.name("fn");
        head.push(Node::line(format!("fn {name}({}) = {body}", written.join(", "))));
        world.functions.push(Function { name, params, result, response });
    }
}

fn lets(random: &mut Random, world: &mut World, head: &mut Vec<Node>) {
    for _ in 0..random.below(4) {
        let response = random.chance(20);
        let place = Place { request: true, response, ..Place::default() };
        let mut expressions = Expressions { random, world, place: &place };
        let (ty, text) = match expressions.random.below(12) {
            8 => (Type::Float, expressions.float(2)),
            9 => (Type::Time, expressions.time(2)),
            10 => (Type::Duration, expressions.duration(2)),
            11 => match expressions.named(Type::Tier) {
                Some(name) => (Type::Tier, name),
                None => (Type::Bool, expressions.boolean(2)),
            },
            5 => (Type::MaybeInt, expressions.maybe_integer(2)),
            6 => (Type::Texts, expressions.texts(2)),
            7 => (Type::Ip, "client.ip".to_owned()),
            0 | 1 => (Type::Bool, expressions.boolean(2)),
            2 => (Type::Text, expressions.text(2)),
            3 => (Type::MaybeText, expressions.maybe_text(2)),
            _ => (Type::Int, expressions.integer(2)),
        };
        let reads = response;
        let name = world.name("let");
        head.push(Node::line(format!("let {name} = {text}")));
        world.values.push(Named { text: name, ty, response: reads, configuration: false });
    }
}

fn digest(key: &str) -> String {
    let hash = sha2::Sha256::digest(key.as_bytes());
    format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn password(password: &str) -> String {
    format!("{{SHA256}}{}", base64(&sha2::Sha256::digest(password.as_bytes())))
}

fn credentials(random: &mut Random, world: &mut World, head: &mut Vec<Node>, members: &mut Vec<String>) {
    for _ in 0..random.below(4) {
        if random.chance(25) {
            head.push(peer(random, world));
            continue;
        }
        let basic = random.chance(30);
        let name = world.name(if basic { BASIC } else { "key" });
        let scheme = if basic { "basic" } else { "bearer" };
        let mut from: Vec<String> = (0..random.between(1, 3))
            .map(|_| match random.below(4) {
                0 => scheme.to_owned(),
                1 => format!("header {}", quoted(random.word(&["x-api-key", "x-a", "authorization"]))),
                2 => format!("query {}", quoted(random.word(QUERY))),
                _ => format!("cookie {}", quoted(random.word(COOKIES))),
            })
            .collect();
        from.sort();
        from.dedup();
        if random.chance(40) {
            token(random, world, head, members, from);
            continue;
        }
        let known: Vec<&(&str, &str)> = KEYS.iter().filter(|_| random.chance(60)).collect();
        let mut lines = Vec::new();
        if random.chance(85) {
            lines.push(Node::line(format!("from = [{}]", from.join(", "))));
        } else {
            from = vec![scheme.to_owned()];
        }
        let attribute = if basic { "users" } else { "keys" };
        let digest = if basic { password } else { digest };
        if random.chance(25) {
            let field = world.name("keys");
            head.push(Node::block("config", vec![Node::line(format!("{field}: map<string, string>"))]));
            let entries: Vec<String> = known.iter().map(|(name, key)| format!("{}:{}", json(name), json(&digest(key)))).collect();
            members.push(format!("{}: {{{}}}", json(&field), entries.join(",")));
            lines.push(Node::line(format!("{attribute} = config.{field}")));
        } else {
            let entries: Vec<String> = known.iter().map(|(name, key)| format!("{}: {}", quoted(name), quoted(&digest(key)))).collect();
            lines.push(Node::line(format!("{attribute} = {{ {} }}", entries.join(", "))));
        }
        if random.chance(30) {
            lines.push(Node::line(format!("forward = {}", random.pick(&["true", "false"]))));
        }
        head.push(Node::block(format!("{} {name}", if basic { "basic" } else { "api_key" }), lines));
        world.credentials.push(Credential { name, from });
    }
}

fn peer(random: &mut Random, world: &mut World) -> Node {
    let name = world.name(PEER);
    let patterns = |random: &mut Random, stars: &[&str], whole: &[&str]| {
        let count = random.between(1, 3);
        let mut picked = Vec::new();
        for _ in 0..count {
            let words = if random.chance(40) { stars } else { whole };
            picked.push(quoted(random.pick::<&str>(words)));
        }
        picked.sort();
        picked.dedup();
        format!("[{}]", picked.join(", "))
    };
    let sans = patterns(random, &["spiffe://a.test/*", "*.a.test", "*"], &[URIS, DNS].concat());
    let mut lines = vec![Node::line(format!("sans = {sans}"))];
    if random.chance(30) {
        let subjects = patterns(random, &["*,O=A", "*"], SUBJECTS.get(..3).unwrap_or_default());
        lines.push(Node::line(format!("subjects = {subjects}")));
    }
    world.credentials.push(Credential { name: name.clone(), from: Vec::new() });
    Node::block(format!("mtls {name}"), lines)
}

/// A `jwt` whose tokens `tokens::TOKENS` has; `key_id` is a claim, so that what reads API keys reads tokens as well.
fn token(random: &mut Random, world: &mut World, head: &mut Vec<Node>, members: &mut Vec<String>, from: Vec<String>) {
    let fetched = random.chance(35);
    let name = world.name(if fetched { "jwt_fetched" } else { "jwt" });
    let (algorithms, keys) = if fetched {
        let service = world.name("service_of_keys");
        let cluster = random.pick(&["keys", "keys", "keys", "other", "down", "html", "slow"]);
        let mut lines = vec![Node::line(format!("cluster = \"{cluster}\""))];
        if random.chance(50) {
            lines.push(Node::line("timeout = 1s"));
        }
        head.push(Node::block(format!("service {service}"), lines));
        let times = random.pick(&["", ", refresh = 1m", ", refresh = 2s, stale = 1m"]);
        (*random.pick(&["ES256", "ES256, RS256", "RS256"]), format!("fetch {{ service = {service}, path = \"/jwks\"{times} }}"))
    } else {
        let field = world.name("secret");
        head.push(Node::block("config", vec![Node::line(format!("{field}: secret"))]));
        members.push(format!("{}: {}", json(&field), json("generated")));
        (*random.pick(&["HS256", "HS256, HS512", "HS512"]), format!("config.{field}"))
    };
    let mut lines = vec![
        Node::line(format!("algorithms = [{algorithms}]")),
        Node::line(format!("keys = {keys}")),
        Node::line(format!("from = [{}]", from.join(", "))),
        Node::block(
            "claims",
            vec![
                Node::line("key_id: string"),
                Node::line(format!("w: words{}", random.pick(&["?", " = \"a\""]))),
                Node::line("list: list<string> = [\"x\"]"),
                Node::line("n: int?"),
                Node::line("rate: float = 1.5"),
                Node::line("who: json?"),
                Node::line("on: bool = true"),
                Node::line("tier: enum(free, pro) = free"),
            ],
        ),
    ];
    if fetched && random.chance(40) {
        lines.push(Node::line("crypto = host"));
    }
    for line in [
        "issuer = \"issuer\"",
        "audiences = [\"us\", \"more\"]",
        "clock_skew = 0s",
        "require_expiration = false",
        "max_lifetime = 1d",
        "forward = true",
    ] {
        if random.chance(40) {
            lines.push(Node::line(line));
        }
    }
    head.push(Node::block(format!("jwt {name}"), lines));
    world.credentials.push(Credential { name, from });
}

fn limit(random: &mut Random, world: &World, limit: &Limit) -> Node {
    let place = Place { request: true, captures: limit.captures.clone().unwrap_or_default(), ..Place::default() };
    let mut maybe = false;
    let mut parts = Vec::new();
    if let Some(credential) = &limit.credential {
        parts.push(member(credential));
        maybe |= limit.optional;
    }
    let mut expressions = Expressions { random, world, place: &place };
    let more = if parts.is_empty() { expressions.random.between(1, 3) } else { expressions.random.below(2) };
    for _ in 0..more {
        match expressions.random.below(8) {
            6 => parts.push(expressions.network(1)),
            7 => parts.push(expressions.bytes(1)),
            0 => {
                parts.push(expressions.maybe_read());
                maybe = true;
            }
            1 => parts.push(expressions.integer(1)),
            2 => parts.push(expressions.boolean(1)),
            3 => parts.push(expressions.text(1)),
            _ => parts.push("client.ip".to_owned()),
        }
    }
    let key = if parts.len() == 1 { parts.remove(0) } else { format!("[{}]", parts.join(", ")) };
    let mut lines = vec![Node::line(format!("key = {key}"))];
    let rate = expressions.rate();
    lines.push(Node::line(format!("rate = {rate}")));
    if expressions.random.chance(50) {
        let burst = expressions.amount();
        lines.push(Node::line(format!("burst = {burst}")));
    }
    if maybe {
        let absent = match random.below(3) {
            0 => "skip".to_owned(),
            1 => "share".to_owned(),
            _ => format!("deny {}", reply(random, world, &Place { request: true, ..Place::default() })),
        };
        lines.push(Node::line(format!("absent = {absent}")));
    }
    if random.chance(40) {
        lines.push(Node::line(format!("exceed = deny {}", reply(random, world, &Place { request: true, ..Place::default() }))));
    }
    if random.chance(50) {
        lines.push(Node::line(format!("scope = {}", random.pick(&["proxy", "worker"]))));
    }
    if random.chance(30) {
        lines.push(Node::line(format!("headers = {}", random.pick(&["true", "false"]))));
    }
    if random.chance(20) {
        lines.push(Node::line(format!("capacity = {}", random.pick(&["10_000", "100_000"]))));
    }
    if random.chance(15) {
        lines.push(Node::line("algorithm = gcra"));
    }
    if random.chance(20) {
        lines.push(Node::line("mode = shadow"));
    }
    if random.chance(15) {
        lines.push(Node::line("count = requests"));
    }
    Node::block(format!("limit {}", limit.name), lines)
}
