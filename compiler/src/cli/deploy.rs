//! `portcullis deploy envoy|istio FILE`: the configuration that deploys a module.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Io, PolicyFile, Stop, files};
use crate::deploy::{self, EnvoyRequest, IstioRequest, Resource, Upstream};
use crate::ir::hir;
use crate::tools::engine::Engine;
use crate::tools::sim::Simulator;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, clap::Subcommand)]
enum Target {
    /// A complete bootstrap that `envoy -c` runs, or only the HTTP filter.
    Envoy(Envoy),
    /// A WasmPlugin, or the TrafficExtension of Istio 1.30 and later.
    Istio(Istio),
}

#[derive(Debug, clap::Args)]
struct Envoy {
    #[command(flatten)]
    policy: PolicyFile,
    /// The module, where Envoy will find it.
    #[arg(long, value_name = "OUT.wasm")]
    module: PathBuf,
    /// A cluster of this name, spoken to by TLS with `https://`; the first that is no service is where unrouted requests go. May be
    /// repeated.
    #[arg(long = "upstream", value_name = "NAME=[https://]HOST:PORT", value_parser = upstream)]
    upstreams: Vec<Upstream>,
    /// The port that Envoy listens on.
    #[arg(long, value_name = "PORT", default_value_t = 10_000)]
    listen: u16,
    /// A port on loopback for Envoy's admin interface.
    #[arg(long, value_name = "PORT")]
    admin: Option<u16>,
    /// The plugin configuration (JSON) that the policy's `config` reads.
    #[arg(long, value_name = "CONFIG.json")]
    config: Option<PathBuf>,
    /// Print just the HTTP filter.
    #[arg(long)]
    filter_only: bool,
}

#[derive(Debug, clap::Args)]
struct Istio {
    #[command(flatten)]
    policy: PolicyFile,
    /// Where the module was published: oci://, https://, http:// or file://.
    #[arg(long)]
    url: String,
    /// Digest of the image's manifest (oci://) or of the module (https://), hex.
    #[arg(long, value_name = "HEX", value_parser = sha256)]
    sha256: Option<String>,
    /// The namespace of the resource.
    #[arg(long)]
    namespace: Option<String>,
    /// A label of the workloads to apply to. May be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// The plugin configuration (JSON) that the policy's `config` reads.
    #[arg(long, value_name = "CONFIG.json")]
    config: Option<PathBuf>,
    /// Which resource; applied together, a policy would run twice.
    #[arg(long, value_enum, default_value_t = Kind::WasmPlugin)]
    resource: Kind,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Every Istio takes it.
    WasmPlugin,
    /// Replaces it from Istio 1.30 on.
    TrafficExtension,
}

pub(super) fn run(arguments: &Arguments, io: &mut Io<'_>) -> Result<(), Stop> {
    match &arguments.target {
        Target::Envoy(envoy) => self::envoy(envoy, io),
        Target::Istio(istio) => self::istio(istio, io),
    }
}

fn envoy(arguments: &Envoy, io: &mut Io<'_>) -> Result<(), Stop> {
    let checked = files::check(&arguments.policy.file, io)?;
    let compiled = files::compile(&checked, &crate::Options::default(), io)?;
    let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
    same_module(&arguments.module, &compiled.output.wasm)?;
    let configuration = configuration(arguments.config.as_deref(), policy, &compiled.output.wasm, io)?;
    let called: Vec<&str> = policy.services.iter().map(|service| service.cluster.as_str()).collect();
    let routed = clusters(policy);
    let is_service = |upstream: &&Upstream| called.contains(&upstream.name.as_str()) && !routed.contains(&upstream.name.as_str());
    let (services, upstreams): (Vec<&Upstream>, Vec<&Upstream>) = arguments.upstreams.iter().partition(is_service);
    let request = EnvoyRequest {
        policy: policy.name.text.clone(),
        module_path: arguments.module.display().to_string(),
        configuration: if configuration.is_empty() { String::new() } else { Value::Object(configuration).to_string() },
        callbacks: compiled.output.report.callbacks.clone(),
        host_calls: compiled.output.report.host_calls.clone(),
        has_routes: has_routes(policy),
        trusted_hops: policy.trusted_hops,
        holds_headers: compiled.plan.request_body || compiled.plan.response_hold,
        body_limit: (compiled.plan.request_body || compiled.plan.response_hold).then_some(policy.body_limit),
        upstreams: upstreams.into_iter().cloned().collect(),
        services: services.into_iter().cloned().collect(),
        listen_port: arguments.listen,
        admin_port: arguments.admin,
    };
    if !arguments.filter_only {
        for service in &policy.services {
            let (name, cluster) = (&service.name.text, &service.cluster);
            if !arguments.upstreams.iter().any(|upstream| upstream.name == *cluster) {
                writeln!(
                    io.err,
                    "warning: the service `{name}` is the cluster `{cluster}`; give it with --upstream {cluster}=https://HOST:PORT"
                )?;
            }
        }
        for cluster in routed {
            if !arguments.upstreams.iter().any(|upstream| upstream.name == cluster) {
                writeln!(io.err, "warning: a route names the cluster `{cluster}`; give it with --upstream {cluster}=HOST:PORT")?;
            }
        }
    }
    let value = if arguments.filter_only { deploy::envoy::filter(&request) } else { deploy::envoy::bootstrap(&request) };
    files::print(io, &deploy::yaml::text(&value))
}

