//! Places the regions of a policy in linear memory. In: LIR data and the first free address. Out: the address and length of
//! each region and the bytes that the module carries: one run without the zeroed regions, which stand behind it.

use std::collections::{BTreeMap, BTreeSet};

use crate::back::automata;
use crate::base::{Diagnostic, Diagnostics};
use crate::ir::lir;

/// Regions and the heap begin at multiples of this.
pub(in crate::back) const ALIGNMENT: u32 = 16;

/// A placed region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Address of its first byte.
    pub(super) address: u32,
    /// Its bytes.
    pub(super) length: u32,
}

/// All regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// By [`lir::DataId`].
    pub(super) regions: Vec<Region>,
    /// Where the carried bytes begin.
    pub(super) start: u32,
    /// The carried bytes.
    pub(super) bytes: Vec<u8>,
    /// First address behind all regions, aligned.
    pub(super) end: u32,
}

/// A string of the contract: length in the high, address in the low half.
pub(super) fn pack(address: u32, length: u32) -> i64 {
    ((u64::from(length) << 32) | u64::from(address)).cast_signed()
}

/// The next multiple of [`ALIGNMENT`].
pub(super) fn align(address: u64) -> u64 {
    address.next_multiple_of(u64::from(ALIGNMENT))
}

/// Places the used regions from `base` on. Regions with the same bytes share one place.
pub(super) fn place(data: &[lir::Data], used: &BTreeSet<lir::DataId>, base: u32) -> Result<Layout, Diagnostics> {
    let mut findings = Diagnostics::new();
    let mut regions = vec![Region { address: 0, length: 0 }; data.len()];
    let mut shared: BTreeMap<Vec<u8>, Region> = BTreeMap::new();
    let start = align(u64::from(base));
    let mut bytes = Vec::new();
    let placed = |index: usize| used.contains(&lir::DataId(u32::try_from(index).unwrap_or(u32::MAX)));
    for (index, (slot, region)) in regions.iter_mut().zip(data).enumerate() {
        if !placed(index) {
            continue;
        }
        let content = match &region.content {
            lir::Content::Bytes(content) => content.clone(),
            lir::Content::Zero(_) | lir::Content::Parts(_) => continue,
            lir::Content::Automata(patterns) => match automata::set_table(patterns) {
                Ok(table) => table,
                Err(found) => {
                    found.into_iter().for_each(|finding| findings.push(finding));
                    continue;
                }
            },
            lir::Content::Automaton { pattern, flags, span } => match automata::table(pattern, flags, *span) {
                Ok(table) => table,
                Err(finding) => {
                    findings.push(finding);
                    continue;
                }
            },
        };
        if let Some(same) = shared.get(&content) {
            *slot = *same;
            continue;
        }
        bytes.resize(usize::try_from(align(bytes.len() as u64)).unwrap_or(usize::MAX), 0);
        *slot = Region { address: narrow(start + bytes.len() as u64)?, length: narrow(content.len() as u64)? };
        bytes.extend_from_slice(&content);
        shared.insert(content, *slot);
    }
    // Cells point into regions that have their places now.
    for index in 0..data.len() {
        let Some(lir::Data { content: lir::Content::Parts(parts), .. }) = data.get(index) else { continue };
        if !placed(index) {
            continue;
        }
        let mut cells = Vec::with_capacity(parts.len() * 8);
        for (region, offset, length) in parts {
            let base = regions.get(region.0 as usize).map_or(0, |region| region.address);
            cells.extend_from_slice(&pack(base.saturating_add(*offset), *length).to_le_bytes());
        }
        bytes.resize(usize::try_from(align(bytes.len() as u64)).unwrap_or(usize::MAX), 0);
        let at = Region { address: narrow(start + bytes.len() as u64)?, length: narrow(cells.len() as u64)? };
        bytes.extend_from_slice(&cells);
        if let Some(slot) = regions.get_mut(index) {
            *slot = at;
        }
    }
    // INVARIANT: zeroed regions overlap no carried byte, since the module starts with zeroed memory.
    let mut next = align(start + bytes.len() as u64);
    for (index, (slot, region)) in regions.iter_mut().zip(data).enumerate() {
        if let lir::Content::Zero(size) = &region.content
            && placed(index)
        {
            *slot = Region { address: narrow(next)?, length: *size };
            next = align(next + u64::from(*size));
        }
    }
    if findings.has_errors() {
        return Err(findings);
    }
    Ok(Layout { regions, start: narrow(start)?, bytes, end: narrow(next)? })
}

fn narrow(value: u64) -> Result<u32, Diagnostic> {
    u32::try_from(value).map_err(|_| too_large(value))
}

fn too_large(bytes: u64) -> Diagnostic {
    Diagnostic {
        code: crate::base::Code::HostLimit,
        severity: crate::base::Severity::Error,
        message: format!("the constant data of the policy takes {bytes} bytes, a module can address 4294967295"),
        labels: Vec::new(),
        help: Some("split the policy, or move long lists to the configuration".to_owned()),
    }
}
