//! RSA signatures (RFC 8017): PKCS #1 v1.5 and PSS. In: prepared keys, digests, signatures. Out: whether a signature holds.
//!
//! A prepared key is a table: exponent, bits of the modulus, digits of its arrays (64, 96 or 128), `inverse`, then `n` and `square`
//! of its [`Modulus`], each digit little-endian. It is prepared once, by the compiler or when a configuration is loaded: what the
//! first multiplication needs costs as much as all others together.

use super::modulus::{self, Modulus, Number};
use crate::bytes::{self, u32_at};
use crate::digest::{Algorithm, Stream};

/// Fewest and most bits of a modulus: RFC 7518 demands 2048, and time grows with the square.
pub const BITS: core::ops::RangeInclusive<usize> = 2048..=4096;
/// Most digits.
const DIGITS: usize = 128;
/// Most bytes of a modulus.
const SIZE: usize = DIGITS * 4;
/// Bytes before the digits.
const HEAD: usize = 16;

/// How many digits arrays for a modulus have.
const fn digits(bits: usize) -> usize {
    match bits {
        0..=2048 => 64,
        2049..=3072 => 96,
        _ => DIGITS,
    }
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadKey {
    /// Not [`BITS`].
    Size,
    /// The exponent is even, less than 3, or above 32 bits.
    Exponent,
    /// The modulus is even.
    Modulus,
}

/// Bytes of the prepared key for a modulus (highest byte first), if it can be used.
pub fn prepared_size(n: &[u8], e: &[u8]) -> Result<usize, BadKey> {
    let bits = bits(n);
    if !BITS.contains(&bits) {
        return Err(BadKey::Size);
    }
    let e = significant(e);
    let exponent = modulus::from_bytes::<1>(e)[0];
    if e.len() > 4 || exponent < 3 || exponent & 1 == 0 {
        return Err(BadKey::Exponent);
    }
    if n.last().is_none_or(|byte| byte & 1 == 0) {
        return Err(BadKey::Modulus);
    }
    Ok(digits(bits).wrapping_mul(8).wrapping_add(HEAD))
}

/// Prepares a key into zeroed bytes of that size.
pub fn prepare(out: &mut [u8], n: &[u8], e: &[u8]) {
    let bits = bits(n);
    let number: Number<DIGITS> = modulus::from_bytes(n);
    let count = digits(bits);
    let low = number.first().copied().unwrap_or(1);
    // Newton: each step doubles the bits of the inverse that are right; five of them make 32 of the first three.
    let mut inverse = low;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2u32.wrapping_sub(low.wrapping_mul(inverse)));
    }
    bytes::put_u32(out, 0, modulus::from_bytes::<1>(e)[0]);
    bytes::put_u32(out, 4, bits as u32);
    bytes::put_u32(out, 8, count as u32);
    bytes::put_u32(out, 12, inverse.wrapping_neg());
    put(out, HEAD, &number, count);
    // Doubling 1 modulo n until it is 2^(64 · count).
    let ring = Modulus { n: number, one: [0; DIGITS], square: [0; DIGITS], inverse: 0 };
    let mut square = [0; DIGITS];
    square[0] = 1;
    for _ in 0..count.wrapping_mul(64) {
        square = ring.add(&square, &square);
    }
    put(out, HEAD.wrapping_add(count.wrapping_mul(4)), &square, count);
}

fn put(out: &mut [u8], at: usize, number: &Number<DIGITS>, count: usize) {
    for (n, digit) in number.iter().take(count).enumerate() {
        bytes::put_u32(out, at.wrapping_add(n.wrapping_mul(4)), *digit);
    }
}

fn significant(number: &[u8]) -> &[u8] {
    bytes::from(number, number.iter().take_while(|&&byte| byte == 0).count())
}

fn bits(number: &[u8]) -> usize {
    let number = significant(number);
    number.len().wrapping_mul(8).wrapping_sub(number.first().map_or(0, |byte| byte.leading_zeros() as usize))
}

/// The message that a signature hides, as many bytes as the modulus has; nothing when it cannot be one.
#[inline(never)]
fn open(key: &[u8], signature: &[u8], out: &mut [u8; SIZE]) -> Option<usize> {
    let bits = u32_at(key, 4) as usize;
    let size = bits.wrapping_add(7) / 8;
    if signature.len() != size || !BITS.contains(&bits) {
        return None;
    }
    let place = out.get_mut(..size)?;
    let holds = match u32_at(key, 8) {
        64 => power::<64>(key, signature, place),
        96 => power::<96>(key, signature, place),
        _ => power::<DIGITS>(key, signature, place),
    };
    holds.then_some(size)
}

fn read<const N: usize>(key: &[u8], at: usize) -> Number<N> {
    let mut number = [0; N];
    for (place, four) in number.iter_mut().zip(bytes::from(key, at).chunks_exact(4)) {
        *place = u32_at(four, 0);
    }
    number
}

