//! Streaming redaction against a naive reading of whole bodies: every cut of small bodies, random bodies in all chunk
//! sizes, real webhooks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod bodies;
mod corpus;
mod naive;
mod response;

use super::mask::{Mask, Masks};
use super::output::Output;
use super::scanner::Scanner;
use crate::rt::arena::Arena;

/// What most tests use.
pub(super) const MASK: Mask<'static> = Mask { keep_first: 0, keep_last: 4, text: b"*", json: b"*" };

/// Runs a body through the scanner in the given cuts. Checks that the verbatim account is true.
pub(super) fn stream<'b>(is_json: bool, mask: &Mask<'_>, chunks: impl Iterator<Item = &'b [u8]>) -> Vec<u8> {
    let mut scanner = Scanner::new(is_json);
    let mut masks = Masks::new();
    masks.push(u64::MAX, *mask);
    let mut position = 0;
    let mut whole = Vec::new();
    let arena = Arena::new();
    let mut chunks = chunks.peekable();
    while let Some(chunk) = chunks.next() {
        let held = scanner.held(&arena).unwrap();
        let source = [held, chunk].concat();
        let mut out = Output::new(&arena, held, chunk, position);
        scanner.feed(chunk, &masks, &mut out);
        if chunks.peek().is_none() {
            scanner.end(&masks, &mut out);
            assert_eq!(scanner.held_len(), 0);
        }
        assert!(scanner.held_len() <= 40 * 6 + 129);
        position = out.position();
        let verbatim = out.is_verbatim();
        let piece = out.finish().unwrap();
        if verbatim {
            assert_eq!(piece, &source[..piece.len()]);
            assert_eq!(piece.len() + scanner.held_len(), source.len());
            assert_eq!(scanner.held(&arena).unwrap(), &source[piece.len()..]);
        }
        whole.extend_from_slice(piece);
        // SAFETY: nothing of the arena is kept.
        unsafe { arena.reset() };
    }
    whole
}

/// A small generator of numbers with a fixed start: tests repeat.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
