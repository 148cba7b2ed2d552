//! Configurations against schemas: values, refusals with the key's name, replacement.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::load::load;
use super::refusal::Refusal;
use super::roots::{Roots, free};
use crate::rt::arena::Arena;
use crate::rt::heap::Heap;
use crate::tables::keys;
use crate::tables::schema::{Field, Kind, Shape, write};

fn schema() -> Vec<u8> {
    let field = |name, kind, optional, default| {
        let expected = "must be an int".to_owned();
        Field { name, kind, shape: Shape::One, expected, optional, keys: false, default }
    };
    let several =
        |name, shape, expected: &str, default| Field { shape, expected: expected.to_owned(), ..field(name, Kind::String, true, default) };
    let must = |expected: &str, field| Field { expected: format!("must be {expected}"), ..field };
    write(&[
        field("quota", Kind::Int, false, Some(vec![5i64.to_le_bytes().to_vec()])),
        must("a bool", field("on", Kind::Bool, true, None)),
        must("a string", field("name", Kind::String, false, None)),
        must("a string", field("secret", Kind::Secret, true, None)),
        several("list", Shape::List, "must be a list of strings", Some(vec![b"d".to_vec()])),
        several("map", Shape::Map, "must be a map of strings", None),
        Field { keys: true, ..several("keys", Shape::Map, "must be a map of strings", None) },
    ])
}

fn refusal(text: &str) -> String {
    let (arena, mut heap, table) = (Arena::new(), Heap::new(), schema());
    match load::<false>(text.as_bytes(), &table, &arena, &mut heap) {
        Ok(_) => "accepted".to_owned(),
        Err(refusal) => String::from_utf8(refusal.line(&arena).to_vec()).unwrap(),
    }
}

#[test]
fn values_of_all_types() {
    let (arena, mut heap, table, mut roots) = (Arena::new(), Heap::new(), schema(), Roots::new());
    let hex = "0f".repeat(32);
    let text = format!(
        r#" {{"quota": -7, "on":true, "name":"n\u00e9", "secret":"s", "list":["a","","c"], "map":{{"x":"1","y":"2"}}, "keys":{{"k1":"sha256:{hex}"}} }} "#
    );
    let values = load::<false>(text.as_bytes(), &table, &arena, &mut heap).unwrap();
    assert!(roots.put(&mut heap, 3, values));
    let value = |n| roots.get(3, n).unwrap();
    assert_eq!((value(0).number, value(1).number, &*value(2).text, &*value(3).text), (-7, 1, "né".as_bytes(), &b"s"[..]));
    assert_eq!((value(4).elements().collect::<Vec<_>>(), value(4).number), (vec![&b"a"[..], b"", b"c"], 3));
    assert_eq!((roots.entry(3, 5, b"y"), roots.entry(3, 5, b"z"), roots.entry(4, 5, b"y")), (Some(&b"2"[..]), None, None));
    assert_eq!(keys::find(&value(6).more, &[15; 32]).map(|entry| keys::name(&value(6).more, entry)), Some(&b"k1"[..]));
    assert_eq!(keys::find(&value(6).more, &[16; 32]), None);
    assert!(roots.get(3, 99).is_none());
}

