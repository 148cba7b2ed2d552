//! Lists: how many elements may still be looked at, and elements by index.

use crate::contract::ROUNDS;

/// Takes so many rounds from what the callback has left; nothing when there are not enough.
pub fn rounds(used: &mut u32, wanted: usize) -> Option<i32> {
    let wanted = u32::try_from(wanted).ok()?;
    let total = used.checked_add(wanted)?;
    if total > ROUNDS {
        return None;
    }
    *used = total;
    i32::try_from(wanted).ok()
}

/// How often each element counts beside what weighs so much.
pub fn beside(elements: usize, weight: i32) -> usize {
    elements.saturating_mul(1usize.saturating_add(weight.cast_unsigned() as usize / 64))
}

/// The cell with this index.
pub fn at(cells: &[i64], n: i64) -> Option<&i64> {
    cells.get(usize::try_from(n).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{at, beside, rounds};

    #[test]
    fn a_callback_has_an_end() {
        let mut used = 0;
        assert_eq!((rounds(&mut used, 999_999), rounds(&mut used, 2), rounds(&mut used, 1)), (Some(999_999), None, Some(1)));
        assert_eq!((rounds(&mut used, 1), rounds(&mut used, 0), rounds(&mut used, usize::MAX)), (None, Some(0), None));
    }

    #[test]
    fn what_is_looked_at_besides_counts() {
        assert_eq!((beside(10, 0), beside(10, 63), beside(10, 64), beside(0, i32::MAX)), (10, 10, 20, 0));
        assert_eq!(beside(usize::MAX, -1), usize::MAX);
    }

    #[test]
    fn what_is_outside_is_absent() {
        let cells = [5, 6];
        assert_eq!((at(&cells, 0), at(&cells, 1)), (Some(&5), Some(&6)));
        for n in [-1, 2, i64::MIN, i64::MAX, 1 << 32] {
            assert_eq!(at(&cells, n), None, "{n}");
        }
    }
}
