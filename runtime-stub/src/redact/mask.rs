//! The action `mask`: which characters of a match stay and what is written for the others.
//! In: numbers and a character. Out: a decision for each letter or digit.

/// A mask with its character in the two spellings that bodies need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask<'a> {
    /// Letters and digits that stay at the start.
    pub keep_first: u32,
    /// Letters and digits that stay at the end.
    pub keep_last: u32,
    /// Written for each other letter or digit in a text.
    pub text: &'a [u8],
    /// The same inside a JSON string.
    pub json: &'a [u8],
}

/// Where a match stands, which decides how the mask is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a text.
    Text,
    /// In a JSON string, or in a number that becomes one.
    Json,
    /// In a JSON number that is too long to be held: a string can no longer begin, so its digits become `0`.
    Number,
}

impl<'a> Mask<'a> {
    /// Whether the `n`th of so many letters and digits is masked.
    pub fn hides(&self, n: u32, of: u32) -> bool {
        n >= self.keep_first && n < of.saturating_sub(self.keep_last)
    }

    /// Whether a match with so many letters and digits changes at all.
    pub fn changes(&self, of: u32) -> bool {
        self.keep_first < of.saturating_sub(self.keep_last)
    }

    /// What is written.
    pub fn written(&self, place: Place) -> &'a [u8] {
        match place {
            Place::Text => self.text,
            Place::Json => self.json,
            Place::Number => b"0",
        }
    }
}

/// Most masks that can take turns in one body.
pub const MASKS: usize = 4;

/// The masks of a body, each for matches that end up to some byte. The first one that covers a match acts.
#[derive(Clone, Copy)]
pub struct Masks<'a> {
    list: [(u64, Mask<'a>); MASKS],
    count: usize,
}

impl<'a> Masks<'a> {
    /// None yet.
    pub const fn new() -> Masks<'a> {
        Masks { list: [(0, Mask { keep_first: 0, keep_last: 0, text: &[], json: &[] }); MASKS], count: 0 }
    }

    /// Adds one with the byte up to which it acts, behind the others.
    pub fn push(&mut self, limit: u64, mask: Mask<'a>) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = (limit, mask);
            self.count = self.count.wrapping_add(1);
        }
    }

    /// The mask for a match that ends here, with its number.
    pub fn at(&self, end: u64) -> Option<(u32, Mask<'a>)> {
        let numbered = (0u32..).zip(self.list.iter().take(self.count));
        numbered.into_iter().find(|(_, (limit, _))| end <= *limit).map(|(n, (_, mask))| (n, *mask))
    }

    /// The byte from which on nothing is masked.
    pub fn end(&self) -> u64 {
        self.list.iter().take(self.count).map(|(limit, _)| *limit).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, Masks};

    #[test]
    fn the_first_that_covers_a_match_acts() {
        let mask = Mask { keep_first: 0, keep_last: 0, text: b"a", json: b"a" };
        let mut masks = Masks::new();
        assert!(masks.at(0).is_none());
        masks.push(10, mask);
        masks.push(20, Mask { text: b"b", ..mask });
        let text = |end| masks.at(end).map(|(n, mask)| (n, mask.text));
        assert_eq!((text(10), text(11), text(21)), (Some((0, &b"a"[..])), Some((1, &b"b"[..])), None));
        assert_eq!(masks.end(), 20);
    }

    #[test]
    fn keeps_both_ends() {
        let mask = Mask { keep_first: 2, keep_last: 3, text: b"*", json: b"*" };
        let hidden: Vec<u32> = (0..8).filter(|n| mask.hides(*n, 8)).collect();
        assert_eq!(hidden, [2, 3, 4]);
        assert!(!mask.changes(5));
        assert!(mask.changes(6));
        let all = Mask { keep_first: u32::MAX, keep_last: u32::MAX, ..mask };
        assert!(!all.hides(0, 8));
    }
}
