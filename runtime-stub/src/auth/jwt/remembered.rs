//! What tokens said whose signature is known to hold, so that they need not be decoded again. In: claims, when they hold.
//! Out: the same claims, while they hold.
//!
//! A place belongs to the token that `auth::verified` last kept in the slot of the same number: who is found there is found here.

use super::claims::Claim;
use crate::auth::verified;
use crate::bytes::{self, put_u64, u8_at, u16_at, u64_at};
use crate::rt::arena::{Arena, Items, Text};
use crate::rt::heap::{Block, Heap};

/// Bytes of a place: since when (i64) and until when (i64) the claims hold, then each claim. Tokens that say more are decoded each time.
const PLACE: usize = 512;
/// Bytes before the claims.
const HEAD: usize = 16;

const ABSENT: u8 = 0;
const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const LIST: u8 = 3;

/// When a token holds by its dates, in nanoseconds: from the first instant on, until before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: i64,
    /// The first one behind.
    pub until: i64,
}

/// The claims of one VM.
pub struct Remembered {
    places: Block,
}

impl Remembered {
    /// None yet; memory comes with the first ones.
    pub const fn new() -> Remembered {
        Remembered { places: Block::EMPTY }
    }

    /// Keeps the claims of the token that has just been kept in this slot. What is too long, or finds no memory, is not kept, and
    /// what was there before is gone in any case.
    pub fn keep(&mut self, heap: &mut Heap, slot: usize, span: Span, claims: &[Claim<'_>], arena: &Arena) {
        if self.places.is_empty() {
            let Some(places) = heap.alloc(verified::SLOTS.saturating_mul(PLACE)) else { return };
            self.places = places;
        }
        let at = slot.wrapping_mul(PLACE);
        let Some(place) = self.places.get_mut(at..at.wrapping_add(PLACE)) else { return };
        let written = write(claims, arena).unwrap_or(&[]);
        let fits = !written.is_empty() && written.len() <= PLACE.wrapping_sub(HEAD);
        // A place that holds from the end of time on holds never.
        let span = if fits { span } else { Span { from: i64::MAX, until: 0 } };
        put_u64(place, 0, span.from.cast_unsigned());
        put_u64(place, 8, span.until.cast_unsigned());
        if let (true, Some(rest)) = (fits, place.get_mut(HEAD..)) {
            bytes::copy(rest, written);
        }
    }

    /// The claims of the token that was found in this slot, if they hold now; `now` is nothing when dates were looked at before.
    pub fn find<'a>(&self, slot: usize, now: Option<i64>, count: usize, arena: &'a Arena) -> Option<&'a [Claim<'a>]> {
        let place = bytes::slice_at(&self.places, slot.wrapping_mul(PLACE), PLACE);
        let span = Span { from: u64_at(place, 0).cast_signed(), until: u64_at(place, 8).cast_signed() };
        if span.from >= span.until || now.is_some_and(|now| now < span.from || now >= span.until) {
            return None;
        }
        read(arena.copy(bytes::from(place, HEAD))?, count, arena)
    }
}

/// Writes claims: the kind of each, then a number, a text behind its length, or a list of texts behind how many they are.
fn write<'a>(claims: &[Claim<'_>], arena: &'a Arena) -> Option<&'a [u8]> {
    let mut out = Text::new(arena);
    let text = |out: &mut Text<'_>, text: &[u8]| {
        // What does not fit into a place needs no true length.
        out.push(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.push(text);
    };
    for claim in claims {
        match claim {
            Claim::Absent => out.push_byte(ABSENT),
            Claim::Text(value) => {
                out.push_byte(TEXT);
                text(&mut out, value);
            }
            Claim::Number(number) => {
                out.push_byte(NUMBER);
                out.push(&number.to_le_bytes());
            }
            Claim::List(items) => {
                out.push_byte(LIST);
                out.push(&u16::try_from(items.len()).unwrap_or(u16::MAX).to_le_bytes());
                items.iter().for_each(|item| text(&mut out, item));
            }
        }
        if out.len() > PLACE {
            return None;
        }
    }
    // Something is written even of no claims: an empty text would stand for none that fits.
    out.push_byte(ABSENT);
    out.finish()
}

