//! The host's own verification: Envoy's foreign function `verify_signature` (BoringSSL). In: what is to be verified.
//! Out: whether the signature holds, or that the host does not verify.
//!
//! It takes RSA with PKCS #1 v1.5 and ECDSA, keys and signatures in DER. PSS and Ed25519 it does not, so those are ours always.

use super::der;
use crate::host::{Host, Status};
use crate::rt::arena::{Arena, Text};

const FUNCTION: usize = 16;

/// The name of the host's function and that of a hash, as [`verify`] takes them: from the policy's data, because not all modules verify.
#[cfg(not(target_arch = "wasm32"))]
pub fn names(hash: &str) -> Vec<u8> {
    [b"verify_signature", hash.as_bytes()].concat()
}

/// Whether the host verifies; found out when the configuration is loaded ([`probe`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Not asked yet, or it has answered.
    Open,
    /// It has no such function.
    None,
}

/// Whether the host verifies: asks it about nothing, which no signature is.
pub fn probe<H: Host>(host: &mut H, offer: &mut Offer, arena: &Arena, names: &[u8]) -> bool {
    let Some((function, _)) = names.split_at_checked(FUNCTION) else { return false };
    *offer = match host.foreign(arena, function, &[]) {
        Err(Status::NOT_FOUND) => Offer::None,
        Ok(_) | Err(_) => Offer::Open,
    };
    *offer == Offer::Open
}

/// Asks the host. Nothing when it does not verify this.
#[inline(never)]
pub fn verify<H: Host>(
    host: &mut H,
    offer: &mut Offer,
    arena: &Arena,
    names: &[u8],
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    if *offer == Offer::None || key.is_empty() {
        return None;
    }
    let (function, hash) = names.split_at_checked(FUNCTION)?;
    let mut argument = Text::new(arena);
    for (tag, field) in [(0x0a, hash), (0x12, key), (0x1a, signature), (0x22, message)] {
        argument.push_byte(tag);
        let mut len = field.len();
        while len >= 0x80 {
            argument.push_byte(len as u8 | 0x80);
            len >>= 7;
        }
        argument.push_byte(len as u8);
        argument.push(field);
    }
    match host.foreign(arena, function, argument.finish()?) {
        // Field 1, a bool; it is left out when false, and field 2 then says why.
        Ok(answer) => Some(answer.starts_with(&[0x08, 0x01])),
        Err(status) => {
            if status == Status::NOT_FOUND {
                *offer = Offer::None;
            }
            None
        }
    }
}

/// Likewise for ECDSA, with a signature as JWS has it.
pub fn verify_ecdsa<H: Host>(
    host: &mut H,
    offer: &mut Offer,
    arena: &Arena,
    names: &[u8],
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let mut place = [0; der::SIGNATURE];
    let size = der::signature(&mut place, signature);
    verify(host, offer, arena, names, key, message, place.get(..size)?)
}

#[cfg(test)]
mod tests {
    use super::{Offer, names, probe, verify};
    use crate::rt::arena::Arena;
    use crate::testing::FakeHost;

    fn ask(host: &mut FakeHost, offer: &mut Offer) -> Option<bool> {
        verify(host, offer, &Arena::new(), &names("sha256"), &[1; 200], b"m", b"s")
    }

    #[test]
    fn the_host_decides_when_it_can() {
        let (mut host, mut offer) = (FakeHost::default(), Offer::Open);
        host.foreign.insert("verify_signature", vec![8, 1]);
        assert_eq!(ask(&mut host, &mut offer), Some(true));
        let argument = host.foreign_arguments.last().cloned().unwrap_or_default();
        assert!(argument.starts_with(&[0x0a, 6, b's', b'h', b'a', b'2', b'5', b'6', 0x12, 0xc8, 1, 1, 1]), "{argument:?}");
        assert!(argument.ends_with(&[0x1a, 1, b's', 0x22, 1, b'm']));
        host.foreign.insert("verify_signature", vec![0x12, 3, b'b', b'a', b'd']);
        assert_eq!(ask(&mut host, &mut offer), Some(false));
        host.foreign.insert("verify_signature", vec![8, 0]);
        assert_eq!(ask(&mut host, &mut offer), Some(false));
        host.foreign.insert("verify_signature", Vec::new());
        assert_eq!(ask(&mut host, &mut offer), Some(false));
    }

    #[test]
    fn the_choice_is_made_before_the_first_signature() {
        let (mut host, mut offer) = (FakeHost::default(), Offer::Open);
        assert!(!probe(&mut host, &mut offer, &Arena::new(), &names("sha256")));
        assert_eq!((ask(&mut host, &mut offer), host.calls.len()), (None, 1));
        // Another VM of the same host, or a host that was made anew.
        host.foreign.insert("verify_signature", vec![8, 1]);
        assert!(probe(&mut host, &mut offer, &Arena::new(), &names("sha256")));
        assert_eq!(ask(&mut host, &mut offer), Some(true));
        // A host that cannot answer now may have it all the same.
        host.failing.insert("foreign", 10);
        assert!(probe(&mut host, &mut offer, &Arena::new(), &names("sha256")));
    }

    #[test]
    fn a_host_that_has_none_is_asked_once() {
        let (mut host, mut offer) = (FakeHost::default(), Offer::Open);
        assert_eq!((ask(&mut host, &mut offer), ask(&mut host, &mut offer)), (None, None));
        assert_eq!(host.calls, ["foreign"]);
        // One that fails otherwise may do better the next time.
        let (mut host, mut offer) = (FakeHost::default(), Offer::Open);
        host.failing.insert("foreign", 10);
        assert_eq!((ask(&mut host, &mut offer), ask(&mut host, &mut offer)), (None, None));
        assert_eq!(host.calls, ["foreign", "foreign"]);
    }
}
