//! Test data of other projects about paths, texts and addresses: each case holds on the interpreter and on the module, or stands here with
//! the reason why the language decides otherwise. How many cases ran is asserted, so that nothing passes by not being there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use portcullis::tools::engine::Engine;
use portcullis::tools::eval::Interpreter;
use portcullis::tools::message::{Answer, Decision, Request, header};
use portcullis::tools::sim::Simulator;
use portcullis_tests::differential::world::hex;
use portcullis_tests::regexes::corpus;
use serde_json::Value;

/// The data of a corpus; nothing where the corpora are not there, which is said.
fn load(path: &str) -> Option<Value> {
    let file: PathBuf = corpus(path);
    if !file.exists() {
        eprintln!("no corpus at {}: nothing to compare", file.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

/// An interpreter and a module of one policy that must agree.
struct Both(Interpreter, Simulator);

impl Both {
    fn new(text: &str) -> Both {
        let checked = portcullis::check("corpora.policy", text, &mut |_| Err("there are no files".to_owned()));
        assert!(checked.policy.is_some(), "{:?}", checked.diagnostics);
        let compiled = portcullis::compile(&checked, &portcullis::Options::default()).unwrap();
        let mut both = Both(Interpreter::new(checked.policy.unwrap()), Simulator::deployed(&compiled.output.wasm).unwrap());
        both.0.start("").unwrap();
        both.1.start("").unwrap();
        both
    }

    /// What is forwarded: the target, and a header that the policy sets; or the status of a refusal.
    fn get(&mut self, target: &str, name: &str) -> Result<(String, String), u16> {
        let request = Request::get(target);
        let answer = Answer::ok();
        let [first, second] = [&mut self.0 as &mut dyn Engine, &mut self.1].map(|engine| engine.request(&request, &answer).unwrap());
        assert_eq!(first.decision, second.decision, "{target:?}");
        match first.decision {
            Decision::Deny { status, .. } => Err(status),
            Decision::Allow => {
                let [first, second] = [first, second].map(|outcome| {
                    let forwarded = outcome.forwarded.unwrap();
                    let value = header(&forwarded.headers, name).unwrap_or_default();
                    (forwarded.target, String::from_utf8_lossy(value).into_owned())
                });
                assert_eq!(first, second, "{target:?}");
                Ok(first)
            }
        }
    }
}

fn paths() -> Both {
    Both::new("policy p { default = allow } rewrite request \"show\" { set \"x-path\" = request.path }")
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// Why a path is refused that others take; what they make of it is ambiguous.
fn ambiguous(path: &str) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    if !path.starts_with('/') {
        Some("a path begins with a slash")
    } else if path.contains('\\') || lower.contains("%5c") {
        Some("a backslash is a slash to some")
    } else if lower.contains("%2f") {
        Some("an encoded slash is one to some")
    } else if lower.contains("%00") {
        Some("NUL")
    } else if lower.contains("%c0%af") || lower.contains("%c1") {
        Some("no UTF-8")
    } else if path.contains('#') {
        Some("a fragment")
    } else {
        None
    }
}

fn count(reasons: &mut BTreeMap<&'static str, usize>, reason: &'static str) {
    *reasons.entry(reason).or_default() += 1;
}

#[test]
fn paths_are_normalised_as_in_envoys_tests() {
    let Some(data) = load("envoy-path-normalization/cases.json") else { return };
    let mut both = paths();
    let mut refused = BTreeMap::new();
    let mut held = 0;
    for (set, shows_decoded) in [("canonical_path", false), ("merge_slashes", false), ("remove_query_and_fragment", true)] {
        for (path, expected) in pairs(&data[set]) {
            let (alone, _) = path.split_once('?').unwrap_or((&path, ""));
            let found = both.get(&path, "x-path");
            match ambiguous(alone) {
                Some(reason) => {
                    assert_eq!(found, Err(400), "{path}: {reason}");
                    count(&mut refused, reason);
                }
                None => {
                    let found = found.map(|(target, shown)| if shows_decoded { shown } else { target });
                    assert_eq!(found, Ok(expected), "{path}");
                    held += 1;
                }
            }
        }
    }
    for path in data["invalid"].as_array().unwrap() {
        assert_eq!(both.get(path.as_str().unwrap(), "x-path"), Err(400), "{path}");
        held += 1;
    }
    let refused: Vec<_> = refused.into_iter().collect();
    let expected = [
        ("a backslash is a slash to some", 2),
        ("a fragment", 6),
        ("a path begins with a slash", 6),
        ("an encoded slash is one to some", 1),
        ("no UTF-8", 1),
    ];
    assert_eq!((held, refused.as_slice()), (35, expected.as_slice()));
}

/// What a URL's parser says of a path, brought to our form: unreserved characters decoded, hex in capitals, slashes merged.
fn ours(pathname: &str) -> String {
    let bytes = pathname.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(byte),
            Some(byte) => out.extend(format!("%{byte:02X}").into_bytes()),
            None => {
                out.push(bytes[at]);
                at += 1;
                continue;
            }
        }
        at += 3;
    }
    let mut merged = String::from_utf8(out).unwrap();
    while merged.contains("//") {
        merged = merged.replace("//", "/");
    }
    merged
}

#[test]
fn paths_are_those_of_the_url_standard() {
    let Some(data) = load("whatwg-url/url/tests/urltestdata.json") else { return };
    let mut both = paths();
    let mut left = BTreeMap::new();
    let mut held = 0;
    for case in data.as_array().unwrap().iter().filter(|case| case.is_object()) {
        let input = case["input"].as_str().unwrap();
        let Some((scheme, rest)) = input.split_once("://") else { continue };
        if !["http", "https", "ws", "wss"].contains(&scheme) || case["failure"] == true {
            continue;
        }
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let Some(start) = rest.find('/') else { continue };
        let target = &rest[start..];
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let expected = case["pathname"].as_str().unwrap();
        let reason = if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || !query.is_ascii() {
            Some("no request has such bytes in its target")
        } else if ambiguous(path).is_some() || both.get(path, "x-path") == Err(400) {
            assert_eq!(both.get(target, "x-path"), Err(400), "{target}");
            Some("ambiguous or no UTF-8: 400")
        } else if path.bytes().any(|byte| !byte.is_ascii() || b"\"<>^`{|}".contains(&byte)) {
            Some("a URL's parser encodes what a request has as it is")
        } else if path.contains("//") && path.contains("..") {
            Some("slashes merge before dots are resolved")
        } else {
            None
        };
        match reason {
            Some(reason) => count(&mut left, reason),
            None => {
                let (found, _) = both.get(target, "x-path").unwrap_or_else(|status| panic!("{target}: {status}"));
                let (found, _) = found.split_once('?').unwrap_or((&found, ""));
                assert_eq!(found, ours(expected), "{input}");
                held += 1;
            }
        }
    }
    let expected = [
        ("a URL's parser encodes what a request has as it is", 7),
        ("ambiguous or no UTF-8: 400", 7),
        ("no request has such bytes in its target", 11),
        ("slashes merge before dots are resolved", 3),
    ];
    assert_eq!((held, left.into_iter().collect::<Vec<_>>().as_slice()), (87, expected.as_slice()));
}

/// A text in a query.
fn encoded(text: &[u8]) -> String {
    text.iter().map(|byte| format!("%{byte:02x}")).collect()
}

/// Cases of one file: input, parameter, whether it holds, output.
fn coraza(kind: &str, name: &str) -> Option<Vec<(String, String, bool, String)>> {
    let data = load(&format!("coraza-unit/internal/{kind}/testdata/{name}.json"))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cases = data.as_array().unwrap().iter();
    Some(cases.map(|case| (text(&case["input"]), text(&case["param"]), case["ret"] == 1, text(&case["output"]))).collect())
}

/// `\xNN` and `\u00NN` as they stand in the data.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = [("\\x", 2), ("\\u00", 2)].into_iter().find_map(|(start, len)| {
            let digits = rest.strip_prefix(start)?.get(..len)?;
            Some((u8::from_str_radix(digits, 16).ok()?, start.len() + len))
        });
        let (bytes, len) = match digits {
            Some((byte, len)) => (vec![byte], len),
            None => (first.to_string().into_bytes(), first.len_utf8()),
        };
        out.extend(bytes);
        rest = &rest[len..];
    }
    out
}

