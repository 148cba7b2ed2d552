//! Requests that are signed as AWS does, in a header or in their query, mostly right.

use hmac::Hmac;
use portcullis::tools::message::Request;
use sha2::{Digest, Sha256};

use super::random::Random;
use super::signed::{code, spoilt};
use super::world::hex;

/// Signs a request.
pub(super) fn present(random: &mut Random, secret: &str, stamp: u64, request: &mut Request) {
    let date = date(stamp);
    let scope = format!("{}/eu-west-1/{}/aws4_request", date.get(..8).unwrap_or(""), random.pick(&["execute-api", "s3"]));
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (request.target.clone(), String::new()),
    };
    let mut pieces: Vec<String> = query.split('&').filter(|piece| !piece.is_empty()).map(str::to_owned).collect();
    let in_query = random.chance(40);
    let payload = hex(&Sha256::digest(request.body.as_ref().map_or(&[][..], |body| &body.bytes)));
    let mut signed = vec![("host".to_owned(), request.authority.clone())];
    if in_query {
        let names = ["X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned(), format!("X-Amz-Credential=AK%2F{}", scope.replace('/', "%2F"))];
        pieces.extend(names);
        let expires = random.pick(&["60", "3600", "1", "604801", "x"]);
        pieces.extend([format!("X-Amz-Date={date}"), format!("X-Amz-Expires={expires}"), "X-Amz-SignedHeaders=host".to_owned()]);
        if random.chance(20) {
            pieces.push("X-Amz-Security-Token=t".to_owned());
        }
    } else {
        if random.chance(30) {
            let told = if random.chance(80) { payload.clone() } else { "UNSIGNED-PAYLOAD".to_owned() };
            request.headers.push(("x-amz-content-sha256".to_owned(), told.clone().into_bytes()));
            signed.push(("x-amz-content-sha256".to_owned(), told));
        }
        request.headers.push(("x-amz-date".to_owned(), date.clone().into_bytes()));
        signed.push(("x-amz-date".to_owned(), date.clone()));
    }
    let mut sorted: Vec<String> =
        pieces.iter().map(|piece| if piece.contains('=') { piece.clone() } else { format!("{piece}=") }).collect();
    sorted.sort();
    if random.chance(10) {
        sorted.retain(|piece| !piece.starts_with("X-Amz-Security-Token"));
    }
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let path = if random.chance(30) { path.replace('%', "%25") } else { path };
    let canonical = format!("{}\n{path}\n{}\n{lines}\n{names}\n{payload}", request.method, sorted.join("&"));
    let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, name| code::<Hmac<Sha256>>(&key, name.as_bytes()));
    let signature = spoilt(random, hex(&code::<Hmac<Sha256>>(&key, message.as_bytes())));
    if in_query {
        let received = request.target.split('?').next().unwrap_or("").to_owned();
        pieces.push(format!("X-Amz-Signature={signature}"));
        request.target = format!("{received}?{}", pieces.join("&"));
    } else {
        let value = format!("AWS4-HMAC-SHA256 Credential=AK/{scope}, SignedHeaders={names}, Signature={signature}");
        request.headers.push(("authorization".to_owned(), value.into_bytes()));
    }
}

/// `20260101T000000Z`, from seconds since 1970: the year has 365 or 366 days, and these requests come in a few of them.
fn date(stamp: u64) -> String {
    let (mut days, mut year) = (stamp / 86_400, 1970);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let time = stamp % 86_400;
    format!("{year:04}{month:02}{:02}T{:02}{:02}{:02}Z", days + 1, time / 3600, time / 60 % 60, time % 60)
}
