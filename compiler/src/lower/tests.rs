//! What lowering makes is well-formed, with and without the optional passes.

use crate::base::Sources;
use crate::ir::lir::verify;
use crate::{front, lower, plan};

fn lowered(text: &str, options: plan::Options) -> crate::ir::lir::Module {
    let mut sources = Sources::default();
    let file = sources.add("test.policy", text);
    let (tree, diagnostics) = front::syntax::parse(&sources, file);
    assert!(!diagnostics.has_errors(), "{}", crate::base::render::render(&sources, &diagnostics, false));
    let mut none = |path: &str| Err(format!("no file {path}"));
    let (policy, diagnostics) = front::check::check(&[(file, tree)], &mut sources, &mut none);
    let policy = policy.unwrap_or_else(|| panic!("{}", crate::base::render::render(&sources, &diagnostics, false)));
    let plan = plan::plan(&policy, options);
    lower::lower(&policy, &plan, &lower::Options::default())
}

#[test]
fn the_quickstart_lowers_to_a_valid_tree() {
    let text = include_str!("../../../examples/quickstart/quickstart.policy");
    for options in [plan::Options::default(), plan::Options::unoptimised()] {
        let module = lowered(text, options);
        if let Err(diagnostics) = verify::verify(&module) {
            panic!("{diagnostics:?}\n{}", crate::ir::lir::print::print(&module));
        }
    }
}

#[test]
fn a_module_tells_what_it_needs_of_its_host() {
    let features = |text: &str| {
        let module = lowered(text, plan::Options::default());
        let (_, section) = module.sections.iter().find(|(name, _)| name == "portcullis").cloned().unwrap_or_default();
        let about: serde_json::Value = serde_json::from_slice(&section).unwrap_or_default();
        about.get("host_features").map(ToString::to_string).unwrap_or_default()
    };
    let quickstart = include_str!("../../../examples/quickstart/quickstart.policy");
    let all =
        r#"["clock","filter_state","header_edits","local_response","metrics","random","response_body","response_headers","shared_data"]"#;
    assert_eq!(features(quickstart), all);
    let small = "policy p { default = deny 403 }\npermit \"a\" { on GET \"/a\" when client.ip in [\"10.0.0.0/8\"] }";
    assert_eq!(features(small), r#"["filter_state","header_edits","local_response","metrics","properties"]"#);
}

/// What a caller has to guess is compared in constant time, whichever way it comes to the comparison.
#[test]
fn codes_are_compared_in_constant_time() {
    let policy = |condition: &str| {
        format!(
            "policy p {{ default = deny 403 }}\nconfig {{ k: secret }}\nlet mac = hex_encode(hmac_sha256(config.k, request.path))\n\
             fn code(text: string) = hex_encode(hmac_sha256(config.k, text))\nfn same(a: string, b: string) = a == b\n\
             fn marked(a: string, b: string) = \"v0=${{a}}\" == b\npermit \"a\" {{ on \"/a\" when {condition} }}\n"
        )
    };
    let given = "(request.headers[\"x\"] ?? \"\")";
    for condition in [
        format!("{given} == mac"),
        format!("{given} == \"v0=${{mac}}\""),
        format!("{given} == code(request.path)"),
        format!("{given} in [mac, code(\"a\")]"),
        format!("same({given}, mac)"),
        format!("marked(mac, {given})"),
        format!("some one in [{given}] satisfies one == mac"),
    ] {
        for options in [plan::Options::default(), plan::Options::unoptimised()] {
            let printed = crate::ir::lir::print::print(&lowered(&policy(&condition), options));
            assert!(printed.contains("secret_equal(") && !printed.contains("str_equal("), "{condition}\n{printed}");
        }
    }
}
