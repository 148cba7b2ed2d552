//! The border between generated policy code and the stub: both sides compile this file.
//! In: nothing. Out: every function that crosses the border with its signature, and every number both sides know.
//! Long because the border is one file: whoever asks what crosses it finds all of it here.
//!
//! Generated code calls *mechanisms* (exports of the stub named `rt.*`, made internal by linking); the stub calls *policy
//! functions* (imports `policy.*`, replaced by linking). The layouts of the constant tables that generated code hands over
//! are in `tables/`, each format's writer beside its reader.
//!
//! Values at the border:
//! * `bool`: i32, 0 or 1.
//! * `int`, `duration`, `time`: i64.  `float`: f64.
//! * `string`, `bytes`, `secret`: one i64, address in the low, length in the high 32 bits. 0 is absent; a present string,
//!   also an empty one, has an address other than 0.
//! * `ip`: i32, address of an [`IP_SIZE`]-byte record (family 4 or 6, then 16 bytes; IPv4 in the first four). 0 is absent.
//! * `cidr`: one i64 like a string, of [`CIDR_SIZE`] bytes: an `ip` record whose host bits are zero, and the bits of the prefix.
//! * `int?`, `bool?`, `float?`: i32, address of an 8-byte little-endian cell. 0 is absent.
//! * `list<T>`: one i64, address and number of 8-byte cells. A cell holds a T widened to i64: an i32 zero-extended, the bits of a
//!   float. Never absent.
//! * `json`: one i64 like a string: the checked text that the value is written as. 0 is absent.
//! * a table: one i64 like a string; constant, 4-byte aligned.
//!
//! Strings live in the arena until the callback returns, in policy data for ever, or in the stream's record.

/// Types of parameters and results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Val {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f64`
    F64,
}

/// One function at the border.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its name without `rt.` or `policy.`.
    pub name: &'static str,
    /// Parameters.
    pub params: &'static [Val],
    /// Result.
    pub result: Option<Val>,
}

