//! `hmac` in random policies: declarations, and requests that are signed for them, mostly right.

use hmac::{Hmac, KeyInit, Mac};
use portcullis::tools::message::Request;
use sha2::Digest;

use super::case::{Node, Step};
use super::engines::BEGINNING;
use super::random::Random;
use super::world::{World, base64, quoted};

/// What a declaration signs and how, so that requests can be signed for it.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Its name.
    pub name: String,
    /// `header`, `query` or `cookie`.
    kind: &'static str,
    place: String,
    message: Message,
    algorithm: &'static str,
    encoding: &'static str,
    secrets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Body,
    Request,
    Path,
    Header,
    Digest,
    Lower,
    Github,
    Stripe,
    Slack,
    Webhook,
    Aws,
    Http,
}

const MESSAGES: &[Message] = &[
    Message::Body,
    Message::Request,
    Message::Path,
    Message::Header,
    Message::Digest,
    Message::Lower,
    Message::Github,
    Message::Stripe,
    Message::Slack,
    Message::Webhook,
    Message::Aws,
    Message::Http,
];

impl Message {
    /// The scheme that it is part of, and where its signature stands.
    fn scheme(self) -> Option<(&'static str, &'static str)> {
        match self {
            Message::Github => Some(("github", "x-hub-signature-256")),
            Message::Stripe => Some(("stripe", "stripe-signature")),
            Message::Slack => Some(("slack", "x-slack-signature")),
            Message::Webhook => Some(("standard_webhooks", "webhook-signature")),
            Message::Aws => Some(("aws_sigv4", "authorization")),
            Message::Http => Some(("http_signature", "signature")),
            Message::Body | Message::Request | Message::Path | Message::Header | Message::Digest | Message::Lower => None,
        }
    }

    fn written(self) -> &'static str {
        match self {
            Message::Request => r#""${request.method} ${request.raw_path}\n${request.body.text}""#,
            Message::Path => r#""${request.raw_path}""#,
            Message::Header => r#"request.headers["x-a"]"#,
            Message::Digest => r#""${request.headers["x-a"] ?? "none"}:${hex_encode(sha256(request.body.text))}""#,
            Message::Lower => "lower(request.body.text)",
            Message::Body | Message::Github | Message::Stripe | Message::Slack | Message::Webhook | Message::Aws | Message::Http => {
                "request.body.text"
            }
        }
    }
}

/// What HTTP message signatures have to cover.
const COVERS: &[&str] =
    &["\"@method\"", "\"@authority\", \"@path\"", "\"@query\", \"x-a\"", "\"@request-target\", \"content-digest\"", "\"content-digest\""];

/// Declares some.
pub fn declare(random: &mut Random, world: &mut World, head: &mut Vec<Node>, members: &mut Vec<String>) {
    for _ in 0..[0, 0, 0, 1, 1, 2][random.below(6)] {
        let name = world.name("signed");
        let message = *random.pick(MESSAGES);
        let mut lines = Vec::new();
        let mut fields = Vec::new();
        let mut secrets = Vec::new();
        for number in 0..random.between(1, 2) {
            let field = world.name("signing");
            let absent = random.chance(if number == 0 { 4 } else { 50 });
            fields.push((field.clone(), if absent { "secret?" } else { "secret" }));
            if !absent {
                let bytes = format!("signing key {}", random.below(3));
                let secret = if message == Message::Webhook { format!("whsec_{}", base64(bytes.as_bytes())) } else { bytes };
                members.push(format!("{field:?}: {secret:?}"));
                secrets.push(secret);
            }
        }
        head.push(Node::block("config", fields.iter().map(|(name, ty)| Node::line(format!("{name}: {ty}"))).collect()));
        let names: Vec<String> = fields.iter().map(|(name, _)| format!("config.{name}")).collect();
        let listed = format!("[{}]", names.join(", "));
        lines.push(Node::line(format!("secret = {}", if let [only] = names.as_slice() { only } else { &listed })));
        let (mut kind, mut place) = (*random.pick(&["header", "header", "query", "cookie"]), "sig".to_owned());
        let (mut algorithm, mut encoding) = (*random.pick(&["sha256", "sha512", "sha1"]), *random.pick(&["hex", "base64", "base64url"]));
        let mut stamped = random.chance(50);
        if let Some((scheme, header)) = message.scheme() {
            (kind, place) = ("header", header.to_owned());
            (algorithm, encoding) = ("sha256", if matches!(message, Message::Webhook | Message::Http) { "base64" } else { "hex" });
            stamped = message != Message::Github;
            lines.push(Node::line(format!("scheme = {scheme}")));
            if message == Message::Http && random.chance(60) {
                lines.push(Node::line(format!("covers = [{}]", random.pick(COVERS))));
            }
        } else {
            if matches!(message, Message::Request | Message::Path) {
                // What is signed cannot hold its own signature.
                kind = "header";
            }
            if kind == "header" {
                place = format!("x-{name}");
            }
            lines.push(Node::line(format!("signature = {encoding}({kind} {})", quoted(&place))));
            lines.push(Node::line(format!("algorithm = {algorithm}")));
            lines.push(Node::line(format!("message = {}", message.written())));
            if stamped {
                lines.push(Node::line("timestamp = unix(header \"x-ts\")"));
            }
        }
        if stamped && random.chance(50) {
            lines.push(Node::line(format!("tolerance = {}", random.pick(&["1s", "1m", "1h"]))));
        }
        if random.chance(30) {
            let nonce = if random.chance(50) { format!("{kind} {}", quoted(&place)) } else { "header \"x-a\"".to_owned() };
            lines.push(Node::line(format!("dedupe = {nonce} for {}", random.pick(&["1s", "1m", "2h"]))));
        }
        if random.chance(30) {
            lines.push(Node::line("forward = true"));
        }
        head.push(Node::block(format!("hmac {name}"), lines));
        world.signed.push(Signed { name, kind, place, message, algorithm, encoding, secrets });
    }
}