/// The public operation. False when the signature is not below the modulus.
fn power<const N: usize>(key: &[u8], signature: &[u8], out: &mut [u8]) -> bool {
    let ring: Modulus<N> =
        Modulus { n: read(key, HEAD), one: [0; N], square: read(key, HEAD.wrapping_add(N.wrapping_mul(4))), inverse: u32_at(key, 12) };
    let number = modulus::from_bytes(signature);
    if !ring.contains(&number) {
        return false;
    }
    // An exponent of at least 3 is never 0: `one` is not read.
    let result = ring.power(&ring.enter(&number), &[u32_at(key, 0)]);
    modulus::to_bytes(&ring.leave(&result), out);
    true
}

/// Hashes by the last number of their object identifier (2.16.840.1.101.3.4.2.N).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Hash {
    /// SHA-256
    Sha256 = 1,
    /// SHA-384
    Sha384 = 2,
    /// SHA-512
    Sha512 = 3,
}

/// The start of `DigestInfo`, up to the digest; written in pieces, so that it is no data that every module carries.
fn prefix(hash: Hash, size: usize) -> [u8; 19] {
    let mut prefix = [0u8; 19];
    let mut at = 0usize;
    for piece in [0x3031_300d_0609_6086_u64, 0x4801_6503_0402_0105_u64] {
        if let Some(place) = prefix.get_mut(at..) {
            at = at.wrapping_add(bytes::copy(place, &piece.to_be_bytes()));
        }
    }
    prefix[1] = (size as u8).wrapping_add(17);
    prefix[14] = hash as u8;
    prefix[17] = 4;
    prefix[18] = size as u8;
    prefix
}

/// PKCS #1 v1.5. The whole padding is compared, so nothing can hide in it; parameters of the hash must be there.
#[inline(never)]
pub fn pkcs1(key: &[u8], hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
    let prefix = &prefix(hash, digest.len());
    let mut message = [0u8; SIZE];
    let Some(size) = open(key, signature, &mut message) else { return false };
    let message = bytes::until(&message, size);
    let info = prefix.len().wrapping_add(digest.len());
    let (Some((padding, info)), true) = (message.split_at_checked(size.wrapping_sub(info)), size > info.wrapping_add(10)) else {
        return false;
    };
    let (found, rest) = info.split_at_checked(prefix.len()).unwrap_or((&[], &[]));
    let last = padding.len().wrapping_sub(1);
    let padded = padding.iter().enumerate().all(|(n, &byte)| {
        byte == match n {
            0 => 0,
            1 => 1,
            _ if n == last => 0,
            _ => 0xff,
        }
    });
    padded && found == prefix && rest == digest
}

/// PSS with a salt as long as the digest and MGF1 over the same hash, as RFC 7518 has it.
#[inline(never)]
pub fn pss<A: Algorithm>(start: A, key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let mut message = [0u8; SIZE];
    let Some(size) = open(key, signature, &mut message) else { return false };
    // The encoded message has a bit less than the modulus.
    let bits = (u32_at(key, 4) as usize).wrapping_sub(1);
    let used = bits.wrapping_add(7) / 8;
    let skipped = size.wrapping_sub(used);
    if bytes::until(&message, skipped).iter().any(|&byte| byte != 0) {
        return false;
    }
    let Some(encoded) = message.get_mut(skipped..size) else { return false };
    let Some((masked, tail)) = encoded.split_at_mut_checked(used.wrapping_sub(A::SIZE).wrapping_sub(1)) else { return false };
    let (hash, end) = tail.split_at_checked(A::SIZE).unwrap_or((&[], &[]));
    let spare = used.wrapping_mul(8).wrapping_sub(bits);
    let outside = masked.first().is_none_or(|&first| u32::from(first) >> 8usize.wrapping_sub(spare) != 0);
    if end != [0xbc] || outside || masked.len() < A::SIZE.wrapping_add(1) {
        return false;
    }
    for (n, block) in masked.chunks_mut(A::SIZE).enumerate() {
        let mut mask = Stream::new(start);
        mask.update(hash);
        mask.update(&(n as u32).to_be_bytes());
        for (byte, mask) in block.iter_mut().zip(mask.finish()) {
            *byte ^= mask;
        }
    }
    if let Some(first) = masked.first_mut() {
        *first &= 0xffu8.wrapping_shr(spare as u32);
    }
    let Some((padding, salt)) = masked.split_at_checked(masked.len().wrapping_sub(A::SIZE)) else { return false };
    let Some((1, zeros)) = padding.split_last() else { return false };
    if zeros.iter().any(|&byte| byte != 0) {
        return false;
    }
    let mut expected = Stream::new(start);
    expected.update(&[0; 8]);
    expected.update(digest);
    expected.update(salt);
    bytes::until(&expected.finish(), A::SIZE) == hash
}
