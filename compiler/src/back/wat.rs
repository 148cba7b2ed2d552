//! Modules as text. In: bytes. Out: WAT with the names of the name section, for `portcullis dump wat`.

/// The text of a module; an error says what in it cannot be read.
pub fn print(wasm: &[u8]) -> Result<String, String> {
    wasmprinter::print_bytes(wasm).map_err(|error| format!("the generated module cannot be printed: {error}"))
}