/// What the names of `token` credentials begin with.
pub const GROWN: &str = "grown";
/// What their codes are made with.
const GROWN_KEY: &str = "grown key";

/// Declares some home-grown tokens.
pub fn tokens(random: &mut Random, world: &mut World, head: &mut Vec<Node>, members: &mut Vec<String>) {
    if random.chance(75) {
        return;
    }
    let field = world.name("growing");
    head.push(Node::block("config", vec![Node::line(format!("{field}: secret"))]));
    members.push(format!("{field:?}: {GROWN_KEY:?}"));
    for _ in 0..random.between(1, 2) {
        let name = world.name(GROWN);
        let mut from: Vec<String> = Vec::new();
        for place in ["bearer", "header \"x-token\"", "query \"q\"", "cookie \"sid\""] {
            if random.chance(40) {
                from.push(place.to_owned());
            }
        }
        let mut lines = Vec::new();
        if from.is_empty() {
            from.push("bearer".to_owned());
        } else {
            lines.push(Node::line(format!("from = [{}]", from.join(", "))));
        }
        let (kind, number) = *random.pick(&[(":int", "self.n"), ("", "self.n")]);
        lines.push(Node::line(format!("format = \"{{user}}.{{n{kind}}}.{{mac}}\"")));
        let code = format!("hmac_sha256(config.{field}, \"${{self.user}}.${{{number}}}\")");
        lines.push(Node::line(match random.below(3) {
            0 => format!("verify = self.mac == hex_encode({code})"),
            1 => format!("verify = hex_decode(self.mac) == {code} and self.user != \"b\""),
            _ => format!("verify = hex_decode(self.mac) == {code}"),
        }));
        if kind == ":int" && random.chance(70) {
            lines.push(Node::line("expires = self.n"));
        }
        if random.chance(30) {
            lines.push(Node::line("forward = true"));
        }
        head.push(Node::block(format!("token {name}"), lines));
        world.credentials.push(super::world::Credential { name, from });
    }
}

/// A home-grown token, mostly right.
pub fn grown(random: &mut Random) -> String {
    let user = random.word(&["a", "acme", "ü", "b", ""]);
    let end = BEGINNING / 1_000_000_000;
    let number = match random.below(8) {
        0 => "007".to_owned(),
        1 => "x".to_owned(),
        2 => end.to_string(),
        _ => (end + *random.pick(&[1, 30, 3600])).to_string(),
    };
    let written =
        encoded(random.chance(10), "hex", &code::<Hmac<sha2::Sha256>>(GROWN_KEY.as_bytes(), format!("{user}.{number}").as_bytes()));
    let written = spoilt(random, written);
    format!("{user}.{number}.{written}")
}

