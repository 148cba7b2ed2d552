//! What the lints find, and what they leave alone. In: conditions and rules. Out: the codes of the warnings.
#![allow(clippy::unwrap_used, clippy::panic)]

use portcullis::check;

fn codes(text: &str) -> Vec<&'static str> {
    let checked = check("lint.policy", text, &mut |name| Err(format!("{name}: entity not found")));
    assert!(checked.policy.is_some(), "{text}\n{:?}", checked.diagnostics);
    checked.diagnostics.iter().map(|finding| finding.code.text()).collect()
}

const HEAD: &str = "policy p { default = deny 403 }\n";

#[test]
fn conditions() {
    for (condition, expected) in [
        ("false", &["P0802"][..]),
        ("true", &["P0803"]),
        ("1 == 2", &["P0802"]),
        ("not (1 < 2)", &["P0802"]),
        ("request.host in [\"a\", \"b\"] and request.host == \"c\"", &["P0802"]),
        ("request.host == \"[0::1]\"", &["P0802"]),
        ("request.host == \"::1\"", &["P0802"]),
        ("request.host == \"[::1]\"", &[]),
        ("request.host == \"*.example.com\"", &["P0802"]),
        ("request.host == \"https://example.com\"", &["P0802"]),
        ("request.host == \"example.com/a\"", &["P0802"]),
        ("request.host == \"bücher.example\"", &["P0802"]),
        ("request.host in [\"a\", \"b\"] and request.host == \"b\"", &[]),
        ("request.host == \"a\" and request.host != \"a\"", &["P0802"]),
        ("request.host == \"a\" and request.host != \"b\"", &[]),
        ("request.host in [\"a\"] and request.host not in [\"a\", \"b\"]", &["P0802"]),
        ("request.host starts_with \"a\" and request.host starts_with \"b\"", &["P0802"]),
        ("request.host starts_with \"a\" and request.host starts_with \"ab\"", &[]),
        ("request.host == \"api\" and request.host ends_with \"x\"", &["P0802"]),
        ("request.headers[\"x\"] is absent and request.headers[\"x\"] == \"1\"", &["P0802"]),
        ("request.headers[\"x\"] is absent and request.headers[\"y\"] == \"1\"", &[]),
        ("request.headers.count < 5 and request.headers.count > 5", &["P0802"]),
        ("request.headers.count < 5 and request.headers.count > 3", &[]),
        ("request.headers.count < 5 and not (request.headers.count < 5)", &["P0802"]),
        ("request.headers.count <= 5 and request.headers.count >= 5", &[]),
        ("request.headers.count < 5 and request.headers.count >= 5", &["P0802"]),
        ("request.headers.count >= 5 or request.headers.count < 5", &["P0803"]),
        ("request.host != \"a\" or request.host != \"b\"", &["P0803"]),
        ("request.host == \"a\" or request.host == \"b\"", &[]),
        ("request.host == \"a\" or request.host == \"a\"", &["P0804"]),
        ("request.host == \"x\" or (request.host == \"a\" and request.host == \"b\")", &["P0802"]),
        ("request.path == \"/elsewhere\"", &["P0802"]),
        ("request.path == \"/a/b\"", &[]),
        ("request.method == \"POST\"", &["P0802"]),
        ("request.method in [\"GET\", \"POST\"]", &[]),
        ("request.headers[\"X-Forwarded-For\"] == \"10.0.0.1\"", &["P0806"]),
        ("request.headers[\"forwarded\"] is present", &["P0806"]),
        ("request.headers[\"x-forwarded\"] is present", &[]),
    ] {
        let text = format!("{HEAD}permit \"r\" {{ on GET \"/a/**\"  when {condition} }}\n");
        assert_eq!(codes(&text), expected, "{condition}");
        let negated = format!("{HEAD}permit \"r\" {{ on GET \"/a/**\"  unless not ({condition}) }}\n");
        assert_eq!(codes(&negated), expected, "unless not ({condition})");
    }
}

#[test]
fn several_conditions_of_a_rule_are_one() {
    let text = "permit \"r\" { on \"/a\"  when request.host == \"a\"  when request.host == \"b\" }\n";
    assert_eq!(codes(&format!("{HEAD}{text}")), ["P0802"]);
    let text = "permit \"r\" { on \"/a\"  when request.host == \"a\"  unless request.host == \"a\" }\n";
    assert_eq!(codes(&format!("{HEAD}{text}")), ["P0802"]);
}

#[test]
fn a_trusted_hop_vouches_for_the_headers() {
    let text = "policy p { default = deny 403  trusted_hops = 1 }\npermit \"r\" { on \"/a\"  when request.headers[\"x-forwarded-for\"] == \"a\" }\n";
    assert!(codes(text).is_empty());
}

#[test]
fn declarations() {
    for (text, expected) in [
        ("let a = \"x\"", &["P0805"][..]),
        ("list a: string = [\"x\"]", &["P0805"]),
        ("map a: string -> string = { \"x\": \"y\" }", &["P0805"]),
        ("config { a: string }", &["P0805"]),
        ("limit a { key = client.ip  rate = 1 per 1s }", &["P0805"]),
        ("config { a: string }\npermit \"r\" { on \"/a\"  when request.host == config.a }", &[]),
        ("config { a: string }\npermit \"r\" { on \"/a\"  when request.host == config[\"a\"] }", &[]),
        ("let a = \"x\"\nlet b = a\npermit \"r\" { on \"/a\"  when request.host == b }", &[]),
        ("let a = \"x\"\nforbid \"r\" { on \"/a\"  reply 403 json { \"why\": a } }", &[]),
    ] {
        assert_eq!(codes(&format!("{HEAD}{text}\n")), expected, "{text}");
    }
}

