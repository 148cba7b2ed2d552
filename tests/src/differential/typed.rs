//! Random values of the configuration and of tables, of every type, and what they are good for. In: a type. Out: text.

use super::expr::Expressions;
use super::random::Random;
use super::world::{ADDRESSES, NETWORKS, TEXTS, TIER, TIERS, Type, quoted};

/// A type that `config`, `list` and `map` hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `string`
    Text,
    /// `secret`
    Secret,
    /// `bytes`
    Bytes,
    /// `ip`
    Ip,
    /// `cidr`
    Network,
    /// `duration`
    Duration,
    /// `time`
    Time,
    /// The enum.
    Tier,
}

impl Held {
    /// All of them; those that tables hold come first.
    pub(super) const ALL: [Held; 11] = [
        Held::Bool,
        Held::Int,
        Held::Float,
        Held::Text,
        Held::Bytes,
        Held::Ip,
        Held::Network,
        Held::Duration,
        Held::Time,
        Held::Tier,
        Held::Secret,
    ];

    /// How it is written.
    pub(super) fn written(self) -> &'static str {
        match self {
            Held::Bool => "bool",
            Held::Int => "int",
            Held::Float => "float",
            Held::Text => "string",
            Held::Secret => "secret",
            Held::Bytes => "bytes",
            Held::Ip => "ip",
            Held::Network => "cidr",
            Held::Duration => "duration",
            Held::Time => "time",
            Held::Tier => TIER,
        }
    }

    /// As a type of expressions, there or maybe not.
    pub(super) fn ty(self, maybe: bool) -> Type {
        match (self, maybe) {
            (Held::Bool, false) => Type::Bool,
            (Held::Bool, true) => Type::MaybeBool,
            (Held::Int, false) => Type::Int,
            (Held::Int, true) => Type::MaybeInt,
            (Held::Float, false) => Type::Float,
            (Held::Float, true) => Type::MaybeFloat,
            (Held::Text, false) => Type::Text,
            (Held::Text, true) => Type::MaybeText,
            (Held::Secret, false) => Type::Secret,
            (Held::Secret, true) => Type::MaybeSecret,
            (Held::Bytes, false) => Type::Bytes,
            (Held::Bytes, true) => Type::MaybeBytes,
            (Held::Ip, false) => Type::Ip,
            (Held::Ip, true) => Type::MaybeIp,
            (Held::Network, false) => Type::Network,
            (Held::Network, true) => Type::MaybeNetwork,
            (Held::Duration, false) => Type::Duration,
            (Held::Duration, true) => Type::MaybeDuration,
            (Held::Time, false) => Type::Time,
            (Held::Time, true) => Type::MaybeTime,
            (Held::Tier, false) => Type::Tier,
            (Held::Tier, true) => Type::MaybeTier,
        }
    }

    /// As a list of it, where expressions have a use for it.
    pub(super) fn list(self) -> Option<Type> {
        match self {
            Held::Int => Some(Type::Ints),
            Held::Text => Some(Type::Texts),
            Held::Secret => Some(Type::Secrets),
            Held::Ip => Some(Type::Ips),
            Held::Network => Some(Type::Networks),
            Held::Tier => Some(Type::Tiers),
            Held::Bool | Held::Float | Held::Bytes | Held::Duration | Held::Time => None,
        }
    }

    /// A literal, and the same as JSON.
    pub(super) fn literal(self, random: &mut Random) -> (String, String) {
        let json = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        let both = |text: &str| (quoted(text), json(text));
        let same = |text: &str| (text.to_owned(), text.to_owned());
        match self {
            Held::Bool => same(random.word(&["true", "false"])),
            Held::Int => same(random.word(&["0", "1", "5", "-3", "42", "7", "9223372036854775807"])),
            Held::Float => same(random.word(&["0.5", "-1.25", "7.0", "0.1", "1000000000000000000000.0"])),
            Held::Text => both(random.word(TEXTS)),
            Held::Secret => {
                let text = random.word(TEXTS);
                both(if text.is_empty() { "s" } else { text })
            }
            Held::Bytes => {
                let (text, encoded) = *random.pick(&[("abc", "YWJj"), ("", ""), ("00ff", "MDBmZg==")]);
                (quoted(text), json(encoded))
            }
            Held::Ip => both(random.word(ADDRESSES)),
            Held::Network => both(random.word(NETWORKS)),
            Held::Duration => {
                let text = random.word(&["1s", "250ms", "0s", "7d", "-30m"]);
                (text.to_owned(), json(text))
            }
            Held::Time => both(random.word(&["2026-01-01T00:00:00Z", "2026-01-01T01:00:30.5+01:00", "1969-12-31T23:59:59Z"])),
            Held::Tier => both(random.word(TIERS)),
        }
    }
}

