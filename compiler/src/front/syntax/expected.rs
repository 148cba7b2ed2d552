//! What the grammar expects, in words. In: the terminals that the parser would have taken. Out: "an expression or `}`".

use std::collections::BTreeSet;

use crate::lang::keywords::Keyword;

/// The words that items begin with.
pub(in crate::front) const ITEMS: &[Keyword] = &[
    Keyword::Policy,
    Keyword::Import,
    Keyword::Config,
    Keyword::Let,
    Keyword::Fn,
    Keyword::List,
    Keyword::Map,
    Keyword::Jwt,
    Keyword::ApiKey,
    Keyword::Basic,
    Keyword::Hmac,
    Keyword::Token,
    Keyword::Mtls,
    Keyword::Service,
    Keyword::Detector,
    Keyword::Limit,
    Keyword::Lookup,
    Keyword::Scope,
    Keyword::Permit,
    Keyword::Forbid,
    Keyword::Rewrite,
    Keyword::Redact,
    Keyword::Route,
    Keyword::Test,
];

/// What may follow an operand.
const OPERATORS: [&str; 26] = [
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "is",
    "per",
    "+",
    "-",
    "*",
    "%",
    "??",
    ".",
    "[",
    "(",
    "and",
    "or",
    "for",
    "?",
];

/// What an expression begins with, beside names.
const OPERANDS: [&str; 23] = [
    "INT", "FLOAT", "DURATION", "SIZE", "PERCENT", "STRING", "HEAD", "REGEX", "CONSTANT", "true", "false", "null", "not", "if", "some",
    "every", "match", "(", "[", "{", "-", "distinct", "fetch",
];

/// The terminals that the parser would have taken.
pub(super) struct Expected<'a>(BTreeSet<&'a str>);

impl<'a> Expected<'a> {
    /// From the parser's own names: words and signs in quotes, classes of tokens without.
    pub(super) fn new(terminals: &'a [String]) -> Expected<'a> {
        Expected(terminals.iter().map(|terminal| terminal.trim_matches('"')).collect())
    }

    /// Whether this terminal is one of them.
    pub(super) fn has(&self, terminal: &str) -> bool {
        self.0.contains(terminal)
    }

    /// Whether this terminal is the only one.
    pub(super) fn only(&self, terminal: &str) -> bool {
        self.0.len() == 1 && self.has(terminal)
    }

    /// Whether any word but the reserved ones would do.
    pub(super) fn any_name(&self) -> bool {
        self.has("IDENTIFIER") && self.has("policy") && self.has("upstream")
    }

    /// Whether an expression may begin here.
    pub(super) fn expression(&self) -> bool {
        self.has("INT") && self.has("(") && self.has("match")
    }

    /// Whether an operator may follow, that is, an expression is complete.
    pub(super) fn operator(&self) -> bool {
        self.has("+") && self.has("??")
    }

    /// Whether an item may begin here.
    pub(super) fn item(&self) -> bool {
        self.has("import") && self.has("policy") && !self.has("IDENTIFIER")
    }

    /// Whether what was read so far may be followed by another entry or the end of the block.
    pub(super) fn boundary(&self) -> bool {
        self.item() || self.has("}") && (self.any_name() || self.has("expect") || self.has("from") || self.has("form"))
    }

    /// The keywords among them, when not just any word would do.
    pub(super) fn keywords(&self) -> Vec<&'a str> {
        let words = self.0.iter().copied().filter(|word| Keyword::from_text(word).is_some());
        if self.any_name() {
            words.filter(|word| Keyword::from_text(word).is_some_and(Keyword::is_reserved)).collect()
        } else {
            words.collect()
        }
    }

