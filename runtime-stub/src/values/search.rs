//! Finding a text in a text in linear time: both may come from a client.
//! Knuth, Morris, Pratt: the table says how much of the needle is still matched after a mismatch.

use crate::rt::arena::Arena;

/// Needles up to this length are compared at each place: no table, and still bounded.
const SHORT: usize = 16;

/// A needle that is looked for several times.
pub struct Needle<'a> {
    text: &'a [u8],
    /// For each length of a matched part but one: the longest proper border of that part.
    borders: &'a [u32],
}

impl<'a> Needle<'a> {
    /// Prepares a needle; nothing when memory is exhausted.
    pub fn new(text: &'a [u8], arena: &'a Arena) -> Option<Needle<'a>> {
        if text.len() <= SHORT {
            return Some(Needle { text, borders: &[] });
        }
        let borders = arena.filled(text.len(), 0u32)?;
        let mut border = 0usize;
        let mut at = 1usize;
        while let Some(&byte) = text.get(at) {
            while border > 0 && text.get(border) != Some(&byte) {
                border = borders.get(border.wrapping_sub(1)).map_or(0, |&border| border as usize);
            }
            if text.get(border) == Some(&byte) {
                border = border.wrapping_add(1);
            }
            if let Some(place) = borders.get_mut(at) {
                *place = u32::try_from(border).unwrap_or(0);
            }
            at = at.wrapping_add(1);
        }
        Some(Needle { text, borders })
    }

    /// Where it first stands. An empty one stands at the start.
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        let Some(&first) = self.text.first() else { return Some(0) };
        if self.text.len() <= SHORT {
            return haystack.windows(self.text.len()).position(|window| window.first() == Some(&first) && window == self.text);
        }
        let mut matched = 0usize;
        for (at, byte) in haystack.iter().enumerate() {
            while matched > 0 && self.text.get(matched) != Some(byte) {
                matched = self.borders.get(matched.wrapping_sub(1)).map_or(0, |&border| border as usize);
            }
            if self.text.get(matched) == Some(byte) {
                matched = matched.wrapping_add(1);
            }
            if matched == self.text.len() {
                return Some(at.wrapping_add(1).wrapping_sub(matched));
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Needle;
    use crate::rt::arena::Arena;

    #[test]
    fn finds_like_the_standard_library() {
        let arena = Arena::new();
        let mut state = 1u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..2000 {
            let haystack: String = (0..random(200)).map(|_| if random(5) == 0 { 'b' } else { 'a' }).collect();
            let needle: String = (0..random(30)).map(|_| if random(6) == 0 { 'b' } else { 'a' }).collect();
            let found = Needle::new(needle.as_bytes(), &arena).unwrap().find(haystack.as_bytes());
            assert_eq!(found, haystack.find(&needle), "{needle} in {haystack}");
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        let arena = Arena::new();
        let haystack = "a".repeat(1_000_000);
        let needle = "a".repeat(100_000) + "b";
        assert_eq!(Needle::new(needle.as_bytes(), &arena).unwrap().find(haystack.as_bytes()), None);
    }
}
