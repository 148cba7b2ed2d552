//! Bodies by hand and by chance.

use super::super::mask::Mask;
use super::{MASK, Random, naive, stream};

/// Numbers that are cards, and some that nearly are.
const CARDS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "4222222222222",
    "2221000000000009",
    "4111111111111112",
    "1234567890123",
    "41111111111111111111",
    "4111  1111 1111 1111",
    "4111-1111-1111-1111-1",
    "41 1111 111111 1111 11",
    "6304000000000000000",
    "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
    "0",
    "1 4111111111111111",
    "4111111111111111 0",
    "12-34",
    "x4111111111111111",
    "4111111111111111_",
];

fn check(is_json: bool, mask: &Mask<'_>, body: &[u8], sizes: impl Iterator<Item = usize>) {
    let expected = if is_json { naive::json(body, mask) } else { naive::text(body, mask) };
    for size in sizes {
        let found = stream(is_json, mask, body.chunks(size));
        assert_eq!(
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(&expected),
            "chunks of {size}: {:?}",
            String::from_utf8_lossy(body)
        );
    }
}

fn check_splits(is_json: bool, body: &[u8]) {
    check(is_json, &MASK, body, [1, 2, 3, 7, body.len().max(1)].into_iter());
    let expected = if is_json { naive::json(body, &MASK) } else { naive::text(body, &MASK) };
    for a in 0..=body.len() {
        for b in a..=body.len() {
            let pieces = [&body[..a], &body[a..b], &body[b..]];
            assert_eq!(stream(is_json, &MASK, pieces.into_iter()), expected, "{a} {b} {:?}", String::from_utf8_lossy(body));
        }
    }
}

