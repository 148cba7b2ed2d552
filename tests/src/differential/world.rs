//! The vocabulary that policies and requests share, so that they meet, and what a policy has declared so far.

/// Header names that policies read and requests carry.
pub const HEADERS: &[&str] = &[
    "x-a",
    "x-b",
    "x-n",
    "x-internal-1",
    "accept-language",
    "user-agent",
    "content-type",
    "authorization",
    "host",
    "cookie",
    "range",
    "accept-encoding",
];
/// Header names that policies edit.
pub const EDITED: &[&str] =
    &["x-a", "x-b", "x-new", "x-internal-1", "accept-language", "user-agent", "content-type", "authorization", "etag"];
/// Response headers.
pub const ANSWERED: &[&str] = &["x-a", "x-kind", "content-type", "etag", "set-cookie", "x-internal-2", "cache-control"];
/// Query keys.
pub const QUERY: &[&str] = &["q", "id", "a b", "dry", "ü", "k"];
/// Cookie names.
pub const COOKIES: &[&str] = &["sid", "theme", "k"];
/// Texts that are compared with each other.
pub const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "A",
    "abc",
    "abcabc",
    "0",
    "7",
    "42",
    "-7",
    "007",
    "+5",
    "9223372036854775807",
    "9223372036854775808",
    "true",
    "grün",
    "x y",
    " x ",
    "a, b",
    "a,b",
    "orders",
    "a/b",
    "ORDERS",
    "\u{212a}",
    "ß",
    "\"q\"",
    "b\\c",
    "$x",
    "a\tb",
    "GET",
    "https",
    "text/html",
    "10.1.2.3",
    "2001:db8::1",
    "YWJj",
    "00ff",
    "a%20b+c%zz",
    "a%62",
    "é",
    "日本",
    "a-rather-long-text-that-needs-more-than-one-word-of-memory-0123456789",
];
/// Segments of paths.
pub const SEGMENTS: &[&str] = &["a", "b", "orders", "v1", "grün", "a b", "x~y", "7", "A", "a&b"];
/// Hosts of requests.
pub const AUTHORITIES: &[&str] = &[
    "api.example.com",
    "API.Example.com:8443",
    "x.example.com",
    "a.b.example.com",
    "example.com",
    "other.test",
    "other.test:",
    "[::1]:80",
    "[0:0::0:1]",
    "[::FFFF:102:304]",
    "[1.2.3.4]",
    "[::1].",
    ".:80",
    "api.example.com.",
    "api.example.com..",
    "api.example.com:80:90",
    "a,b",
];
/// Hosts in policies.
pub const HOSTS: &[&str] = &["api.example.com", "*.example.com", "other.test", "example.com", "[::0001]"];
/// Addresses.
pub const ADDRESSES: &[&str] = &[
    "192.0.2.1",
    "10.1.2.3",
    "10.1.2.4",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:0:1::1",
    "::ffff:10.1.2.3",
    "::1",
    "0.0.0.0",
    "255.255.255.255",
];
/// Networks.
pub const NETWORKS: &[&str] =
    &["10.0.0.0/8", "192.0.2.0/24", "10.1.2.3/32", "2001:db8::/32", "2001:db8::/64", "0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104", "::1/128"];
/// Patterns of `matches`.
pub const PATTERNS: &[&str] = &[
    "/^a/",
    "/b$/i",
    r"/\d+/",
    "/^[a-z]{1,3}$/",
    "/gr.n/",
    "/(a|b)*c/",
    r"/\bx\b/",
    "/^$/",
    "/[^a-z]/s",
    "/o.d/",
    r"/^\w+$/m",
    "/(?i)ORD/",
    r"/\//",
    "/Ü|É/i",
    "/a b/x",
    "/K/i",
    r"/^\S*$/",
    "/a+?b?/",
    r"/\p{Greek}|ß/",
    "/.*c.*c/",
    r"/^(?:a|ab)(?:c|bcd)*$/",
    "/^.{2}$/",
    r"/\B/",
    "/s/i",
];
/// Values of the enum.
pub const TIERS: &[&str] = &["a", "abc", "GET", "x y"];
/// The enum.
pub const TIER: &str = "enum(a, abc, \"GET\", \"x y\")";
/// Methods.
pub const METHODS: &[&str] = &["GET", "POST", "HEAD", "DELETE", "PUT", "OPTIONS", "PATCH"];
/// What API keys are called and what they are.
pub const KEYS: &[(&str, &str)] = &[("acme", "acme-key"), ("beta", "k2"), ("ü \"q\"", "key three"), ("d", "a,b")];

