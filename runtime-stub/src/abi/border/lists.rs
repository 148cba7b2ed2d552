//! Lists as values.

use super::index;
use crate::abi::frame;
use crate::rt::pack;
use crate::values::list;

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

#[unsafe(export_name = "rt.list_put")]
extern "C" fn list_put(value: i64, n: i32, cell: i64) {
    pack::put(value, index(n), cell);
}

#[unsafe(export_name = "rt.list_get")]
extern "C" fn list_get(value: i64, n: i64) -> i32 {
    pack::cell(list::at(pack::list(value), n))
}
