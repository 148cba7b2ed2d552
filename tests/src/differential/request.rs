//! Random requests and answers, aimed at a policy: its paths and near misses, its headers, keys and cookies.

use portcullis::tools::message::{Answer, Body, Certificate, Headers, Request, Tls};

use super::case::Step;
use super::random::Random;
use super::tokens::{self, TOKENS};
use super::world::{
    ADDRESSES, ANSWERED, AUTHORITIES, COOKIES, DNS, HEADERS, KEYS, METHODS, QUERY, SEGMENTS, SUBJECTS, TEXTS, URIS, World, base64,
};

/// One request, and how long after the one before it comes.
pub fn step(random: &mut Random, world: &World) -> Step {
    let wait = *random.pick(&[0, 0, 0, 1, 1_000_000, 300_000_000, 1_000_000_000, 1_000_000_000, 5_000_000_000, 61_000_000_000]);
    Step { wait, request: request(random, world), answer: answer(random) }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'&' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn path(random: &mut Random, world: &World) -> String {
    let template = if world.templates.is_empty() { "/".to_owned() } else { random.pick(&world.templates).clone() };
    let mut segments: Vec<String> = Vec::new();
    for segment in template.split('/').skip(1) {
        if segment == "**" {
            for _ in 0..random.below(3) {
                segments.push(encoded(random.word(SEGMENTS)));
            }
        } else if segment == "*" || segment.starts_with('{') {
            segments.push(encoded(random.word(SEGMENTS)));
        } else {
            segments.push(encoded(segment));
        }
    }
    if random.chance(25) {
        let at = random.below(segments.len() + 1);
        let odd = *random.pick(&[
            "", ".", "..", "%2e", "%2E%2e", "x", "%61", "a%2fb", "%5c", "%zz", "%", "%c3%bc", "%ff", "a#b", "a%25b", "ü", "%e2%82", "a;b",
            "a+b", "%41%42", "a\\b", "%00",
        ]);
        segments.insert(at, odd.to_owned());
    }
    let mut path = format!("/{}", segments.join("/"));
    // On the wire a target is never empty.
    match random.below(30) {
        0 => path.push('/'),
        1 => path = path.to_uppercase(),
        2 => path = path.replace('/', "//"),
        3 => path = format!("x{path}"),
        4 => path = path.replace('a', "%61").replace('o', "%6F"),
        5 if path.len() > 1 => {
            path.pop();
        }
        _ => {}
    }
    path
}

fn query(random: &mut Random, world: &World) -> String {
    let mut pieces = Vec::new();
    for _ in 0..random.below(4) {
        let key = encoded(random.word(QUERY)).replace('&', "%26");
        let key = if random.chance(30) { key.replace("%20", "+") } else { key };
        let value = match random.below(6) {
            0 => String::new(),
            1 => "+a%zz%".to_owned(),
            2 => "%ff%c3".to_owned(),
            _ => encoded(random.word(TEXTS)).replace('&', "%26"),
        };
        pieces.push(match random.below(10) {
            0 => key,
            1 => String::new(),
            2 => format!("{key}==a=b"),
            3 => "%71=enc".to_owned(),
            _ => format!("{key}={value}"),
        });
    }
    for place in credential_places(world, "query ") {
        if random.chance(40) {
            pieces.push(format!("{}={}", encoded(&place), encoded(&key(random, world))));
        }
    }
    if pieces.is_empty() && random.chance(80) { String::new() } else { format!("?{}", pieces.join("&")) }
}

/// The names of all places of this kind that credentials are read from.
fn credential_places(world: &World, kind: &str) -> Vec<String> {
    let all = world.credentials.iter().flat_map(|credential| &credential.from);
    all.filter_map(|from| from.strip_prefix(kind)).map(|name| name.trim_matches('"').to_owned()).collect()
}

/// Keys that nobody has.
const GUESSES: [&str; 4] = ["guess", "", "acme-key ", "k2x"];

/// A token, a key, or a user with a password, known or not.
fn key(random: &mut Random, world: &World) -> String {
    if world.credentials.iter().any(|credential| credential.name.starts_with("jwt")) && random.chance(60) {
        let fetched = world.credentials.iter().any(|credential| credential.name.starts_with("jwt_fetched"));
        if fetched && random.chance(60) {
            return random.pick(tokens::for_fetched()).clone();
        }
        return (*random.pick::<&str>(TOKENS)).to_owned();
    }
    if random.chance(30) {
        return pair(random);
    }
    if random.chance(25) {
        return super::signed::grown(random);
    }
    if random.chance(75) { random.pick(KEYS).1.to_owned() } else { (*random.pick::<&str>(&GUESSES)).to_owned() }
}

/// What `basic` reads, and what it must not read.
fn pair(random: &mut Random) -> String {
    let (user, password) = *random.pick(KEYS);
    let other = random.pick(KEYS).1;
    let written = match random.below(12) {
        0 => base64(format!("{user}:{other}").as_bytes()),
        1 => base64(format!("{user}:{password}:").as_bytes()),
        2 => base64(user.as_bytes()),
        3 => base64(format!("{user}:{password}\n").as_bytes()),
        4 => base64(&[user.as_bytes(), b":\xff"].concat()),
        5 => base64(format!("{user}:{password}").as_bytes()).replace('=', ""),
        6 => format!("{}=", base64(format!("{user}:{password}").as_bytes())),
        7 => format!("Basic {}", base64(format!("{user}:{password}").as_bytes())),
        _ => base64(format!("{user}:{password}").as_bytes()),
    };
    if random.chance(10) { format!("basic  {written}") } else { written }
}

fn value(random: &mut Random) -> Vec<u8> {
    match random.below(25) {
        0 => b"caf\xe9".to_vec(),
        1 => b"\xf0\x9f\x98".to_vec(),
        2 => b"a\tb".to_vec(),
        3 => format!("item-{}", random.below(30)).into_bytes(),
        4 => vec![b'z'; 300],
        _ => random.word(TEXTS).trim().as_bytes().to_vec(),
    }
}

/// An entry of `x-forwarded-for`, mostly an address.
fn forwarded(random: &mut Random) -> &'static str {
    if random.chance(80) {
        return random.word(ADDRESSES);
    }
    random.word(&["", "unknown", "10.1.2.3:80", "[::1]", "10.1.2", "010.1.2.3", "10.1.2.3/8", "_x"])
}

