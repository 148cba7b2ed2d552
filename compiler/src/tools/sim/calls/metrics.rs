//! Host calls on metrics.

use std::rc::Rc;

use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_define_metric(kind, name, size, out_id)`.
pub(crate) fn define(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let name = guest.read(args.word(1), args.word(2))?;
    let name = String::from_utf8_lossy(&name).into_owned();
    let host = guest.host();
    let id = host.metrics.define(args.word(0), name, &mut host.proxy.borrow_mut().metrics)?;
    guest.write_word(args.word(3), id)
}

/// `proxy_increment_metric(id, offset)`.
pub(crate) fn increment(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let host = guest.host();
    host.metrics.increment(args.word(0), args.long(1), &mut host.proxy.borrow_mut().metrics)
}

/// `proxy_record_metric(id, value)`.
pub(crate) fn record(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let host = guest.host();
    host.metrics.record(args.word(0), args.long(1).cast_unsigned(), &mut host.proxy.borrow_mut().metrics)
}

/// `proxy_get_metric(id, out)`.
pub(crate) fn get(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let host = guest.host();
    let proxy = Rc::clone(&host.proxy);
    let value = host.metrics.get(args.word(0), &proxy.borrow().metrics)?;
    guest.write_long(args.word(1), value)
}
