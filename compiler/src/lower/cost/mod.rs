//! What one request costs at worst. In: policy, plan, LIR, how large requests may be. Out: host calls, fuel and bytes of each callback.
//!
//! Generated code is followed through all branches; a branch costs what its dearer side does, a loop over rules what the rules cost
//! that one request can reach together (`plan::Reach`). What mechanisms cost by the sizes of what they are given stands in
//! `rows`. Sizes are followed with the values. Fuel is about one unit for each Wasm instruction, as the simulator counts it.
//!
//! `tests/tests/cost.rs` holds these numbers against what the simulator counts, on every behaviour case and on random policies.

mod mechanisms;
mod rows;
mod walk;

use std::fmt::Write;

use portcullis_runtime::contract::Policy;

use crate::ir::{hir, lir};
use crate::plan::{Amount, Plan, Reach};

/// How large things are that come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Lines of a header block, pseudo headers among them.
    pub lines: u64,
    /// Bytes of its names and values.
    pub bytes: u64,
    /// Bytes of the part of a body that one callback sees.
    pub body: u64,
    /// Bytes of the configuration.
    pub configuration: u64,
}

impl Sizes {
    /// A request as most are.
    pub const USUAL: Sizes = Sizes { lines: 24, bytes: 1024, body: 16 << 10, configuration: 4096 };
    /// The most that Envoy lets in unless told otherwise.
    pub const MOST: Sizes = Sizes { lines: 100, bytes: 60 << 10, body: 1 << 20, configuration: 4096 };

    /// Bytes of a header block as the host hands it over.
    fn block(self) -> u64 {
        self.bytes.saturating_add(self.lines.saturating_mul(10)).saturating_add(4)
    }
}

/// What something costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Fuel.
    pub fuel: u64,
    /// Calls of the host.
    pub host_calls: u64,
    /// Bytes that go from the host to the module or back.
    pub host_bytes: u64,
}

impl Amount for Cost {
    const NONE: Cost = Cost { fuel: 0, host_calls: 0, host_bytes: 0 };

    fn plus(self, other: Cost) -> Cost {
        self.zip(other, u64::saturating_add)
    }

    fn larger(self, other: Cost) -> Cost {
        self.zip(other, Ord::max)
    }
}

impl Cost {
    const fn fuel(fuel: u64) -> Cost {
        Cost { fuel, host_calls: 0, host_bytes: 0 }
    }

    const fn host(host_calls: u64, host_bytes: u64) -> Cost {
        Cost { fuel: 0, host_calls, host_bytes }
    }

    fn zip(self, other: Cost, join: fn(u64, u64) -> u64) -> Cost {
        Cost {
            fuel: join(self.fuel, other.fuel),
            host_calls: join(self.host_calls, other.host_calls),
            host_bytes: join(self.host_bytes, other.host_bytes),
        }
    }

    fn times(self, count: u64) -> Cost {
        self.zip(Cost { fuel: count, host_calls: count, host_bytes: count }, u64::saturating_mul)
    }
}

/// What a policy costs at worst.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worst {
    /// Each callback that the module exports, once entered, in the order in which a stream meets them.
    pub callbacks: Vec<(&'static str, Cost)>,
    /// Host calls that come on top in the callback of the limits, when others write the same bucket all the time.
    pub contended: u64,
}

impl Worst {
    /// The cost of one callback.
    pub fn of(&self, callback: &str) -> Cost {
        self.callbacks.iter().find(|(name, _)| *name == callback).map_or(Cost::NONE, |(_, cost)| *cost)
    }
}

/// Callbacks of a stream in the order in which it meets them, and the policy function that each runs.
const CALLBACKS: [(&str, Option<Policy>); 9] = [
    ("proxy_on_context_create", None),
    ("proxy_on_request_headers", Some(Policy::OnRequestHeaders)),
    ("proxy_on_request_body", Some(Policy::OnRequestBody)),
    ("proxy_on_request_trailers", Some(Policy::OnRequestBody)),
    ("proxy_on_response_headers", Some(Policy::OnResponseHeaders)),
    ("proxy_on_response_body", None),
    ("proxy_on_response_trailers", None),
    ("proxy_on_log", None),
    ("proxy_on_delete", None),
];

/// Computes it.
pub fn worst(policy: &hir::Policy, plan: &Plan, module: &lir::Module, sizes: Sizes) -> Worst {
    let reach = Reach::new(plan);
    let shared = policy.limits.iter().filter(|limit| limit.scope == hir::LimitScope::Proxy).count() as u64;
    let mut worst = Worst { callbacks: Vec::new(), contended: shared.saturating_mul(mechanisms::RETRIES) };
    let mut kept = 0;
    for (name, function) in CALLBACKS.iter().filter(|(name, _)| plan.callbacks.contains(name)) {
        let mut walk = walk::Walk::new(policy, plan, module, &reach, sizes);
        walk.kept = kept;
        let decided = function.map_or(Cost::NONE, |function| walk.policy(function, vec![walk::Value::ANY]));
        kept = walk.kept;
        let around = mechanisms::callback(&mut walk, name);
        worst.callbacks.push((name, decided.plus(around).plus(walk.once())));
    }
    worst
}

/// The text of it for `portcullis plan`: for usual requests, and for the largest that Envoy lets in.
pub fn print(policy: &hir::Policy, plan: &Plan, module: &lir::Module) -> String {
    let mut out = String::from("worst case of one request (host calls, fuel, bytes from and to the host)\n");
    for (what, sizes) in [("usual", Sizes::USUAL), ("largest", Sizes::MOST)] {
        let Sizes { lines, bytes, body, .. } = sizes;
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what}: {lines} header lines of {bytes} bytes, {body} bytes of a body at once");
        let worst = worst(policy, plan, module, sizes);
        for (name, Cost { fuel, host_calls, host_bytes }) in &worst.callbacks {
            let _ = writeln!(out, "    {name}: {host_calls} calls, {fuel} fuel, {host_bytes} bytes");
        }
        if worst.contended > 0 && sizes == Sizes::MOST {
            let _ = writeln!(out, "  up to {} calls more where other workers write the same buckets all the time", worst.contended);
        }
    }
    out
}
