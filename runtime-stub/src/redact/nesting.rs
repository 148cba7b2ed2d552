//! Which brackets are open in a JSON text, one bit each.
//! In: brackets. Out: what the innermost is; a refusal when it is too deep.

/// Levels that are kept.
pub const LEVELS: u32 = 1024;
const WORDS: usize = 32;

/// Open brackets: 1 is an object, 0 an array.
pub struct Nesting {
    bits: [u32; WORDS],
    depth: u32,
}

impl Nesting {
    /// None open.
    pub const fn new() -> Nesting {
        Nesting { bits: [0; WORDS], depth: 0 }
    }

    /// Opens a bracket; false when there are too many.
    pub fn push(&mut self, object: bool) -> bool {
        if self.depth >= LEVELS {
            return false;
        }
        let Some(word) = self.bits.get_mut((self.depth >> 5) as usize) else { return false };
        let bit = 1u32.wrapping_shl(self.depth & 31);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth = self.depth.wrapping_add(1);
        true
    }

    /// Closes the innermost.
    pub fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Whether the innermost is an object.
    pub fn is_object(&self) -> bool {
        let at = self.depth.wrapping_sub(1);
        self.bits.get((at >> 5) as usize).is_some_and(|word| word.wrapping_shr(at & 31) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{LEVELS, Nesting};

    #[test]
    fn remembers_kinds_up_to_the_bound() {
        let mut nesting = Nesting::new();
        for n in 0..LEVELS {
            assert!(nesting.push(n % 3 == 0));
        }
        assert!(!nesting.push(true));
        for n in (0..LEVELS).rev() {
            assert_eq!(nesting.is_object(), n % 3 == 0);
            nesting.pop();
        }
        assert!(nesting.is_empty() && !nesting.is_object());
        nesting.pop();
        assert!(nesting.is_empty());
    }
}