fn request(random: &mut Random, world: &World) -> Request {
    let mut headers: Headers = Vec::new();
    let mut add = |name: &str, value: Vec<u8>| headers.push((name.to_owned(), value));
    for name in HEADERS {
        let lines = [0, 0, 0, 0, 1, 1, 2][random.below(7)];
        for _ in 0..lines {
            match *name {
                "host" => {}
                "content-type" => {
                    if random.chance(40) {
                        let value = *random.pick(&["application/json", "text/plain; charset=utf-8", "text/plain; a=\"x,y\"", "a,b"]);
                        add(name, value.as_bytes().to_vec());
                    }
                }
                "authorization" => {
                    if random.chance(50) {
                        let value = match random.below(5) {
                            0 => "Basic abc".to_owned(),
                            1 => format!("bearer  {}", key(random, world)),
                            2 => "Digest a=\"b,c\", d=e".to_owned(),
                            _ => format!("Bearer {}", key(random, world)),
                        };
                        add(name, value.into_bytes());
                    }
                }
                "cookie" => {
                    let mut pieces = Vec::new();
                    for _ in 0..random.below(4) {
                        let cookie = random.word(COOKIES);
                        let text = *random.pick(&["a", "\"q\"", "", "x=y", "7", "abc", "ü"]);
                        pieces.push(match random.below(8) {
                            0 => cookie.to_owned(),
                            1 => format!(" {cookie} = {text} "),
                            2 => String::new(),
                            _ => format!("{cookie}={text}"),
                        });
                    }
                    let joined = pieces.join(*random.pick(&["; ", ";"]));
                    if !joined.is_empty() {
                        add(name, joined.into_bytes());
                    }
                }
                "range" => add(name, b"bytes=0-9".to_vec()),
                "accept-encoding" => add(name, b"gzip, br".to_vec()),
                _ => add(name, value(random)),
            }
        }
    }
    for place in credential_places(world, "header ") {
        if random.chance(60) {
            add(&place, key(random, world).as_bytes().to_vec());
        }
    }
    if world.credentials.iter().any(|credential| credential.from.iter().any(|from| from == "bearer")) && random.chance(60) {
        add("authorization", format!("{} {}", random.pick(&["Bearer", "BEARER"]), key(random, world)).into_bytes());
    }
    if world.credentials.iter().any(|credential| credential.from.iter().any(|from| from == "basic")) && random.chance(60) {
        add("authorization", format!("{} {}", random.pick(&["Basic", "BASIC"]), pair(random)).into_bytes());
    }
    for place in credential_places(world, "cookie ") {
        if random.chance(50) {
            add("cookie", format!("{place}={}; other=1", key(random, world)).into_bytes());
        }
    }
    if random.chance(10) {
        add("x-portcullis-cluster", b"mine".to_vec());
    }
    if random.chance(10) {
        add("if-range", b"\"e\"".to_vec());
    }
    for _ in 0..[0, 0, 1, 2][random.below(4)] {
        let listed: Vec<&str> = (0..random.between(1, 4)).map(|_| forwarded(random)).collect();
        add("x-forwarded-for", listed.join(*random.pick(&[",", ", ", " ,"])).into_bytes());
    }
    // What Envoy would add itself is there, so that all engines count the same lines.
    add("x-forwarded-proto", random.pick(&["http", "https"]).as_bytes().to_vec());
    add("x-request-id", b"id-1".to_vec());
    if random.chance(4) {
        add("content-encoding", random.pick(&["gzip", "identity", "Identity, br"]).as_bytes().to_vec());
    }
    let body = (random.chance(45)).then(|| Body {
        bytes: if random.chance(70) { sent(random) } else { value(random) },
        split: if random.chance(50) { Some(random.between(1, 4)) } else { None },
        trailers: if random.chance(20) { vec![("x-trailer".to_owned(), b"t".to_vec())] } else { Headers::new() },
    });
    Request {
        method: if random.chance(4) { "get".to_owned() } else { random.word(METHODS).to_owned() },
        target: format!("{}{}", path(random, world), query(random, world)),
        authority: random.word(AUTHORITIES).to_owned(),
        headers,
        body,
        client: random.word(ADDRESSES).parse().unwrap(),
        client_port: *random.pick(&[40_000, 1, 65_535, 7]),
        tls: random.chance(35).then(|| tls(random)),
    }
}

