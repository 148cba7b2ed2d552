//! Host calls on shared queues. Nobody is called back about a new item.

use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;

/// `proxy_register_shared_queue(name, size, out_token)`.
pub(crate) fn register(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let name = guest.read(args.word(0), args.word(1))?;
    let token = guest.host().proxy.borrow_mut().queues.register(name);
    guest.write_word(args.word(2), token)
}

/// `proxy_resolve_shared_queue(vm_id, size, name, size, out_token)`: all VMs here have the empty `vm_id`.
pub(crate) fn resolve(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    guest.read(args.word(0), args.word(1))?;
    let name = guest.read(args.word(2), args.word(3))?;
    let token = guest.host().proxy.borrow().queues.resolve(&name)?;
    guest.write_word(args.word(4), token)
}

/// `proxy_enqueue_shared_queue(token, item, size)`.
pub(crate) fn enqueue(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let item = guest.read(args.word(1), args.word(2))?;
    guest.host().proxy.borrow_mut().queues.enqueue(args.word(0), item)
}

/// `proxy_dequeue_shared_queue(token, out, out_size)`: 7 when empty.
pub(crate) fn dequeue(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let item = guest.host().proxy.borrow_mut().queues.dequeue(args.word(0))?;
    guest.give(&item, args.word(1), args.word(2))
}
