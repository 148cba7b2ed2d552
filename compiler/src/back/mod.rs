//! The back end. In: a LIR module. Out: the final Wasm module, validated, and its size report.
//! The only place in the compiler that knows Wasm.

mod abi;
pub mod automata;
pub mod codegen;
mod limits;
pub mod link;
pub mod report;
pub mod split;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod testing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic)]
mod tests;
pub mod validate;
pub mod wat;

pub use report::Report;

use crate::base::Diagnostics;
use crate::ir::lir;

/// The committed stub, built by `runtime-stub/rebuild.sh`.
pub const STUB: &[u8] = include_bytes!("../../../runtime-stub/prebuilt/stub.wasm");

/// What the back end may use.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The stub to link with.
    pub stub: &'a [u8],
    /// Whether the host has SIMD.
    pub simd: bool,
}

impl Default for Options<'_> {
    /// The committed stub, hosts without SIMD.
    fn default() -> Self {
        Options { stub: STUB, simd: false }
    }
}

/// What the back end makes.
#[derive(Clone, Debug)]
pub struct Output {
    /// The module.
    pub wasm: Vec<u8>,
    /// What it weighs.
    pub report: Report,
}

/// Makes the final module.
pub fn emit(module: &lir::Module, options: &Options<'_>) -> Result<Output, Diagnostics> {
    lir::verify::verify(module)?;
    let module = split::split(module);
    lir::verify::verify(&module)?;
    limits::verify(&module)?;
    let wasm = link::link(&module, options.stub)?;
    validate::validate(&wasm, options.simd)?;
    let report = report::report(&wasm)?;
    Ok(Output { wasm, report })
}