fn tls(random: &mut Random) -> Tls {
    let some = |random: &mut Random, words: &[&str]| (0..random.below(3)).map(|_| (*random.pick(words)).to_owned()).collect();
    let certificate = random.chance(80).then(|| Certificate {
        subject: random.word(SUBJECTS).to_owned(),
        uris: some(random, URIS),
        dns: some(random, DNS),
    });
    Tls { certificate }
}

/// Bodies of requests: JSON, almost JSON, forms.
const SENT: &[&str] = &[
    r#"{"a":"a","b":1,"n":100,"ids":[1,"a",true]}"#,
    r#" { "a" : { "a" : [ "a" , 1.0 , null ] , "b" : "\u0061" } , "b" : [ 7 ] , "n" : 1e2 } "#,
    r#"{"a":1.0,"b":10e-1,"n":null,"ids":"a"}"#,
    r#"{"a":9223372036854775808,"b":9223372036854775807,"n":-0.0,"ids":[0.5]}"#,
    r#"{"a":"7","a":"8"}"#,
    r#"{"a":1,"\u0061":2}"#,
    r#"{"a":1} x"#,
    r#"["a",["b",{"n":false}],{"a b":"a"}]"#,
    r#""a""#,
    "null",
    "true",
    "100",
    "-1.5E+3",
    "{\"a\":\"\u{fc}\\ud83d\\ude00\",\"a b\":[[]]}",
    r#"{"a":"\ud800"}"#,
    "{",
    "[1,]",
    "a=a&b=1&a=b",
    "a=%zz",
    "a=%ff&b=+a",
    "",
    " ",
];

