//! Values of root contexts. In: loaded values. Out: what generated code reads; an old configuration stays until a new one is complete.

use crate::bytes::{slice_at, u32_at};
use crate::rt::heap::{Block, Heap, List};

use super::index;

/// Most root contexts that are kept.
const MOST: usize = 64;

/// A value.
pub struct Value {
    /// Whether there is one.
    pub is_present: bool,
    /// Whether its key was read.
    pub is_seen: bool,
    /// A number (`tables::schema::kind`), or the number of elements.
    pub number: i64,
    /// A value as it is held, or the elements with their lengths before them, or a map (`config::index`).
    pub text: Block,
    /// Of a map of keys: `tables::keys`. Of a list: cells with its elements.
    pub more: Block,
}

impl Value {
    /// None.
    pub const MISSING: Value = Value { is_present: false, is_seen: false, number: 0, text: Block::EMPTY, more: Block::EMPTY };

    /// The elements of a list.
    pub fn elements(&self) -> Elements<'_> {
        Elements { text: &self.text, at: 0 }
    }

    fn free(self, heap: &mut Heap) {
        heap.free(self.text);
        heap.free(self.more);
    }
}

/// Elements of a list.
pub struct Elements<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at.saturating_add(4);
        let element = slice_at(self.text, start, u32_at(self.text, self.at) as usize);
        self.at = start.saturating_add(element.len());
        Some(element)
    }
}

/// Values of one root context, by field.
pub type Values = List<Value>;

/// Frees values.
pub fn free(mut values: Values, heap: &mut Heap) {
    while let Some(value) = values.pop() {
        value.free(heap);
    }
    values.free(heap);
}

struct Root {
    context: u32,
    /// When it was configured last.
    order: u64,
    values: Values,
}

/// All root contexts.
pub struct Roots {
    roots: List<Root>,
    order: u64,
}

impl Roots {
    /// None.
    pub const fn new() -> Roots {
        Roots { roots: List::new(), order: 0 }
    }

    /// Puts a configuration in force; the oldest of too many is dropped. False when there is no memory.
    pub fn put(&mut self, heap: &mut Heap, context: u32, values: Values) -> bool {
        self.order = self.order.wrapping_add(1);
        let new = Root { context, order: self.order, values };
        let same = self.roots.iter().position(|root| root.context == context);
        let full = self.roots.len() >= MOST;
        let oldest = || (0..self.roots.len()).min_by_key(|&n| self.roots.get(n).map_or(0, |root| root.order));
        let place = same.or_else(|| if full { oldest() } else { None });
        match place.and_then(|n| self.roots.get_mut(n)) {
            Some(place) => {
                free(core::mem::replace(place, new).values, heap);
                true
            }
            None => match self.roots.push(heap, new) {
                Ok(()) => true,
                Err(root) => {
                    free(root.values, heap);
                    false
                }
            },
        }
    }

    /// A field of a root context; nothing when it is not configured.
    pub fn get(&self, context: u32, field: usize) -> Option<&Value> {
        self.roots.iter().find(|root| root.context == context)?.values.get(field)
    }

    /// A field that is completed after it was loaded.
    pub fn get_mut(&mut self, context: u32, field: usize) -> Option<&mut Value> {
        self.roots.iter_mut().find(|root| root.context == context)?.values.get_mut(field)
    }

    /// An entry of a map.
    pub fn entry(&self, context: u32, field: usize, name: &[u8]) -> Option<&[u8]> {
        index::get(&self.get(context, field)?.text, name)
    }
}
