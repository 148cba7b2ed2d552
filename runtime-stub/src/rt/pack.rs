//! Values at the border (see `contract`). In: i32 and i64 of generated code. Out: slices that live until the callback returns.

/// A string that may be absent.
pub(crate) fn string(value: i64) -> Option<&'static [u8]> {
    let address = value as u32 as usize;
    if address == 0 {
        return None;
    }
    let len = (value >> 32) as u32 as usize;
    // SAFETY: generated code hands over only strings that the stub gave it or that lie in its constant data.
    Some(unsafe { core::slice::from_raw_parts(core::ptr::with_exposed_provenance(address), len) })
}

/// A string or table; absent reads as empty.
pub(crate) fn bytes(value: i64) -> &'static [u8] {
    string(value).unwrap_or(&[])
}

/// A string for generated code.
pub(crate) fn from_bytes(bytes: &[u8]) -> i64 {
    let address = bytes.as_ptr().expose_provenance() as u64;
    ((bytes.len() as u64) << 32 | address) as i64
}

/// A string that may be absent, for generated code.
pub(crate) fn from_string(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(0, from_bytes)
}

/// A list of strings: its cells.
pub(crate) fn list(value: i64) -> &'static [i64] {
    let address = value as u32 as usize;
    let len = (value >> 32) as u32 as usize;
    if address == 0 || len == 0 {
        return &[];
    }
    // SAFETY: as for strings; cells are 8-byte aligned.
    unsafe { core::slice::from_raw_parts(core::ptr::with_exposed_provenance(address), len) }
}

/// A list for generated code.
pub(crate) fn from_list(cells: &[i64]) -> i64 {
    let address = cells.as_ptr().expose_provenance() as u64;
    ((cells.len() as u64) << 32 | address) as i64
}

/// Writes a cell of a list that is being built.
pub(crate) fn put(value: i64, n: usize, cell: i64) {
    let address = value as u32 as usize;
    if address == 0 || n >= (value >> 32) as u32 as usize {
        return;
    }
    let start: *mut i64 = core::ptr::with_exposed_provenance_mut(address);
    // SAFETY: `n` is below the number of cells, which `list_new` took from the arena; nobody else reads them yet.
    unsafe { start.wrapping_add(n).write(cell) };
}

/// The address of a cell; 0 for none.
pub(crate) fn cell(cell: Option<&i64>) -> i32 {
    cell.map_or(0, |cell| core::ptr::from_ref(cell).expose_provenance() as i32)
}

/// Bytes at an address that is not 0: records of fixed size (`ip`, cells).
pub(crate) fn record<const SIZE: usize>(address: i32) -> Option<&'static [u8; SIZE]> {
    if address == 0 {
        return None;
    }
    // SAFETY: generated code hands over only addresses that the stub gave it or that lie in its constant data.
    Some(unsafe { &*core::ptr::with_exposed_provenance(address as u32 as usize) })
}

/// The address of a record for generated code; 0 for none.
pub(crate) fn from_record(bytes: Option<&[u8]>) -> i32 {
    bytes.map_or(0, |bytes| bytes.as_ptr().expose_provenance() as i32)
}

/// The policy's region of that many u32.
pub(crate) fn cells(address: i32, len: usize) -> &'static mut [u32] {
    if address == 0 {
        return &mut [];
    }
    // SAFETY: generated code owns a zeroed, aligned region of this length and does not touch it itself; the slice is used for
    // one increment at a time.
    unsafe { core::slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(address as u32 as usize), len) }
}
