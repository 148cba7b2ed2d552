//! Plain text: every byte is a character.
//! In: chunks. Out: the same bytes, matches masked; what may be part of a match waits in the window.

use super::mask::Masks;
use super::output::Output;
use super::window::Window;
use crate::bytes;

/// Reads a chunk of text.
pub fn feed(window: &mut Window, mut chunk: &[u8], masks: &Masks<'_>, out: &mut Output<'_>) {
    while let Some(&byte) = chunk.first() {
        let passed = window.skip(chunk, |_| false);
        if passed > 0 {
            out.keep(bytes::until(chunk, passed));
            chunk = bytes::from(chunk, passed);
            continue;
        }
        window.push(byte, &[byte], masks, out);
        chunk = bytes::from(chunk, 1);
    }
}
