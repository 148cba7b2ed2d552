//! Host calls on bodies and on the configuration.

use crate::tools::sim::abi::{MAX_BUFFER, Status};
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::imports::Outcome;
use crate::tools::sim::stream::Window;

const REQUEST_BODY: u32 = 0;
const RESPONSE_BODY: u32 = 1;
/// Of the answer to a call.
const CALL_BODY: u32 = 4;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;

/// A body window. One that is handed on is empty to read and refuses writes.
fn body<'guest>(guest: &'guest mut Guest<'_, '_>, id: u32) -> Option<&'guest mut Window> {
    let stream = guest.host().stream()?;
    match id {
        REQUEST_BODY => Some(&mut stream.request_body),
        RESPONSE_BODY => Some(&mut stream.response_body),
        _ => None,
    }
}

/// The bytes from `start`, at most `max`; 1 for a buffer that is not there at all.
fn bytes(guest: &mut Guest<'_, '_>, id: u32, start: usize, max: usize) -> Result<(usize, Vec<u8>), Status> {
    if id > MAX_BUFFER {
        return Err(Status::BadArgument);
    }
    let cut = |whole: &[u8]| {
        let end = start.saturating_add(max).min(whole.len());
        (whole.len(), whole.get(start..end).unwrap_or_default().to_vec())
    };
    match id {
        VM_CONFIGURATION => Ok(cut(&[])),
        PLUGIN_CONFIGURATION => guest.host().configuration.as_deref().map(cut).ok_or(Status::NotFound),
        CALL_BODY => guest.host().answer.as_ref().map(|answer| cut(&answer.body)).ok_or(Status::NotFound),
        _ => {
            let window = body(guest, id).ok_or(Status::NotFound)?;
            Ok(if window.open { cut(&window.bytes) } else { (0, Vec::new()) })
        }
    }
}

/// `proxy_get_buffer_bytes(buffer, start, max, out, out_size)`: clamps; nothing there is pointer 0 and size 0 with OK.
pub(crate) fn get_bytes(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let (_, found) = bytes(guest, args.word(0), to_usize(args.word(1)), to_usize(args.word(2)))?;
    guest.give(&found, args.word(3), args.word(4))
}

/// `proxy_get_buffer_status(buffer, out_size, out_flags)`.
pub(crate) fn get_status(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let (size, _) = bytes(guest, args.word(0), 0, 0)?;
    guest.write_word(args.word(1), u32::try_from(size).unwrap_or(u32::MAX))?;
    guest.write_word(args.word(2), 0)
}

/// `proxy_set_buffer_bytes(buffer, start, size, data, data_size)`: from 0 it replaces `size` bytes, from the end it
/// appends, in between it is refused.
pub(crate) fn set_bytes(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let id = args.word(0);
    if id > MAX_BUFFER {
        return Err(Status::BadArgument);
    }
    let data = guest.read(args.word(3), args.word(4))?;
    let (start, size) = (to_usize(args.word(1)), to_usize(args.word(2)));
    let window = match id {
        VM_CONFIGURATION | PLUGIN_CONFIGURATION => return Err(Status::BadArgument),
        _ => body(guest, id).ok_or(Status::NotFound)?,
    };
    if !window.open {
        return Err(Status::BadArgument);
    }
    if start == 0 {
        let drained = size.min(window.bytes.len());
        window.bytes.splice(..drained, data);
    } else if start >= window.bytes.len() {
        window.bytes.extend(data);
    } else {
        return Err(Status::BadArgument);
    }
    Ok(())
}

fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
