//! The client's certificate, as the host tells of it. In: properties of the connection. Out: parts of a certificate that the host
//! verified; of alternative names the host tells the first of each kind.

use super::request::text;
use crate::contract::certificate;
use crate::frame::Frame;
use crate::host::{Host, Status};

/// A part; nothing when there is no certificate, or it lacks that part. A fault when the host does not tell.
pub fn part<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, part: i32) -> Option<&'a [u8]> {
    let verified = property(frame, host, b"connection\0mtls")?;
    if verified.first() != Some(&1) {
        return None;
    }
    let path: &[u8] = match part {
        certificate::URI => b"connection\0uri_san_peer_certificate",
        certificate::DNS => b"connection\0dns_san_peer_certificate",
        certificate::SUBJECT => b"connection\0subject_peer_certificate",
        _ => return Some(verified),
    };
    let value = property(frame, host, path).filter(|value| !value.is_empty())?;
    Some(text(frame, value))
}

fn property<'a, H: Host>(frame: &mut Frame<'a>, host: &mut H, path: &[u8]) -> Option<&'a [u8]> {
    let found = host.property(frame.arena, path);
    frame.fault |= !matches!(found, Ok(_) | Err(Status::NOT_FOUND));
    found.ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::part;
    use crate::contract::certificate::{DNS, PRESENT, SUBJECT, URI};
    use crate::frame::Frame;
    use crate::rt::arena::Arena;
    use crate::testing::FakeHost;

    fn parts(properties: &[(&str, &[u8])]) -> [Option<Vec<u8>>; 4] {
        let arena = Arena::new();
        let mut frame = Frame::new(&arena);
        let mut host = FakeHost::default();
        for (name, value) in properties {
            host.properties.insert(format!("connection\0{name}").into_bytes(), value.to_vec());
        }
        let found = [PRESENT, URI, DNS, SUBJECT].map(|number| part(&mut frame, &mut host, number).map(<[u8]>::to_vec));
        assert!(!frame.fault);
        found
    }

    #[test]
    fn only_a_verified_certificate_says_anything() {
        assert_eq!(parts(&[]), [None, None, None, None]);
        let told: [(&str, &[u8]); 2] = [("uri_san_peer_certificate", b"spiffe://a/b"), ("subject_peer_certificate", b"CN=a")];
        assert_eq!(parts(&[("mtls", &[0]), told[0], told[1]]), [None, None, None, None]);
        let present = Some(vec![1]);
        assert_eq!(
            parts(&[("mtls", &[1]), told[0], told[1]]),
            [present.clone(), Some(b"spiffe://a/b".to_vec()), None, Some(b"CN=a".to_vec())]
        );
        assert_eq!(parts(&[("mtls", &[1]), ("subject_peer_certificate", b"")]), [present, None, None, None]);
    }

    #[test]
    fn a_host_that_does_not_tell_is_a_fault() {
        let arena = Arena::new();
        let mut frame = Frame::new(&arena);
        let mut host = FakeHost::default();
        host.failing.insert("property", 10);
        assert_eq!(part(&mut frame, &mut host, URI), None);
        assert!(frame.fault);
    }
}
