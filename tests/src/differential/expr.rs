//! Random expressions, each of a type that is asked for. In: what can be read at a place. Out: text.

use super::random::Random;
use super::tokens;
use super::world::{ADDRESSES, ANSWERED, COOKIES, HEADERS, METHODS, NETWORKS, PATTERNS, QUERY, TEXTS, Type, World, member, quoted};

/// What an expression can read where it stands.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Whether the request can be read.
    pub request: bool,
    /// Whether the response can be read.
    pub response: bool,
    /// Whether the body of the request can be read.
    pub body: bool,
    /// Whether the body of the response can be read.
    pub response_body: bool,
    /// Captures.
    pub captures: Vec<String>,
    /// Credentials and whether they may be absent.
    pub credentials: Vec<(String, bool)>,
    /// Names that are bound around: parameters, elements of lists.
    pub bound: Vec<(String, Type)>,
}

/// Makes expressions for one place.
pub struct Expressions<'a> {
    /// Where numbers come from.
    pub random: &'a mut Random,
    /// What is declared.
    pub world: &'a World,
    /// What can be read.
    pub place: &'a Place,
}

impl Expressions<'_> {
    /// A declared value of this type that can be read here.
    pub(super) fn named(&mut self, ty: Type) -> Option<String> {
        let fits = |item: &&super::world::Named| {
            item.ty == ty && (self.place.response || !item.response) && (self.place.request || item.configuration)
        };
        let known: Vec<String> = self.world.values.iter().filter(fits).map(|item| item.text.clone()).collect();
        if known.is_empty() { None } else { Some(self.random.pick(&known).clone()) }
    }

    pub(super) fn map(&mut self, ty: Type) -> Option<String> {
        let known: Vec<String> = self.world.maps.iter().filter(|map| map.ty == ty).map(|map| map.text.clone()).collect();
        if known.is_empty() { None } else { Some(self.random.pick(&known).clone()) }
    }

    /// A string literal.
    pub fn literal(&mut self) -> String {
        quoted(self.random.word(TEXTS))
    }

    /// Any condition.
    pub fn boolean(&mut self, depth: usize) -> String {
        if (self.place.body || self.place.response_body) && self.random.chance(25) {
            return self.about_body(depth.saturating_sub(1));
        }
        if depth == 0 || !self.place.request {
            return self.leaf();
        }
        let next = depth - 1;
        match self.random.below(36) {
            31..=33 => self.numbers_test(next),
            34 | 35 => self.typed_test(next),
            0 | 1 => format!("({}) and ({})", self.boolean(next), self.boolean(next)),
            2 | 3 => format!("({}) or ({})", self.boolean(next), self.boolean(next)),
            4 => format!("({}) and ({}) and ({})", self.boolean(next), self.boolean(next), self.boolean(next)),
            5 | 6 => format!("not ({})", self.boolean(next)),
            7 | 8 => format!("({}) {} ({})", self.any_text(next), self.pick(&["==", "!="]), self.any_text(next)),
            9 => format!("({}) {} ({})", self.any_text(next), self.pick(&["contains", "starts_with", "ends_with"]), self.any_text(next)),
            10 => format!("({}) {} ({})", self.integer(next), self.pick(&["<", "<=", ">", ">=", "==", "!="]), self.integer(next)),
            11 => format!("({}) {} ({})", self.any_integer(next), self.pick(&["==", "!="]), self.any_integer(next)),
            12 => format!(
                "({}) {} {}",
                self.integer(next),
                self.pick(&["<", "<=", ">", ">=", "==", "!="]),
                self.pick(&["1.5", "7.0", "-0.5", "1000.0", "9223372036854775807.0"])
            ),
            13 => format!("({}) {} ({})", self.any_text(next), self.pick(&["in", "not in"]), self.texts(next)),
            14 => format!("({}) contains ({})", self.texts(next), self.any_text(next)),
            15 => format!("({}) {} ({})", self.any_integer(next), self.pick(&["in", "not in"]), self.integers(next)),
            16 => format!("({}) {} {}", self.any_ip(), self.pick(&["in", "not in"]), self.addresses()),
            17 => format!("({}) {} ({})", self.any_ip(), self.pick(&["==", "!="]), self.any_ip()),
            18 => format!("({}) matches {}", self.any_text(next), self.pick(PATTERNS)),
            19 => format!("({}) is {}", self.optional(next), self.pick(&["present", "absent"])),
            20 => self.narrowed(next),
            21 => self.in_map(next),
            22 => self.secret_test(next),
            23 => self.quantified(next),
            24 => self.branch(Type::Bool, next),
            25 => self.invoke(Type::Bool, next).unwrap_or_else(|| self.quantified(next)),
            26 => format!("({}) {} ({})", self.any_bytes(next), self.pick(&["==", "!="]), self.any_bytes(next)),
            27 => self.bytes_test(next),
            28 => self.network_test(next),
            _ => self.leaf(),
        }
    }

    pub(super) fn pick(&mut self, items: &[&str]) -> String {
        (*self.random.pick(items)).to_owned()
    }

    fn leaf(&mut self) -> String {
        if !self.place.request {
            return self.named(Type::Bool).unwrap_or_else(|| "true".to_owned());
        }
        match self.random.below(11) {
            0 => "client.tls.present".to_owned(),
            1 => self.named(Type::Bool).unwrap_or_else(|| "true".to_owned()),
            2 => self.pick(&["true", "false"]),
            3 if !self.place.credentials.is_empty() => {
                let (name, _) = self.random.pick(&self.place.credentials).clone();
                if name.starts_with("jwt") && self.random.chance(60) {
                    return tokens::condition(self.random, &name);
                }
                format!("{name} is {}", self.pick(&["present", "absent"]))
            }
            4 => format!("{} is present", self.read_optional()),
            5 => format!("{} == {}", self.read_optional(), self.literal()),
            6 => format!("request.method {} {}", self.pick(&["==", "!="]), quoted(self.random.word(METHODS))),
            7 => format!("{} starts_with {}", self.read_text(), self.literal()),
            8 => format!("{} in [{}, {}]", self.read_optional(), self.literal(), self.literal()),
            9 if self.place.response => {
                format!("response.status {} {}", self.pick(&["==", "<", ">="]), self.pick(&["200", "204", "404", "500"]))
            }
            _ => format!("{} matches {}", self.read_optional(), self.pick(PATTERNS)),
        }
    }

    /// `x is present and … x …`, where the type of `x` is narrowed.
    fn narrowed(&mut self, depth: usize) -> String {
        let read = self.read_optional();
        if self.random.chance(30) {
            let number = self.any_integer_optional(depth);
            return format!("({number} is present) and (({number}) {} ({}))", self.pick(&["<", "<=", "==", ">"]), self.integer(depth));
        }
        match self.random.below(4) {
            0 => format!("({read} is present) and (len({read}) > {})", self.random.below(5)),
            1 => format!("({read} is present) and (\"${{{read}}}!\" == \"a!\")"),
            2 => format!("({read} is present) and ({}) and (replace({read}, \"a\", {}) != {read})", self.boolean(depth), self.literal()),
            _ => format!("(int({read}) is present) and (int({read}) < {})", self.integer(depth)),
        }
    }

    fn in_map(&mut self, depth: usize) -> String {
        let configured = self.named(Type::Map);
        let types = [Type::Text, Type::Int, Type::Ip, Type::MaybeNetwork];
        let ty = *self.random.pick(&types);
        let key = self.any_text(depth);
        let op = self.pick(&["in", "not in"]);
        match (configured, self.map(ty)) {
            (Some(map), _) if self.random.chance(50) => format!("({key}) {op} {map}"),
            (_, Some(map)) if ty == Type::MaybeNetwork && self.random.chance(60) => format!("client.ip in {map}[{key}]"),
            (_, Some(map)) => format!("({key}) {op} {map}"),
            _ => self.leaf(),
        }
    }

    fn secret_test(&mut self, depth: usize) -> String {
        let text = self.any_text(depth);
        let secret = self.named(Type::Secret);
        let maybe = self.named(Type::MaybeSecret);
        match (secret, maybe) {
            (Some(secret), Some(maybe)) if self.random.chance(50) => format!("({text}) in [{secret}, {maybe}]"),
            (Some(secret), _) | (None, Some(secret)) => format!("({text}) {} {secret}", self.pick(&["==", "!="])),
            (None, None) => self.leaf(),
        }
    }

    /// A value that may be absent.
    pub fn optional(&mut self, depth: usize) -> String {
        match self.random.below(4) {
            0 => self.any_integer_optional(depth),
            1 => match self.map(Type::Ip) {
                Some(map) => format!("{map}[{}]", self.literal()),
                None => self.read_optional(),
            },
            2 => self.named(Type::MaybeSecret).unwrap_or_else(|| self.read_optional()),
            _ => self.text_optional(depth),
        }
    }

    pub(super) fn any_text(&mut self, depth: usize) -> String {
        if self.random.chance(60) { self.text_optional(depth) } else { self.text(depth) }
    }

    /// A key that is computed.
    pub(super) fn key(&mut self, known: &[&'static str]) -> String {
        let literal = quoted(self.random.word(known));
        let alone = self.place.request && !self.place.response;
        match self.random.below(4) {
            0 if alone => format!("(request.query[{}] ?? {literal})", quoted(self.random.word(QUERY))),
            1 if alone => format!("request.headers[{}]", quoted(self.random.word(HEADERS))),
            2 => format!("upper({literal})"),
            _ => format!("trim({literal})"),
        }
    }

    /// A `string?` read straight from the message.
    pub(super) fn read_optional(&mut self) -> String {
        if self.place.request && self.random.chance(10) {
            return match self.random.below(4) {
                0 => format!("request.query[{}]", self.key(QUERY)),
                1 => format!("request.cookies[{}]", self.key(COOKIES)),
                2 if self.place.response => format!("response.headers[{}]", self.key(ANSWERED)),
                _ => format!("request.headers[{}]", self.key(HEADERS)),
            };
        }
        match self.random.below(9) {
            0 | 1 => format!("request.query[{}]", quoted(self.random.word(QUERY))),
            2 | 3 => format!("request.cookies[{}]", quoted(self.random.word(COOKIES))),
            4 if self.place.response => format!("response.headers[{}]", quoted(self.random.word(ANSWERED))),
            5 if self.place.credentials.iter().any(|(_, optional)| *optional) => {
                let known: Vec<String> =
                    self.place.credentials.iter().filter(|(_, optional)| *optional).map(|(name, _)| name.clone()).collect();
                member(self.random.pick::<String>(&known))
            }
            6 if self.random.chance(20) => "request.id".to_owned(),
            6 if self.random.chance(30) => "client.tls.subject".to_owned(),
            _ => format!("request.headers[{}]", quoted(self.random.word(HEADERS))),
        }
    }

    /// A `string` read straight from the message.
    fn read_text(&mut self) -> String {
        match self.random.below(9) {
            0 | 1 => "request.path".to_owned(),
            2 => "request.raw_path".to_owned(),
            3 => "request.host".to_owned(),
            4 => self.pick(&["request.scheme", "request.protocol"]),
            5 | 6 if !self.place.captures.is_empty() => format!("path.{}", self.random.pick(&self.place.captures)),
            7 if self.place.credentials.iter().any(|(_, optional)| !*optional) => {
                let known: Vec<String> =
                    self.place.credentials.iter().filter(|(_, optional)| !*optional).map(|(name, _)| name.clone()).collect();
                member(self.random.pick::<String>(&known))
            }
            _ => "request.method".to_owned(),
        }
    }

    pub(super) fn text_optional(&mut self, depth: usize) -> String {
        if depth > 0 {
            let next = depth - 1;
            match self.random.below(13) {
                5 => return format!("({})[{}]", self.texts(next), self.integer(next)),
                6 => return self.branch(Type::MaybeText, next),
                7 => return self.bound(Type::MaybeText).unwrap_or_else(|| self.read_optional()),
                0 => return format!("{}({})", self.pick(&["lower", "upper", "trim"]), self.text_optional(next)),
                1 => {
                    if let Some(map) = self.map(Type::Text) {
                        return format!("{map}[{}]", self.any_text(next));
                    }
                }
                2 => {
                    if let Some(map) = self.named(Type::Map) {
                        return format!("{map}[{}]", self.any_text(next));
                    }
                }
                3 => {
                    if let Some(name) = self.named(Type::MaybeText) {
                        return name;
                    }
                }
                4 => return format!("({}) ?? ({})", self.text_optional(next), self.text_optional(next)),
                8 => return format!("text({})", self.any_bytes(next)),
                _ => {}
            }
        }
        self.read_optional()
    }

    /// A text that is there.
    pub fn text(&mut self, depth: usize) -> String {
        if !self.place.request {
            return self.named(Type::Text).unwrap_or_else(|| self.literal());
        }
        if depth == 0 {
            return if self.random.chance(50) { self.literal() } else { self.read_text() };
        }
        let next = depth - 1;
        match self.random.below(20) {
            17 => return self.branch(Type::Text, next),
            18 => return self.invoke(Type::Text, next).unwrap_or_else(|| self.literal()),
            19 => return self.bound(Type::Text).unwrap_or_else(|| self.read_text()),
            _ => {}
        }
        match self.random.below(18) {
            17 => format!("json_text({})", self.object(next)),
            12 => format!("substring({}, {}, {})", self.text(next), self.integer(next), self.integer(next)),
            13 => format!("substring({}, {})", self.text(next), self.pick(&["0", "1", "-2", "9"])),
            14 => format!("join({}, {})", self.texts(next), self.literal()),
            15 => {
                let encoder = self.pick(&["hex_encode", "base64_encode", "base64url_encode", "url_encode"]);
                format!("{encoder}({})", self.taken(next))
            }
            0 | 1 => format!("({}) ?? ({})", self.text_optional(next), self.text(next)),
            2 => format!("{}({})", self.pick(&["lower", "upper", "trim"]), self.text(next)),
            3 => format!("replace({}, {}, {})", self.text(next), self.literal(), self.literal()),
            4 => format!("\"<${{{}}}|${{{}}}>\"", self.writable(next), self.writable(next)),
            5 => self.named(Type::Text).unwrap_or_else(|| self.literal()),
            6 | 7 => self.literal(),
            _ => self.read_text(),
        }
    }

    /// Something that can be written into a text.
    pub fn writable(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            7 if self.place.request => self.network(depth.saturating_sub(1)),
            0 => self.integer(depth),
            1 => self.boolean(depth.min(1)),
            2 if self.place.request => "client.ip".to_owned(),
            3 => self.float(depth),
            4 if self.place.request => format!("\"${{{}}}\"", self.time(depth.saturating_sub(1))),
            _ => self.text(depth),
        }
    }

    pub(super) fn any_integer_optional(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.chance(20) {
            return match self.random.below(3) {
                0 => format!("({})[{}]", self.integers(depth - 1), self.integer(depth - 1)),
                1 => self.branch(Type::MaybeInt, depth - 1),
                _ => self.invoke(Type::MaybeInt, depth - 1).unwrap_or_else(|| self.branch(Type::MaybeInt, depth - 1)),
            };
        }
        if let Some(map) = self.map(Type::Int)
            && self.random.chance(30)
        {
            return format!("{map}[{}]", self.any_text(depth.saturating_sub(1)));
        }
        match self.named(Type::MaybeInt) {
            Some(name) if self.random.chance(30) => name,
            _ => format!("int({})", self.text_optional(depth.saturating_sub(1))),
        }
    }

    pub(super) fn any_integer(&mut self, depth: usize) -> String {
        if self.random.chance(50) { self.any_integer_optional(depth) } else { self.integer(depth) }
    }

    /// An int that is there.
    pub fn integer(&mut self, depth: usize) -> String {
        if !self.place.request {
            return self.named(Type::Int).unwrap_or_else(|| self.pick(&["2", "3"]));
        }
        if depth > 0 {
            let next = depth - 1;
            match self.random.below(12) {
                6 => return self.branch(Type::Int, next),
                7 => return self.invoke(Type::Int, next).unwrap_or_else(|| self.branch(Type::Int, next)),
                8 => return self.bound(Type::Int).unwrap_or_else(|| "5".to_owned()),
                0 => return format!("({}) ?? ({})", self.any_integer_optional(next), self.integer(next)),
                1 | 2 => return format!("({}) {} ({})", self.integer(next), self.pick(&["+", "-", "*", "%"]), self.integer(next)),
                3 => return format!("len({})", self.text(next)),
                4 => return format!("len({})", self.texts(next)),
                5 => return format!("-({})", self.integer(next)),
                9 => return format!("hash({})", self.writable(next)),
                10 => return format!("unix({})", self.time(next)),
                _ => {}
            }
        }
        match self.random.below(10) {
            8 if self.place.request => self.pick(&["now.weekday", "now.hour", "now.minute"]),
            0 => "request.query.count".to_owned(),
            1 => "request.headers.count".to_owned(),
            2 => "client.port".to_owned(),
            3 if self.place.response => "response.status".to_owned(),
            4 => self.named(Type::Int).unwrap_or_else(|| "5".to_owned()),
            _ => self.pick(&["0", "1", "2", "3", "7", "-1", "42", "9223372036854775807", "-9223372036854775807", "40000"]),
        }
    }

    /// A list of strings.
    pub fn texts(&mut self, depth: usize) -> String {
        let next = depth.saturating_sub(1);
        match self.random.below(7) {
            6 => format!("split({}, {})", self.text(next), self.literal()),
            0 if self.place.request && self.random.chance(30) => format!("request.headers.all[{}]", self.key(HEADERS)),
            1 if self.place.request && self.random.chance(30) => format!("request.query.all[{}]", self.key(QUERY)),
            0 if self.random.chance(30) => "client.tls.sans".to_owned(),
            0 => format!("request.headers.all[{}]", quoted(self.random.word(HEADERS))),
            1 => format!("request.query.all[{}]", quoted(self.random.word(QUERY))),
            2 | 3 => self.named(Type::Texts).unwrap_or_else(|| format!("[{}]", self.literal())),
            4 => format!("[{}, {}, {}]", self.literal(), self.literal(), self.literal()),
            _ => format!("[{}, {}]", self.text(next), self.text(next)),
        }
    }

    /// A list of ints.
    pub fn integers(&mut self, depth: usize) -> String {
        match self.named(Type::Ints) {
            Some(name) if self.random.chance(50) => name,
            _ => format!("[{}, {}, 7, 42]", self.integer(depth.saturating_sub(1)), self.random.below(9)),
        }
    }

    pub(super) fn any_ip(&mut self) -> String {
        match self.map(Type::Ip) {
            Some(map) if self.random.chance(30) => format!("{map}[{}]", self.read_optional()),
            _ if self.place.request && self.random.chance(20) => format!("ip({})", self.read_optional()),
            _ if self.random.chance(10) => self.named(Type::MaybeIp).unwrap_or_else(|| "client.ip".to_owned()),
            _ => match self.named(Type::Ip) {
                Some(name) if self.random.chance(20) => name,
                _ => "client.ip".to_owned(),
            },
        }
    }

    fn addresses(&mut self) -> String {
        let ips = self.named(Type::Ips);
        let networks = self.named(Type::Networks);
        match self.random.below(6) {
            0 | 1 => quoted(self.random.word(NETWORKS)),
            2 => format!("[{}, {}]", quoted(self.random.word(ADDRESSES)), quoted(self.random.word(ADDRESSES))),
            3 => format!("[{}, {}]", quoted(self.random.word(NETWORKS)), quoted(self.random.word(NETWORKS))),
            4 => ips.unwrap_or_else(|| "[client.ip, client.ip]".to_owned()),
            _ => networks.unwrap_or_else(|| format!("[{}, {}]", quoted(self.random.word(ADDRESSES)), quoted(self.random.word(NETWORKS)))),
        }
    }
}