impl Expressions<'_> {
    /// A value of the enum, or of a text: where an enum is expected a `let` or a field is one.
    pub(super) fn tier(&mut self, _depth: usize) -> String {
        match self.named(Type::Tier) {
            Some(name) if self.random.chance(60) => name,
            _ => self.pick(&["\"a\"", "a", "abc", "\"GET\"", "\"x y\""]),
        }
    }

    /// What configured and tabled values of other types than texts and numbers are asked.
    pub(super) fn typed_test(&mut self, depth: usize) -> String {
        let equal = self.pick(&["==", "!="]);
        if !self.world.json.is_empty() && self.random.chance(25) {
            let json = self.random.pick(&self.world.json).clone();
            let part = self.pick(&["", ".a", ".a[0]", ".a[1]", "[\"a\"].b", "[0]"]);
            return format!("{json}{part} {equal} ({})", self.any_text(depth));
        }
        match self.random.below(9) {
            0 | 1 => match self.named(Type::Tier) {
                Some(tier) => match self.random.below(5) {
                    0 => format!("{tier} {equal} {}", self.pick(&["a", "abc", "\"GET\"", "\"x y\""])),
                    1 => format!("{tier} in [a, abc, \"GET\"]"),
                    2 => format!("(match {tier} {{ a: 1, abc: 2, \"GET\": 3, \"x y\": 4 }}) {equal} ({})", self.integer(depth)),
                    3 => format!("(match {tier} {{ a: true, otherwise: {} }})", self.boolean(depth)),
                    _ => format!("({}) {equal} {tier}", self.any_text(depth)),
                },
                None => "true".to_owned(),
            },
            2 => match self.named(Type::MaybeTier) {
                Some(tier) => match self.random.below(3) {
                    0 => format!("({tier} ?? a) {equal} abc"),
                    1 => format!("(match {tier} {{ a: 1, abc: 2, otherwise: 4 }}) {equal} ({})", self.integer(depth)),
                    _ => format!("{tier} is present and {tier} {equal} \"GET\""),
                },
                None => "false".to_owned(),
            },
            3 => match self.named(Type::Tiers) {
                Some(tiers) => format!("abc in {tiers} or {tiers} contains \"GET\" or (some t in {tiers} satisfies t == a)"),
                None => "true".to_owned(),
            },
            4 => match self.named(Type::Secrets) {
                Some(secrets) => format!("({}) in {secrets}", self.any_text(depth)),
                None => "true".to_owned(),
            },
            5 => match self.named(Type::MaybeFloat) {
                Some(float) => format!("({float} ?? 0.5) {equal} ({})", self.float(depth)),
                None => format!("({}) {equal} ({})", self.float(depth), self.float(0)),
            },
            6 => match self.named(Type::MaybeDuration) {
                Some(duration) => format!("{duration} is present and {duration} < ({})", self.duration(depth)),
                None => format!("({}) {equal} ({})", self.duration(depth), self.duration(0)),
            },
            7 => match self.named(Type::MaybeBytes) {
                Some(bytes) => format!("({bytes}) {equal} ({})", self.any_bytes(depth)),
                None => format!("({}) {equal} ({})", self.bytes(depth), self.bytes(0)),
            },
            _ => match (self.named(Type::MaybeNetwork), self.named(Type::MaybeBool)) {
                (Some(network), _) if self.random.chance(60) => format!("({}) in {network}", self.any_ip()),
                (_, Some(truth)) => format!("({truth} ?? {})", self.boolean(depth)),
                _ => format!("({}) {equal} ({})", self.any_ip(), self.any_ip()),
            },
        }
    }
}
