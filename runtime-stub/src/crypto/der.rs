//! DER (X.690) of what the host takes: public keys (RFC 5280, 3279, 5480) and ECDSA signatures. In: numbers. Out: bytes.
//! Constants are written as numbers, so that they are code of the functions that use them and no data of every module.

use crate::bytes;

/// Bytes of a key of P-256.
pub const P256: usize = 91;
/// Bytes of a key of P-384.
pub const P384: usize = 120;

/// Writes front to back; what does not fit is left out.
struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    #[inline(never)]
    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(self.at..) {
            self.at = self.at.saturating_add(bytes::copy(place, bytes));
        }
    }

    /// The last `size` bytes of a number.
    #[inline(never)]
    fn word(&mut self, word: u64, size: usize) {
        let bytes = word.to_be_bytes();
        self.put(bytes::from(&bytes, 8usize.saturating_sub(size)));
    }

    /// Tag and length.
    #[inline(never)]
    fn head(&mut self, tag: u8, len: usize) {
        self.word(u64::from(tag), 1);
        match len {
            0..128 => self.word(len as u64, 1),
            128..256 => self.word(0x8100 | len as u64, 2),
            _ => self.word(0x82_0000 | len as u64, 3),
        }
    }

    fn integer(&mut self, number: &[u8]) {
        let number = significant(number);
        let positive = needs_zero(number);
        self.head(2, number.len().saturating_add(usize::from(positive)));
        if positive {
            self.word(0, 1);
        }
        self.put(number);
    }
}

fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count().min(number.len().saturating_sub(1));
    bytes::from(number, zeros)
}

/// Whether the first bit would make the number negative.
fn needs_zero(number: &[u8]) -> bool {
    number.first().is_some_and(|byte| byte & 0x80 != 0)
}

/// Bytes with tag and length.
const fn whole(len: usize) -> usize {
    len.saturating_add(match len {
        0..128 => 2,
        128..256 => 3,
        _ => 4,
    })
}

fn integer_size(number: &[u8]) -> usize {
    let number = significant(number);
    whole(number.len().saturating_add(usize::from(needs_zero(number))))
}

/// Bytes of an RSA key.
pub fn rsa_size(n: &[u8], e: &[u8]) -> usize {
    whole(whole(whole(integer_size(n).saturating_add(integer_size(e))).saturating_add(1)).saturating_add(15))
}

/// Writes an RSA key: `SubjectPublicKeyInfo`.
pub fn rsa(out: &mut [u8], n: &[u8], e: &[u8]) {
    let numbers = integer_size(n).saturating_add(integer_size(e));
    let mut writer = Writer { out, at: 0 };
    writer.head(0x30, whole(whole(numbers).saturating_add(1)).saturating_add(15));
    // rsaEncryption without parameters
    writer.word(0x300d_0609_2a86_4886, 8);
    writer.word(0xf7_0d01_0101_0500, 7);
    writer.head(3, whole(numbers).saturating_add(1));
    writer.word(0, 1);
    writer.head(0x30, numbers);
    writer.integer(n);
    writer.integer(e);
}

/// Writes a key on a curve from its coordinates: P-256 when there is room for just that, else P-384.
pub fn curve(out: &mut [u8], coordinates: &[u8]) {
    let short = out.len() == P256;
    let mut writer = Writer { out, at: 0 };
    // id-ecPublicKey, then the curve
    if short {
        writer.word(0x3059_3013_0607_2a86, 8);
        writer.word(0x48ce_3d02_0106_082a, 8);
        writer.word(0x8648_ce3d_0301_0703, 8);
        writer.word(0x42_0004, 3);
    } else {
        writer.word(0x3076_3010_0607_2a86, 8);
        writer.word(0x48ce_3d02_0106_052b, 8);
        writer.word(0x81_0400_2203_6200, 7);
        writer.word(4, 1);
    }
    writer.put(coordinates);
}

/// Most bytes of an ECDSA signature of P-384.
pub const SIGNATURE: usize = 104;

/// Writes a signature (r, s) and gives its size.
pub fn signature(out: &mut [u8; SIGNATURE], signature: &[u8]) -> usize {
    let (r, s) = signature.split_at_checked(signature.len() / 2).unwrap_or((&[], &[]));
    let mut writer = Writer { out, at: 0 };
    writer.head(0x30, integer_size(r).saturating_add(integer_size(s)));
    writer.integer(r);
    writer.integer(s);
    writer.at
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{P256, P384, SIGNATURE, curve, rsa, rsa_size, signature};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn keys() {
        let mut n = [0; 257];
        n[1] = 0x80;
        let mut key = vec![0; rsa_size(&n, &[0, 1, 0, 1])];
        rsa(&mut key, &n, &[0, 1, 0, 1]);
        assert_eq!(key.len(), 294);
        assert!(hex(&key).starts_with("30820122300d06092a864886f70d01010105000382010f003082010a028201010080000000"));
        assert!(hex(&key).ends_with("0000000203010001"));
        let mut key = [0; P256];
        curve(&mut key, &[7; 64]);
        assert_eq!(hex(&key), format!("3059301306072a8648ce3d020106082a8648ce3d03010703420004{}", "07".repeat(64)));
        let mut key = [0; P384];
        curve(&mut key, &[7; 96]);
        assert_eq!(hex(&key), format!("3076301006072a8648ce3d020106052b81040022036200 04{}", "07".repeat(96)).replace(' ', ""));
    }

    #[test]
    fn signatures() {
        let mut out = [0; SIGNATURE];
        let size = signature(&mut out, &[0, 0, 0x80, 1, 0, 0, 0, 0]);
        assert_eq!(hex(out.get(..size).unwrap()), "3008020300800102 0100".replace(' ', ""));
        assert_eq!(signature(&mut out, &[0xff; 96]), SIGNATURE);
    }
}
