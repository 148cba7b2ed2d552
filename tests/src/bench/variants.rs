//! What is compared. In: a folder for modules, a compiler. Out: variants, each a filter chain with its job.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::tools::engine::EngineError;
use serde_json::Value;

use super::rules::{AMPLE, GATEWAY_RULES, SCANT, gateway_policy, path_policy};
use super::{Compile, lua, modules, native};
use crate::envoy::bootstrap::wasm_filter;
use crate::envoy::fault;

/// What a variant decides and edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Nothing is decided.
    Pass,
    /// Path rules only; so many.
    Decide(usize),
    /// Path rules, and one header set on what is allowed.
    DecideAndEdit(usize),
    /// The whole gateway.
    Gateway,
}

impl Job {
    /// How many path rules there are.
    pub(super) fn rules(self) -> usize {
        match self {
            Self::Pass => 0,
            Self::Decide(count) | Self::DecideAndEdit(count) => count,
            Self::Gateway => GATEWAY_RULES,
        }
    }
}

/// One row of the table.
pub(super) struct Variant {
    /// What does the work.
    pub(super) name: &'static str,
    /// Which work.
    pub(super) job: Job,
    /// The filters for a limit of so many requests a minute and client.
    pub(super) filters: Box<dyn Fn(u64) -> Vec<Value>>,
}

/// The sizes of rule sets.
const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// All variants; ours only with a compiler.
pub(super) fn all(folder: &Path, compile: Option<Compile<'_>>) -> Result<Vec<Variant>, EngineError> {
    let no_op = store(folder, "no_op", &modules::no_op()?)?;
    let minimal = store(folder, "minimal", &modules::minimal()?)?;
    let floor = store(folder, "floor", &modules::floor()?)?;
    let sdk = store(folder, "sdk", &modules::sdk()?)?;
    let mut all = vec![
        variant("no filter", Job::Pass, |_| Vec::new()),
        variant("no-op module", Job::Pass, move |_| vec![wasm_filter(&no_op, "", false)]),
        variant("minimal module by hand", Job::Pass, move |_| vec![wasm_filter(&minimal, "", false)]),
        variant("the gateway's host calls by hand, without deciding", Job::Pass, move |_| vec![wasm_filter(&floor, "", false)]),
    ];
    for count in SIZES {
        if let Some(compile) = compile {
            let module = store(folder, &format!("paths-{count}"), &compiled(compile, &path_policy(count))?)?;
            all.push(variant("portcullis", Job::DecideAndEdit(count), move |_| vec![wasm_filter(&module, "", false)]));
        }
    }
    for count in SIZES {
        all.push(variant("RBAC, policy list", Job::Decide(count), move |_| vec![native::rbac_list(count)]));
    }
    for count in SIZES {
        all.push(variant("RBAC, matcher tree", Job::Decide(count), move |_| vec![native::rbac_tree(count)]));
    }
    for count in SIZES {
        all.push(variant("Lua", Job::DecideAndEdit(count), move |_| vec![lua::paths(count)]));
    }
    for count in SIZES {
        let module = sdk.clone();
        all.push(variant("Rust SDK, matchit", Job::DecideAndEdit(count), move |_| {
            vec![wasm_filter(&module, &modules::sdk_configuration(count, None), false)]
        }));
    }
    if let Some(compile) = compile {
        let ample = store(folder, "gateway", &compiled(compile, &gateway_policy(AMPLE))?)?;
        let scant = store(folder, "gateway-scant", &compiled(compile, &gateway_policy(SCANT))?)?;
        all.push(variant("portcullis", Job::Gateway, move |limit| {
            vec![wasm_filter(if limit == AMPLE { &ample } else { &scant }, "", false)]
        }));
    }
    all.push(variant("native filters in a chain", Job::Gateway, native::gateway));
    all.push(variant("Lua", Job::Gateway, |limit| vec![lua::gateway(limit)]));
    all.push(variant("Rust SDK, matchit", Job::Gateway, move |limit| {
        vec![wasm_filter(&sdk, &modules::sdk_configuration(GATEWAY_RULES, Some(limit)), false)]
    }));
    Ok(all)
}

fn variant(name: &'static str, job: Job, filters: impl Fn(u64) -> Vec<Value> + 'static) -> Variant {
    Variant { name, job, filters: Box::new(filters) }
}

fn compiled(compile: Compile<'_>, policy: &str) -> Result<Vec<u8>, EngineError> {
    compile(policy).map_err(fault("compiling a policy of the benchmark"))
}

fn store(folder: &Path, name: &str, module: &[u8]) -> Result<PathBuf, EngineError> {
    let file = folder.join(format!("{name}.wasm"));
    fs::write(&file, module).map_err(fault("writing a module"))?;
    Ok(file)
}