    /// The sentence's object: `an operator, the next clause or }`.
    pub(super) fn words(&self) -> String {
        let mut rest = self.0.clone();
        let mut words: Vec<String> = Vec::new();
        let operator = self.operator();
        if operator {
            words.push("an operator".to_owned());
            rest.retain(|terminal| !OPERATORS.contains(terminal));
        }
        let next = self.any_name() || self.item() || self.has("wait") || self.has("from");
        if self.expression() {
            words.push("an expression".to_owned());
            rest.retain(|terminal| !OPERANDS.contains(terminal) && Keyword::from_text(terminal).is_none());
            rest.remove("IDENTIFIER");
        } else if next && operator {
            words.push("the next entry".to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none());
            rest.remove("IDENTIFIER");
            rest.remove("STRING");
        } else if self.any_name() {
            let block = self.has("}");
            words.push(if block { "an attribute or clause" } else { "a name" }.to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none_or(|word| word.is_reserved() && !block));
            rest.remove("IDENTIFIER");
        } else if self.item() {
            words.push("an item such as `permit` or `limit`".to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none_or(|word| !ITEMS.contains(&word)));
        } else if self.has("wait") && self.has("expect") {
            words.push("a step such as `request` or `expect`".to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none());
        } else if self.has("from") && self.has("upstream") {
            words.push("something given (`header`, `json`, `upstream` …)".to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none());
        } else if self.has("allow") && self.has("count") {
            words.push("an expectation such as `allow`, `deny 403` or `body json …`".to_owned());
            rest.retain(|terminal| Keyword::from_text(terminal).is_none());
        } else if self.has("IDENTIFIER") && self.has("enum") {
            words.push("a type".to_owned());
            for word in ["IDENTIFIER", "enum", "list", "map", "json"] {
                rest.remove(word);
            }
        }
        // Most clauses may also be attributes of the same name; nobody means that.
        if !operator && (rest.len() > 1 || !words.is_empty()) {
            rest.remove("=");
        }
        words.extend(rest.iter().map(|terminal| class(terminal)));
        words.dedup();
        join(&words)
    }
}

/// A single terminal in words.
fn class(terminal: &str) -> String {
    let words = match terminal {
        "IDENTIFIER" => "a name",
        "CONSTANT" => "a method such as `GET`",
        "INT" => "a whole number",
        "FLOAT" => "a number",
        "DURATION" => "a duration such as `30s`",
        "SIZE" => "a size such as `8MiB`",
        "PERCENT" => "a percentage such as `5%`",
        "STRING" | "HEAD" => "a string",
        "MIDDLE" | "TAIL" => "the `}` of the interpolation",
        "REGEX" => "a regex",
        other => return format!("`{other}`"),
    };
    words.to_owned()
}

/// `a, b or c`; of long lists the beginning.
fn join(words: &[String]) -> String {
    match words {
        [] => "the end of the file".to_owned(),
        [only] => only.clone(),
        [first, rest @ ..] if rest.len() < 5 => {
            let (last, middle) = rest.split_last().unwrap_or((first, &[]));
            let middle: String = middle.iter().map(|word| format!(", {word}")).collect();
            format!("{first}{middle} or {last}")
        }
        [first, second, third, ..] => format!("{first}, {second}, {third} or similar"),
        [first, second] => format!("{first} or {second}"),
    }
}

/// The candidate that `word` is a slip of, if it is close to one.
pub(super) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if word.len() <= 3 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let cost = |list: &[usize], at: usize| list.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cost(&row, j) + usize::from(a != b)).min(cost(&row, j + 1) + 1).min(cost(&next, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(cost(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{closest, distance, join};

    #[test]
    fn slips_are_close() {
        assert_eq!(distance("permitt", "permit"), 1);
        assert_eq!(distance("fobrid", "forbid"), 1);
        assert_eq!(closest("polcy", ["policy", "permit"]), Some("policy"));
        assert_eq!(closest("zebra", ["policy", "permit"]), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        let words = |list: &[&str]| join(&list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["a", "b"]), "a or b");
        assert_eq!(words(&["a", "b", "c"]), "a, b or c");
        assert_eq!(words(&["a", "b", "c", "d", "e"]), "a, b, c, d or e");
        assert_eq!(words(&["a", "b", "c", "d", "e", "f"]), "a, b, c or similar");
    }
}
