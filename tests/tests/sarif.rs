//! What `check --format sarif` writes, held against the structure of SARIF 2.1.0 (OASIS Standard, the sections are named at each object): which
//! properties an object must have, which it may have (the schema allows no others), and of what kind they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fs;

use portcullis_tests::command::portcullis;
use portcullis_tests::envoy::process::run_folder;
use serde_json::{Map, Value};

/// An object with these properties: what must be there, what may.
fn object<'a>(value: &'a Value, what: &str, required: &[&str], optional: &[&str]) -> &'a Map<String, Value> {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object: {value}"));
    for name in required {
        assert!(object.contains_key(*name), "{what} has no `{name}`");
    }
    for name in object.keys() {
        assert!(required.contains(&name.as_str()) || optional.contains(&name.as_str()), "{what} may not have `{name}`");
    }
    object
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    let text = value.as_str().unwrap_or_else(|| panic!("{what} is no string: {value}"));
    assert!(!text.is_empty(), "{what} is empty");
    text
}

fn list<'a>(value: &'a Value, what: &str) -> &'a [Value] {
    value.as_array().unwrap_or_else(|| panic!("{what} is no array: {value}"))
}

fn number(value: &Value, least: i64, what: &str) -> i64 {
    let number = value.as_i64().unwrap_or_else(|| panic!("{what} is no integer: {value}"));
    assert!(number >= least, "{what} is {number}");
    number
}

/// §3.11 `message`: here always with `text`.
fn message(value: &Value, what: &str) {
    text(&object(value, what, &["text"], &["markdown", "id", "arguments"])["text"], what);
}

/// §3.12 `multiformatMessageString`.
fn multiformat(value: &Value, what: &str) {
    let object = object(value, what, &["text"], &["markdown"]);
    text(&object["text"], what);
    object.get("markdown").map(|markdown| text(markdown, what));
}

/// §3.28 `location`, §3.29 `physicalLocation`, §3.4 `artifactLocation`, §3.30 `region`.
fn location(value: &Value) {
    let location = object(value, "location", &["physicalLocation"], &["id", "message"]);
    location.get("id").map(|id| number(id, -1, "location.id"));
    if let Some(found) = location.get("message") {
        message(found, "location.message");
    }
    let physical = object(&location["physicalLocation"], "physicalLocation", &["artifactLocation"], &["region"]);
    let artifact = object(&physical["artifactLocation"], "artifactLocation", &["uri"], &["uriBaseId", "index"]);
    let uri = text(&artifact["uri"], "artifactLocation.uri");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    assert!(uri.bytes().all(plain), "no URI reference (RFC 3986): {uri}");
    let Some(region) = physical.get("region") else { return };
    let region = object(region, "region", &["startLine"], &["startColumn", "endLine", "endColumn"]);
    let get = |name: &str, least| region.get(name).map(|value| number(value, least, name));
    let (start, end) = (get("startLine", 1).unwrap(), get("endLine", 1));
    let (start_column, end_column) = (get("startColumn", 1).unwrap_or(1), get("endColumn", 1));
    // §3.30.7: the end is not before the start, in the same line not before its column.
    assert!(end.is_none_or(|end| end >= start), "{value}");
    assert!(end.unwrap_or(start) > start || end_column.is_none_or(|end| end >= start_column), "{value}");
}

/// §3.49 `reportingDescriptor`.
fn rule(value: &Value) -> &str {
    let optional = ["name", "shortDescription", "fullDescription", "messageStrings", "helpUri", "help", "defaultConfiguration"];
    let rule = object(value, "rule", &["id"], &optional);
    for name in ["shortDescription", "fullDescription", "help"] {
        if let Some(found) = rule.get(name) {
            multiformat(found, name);
        }
    }
    text(&rule["id"], "rule.id")
}

/// §3.27 `result`.
fn result(value: &Value, rules: &[&str]) {
    let optional = ["ruleId", "ruleIndex", "level", "locations", "relatedLocations"];
    let result = object(value, "result", &["message"], &optional);
    message(&result["message"], "result.message");
    // §3.27.10: one of four words.
    assert!(["none", "note", "warning", "error"].contains(&text(&result["level"], "level")), "{value}");
    // §3.27.5, §3.27.6: where both are there, they speak of one rule.
    let index = usize::try_from(number(&result["ruleIndex"], -1, "ruleIndex")).unwrap();
    assert_eq!(rules[index], text(&result["ruleId"], "ruleId"));
    let mut ids = BTreeSet::new();
    for found in list(&result["locations"], "locations") {
        location(found);
    }
    for found in result.get("relatedLocations").map(|found| list(found, "relatedLocations")).unwrap_or_default() {
        location(found);
        // §3.28.2: ids are unique in a result.
        assert!(ids.insert(found["id"].as_i64()), "an id twice: {value}");
    }
}

/// §3.13 `sarifLog`, §3.14 `run`, §3.18 `tool`, §3.19 `toolComponent`: how many results it has.
fn log(value: &Value) -> usize {
    let log = object(value, "log", &["version", "runs"], &["$schema", "inlineExternalProperties", "properties"]);
    assert_eq!(log["version"], "2.1.0");
    assert!(text(&log["$schema"], "$schema").contains("2.1.0"));
    let mut count = 0;
    for run in list(&log["runs"], "runs") {
        let run = object(run, "run", &["tool"], &["invocations", "columnKind", "results", "artifacts", "originalUriBaseIds"]);
        let tool = object(&run["tool"], "tool", &["driver"], &["extensions"]);
        let driver = object(&tool["driver"], "driver", &["name"], &["version", "semanticVersion", "informationUri", "rules"]);
        text(&driver["name"], "driver.name");
        // §3.14.17: how columns count.
        assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&text(&run["columnKind"], "columnKind")));
        let rules: Vec<&str> = list(&driver["rules"], "rules").iter().map(rule).collect();
        assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "§3.19.23: rules are unique");
        let results = list(&run["results"], "results");
        results.iter().for_each(|found| result(found, &rules));
        count += results.len();
    }
    count
}

#[test]
fn every_log_has_the_structure_of_the_standard() {
    let folder = run_folder().unwrap();
    let policies = [
        ("good.policy", "policy p { default = allow }", 0),
        ("an odd näme [1]#?.policy", "policy p { default = allow timeout = 1 }", 1),
        ("empty.policy", "", 1),
        (
            "many.policy",
            "policy p { default = deny 403 }\nforbid \"a\" { when request.host == \"a\" and request.host == \"b\" }\npermit \"a\" { on \"x\" when no.such == 1 }\n\
             permit \"ü\" { on \"/ä\"\n when \"𝄞\" == nothing\n}",
            4,
        ),
        ("unfinished.policy", "policy p { default = allow }\nforbid \"x\" { when (", 1),
    ];
    let mut files = Vec::new();
    for (name, text, least) in policies {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        let (_, out, _) = portcullis(&["check", "--format", "sarif", &file]);
        let found = log(&serde_json::from_str(&out).unwrap());
        assert!(found >= least && (least > 0 || found == 0), "{name}: {found} results\n{out}");
        files.push(file);
    }
    let mut arguments = vec!["check", "--format", "sarif"];
    arguments.extend(files.iter().map(String::as_str));
    let (_, out, _) = portcullis(&arguments);
    assert!(log(&serde_json::from_str(&out).unwrap()) >= 7, "all files in one run");
}
