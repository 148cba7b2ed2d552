//! What mechanisms cost. In: a mechanism, its row (`rows`), what is known of its arguments. Out: a cost that it does not exceed, what
//! is known of its result.

use portcullis_runtime::auth::jwt::fetch::LARGEST;
use portcullis_runtime::auth::jwt::{LONGEST, TRIES};
use portcullis_runtime::contract::Mechanism;

use super::Cost;
use super::rows::{Effect, Size, row};
use super::walk::{CAP, Value, Walk};
use crate::ir::hir;
use crate::plan::{Amount, Key, Subject};

/// Host calls by which a limit tries again when others wrote its bucket: reads and writes, then the same to give back.
pub(super) const RETRIES: u64 = 126;
/// Bytes of the names of a metric beside those of policy and rule, and of what a reply carries beside its own.
const NAMES: u64 = 256;

/// Largest key set that is fetched, with its leases (`auth::jwt::fetch` of the stub).
const SET: u64 = LARGEST as u64 + 8 * 280;

/// What the dearest RSA key of a policy costs: as many multiplications as its exponent asks for, each the square of its digits. Keys
/// that come with the configuration may be the longest there are.
fn rsa(policy: &hir::Policy) -> u64 {
    let cost = |bits: u64, exponent: &[u8]| {
        let ones: u64 = exponent.iter().map(|byte| u64::from(byte.count_ones())).sum();
        (exponent.len() as u64 * 8 + ones + 2).saturating_mul((bits / 32) * (bits / 32)).saturating_mul(110)
    };
    let of = |jwt: &hir::Jwt| match &jwt.keys {
        hir::JwtKeys::Known(keys) => keys.iter().fold(0, |most, key| match &key.material {
            hir::JwkMaterial::Rsa { n, e } => most.max(cost(n.len() as u64 * 8, e)),
            _ => most,
        }),
        hir::JwtKeys::Secret(_) => 0,
        hir::JwtKeys::Set(_) | hir::JwtKeys::Fetched(_) => cost(4096, &[0xff; 4]),
    };
    let tokens = policy.credentials.iter().filter_map(|credential| match credential {
        hir::Credential::Jwt(jwt) => Some(of(jwt)),
        _ => None,
    });
    tokens.max().unwrap_or(0)
}

/// Bytes of what goes to the host with a call beside its arguments.
fn metric_name(walk: &Walk<'_>) -> u64 {
    let policy = walk.policy;
    let rules = policy.rules.iter().map(|rule| rule.name.text.len());
    let limits = policy.limits.iter().map(|limit| limit.name.text.len());
    let credentials = policy.credentials.iter().map(|credential| credential.name().text.len());
    let longest = rules.chain(limits).chain(credentials).max().unwrap_or(0);
    NAMES.saturating_add((policy.name.text.len() + longest) as u64)
}

/// A call.
pub(super) fn call(walk: &mut Walk<'_>, mechanism: Mechanism, arguments: &[Value]) -> (Cost, Value) {
    let row = row(mechanism);
    let sizes = walk.sizes;
    let block = sizes.block();
    let given: u64 = arguments.iter().filter(|value| !value.table).fold(0, |sum, value| sum.saturating_add(value.size));
    let result = match row.size {
        Size::None => 0,
        Size::Bytes(bytes) => bytes,
        Size::Arguments(times) => given.saturating_mul(times).saturating_add(32),
        Size::Headers(times) => block.saturating_mul(times),
        Size::Configuration(times) => sizes.configuration.saturating_mul(times).saturating_add(walk.constants()),
        Size::Body => sizes.body.saturating_mul(3).saturating_add(32),
        Size::Text => walk.text,
        Size::Table => arguments.first().map_or(0, |table| table.size),
        Size::Kept => walk.kept,
        Size::Replaced => {
            let each = arguments.last().map_or(0, |value| value.size).saturating_add(1);
            given.saturating_mul(each).min(CAP)
        }
    };
    let parts = [(row.byte, block), (row.line, sizes.lines), (row.argument, given), (row.body, sizes.body)];
    let fuel = parts.iter().fold(row.fuel, |sum, (each, count)| sum.saturating_add(each.saturating_mul(*count)));
    // What is written is paid for as well.
    let fuel = fuel.saturating_add(if matches!(row.size, Size::Replaced) { result.saturating_mul(8) } else { 0 });
    let calls = row.calls.saturating_add(row.line_calls.saturating_mul(sizes.lines));
    let names = calls.saturating_mul(metric_name(walk));
    let bytes = if calls == 0 { 0 } else { names.saturating_add(given).saturating_add(if row.block { block } else { 0 }) };
    let mut cost = Cost { fuel, host_calls: calls, host_bytes: bytes };
    let mut value = Value::sized(result);
    match row.effect {
        Effect::None => {}
        Effect::Once => walk.needs(mechanism),
        Effect::TextBegin => walk.text = 0,
        Effect::Text(times, more) => {
            walk.text = walk.text.saturating_add(given.saturating_mul(times)).saturating_add(more).min(CAP);
        }
        Effect::ReplyBegin => walk.reply = 0,
        Effect::Reply(more) => walk.reply = walk.reply.saturating_add(given).saturating_add(more).min(CAP),
        Effect::ReplySend => {
            cost = cost.plus(Cost { fuel: walk.reply.saturating_mul(8), host_calls: 0, host_bytes: walk.reply });
        }
        Effect::Rules => {
            let kind = arguments.last().and_then(|kind| kind.known).and_then(|kind| i32::try_from(kind).ok());
            let (tried, count) = kind.map_or((Cost::NONE, 0), |kind| rules(walk, kind));
            cost = cost.plus(tried);
            value = Value { most: count, selected: kind, ..Value::ANY };
        }
        Effect::Selected => value = walk.at(arguments.first().and_then(|kind| kind.known)),
        Effect::Kept => {
            let kind = portcullis_runtime::contract::kind::RESPONSE;
            value = if mechanism == Mechanism::StreamSelected {
                walk.at(Some(kind.into()))
            } else {
                Value { selected: Some(kind), ..Value::ANY }
            };
        }
        Effect::Keep => walk.kept = walk.kept.max(given),
        Effect::Count(most) => value.most = (given / 8).min(most),
        Effect::Paths => {
            let (places, depth) = walk.reach.breadth();
            cost = cost.plus(Cost::fuel(places.saturating_mul(depth.min(block)).saturating_mul(400)));
        }
        Effect::Patterns => {
            let patterns = arguments.first().map_or(1, |set| set.most.min(1 << 20));
            cost = cost.plus(Cost::fuel(given.saturating_add(64).saturating_mul(patterns).saturating_mul(40)));
        }
        Effect::Verify | Effect::VerifyFetched => {
            let set = if matches!(row.effect, Effect::VerifyFetched) { SET } else { 0 };
            cost = cost.plus(Cost { fuel: set.saturating_mul(600), host_calls: 0, host_bytes: set });
            let token = Value::sized(block.min(LONGEST as u64));
            let once = walk.policy(portcullis_runtime::contract::Policy::Verify, vec![Value::ANY, token, token, token]);
            cost = cost.plus(once.times(TRIES as u64));
        }
        Effect::Rsa => cost = cost.plus(Cost::fuel(rsa(walk.policy))),
    }
    (cost, value)
}