#[test]
fn defaults_and_missing_values() {
    let (arena, mut heap, table, mut roots) = (Arena::new(), Heap::new(), schema(), Roots::new());
    let values = load::<false>(br#"{"name":"","on":null,"map":{}}"#, &table, &arena, &mut heap).unwrap();
    assert!(roots.put(&mut heap, 1, values));
    let value = |n| roots.get(1, n).unwrap();
    assert_eq!((value(0).number, value(1).is_present, value(2).is_present, value(3).is_present), (5, false, true, false));
    assert_eq!(value(4).elements().collect::<Vec<_>>(), [b"d"]);
    assert!(value(5).is_present && !value(6).is_present);
    assert_eq!(roots.entry(1, 5, b"x"), None);
    let none = write(&[]);
    for text in ["", " \n", "{}", " { } "] {
        let empty = load::<false>(text.as_bytes(), &none, &arena, &mut heap).unwrap();
        free(empty, &mut heap);
    }
}

#[test]
fn refusals_name_the_key() {
    for (text, expected) in [
        (r#"{"nam":"x"}"#, "configuration key `nam` is unknown"),
        (r#"{}"#, "configuration key `name` is missing"),
        ("", "configuration key `name` is missing"),
        (r#"{"name":"x","name":"y"}"#, "configuration key `name` appears twice"),
        (r#"{"on":null,"on":null}"#, "configuration key `on` appears twice"),
        (r#"{"name":1}"#, "configuration key `name` must be a string"),
        (r#"{"name":null}"#, "configuration key `name` must be a string"),
        (r#"{"quota":"1"}"#, "configuration key `quota` must be an int"),
        (r#"{"quota":1.0}"#, "configuration key `quota` must be an int"),
        (r#"{"quota":1e2}"#, "configuration key `quota` must be an int"),
        (r#"{"quota":99999999999999999999}"#, "configuration key `quota` must be an int"),
        (r#"{"on":1}"#, "configuration key `on` must be a bool"),
        (r#"{"list":["a",1]}"#, "configuration key `list` must be a list of strings"),
        (r#"{"list":{}}"#, "configuration key `list` must be a list of strings"),
        (r#"{"map":{"a":{}}}"#, "configuration key `map` must be a map of strings"),
        (r#"{"map":{"a":"1","a":"2"}}"#, "configuration key `map` must name each entry once: twice there is `a`"),
        (r#"{"secret":""}"#, "configuration key `secret` must not be empty"),
        (r#"{"keys":{"bob":"s3cret"}}"#, "configuration key `keys` must have `sha256:` and 64 hex digits for `bob`"),
        (r#"{"a\nb":1}"#, "configuration key `a?b` is unknown"),
        (r#"["#, "the configuration is no JSON object"),
        (r#"{"name":"x"} x"#, "the configuration is no JSON object"),
        (r#"{"name":"x",}"#, "the configuration is no JSON object"),
        (r#"{"name" "x"}"#, "the configuration is no JSON object"),
        (r#"{"name":"x""#, "the configuration is no JSON object"),
        (r#"{"on":truE}"#, "the configuration is no JSON object"),
        (r#"{"quota":01}"#, "the configuration is no JSON object"),
    ] {
        assert_eq!(refusal(text), format!("portcullis: {expected}"), "{text}");
    }
    assert_eq!(refusal("{\"name\":\"x\"}"), "accepted");
}

#[test]
fn a_struct_is_named_with_the_remedy() {
    let (arena, mut heap, table) = (Arena::new(), Heap::new(), schema());
    // As observed: `{"a": 1}` in a Struct.
    let bytes = [0x0a, 0x0e, 0x0a, 0x01, 0x61, 0x12, 0x09, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    assert_eq!(load::<false>(&bytes, &table, &arena, &mut heap).err(), Some(Refusal::Struct));
    assert!(String::from_utf8_lossy(Refusal::Struct.line(&arena)).contains("google.protobuf.StringValue"));
    assert_eq!(load::<false>(b"\n[]", &table, &arena, &mut heap).err(), Some(Refusal::Json));
    assert_eq!(load::<false>(b"\xff", &table, &arena, &mut heap).err(), Some(Refusal::Json));
    // JSON that begins with line ends stays JSON.
    assert!(load::<false>(b"\n\n\n{\n\"name\":\"x\"}", &table, &arena, &mut heap).is_ok());
}

#[test]
fn configurations_are_replaced_and_bounded() {
    let (arena, mut heap, table, mut roots) = (Arena::new(), Heap::new(), schema(), Roots::new());
    let put = |roots: &mut Roots, heap: &mut Heap, context: u32| {
        let text = format!(r#"{{"name":"{context}","list":["{}"]}}"#, "x".repeat(1000));
        let values = load::<false>(text.as_bytes(), &table, &arena, heap).unwrap();
        assert!(roots.put(heap, context, values));
    };
    for context in 1..=70 {
        put(&mut roots, &mut heap, context);
        put(&mut roots, &mut heap, 1);
    }
    assert_eq!(&*roots.get(1, 2).unwrap().text, b"1");
    assert!(roots.get(2, 2).is_none() && roots.get(70, 2).is_some());
    // Refused configurations and replaced ones leave nothing behind.
    for _ in 0..20_000 {
        assert!(load::<false>(br#"{"list":["a","b"],"map":{"a":"b"},"name":"x","keys":{"k":"sha"}}"#, &table, &arena, &mut heap).is_err());
        // SAFETY: nothing of the arena is kept.
        unsafe { arena.reset() };
    }
    let mut left = 0;
    while heap.alloc(1 << 20).is_some() {
        left += 1;
    }
    assert!(left >= 60, "{left}");
}

fn typed() -> Vec<u8> {
    let field =
        |name, kind, shape| Field { name, kind, shape, expected: "must be right".to_owned(), optional: true, keys: false, default: None };
    write(&[
        field("ratio", Kind::Float, Shape::One),
        field("window", Kind::Duration, Shape::One),
        field("since", Kind::Time, Shape::One),
        field("blob", Kind::Bytes, Shape::One),
        field("home", Kind::Ip, Shape::One),
        field("net", Kind::Cidr, Shape::One),
        field("tier", Kind::Enum(vec!["free".into(), "pro".into()]), Shape::One),
        field("secrets", Kind::Secret, Shape::List),
        field("numbers", Kind::Int, Shape::List),
        field("nets", Kind::Cidr, Shape::Map),
        field("json", Kind::Json, Shape::One),
    ])
}

#[test]
fn values_of_typed_schemas() {
    let (arena, mut heap, table, mut roots) = (Arena::new(), Heap::new(), typed(), Roots::new());
    let text = br#"{"ratio":-2.5e-1,"window":"90s","since":"1970-01-01T00:00:01Z","blob":"YWJj","home":"::ffff:192.0.2.1",
        "net":"2001:db8::/32","tier":"pro","secrets":["a","b"],"numbers":[7,-8],"nets":{"a":"10.0.0.0/8"},"json": {"a": [1, {"b":null}]} }"#;
    let values = load::<true>(text, &table, &arena, &mut heap).unwrap();
    assert!(roots.put(&mut heap, 1, values));
    let value = |n| roots.get(1, n).unwrap();
    assert_eq!(f64::from_bits(value(0).number.cast_unsigned()), -0.25);
    assert_eq!((value(1).number, value(2).number), (90_000_000_000, 1_000_000_000));
    assert_eq!((&*value(3).text, &*value(6).text), (&b"abc"[..], &b"pro"[..]));
    assert_eq!(value(4).text[..5], [4, 192, 0, 2, 1]);
    assert_eq!((value(5).text[..5].to_vec(), value(5).text[17]), (vec![6, 0x20, 1, 0x0d, 0xb8], 32));
    assert_eq!(value(7).elements().collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!((value(8).more[..8].to_vec(), value(8).number), (7i64.to_le_bytes().to_vec(), 2));
    assert_eq!(&*value(10).text, br#"{"a": [1, {"b":null}]}"#);
    assert_eq!(roots.entry(1, 9, b"a").map(|net| net[..2].to_vec()), Some(vec![4, 10]));
}

#[test]
fn typed_values_are_read_strictly() {
    for (key, bad) in [
        ("ratio", "1e400"),
        ("ratio", "\"1\""),
        ("window", "90"),
        ("window", "\"90\""),
        ("window", "\"1h30m\""),
        ("since", "\"1970-01-01\""),
        ("blob", "\"YWJ\""),
        ("home", "\"10.0.0.0/8\""),
        ("net", "\"10.1.0.0/8\""),
        ("net", "\"10.0.0.0\""),
        ("net", "\"10.0.0.0/33\""),
        ("net", "\"10.0.0.0/+8\""),
        ("net", "\"::ffff:10.0.0.0/90\""),
        ("tier", "\"golden\""),
        ("tier", "\"\""),
        ("numbers", "[1, \"2\"]"),
        ("numbers", "1"),
        ("nets", "{\"a\":null}"),
    ] {
        let (arena, mut heap, table) = (Arena::new(), Heap::new(), typed());
        let text = format!("{{\"{key}\":{bad}}}");
        let refusal = load::<true>(text.as_bytes(), &table, &arena, &mut heap).err();
        assert_eq!(refusal, Some(Refusal::Type(key.as_bytes(), b"must be right")), "{text}");
    }
    for bad in [r#"{"json":{"a":1,"a":2}}"#, r#"{"json":{"a":1]}"#, r#"{"json":}"#, r#"{"json":[1,]}"#] {
        let (arena, mut heap, table) = (Arena::new(), Heap::new(), typed());
        assert_eq!(load::<true>(bad.as_bytes(), &table, &arena, &mut heap).err(), Some(Refusal::Json), "{bad}");
    }
    let (arena, mut heap, table) = (Arena::new(), Heap::new(), typed());
    let refusal = load::<true>(br#"{"secrets":["a",""]}"#, &table, &arena, &mut heap).err();
    assert_eq!(refusal, Some(Refusal::Empty(b"secrets")));
}
