//! The module's edge: host imports, exported callbacks, the border to generated code. Only packing and unpacking happens here.
//! In: what the host or generated code hands over. Out: calls of plain Rust.

mod border;
mod callbacks;
mod globals;
mod imports;
mod policy;

pub(crate) use globals::{arena, fetches, frame, vm};
pub(crate) use imports::Wasm;
pub(crate) use policy::Policy;

/// Nothing here panics; should something ever, the module stops at once without any message machinery.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
