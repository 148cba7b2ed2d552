//! Host calls on header and trailer maps.

use crate::tools::sim::abi::{MAX_MAP, MapKind, Status};
use crate::tools::sim::guest::{Args, Guest};
use crate::tools::sim::header_map::HeaderMap;
use crate::tools::sim::imports::Outcome;
use crate::tools::sim::pairs;

/// Of the answer to a call.
const CALL_HEADERS: u32 = 6;

fn kind(id: u32) -> Result<MapKind, Status> {
    if id > MAX_MAP {
        return Err(Status::BadArgument);
    }
    MapKind::new(id).ok_or(Status::BadArgument)
}

fn readable<'guest>(guest: &'guest mut Guest<'_, '_>, id: u32) -> Result<&'guest HeaderMap, Status> {
    if id == CALL_HEADERS {
        return guest.host().answer.as_ref().map(|answer| &answer.headers).ok_or(Status::BadArgument);
    }
    let kind = kind(id)?;
    guest.host().stream().and_then(|stream| stream.readable(kind)).ok_or(Status::BadArgument)
}

fn writable<'guest>(guest: &'guest mut Guest<'_, '_>, id: u32) -> Result<&'guest mut HeaderMap, Status> {
    let kind = kind(id)?;
    guest.host().stream().and_then(|stream| stream.writable(kind)).ok_or(Status::BadArgument)
}

/// `proxy_get_header_map_size(map, out)`: bytes in Envoy, and only of a live map.
pub(crate) fn size(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let size = writable(guest, args.word(0))?.byte_size();
    guest.write_word(args.word(1), u32::try_from(size).unwrap_or(u32::MAX))
}

/// `proxy_get_header_map_pairs(map, out, out_size)`: of a map that is not there Envoy gives an empty list and OK,
/// other than every other call on it.
pub(crate) fn get_pairs(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    if args.word(0) > MAX_MAP {
        return Err(Status::BadArgument);
    }
    let bytes = readable(guest, args.word(0)).map(HeaderMap::encode).unwrap_or_default();
    guest.give(&bytes, args.word(1), args.word(2))
}

/// `proxy_set_header_map_pairs(map, pairs, size)`: a list over the limits deletes everything and answers OK.
pub(crate) fn set_pairs(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    kind(args.word(0))?;
    let pairs = pairs::decode(&guest.read(args.word(1), args.word(2))?);
    writable(guest, args.word(0))?.set_all(&pairs);
    Ok(())
}

/// `proxy_get_header_map_value(map, key, size, out, out_size)`: the first line only.
pub(crate) fn get_value(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    kind(args.word(0))?;
    let key = guest.read(args.word(1), args.word(2))?;
    let value = readable(guest, args.word(0))?.first(&key).ok_or(Status::NotFound)?.to_vec();
    guest.give(&value, args.word(3), args.word(4))
}

/// `proxy_add_header_map_value(map, key, size, value, size)`.
pub(crate) fn add(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let (key, value) = line(guest, args)?;
    writable(guest, args.word(0))?.add(&key, &value);
    Ok(())
}

/// `proxy_replace_header_map_value(map, key, size, value, size)`: every line of the name goes.
pub(crate) fn replace(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    let (key, value) = line(guest, args)?;
    writable(guest, args.word(0))?.replace(&key, &value);
    Ok(())
}

/// `proxy_remove_header_map_value(map, key, size)`.
pub(crate) fn remove(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Outcome {
    kind(args.word(0))?;
    let key = guest.read(args.word(1), args.word(2))?;
    writable(guest, args.word(0))?.remove(&key);
    Ok(())
}

fn line(guest: &mut Guest<'_, '_>, args: &Args<'_>) -> Result<(Vec<u8>, Vec<u8>), Status> {
    kind(args.word(0))?;
    Ok((guest.read(args.word(1), args.word(2))?, guest.read(args.word(3), args.word(4))?))
}
