//! Digests and HMAC, written for size. In: bytes, piece by piece. Out: digests.
//!
//! Not the RustCrypto crates: their rounds are unrolled (SHA-512 alone to some 13 KiB of code, a fifth of what a module may
//! have), and their compact variants call through function tables, which keep linking from dropping functions. The tests
//! compare with the crates.
//!
//! An algorithm is a state and how it takes in one block ([`Algorithm`]); [`Stream`] cuts bytes into blocks and pads. The
//! constants of the rounds of SHA-512 and MD5 come as a table from the policy, so that only modules that use them carry them.

pub mod hmac;
pub mod md5;
pub mod sha1;
pub mod sha256;
pub mod sha512;

use crate::bytes;

/// Most bytes of a block.
const BLOCK: usize = 128;
/// Most bytes of a digest.
pub const SIZE: usize = 64;

/// A digest: as many bytes as the algorithm gives, then zeros.
pub type Digest = [u8; SIZE];

/// How a digest is computed.
pub trait Algorithm: Copy {
    /// Bytes of a block: 64 or 128.
    const BLOCK: usize;
    /// Bytes of the digest.
    const SIZE: usize;
    /// Bytes that the length takes at the end: 8 or 16.
    const LENGTH: usize;

    /// Takes in one block.
    fn absorb(&mut self, block: &[u8]);
    /// The length of a message in bits, in the order of bytes of this algorithm.
    fn length(bits: u64) -> [u8; 8];
    /// The digest after the last block.
    fn output(&self) -> Digest;
}

/// A digest in the making.
#[derive(Clone, Copy)]
pub struct Stream<A> {
    state: A,
    waiting: [u8; BLOCK],
    used: usize,
    taken: u64,
}

impl<A: Algorithm> Stream<A> {
    /// Nothing taken in so far.
    pub const fn new(start: A) -> Stream<A> {
        Stream { state: start, waiting: [0; BLOCK], used: 0, taken: 0 }
    }

    /// Takes in bytes.
    #[inline(never)]
    pub fn update(&mut self, message: &[u8]) {
        self.taken = self.taken.wrapping_add(message.len() as u64);
        let mut rest = message;
        if self.used > 0 {
            let place = self.waiting.get_mut(self.used..A::BLOCK).unwrap_or(&mut []);
            let filled = bytes::copy(place, rest);
            rest = bytes::from(rest, filled);
            self.used = self.used.wrapping_add(filled);
            if self.used < A::BLOCK {
                return;
            }
            self.state.absorb(bytes::until(&self.waiting, A::BLOCK));
        }
        let mut blocks = rest.chunks_exact(A::BLOCK);
        for block in blocks.by_ref() {
            self.state.absorb(block);
        }
        self.used = bytes::copy(&mut self.waiting, blocks.remainder());
    }

    /// The digest of all that was taken in.
    #[inline(never)]
    pub fn finish(mut self) -> Digest {
        // A bit, zeros, and the length in bits at the end of a block; 64 bits of it, whatever room there is.
        let length = A::length(self.taken.wrapping_mul(8));
        self.pad(&[0x80]);
        while self.used != A::BLOCK.wrapping_sub(A::LENGTH) {
            self.pad(&[0]);
        }
        if A::LENGTH > 8 {
            self.pad(&[0; 8]);
        }
        self.pad(&length);
        self.state.output()
    }

    fn pad(&mut self, more: &[u8]) {
        let place = self.waiting.get_mut(self.used..A::BLOCK).unwrap_or(&mut []);
        self.used = self.used.wrapping_add(bytes::copy(place, more));
        if self.used >= A::BLOCK {
            self.state.absorb(bytes::until(&self.waiting, A::BLOCK));
            self.used = 0;
        }
    }
}

/// The digest of bytes that are all there.
pub fn of<A: Algorithm>(start: A, message: &[u8]) -> Digest {
    let mut stream = Stream::new(start);
    stream.update(message);
    stream.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Algorithm, Stream, hmac, md5, of, sha1, sha256, sha512};
    use ::hmac::{KeyInit, Mac};
    use ::sha2::Digest as _;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    /// Whole and in pieces of every size, the digest is the crate's.
    fn agrees<A: Algorithm>(start: A, expected: impl Fn(&[u8]) -> Vec<u8>) {
        for len in (0..300).chain([511, 512, 513, 1000, 10_000]) {
            let message = bytes(len);
            let expected = expected(&message);
            assert_eq!(expected.len(), A::SIZE);
            assert_eq!(of(start, &message).get(..A::SIZE), Some(&expected[..]), "{len}");
            for size in [1, 3, 63, 64, 65, 127, 128, 129] {
                let mut stream = Stream::new(start);
                message.chunks(size).for_each(|piece| stream.update(piece));
                assert_eq!(stream.finish().get(..A::SIZE), Some(&expected[..]), "{len} in pieces of {size}");
            }
        }
    }

    #[test]
    fn digests_agree_with_the_crates() {
        let (long, short) = (sha512::rounds(), md5::rounds());
        agrees(sha256::Sha256::new(), |message| sha2::Sha256::digest(message).to_vec());
        agrees(sha512::Sha512::new(&long), |message| sha2::Sha512::digest(message).to_vec());
        agrees(sha512::Sha384::new(&long), |message| sha2::Sha384::digest(message).to_vec());
        agrees(sha1::Sha1::new(), |message| ::sha1::Sha1::digest(message).to_vec());
        agrees(md5::Md5::new(&short), |message| ::md5::Md5::digest(message).to_vec());
    }

    #[test]
    fn hmac_agrees_with_the_crate() {
        let long = sha512::rounds();
        for key in [0, 1, 20, 63, 64, 65, 127, 128, 129, 200] {
            for len in [0, 1, 55, 64, 111, 112, 128, 1000] {
                let (key, message) = (bytes(key), bytes(len));
                let mut expected = ::hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
                expected.update(&message);
                let found = hmac::of(sha256::Sha256::new(), &key, &message);
                assert_eq!(found.get(..32), Some(&expected.finalize().into_bytes()[..]));
                let mut expected = ::hmac::Hmac::<sha2::Sha512>::new_from_slice(&key).unwrap();
                expected.update(&message);
                let found = hmac::of(sha512::Sha512::new(&long), &key, &message);
                assert_eq!(found.get(..64), Some(&expected.finalize().into_bytes()[..]));
                let mut expected = ::hmac::Hmac::<::sha1::Sha1>::new_from_slice(&key).unwrap();
                expected.update(&message);
                let found = hmac::of(sha1::Sha1::new(), &key, &message);
                assert_eq!(found.get(..20), Some(&expected.finalize().into_bytes()[..]));
            }
        }
    }
}
