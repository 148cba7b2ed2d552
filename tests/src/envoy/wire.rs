//! HTTP/1.1 on a socket, for the test client and the test upstream. In and out: message heads and bodies.
//! Written by hand because tests need what HTTP libraries hide: repeated lines, chunk borders, trailers, cut bodies.

use std::io::{BufRead, Read, Result, Write};
use std::thread::sleep;
use std::time::Duration;

use portcullis::tools::message::{Body, Headers, header};

/// Between two pieces of a split body, so that Envoy reads them one by one.
const PAUSE: Duration = Duration::from_millis(2);

/// Above so many pieces no pause is made: the test is then about amount, not about borders.
const PACED: usize = 400;

/// A start line and the header lines after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The request or status line.
    pub start: String,
    /// The headers; names in lower case.
    pub headers: Headers,
}

/// What came after a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The body as far as it arrived.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Headers,
    /// Whether the body ended as its framing says.
    pub complete: bool,
}

/// Reads a head; `None` when the other side closed before its end.
///
/// # Errors
/// Those of the socket.
pub fn read_head(reader: &mut impl BufRead) -> Result<Option<Head>> {
    let Some(start) = read_line(reader)? else {
        return Ok(None);
    };
    let start = String::from_utf8_lossy(&start).into_owned();
    Ok(read_fields(reader)?.map(|headers| Head { start, headers }))
}

/// Header lines up to the empty line; `None` when the other side closed before it.
fn read_fields(reader: &mut impl BufRead) -> Result<Option<Headers>> {
    let mut headers = Headers::new();
    loop {
        let Some(line) = read_line(reader)? else {
            return Ok(None);
        };
        if line.is_empty() {
            return Ok(Some(headers));
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = String::from_utf8_lossy(parts.next().unwrap_or_default()).to_ascii_lowercase();
        headers.push((name, parts.next().unwrap_or_default().trim_ascii().to_vec()));
    }
}

/// A line without its end; `None` when the stream ended before the line did.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}

/// Reads a body as its headers frame it. Without framing a request has none and a response ends with the connection.
///
/// # Errors
/// None of the socket's: a reset is a body that did not complete.
pub fn read_tail(reader: &mut impl BufRead, headers: &Headers, request: bool) -> Tail {
    let mut tail = Tail::default();
    // A reset loses what is on its way; what was read before it stays in `tail`.
    tail.complete = read_into(reader, headers, request, &mut tail).unwrap_or(false);
    tail
}

fn read_into(reader: &mut impl BufRead, headers: &Headers, request: bool, tail: &mut Tail) -> Result<bool> {
    if header(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked")) {
        return read_chunks(reader, tail);
    }
    if let Some(value) = header(headers, "content-length") {
        let Some(length) = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok()) else {
            return Ok(false);
        };
        return read_exact(reader, length, &mut tail.body);
    }
    if !request {
        reader.read_to_end(&mut tail.body)?;
    }
    Ok(true)
}

fn read_chunks(reader: &mut impl BufRead, tail: &mut Tail) -> Result<bool> {
    loop {
        let Some(line) = read_line(reader)? else {
            return Ok(false);
        };
        let digits = String::from_utf8_lossy(&line);
        let digits = digits.split(';').next().unwrap_or_default().trim();
        let Ok(length) = u64::from_str_radix(digits, 16) else {
            return Ok(false);
        };
        if length == 0 {
            let trailers = read_fields(reader)?;
            let complete = trailers.is_some();
            tail.trailers = trailers.unwrap_or_default();
            return Ok(complete);
        }
        if !read_exact(reader, length, &mut tail.body)? || read_line(reader)?.is_none() {
            return Ok(false);
        }
    }
}

/// Appends so many bytes; `false` when fewer came.
fn read_exact(reader: &mut impl BufRead, length: u64, into: &mut Vec<u8>) -> Result<bool> {
    Ok(u64::try_from(reader.take(length).read_to_end(into)?).is_ok_and(|read| read == length))
}

/// Whether a body goes out in chunks: trailers need it, or the headers ask for it.
#[must_use]
pub fn chunked(headers: &Headers, body: &Body) -> bool {
    !body.trailers.is_empty() || header(headers, "transfer-encoding").is_some()
}

/// The framing lines that the headers do not have themselves.
#[must_use]
pub fn framing(headers: &Headers, body: Option<&Body>) -> String {
    match body {
        Some(body) if chunked(headers, body) => match header(headers, "transfer-encoding") {
            Some(_) => String::new(),
            None => "transfer-encoding: chunked\r\n".to_owned(),
        },
        Some(body) if header(headers, "content-length").is_none() => format!("content-length: {}\r\n", body.bytes.len()),
        Some(_) | None => String::new(),
    }
}

/// Appends header lines, byte for byte.
pub fn push_fields(out: &mut Vec<u8>, headers: &Headers) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes a body, each piece as a segment of its own.
///
/// # Errors
/// Those of the socket; a proxy that answers early closes it while the body is written.
pub fn write_body(writer: &mut impl Write, headers: &Headers, body: &Body) -> Result<()> {
    let chunked = chunked(headers, body);
    let size = body.split.unwrap_or(body.bytes.len()).max(1);
    let paced = body.bytes.len() / size <= PACED && body.split.is_some();
    for piece in body.bytes.chunks(size) {
        if paced {
            sleep(PAUSE);
        }
        if chunked {
            let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
            chunk.extend_from_slice(piece);
            chunk.extend_from_slice(b"\r\n");
            writer.write_all(&chunk)?;
        } else {
            writer.write_all(piece)?;
        }
    }
    if chunked {
        if paced {
            sleep(PAUSE);
        }
        let mut end = b"0\r\n".to_vec();
        push_fields(&mut end, &body.trailers);
        end.extend_from_slice(b"\r\n");
        writer.write_all(&end)?;
    }
    writer.flush()
}
