//! JSON values as block YAML. In: a value. Out: text in which every string that YAML could read as something else is quoted
//! as in JSON, so that any YAML reader gives the same value back. A few lines: a crate would bring a parser nobody needs.

use serde_json::Value;

/// The document, ended by a newline.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => block(&mut out, value, 0),
        Value::Array(items) if !items.is_empty() => block(&mut out, value, 0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
    out
}

/// Writes a non-empty list or map. The cursor stands at the column of `depth`.
fn block(out: &mut String, value: &Value, depth: usize) {
    let mut first = true;
    let mut begin = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push_str(&"  ".repeat(depth));
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                begin(out);
                out.push_str(&string(name));
                out.push(':');
                if is_block(inner) {
                    out.push('\n');
                    out.push_str(&"  ".repeat(depth + 1));
                    block(out, inner, depth + 1);
                } else {
                    out.push(' ');
                    out.push_str(&scalar(inner));
                    out.push('\n');
                }
            }
        }
        Value::Array(items) => {
            for inner in items {
                begin(out);
                out.push_str("- ");
                if is_block(inner) {
                    block(out, inner, depth + 1);
                } else {
                    out.push_str(&scalar(inner));
                    out.push('\n');
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // Empty lists and maps, numbers and words are the same in both languages.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Plain where no reader can take it for anything but a string, else quoted as in JSON.
fn string(text: &str) -> String {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts = text.starts_with(|char: char| char.is_ascii_alphabetic() || char == '/' || char == '_');
    let plain = text.chars().all(|char| char.is_ascii_alphanumeric() || "_./-".contains(char));
    if starts && plain && !words.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    // DEL and the C1 characters are printable in JSON and not in YAML.
    Value::from(text).to_string().chars().fold(String::new(), |mut out, char| {
        if ('\u{7f}'..='\u{9f}').contains(&char) || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}') {
            out.push_str(&format!("\\u{:04x}", u32::from(char)));
        } else {
            out.push(char);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn nested_lists_and_maps() {
        let value = json!({
            "name": "orders",
            "empty": {}, "none": [],
            "list": [{ "a": 1, "b": [true, null] }, ["x"], "y: z"],
            "@type": "type.googleapis.com/x",
        });
        let wanted = "name: orders\nempty: {}\nnone: []\nlist:\n  - a: 1\n    b:\n      - true\n      - null\n  - - x\n  - \"y: z\"\n\"@type\": type.googleapis.com/x\n";
        assert_eq!(text(&value), wanted);
    }

    #[test]
    fn what_yaml_could_misread_is_quoted() {
        for ambiguous in ["true", "No", "1", "1.5", "", " a", "a ", "a#b", "- a", "*", "{", "~", "a: b", "0x10", "\u{85}", "é"] {
            let written = text(&json!(ambiguous));
            assert!(written.starts_with('"') && written.ends_with("\"\n"), "{written}");
        }
        assert_eq!(text(&json!("\u{85}\n\"")), "\"\\u0085\\n\\\"\"\n");
        assert_eq!(text(&json!("/etc/envoy/a.wasm")), "/etc/envoy/a.wasm\n");
    }
}
