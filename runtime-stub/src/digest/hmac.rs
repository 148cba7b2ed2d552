//! HMAC (RFC 2104) over any digest. In: key and message, the message in pieces if need be. Out: the code.

use super::{Algorithm, BLOCK, Digest, Stream};
use crate::bytes;

/// A code in the making.
#[derive(Clone, Copy)]
pub struct Hmac<A> {
    inner: Stream<A>,
    outer: Stream<A>,
}

impl<A: Algorithm> Hmac<A> {
    /// Under a key of any length.
    pub fn new(start: A, key: &[u8]) -> Hmac<A> {
        let mut block = [0u8; BLOCK];
        if key.len() > A::BLOCK {
            let digest = super::of(start, key);
            bytes::copy(&mut block, bytes::until(&digest, A::SIZE));
        } else {
            bytes::copy(&mut block, key);
        }
        let (mut inner, mut outer) = (Stream::new(start), Stream::new(start));
        let mut mask = |stream: &mut Stream<A>, pad: u8| {
            block.iter_mut().for_each(|byte| *byte ^= pad);
            stream.update(bytes::until(&block, A::BLOCK));
        };
        mask(&mut inner, 0x36);
        // What was masked with the first pad becomes what is masked with the second.
        mask(&mut outer, 0x36 ^ 0x5c);
        Hmac { inner, outer }
    }

    /// Takes in a piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.inner.update(piece);
    }

    /// The code.
    pub fn finish(mut self) -> Digest {
        let digest = self.inner.finish();
        self.outer.update(bytes::until(&digest, A::SIZE));
        self.outer.finish()
    }
}

/// The code of a message that is all there.
pub fn of<A: Algorithm>(start: A, key: &[u8], message: &[u8]) -> Digest {
    let mut code = Hmac::new(start, key);
    code.update(message);
    code.finish()
}

#[cfg(test)]
mod tests {
    use super::{Hmac, of};
    use crate::digest::sha256::Sha256;

    #[test]
    fn pieces_make_no_difference() {
        let message: Vec<u8> = (0..=255).collect();
        for size in [1, 7, 64, 100] {
            let mut code = Hmac::new(Sha256::new(), b"key");
            message.chunks(size).for_each(|piece| code.update(piece));
            assert_eq!(code.finish(), of(Sha256::new(), b"key", &message));
        }
    }
}
