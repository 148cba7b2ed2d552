//! Random conditions on bodies of messages, and on arrays in them. In: which bodies can be read at a place. Out: text.

use super::expr::Expressions;
use super::world::{PATTERNS, QUERY, quoted};

impl Expressions<'_> {
    /// A message whose body can be read.
    fn message(&mut self) -> &'static str {
        match (self.place.body, self.place.response_body) {
            (true, true) => {
                if self.random.chance(50) {
                    "request"
                } else {
                    "response"
                }
            }
            (false, true) => "response",
            (_, false) => "request",
        }
    }

    /// An object that is written in place.
    pub(super) fn object(&mut self, depth: usize) -> String {
        let of_body = self.place.body || self.place.response_body;
        let whole = if of_body { self.json() } else { self.pick(&["null", "[]", "{}"]) };
        let text = self.any_text(depth);
        let (one, other) = self.either(text.clone(), whole.clone());
        let chosen = match self.random.below(3) {
            0 => format!(", c: if ({}) then {one} else {other}", self.boolean(depth)),
            1 => format!(", c: match ({}) {{ true: [{one}, null], false: {other} }}", self.boolean(depth)),
            _ => String::new(),
        };
        format!("{{ a: {}, \"x \\\" y\": [{text}, {{ n: {} }}], b: {whole}{chosen} }}", self.writable(depth), self.integer(depth))
    }

    /// Two in either order.
    fn either(&mut self, one: String, other: String) -> (String, String) {
        if self.random.chance(50) { (one, other) } else { (other, one) }
    }

    /// A condition on an array or another value that stands in a branch.
    fn about_branch(&mut self, depth: usize) -> String {
        let (condition, json) = (self.boolean(depth), self.json());
        match self.random.below(8) {
            0 => {
                let texts = self.texts(depth);
                let (then, other) = self.either(format!("({json} ?? [])"), format!("({texts})"));
                format!("join(if ({condition}) then {then} else {other}, \"+\") contains {}", self.literal())
            }
            1 => {
                let (then, other) = self.either(json, "[]".to_owned());
                format!("({}) in (if ({condition}) then {then} else {other})", self.any_text(depth))
            }
            2 => {
                let integers = self.integers(depth);
                let (then, other) = self.either(json, format!("({integers})"));
                format!("{} in (if ({condition}) then {then} else {other})", self.pick(&["1", "7", "-3"]))
            }
            3 => {
                let text = self.any_text(depth);
                let (then, other) = self.either(json, format!("({text})"));
                format!("(if ({condition}) then {then} else {other}) == {}", self.literal())
            }
            4 => {
                let (then, other) = self.either(json, "null".to_owned());
                format!("(if ({condition}) then {then} else {other}) == {}", self.json())
            }
            5 => format!("({json} ?? null) == {}", self.pick(&["null", "1", "\"a\""])),
            6 => {
                let array = self.json();
                format!("(null in {array}) or ({json} contains null)")
            }
            _ => {
                let name = format!("j{}", self.random.below(1_000_000));
                let (object, text) = (self.object(0), self.any_text(depth));
                format!("(some {name} in [1, {object}, null, {text}] satisfies {name} == {json})")
            }
        }
    }

    /// A part of the body's JSON, or of an object.
    pub(super) fn json(&mut self) -> String {
        let mut text = format!("{}.body.json", self.message());
        if self.random.chance(10) {
            text = format!("{{ a: {text}, n: [{}] }}.{}", self.integer(1), self.pick(&["a", "n", "n[0]"]));
        }
        for _ in 0..self.random.below(3) {
            let key = self.read_optional();
            let step = match self.random.below(6) {
                0 => "[0]".to_owned(),
                1 => format!("[{}]", self.pick(&["1", "-1", "request.query.count"])),
                2 => format!("[{key}]"),
                3 => "[\"a b\"]".to_owned(),
                _ => format!(".{}", self.pick(&["a", "b", "n", "ids"])),
            };
            text.push_str(&step);
        }
        text
    }

    /// A condition on an array in a body.
    fn about_array(&mut self, depth: usize) -> String {
        let json = self.json();
        match self.random.below(9) {
            0 => format!("({}) in ({json} ?? ({}))", self.any_text(depth), self.texts(depth)),
            1 => format!("{} in ({json} ?? ({}))", self.pick(&["1", "7", "-3"]), self.integers(depth)),
            2 => format!("len({json} ?? []) {} {}", self.pick(&["<", "==", ">="]), self.pick(&["0", "1", "2"])),
            3 => format!("({json} ?? [])[{}] == {}", self.pick(&["0", "1", "-1"]), self.pick(&["1", "\"a\"", "null", "true"])),
            4 => format!("join({json} ?? ({}), \"+\") contains {}", self.texts(depth), self.literal()),
            5 => format!("({}) in ({json} ?? [])", self.any_text(depth)),
            _ => {
                // A name that nothing around has: it hides none.
                let name = format!("j{}", self.random.below(1_000_000));
                let word = self.pick(&["some", "every"]);
                let test = match self.random.below(8) {
                    0 => format!("{name} == ({})", self.any_text(depth)),
                    1 => format!("{name}.{} is present", self.pick(&["a", "n"])),
                    2 => format!("{name} in {}", self.json()),
                    3 => format!("(some k{name} in {name} satisfies k{name} == 1)"),
                    4 => format!("{name} == null or {name} contains \"a\""),
                    5 => format!("({name} ?? \"b\") == ({})", self.text(depth)),
                    6 => format!("{} contains ({name} ?? \"none\")", self.pick(&["request.path", "\"abc\""])),
                    _ => format!("{name} {} {}", self.pick(&["==", "!="]), self.pick(&["1", "\"a\"", "true"])),
                };
                let test = if self.random.chance(30) { format!("({test}) or ({})", self.boolean(depth)) } else { test };
                format!("({word} {name} in {json} satisfies ({test}))")
            }
        }
    }

    /// A condition on the body of the request.
    pub(super) fn about_body(&mut self, depth: usize) -> String {
        match self.random.below(10) {
            0 | 1 => return self.about_array(depth),
            2 => return self.about_branch(depth),
            _ => {}
        }
        let json = self.json();
        let kinds = if self.place.body { 16 } else { 14 };
        match self.random.below(kinds) {
            13 => format!("{}.body.text {} {}", self.message(), self.pick(&["contains", "==", "starts_with"]), self.literal()),
            14 => format!("request.body.size {} {}", self.pick(&["<", "==", ">="]), self.pick(&["0", "3", "30"])),
            15 if self.random.chance(30) => format!("request.body.form[{}] == {}", self.key(QUERY), self.literal()),
            15 => format!("request.body.form[{}] {} {}", quoted(self.random.word(QUERY)), self.pick(&["==", "!="]), self.literal()),
            3 => format!("{json} {} {}", self.pick(&["==", "!="]), self.pick(&["1", "0.5", "true", "null", "\"a\"", "100"])),
            4 => format!("{json} {} ({})", self.pick(&["==", "!="]), self.any_text(depth)),
            5 => format!("{json} == {}", self.json()),
            6 => format!("({}) {} {json}", self.any_text(depth), self.pick(&["in", "not in"])),
            7 => format!("{} in {json}", self.pick(&["1", "true", "7"])),
            8 => format!("{json} contains {}", self.pick(&["\"a\"", "1", "false"])),
            9 => format!("{json} {} {}", self.pick(&["in", "not in"]), self.pick(&["[\"a\", \"b\"]", "[1, 2, 100]"])),
            10 => format!("({json} is present) and (json_text({json}) contains {})", self.literal()),
            11 => format!("(({json}) ?? 5) < 7"),
            12 => format!("(({json}) ?? false) or (({json}) ?? \"a\") == \"a\""),
            0 => format!("(int({json}) ?? 0) > 0"),
            1 => format!("{json} matches {}", self.pick(PATTERNS)),
            _ => format!("{json} is {}", self.pick(&["present", "absent"])),
        }
    }
}
