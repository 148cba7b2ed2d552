//! What one request cost in the VM; budgets are asserted on it.

use std::collections::BTreeMap;

/// Host calls, fuel and memory of one request (or of a start), summed over its callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Calls per import, by its name (`proxy_log`, `fd_write`, …).
    pub host_calls: BTreeMap<&'static str, u64>,
    /// Callbacks entered, by export name.
    pub callbacks: BTreeMap<&'static str, u64>,
    /// Fuel used: about one unit per Wasm instruction.
    pub fuel: u64,
    /// The size of the linear memory afterwards, in pages of 64 KiB.
    pub memory_pages: u32,
}

impl Accounting {
    /// All host calls together.
    pub fn total_host_calls(&self) -> u64 {
        self.host_calls.values().sum()
    }

    pub(super) fn host_call(&mut self, name: &'static str) {
        *self.host_calls.entry(name).or_default() += 1;
    }

    pub(super) fn callback(&mut self, name: &'static str) {
        *self.callbacks.entry(name).or_default() += 1;
    }
}
