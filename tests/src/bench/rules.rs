//! The rule set of the benchmark, in one place so that all variants decide the same: paths, keys, limits, and the
//! policies in our own language.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// So many API keys has the gateway.
pub const KEYS: usize = 1_000;

/// So many path rules has the gateway.
pub const GATEWAY_RULES: usize = 1_000;

/// So many requests a minute and client may make while times are taken: never refused.
pub const AMPLE: u64 = 60_000_000;

/// So many requests a minute and client may make while decisions are compared.
pub const SCANT: u64 = 3;

/// What requests are spread over: so many rules and clients, evenly chosen.
pub const SPREAD: usize = 16;

/// What a rule's path begins with, up to the item's name.
#[must_use]
pub fn prefix(rule: usize) -> String {
    format!("/api/v1/resource-{rule:05}/items/")
}

/// A rule as a template.
#[must_use]
pub fn template(rule: usize) -> String {
    format!("{}{{id}}", prefix(rule))
}

/// A path that only this rule permits.
#[must_use]
pub fn path(rule: usize) -> String {
    format!("{}4711", prefix(rule))
}

/// The name of a client.
#[must_use]
pub fn client(number: usize) -> String {
    format!("client-{number:04}")
}

/// The API key of a client.
#[must_use]
pub fn key(number: usize) -> String {
    format!("pk_live_{:016x}_{number:04}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1))
}

/// Permits each rule's path, denies the rest, sets one header.
#[must_use]
pub fn path_policy(count: usize) -> String {
    let mut text = String::from("policy paths {\n  default = deny 403\n}\n\n");
    push_permits(&mut text, count, "");
    text.push_str("rewrite request \"edit\" {\n  set \"x-gateway\" = \"portcullis\"\n}\n");
    text
}

/// Nothing but API keys: so many are known.
#[must_use]
pub fn keys_policy(count: usize) -> String {
    let mut text = String::from("policy keys {\n  default = deny 403\n}\n\n");
    push_clients(&mut text, count);
    text.push_str("scope \"/api/**\" {\n  authenticate clients\n  permit \"all\" { on \"/api/**\" }\n");
    text.push_str("  rewrite request \"who\" { set \"x-client\" = clients.key_id }\n}\n");
    text
}

/// The whole gateway: API keys, a limit per client, path rules, two header edits.
#[must_use]
pub fn gateway_policy(per_minute: u64) -> String {
    let mut text = String::from("policy gateway {\n  default = deny 403\n}\n\n");
    push_clients(&mut text, KEYS);
    text.push_str("limit per_client {\n  key = clients.key_id\n");
    let _ = writeln!(text, "  rate = {per_minute} per 1m\n  headers = false\n}}\n");
    text.push_str("scope \"/api/**\" {\n  authenticate clients\n  apply per_client\n\n");
    push_permits(&mut text, GATEWAY_RULES, "  ");
    text.push_str("  rewrite request \"edits\" {\n    set \"x-client\" = clients.key_id\n");
    text.push_str("    set \"x-gateway\" = \"portcullis\"\n  }\n}\n");
    text
}

fn push_clients(text: &mut String, count: usize) {
    text.push_str("api_key clients {\n  from = [header \"x-api-key\"]\n  keys = {\n");
    for number in 0..count {
        let digest = Sha256::digest(key(number));
        let hex = digest.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(text, "    \"{}\": \"sha256:{hex}\",", client(number));
    }
    text.push_str("  }\n}\n\n");
}

fn push_permits(text: &mut String, count: usize, indent: &str) {
    for rule in 0..count {
        let _ = writeln!(text, "{indent}permit \"r{rule:05}\" {{ on \"{}\" }}", template(rule));
    }
    text.push('\n');
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use portcullis::base::Sources;
    use portcullis::base::render::render;
    use portcullis::front::{check, syntax};

    use super::{GATEWAY_RULES, SCANT, gateway_policy, keys_policy, path_policy};

    /// How many rules a policy has; fails with its diagnostics.
    fn rules(text: &str) -> usize {
        let mut sources = Sources::default();
        let file = sources.add("bench.policy".to_owned(), text.to_owned());
        let (tree, mut diagnostics) = syntax::parse(&sources, file);
        let mut beside = |_: &str| Err("no files".to_owned());
        let (policy, found) = check::check(&[(file, tree)], &mut sources, &mut beside);
        diagnostics.extend(found);
        match policy {
            Some(policy) if !diagnostics.has_errors() => policy.rules.len(),
            Some(_) | None => panic!("{}", render(&sources, &diagnostics, false)),
        }
    }

    #[test]
    fn the_policies_check() {
        assert_eq!(rules(&path_policy(10)), 11);
        assert_eq!(rules(&gateway_policy(SCANT)), GATEWAY_RULES + 1);
        assert_eq!(rules(&keys_policy(10)), 2);
    }
}
