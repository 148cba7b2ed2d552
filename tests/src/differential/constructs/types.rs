//! Names of the types that configurations and tables hold.

use portcullis::ir::hir;

/// What a field of `config` holds.
pub(super) fn configured(ty: &hir::Ty) -> Option<&'static str> {
    Some(match ty {
        hir::Ty::Bool => "config bool",
        hir::Ty::Int => "config int",
        hir::Ty::Float => "config float",
        hir::Ty::String => "config string",
        hir::Ty::Secret => "config secret",
        hir::Ty::Bytes => "config bytes",
        hir::Ty::Ip => "config ip",
        hir::Ty::Cidr => "config cidr",
        hir::Ty::Duration => "config duration",
        hir::Ty::Time => "config time",
        hir::Ty::Enum(_) => "config enum",
        hir::Ty::Json => "config json",
        hir::Ty::Rate | hir::Ty::Regex | hir::Ty::List(_) | hir::Ty::Map(_) | hir::Ty::Optional(_) | hir::Ty::Error => {
            return None;
        }
    })
}

/// What a `list` or a `map` holds.
pub(super) fn tabled(ty: &hir::Ty) -> Option<&'static str> {
    Some(match ty {
        hir::Ty::Bool => "table bool",
        hir::Ty::Int => "table int",
        hir::Ty::Float => "table float",
        hir::Ty::String => "table string",
        hir::Ty::Bytes => "table bytes",
        hir::Ty::Ip => "table ip",
        hir::Ty::Cidr => "table cidr",
        hir::Ty::Duration => "table duration",
        hir::Ty::Time => "table time",
        hir::Ty::Enum(_) => "table enum",
        hir::Ty::Secret
        | hir::Ty::Json
        | hir::Ty::Rate
        | hir::Ty::Regex
        | hir::Ty::List(_)
        | hir::Ty::Map(_)
        | hir::Ty::Optional(_)
        | hir::Ty::Error => {
            return None;
        }
    })
}