/// Signs requests, at the times at which they come.
pub fn sign(random: &mut Random, world: &World, steps: &mut [Step]) {
    let mut now = BEGINNING;
    let mut last: Option<Request> = None;
    for step in steps {
        now += step.wait;
        if world.signed.is_empty() {
            continue;
        }
        if let Some(last) = last.take().filter(|_| random.chance(20)) {
            // The same once more: a replay.
            step.request = last;
            continue;
        }
        let stamp = (now / 1_000_000_000).saturating_add_signed(*random.pick(&[0, 0, 0, -1, 1, 30, -30, 61, -4000]));
        if random.chance(95) {
            step.request.headers.push(("x-ts".to_owned(), stamp.to_string().into_bytes()));
        }
        for signed in &world.signed {
            if random.chance(75) {
                present(random, signed, stamp, &mut step.request);
            }
        }
        last = Some(step.request.clone());
    }
}

fn present(random: &mut Random, signed: &Signed, stamp: u64, request: &mut Request) {
    let body = request.body.as_ref().map_or(Vec::new(), |body| body.bytes.clone());
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let lines: Vec<&[u8]> = request.headers.iter().filter(|(name, _)| name == "x-a").map(|(_, value)| value.as_slice()).collect();
    let header = (!lines.is_empty()).then(|| lossy(&lines.join(b", ".as_slice())));
    let message = match signed.message {
        Message::Body | Message::Github | Message::Aws => body,
        Message::Request => [format!("{} {}\n", request.method, request.target).as_bytes(), &body].concat(),
        Message::Path => request.target.clone().into_bytes(),
        Message::Header => header.unwrap_or_default().into_bytes(),
        Message::Digest => {
            let digest: String = sha2::Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}:{digest}", header.unwrap_or("none".to_owned())).into_bytes()
        }
        Message::Lower => lossy(&body).to_ascii_lowercase().into_bytes(),
        Message::Stripe => [format!("{stamp}.").as_bytes(), &body].concat(),
        Message::Slack => [format!("v0:{stamp}:").as_bytes(), &body].concat(),
        Message::Http => Vec::new(),
        Message::Webhook => [format!("msg-{}.{stamp}.", stamp % 5).as_bytes(), &body].concat(),
    };
    if signed.message == Message::Http {
        return present_http(random, signed, stamp, request);
    }
    let other = "nobody's".to_owned();
    let secret = if random.chance(90) && !signed.secrets.is_empty() { random.pick(&signed.secrets) } else { &other };
    if signed.message == Message::Aws {
        super::aws::present(random, secret, stamp, request);
        return;
    }
    let key = match secret.strip_prefix("whsec_") {
        Some(written) => portcullis::lang::encoding::from_base64(written).unwrap_or_default(),
        None => secret.clone().into_bytes(),
    };
    let code = match signed.algorithm {
        "sha512" => code::<Hmac<sha2::Sha512>>(&key, &message),
        "sha1" => code::<Hmac<sha1::Sha1>>(&key, &message),
        _ => code::<Hmac<sha2::Sha256>>(&key, &message),
    };
    let written = encoded(random.chance(10), signed.encoding, &code);
    let written = spoilt(random, written);
    let value = match signed.message {
        Message::Github => format!("sha256={written}"),
        Message::Slack => {
            request.headers.push(("x-slack-request-timestamp".to_owned(), stamp.to_string().into_bytes()));
            format!("v0={written}")
        }
        Message::Stripe => {
            let more = random.pick(&["", ",v0=00", ",v1=00", ",v1=", ",t=1"]);
            format!("t={stamp},v1={written}{more}")
        }
        Message::Webhook => {
            request.headers.push(("webhook-timestamp".to_owned(), stamp.to_string().into_bytes()));
            request.headers.push(("webhook-id".to_owned(), format!("msg-{}", stamp % 5).into_bytes()));
            let more = random.pick(&["", " v1,AAAA", " v1a,x", " v1,x"]);
            format!("v1,{written}{more}")
        }
        Message::Body
        | Message::Request
        | Message::Path
        | Message::Header
        | Message::Digest
        | Message::Lower
        | Message::Aws
        | Message::Http => written,
    };
    for _ in 0..if random.chance(5) { 2 } else { 1 } {
        match signed.kind {
            "query" => {
                let written = value.replace('+', "%2B");
                let mark = if request.target.contains('?') { '&' } else { '?' };
                request.target.push_str(&format!("{mark}{}={written}", signed.place));
            }
            "cookie" => request.headers.push(("cookie".to_owned(), format!("{}={value}", signed.place).into_bytes())),
            _ => request.headers.push((signed.place.clone(), value.clone().into_bytes())),
        }
    }
}

