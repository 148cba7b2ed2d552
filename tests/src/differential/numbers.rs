//! Random floats, times and durations. In: what can be read at a place. Out: text.

use super::expr::Expressions;
use super::world::{Type, quoted};

/// Texts that are floats, nearly are, or are at the edges.
const FLOATS: &[&str] = &[
    "1.5",
    "-0.5",
    "+7.25",
    "1e3",
    "1E-7",
    "0.1",
    "9007199254740993",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "5e-324",
    "2.4703282292062327e-324",
    "-0",
    ".5",
    "5.",
    "1e",
    "inf",
    "NaN",
    "123456789012345678901234567890",
    "0.30000000000000004",
];
/// Texts that are times, nearly are, or are at the edges.
const TIMES: &[&str] = &[
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:30.5Z",
    "2026-01-01t01:00:00+01:00",
    "2025-12-31T22:30:00-01:30",
    "2024-02-29T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
    "2262-04-11T23:47:16.854775807Z",
    "2262-04-11T23:47:16.854775808Z",
    "1677-09-21T00:12:43.145224192Z",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2016-12-31T23:59:60Z",
];

impl Expressions<'_> {
    fn number_text(&mut self, known: &[&'static str], depth: usize) -> String {
        let literal = quoted(self.random.word(known));
        // A literal that is wrong is told by the checker: behind `??` it is read when it runs.
        if self.place.request && self.random.chance(70) {
            format!("request.headers[\"x-none\"] ?? {literal}")
        } else if self.place.request {
            self.any_text(depth)
        } else {
            format!("lower({literal})")
        }
    }

    /// A float that is there.
    pub(super) fn float(&mut self, depth: usize) -> String {
        if depth > 0 {
            let next = depth - 1;
            match self.random.below(6) {
                0 => return format!("({} ?? {})", self.maybe_float(next), self.float(next)),
                1 => return format!("({}) {} ({})", self.float(next), self.pick(&["+", "-", "*"]), self.float(next)),
                2 => return format!("({}) {} ({})", self.float(next), self.pick(&["+", "-", "*"]), self.integer(next)),
                3 => return format!("-({})", self.float(next)),
                _ => {}
            }
        }
        match self.named(Type::Float) {
            Some(name) if self.random.chance(40) => name,
            _ => self.pick(&["1.5", "-0.5", "0.0", "1000.0", "9223372036854775807.0", "0.1", "100000000000000000000000.0", "2.0"]),
        }
    }

    /// A `float?`.
    pub(super) fn maybe_float(&mut self, depth: usize) -> String {
        if let Some(map) = self.map(Type::Float)
            && self.random.chance(30)
        {
            return format!("{map}[{}]", self.literal());
        }
        format!("float({})", self.number_text(FLOATS, depth))
    }

    /// A time that is there.
    pub(super) fn time(&mut self, depth: usize) -> String {
        if depth > 0 {
            let next = depth - 1;
            match self.random.below(5) {
                0 => return format!("({} ?? {})", self.maybe_time(next), self.time(next)),
                1 => return format!("({}) {} ({})", self.time(next), self.pick(&["+", "-"]), self.duration(next)),
                2 => return format!("({}) + ({})", self.duration(next), self.time(next)),
                _ => {}
            }
        }
        match self.named(Type::Time) {
            Some(name) if self.random.chance(40) => name,
            _ if self.place.request && self.random.chance(70) => "now".to_owned(),
            _ => self.pick(&["time(\"2026-01-01T00:00:10Z\")", "time(\"1970-01-01T00:00:00Z\")", "time(\"2262-04-11T23:47:16Z\")"]),
        }
    }

    /// A `time?`.
    pub(super) fn maybe_time(&mut self, depth: usize) -> String {
        if let Some(map) = self.map(Type::Time)
            && self.random.chance(30)
        {
            return format!("{map}[{}]", self.literal());
        }
        format!("time({})", self.number_text(TIMES, depth))
    }

    /// A duration that is there.
    pub(super) fn duration(&mut self, depth: usize) -> String {
        if depth > 0 {
            let next = depth - 1;
            match self.random.below(7) {
                0 => return format!("({}) {} ({})", self.duration(next), self.pick(&["+", "-", "%"]), self.duration(next)),
                1 => return format!("({}) * ({})", self.duration(next), self.integer(next)),
                2 => return format!("({}) * ({})", self.integer(next), self.duration(next)),
                3 => return format!("({}) - ({})", self.time(next), self.time(next)),
                4 => return format!("-({})", self.duration(next)),
                _ => {}
            }
        }
        match self.named(Type::Duration) {
            Some(name) if self.random.chance(40) => name,
            _ => self.pick(&["1s", "250ms", "7d", "1h", "30m", "0s", "-5s", "106000d"]),
        }
    }

    /// A comparison of any of them.
    pub(super) fn numbers_test(&mut self, depth: usize) -> String {
        let op = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
        match self.random.below(11) {
            0 => format!("({}) {op} ({})", self.float(depth), self.float(depth)),
            1 => format!("({}) {op} ({})", self.float(depth), self.integer(depth)),
            2 => format!("({}) {} ({})", self.maybe_float(depth), self.pick(&["==", "!="]), self.float(depth)),
            3 => format!("({}) {} [{}, {}, 7]", self.maybe_float(depth), self.pick(&["in", "not in"]), self.float(depth), self.float(0)),
            4 => format!("({}) {op} ({})", self.time(depth), self.time(depth)),
            5 => format!("({}) {} ({})", self.maybe_time(depth), self.pick(&["==", "!="]), self.time(depth)),
            6 => format!("({}) {op} ({})", self.duration(depth), self.duration(depth)),
            7 => format!("({}) in [{}, {}]", self.duration(depth), self.duration(depth), self.duration(0)),
            8 => format!("({}) is {}", self.maybe_time(depth), self.pick(&["present", "absent"])),
            9 => format!("({}) in [{}, {}]", self.time(depth), self.time(depth), self.time(0)),
            _ => format!("(match ({}) {{ 1.5: 1, 0.0: 2, otherwise: 3 }}) == ({})", self.maybe_float(depth), self.integer(depth)),
        }
    }
}
