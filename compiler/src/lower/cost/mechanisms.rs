//! What mechanisms cost: fuel by the sizes of what they look at, calls of the host, and how large their results become.
//! In: a mechanism and what is known of its arguments. Out: a cost that it does not exceed, what is known of its result.
//!
//! The numbers are rounded up from the stub's code, and the tests of costs hold them, on hostile messages too. A mechanism
//! that has no row here is taken for one that looks at each byte of its arguments for up to 75 instructions and asks the host nothing.

use portcullis_runtime::contract::{Mechanism, ROUNDS};

use super::Cost;
use super::walk::{CAP, Value, Walk};
use crate::ir::hir;
use crate::plan::{Amount, Key, Subject};

/// Host calls by which a limit tries again when others wrote its bucket: reads and writes, then the same to give back.
pub(super) const RETRIES: u64 = 126;
/// Bytes of the names of a metric beside those of policy and rule, and of what a reply carries beside its own.
const NAMES: u64 = 256;

/// How large a result is.
#[derive(Clone, Copy)]
enum Size {
    /// It leads nowhere.
    None,
    /// So many bytes.
    Bytes(u64),
    /// So many times the arguments, and 32.
    Arguments(u64),
    /// So many times the headers of the message.
    Headers(u64),
    /// So many times the configuration.
    Configuration(u64),
    /// The body.
    Body,
    /// The text that was built.
    Text,
    /// What the table holds that is its first argument.
    Table,
    /// What the request left.
    Kept,
    /// `replace`: each byte may become the last argument.
    Replaced,
}

/// What it does to what is followed besides.
#[derive(Clone, Copy)]
enum Effect {
    None,
    /// Its dear part is done once in a callback (`once`).
    Once,
    /// Begins a text.
    TextBegin,
    /// Adds so many times its arguments and so many bytes to the text.
    Text(u64, u64),
    /// Begins a reply.
    ReplyBegin,
    /// Adds its arguments and so many bytes to it.
    Reply(u64),
    /// Sends it.
    ReplySend,
    /// Chooses rules of a kind, its last argument.
    Rules,
    /// Gives the selected rule that a loop is at; the first argument is the kind.
    Selected,
    /// Gives how many rules are kept for the response, or the one that a loop is at.
    Kept,
    /// Leaves its arguments for the response.
    Keep,
    /// Gives how many elements a list has, at most so many.
    Count(u64),
    /// Descends the tree of templates.
    Paths,
    /// Searches for the patterns of its first argument.
    Patterns,
    /// Verifies a signature with as many keys as a token may be tried with.
    Verify,
    /// Opens an RSA signature.
    Rsa,
}

/// What a mechanism costs.
#[derive(Clone, Copy)]
struct Row {
    /// Fuel of a call, for each byte and line of the headers, for each byte of the arguments and of the body.
    fuel: u64,
    byte: u64,
    line: u64,
    argument: u64,
    body: u64,
    calls: u64,
    /// Host calls for each line of the headers.
    line_calls: u64,
    /// Whether the header block, or parts of it, go over as well.
    block: bool,
    size: Size,
    effect: Effect,
}

impl Row {
    const fn new(fuel: u64) -> Row {
        let (size, effect) = (Size::None, Effect::None);
        Row { fuel, byte: 0, line: 0, argument: 0, body: 0, calls: 0, line_calls: 0, block: false, size, effect }
    }

    const fn headers(self, byte: u64, line: u64) -> Row {
        Row { byte, line, ..self }
    }

    const fn arguments(self, argument: u64) -> Row {
        Row { argument, ..self }
    }

    const fn body(self, body: u64) -> Row {
        Row { body, ..self }
    }

    const fn calls(self, calls: u64) -> Row {
        Row { calls, ..self }
    }

    const fn moves(self) -> Row {
        Row { block: true, ..self }
    }

    const fn gives(self, size: Size) -> Row {
        Row { size, ..self }
    }

    const fn effect(self, effect: Effect) -> Row {
        Row { effect, ..self }
    }
}

const DEFAULT: Row = Row::new(375).arguments(75).gives(Size::Arguments(1));

