//! Records of streams.

use super::index;
use crate::abi::{frame, vm};
use crate::rt::pack;
use crate::rules;

#[unsafe(export_name = "rt.stream_open")]
extern "C" fn stream_open(cells: i32) -> i32 {
    let (frame, vm) = (frame(), vm());
    // A request that was held has its record already.
    if vm.streams.find(frame.context).is_some_and(|record| record.held.take().is_some()) {
        return 1;
    }
    let opened = vm.streams.open(&mut vm.heap, frame.context, frame.root, index(cells));
    frame.fault |= !opened;
    i32::from(opened)
}

#[unsafe(export_name = "rt.stream_close")]
extern "C" fn stream_close() {
    vm().close(frame().context);
}

#[unsafe(export_name = "rt.stream_keep_selected")]
extern "C" fn stream_keep_selected(kind: i32) {
    let (frame, vm) = (frame(), vm());
    let ids = rules::selected(frame, kind);
    frame.fault |= !vm.streams.find(frame.context).is_some_and(|record| record.keep_selected(&mut vm.heap, ids));
}

#[unsafe(export_name = "rt.stream_keep_str")]
extern "C" fn stream_keep_str(cell: i32, value: i64) {
    let (frame, vm) = (frame(), vm());
    let kept = vm.streams.find(frame.context).is_some_and(|record| record.keep_string(&mut vm.heap, index(cell), pack::string(value)));
    frame.fault |= !kept;
}

#[unsafe(export_name = "rt.stream_keep_int")]
extern "C" fn stream_keep_int(cell: i32, value: i64) {
    if let Some(record) = vm().streams.find(frame().context) {
        record.keep_int(index(cell), value);
    }
}

#[unsafe(export_name = "rt.stream_str")]
extern "C" fn stream_str(cell: i32) -> i64 {
    vm().streams.find(frame().context).map_or(0, |record| pack::from_string(record.string(index(cell))))
}

#[unsafe(export_name = "rt.stream_int")]
extern "C" fn stream_int(cell: i32) -> i64 {
    vm().streams.find(frame().context).map_or(0, |record| record.int(index(cell)))
}

#[unsafe(export_name = "rt.stream_selected_count")]
extern "C" fn stream_selected_count() -> i32 {
    vm().streams.find(frame().context).map_or(0, |record| record.selected_count() as i32)
}

#[unsafe(export_name = "rt.stream_selected")]
extern "C" fn stream_selected(n: i32) -> i32 {
    vm().streams.find(frame().context).map_or(0, |record| record.selected(index(n)) as i32)
}