fn istio(arguments: &Istio, io: &mut Io<'_>) -> Result<(), Stop> {
    let schemes = ["oci://", "https://", "http://", "file://"];
    if !schemes.iter().any(|scheme| arguments.url.starts_with(scheme)) {
        return Err(Stop::usage(format!("`{}` is no URL that Istio fetches from; begin it with {}", arguments.url, schemes.join(", "))));
    }
    let checked = files::check(&arguments.policy.file, io)?;
    let compiled = files::compile(&checked, &crate::Options::default(), io)?;
    let Some(policy) = &checked.policy else { return Err(Stop::policy("")) };
    // A WasmPlugin cannot set `allow_on_headers_stop_iteration`.
    files::refuse_holding(&checked, &compiled, io)?;
    let request = IstioRequest {
        policy: policy.name.text.clone(),
        namespace: arguments.namespace.clone(),
        url: arguments.url.clone(),
        sha256: arguments.sha256.clone(),
        configuration: configuration(arguments.config.as_deref(), policy, &compiled.output.wasm, io)?,
        labels: arguments.labels.clone(),
        holds_headers: false,
        has_routes: has_routes(policy),
        trusted_hops: policy.trusted_hops,
    };
    let resource = match arguments.resource {
        Kind::WasmPlugin => Resource::WasmPlugin,
        Kind::TrafficExtension => Resource::TrafficExtension,
    };
    files::print(io, &deploy::istio::text(&request, resource))
}

fn has_routes(policy: &hir::Policy) -> bool {
    policy.rules.iter().any(|rule| matches!(rule.kind, hir::RuleKind::Route(_)))
}

/// The clusters that routes name as they are written, in order, without repeats.
fn clusters(policy: &hir::Policy) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for rule in &policy.rules {
        let hir::RuleKind::Route(route) = &rule.kind else { continue };
        for target in route.arms.iter().map(|arm| &arm.target).chain([&route.otherwise]) {
            let names: Vec<&str> = match target {
                hir::Target::Keep => Vec::new(),
                hir::Target::Split(_, weights) => weights.iter().map(|(name, _)| name.as_str()).collect(),
                hir::Target::Cluster(value) => {
                    if let hir::ExprKind::Const(hir::Const::String(name)) = &value.kind {
                        vec![name]
                    } else {
                        Vec::new()
                    }
                }
            };
            found.extend(names.into_iter().filter(|name| !found.contains(name)).collect::<Vec<_>>());
        }
    }
    found
}

/// A module that lies where Envoy will look must be what the policy compiles to: the capability list is made for that one.
fn same_module(path: &Path, compiled: &[u8]) -> Result<(), Stop> {
    match std::fs::read(path) {
        Ok(bytes) if bytes == compiled => Ok(()),
        Ok(_) => Err(Stop::policy(format!(
            "{} is not what this policy compiles to; run `portcullis build … -o {}` first",
            path.display(),
            path.display()
        ))),
        // The module may be meant for another machine.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Stop::environment(format!("cannot read {}: {error}", path.display()))),
    }
}

/// The configuration, accepted by the module itself.
fn configuration(path: Option<&Path>, policy: &hir::Policy, wasm: &[u8], io: &mut Io<'_>) -> Result<Map<String, Value>, Stop> {
    let Some(path) = path else {
        if policy.config.iter().any(|field| field.default.is_none() && !field.ty.is_optional()) {
            writeln!(io.err, "warning: the policy needs a configuration; give it with --config, or Envoy refuses the plugin")?;
        }
        return Ok(Map::new());
    };
    let text = files::read(path)?;
    let at_fault = |why: String| Stop::policy(format!("{}: {why}", path.display()));
    let mut simulator = Simulator::new(wasm).map_err(|error| at_fault(error.to_string()))?;
    simulator.start(&text).map_err(|error| at_fault(error.to_string()))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(at_fault("the configuration is no JSON object".to_owned())),
        Err(error) => Err(at_fault(error.to_string())),
    }
}

/// `NAME=HOST:PORT`, `NAME=https://HOST:PORT`
fn upstream(text: &str) -> Result<Upstream, String> {
    let shape = || format!("write NAME=HOST:PORT, such as orders=127.0.0.1:8080, not `{text}`");
    let (name, address) = text.split_once('=').ok_or_else(shape)?;
    let (address, tls) = address.strip_prefix("https://").map_or((address, false), |address| (address, true));
    let (host, port) = address.rsplit_once(':').ok_or_else(shape)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port: u16 = port.parse().map_err(|_| shape())?;
    if name.is_empty() || host.is_empty() || port == 0 {
        return Err(shape());
    }
    Ok(Upstream { name: name.to_owned(), host: host.to_owned(), port, tls })
}

/// `NAME=VALUE`
fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("write NAME=VALUE, not `{text}`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// 64 hex digits.
fn sha256(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    Err(format!("a SHA-256 has 64 hex digits, `{text}` has not"))
}
