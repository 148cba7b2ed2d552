//! Policies that nobody writes by hand: thousands of operands, arms and findings, names that would break logs and metrics.
//! In: generated texts. Out: a module or findings, soon, and never a stack that overflows.
#![allow(clippy::unwrap_used)]

use portcullis::base::render;
use portcullis::{Checked, Options, check, compile};

const HEAD: &str = "policy hostile { default = deny 403 }\n";

fn checked(text: &str) -> Checked {
    check("hostile.policy", &format!("{HEAD}{text}"), &mut |name| Err(format!("{name} is not read")))
}

fn findings(text: &str) -> String {
    let checked = checked(text);
    assert!(checked.policy.is_none(), "{text}");
    render::render(&checked.sources, &checked.diagnostics, false)
}

fn list(count: usize, between: &str, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(between)
}

#[test]
fn thousands_of_operands_do_not_nest() {
    let header = |n| format!("request.headers[\"x{n}\"] == \"1\"");
    for text in [
        format!("permit \"a\" {{ on \"/a\" when {} }}", list(4000, " or ", header)),
        format!("permit \"a\" {{ on \"/a\" when {} }}", list(4000, " and ", header)),
        format!("permit \"a\" {{ on \"/a\" {} }}", list(4000, " ", |n| format!("when {}", header(n)))),
        format!(
            "permit \"a\" {{ on \"/a\" when request.path in [{}] }}",
            list(4000, ", ", |n| format!("request.headers[\"x{n}\"] ?? \"\""))
        ),
        format!(
            "permit \"a\" {{ on \"/a\" }} route \"r\" {{ on \"/a\" {} otherwise -> keep }}",
            list(4000, " ", |n| format!("when {} -> cluster \"c{n}\"", header(n)))
        ),
    ] {
        let module = compile(&checked(&text), &Options::default());
        assert!(module.is_ok(), "{:.60}", text);
    }
}

#[test]
fn captures_under_thousands_of_templates_do_not_nest() {
    // The capture stands at another place in every second template.
    let templates = list(1500, " ", |n| if n % 2 == 0 { format!("on \"/t{n}/{{id}}\"") } else { format!("on \"/x/t{n}/{{id}}\"") });
    let text = format!("permit \"a\" {{ {templates} when path.id == \"7\" }}");
    assert!(compile(&checked(&text), &Options::default()).is_ok());
}

#[test]
fn thousands_of_findings_are_told_soon() {
    let text = findings(&list(5000, "\n", |n| format!("permit \"p{n}\" {{ on \"/a\" when nonsense{n} }}")));
    assert!(text.contains("further findings are not shown"), "{text:.200}");
}

#[test]
fn hundreds_of_thousands_of_brackets_are_refused_soon() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{ a: ", "}")] {
        let text = format!("let a = {}1{}\n", open.repeat(300_000), close.repeat(300_000));
        let found = findings(&text);
        assert!(found.contains("brackets nest more than 64 deep"), "{}", found.get(..400).unwrap_or(&found));
    }
}

#[test]
fn objects_are_looked_through_soon_and_at_any_depth() {
    let deep = |name: &str| {
        let nest = |inner: &str| format!("{}{inner}{}", "{ a: ".repeat(58), " }".repeat(58));
        let first = format!("let {name}0 = {}\n", nest("1"));
        first + &list(100, "\n", |n| format!("let {name}{} = {}", n + 1, nest(&format!("{name}{n}"))))
    };
    let branch = "let z = if request.path == \"/x\" then o100 else q100\nforbid \"x\" { when z.a.a.b == 1 }";
    assert!(checked(&format!("{}\n{}\n{branch}", deep("o"), deep("q"))).policy.is_some());
    let table = list(3000, ", ", |n| format!("u{n}: {{ p{n}: true, r{n}: true }}"));
    let rules = list(30, "\n", |n| format!("forbid \"r{n}\" {{ unless t[request.query[\"u\"]][request.path] == true }}"));
    assert!(checked(&format!("let t = {{ {table} }}\n{rules}")).policy.is_some());
}

#[test]
fn names_cannot_break_logs_and_metrics() {
    for name in [r"a\nb", r"a\u{0}", r"a\u{1b}[31m", "a;.;outcome=.=allow", "a=.=b"] {
        let text = findings(&format!("permit \"{name}\" {{ on \"/a\" }}"));
        assert!(text.contains("a name with"), "{text}");
    }
    let text = findings("permit \"a\" { on \"/a\" } route \"r\" { on \"/a\" otherwise -> cluster \"a\\r\\nb\" }");
    assert!(text.contains("no name of a cluster"), "{text}");
}

#[test]
fn values_do_not_double_without_end() {
    let bomb = list(40, "\n", |n| match n {
        0 => "let a0 = request.path".to_owned(),
        _ => format!("let a{n} = \"${{a{}}}${{a{}}}\"", n - 1, n - 1),
    });
    let text = findings(&format!("{bomb}\npermit \"a\" {{ on \"/a\" when a39 == \"x\" }}"));
    assert!(text.contains("leads through too many values"), "{text}");
    let chain = list(5000, "\n", |n| match n {
        0 => "let a0 = request.path".to_owned(),
        _ => format!("let a{n} = a{}", n - 1),
    });
    let text = findings(&format!("{chain}\npermit \"a\" {{ on \"/a\" when a4999 == \"x\" }}"));
    assert!(text.contains("`a129` leads through too many values"), "{text}");
    let wide = list(5000, "\n", |n| format!("let a{n} = request.headers[\"x{n}\"] == \"1\""));
    let policy = format!("{wide}\npermit \"a\" {{ on \"/a\" when {} }}", list(5000, " or ", |n| format!("a{n}")));
    assert!(compile(&checked(&policy), &Options::default()).is_ok());
}

#[test]
fn redactions_that_no_response_could_get_are_refused() {
    let policy = |count| list(count, "\n", |n| format!("redact response \"r{n}\" {{ any builtin.card -> mask() }}"));
    assert!(compile(&checked(&policy(64)), &Options::default()).is_ok());
    let refused = compile(&checked(&policy(65)), &Options::default()).unwrap_err();
    assert!(refused.iter().any(|finding| finding.message.contains("more than 64 rules redact bodies")));
}

#[test]
fn facts_of_the_request_are_not_absent_when_the_response_is_read() {
    let rule = |condition: &str| format!("rewrite response \"r\" {{ when {condition} set \"x-a\" = \"1\" }}");
    let named = rule("request.headers[response.headers[\"x-name\"] ?? \"\"] == \"1\"");
    let refused = compile(&checked(&named), &Options::default()).unwrap_err();
    let message = "a fact of the request that the response cannot see";
    assert!(refused.iter().any(|finding| finding.message.contains(message)), "{refused:?}");
    let list = "request.query.all[\"k\"]";
    for condition in [format!("response.headers[\"x\"] in {list}"), format!("some q in {list} satisfies q == response.headers[\"x\"]")] {
        assert!(compile(&checked(&rule(&condition)), &Options::default()).is_ok(), "{condition}");
    }
    // The request alone is tested when it is there, in whatever nests.
    let alone = format!("response.status == 200 and (some q in {list} satisfies every n in [1, 2] satisfies len(q) > n)");
    assert!(compile(&checked(&rule(&alone)), &Options::default()).is_ok());
}