#[test]
fn shadowed_rules() {
    for (text, expected) in [
        ("permit \"a\" { on \"/x/**\" }\npermit \"b\" { on \"/x/y\" }", &["P0808"][..]),
        ("permit \"a\" { on \"/x/y\" }\npermit \"b\" { on \"/x/**\" }", &[]),
        ("permit \"a\" { on GET \"/x/**\" }\npermit \"b\" { on \"/x/y\" }", &[]),
        ("permit \"a\" { on \"/x/{id}\" }\npermit \"b\" { on \"/x/*\" }", &["P0808"]),
        ("permit \"a\" { on \"/x/**\" }\nforbid \"b\" { on \"/x/y\" }", &[]),
        ("permit \"a\" { on \"/x/**\"  when request.host == \"a\" }\npermit \"b\" { on \"/x/y\" }", &[]),
        (
            "permit \"a\" { on \"/x/**\"  when request.host == \"a\" }\npermit \"b\" { on \"/x/y\"  when request.scheme == \"https\"  when request.host == \"a\" }",
            &["P0808"],
        ),
        ("scope \"/x/**\" { hosts = [\"a\"]  permit \"a\" { on \"/x/**\" } }\npermit \"b\" { on \"/x/y\" }", &[]),
        ("permit \"a\" { on \"/x/**\" }\nscope \"/x/**\" { permit \"b\" { on \"/x/y\" } }", &["P0808"]),
    ] {
        assert_eq!(codes(&format!("{HEAD}{text}\n")), expected, "{text}");
    }
    // What waits for the body comes behind what the headers decide.
    let later = "forbid \"a\" { on POST \"/**\" reply 403 json { x: request.body.json.x } } forbid \"b\" { on POST \"/b\" reply 404 }";
    assert!(codes(&format!("{HEAD}{later}\n")).is_empty());
    let both =
        "forbid \"a\" { on POST \"/**\" when request.body.json.x == 1 } forbid \"b\" { on POST \"/b\" when request.body.json.x == 1 }";
    assert_eq!(codes(&format!("{HEAD}{both}\n")), ["P0808"]);
}

#[test]
fn thousands_of_rules_are_linted_soon() {
    let rule = |n: usize| format!("permit \"r{n}\" {{ on GET \"/a/**\"  when request.headers[\"x\"] == \"{n}\" }}\n");
    let text: String = std::iter::once(HEAD.to_owned()).chain((0..5_000).map(rule)).collect();
    let start = std::time::Instant::now();
    assert!(codes(&text).is_empty());
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn every_lint_is_told_with_a_fix() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/lints");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "policy"));
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let checked = check(name, &std::fs::read_to_string(&path).unwrap(), &mut |name| Err(format!("{name}: entity not found")));
        let shown = portcullis::base::render::render(&checked.sources, &checked.diagnostics, false);
        assert!(checked.policy.is_some() && checked.diagnostics.iter().all(|finding| finding.help.is_some()), "{shown}");
        let golden = path.with_extension("stderr");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &shown).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&golden).unwrap_or_default(), shown, "{name}");
    }
}

#[test]
fn what_may_hold_is_left_alone() {
    for condition in [
        "request.host == \"[::1]\"",
        "request.host starts_with \"a:\"",
        "request.path contains \"..\"",
        "request.path == \"/a/..b\"",
        "request.path ends_with \".\"",
        "request.path contains \"?\"",
        "lower(request.path) == \"/Äb\"",
        "request.method == \"purge\"",
        "now.hour == 23 and now.minute == 59 and now.weekday == 7",
        "now.hour >= 1",
        "client.port >= 1",
        "len(request.path) > 0",
        "request.query[\"a\"] matches /x*/",
        "request.path matches /^$|a/",
        "request.path matches /\\bx*/",
        "request.headers[\"x\"] starts_with \"\"",
        "request.headers[\"x\"] == request.headers[\"x\"]",
        "float(request.query[\"x\"]) == 5.5",
        "client.ip in \"10.0.0.0/8\" and client.ip in \"10.1.0.0/16\"",
        "client.ip in [\"10.0.0.0/8\", \"::/0\"] and client.ip in \"2001:db8::/32\"",
        "not (client.ip in \"10.0.0.0/8\") and not (client.ip in \"192.168.0.0/16\")",
    ] {
        let text = format!("{HEAD}permit \"r\" {{ on \"/**\"  when {condition} }}\n");
        assert!(!codes(&text).iter().any(|code| ["P0802", "P0803", "P0807"].contains(code)), "{condition}");
    }
    let text = "policy p { default = deny 403  normalize_path = false }\npermit \"r\" { on \"/**\"  when request.path contains \"//\" }\n";
    assert!(codes(text).is_empty());
    let text = "policy p { default = deny 403  trusted_hops = 1 }\npermit \"r\" { on \"/**\"  when request.scheme == \"HTTPS\" }\n";
    assert!(codes(text).is_empty());
}
