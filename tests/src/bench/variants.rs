//! What is compared. In: a folder for modules, a compiler. Out: variants, each a filter chain with its job.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::engine::EngineError;
use serde_json::Value;

use super::rules::{AMPLE, GATEWAY_RULES, KEYS, SCANT, gateway_policy, keys_policy, path_policy};
use super::tokens;
use super::{Compile, lua, modules, native};
use crate::envoy::bootstrap::{set, wasm_filter};
use crate::envoy::fault;
use crate::tokens::key_set_for;

/// What a variant decides and edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Nothing is decided.
    Pass,
    /// Path rules only; so many.
    Decide(usize),
    /// Path rules, and one header set on what is allowed.
    DecideAndEdit(usize),
    /// One API key out of so many, its name as a header.
    Keys(usize),
    /// A JSON Web Token, its subject as a header; whether the same tokens come again and again, or each is new.
    Token(JwtAlgorithm, bool),
    /// The whole gateway.
    Gateway,
}

impl Job {
    /// How many path rules there are.
    pub(super) fn rules(self) -> usize {
        match self {
            Self::Pass | Self::Keys(_) | Self::Token(..) => 0,
            Self::Decide(count) | Self::DecideAndEdit(count) => count,
            Self::Gateway => GATEWAY_RULES,
        }
    }

    /// How many API keys are known.
    pub(super) fn keys(self) -> usize {
        match self {
            Self::Keys(count) => count,
            Self::Pass | Self::Decide(_) | Self::DecideAndEdit(_) | Self::Token(..) | Self::Gateway => KEYS,
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
    let (key, message, signature) = tokens::verified();
    let token_floor = store(folder, "token-floor", &modules::token_floor(&key, &message, &signature)?)?;
    all.push(variant("the host calls of a new RS256 token by hand, without deciding", Job::Pass, move |_| {
        vec![wasm_filter(&token_floor, "", false)]
    }));
    for count in SIZES {
        if let Some(compile) = compile {
            let module = store(folder, &format!("paths-{count}"), &compiled(compile, &path_policy(count), "")?)?;
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
        let ample = store(folder, "gateway", &compiled(compile, &gateway_policy(AMPLE), "")?)?;
        let scant = store(folder, "gateway-scant", &compiled(compile, &gateway_policy(SCANT), "")?)?;
        all.push(variant("portcullis", Job::Gateway, move |limit| {
            vec![wasm_filter(if limit == AMPLE { &ample } else { &scant }, "", false)]
        }));
    }
    all.push(variant("native filters in a chain", Job::Gateway, native::gateway));
    all.push(variant("Lua", Job::Gateway, |limit| vec![lua::gateway(limit)]));
    all.push(variant("Rust SDK, matchit", Job::Gateway, move |limit| {
        vec![wasm_filter(&sdk, &modules::sdk_configuration(GATEWAY_RULES, Some(limit)), false)]
    }));
    identity(&mut all, folder, compile)?;
    Ok(all)
}

/// Who is calling: API keys, tokens.
fn identity(all: &mut Vec<Variant>, folder: &Path, compile: Option<Compile<'_>>) -> Result<(), EngineError> {
    for count in [10, 10_000] {
        if let Some(compile) = compile {
            let module = store(folder, &format!("keys-{count}"), &compiled(compile, &keys_policy(count), "")?)?;
            all.push(variant("portcullis", Job::Keys(count), move |_| vec![wasm_filter(&module, "", false)]));
        }
        all.push(variant("native api_key_auth", Job::Keys(count), move |_| vec![native::api_keys(count)]));
    }
    for algorithm in [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::Hs256] {
        let module = match compile {
            Some(compile) => {
                let wasm = compiled(compile, &tokens::policy(algorithm), &key_set_for(algorithm).to_string())?;
                let alone = (algorithm != JwtAlgorithm::Hs256).then(|| modules::without_foreign_functions(&wasm)).transpose()?;
                Some((store(folder, &format!("tokens-{}", algorithm.as_str()), &wasm)?, alone))
            }
            None => None,
        };
        for seen in [true, false] {
            let job = Job::Token(algorithm, seen);
            if let Some((module, alone)) = &module {
                let file = module.clone();
                all.push(variant("portcullis", job, move |_| vec![wasm_filter(&file, &tokens::configuration(algorithm), false)]));
                if let (Some(restriction), false) = (alone.clone(), seen) {
                    let file = module.clone();
                    all.push(variant("portcullis, without the host's crypto", job, move |_| {
                        let mut filter = wasm_filter(&file, "", false);
                        if let Some(config) = filter.pointer_mut("/typed_config/config") {
                            set(config, "capability_restriction_config", restriction.clone());
                        }
                        vec![filter]
                    }));
                }
            }
            let name = if seen { "native jwt_authn with jwt_cache" } else { "native jwt_authn" };
            all.push(variant(name, job, move |_| vec![native::tokens(algorithm, seen)]));
        }
    }
    Ok(())
}

fn variant(name: &'static str, job: Job, filters: impl Fn(u64) -> Vec<Value> + 'static) -> Variant {
    Variant { name, job, filters: Box::new(filters) }
}

fn compiled(compile: Compile<'_>, policy: &str, file: &str) -> Result<Vec<u8>, EngineError> {
    compile(policy, file).map_err(fault("compiling a policy of the benchmark"))
}

fn store(folder: &Path, name: &str, module: &[u8]) -> Result<PathBuf, EngineError> {
    let file = folder.join(format!("{name}.wasm"));
    fs::write(&file, module).map_err(fault("writing a module"))?;
    Ok(file)
}
