//! What hosts limit of single functions. In: LIR, split. Out: the finding that names a function over a limit.

use crate::base::{Code, Diagnostic, Severity};
use crate::ir::lir;

/// Most locals of a function: hosts allow 50,000 (the WebAssembly JavaScript interface, "Implementation-defined Limits"); the rest is for
/// what code generation adds.
const LOCALS: usize = 49_000;

/// Refuses what no host takes.
pub(super) fn verify(module: &lir::Module) -> Result<(), Diagnostic> {
    let locals = |function: &lir::Function| function.params.len().saturating_add(function.locals.len());
    let Some(large) = module.functions.iter().find(|function| locals(function) > LOCALS) else { return Ok(()) };
    Err(Diagnostic {
        code: Code::HostLimit,
        severity: Severity::Error,
        message: format!("the function `{}` holds {} values at once, hosts allow {LOCALS}", short(&large.name), locals(large)),
        labels: Vec::new(),
        help: Some("split the condition into several rules, or compare with a list, as in `x in [\"a\", \"b\"]`".to_owned()),
    })
}

/// The beginning of a name.
fn short(name: &str) -> String {
    let begin: String = name.chars().take(80).collect();
    if begin.len() < name.len() { format!("{begin}…") } else { begin }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use portcullis_runtime::contract::Val;

    use super::{LOCALS, verify};
    use crate::ir::lir;

    #[test]
    fn a_function_of_too_many_locals_is_refused_by_name() {
        let of = |count: usize| lir::Function {
            name: "condition 1".to_owned(),
            params: Vec::new(),
            locals: vec![Val::I32; count],
            result: None,
            body: Vec::new(),
        };
        let module = |count: usize| lir::Module { functions: vec![of(1), of(count)], ..lir::Module::default() };
        assert!(verify(&module(LOCALS)).is_ok());
        assert!(verify(&module(LOCALS + 1)).unwrap_err().message.contains("`condition 1` holds 49001 values"));
    }
}