/// HTTP message signatures, mostly right ones over mostly enough.
fn present_http(random: &mut Random, signed: &Signed, stamp: u64, request: &mut Request) {
    let body = request.body.as_ref().map_or(Vec::new(), |body| body.bytes.clone());
    if random.chance(if body.is_empty() { 10 } else { 80 }) {
        let digest = if random.chance(50) {
            format!("sha-256=:{}:", base64(&sha2::Sha256::digest(&body)))
        } else {
            format!("x=:AA==:, sha-512=:{}:", base64(&sha2::Sha512::digest(&body)))
        };
        request.headers.push(("content-digest".to_owned(), spoilt(random, digest).into_bytes()));
    }
    let (mut inputs, mut codes) = (Vec::new(), Vec::new());
    for number in 0..[1, 1, 1, 2][random.below(4)] {
        let mut names: Vec<&str> = ["@method", "@authority", "@path", "@query"].into_iter().filter(|_| random.chance(90)).collect();
        names.extend(["@request-target", "x-a", "host", "@scheme"].into_iter().filter(|_| random.chance(15)));
        if request.headers.iter().any(|(name, _)| name == "content-digest") && random.chance(90) {
            names.push("content-digest");
        }
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let more = random.pick(&["", "", "", ";alg=\"hmac-sha256\"", ";keyid=\"k\";x", ";alg=\"ed25519\"", ";expires=1", ";created=1"]);
        let parameters = format!("({});created={stamp}{more}", quoted.join(" "));
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut base = Vec::new();
        for name in names {
            let value = match name {
                "@method" => request.method.clone().into_bytes(),
                // Requests here come over plain HTTP.
                "@authority" => {
                    let authority = request.authority.to_ascii_lowercase();
                    [":80", ":"].iter().find_map(|port| authority.strip_suffix(port)).unwrap_or(&authority).as_bytes().to_vec()
                }
                "host" => request.authority.clone().into_bytes(),
                "@path" => path.as_bytes().to_vec(),
                "@query" => format!("?{query}").into_bytes(),
                "@request-target" => request.target.clone().into_bytes(),
                name => {
                    let lines = request.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim_ascii());
                    lines.collect::<Vec<_>>().join(b", ".as_slice())
                }
            };
            base.extend([format!("\"{name}\": ").as_bytes(), &value, b"\n"].concat());
        }
        base.extend(format!("\"@signature-params\": {parameters}").into_bytes());
        let secret = if random.chance(90) && !signed.secrets.is_empty() { random.pick(&signed.secrets).as_str() } else { "nobody's" };
        let written = base64(&code::<Hmac<sha2::Sha256>>(secret.as_bytes(), &base));
        let written = spoilt(random, written);
        let label = if random.chance(3) { "s0".to_owned() } else { format!("s{number}") };
        inputs.push(format!("{label}={parameters}"));
        codes.push(format!("s{number}=:{written}:"));
    }
    let joined = inputs.join([", ", ",", " , "][random.below(3)]);
    request.headers.push(("signature-input".to_owned(), spoilt(random, joined).into_bytes()));
    request.headers.push(("signature".to_owned(), codes.join(", ").into_bytes()));
}

fn encoded(upper: bool, encoding: &str, code: &[u8]) -> String {
    match encoding {
        "base64" => base64(code),
        "base64url" => base64(code).replace('+', "-").replace('/', "_").replace('=', ""),
        _ if upper => code.iter().map(|byte| format!("{byte:02X}")).collect(),
        _ => code.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

pub(super) fn spoilt(random: &mut Random, mut written: String) -> String {
    match random.below(20) {
        0 => written.truncate(written.len().saturating_sub(2)),
        1 => written.push('0'),
        2 => written.push('='),
        3 => written = written.replacen(|c: char| c.is_ascii_digit(), "!", 1),
        4 => written.clear(),
        _ => {}
    }
    written
}

pub(super) fn code<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