fn sent(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.word(SENT).as_bytes().to_vec();
    if random.chance(10) && !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = *random.pick(b"0 9-\"\\{,\xff");
    }
    bytes
}

/// Texts with cards, near cards and broken JSON in them.
const BODIES: &[&str] = &[
    r#"{"card":"4111 1111 1111 1111","n":5500005555555559,"s":"plain"}"#,
    r#"{"a":["4111-1111-1111-1111","x4111111111111111",{"4012888888881881":null}],"b":4111111111111112}"#,
    "card 4111111111111111, and 378282246310005. 4111111111111112 is none; 6011 1111 1111 1117 is",
    r#"{"c":"4111111111111111","broken": tru 4111 1111 1111 1111 x"#,
    r#""\u0034111 1111 1111 1111 \"\\4012888888881881\n""#,
    "4111111111111111",
    " 4111 1111 1111 1111 ",
    "[4111111111111111,4111111111111111.0,-4111111111111111,4111111111111111e1]",
    "4111 1111 1111 1111 4111 1111 1111 1111 4222222222222 30569309025904",
    "",
    "nothing",
    "{}",
    "4111111111111111411111111111111141111111111111114111111111111111",
    "<p>4111&nbsp;1111 5105105105105100</p>",
    "ü4111111111111111ü 4111111111111111\u{301}",
];

fn answer(random: &mut Random) -> Answer {
    let mut headers: Headers = Vec::new();
    let types = [
        "application/json",
        "text/plain",
        "application/json; charset=utf-8",
        "text/html; charset=iso-8859-1",
        "text/plain; charset=utf-16",
        "application/problem+json",
        "image/png",
        "TEXT/plain",
        "application/json;charset=\"UTF-8\"",
    ];
    for name in ANSWERED {
        let lines = [0, 0, 1, 1, 2][random.below(5)];
        for _ in 0..lines {
            let value = match *name {
                "content-type" => random.word(&types).as_bytes().to_vec(),
                "set-cookie" => b"sid=1; path=/".to_vec(),
                _ => value(random),
            };
            if *name != "content-type" || headers.iter().all(|(known, _)| known != "content-type") || random.chance(10) {
                headers.push(((*name).to_owned(), value));
            }
        }
    }
    if headers.iter().all(|(name, _)| name != "content-type") && random.chance(70) {
        headers.push(("content-type".to_owned(), b"application/json".to_vec()));
    }
    if random.chance(12) {
        headers.push(("content-encoding".to_owned(), random.pick(&["gzip", "identity", "br"]).as_bytes().to_vec()));
    }
    if random.chance(15) {
        headers.push(("x-internal-9".to_owned(), b"secret".to_vec()));
    }
    if random.chance(10) {
        headers.push(("ratelimit".to_owned(), b"\"theirs\";r=1;t=1".to_vec()));
    }
    if random.chance(10) {
        headers.push(("accept-ranges".to_owned(), b"bytes".to_vec()));
    }
    let mut text = if random.chance(30) { sent(random) } else { random.word(BODIES).as_bytes().to_vec() };
    if random.chance(15) && !text.is_empty() {
        let at = random.below(text.len());
        text[at] = *random.pick(b"0 9-\"\\{,\xff");
    }
    if random.chance(10) {
        let once = text.clone();
        for _ in 0..random.below(40) {
            text.extend_from_slice(&once);
        }
    }
    let body = random.chance(85).then(|| Body {
        bytes: text,
        split: if random.chance(60) { Some(random.between(1, 30)) } else { None },
        trailers: if random.chance(15) { vec![("x-trailer".to_owned(), b"t".to_vec())] } else { Headers::new() },
    });
    // Where they come unannounced, a body that ends in what may be a match is cut: the interpreter does not know of that.
    if body.as_ref().is_some_and(|body| !body.trailers.is_empty()) {
        headers.push(("trailer".to_owned(), b"x-trailer".to_vec()));
    }
    let chunked = random.chance(30);
    if chunked && body.is_some() {
        headers.push(("transfer-encoding".to_owned(), b"chunked".to_vec()));
    }
    Answer { status: *random.pick(&[200, 200, 200, 200, 201, 204, 304, 404, 500, 206]), headers, body }
}
