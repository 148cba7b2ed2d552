//! A body as it streams: JSON as long as it is JSON, text otherwise.
//! In: chunks and the mask. Out: the same bytes, matches masked; how many bytes are held back.

use super::json::Json;
use super::mask::{Masks, Place};
use super::output::Output;
use super::text;
use super::window::Window;
use crate::bytes;
use crate::rt::arena::{Arena, Text};

/// The state between two chunks: of constant size, whatever the body.
pub struct Scanner {
    window: Window,
    json: Json,
    is_json: bool,
}

impl Scanner {
    /// Before the first byte.
    pub const fn new(is_json: bool) -> Scanner {
        Scanner { window: Window::new(Place::Text), json: Json::new(), is_json }
    }

    /// Reads a chunk.
    pub fn feed(&mut self, mut chunk: &[u8], masks: &Masks<'_>, out: &mut Output<'_>) {
        if self.is_json {
            let read = self.json.feed(&mut self.window, chunk, masks, out);
            chunk = bytes::from(chunk, read);
            if chunk.is_empty() {
                return;
            }
            self.json.give_up(&mut self.window, masks, out);
            self.is_json = false;
        }
        text::feed(&mut self.window, chunk, masks, out);
    }

    /// Ends the body: what is held leaves.
    pub fn end(&mut self, masks: &Masks<'_>, out: &mut Output<'_>) {
        if self.is_json {
            self.json.end(&mut self.window, masks, out);
        } else {
            self.window.end(masks, out);
        }
    }

    /// Number of bytes that are held back.
    pub fn held_len(&self) -> usize {
        self.window.held().len().saturating_add(self.json.held().len())
    }

    /// The bytes that are held back; nothing when memory is exhausted.
    pub fn held<'a>(&self, arena: &'a Arena) -> Option<&'a [u8]> {
        let mut held = Text::new(arena);
        held.push(self.window.held());
        held.push(self.json.held());
        held.finish()
    }
}