const ROWS: &[(Mechanism, Row)] = &[
    (Mechanism::RequestBegin, Row::new(1500).headers(32, 1125).calls(1).moves()),
    (Mechanism::RequestHostIn, Row::new(1000).headers(80, 0)),
    (Mechanism::RequestCheck, Row::new(1500).headers(700, 150)),
    (Mechanism::RequestMethod, Row::new(150).headers(40, 0).gives(Size::Headers(3))),
    (Mechanism::RequestScheme, Row::new(150).headers(40, 0).gives(Size::Headers(3))),
    (Mechanism::RequestHost, Row::new(250).headers(80, 0).gives(Size::Headers(3))),
    (Mechanism::RequestProtocol, Row::new(100).gives(Size::Bytes(64)).effect(Effect::Once)),
    (Mechanism::RequestPath, Row::new(150).headers(40, 0).gives(Size::Headers(3))),
    (Mechanism::RequestRawPath, Row::new(150).headers(40, 0).gives(Size::Headers(3))),
    (Mechanism::RequestQuery, Row::new(375).headers(160, 0).arguments(50).gives(Size::Headers(3))),
    (Mechanism::RequestQueryAll, Row::new(625).headers(240, 0).arguments(50).gives(Size::Headers(9))),
    (Mechanism::RequestQueryCount, Row::new(200).headers(80, 0)),
    (Mechanism::RequestHeader, Row::new(375).headers(80, 150).gives(Size::Headers(3))),
    (Mechanism::RequestHeaderAll, Row::new(625).headers(80, 300).gives(Size::Headers(9))),
    (Mechanism::RequestHeaderCount, Row::new(200).headers(0, 45)),
    (Mechanism::RequestCookie, Row::new(375).headers(500, 150).arguments(25).gives(Size::Headers(3))),
    (Mechanism::PathSegment, Row::new(200).headers(64, 0).gives(Size::Headers(3))),
    (Mechanism::PathMatches, Row::new(375).headers(120, 0)),
    (Mechanism::MethodIn, Row::new(375).headers(40, 0)),
    (Mechanism::ClientIp, Row::new(100).gives(Size::Bytes(32)).effect(Effect::Once)),
    (Mechanism::ClientPort, Row::new(100).effect(Effect::Once)),
    (Mechanism::ClientTls, Row::new(100).effect(Effect::Once)),
    (Mechanism::Faulted, Row::new(6)),
    (Mechanism::BodyHold, Row::new(3000).headers(40, 150).calls(2)),
    (Mechanism::BodyWasHeld, Row::new(15)),
    (Mechanism::BodySize, Row::new(15)),
    (Mechanism::BodyText, Row::new(200).body(50).gives(Size::Body)),
    (Mechanism::BodyReadJson, Row::new(1000).body(500)),
    (Mechanism::BodyJson, Row::new(50).gives(Size::Body)),
    (Mechanism::BodyReadForm, Row::new(1000).body(500)),
    (Mechanism::BodyForm, Row::new(375).body(150).arguments(50).gives(Size::Body)),
    (Mechanism::PathsMatch, Row::new(750).headers(80, 0).effect(Effect::Paths)),
    (Mechanism::RulesSelect, Row::new(1500).headers(32, 0).effect(Effect::Rules)),
    (Mechanism::RulesSelectGuarded, Row::new(2000).headers(32, 0).effect(Effect::Rules)),
    (Mechanism::RulesFirst, Row::new(1500).headers(32, 0).effect(Effect::Rules)),
    (Mechanism::RulesFirstGuarded, Row::new(2000).headers(32, 0).effect(Effect::Rules)),
    (Mechanism::RulesSelected, Row::new(20).effect(Effect::Selected)),
    (Mechanism::StreamSelectedCount, Row::new(750).effect(Effect::Kept)),
    (Mechanism::StreamSelected, Row::new(750).effect(Effect::Kept)),
    (Mechanism::SubjectSearch, Row::new(500).effect(Effect::Patterns).gives(Size::Arguments(1))),
    (Mechanism::PatternHolds, Row::new(375)),
    (Mechanism::Remembered, Row::new(20)),
    (Mechanism::Remember, Row::new(20)),
    (Mechanism::SelectedAny, Row::new(375)),
    (Mechanism::Count, Row::new(1250).effect(Effect::None).calls(2)),
    (Mechanism::StrEqual, Row::new(50).arguments(20)),
    (Mechanism::SecretEqual, Row::new(100).arguments(25)),
    (Mechanism::StrContains, Row::new(375).arguments(50)),
    (Mechanism::StrReplace, Row::new(500).arguments(75).gives(Size::Replaced)),
    (Mechanism::StrSplit, Row::new(500).arguments(100).gives(Size::Arguments(9))),
    (Mechanism::ListJoin, Row::new(500).arguments(75).gives(Size::Replaced)),
    (Mechanism::StrToInt, Row::new(150).arguments(40).gives(Size::Bytes(8))),
    (Mechanism::Cell, Row::new(50).gives(Size::Bytes(8))),
    (Mechanism::IntAdd, Row::new(15)),
    (Mechanism::IntSubtract, Row::new(15)),
    (Mechanism::IntMultiply, Row::new(30)),
    (Mechanism::IntRemainder, Row::new(15)),
    (Mechanism::Rounds, Row::new(50).effect(Effect::Count(ROUNDS as u64))),
    (Mechanism::ListLen, Row::new(25).effect(Effect::Count(u64::MAX))),
    (Mechanism::ListNew, Row::new(100).gives(Size::Bytes(CAP))),
    (Mechanism::ListPut, Row::new(30)),
    (Mechanism::ListGet, Row::new(30).gives(Size::Arguments(1))),
    (Mechanism::ListContains, Row::new(200).arguments(50)),
    (Mechanism::SetContains, Row::new(300).arguments(40)),
    (Mechanism::IntsContain, Row::new(375)),
    (Mechanism::NetworksContain, Row::new(2000)),
    (Mechanism::IpEqual, Row::new(150)),
    (Mechanism::MapGet, Row::new(375).arguments(40).gives(Size::Table)),
    (Mechanism::StrToIp, Row::new(750).arguments(75).gives(Size::Bytes(32))),
    (Mechanism::IpNetwork, Row::new(375).gives(Size::Bytes(32))),
    (Mechanism::IpInNetwork, Row::new(375)),
    (Mechanism::DfaMatches, Row::new(200).arguments(50)),
    (Mechanism::UrlEncode, Row::new(375).arguments(75).gives(Size::Arguments(3))),
    (Mechanism::Base64Encode, Row::new(375).arguments(75).gives(Size::Arguments(2))),
    (Mechanism::Base64UrlEncode, Row::new(375).arguments(75).gives(Size::Arguments(2))),
    (Mechanism::HexEncode, Row::new(375).arguments(75).gives(Size::Arguments(2))),
    (Mechanism::Sha256, Row::new(4000).arguments(150).gives(Size::Bytes(32))),
    (Mechanism::Sha512, Row::new(10000).arguments(200).gives(Size::Bytes(64))),
    (Mechanism::Sha1, Row::new(3000).arguments(125).gives(Size::Bytes(20))),
    (Mechanism::Md5, Row::new(3000).arguments(125).gives(Size::Bytes(16))),
    (Mechanism::HmacSha256, Row::new(15000).arguments(150).gives(Size::Bytes(32))),
    (Mechanism::HmacSha512, Row::new(40000).arguments(200).gives(Size::Bytes(64))),
    (Mechanism::HmacSha1, Row::new(12000).arguments(125).gives(Size::Bytes(20))),
    (Mechanism::BytesHash, Row::new(500).arguments(40)),
    (Mechanism::TextBegin, Row::new(50).effect(Effect::TextBegin)),
    (Mechanism::TextStr, Row::new(375).arguments(20).effect(Effect::Text(1, 0))),
    (Mechanism::TextInt, Row::new(625).effect(Effect::Text(0, 24))),
    (Mechanism::TextBool, Row::new(375).effect(Effect::Text(0, 5))),
    (Mechanism::TextIp, Row::new(1500).effect(Effect::Text(0, 48))),
    (Mechanism::TextCidr, Row::new(2000).effect(Effect::Text(0, 56))),
    (Mechanism::TextJson, Row::new(500).arguments(150).effect(Effect::Text(6, 8))),
    (Mechanism::TextKey, Row::new(500).arguments(20).effect(Effect::Text(1, 16))),
    (Mechanism::TextKeyIp, Row::new(1000).effect(Effect::Text(0, 32))),
    (Mechanism::TextEnd, Row::new(50).gives(Size::Text)),
    (Mechanism::ConfigStr, Row::new(200).gives(Size::Configuration(1))),
    (Mechanism::ConfigInt, Row::new(200)),
    (Mechanism::ConfigCell, Row::new(200).gives(Size::Bytes(8))),
    (Mechanism::ConfigList, Row::new(500).gives(Size::Configuration(9))),
    (Mechanism::ConfigMapGet, Row::new(1000).arguments(50).gives(Size::Configuration(1))),
    (Mechanism::CredentialCheck, Row::new(15000).headers(400, 300)),
    (Mechanism::CredentialCheckConfig, Row::new(15000).headers(400, 300)),
    (Mechanism::CredentialCheckBasic, Row::new(15000).headers(400, 300)),
    (Mechanism::CredentialCheckBasicConfig, Row::new(15000).headers(400, 300)),
    (Mechanism::CredentialKeyId, Row::new(375).gives(Size::Headers(1))),
    (Mechanism::CredentialStrip, Row { line_calls: 1, ..Row::new(5000).headers(400, 900).calls(6).moves() }),
    (Mechanism::LimitsBegin, Row::new(25)),
    (Mechanism::LimitCheck, Row::new(5000).arguments(50).calls(2).effect(Effect::Once)),
    (Mechanism::LimitsCommit, Row::new(1000)),
    (Mechanism::ReplyBegin, Row::new(75).effect(Effect::ReplyBegin)),
    (Mechanism::ReplyHeader, Row::new(500).arguments(25).effect(Effect::Reply(8))),
    (Mechanism::ReplyBody, Row::new(500).arguments(25).effect(Effect::Reply(32))),
    (Mechanism::ReplyLimitHeaders, Row::new(4000).effect(Effect::Reply(512))),
    (Mechanism::ReplySend, Row::new(5000).calls(4).effect(Effect::ReplySend)),
    (Mechanism::HeaderSet, Row::new(1500).headers(0, 45).arguments(40).calls(1)),
    (Mechanism::HeaderAppend, Row::new(1500).headers(0, 45).arguments(40).calls(1)),
    (Mechanism::HeaderRemove, Row::new(1000).headers(32, 225).arguments(20).calls(1)),
    (Mechanism::HeaderRemovePrefix, Row { line_calls: 1, ..Row::new(1000).headers(40, 2250).arguments(20).moves() }),
    (Mechanism::ForwardPath, Row::new(750).arguments(150)),
    (Mechanism::ForwardHost, Row::new(1000).arguments(40).calls(1)),
    (Mechanism::ForwardAsReceived, Row::new(25)),
    (Mechanism::ForwardCommit, Row::new(2000).headers(120, 0).calls(1).moves()),
    (Mechanism::SplitPick, Row::new(1000).arguments(40).gives(Size::Table)),
    (Mechanism::StreamOpen, Row::new(5000)),
    (Mechanism::StreamKeepSelected, Row::new(2000)),
    (Mechanism::StreamKeepStr, Row::new(2000).arguments(20).effect(Effect::Keep)),
    (Mechanism::StreamKeepInt, Row::new(1000)),
    (Mechanism::StreamStr, Row::new(1000).gives(Size::Kept)),
    (Mechanism::StreamInt, Row::new(750)),
    (Mechanism::LimitsKeepHeaders, Row::new(7500)),
    (Mechanism::ResponseLimitHeaders, Row::new(4000).headers(0, 90).calls(2)),
    (Mechanism::ResponseBegin, Row::new(1500).headers(32, 1125).calls(1).moves()),
    (Mechanism::ResponseStatus, Row::new(200)),
    (Mechanism::ResponseHeader, Row::new(375).headers(80, 150).gives(Size::Headers(3))),
    (Mechanism::RedactBegin, Row::new(750)),
    (Mechanism::RedactHeader, Row { line_calls: 1, ..Row::new(2000).headers(40, 2250).arguments(20).calls(3).moves() }),
    (Mechanism::RedactAdd, Row::new(4000)),
    (Mechanism::CredentialCheckJwt, Row::new(20_000).headers(1500, 300).calls(2).gives(Size::None).effect(Effect::Verify)),
    (Mechanism::CredentialReason, Row::new(375)),
    (Mechanism::CredentialPresent, Row::new(1000).headers(400, 300)),
    (Mechanism::CredentialSettle, Row::new(1000)),
    (Mechanism::CredentialParts, Row::new(1000).headers(400, 300).gives(Size::Headers(9))),
    (Mechanism::CredentialHttp, Row::new(40_000).headers(2_000, 8_000).calls(1)),
    // At most 16 signatures, each over at most everything.
    (Mechanism::CredentialHttpCode, Row::new(400_000).headers(8_000, 60_000).body(150).gives(Size::Bytes(32))),
    (Mechanism::CredentialFresh, Row::new(1000).arguments(75).calls(1)),
    // Reads and writes of a bucket that others write all the time, and the hash's seed the first time.
    (Mechanism::CredentialOnce, Row::new(700_000).arguments(100).calls(70)),
    (Mechanism::ClaimStr, Row::new(375).gives(Size::Headers(3))),
    (Mechanism::ClaimInt, Row::new(375)),
    (Mechanism::ClaimCell, Row::new(375).gives(Size::Bytes(8))),
    (Mechanism::ClaimList, Row::new(500).headers(10, 0).gives(Size::Headers(9))),
    (Mechanism::ConfigJwks, Row::new(375).gives(Size::Configuration(9))),
    (Mechanism::VerifyRs256, Row::new(60_000).arguments(150).calls(1).moves().effect(Effect::Rsa)),
    (Mechanism::VerifyRs384, Row::new(60_000).arguments(200).calls(1).moves().effect(Effect::Rsa)),
    (Mechanism::VerifyRs512, Row::new(60_000).arguments(200).calls(1).moves().effect(Effect::Rsa)),
    (Mechanism::VerifyPs256, Row::new(200_000).arguments(150).effect(Effect::Rsa)),
    (Mechanism::VerifyPs384, Row::new(200_000).arguments(200).effect(Effect::Rsa)),
    (Mechanism::VerifyPs512, Row::new(200_000).arguments(200).effect(Effect::Rsa)),
    (Mechanism::VerifyEs256, Row::new(25_000_000).arguments(150).calls(1).moves()),
    (Mechanism::VerifyEs384, Row::new(60_000_000).arguments(200).calls(1).moves()),
    (Mechanism::VerifyEdDsa, Row::new(20_000_000).arguments(200)),
    (Mechanism::VerifyHs256, Row::new(30_000).arguments(150)),
    (Mechanism::VerifyHs384, Row::new(60_000).arguments(200)),
    (Mechanism::VerifyHs512, Row::new(60_000).arguments(200)),
    (Mechanism::RequestHeaderAt, Row::new(375).headers(80, 150).arguments(50).gives(Size::Headers(3))),
    (Mechanism::RequestHeaderAllAt, Row::new(375).headers(80, 300).arguments(50).gives(Size::Headers(9))),
    (Mechanism::ResponseHeaderAt, Row::new(375).headers(80, 150).arguments(50).gives(Size::Headers(3))),
    (Mechanism::ClientCertificate, Row::new(2000).calls(2).headers(20, 0).gives(Size::Bytes(CERTIFICATE))),
    (Mechanism::ClientSans, Row::new(5000).calls(4).headers(20, 0).gives(Size::Bytes(CERTIFICATE))),
    (Mechanism::Now, Row::new(500).effect(Effect::Once)),
    (Mechanism::BodyBytes, Row::new(50).gives(Size::Body)),
    (Mechanism::RedactStart, Row::new(60_000).headers(160, 2250).calls(12)),
];

/// Bytes of a part of a certificate that is not absurd: hosts name no limit.
const CERTIFICATE: u64 = 4096;
/// Longest token, and most keys that one is tried with (`auth::jwt` of the stub).
const TOKEN: u64 = 8192;
const TRIES: u64 = 4;

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
        hir::JwtKeys::Set(_) => cost(4096, &[0xff; 4]),
    };
    let tokens = policy.credentials.iter().filter_map(|credential| match credential {
        hir::Credential::Jwt(jwt) => Some(of(jwt)),
        _ => None,
    });
    tokens.max().unwrap_or(0)
}

fn row(mechanism: Mechanism) -> Row {
    ROWS.iter().find(|(of, _)| *of == mechanism).map_or(DEFAULT, |(_, row)| *row)
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
        Effect::Verify => {
            let token = Value::sized(block.min(TOKEN));
            let once = walk.policy(portcullis_runtime::contract::Policy::Verify, vec![Value::ANY, token, token, token]);
            cost = cost.plus(once.times(TRIES));
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