/// Declares the functions of one direction: an enum to name them, and their signatures.
macro_rules! functions {
    ($(#[$doc:meta])* $enum:ident; $($(#[$item:meta])* $variant:ident = $name:literal ( $($param:ident),* ) $(-> $result:ident)?;)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $($(#[$item])* $variant,)+ }

        impl $enum {
            /// All of them, in order.
            pub const ALL: &'static [$enum] = &[$($enum::$variant,)+];

            /// Its signature.
            pub const fn signature(self) -> Signature {
                match self {
                    $($enum::$variant => Signature {
                        name: $name,
                        params: &[$(Val::$param),*],
                        result: functions!(@result $($result)?),
                    },)+
                }
            }
        }
    };
    (@result $result:ident) => { Some(Val::$result) };
    (@result) => { None };
}

functions! {
    /// What the stub calls. Absent features are generated as functions that return 0.
    Policy;
    /// First address that the arena may use: 16-byte aligned, above all policy data.
    HeapStart = "heap_start"() -> I32;
    /// The metrics table (`tables::metrics`).
    Metrics = "metrics"() -> I64;
    /// Address of one zeroed u32 for each metric: its host id plus one once defined.
    MetricIds = "metric_ids"() -> I32;
    /// Reads the configuration of `size` bytes for the current root context; 1 accepts it.
    OnConfigure = "on_configure"(I32) -> I32;
    /// Decides a request: `eos` in, header action out.
    OnRequestHeaders = "on_request_headers"(I32) -> I32;
    /// Decides a request that was held, now that its body is in; whether that is too large (bool) in, action out.
    OnRequestBody = "on_request_body"(I32) -> I32;
    /// Response headers of a stream that has a record: `eos` in, header action out.
    OnResponseHeaders = "on_response_headers"(I32) -> I32;
    /// A part of the body of a response that has a record: bytes so far and `eos` in, body action out.
    OnResponseBody = "on_response_body"(I32, I32) -> I32;
    /// Evaluates condition `id`: bool.
    Condition = "condition"(I32) -> I32;
    /// The value of subject `id` of the rules' guards: a string, or the address of an `ip` as an i64.
    Subject = "subject"(I32) -> I64;
    /// Sends reply `id` (through the `reply_*` mechanisms) and counts `metric`: header action.
    Reply = "reply"(I32, I32) -> I32;
    /// Writes an arrival time into this worker's memory ([`Mechanism::LimitWorkerPut`], with its parameters), where some limit
    /// counts there: bool.
    LimitWorkerPut = "limit_worker_put"(I32, I32, I32, I64, I64, I64) -> I32;
    /// Verifies a signature with an algorithm ([`algorithm`]) that the policy names: key, message, signature: bool.
    Verify = "verify"(I32, I64, I64, I64) -> I32;
}

functions! {
    /// What generated code calls.
    Mechanism;

    // ---- the request, read once ----
    /// Fetches and indexes the request headers (`tables::slots`): 0, or 1 for a fault.
    RequestBegin = "request_begin"(I64) -> I32;
    /// Whether `request.host` is in a string set (exact) or under one of another (`*.`): bool.
    RequestHostIn = "request_host_in"(I64, I64) -> I32;
    /// Checks and normalises: 0, or 1 for a malformed request.
    RequestCheck = "request_check"() -> I32;
    /// Likewise where hosts decide: brackets have to hold an IPv6 address.
    RequestCheckHost = "request_check_host"() -> I32;
    /// `request.method`
    RequestMethod = "request_method"() -> I64;
    /// `request.scheme`
    RequestScheme = "request_scheme"() -> I64;
    /// `request.host`
    RequestHost = "request_host"() -> I64;
    /// `request.protocol`
    RequestProtocol = "request_protocol"() -> I64;
    /// `request.path`
    RequestPath = "request_path"() -> I64;
    /// `request.raw_path`
    RequestRawPath = "request_raw_path"() -> I64;
    /// Value of a query key, or absent.
    RequestQuery = "request_query"(I64) -> I64;
    /// All values of a query key: list.
    RequestQueryAll = "request_query_all"(I64) -> I64;
    /// `request.query.count`
    RequestQueryCount = "request_query_count"() -> I64;
    /// Value of a header slot, lines joined, or absent.
    RequestHeader = "request_header"(I32) -> I64;
    /// All lines of a header slot: list.
    RequestHeaderAll = "request_header_all"(I32) -> I64;
    /// Value of a header by its name in any case, lines joined, or absent.
    RequestHeaderAt = "request_header_at"(I64) -> I64;
    /// All lines of a header by its name in any case: list.
    RequestHeaderAllAt = "request_header_all_at"(I64) -> I64;
    /// `request.headers.count`
    RequestHeaderCount = "request_header_count"() -> I64;
    /// Value of a cookie, or absent.
    RequestCookie = "request_cookie"(I64) -> I64;
    /// Segment of the path (0 is the first), decoded; absent when there is none.
    PathSegment = "path_segment"(I32) -> I64;
    /// Whether the path matches one template (`tables::template`): bool.
    PathMatches = "path_matches"(I64) -> I32;
    /// Whether the method is one of a string set: bool.
    MethodIn = "method_in"(I64) -> I32;
    /// `client.ip`; when the host does not tell: a fault, and 0.
    ClientIp = "client_ip"() -> I32;
    /// `client.port`
    ClientPort = "client_port"() -> I64;
    /// `client.tls.present`
    ClientTls = "client_tls"() -> I32;
    /// A part ([`certificate`]) of the certificate that the host verified, or absent.
    ClientCertificate = "client_certificate"(I32) -> I64;
    /// `client.tls.sans`: list.
    ClientSans = "client_sans"() -> I64;
    /// `now`: the host's clock, read once a request; limits count by the same instant.
    Now = "now"() -> I64;
    /// Whether something faulted in this callback: bool.
    Faulted = "faulted"() -> I32;

    // ---- the body of the request ----
    /// Holds the request until its body is in: cells of its record, most bytes of the body (and [`UNVERIFIED`]). 0: it is held, 1: the body is
    /// announced as too large, 2: a fault.
    BodyHold = "body_hold"(I32, I64) -> I32;
    /// Whether the request was held: bool.
    BodyWasHeld = "body_was_held"() -> I32;
    /// Whether it was held with [`UNVERIFIED`]: bool.
    BodyUnverified = "body_unverified"() -> I32;
    /// The bytes of the body as they came; absent when it is too large.
    BodyBytes = "body_bytes"() -> I64;
    /// `request.body.size`
    BodySize = "body_size"() -> I64;
    /// `request.body.text`; absent when it is too large.
    BodyText = "body_text"() -> I64;
    /// Reads the body as JSON: whether it is malformed (bool).
    BodyReadJson = "body_read_json"() -> I32;
    /// `request.body.json`; absent when it is empty, too large or was not read.
    BodyJson = "body_json"() -> I64;
    /// Reads the body as a form: whether it is malformed (bool).
    BodyReadForm = "body_read_form"() -> I32;
    /// The first value of a key of the form, or absent.
    BodyForm = "body_form"(I64) -> I64;

    // ---- the body of the response, which the mechanisms of the request's body read in its callbacks ----
    /// Holds the response until its body is in: most bytes of the body, what waits for it. 0: it is held, 1: the body is
    /// announced as too large, 2: a fault.
    ResponseHold = "response_hold"(I64, I32) -> I32;
    /// Takes a part of the body, bytes so far and `eos`: 0 when the response is not held, 1 when more is to come, 2 when the body
    /// is in, 3 when it is too large.
    ResponseBodyIn = "response_body_in"(I32, I32) -> I32;
    /// What waits for it.
    ResponseWaits = "response_waits"() -> I32;
    /// Makes all that reads the body absent.
    BodyUnreadable = "body_unreadable"();

    // ---- JSON: a value is the text that it is written as, already checked ----
    /// Member of an object, or absent.
    JsonMember = "json_member"(I64, I64) -> I64;
    /// Element of an array, or absent.
    JsonElement = "json_element"(I64, I64) -> I64;
    /// A JSON array as a list of elements of one type ([`elements`]): absent when it is none or an element is of another type; a
    /// fault when it has more than [`ROUNDS`].
    JsonList = "json_list"(I64, I32) -> I64;
    /// A JSON string as `string?`.
    JsonString = "json_string"(I64) -> I64;
    /// A JSON number that is an int as `int?`.
    JsonInt = "json_int"(I64) -> I32;
    /// A JSON number as `float?`.
    JsonFloat = "json_float"(I64) -> I32;
    /// A JSON bool as `bool?`.
    JsonBool = "json_bool"(I64) -> I32;
    /// Whether it is `null`: bool.
    JsonIsNull = "json_is_null"(I64) -> I32;
    /// Whether two are the same string, number, bool or null: bool.
    JsonEqual = "json_equal"(I64, I64) -> I32;
    /// Whether an array (the first) has such an element: bool.
    JsonHas = "json_has"(I64, I64) -> I32;

    // ---- rules ----
    /// Finds the templates that the path matches (`tables::trie`).
    PathsMatch = "paths_match"(I64);
    /// Selects the rules of a kind ([`kind`]) whose template, method and condition hold (`tables::entries`), sorted by
    /// order, without repeats: their number.
    RulesSelect = "rules_select"(I64, I32) -> I32;
    /// The `n`th selected id of a kind.
    RulesSelected = "rules_selected"(I32, I32) -> I32;
    /// The first rule of a kind (smallest order) that holds; conditions are tried in that order. -1 for none.
    RulesFirst = "rules_first"(I64, I32) -> I32;
    /// Likewise where rules have guards: `tables::entries`, the subjects of the policy (`facts`), kind.
    RulesSelectGuarded = "rules_select_guarded"(I64, I64, I32) -> I32;
    /// Likewise.
    RulesFirstGuarded = "rules_first_guarded"(I64, I64, I32) -> I32;
    /// Searches the value of a subject for its patterns (`tables::dfa_set`); only in `policy.subject`. Gives the value back.
    SubjectSearch = "subject_search"(I64, I64) -> I64;
    /// Whether a pattern matches its subject: subjects of the policy, subject, pattern: bool.
    PatternHolds = "pattern_holds"(I64, I32, I32) -> I32;
    /// A shared condition (0 to 63): -1 when it is not known yet, else a bool.
    Remembered = "remembered"(I32) -> I32;
    /// Keeps it and gives it back.
    Remember = "remember"(I32, I32) -> I32;
    /// Whether a selected id of a kind is in a sorted list of ids (`tables::ids`): bool.
    SelectedAny = "selected_any"(I32, I64) -> I32;
    /// Counts one metric.
    Count = "count"(I32);

    // ---- values ----
    /// Equal and both present: bool.
    StrEqual = "str_equal"(I64, I64) -> I32;
    /// Likewise, in time that depends on the lengths only.
    SecretEqual = "secret_equal"(I64, I64) -> I32;
    /// Both present and the first contains the second: bool.
    StrContains = "str_contains"(I64, I64) -> I32;
    /// Both present and the first starts with the second: bool.
    StrStartsWith = "str_starts_with"(I64, I64) -> I32;
    /// Both present and the first ends with the second: bool.
    StrEndsWith = "str_ends_with"(I64, I64) -> I32;
    /// ASCII lower case; absent gives absent.
    StrLower = "str_lower"(I64) -> I64;
    /// ASCII upper case; absent gives absent.
    StrUpper = "str_upper"(I64) -> I64;
    /// Without ASCII white space at both ends; absent gives absent.
    StrTrim = "str_trim"(I64) -> I64;
    /// Every `second` in `first` replaced by `third`.
    StrReplace = "str_replace"(I64, I64, I64) -> I64;
    /// Code points of the first from place `second` on, at most `third`.
    StrSubstring = "str_substring"(I64, I64, I64) -> I64;
    /// The pieces of the first between each `second`: list.
    StrSplit = "str_split"(I64, I64) -> I64;
    /// The texts of a list with `second` between them.
    ListJoin = "list_join"(I64, I64) -> I64;
    /// Code points.
    StrLen = "str_len"(I64) -> I64;
    /// `int(s)`: `int?`.
    StrToInt = "str_to_int"(I64) -> I32;
    /// `float(s)`: `float?`.
    StrToFloat = "str_to_float"(I64) -> I32;
    /// `time(s)`: `time?`.
    StrToTime = "str_to_time"(I64) -> I32;
    /// `unix(t)`
    TimeUnix = "time_unix"(I64) -> I64;
    /// A time as RFC 3339 writes it.
    TimeText = "time_text"(I64) -> I64;
    /// How many whole units (nanoseconds) a time counts, within a cycle of so many.
    TimePart = "time_part"(I64, I64, I64) -> I64;
    /// A cell that holds this: `int?` (or any i64 pattern).
    Cell = "cell"(I64) -> I32;
    /// Saturating sum.
    IntAdd = "int_add"(I64, I64) -> I64;
    /// Saturating difference.
    IntSubtract = "int_subtract"(I64, I64) -> I64;
    /// Saturating product.
    IntMultiply = "int_multiply"(I64, I64) -> I64;
    /// Remainder with the sign of the first; 0 when the second is 0.
    IntRemainder = "int_remainder"(I64, I64) -> I64;
    /// How many elements `some` and `every` may look at now: all of this list, or none (a fault) when the callback has looked at
    /// too many ([`ROUNDS`]).
    Rounds = "rounds"(I64) -> I32;
    /// As `Rounds`, where each element counts once more for each 64 bytes of this weight.
    RoundsBeside = "rounds_beside"(I64, I32) -> I32;
    /// A weight and the length of a string (or list) that is looked at for each element.
    Weigh = "weigh"(I64, I32) -> I32;
    /// A weight and the length of the message: headers and body.
    WeighMessage = "weigh_message"(I32) -> I32;
    /// A list of so many cells, all zero; absent (a fault) without memory.
    ListNew = "list_new"(I32) -> I64;
    /// Writes a cell of a new list.
    ListPut = "list_put"(I64, I32, I64);
    /// Address of the cell with this index; 0 when there is none.
    ListGet = "list_get"(I64, I64) -> I32;
    /// A list of texts as one text, to be kept for the response; an absent one is absent.
    ListPackTexts = "list_pack_texts"(I64) -> I64;
    /// The list that it was.
    ListTexts = "list_texts"(I64) -> I64;
    /// Likewise a list of numbers.
    ListPackNumbers = "list_pack_numbers"(I64) -> I64;
    /// The list that it was.
    ListNumbers = "list_numbers"(I64) -> I64;
    /// Elements of a list; bytes of bytes.
    ListLen = "list_len"(I64) -> I64;
    /// Whether a present string is in a list: bool. Each comparison takes time by the lengths only.
    ListContains = "list_contains"(I64, I64) -> I32;
    /// Whether a present string is in a string set (`tables::strings`): bool.
    SetContains = "set_contains"(I64, I64) -> I32;
    /// Whether an int is in a sorted table of ints (`tables::ints`): bool.
    IntsContain = "ints_contain"(I64, I64) -> I32;
    /// Whether a present ip is in a table of networks (`tables::networks`): bool.
    NetworksContain = "networks_contain"(I64, I32) -> I32;
    /// Both present and equal: bool.
    IpEqual = "ip_equal"(I32, I32) -> I32;
    /// Value bytes of a key in a map table (`tables::strings`), or absent; an absent key gives absent.
    MapGet = "map_get"(I64, I64) -> I64;
    /// `ip(s)`: `ip?`.
    StrToIp = "str_to_ip"(I64) -> I32;
    /// The network of an address: bits for IPv4, bits for IPv6.
    IpNetwork = "ip_network"(I32, I64, I64) -> I64;
    /// Whether a present ip is in a present network: bool.
    IpInNetwork = "ip_in_network"(I32, I64) -> I32;
    /// Whether an automaton (`tables::dfa`) finds a match in a present string: bool.
    DfaMatches = "dfa_matches"(I64, I64) -> I32;

    // ---- bytes: encoders and decoders give absent for absent; decoders also for what is no such encoding ----
    /// Percent-encoded.
    UrlEncode = "url_encode"(I64) -> I64;
    /// Percent-decoded: `bytes?`.
    UrlDecode = "url_decode"(I64) -> I64;
    /// Base64, padded.
    Base64Encode = "base64_encode"(I64) -> I64;
    /// From base64: `bytes?`.
    Base64Decode = "base64_decode"(I64) -> I64;
    /// Base64 with the alphabet for URLs, without padding.
    Base64UrlEncode = "base64url_encode"(I64) -> I64;
    /// From it: `bytes?`.
    Base64UrlDecode = "base64url_decode"(I64) -> I64;
    /// Hex digits in lower case.
    HexEncode = "hex_encode"(I64) -> I64;
    /// From hex digits: `bytes?`.
    HexDecode = "hex_decode"(I64) -> I64;
    /// The bytes themselves when they are UTF-8, else absent.
    BytesText = "bytes_text"(I64) -> I64;
    /// SHA-256.
    Sha256 = "sha256"(I64) -> I64;
    /// SHA-512: its constants (`digest::sha512::constants`), message.
    Sha512 = "sha512"(I64, I64) -> I64;
    /// SHA-1.
    Sha1 = "sha1"(I64) -> I64;
    /// MD5: its constants (`digest::md5::constants`), message.
    Md5 = "md5"(I64, I64) -> I64;
    /// HMAC-SHA-256: key, message.
    HmacSha256 = "hmac_sha256"(I64, I64) -> I64;
    /// HMAC-SHA-512: its constants, key, message.
    HmacSha512 = "hmac_sha512"(I64, I64, I64) -> I64;
    /// HMAC-SHA-1: key, message.
    HmacSha1 = "hmac_sha1"(I64, I64) -> I64;
    /// `hash(x)` of the bytes of `x`: an int that is not negative.
    BytesHash = "bytes_hash"(I64) -> I64;

    // ---- building texts: pieces are evaluated before `text_begin`, so texts never nest ----
    /// Begins a text.
    TextBegin = "text_begin"();
    /// Adds a string; absent adds nothing.
    TextStr = "text_str"(I64);
    /// Adds an int in decimal.
    TextInt = "text_int"(I64);
    /// Adds a float: the fewest digits that read back as it, without exponent.
    TextFloat = "text_float"(F64);
    /// Adds `true` or `false`.
    TextBool = "text_bool"(I32);
    /// Adds an address; absent adds nothing.
    TextIp = "text_ip"(I32);
    /// Adds a network; absent adds nothing.
    TextCidr = "text_cidr"(I64);
    /// Adds a string as a JSON string; absent adds `null`.
    TextJson = "text_json"(I64);
    /// Adds a part of a limit's key with its length; absent is a part of its own.
    TextKey = "text_key"(I64);
    /// Adds an address as a part of a limit's key (IPv6 by its /64).
    TextKeyIp = "text_key_ip"(I32);
    /// Ends the text.
    TextEnd = "text_end"() -> I64;

    // ---- configuration of the current root context ----
    /// Reads and checks it against a schema (`tables::schema`): bool.
    ConfigLoad = "config_load"(I64, I32) -> I32;
    /// Likewise for a schema with types other than strings, secrets, ints and bools.
    ConfigLoadTyped = "config_load_typed"(I64, I32) -> I32;
    /// Checks that there is none, for a policy that declares none: bool.
    ConfigNone = "config_none"(I32) -> I32;
    /// A string, secret, bytes, enum, network, or the address of an `ip`; absent when optional and missing.
    ConfigStr = "config_str"(I32) -> I64;
    /// A present int, duration or time, a bool as 0 or 1, the bits of a float.
    ConfigInt = "config_int"(I32) -> I64;
    /// A cell with the same, when it may be missing.
    ConfigCell = "config_cell"(I32) -> I32;
    /// A list; empty when missing.
    ConfigList = "config_list"(I32) -> I64;
    /// Value bytes of a key in a configured map (as in `map_get`), or absent.
    ConfigMapGet = "config_map_get"(I32, I64) -> I64;
    /// Whether a configured map (its name, for the log) has `{SHA256}BASE64` for each name: bool.
    ConfigUsers = "config_users"(I32, I64) -> I32;
    /// Whether an optional value is configured: bool.
    ConfigPresent = "config_present"(I32) -> I32;

    // ---- credentials ----
    /// State ([`credential`]) of credential `id`: description (`tables::credential`) and keys (`tables::keys`); once a request.
    CredentialCheck = "credential_check"(I32, I64, I64) -> I32;
    /// Likewise with keys from configuration field.
    CredentialCheckConfig = "credential_check_config"(I32, I64, I32) -> I32;
    /// State of a `basic`: description, digests of passwords by user (`tables::strings`); once a request.
    CredentialCheckBasic = "credential_check_basic"(I32, I64, I64) -> I32;
    /// Likewise with users from a configuration field, which was checked.
    CredentialCheckBasicConfig = "credential_check_basic_config"(I32, I64, I32) -> I32;
    /// State of credential `id` at the places of its description: [`credential::OPEN`] while it is presented once and not settled.
    CredentialPresent = "credential_present"(I32, I64) -> I32;
    /// State of credential `id` signed as AWS does, how far from now a date may lie, and how long at most a signature in a query is good:
    /// [`credential::OPEN`] while it is not verified.
    CredentialAws = "credential_aws"(I32, I64, I64) -> I32;
    /// The code of a request signed as AWS does under a secret, when it is the one that is presented; else absent.
    CredentialAwsCode = "credential_aws_code"(I64) -> I64;
    /// Removes such a signature from what is forwarded.
    CredentialAwsStrip = "credential_aws_strip"();
    /// State of credential `id` of HTTP message signatures: what they have to cover, between spaces, how far from now they may have been
    /// created, how many may count.
    CredentialHttp = "credential_http"(I32, I64, I64, I32) -> I32;
    /// The code of an HTTP message signature that is right, or absent: secret, what has to be covered, tolerance, how many may count,
    /// SHA-512's constants.
    CredentialHttpCode = "credential_http_code"(I64, I64, I64, I32, I64) -> I64;
    /// Settles a credential that is open: the state.
    CredentialSettle = "credential_settle"(I32, I32) -> I32;
    /// The parts of what an open credential presents: separator (0: there is one part), what they begin with, which is taken off.
    /// List; empty when there are too many.
    CredentialParts = "credential_parts"(I32, I32, I64) -> I64;
    /// Whether seconds since 1970 are at most so many nanoseconds from now: [`credential::OPEN`], stale, malformed or a fault.
    CredentialFresh = "credential_fresh"(I64, I64) -> I32;
    /// Whether a time is at most so many nanoseconds from now: [`credential::OPEN`], stale or a fault.
    CredentialNear = "credential_near"(I64, I64) -> I32;
    /// What stands in an open or valid credential between texts (a list; before, between and behind): list, empty when it is not
    /// written so.
    CredentialCaptures = "credential_captures"(I32, I64) -> I64;
    /// The key that a secret `whsec_BASE64` stands for, or absent.
    CredentialSecret = "credential_secret"(I64) -> I64;
    /// Remembers a nonce: start of its shared-data keys, nonce, nanoseconds. [`credential::VALID`], replayed or a fault.
    CredentialOnce = "credential_once"(I64, I64, I64) -> I32;
    /// Name of the valid key or user, or absent. The credential was checked before.
    CredentialKeyId = "credential_key_id"(I32) -> I64;
    /// State of a `jwt`: description of places, demands (`tables::jwt`), keys (`tables::jwks`, or one secret); once a request.
    CredentialCheckJwt = "credential_check_jwt"(I32, I64, I64, I64) -> I32;
    /// Likewise with keys that are fetched: description of places, demands; [`credential::WAIT`] while they come.
    CredentialCheckFetched = "credential_check_fetched"(I32, I64, I64) -> I32;
    /// Enters how the keys of a `jwt` are fetched (`tables::fetch`): bool.
    FetchAdd = "fetch_add"(I32, I64) -> I32;
    /// Finds out whether the host verifies signatures (names as for [`Mechanism::VerifyRs256`]) and counts which: the metric when it does,
    /// the metric when the module has to. Gives true.
    SignaturesProbe = "signatures_probe"(I64, I32, I32) -> I32;
    /// Likewise where the host has to: counts the metric when it does; when not, the text is logged and false given.
    SignaturesRequire = "signatures_require"(I64, I32, I64) -> I32;
    /// Lets the request wait for keys: whether its headers end it, bool out. It is decided anew when they are there.
    RequestWait = "request_wait"(I32) -> I32;
    /// Why a `jwt` is invalid ([`REASONS`]); 0 when it is not.
    CredentialReason = "credential_reason"(I32) -> I32;
    /// A claim that is a string or JSON, by its place in the demands; absent when it is, or the credential is not valid.
    ClaimStr = "claim_str"(I32, I32) -> I64;
    /// A present claim that is an int, the bits of a float, or a bool as 0 or 1.
    ClaimInt = "claim_int"(I32, I32) -> I64;
    /// An `int?`/`float?`/`bool?` cell.
    ClaimCell = "claim_cell"(I32, I32) -> I32;
    /// A claim that is a list of strings: list; absent reads as absent.
    ClaimList = "claim_list"(I32, I32) -> I64;
    /// Whether a configured secret, if there is one, is `whsec_` and base64: bool. The text is logged when it is not.
    ConfigEncoded = "config_encoded"(I32, I64) -> I32;
    /// Says why the configuration is refused. Gives false.
    ConfigRefuse = "config_refuse"(I64) -> I32;
    /// Prepares the key set that a configuration field holds as JSON: bool. The text is logged when it is none.
    ConfigJwksLoad = "config_jwks_load"(I32, I64) -> I32;
    /// The prepared key set (`tables::jwks`).
    ConfigJwks = "config_jwks"(I32) -> I64;
    /// Removes the credential from what is forwarded.
    CredentialStrip = "credential_strip"(I64);

    // ---- signatures: key (`tables::jwks::forms`, or a secret), message, signature: bool. Before them the constants that the
    // algorithm needs: names for the host (`crypto::host::names`), of its curve (`crypto::p256::table` …), of its
    // hash (`digest::sha512::constants`) ----
    /// RSA, PKCS #1 v1.5, SHA-256.
    VerifyRs256 = "verify_rs256"(I64, I64, I64, I64) -> I32;
    /// RSA, PKCS #1 v1.5, SHA-384.
    VerifyRs384 = "verify_rs384"(I64, I64, I64, I64, I64) -> I32;
    /// RSA, PKCS #1 v1.5, SHA-512.
    VerifyRs512 = "verify_rs512"(I64, I64, I64, I64, I64) -> I32;
    /// RSA with PKCS #1 v1.5 by the host alone, which the names give the hash. No answer is a fault.
    VerifyHostRs = "verify_host_rs"(I64, I64, I64, I64) -> I32;
    /// ECDSA by the host alone: names, bytes of a signature, key, message, signature. No answer is a fault.
    VerifyHostEs = "verify_host_es"(I64, I32, I64, I64, I64) -> I32;
    /// RSA, PSS, SHA-256.
    VerifyPs256 = "verify_ps256"(I64, I64, I64) -> I32;
    /// RSA, PSS, SHA-384.
    VerifyPs384 = "verify_ps384"(I64, I64, I64, I64) -> I32;
    /// RSA, PSS, SHA-512.
    VerifyPs512 = "verify_ps512"(I64, I64, I64, I64) -> I32;
    /// ECDSA on P-256, SHA-256.
    VerifyEs256 = "verify_es256"(I64, I64, I64, I64, I64) -> I32;
    /// ECDSA on P-384, SHA-384.
    VerifyEs384 = "verify_es384"(I64, I64, I64, I64, I64, I64) -> I32;
    /// Ed25519.
    VerifyEdDsa = "verify_eddsa"(I64, I64, I64, I64, I64) -> I32;
    /// HMAC, SHA-256.
    VerifyHs256 = "verify_hs256"(I64, I64, I64) -> I32;
    /// HMAC, SHA-384.
    VerifyHs384 = "verify_hs384"(I64, I64, I64, I64) -> I32;
    /// HMAC, SHA-512.
    VerifyHs512 = "verify_hs512"(I64, I64, I64, I64) -> I32;

    // ---- limits ----
    /// Starts a step of limits.
    LimitsBegin = "limits_begin"();
    /// Checks one limit (`tables::limit`): key text, count, burst. 0 admitted so far, 1 refused, 2 fault.
    LimitCheck = "limit_check"(I32, I64, I64, I64, I64) -> I32;
    /// Spends all that were checked, or none: -1 admitted, -2 fault, else the id that refused.
    LimitsCommit = "limits_commit"() -> I32;
    /// Writes into a bucket of this worker: limit, capacity, bucket, fingerprint, arrival time, now: bool, false without memory.
    LimitWorkerPut = "limit_worker_put"(I32, I32, I32, I64, I64, I64) -> I32;
    /// Adds the rate-limit headers of the refusal to the reply that was begun.
    ReplyLimitHeaders = "reply_limit_headers"();
    /// Keeps the rate-limit headers of admitted limits for the response. Needs a stream record.
    LimitsKeepHeaders = "limits_keep_headers"();
    /// Likewise, before a step that comes with the body.
    LimitsKeepFirst = "limits_keep_first"();
    /// Likewise, in that step: together with those that were kept before.
    LimitsKeepMore = "limits_keep_more"();
    /// Writes the kept rate-limit headers to the response.
    ResponseLimitHeaders = "response_limit_headers"();

    // ---- replies ----
    /// Begins a reply with this status.
    ReplyBegin = "reply_begin"(I32);
    /// Adds a header: name, value.
    ReplyHeader = "reply_header"(I64, I64);
    /// Sets content type ([`reply_body`]) and body.
    ReplyBody = "reply_body"(I32, I64);
    /// Sends it, counts the metric, sets details and filter state: the action to return.
    ReplySend = "reply_send"(I32) -> I32;

    // ---- edits: the map is 0 for requests, 2 for responses ----
    /// Replaces all lines: map, name, value.
    HeaderSet = "header_set"(I32, I64, I64);
    /// Adds a line: map, name, value.
    HeaderAppend = "header_append"(I32, I64, I64);
    /// Takes all lines: map, name.
    HeaderRemove = "header_remove"(I32, I64);
    /// Takes all headers that begin so: map, start of the name.
    HeaderRemovePrefix = "header_remove_prefix"(I32, I64);
    /// `path = …`: decoded path.
    ForwardPath = "forward_path"(I64);
    /// `host = …`
    ForwardHost = "forward_host"(I64);
    /// Forwards the path as it came, unless `forward_path` sets another.
    ForwardAsReceived = "forward_as_received"();
    /// Writes `:path` when normalisation, stripped credentials or `forward_path` changed it.
    ForwardCommit = "forward_commit"();
    /// The cluster of a split (`tables::split`) for a key.
    SplitPick = "split_pick"(I64, I64) -> I64;

    // ---- streams: what the response phase needs ----
    /// Opens the stream's record with this many cells; 0 when there is no memory (a fault).
    StreamOpen = "stream_open"(I32) -> I32;
    /// Closes the record of a stream, if it has one: its response is not looked at.
    StreamClose = "stream_close"();
    /// Keeps the selected ids of a kind for the response.
    StreamKeepSelected = "stream_keep_selected"(I32);
    /// Keeps a string in a cell (copied; absent stays absent).
    StreamKeepStr = "stream_keep_str"(I32, I64);
    /// Keeps an i64 in a cell.
    StreamKeepInt = "stream_keep_int"(I32, I64);
    /// A kept string.
    StreamStr = "stream_str"(I32) -> I64;
    /// A kept i64.
    StreamInt = "stream_int"(I32) -> I64;
    /// Number of kept ids.
    StreamSelectedCount = "stream_selected_count"() -> I32;
    /// The `n`th kept id.
    StreamSelected = "stream_selected"(I32) -> I32;

    // ---- the response ----
    /// Fetches and indexes the response headers: 0, or 1 for a fault.
    ResponseBegin = "response_begin"(I64) -> I32;
    /// `response.status`
    ResponseStatus = "response_status"() -> I64;
    /// Value of a response header by its name in any case, lines joined, or absent.
    ResponseHeaderAt = "response_header_at"(I64) -> I64;
    /// Value of a response header slot, lines joined, or absent.
    ResponseHeader = "response_header"(I32) -> I64;
    /// Starts the choice of redactions for this response.
    RedactBegin = "redact_begin"();
    /// Removes a response header (0: this name, 1: all that begin so); counts the rule's metric, once a response, if one was there.
    RedactHeader = "redact_header"(I32, I64, I32);
    /// Adds a redaction (`tables::redact`) with the metric of its rule; in file order.
    RedactAdd = "redact_add"(I64, I32);
    /// Decides about the body: `eos` in; header action out (a reply may have been sent).
    RedactStart = "redact_start"(I32) -> I32;
    /// Decides about a body that was held to its end: as [`Mechanism::RedactStart`], before anything else is done with the response.
    RedactHeld = "redact_held"() -> I32;
}

/// What a policy's verification gives when the host, which alone could verify, does not answer; else whether the signature holds.
pub const UNANSWERED: i32 = -1;

/// Beside the most bytes of a body: the request is held before it is authenticated, since a credential signs the body.
pub const UNVERIFIED: u64 = 1 << 62;
/// Likewise: bits of the first credentials whose keys are fetched, which were verified when the request was held. Keys may change while
/// it is.
pub const VERIFIED: u64 = ((1 << 30) - 1) << 32;

/// Most redactions of bodies that one response may get, and that a policy may therefore have.
pub const REDACTIONS: usize = 64;

/// Most elements that `some`, `every` and `in` (of a list known at run time) look at in one callback.
pub const ROUNDS: u32 = 1_000_000;

/// What the elements of a list are that is made of a JSON array.
pub mod elements {
    /// JSON values, whatever they are.
    pub const JSON: i32 = 0;
    /// Strings.
    pub const STRING: i32 = 1;
    /// Ints.
    pub const INT: i32 = 2;
    /// Floats.
    pub const FLOAT: i32 = 3;
    /// Bools.
    pub const BOOL: i32 = 4;
}

/// Bytes of an `ip` record.
pub const IP_SIZE: usize = 17;
/// Bytes of a `cidr` record.
pub const CIDR_SIZE: usize = IP_SIZE + 1;

/// Kinds of entries that rules are selected by.
pub mod kind {
    /// Scopes.
    pub const SCOPE: i32 = 0;
    /// `forbid`.
    pub const FORBID: i32 = 1;
    /// `permit`.
    pub const PERMIT: i32 = 2;
    /// `rewrite request`.
    pub const REWRITE: i32 = 3;
    /// `route`, ordered by specificity.
    pub const ROUTE: i32 = 4;
    /// Rules of the response phase: `rewrite response`, `redact response`.
    pub const RESPONSE: i32 = 5;
    /// `permit` and `forbid` in shadow, which only count.
    pub const SHADOW: i32 = 6;
    /// Those of them that read the body of the request.
    pub const BODY_SHADOW: i32 = 7;
    /// `forbid` that reads the body of the request.
    pub const BODY_FORBID: i32 = 8;
    /// `permit` that does.
    pub const BODY_PERMIT: i32 = 9;
    /// A forbid that waits for the body: what it asks of the headers holds.
    pub const WAIT_FORBID: i32 = 10;
    /// A permit that waits.
    pub const WAIT_PERMIT: i32 = 11;
    /// Any other rule that waits.
    pub const WAIT: i32 = 12;
    /// A rule in shadow that waits.
    pub const WAIT_SHADOW: i32 = 13;
    /// A rule that waits for what is in the body, not only for its size.
    pub const CONTENT: i32 = 14;
    /// A rule that waits for the body as JSON.
    pub const JSON: i32 = 15;
    /// A rule that waits for the body as a form.
    pub const FORM: i32 = 16;
    /// A rule in shadow that waits for the body as JSON.
    pub const SHADOW_JSON: i32 = 17;
    /// A rule in shadow that waits for the body as a form.
    pub const SHADOW_FORM: i32 = 18;
    /// How many there are.
    pub const COUNT: usize = 19;
    /// How many of them, the first, can be selected.
    pub const SELECTED: usize = 8;
}

/// Parts of a client's certificate.
pub mod certificate {
    /// Some text when there is one at all.
    pub const PRESENT: i32 = 0;
    /// The first URI among its alternative names.
    pub const URI: i32 = 1;
    /// The first DNS name among them.
    pub const DNS: i32 = 2;
    /// Its subject.
    pub const SUBJECT: i32 = 3;
}

/// States of a credential.
pub mod credential {
    /// A certificate that is verified and that the declaration does not take.
    pub const OTHER: i32 = 40;
    /// Not presented.
    pub const ABSENT: i32 = 0;
    /// Presented once and known.
    pub const VALID: i32 = 1;
    /// Presented once and unknown.
    pub const INVALID: i32 = 2;
    /// Presented more than once.
    pub const DOUBLED: i32 = 3;
    /// Could not be checked.
    pub const FAULT: i32 = 4;
    /// Presented once and not as it is written.
    pub const MALFORMED: i32 = 5;
    /// Presented once, by a known caller who does not know the secret.
    pub const SECRET: i32 = 6;
    /// Its keys are being fetched.
    pub const WAIT: i32 = 7;
    /// Presented once, and not verified yet.
    pub const OPEN: i32 = 16;
    /// Signed too long ago, or too far ahead.
    pub const STALE: i32 = 17;
    /// Signed by one who knows the secret, and seen before.
    pub const REPLAYED: i32 = 18;
    /// Signs a body that is too large to be read.
    pub const TOO_LARGE: i32 = 19;
}

pub use crate::auth::jwt::reasons::REASONS;
pub use crate::crypto::algorithm;

/// Bodies of replies.
pub mod reply_body {
    /// None.
    pub const EMPTY: i32 = 0;
    /// `text/plain`
    pub const TEXT: i32 = 1;
    /// `application/json`
    pub const JSON: i32 = 2;
}

/// Actions of header callbacks (Proxy-Wasm).
pub mod action {
    /// Go on.
    pub const CONTINUE: i32 = 0;
    /// Stop; the reply was sent.
    pub const STOP: i32 = 1;
    /// Stop headers and body.
    pub const STOP_ALL: i32 = 4;
}

/// Header maps (Proxy-Wasm).
pub mod map {
    /// Request headers.
    pub const REQUEST: i32 = 0;
    /// Response headers.
    pub const RESPONSE: i32 = 2;
}

/// Header slots that every policy has: lines of these may not repeat.
pub mod slot {
    /// `:authority`, read as `host`.
    pub const HOST: u32 = 0;
    /// `content-type`
    pub const CONTENT_TYPE: u32 = 1;
    /// `content-length`
    pub const CONTENT_LENGTH: u32 = 2;
    /// `authorization`
    pub const AUTHORIZATION: u32 = 3;
    /// The first slot of the policy's own.
    pub const FIRST: u32 = 4;
}
