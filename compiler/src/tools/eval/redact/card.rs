//! `builtin.card`: payment card numbers in decoded text. In: characters as bytes (what is not ASCII as any byte above 0x7f).
//! Out: the places of card numbers.

use std::ops::Range;

/// Fewest and most digits of a card number.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// All card numbers, leftmost first, each as long as it can be. Both ends of the text are borders.
pub(super) fn find(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = None;
    while let Some(byte) = text.get(at) {
        let card = if before.is_some_and(is_word) { None } else { longest(text.get(at..).unwrap_or(&[])) };
        let end = at + card.unwrap_or(1);
        if card.is_some() {
            found.push(at..end);
        }
        before = text.get(end - 1).or(Some(byte)).copied();
        at = end;
    }
    found
}

/// The length of the longest card number at the beginning of a text.
fn longest(text: &[u8]) -> Option<usize> {
    let mut digits = Vec::new();
    let mut longest = None;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
            at += 1;
            let at_border = !text.get(at).copied().is_some_and(is_word);
            if at_border && DIGITS.contains(&digits.len()) && is_card(&digits) {
                longest = Some(at);
            }
        } else if matches!(byte, b' ' | b'-') && !digits.is_empty() && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
            at += 1;
        } else {
            break;
        }
        if digits.len() > *DIGITS.end() {
            break;
        }
    }
    longest
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether digits begin in a range that issuers have and the last one is their check digit.
fn is_card(digits: &[u8]) -> bool {
    let start = digits.iter().take(4).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    matches!(start, 2221..=2720 | 3000..=3099 | 3400..=3999 | 4000..=4999 | 5000..=6999) && luhn(digits)
}

/// The Luhn check (ISO/IEC 7812-1 annex B).
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let weighted = u32::from(*digit) * if place % 2 == 1 { 2 } else { 1 };
            if weighted > 9 { weighted - 9 } else { weighted }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        super::find(text.as_bytes()).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn cards_are_found() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "4222222222222",
            "378282246310005",
            "3782 822463 10005",
            "30569309025904",
            "6011111111111117",
            "5555555555554444",
            "2223003122003222",
            "3530111333300000",
            "6304000000000000",
        ] {
            assert_eq!(found(card), [card]);
            assert_eq!(found(&format!("x {card}.")), [card]);
            assert_eq!(found(&format!("12 {card}é")), [card]);
        }
    }

    #[test]
    fn near_misses_are_not() {
        for text in [
            "4111111111111112",
            "411111111111111",
            "x4111111111111111",
            "4111111111111111x",
            "_4111111111111111",
            "4111111111111111_",
            "41111111111111110000",
            "4111  1111 1111 1111",
            "4111 - 1111 1111 1111",
            "4111.1111.1111.1111",
            "1111111111111117",
            "2220000000000009",
            "0000000000000000",
            "04111111111111111",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn the_longest_that_ends_at_a_border_counts() {
        assert_eq!(found("4111 1111 1111 1111 1"), ["4111 1111 1111 1111"]);
        assert_eq!(found("4111111111111111 4111111111111111"), ["4111111111111111", "4111111111111111"]);
        assert_eq!(found("4222222222222 4111111111111111"), ["4222222222222", "4111111111111111"]);
        assert_eq!(found("4111 1111 1111 1111 1234x"), ["4111 1111 1111 1111"]);
    }
}
