//! Header and path edits. In: edits of the rules that matched, facts. Out: the message as it goes on.

use super::bytes::{header_value, text};
use super::expr::{self, Context};
use super::path;
use crate::ir::hir;
use crate::tools::engine::EngineError;
use crate::tools::message::Headers;

/// What of a message can be edited. For responses only the headers count.
#[derive(Clone, Debug, Default)]
pub(super) struct Editable {
    /// Without query.
    pub(super) path: String,
    /// `:authority`
    pub(super) authority: String,
    pub(super) headers: Headers,
}

/// Applies edits in order. All values are read from the message as it came.
pub(super) fn apply(edits: &[hir::Edit], ctx: Context<'_>, message: &mut Editable) -> Result<(), EngineError> {
    for edit in edits {
        match &edit.target {
            hir::EditTarget::Set(name, value) => {
                let value = header_value(&expr::string(value, ctx)?);
                message.headers.retain(|(key, _)| key != name);
                message.headers.push((name.clone(), value));
            }
            hir::EditTarget::Append(name, value) => {
                message.headers.push((name.clone(), header_value(&expr::string(value, ctx)?)));
            }
            hir::EditTarget::Remove(pattern) => {
                remove(pattern, &mut message.headers);
            }
            hir::EditTarget::Path(value) => message.path = path::encode(&expr::string(value, ctx)?),
            hir::EditTarget::Host(value) => message.authority = text(&header_value(&expr::string(value, ctx)?)),
        }
    }
    Ok(())
}

/// Takes headers out; says whether there were any.
pub(super) fn remove(pattern: &hir::HeaderPattern, headers: &mut Headers) -> bool {
    let before = headers.len();
    headers.retain(|(name, _)| match pattern {
        hir::HeaderPattern::Exact(exact) => name != exact,
        hir::HeaderPattern::Prefix(start) => !name.starts_with(start.as_str()) || is_protected(name),
    });
    headers.len() < before
}

/// Names that no edit touches: a prefix spares them too.
fn is_protected(name: &str) -> bool {
    matches!(name, "host" | "content-length" | "transfer-encoding" | "connection") || name.starts_with("x-portcullis-")
}
