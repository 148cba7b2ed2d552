//! The test client. In: a port, a request. Out: the response as it arrived. One connection per request, opened by a
//! PROXY line so that the request may come from any address.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use portcullis::tools::engine::EngineError;
use portcullis::tools::message::{Headers, Request, Response, Tls};

use super::fault;
use super::tls::{self, Authority};
use super::wire::{framing, push_fields, read_head, read_tail, write_body};

/// A proxy that does not answer for so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The PROXY protocol's first version: tells the listener who connects.
fn proxy_line(request: &Request) -> String {
    let family = if request.client.is_ipv4() { "TCP4" } else { "TCP6" };
    let local = if request.client.is_ipv4() { "127.0.0.1" } else { "::1" };
    format!("PROXY {family} {} {local} {} 80\r\n", request.client, request.client_port)
}

/// Sends a request and reads the response. Headers go out line by line as given, in the case given.
///
/// # Errors
/// When the connection fails, or no whole response head arrives.
pub fn send(port: u16, request: &Request) -> Result<Response, EngineError> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(fault("connecting to Envoy"))?;
    stream.set_nodelay(true).map_err(fault("setting up the client's socket"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(fault("setting up the client's socket"))?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(fault("setting up the client's socket"))?;
    if let Some(tls) = &request.tls {
        return send_by_tls(stream, request, tls, Authority::trusted()?);
    }
    // The response is read while the body is still written: a proxy that streams stops reading when nobody reads.
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&stream, request));
        let response = read(&stream, request.method == "HEAD");
        // After the response nothing of the request matters any more.
        drop(stream.shutdown(Shutdown::Both));
        let written = writing.join().map_err(|_| EngineError("the writing half of the client broke down".to_owned()))?;
        match (response, written) {
            (Ok(response), _) => Ok(response),
            (Err(error), Ok(())) => Err(error),
            (Err(EngineError(read)), Err(written)) => Err(EngineError(format!("{read}; writing the request: {written}"))),
        }
    })
}

/// Sends a request by TLS, with a certificate that `authority` has signed. Bodies are small there: nobody reads meanwhile.
///
/// # Errors
/// When the connection fails or is refused, or no whole response head arrives.
pub fn send_by_tls(mut stream: TcpStream, request: &Request, tls: &Tls, authority: &Authority) -> Result<Response, EngineError> {
    stream.write_all(proxy_line(request).as_bytes()).map_err(fault("opening the connection"))?;
    let mut stream = tls::connect(stream, tls, authority)?;
    let mut bytes = head(request);
    if let Some(body) = &request.body {
        write_body(&mut bytes, &request.headers, body).map_err(fault("writing the request"))?;
    }
    tls::write(&mut stream, &bytes)?;
    read(&mut stream, request.method == "HEAD")
}

fn head(request: &Request) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.target, request.authority).into_bytes();
    push_fields(&mut head, &request.headers);
    head.extend_from_slice(framing(&request.headers, request.body.as_ref()).as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}

fn write(mut stream: &TcpStream, request: &Request) -> std::io::Result<()> {
    let head = [proxy_line(request).into_bytes(), head(request)].concat();
    let sent = stream.write_all(&head).and_then(|()| match &request.body {
        Some(body) => write_body(&mut stream, &request.headers, body),
        None => Ok(()),
    });
    match sent {
        // Envoy answered before it had read everything.
        Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
        other => other,
    }
}

fn read(stream: impl Read, head_request: bool) -> Result<Response, EngineError> {
    let mut reader = BufReader::new(stream);
    loop {
        let head = read_head(&mut reader)
            .map_err(fault("waiting for the response"))?
            .ok_or_else(|| EngineError("the connection was closed before a response".to_owned()))?;
        let status = status(&head.start)?;
        if (100..200).contains(&status) {
            continue;
        }
        if head_request || status == 204 || status == 304 {
            let (body, trailers) = (Vec::new(), Headers::new());
            return Ok(Response { status, headers: head.headers, body, trailers, complete: true });
        }
        let tail = read_tail(&mut reader, &head.headers, false);
        return Ok(Response { status, headers: head.headers, body: tail.body, trailers: tail.trailers, complete: tail.complete });
    }
}

fn status(line: &str) -> Result<u16, EngineError> {
    line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| EngineError(format!("`{line}` is no status line")))
}
