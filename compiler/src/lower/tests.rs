//! What lowering makes is well-formed, with and without the optional passes.

use crate::base::Sources;
use crate::ir::lir::verify;
use crate::{front, lower, plan};

fn lowered(text: &str, options: plan::Options) -> crate::ir::lir::Module {
    let mut sources = Sources::default();
    let file = sources.add("test.policy", text);
    let (tree, diagnostics) = front::syntax::parse(&sources, file);
    assert!(!diagnostics.has_errors(), "{}", crate::base::render::render(&sources, &diagnostics, false));
    let mut none = |_, path: &str| Err(format!("no file {path}"));
    let (policy, diagnostics) = front::check::check(&[(file, tree)], &sources, &mut none);
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
