//! Lists as values.

use super::index;
use crate::abi::{arena, frame};
use crate::rt::pack;
use crate::values::{kept, list};

#[unsafe(export_name = "rt.rounds")]
extern "C" fn rounds(value: i64) -> i32 {
    let frame = frame();
    let wanted = pack::list(value).len();
    match list::rounds(&mut frame.rounds, wanted) {
        Some(rounds) => rounds,
        None => {
            frame.fault = true;
            0
        }
    }
}

#[unsafe(export_name = "rt.rounds_beside")]
extern "C" fn rounds_beside(value: i64, weight: i32) -> i32 {
    let frame = frame();
    let len = pack::list(value).len();
    if list::rounds(&mut frame.rounds, list::beside(len, weight)).is_none() {
        frame.fault = true;
        return 0;
    }
    i32::try_from(len).unwrap_or(0)
}

#[unsafe(export_name = "rt.weigh")]
extern "C" fn weigh(value: i64, before: i32) -> i32 {
    heavier(before, pack::bytes(value).len())
}

#[unsafe(export_name = "rt.weigh_message")]
extern "C" fn weigh_message(before: i32) -> i32 {
    let frame = frame();
    heavier(heavier(before, frame.request.headers.size()), frame.body.raw().map_or(0, <[u8]>::len))
}

fn heavier(weight: i32, by: usize) -> i32 {
    weight.saturating_add(i32::try_from(by).unwrap_or(i32::MAX))
}

#[unsafe(export_name = "rt.list_new")]
extern "C" fn list_new(len: i32) -> i64 {
    let frame = frame();
    match frame.arena.filled(index(len), 0i64) {
        Some(cells) => pack::from_list(cells),
        None => {
            frame.fault = true;
            0
        }
    }
}

#[unsafe(export_name = "rt.list_pack_texts")]
extern "C" fn list_pack_texts(value: i64) -> i64 {
    if value == 0 {
        return 0;
    }
    let texts = pack::list(value).iter().map(|cell| pack::string(*cell));
    there(kept::pack_texts(arena(), texts).map(pack::from_bytes))
}

#[unsafe(export_name = "rt.list_texts")]
extern "C" fn list_texts(packed: i64) -> i64 {
    let Some(packed) = pack::string(packed) else { return 0 };
    let texts = kept::texts(packed);
    let cells = arena().filled(texts.clone().count(), 0i64);
    if let Some(cells) = cells {
        for (cell, text) in cells.iter_mut().zip(texts) {
            *cell = pack::from_string(text);
        }
        return pack::from_list(cells);
    }
    there(None)
}

#[unsafe(export_name = "rt.list_pack_numbers")]
extern "C" fn list_pack_numbers(value: i64) -> i64 {
    if value == 0 { 0 } else { there(kept::pack_numbers(arena(), pack::list(value)).map(pack::from_bytes)) }
}

#[unsafe(export_name = "rt.list_numbers")]
extern "C" fn list_numbers(packed: i64) -> i64 {
    let Some(packed) = pack::string(packed) else { return 0 };
    there(kept::numbers(arena(), packed).map(pack::from_list))
}

/// A value that there is memory for; without, it is a fault.
fn there(value: Option<i64>) -> i64 {
    value.unwrap_or_else(|| {
        frame().fault = true;
        0
    })
}

#[unsafe(export_name = "rt.list_put")]
extern "C" fn list_put(value: i64, n: i32, cell: i64) {
    pack::put(value, index(n), cell);
}

#[unsafe(export_name = "rt.list_get")]
extern "C" fn list_get(value: i64, n: i64) -> i32 {
    pack::cell(list::at(pack::list(value), n))
}
