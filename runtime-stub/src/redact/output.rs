//! What comes out of a chunk: as long as it is what came in, only a number; from the first difference on, bytes.
//! In: pieces in order, kept or new. Out: nothing to do, or the bytes that replace the chunk.

use crate::bytes;
use crate::rt::arena::{Arena, Text};

/// The output of one callback.
pub struct Output<'a> {
    arena: &'a Arena,
    /// Bytes that were held back and stand in the host's buffer before the chunk.
    held: &'a [u8],
    /// The chunk.
    chunk: &'a [u8],
    /// Bytes of `held` and `chunk` that came out unchanged.
    kept: usize,
    /// From the first difference on.
    text: Option<Text<'a>>,
    /// Where in the body the next byte that comes out came in.
    position: u64,
    /// Numbers of the masks that changed something, one bit each.
    acted: u32,
}

impl<'a> Output<'a> {
    /// An output for a chunk. `held` stands before it in the host's buffer; `position` is where in the body the first
    /// byte stands that was not let out yet.
    pub fn new(arena: &'a Arena, held: &'a [u8], chunk: &'a [u8], position: u64) -> Output<'a> {
        Output { arena, held, chunk, kept: 0, text: None, position, acted: 0 }
    }

    /// These bytes come out as they came in.
    #[inline]
    pub fn keep(&mut self, piece: &[u8]) {
        self.position = self.position.wrapping_add(piece.len() as u64);
        match &mut self.text {
            None => self.kept = self.kept.saturating_add(piece.len()),
            Some(text) => text.push(piece),
        }
    }

    /// These bytes come out in the place of so many others, because of this mask.
    pub fn put(&mut self, piece: &[u8], others: usize, mask: u32) {
        self.position = self.position.wrapping_add(others as u64);
        self.acted |= 1u32.wrapping_shl(mask);
        self.diverge();
        if let Some(text) = &mut self.text {
            text.push(piece);
        }
    }

    /// From here on the output is written, whether it differs or not.
    pub fn diverge(&mut self) {
        if self.text.is_none() {
            let mut text = Text::new(self.arena);
            text.push(bytes::until(self.held, self.kept));
            text.push(bytes::until(self.chunk, self.kept.saturating_sub(self.held.len())));
            self.text = Some(text);
        }
    }

    /// Numbers of the masks that changed something, one bit each.
    pub fn acted(&self) -> u32 {
        self.acted
    }

    /// Where in the body the next byte that comes out came in.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.text.as_ref().map_or(self.kept, Text::len)
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all that came out so far is what came in.
    pub fn is_verbatim(&self) -> bool {
        self.text.is_none()
    }

    /// The bytes; nothing when memory was exhausted.
    pub fn finish(mut self) -> Option<&'a [u8]> {
        self.diverge();
        self.text.and_then(Text::finish)
    }
}
