//! New pages of memory. In: a number of bytes. Out: the address of zeroed pages that nobody else has, for ever.

/// Bytes of a page.
pub(super) const PAGE: usize = 0x1_0000;

/// Whole pages for at least `bytes`; the number of bytes that they have.
pub(super) fn grow(bytes: usize) -> Option<(*mut u8, usize)> {
    let pages = bytes.checked_add(PAGE.wrapping_sub(1))?.wrapping_shr(16);
    let size = pages.checked_mul(PAGE)?;
    Some((place(pages, size)?, size))
}

#[cfg(target_arch = "wasm32")]
fn place(pages: usize, _size: usize) -> Option<*mut u8> {
    match core::arch::wasm32::memory_grow::<0>(pages) {
        usize::MAX => None,
        before => Some(core::ptr::with_exposed_provenance_mut(before.checked_mul(PAGE)?)),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn place(_pages: usize, size: usize) -> Option<*mut u8> {
    // Memory of a module is never given back either; only tests run this.
    Some(vec![0u64; size.div_ceil(8)].leak().as_mut_ptr().cast())
}
