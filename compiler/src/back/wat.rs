//! Modules as text. In: bytes. Out: WAT with the names of the name section, for `portcullis dump wat`.

use crate::base::Diagnostic;

/// The text of a module.
pub fn print(wasm: &[u8]) -> Result<String, Diagnostic> {
    wasmprinter::print_bytes(wasm)
        .map_err(|error| Diagnostic::internal(format!("the generated module cannot be printed: {error}")))
}