impl Expressions<'_> {
    /// A `string?`.
    pub fn maybe_text(&mut self, depth: usize) -> String {
        self.text_optional(depth)
    }

    /// An `int?`.
    pub fn maybe_integer(&mut self, depth: usize) -> String {
        self.any_integer_optional(depth)
    }

    /// A `string?` that is read from the message as it is.
    pub fn maybe_read(&mut self) -> String {
        self.read_optional()
    }

    /// A value that may be absent and that JSON can hold.
    pub fn optional_json(&mut self) -> String {
        if (self.place.body || self.place.response_body) && self.random.chance(30) {
            return self.json();
        }
        if self.random.chance(70) { self.text_optional(1) } else { self.any_integer_optional(1) }
    }

    /// A rate, now and then one of several.
    pub fn rate(&mut self) -> String {
        let one = |expressions: &mut Self| {
            let period = expressions.pick(&["1s", "10s", "1m", "700ms", "1h"]);
            format!("{} per {period}", expressions.amount())
        };
        if !self.random.chance(25) {
            return one(self);
        }
        let mut arms: Vec<String> = ["\"a\"", "\"GET\"", "\"7\""].map(|pattern| format!("{pattern}: {}", one(self))).to_vec();
        arms.push(format!("otherwise: {}", one(self)));
        format!("match {} {{ {} }}", self.any_text(1), arms.join(", "))
    }

    /// A positive number of constants and configuration.
    pub fn amount(&mut self) -> String {
        let place = Place::default();
        let known: Vec<String> =
            self.world.values.iter().filter(|item| item.ty == Type::Int && item.configuration).map(|item| item.text.clone()).collect();
        let inner = Expressions { random: &mut *self.random, world: self.world, place: &place };
        match inner.random.below(10) {
            0 if !known.is_empty() => inner.random.pick(&known).clone(),
            1 if !known.is_empty() => format!("({} + 1) * 2", inner.random.pick(&known)),
            _ => inner.random.between(1, 5).to_string(),
        }
    }
}