/// What the names of `basic` credentials begin with; the others are API keys.
pub const BASIC: &str = "people";

/// What names the caller that a credential stands for.
pub fn member(credential: &str) -> String {
    let member = if credential.starts_with(BASIC) || credential.starts_with(super::signed::GROWN) {
        "user"
    } else if credential.starts_with(PEER) {
        "san"
    } else {
        "key_id"
    };
    format!("{credential}.{member}")
}

/// What the name of each `mtls` begins with.
pub const PEER: &str = "peer";
/// URIs, DNS names and subjects of certificates.
pub const URIS: &[&str] = &["spiffe://a.test/orders", "spiffe://a.test/billing", "spiffe://b.test/orders", "spiffe://a.test"];
/// DNS names of certificates.
pub const DNS: &[&str] = &["a.test", "x.a.test", "b.test"];
/// Subjects of certificates.
pub const SUBJECTS: &[&str] = &["CN=orders,O=A", "CN=billing,O=A", "CN=orders,O=B", ""];

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Padded base64.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let group = (0..3).fold(0usize, |group, n| group << 8 | usize::from(three.get(n).copied().unwrap_or(0)));
        for n in 0..4 {
            out.push(if n <= three.len() { char::from(LETTERS[group >> (18 - 6 * n) & 63]) } else { '=' });
        }
    }
    out
}

/// Types of expressions that the generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `string`
    Text,
    /// `string?`
    MaybeText,
    /// `int`
    Int,
    /// `int?`
    MaybeInt,
    /// `float`
    Float,
    /// `time`
    Time,
    /// `duration`
    Duration,
    /// `ip`
    Ip,
    /// `ip?`
    MaybeIp,
    /// `list<string>`
    Texts,
    /// `map<string, string>`, of configuration
    Map,
    /// `secret`
    Secret,
    /// `secret?`
    MaybeSecret,
    /// `cidr?`
    MaybeNetwork,
    /// `float?`
    MaybeFloat,
    /// `time?`
    MaybeTime,
    /// `duration?`
    MaybeDuration,
    /// `bool?`
    MaybeBool,
    /// `bytes`
    Bytes,
    /// `bytes?`
    MaybeBytes,
    /// `cidr`
    Network,
    /// One of `TIERS`
    Tier,
    /// Likewise, or absent
    MaybeTier,
    /// `list<enum>`
    Tiers,
    /// `list<secret>`
    Secrets,
    /// `list<int>`
    Ints,
    /// `list<ip>`
    Ips,
    /// `list<cidr>`
    Networks,
}

/// Something declared that expressions can name.
#[derive(Clone, Debug)]
pub struct Named {
    /// As it is written in an expression.
    pub text: String,
    /// What it is; of maps: what they hold.
    pub ty: Type,
    /// Whether it reads the response.
    pub response: bool,
    /// Whether only configuration stands behind it.
    pub configuration: bool,
}

/// A credential.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// Its places as written in `from`.
    pub from: Vec<String>,
}

/// A limit while scopes are made; written out at the end.
#[derive(Clone, Debug, Default)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// The credential that its key reads.
    pub credential: Option<String>,
    /// Whether a scope applies it that does not need the credential.
    pub optional: bool,
    /// Captures that all scopes have that apply it; `None` while none does.
    pub captures: Option<Vec<String>>,
}

/// A declared `fn`.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What its parameters are.
    pub params: Vec<Type>,
    /// What it gives.
    pub result: Type,
    /// Whether it reads the response.
    pub response: bool,
}

/// What has been declared so far.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Values of `config`, `let` and `list`.
    pub values: Vec<Named>,
    /// Configured JSON.
    pub json: Vec<String>,
    /// Declared maps.
    pub maps: Vec<Named>,
    /// Declared functions.
    pub functions: Vec<Function>,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// Credentials that sign requests; nothing can be read of them.
    pub signed: Vec<super::signed::Signed>,
    /// Limits.
    pub limits: Vec<Limit>,
    /// Templates of scopes and rules, for requests.
    pub templates: Vec<String>,
    /// Whether rules read bodies of answers as values.
    pub answers: bool,
    /// How many names were given.
    pub names: usize,
}

impl World {
    /// A name that nothing else has.
    pub fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }
}

/// A text as a string literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
