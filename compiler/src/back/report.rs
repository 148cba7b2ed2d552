//! What a module weighs. In: its bytes. Out: sizes, callbacks, host calls and memory, also as the text that `build` prints.

use std::fmt;

use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::abi;
use crate::base::Diagnostic;

/// Sizes in bytes unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The whole module.
    pub total: usize,
    /// The code section.
    pub code: usize,
    /// The data section.
    pub data: usize,
    /// Names and other custom sections, which hosts do not load into memory.
    pub custom: usize,
    /// Functions in the module.
    pub functions: u32,
    /// The largest function.
    pub largest_function: usize,
    /// Exported callbacks, sorted.
    pub callbacks: Vec<String>,
    /// Imported host calls, sorted.
    pub host_calls: Vec<String>,
    /// Pages of 64 KiB at start.
    pub memory_pages: u64,
}

/// Reads a report off a module.
pub fn report(wasm: &[u8]) -> Result<Report, Diagnostic> {
    read(wasm).map_err(|error| Diagnostic::internal(format!("the generated module cannot be read: {error}")))
}

fn read(wasm: &[u8]) -> Result<Report, wasmparser::BinaryReaderError> {
    let mut report = Report { total: wasm.len(), ..Report::default() };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        report.host_calls.push(import.name.to_owned());
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    report.memory_pages += memory?.initial;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let callback = abi::CALLBACKS.iter().any(|callback| callback.0 == export.name);
                    if export.kind == ExternalKind::Func && callback {
                        report.callbacks.push(export.name.to_owned());
                    }
                }
            }
            Payload::CodeSectionStart { count, range, .. } => {
                report.functions = count;
                report.code = range.len();
            }
            Payload::CodeSectionEntry(body) => {
                report.largest_function = report.largest_function.max(body.range().len());
            }
            Payload::DataSection(section) => report.data = section.range().len(),
            Payload::CustomSection(section) => report.custom += section.range().len(),
            _ => {}
        }
    }
    report.callbacks.sort_unstable();
    report.host_calls.sort_unstable();
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { total, code, data, custom, functions, largest_function, callbacks, host_calls, memory_pages } = self;
        writeln!(f, "size        {total} bytes: code {code}, data {data}, names and description {custom}")?;
        writeln!(f, "functions   {functions}, the largest {largest_function} bytes")?;
        writeln!(f, "callbacks   {}", list(callbacks))?;
        writeln!(f, "host calls  {}", list(host_calls))?;
        writeln!(f, "memory      {memory_pages} pages of 64 KiB")
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