/// What it costs to try all rules of a kind that one request can reach, and how many they are.
fn rules(walk: &mut Walk<'_>, kind: i32) -> (Cost, u64) {
    if let Some(known) = walk.kinds.get(&kind) {
        return *known;
    }
    let reach = walk.reach;
    let guarded = reach.is_guarded(kind);
    if guarded {
        walk.needs_subjects();
    }
    let count = reach.together(kind, 0, |_| 1_u64);
    // Finding one, sorting it in, trying it.
    let sorting = u64::from(64 - count.leading_zeros()).saturating_mul(250);
    let tried = reach.together(kind, Cost::fuel(400), |entry| {
        let condition = entry.condition.map_or(Cost::NONE, |id| walk.condition(id.0));
        condition.plus(Cost::fuel(sorting.saturating_add(500)))
    });
    let found = (tried.plus(Cost::fuel(reach.templates().saturating_mul(400))), count);
    walk.kinds.insert(kind, found);
    found
}

/// Finding what holds for the value of a subject.
pub(super) fn look_up(walk: &Walk<'_>, subject: &Subject) -> Cost {
    let length = |key: &Key| match key {
        Key::Whole(_) => (0, 0),
        Key::Beginning(text) => (1, text.len()),
        Key::Ending(text) => (2, text.len()),
        Key::Network(_, bits) => (3, usize::from(*bits)),
        Key::Pattern(..) => (4, 0),
    };
    let probes: std::collections::BTreeSet<(u32, usize)> = subject.keys.iter().map(|(key, _)| length(key)).collect();
    let atoms = crate::plan::of_value(subject, |_| 1_u64);
    let bytes = walk.sizes.block().saturating_mul(120);
    Cost::fuel(4000_u64.saturating_add(bytes).saturating_add(atoms.saturating_add(probes.len() as u64).saturating_mul(800)))
}

/// What is done once in a callback.
pub(super) fn once(walk: &Walk<'_>, mechanism: Mechanism) -> Cost {
    if mechanism == Mechanism::LimitCheck {
        // The clock, the seed of the hash the first time, and one write for each limit.
        let limits = walk.policy.limits.len() as u64;
        return Cost { fuel: limits.saturating_mul(12_000).saturating_add(10_000), ..Cost::host(6, 512) }
            .plus(Cost::host(limits, limits.saturating_mul(1024)));
    }
    Cost { fuel: 8000, ..Cost::host(2, 512) }
}

/// What the stub does around the policy function of a callback, or instead of one.
pub(super) fn callback(walk: &mut Walk<'_>, name: &str) -> Cost {
    let enter = Cost::fuel(6000);
    let body = walk.sizes.body;
    let fetched = Cost { fuel: body.saturating_mul(2), ..Cost::host(4, body.saturating_add(1024)) };
    let refused = walk.policy(portcullis_runtime::contract::Policy::Reply, vec![Value::ANY, Value::ANY]);
    match name {
        "proxy_on_request_body" | "proxy_on_request_trailers" => enter.plus(fetched),
        "proxy_on_response_body" | "proxy_on_response_trailers" => {
            // What was held back, at most 64 KiB, comes again; what is written is at most a quote longer for each number.
            let seen = body.saturating_add(68 << 10);
            let rules = walk.plan.rules.len() as u64;
            let counted = Cost { fuel: 5000, ..Cost::host(2, metric_name(walk)) }.times(rules.min(66));
            let scanned = Cost { fuel: seen.saturating_mul(2000), ..Cost::host(8, seen.saturating_mul(4)) };
            enter.plus(scanned).plus(counted).plus(refused)
        }
        _ => enter,
    }
}
