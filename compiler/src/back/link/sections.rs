//! Custom sections and names. In: a linked module. Out: the same with our sections only, and with names that do not depend
//! on who built the stub.

use walrus::{ImportKind, Module, RawCustomSection};

use crate::base::Diagnostic;

/// The section that describes the policy, a JSON object.
pub(super) const DESCRIPTION: &str = "portcullis";

/// What names of the stub's own functions begin with; those of generated code and of mechanisms never do.
const STUB_PATHS: [&str; 4] = ["portcullis_runtime::", "core::", "_$", "<"];

/// The last two words of a path: enough to find a function by, a third of the bytes.
fn short(path: &str) -> String {
    let plain = path.replace("..", "::").replace("$GT$", "").replace("$LT$", "").replace("$u20$", " ").replace(['<', '>'], "");
    let words: Vec<&str> = plain.split("::").filter(|word| !word.is_empty() && !word.contains(['$', '{'])).collect();
    let last = words.get(words.len().saturating_sub(2)..).unwrap_or(&[]);
    last.join("::").trim_start_matches('_').to_owned()
}

/// Removes what the stub's toolchain left: other custom sections, hashes in names, names of locals and segments.
pub(super) fn strip(target: &mut Module) {
    let ids: Vec<_> = target.customs.iter().map(|(id, _)| id).collect();
    for id in ids {
        target.customs.delete(id);
    }
    target.name = None;
    for function in target.funcs.iter_mut() {
        // Imports have their names among the imports.
        if matches!(function.kind, walrus::FunctionKind::Import(_)) {
            function.name = None;
        }
        if let Some(name) = &mut function.name
            && let Some((path, hash)) = name.rsplit_once("::h")
            && hash.len() == 16
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            *name = path.to_owned();
        }
        if let Some(name) = &mut function.name
            && STUB_PATHS.iter().any(|start| name.starts_with(start))
        {
            *name = short(name);
        }
    }
    let locals: Vec<_> = target.locals.iter().map(walrus::Local::id).collect();
    for id in locals {
        target.locals.get_mut(id).name = None;
    }
    let segments: Vec<_> = target.data.iter().map(walrus::Data::id).collect();
    for id in segments {
        target.data.get_mut(id).name = None;
    }
}

/// Adds the module's sections. The description gets the host calls, which are known once nothing unused is left.
pub(super) fn add(target: &mut Module, sections: &[(String, Vec<u8>)]) -> Result<(), Diagnostic> {
    for (name, content) in sections {
        let data = if name == DESCRIPTION { describe(target, content)? } else { content.clone() };
        target.customs.add(RawCustomSection { name: name.clone(), data });
    }
    Ok(())
}

fn describe(target: &Module, content: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let mut description: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(content)
        .map_err(|error| Diagnostic::internal(format!("the description of the module is no JSON object: {error}")))?;
    let mut calls: Vec<&str> =
        target.imports.iter().filter(|import| matches!(import.kind, ImportKind::Function(_))).map(|import| import.name.as_str()).collect();
    calls.sort_unstable();
    description.insert("host_calls".to_owned(), calls.into());
    serde_json::to_vec(&description).map_err(|error| Diagnostic::internal(format!("the description: {error}")))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn short_names() {
        for (path, expected) in [
            ("portcullis_runtime::redact::body::Body::step", "Body::step"),
            ("_$LT$portcullis_runtime..http..pairs..Pairs$u20$as$u20$core..iter..traits..iterator..Iterator$GT$::next", "Iterator::next"),
            ("portcullis_runtime::config::load::load_into::_$u7b$$u7b$closure$u7d$$u7d$", "load::load_into"),
            ("<core::str::lossy::Utf8Chunks as core::iter::traits::iterator::Iterator>::next", "Iterator::next"),
        ] {
            assert_eq!(short(path), expected);
        }
    }
}
