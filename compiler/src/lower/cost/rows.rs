//! A row for each mechanism: fuel by the sizes of what it looks at, calls of the host, how large its result becomes.
//! In: a mechanism. Out: its row.
//!
//! The numbers are rounded up from the stub's code, and the tests of costs hold them, on hostile messages too. A mechanism
//! that has no row here is taken for one that looks at each byte of its arguments for up to 75 instructions and asks the host nothing.

use portcullis_runtime::contract::{Mechanism, ROUNDS};

use super::walk::CAP;

/// Bytes of a part of a certificate that is not absurd: hosts name no limit.
const CERTIFICATE: u64 = 4096;
/// How large a result is.
#[derive(Clone, Copy)]
pub(super) enum Size {
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
pub(super) enum Effect {
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
    /// Likewise, after it took over a key set that another thread has fetched.
    VerifyFetched,
    /// Opens an RSA signature.
    Rsa,
}

/// What a mechanism costs.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Fuel of a call, for each byte and line of the headers, for each byte of the arguments and of the body.
    pub(super) fuel: u64,
    pub(super) byte: u64,
    pub(super) line: u64,
    pub(super) argument: u64,
    pub(super) body: u64,
    pub(super) calls: u64,
    /// Host calls for each line of the headers.
    pub(super) line_calls: u64,
    /// Whether the header block, or parts of it, go over as well.
    pub(super) block: bool,
    pub(super) size: Size,
    pub(super) effect: Effect,
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
    (Mechanism::RequestCheckHost, Row::new(4000).headers(780, 150)),
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
    (Mechanism::ListPackTexts, Row::new(500).arguments(60).gives(Size::Arguments(2))),
    (Mechanism::ListTexts, Row::new(500).arguments(60).gives(Size::Arguments(2))),
    (Mechanism::ListPackNumbers, Row::new(500).arguments(60).gives(Size::Arguments(1))),
    (Mechanism::ListNumbers, Row::new(500).arguments(60).gives(Size::Arguments(1))),
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
    (Mechanism::TimeText, Row::new(2000).gives(Size::Bytes(40))),
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
    (Mechanism::CredentialHttp, Row::new(40_000).headers(2_000, 8_000).calls(1)),
    // At most 16 signatures, each over at most everything.
    (Mechanism::CredentialHttpCode, Row::new(400_000).headers(8_000, 60_000).body(150).gives(Size::Bytes(32))),
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
    (Mechanism::CredentialCheckFetched, Row::new(50_000).headers(1500, 300).calls(12).gives(Size::None).effect(Effect::VerifyFetched)),
    (Mechanism::RequestWait, Row::new(2000).calls(1)),
    (Mechanism::CredentialReason, Row::new(375)),
    (Mechanism::CredentialPresent, Row::new(1000).headers(400, 300)),
    (Mechanism::CredentialSettle, Row::new(1000)),
    (Mechanism::CredentialAws, Row::new(20_000).headers(1_000, 3_000).calls(2)),
    // Eight forms of the request at most, each digested.
    (Mechanism::CredentialAwsCode, Row::new(400_000).headers(8_000, 8_000).body(150).gives(Size::Bytes(32))),
    (Mechanism::CredentialAwsStrip, Row { line_calls: 1, ..Row::new(5000).headers(800, 900).calls(6).moves() }),
    (Mechanism::CredentialParts, Row::new(1000).headers(400, 300).gives(Size::Headers(9))),
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
    (Mechanism::VerifyHostRs, Row::new(2000).arguments(150).calls(1).moves()),
    (Mechanism::VerifyHostEs, Row::new(2000).arguments(150).calls(1).moves()),
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
    (Mechanism::RedactHeld, Row::new(60_000).calls(12)),
];

/// The row of a mechanism.
pub(super) fn row(mechanism: Mechanism) -> Row {
    ROWS.iter().find(|(of, _)| *of == mechanism).map_or(DEFAULT, |(_, row)| *row)
}