fn read<'a>(place: &'a [u8], count: usize, arena: &'a Arena) -> Option<&'a [Claim<'a>]> {
    let mut at = 0usize;
    let text = |at: &mut usize| {
        let len = usize::from(u16_at(place, *at));
        let text = bytes::slice_at(place, at.wrapping_add(2), len);
        *at = at.wrapping_add(2).wrapping_add(len);
        text
    };
    let mut claims = Items::new(arena);
    for _ in 0..count {
        let kind = u8_at(place, at);
        at = at.wrapping_add(1);
        claims.push(match kind {
            TEXT => Claim::Text(text(&mut at)),
            NUMBER => {
                at = at.wrapping_add(8);
                Claim::Number(u64_at(place, at.wrapping_sub(8)).cast_signed())
            }
            LIST => {
                let len = u16_at(place, at);
                at = at.wrapping_add(2);
                let mut items = Items::new(arena);
                (0..len).for_each(|_| items.push(text(&mut at)));
                if items.is_broken() {
                    return None;
                }
                Claim::List(items.finish())
            }
            _ => Claim::Absent,
        });
    }
    if claims.is_broken() { None } else { Some(claims.finish()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::{Claim, PLACE, Remembered, Span};
    use crate::rt::arena::Arena;
    use crate::rt::heap::Heap;

    const SPAN: Span = Span { from: 100, until: 200 };

    #[test]
    fn claims_come_back_while_they_hold() {
        let (mut remembered, mut heap, arena) = (Remembered::new(), Heap::new(), Arena::new());
        let words: [&[u8]; 3] = [b"a", b"", b"bc"];
        let claims = [Claim::Text(b"someone"), Claim::Absent, Claim::Number(-7), Claim::List(&words), Claim::List(&[]), Claim::Text(b"")];
        assert_eq!(remembered.find(3, Some(150), claims.len(), &arena), None);
        remembered.keep(&mut heap, 3, SPAN, &claims, &arena);
        for now in [None, Some(100), Some(199)] {
            assert_eq!(remembered.find(3, now, claims.len(), &arena), Some(&claims[..]), "{now:?}");
        }
        for now in [99, 200, i64::MIN, i64::MAX] {
            assert_eq!(remembered.find(3, Some(now), claims.len(), &arena), None, "{now}");
        }
        assert_eq!(remembered.find(2, Some(150), claims.len(), &arena), None);
        remembered.keep(&mut heap, 4, SPAN, &[], &arena);
        assert_eq!(remembered.find(4, None, 0, &arena), Some(&[][..]));
    }

    #[test]
    fn a_place_is_emptied_by_what_does_not_fit() {
        let (mut remembered, mut heap, arena) = (Remembered::new(), Heap::new(), Arena::new());
        let long = vec![b'x'; 70_000];
        let many = vec![&b"x"[..]; 70_000];
        for too_long in [Claim::Text(&long), Claim::Text(&long[..PLACE]), Claim::List(&many)] {
            remembered.keep(&mut heap, 0, SPAN, &[Claim::Number(1)], &arena);
            assert!(remembered.find(0, None, 1, &arena).is_some());
            remembered.keep(&mut heap, 0, SPAN, &[too_long], &arena);
            assert_eq!(remembered.find(0, None, 1, &arena), None);
        }
        // All that fits comes back whole: head, kind, length, text, end.
        let fitting = &long[..PLACE - 16 - 1 - 2 - 1];
        remembered.keep(&mut heap, 0, SPAN, &[Claim::Text(fitting)], &arena);
        assert_eq!(remembered.find(0, None, 1, &arena), Some(&[Claim::Text(fitting)][..]));
    }

    #[test]
    fn without_memory_nothing_is_kept() {
        let (mut remembered, mut heap, arena) = (Remembered::new(), Heap::new(), Arena::new());
        while heap.alloc(1 << 12).is_some() {}
        remembered.keep(&mut heap, 0, SPAN, &[Claim::Number(1)], &arena);
        assert_eq!(remembered.find(0, None, 1, &arena), None);
    }
}