#[test]
fn masks_what_is_a_card_and_nothing_else() {
    let text = |body: &str| String::from_utf8(stream(false, &MASK, [body.as_bytes()].into_iter())).unwrap();
    assert_eq!(text("card 4111 1111 1111 1111."), "card **** **** **** 1111.");
    assert_eq!(text("4111-1111-1111-1111"), "****-****-****-1111");
    assert_eq!(text("4111111111111112"), "4111111111111112");
    assert_eq!(text("id4111111111111111 4111111111111111x"), "id4111111111111111 4111111111111111x");
    assert_eq!(text("1234-4111111111111111"), "1234-************1111");
    let json = |body: &str| String::from_utf8(stream(true, &MASK, [body.as_bytes()].into_iter())).unwrap();
    assert_eq!(json(r#"{"card":"4111 1111 1111 1111"}"#), r#"{"card":"**** **** **** 1111"}"#);
    assert_eq!(json(r#"{"4111111111111111":4111111111111111}"#), r#"{"4111111111111111":"************1111"}"#);
    assert_eq!(json(r#"["\u0034111\u002d1111-1111-1111\n\/"]"#), r#"["****\u002d****-****-1111\n\/"]"#);
    assert_eq!(json(r#"["\u00344111111111111111"]"#), r#"["\u00344111111111111111"]"#);
    assert_eq!(json("[-4111111111111111, 4111111111111111.5e7]"), r#"["-************1111", "************1111.5e7"]"#);
    assert_eq!(json("{\"a\":1}\n{\"c\":\"4111111111111111\"}"), "{\"a\":1}\n{\"c\":\"************1111\"}");
}

#[test]
fn a_mask_that_hides_nothing_leaves_a_number_a_number() {
    let mask = Mask { keep_first: 9, keep_last: 9, ..MASK };
    let body = b"[4111111111111111]";
    assert_eq!(stream(true, &mask, [&body[..]].into_iter()), body);
}

#[test]
fn cuts_do_not_matter_in_text() {
    for card in CARDS {
        check_splits(false, card.as_bytes());
        check_splits(false, format!("a {card}, {card}").as_bytes());
    }
}

#[test]
fn cuts_do_not_matter_in_json() {
    for card in CARDS {
        check_splits(true, format!("{{\"{card}\":[\"{card}\",\"x\\u0020{card}\"]}}").as_bytes());
    }
    for body in [
        r#"{"a":4111111111111111,"b":[1,-4111111111111111.5e+3,true,null]}"#,
        r#"["4111\u00201111 \u0031111 1111"]"#,
        r#"["41111111\"11111111","4111111111111111\""]"#,
        r#"{"a" 4111111111111111}"#,
        "[4111111111111111",
        "\"4111111111111111",
        "\"4111111111111111\\",
        "\"4111111111111111\\u00",
        "\"4111111111111111\\x",
        "\"4111111111111111\n",
        "4111111111111111x",
        "4111111111111111.x",
        "-",
        "tru4111111111111111",
        "",
        " ",
        "[1 4111111111111111]",
        "04111111111111111",
        "{\"a\":1}}4111111111111111",
        "[0.4111111111111111e-4111111111111111]",
        "\"\u{e9}4111111111111111\u{e9}\"",
        "{\"\\u00zz\":\"4111111111111111\"}",
        "{\"\\\"\":\"4111111111111111\"}",
    ] {
        check_splits(true, body.as_bytes());
    }
}

#[test]
fn long_numbers_stay_json() {
    let zeros = "0".repeat(200);
    let body = format!("[0.{zeros}, 1{zeros}e-4111111111111111]");
    check(true, &MASK, body.as_bytes(), 1..=body.len());
    assert!(stream(true, &MASK, [body.as_bytes()].into_iter()).ends_with(b"e-0000000000001111]"));
}

#[test]
fn nesting_beyond_the_bound_is_text() {
    let body = format!("{}\"\\u0034111111111111111 4111111111111111\"", "[".repeat(1100));
    check(true, &MASK, body.as_bytes(), [1, 64, 5000].into_iter());
    let body = format!("{}\"\\u0034111111111111111\"{}", "[".repeat(1024), "]".repeat(1024));
    check(true, &MASK, body.as_bytes(), [1, 64, 5000].into_iter());
    assert!(String::from_utf8(stream(true, &MASK, [body.as_bytes()].into_iter())).unwrap().contains("\"************1111\""));
}

fn random_string(random: &mut Random, out: &mut String) {
    for _ in 0..random.below(5) {
        let piece =
            *random.pick(&["a", " ", "-", "_", "\\u0034", "\\u0020", "\\n", "\\\\", "\\\"", "\u{20ac}", "4", "11", "\\ud83d\\ude00", "7 "]);
        out.push_str(piece);
        if random.below(3) == 0 {
            let card: &&str = random.pick(CARDS);
            out.push_str(card);
        }
    }
}

fn random_value(random: &mut Random, depth: usize, out: &mut String) {
    match random.below(if depth > 4 { 4 } else { 7 }) {
        0 => {
            let plain: &&str =
                random.pick(&["true", "false", "null", "0", "-1.5", "1e9", "4111111111111111", "-378282246310005", "0.4111111111111111"]);
            out.push_str(plain);
        }
        1..=3 => {
            out.push('"');
            random_string(random, out);
            out.push('"');
        }
        4 => {
            out.push('[');
            for n in 0..random.below(4) {
                out.push_str(if n > 0 { " ,\n" } else { "" });
                random_value(random, depth + 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            for n in 0..random.below(4) {
                out.push_str(if n > 0 { ", \"" } else { "\"" });
                random_string(random, out);
                out.push_str("\" : ");
                random_value(random, depth + 1, out);
            }
            out.push('}');
        }
    }
}

#[test]
fn random_json_in_all_chunk_sizes() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..300 {
        let mut body = String::new();
        random_value(&mut random, 0, &mut body);
        let mut body = body.into_bytes();
        if round % 3 == 0 && !body.is_empty() {
            // Damage: a body that stops being JSON somewhere.
            let at = random.below(body.len());
            body[at] = *random.pick(b"x\"\\{]4 ,:\n");
        }
        let mask =
            Mask { keep_first: random.below(7) as u32, keep_last: random.below(6) as u32, text: "\u{2022}".as_bytes(), json: b"\\\"" };
        check(true, &mask, &body, 1..=64);
        check(false, &mask, &body, 1..=64);
    }
}

#[test]
fn random_digits_and_separators() {
    let mut random = Random(42);
    for _ in 0..3000 {
        let body: Vec<u8> = (0..random.below(60)).map(|_| *random.pick(b"4444111111111111222335678900 --x_.")).collect();
        check(false, &MASK, &body, [1, 5, 64].into_iter());
    }
}