/// Percent-encoded bytes, `+` for a space.
fn form(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let [first, more @ ..] = rest {
        let digits = more.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &more[2..];
            }
            None => {
                out.push(if *first == b'+' { b' ' } else { *first });
                rest = more;
            }
        }
    }
    out
}

#[test]
fn functions_agree_with_coraza() {
    // Ours, theirs; how many cases agree, and how many do not, by reason.
    let functions = [
        ("lower(x)", "lowercase"),
        ("upper(x)", "uppercase"),
        ("trim(x)", "trim"),
        ("base64_encode(x)", "base64Encode"),
        ("text(base64_decode(x)) ?? \"(absent)\"", "base64Decode"),
        ("hex_encode(x)", "hexEncode"),
        ("text(hex_decode(x)) ?? \"(absent)\"", "hexDecode"),
        ("md5(x)", "md5"),
        ("sha1(x)", "sha1"),
        ("text(url_decode(x)) ?? \"(absent)\"", "urlDecode"),
        ("url_encode(x)", "urlEncode"),
    ];
    let (mut problems, mut counts) = (Vec::new(), Vec::new());
    for (function, name) in functions {
        let Some(cases) = coraza("transformations", name) else { return };
        let function = function.replace("(x)", "(request.query[\"q\"] ?? \"\")");
        let mut both =
            Both::new(&format!("policy p {{ default = allow }} rewrite request \"show\" {{ set \"x-out\" = hex_encode({function}) }}"));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (input, _, _, output) in cases {
            let (input, wanted) = (unescaped(&input), unescaped(&output));
            let (_, found) = both.get(&format!("/?q={}", encoded(&input)), "x-out").unwrap();
            let decoder = name.ends_with("Decode") && found == hex(b"(absent)");
            let reason = if found == hex(&wanted) {
                "agree"
            } else if decoder {
                STRICT
            } else if name == "urlEncode" && input.is_ascii() && form(&wanted) == input {
                "a space is `%20`, unreserved characters stay, hex digits are capitals"
            } else if name == "urlEncode" && !input.is_ascii() {
                "characters are encoded as UTF-8"
            } else {
                problems.push(format!("{name} of {:?}: {found}, coraza {}", String::from_utf8_lossy(&input), hex(&wanted)));
                continue;
            };
            *reasons.entry(reason).or_default() += 1;
        }
        counts.extend(reasons.into_iter().map(|(reason, count)| (name, reason, count)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(counts, FUNCTIONS);
}

/// Ours strict where theirs guess.
const STRICT: &str = "decoders are strict, and texts are UTF-8";

const FUNCTIONS: &[(&str, &str, usize)] = &[
    ("lowercase", "agree", 5),
    ("uppercase", "agree", 5),
    ("trim", "agree", 9),
    ("base64Encode", "agree", 5),
    ("base64Decode", "agree", 6),
    ("hexEncode", "agree", 3),
    ("hexDecode", "agree", 3),
    ("hexDecode", STRICT, 2),
    ("md5", "agree", 5),
    ("sha1", "agree", 3),
    ("urlDecode", "agree", 4),
    ("urlDecode", STRICT, 15),
    ("urlEncode", "a space is `%20`, unreserved characters stay, hex digits are capitals", 7),
    ("urlEncode", "agree", 10),
    ("urlEncode", "characters are encoded as UTF-8", 3),
];

#[test]
fn addresses_agree_with_coraza() {
    let Some(cases) = coraza("operators", "ipMatch") else { return };
    // One rule for each list that is one.
    let (mut text, mut refused) = ("policy p { default = allow }\n".to_owned(), 0);
    let mut rules: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (_, networks, _, _) in &cases {
        if rules.contains_key(networks.as_str()) {
            continue;
        }
        let number = rules.len();
        let list: Vec<String> = networks.split(',').map(|network| format!("\"{}\"", network.trim())).collect();
        let rule = format!("forbid \"{number}\" {{ on \"/{number}\" when ip(request.query[\"q\"]) in [{}] }}\n", list.join(", "));
        let alone = portcullis::check("a.policy", &format!("policy p {{ default = allow }} {rule}"), &mut |_| Err(String::new()));
        // `10.10.10.0/21` has bits behind its prefix, `/100` is none: the checker tells which network was meant.
        let refused = alone.diagnostics.iter().all(|found| found.code == portcullis::base::Code::BadAddress);
        assert!(alone.policy.is_some() || refused, "{networks}");
        rules.insert(networks, alone.policy.is_some().then_some(number));
        if alone.policy.is_some() {
            text.push_str(&rule);
        }
    }
    let mut both = Both::new(&text);
    let (mut held, mut problems) = (0, Vec::new());
    for (input, networks, holds, _) in &cases {
        let Some(number) = rules[networks.as_str()] else {
            refused += 1;
            continue;
        };
        let found = both.get(&format!("/{number}?q={}", encoded(input.as_bytes())), "x") == Err(403);
        if found == *holds { held += 1 } else { problems.push(format!("{input:?} in {networks:?}: {found}")) }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!((held, refused), (3613, 10));
}

#[test]
fn comparisons_agree_with_coraza() {
    let mut problems = Vec::new();
    for (ours, theirs, expected) in
        [("==", "streq", 7), ("contains", "contains", 10), ("starts_with", "beginsWith", 6), ("ends_with", "endsWith", 7)]
    {
        let Some(cases) = coraza("operators", theirs) else { return };
        let mut both = Both::new(&format!(
            "policy p {{ default = allow }} forbid \"holds\" {{ when (request.query[\"q\"] ?? \"\") {ours} (request.query[\"p\"] ?? \"\") }}"
        ));
        let mut held = 0;
        for (input, parameter, holds, _) in cases {
            let found = both.get(&format!("/?q={}&p={}", encoded(input.as_bytes()), encoded(parameter.as_bytes())), "x") == Err(403);
            if found == holds { held += 1 } else { problems.push(format!("{theirs} of {input:?} with {parameter:?}: {found}")) }
        }
        if held != expected {
            problems.push(format!("{theirs}: {held} agree"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
