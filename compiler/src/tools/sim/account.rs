//! What one request cost in the VM; budgets are asserted on it.

use std::collections::BTreeMap;

/// Host calls, fuel and memory of one request (or of a start), summed over its callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Calls per import, by its name (`proxy_log`, `fd_write`, …).
    pub host_calls: BTreeMap<&'static str, u64>,
    /// Callbacks entered, by export name.
    pub callbacks: BTreeMap<&'static str, u64>,
    /// The most that one entry of each callback used.
    pub dearest: BTreeMap<&'static str, Used>,
    /// Bytes that went from the host to the module or back.
    pub host_bytes: u64,
    /// Fuel used: about one unit per Wasm instruction.
    pub fuel: u64,
    /// The size of the linear memory afterwards, in pages of 64 KiB.
    pub memory_pages: u32,
}

/// What one callback used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Fuel.
    pub fuel: u64,
    /// Host calls.
    pub host_calls: u64,
    /// Bytes that went from the host to the module or back.
    pub host_bytes: u64,
}

impl Accounting {
    /// All host calls together.
    pub fn total_host_calls(&self) -> u64 {
        self.host_calls.values().sum()
    }

    pub(super) fn host_call(&mut self, name: &'static str) {
        *self.host_calls.entry(name).or_default() += 1;
    }

    /// A callback has ended: `before` is what was counted when it began.
    pub(super) fn ended(&mut self, name: &'static str, before: &Used) {
        let used = self.used();
        let most = self.dearest.entry(name).or_default();
        most.fuel = most.fuel.max(used.fuel.saturating_sub(before.fuel));
        most.host_calls = most.host_calls.max(used.host_calls.saturating_sub(before.host_calls));
        most.host_bytes = most.host_bytes.max(used.host_bytes.saturating_sub(before.host_bytes));
    }

    /// What was used so far.
    pub(super) fn used(&self) -> Used {
        Used { fuel: self.fuel, host_calls: self.total_host_calls(), host_bytes: self.host_bytes }
    }

    pub(super) fn callback(&mut self, name: &'static str) {
        *self.callbacks.entry(name).or_default() += 1;
    }
}
