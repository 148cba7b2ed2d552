//! Host functions of Proxy-Wasm 0.2.1 behind [`Host`]. In: slices. Out: slices in the arena, or the host's status.

use crate::host::{Host, Status};
use crate::rt::arena::Arena;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: i32, line: *const u8, len: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(out: *mut u64) -> u32;
    fn proxy_get_property(path: *const u8, len: usize, out: *mut *const u8, out_len: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, len: usize, value: *const u8, value_len: usize) -> u32;
    fn proxy_get_header_map_pairs(map: i32, out: *mut *const u8, out_len: *mut usize) -> u32;
    fn proxy_add_header_map_value(map: i32, name: *const u8, len: usize, value: *const u8, value_len: usize) -> u32;
    fn proxy_replace_header_map_value(map: i32, name: *const u8, len: usize, value: *const u8, value_len: usize) -> u32;
    fn proxy_remove_header_map_value(map: i32, name: *const u8, len: usize) -> u32;
    fn proxy_get_buffer_bytes(buffer: i32, start: u32, size: u32, out: *mut *const u8, out_len: *mut usize) -> u32;
    fn proxy_set_buffer_bytes(buffer: i32, start: u32, size: u32, bytes: *const u8, len: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        pairs: *const u8,
        pairs_len: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_shared_data(key: *const u8, len: usize, out: *mut *const u8, out_len: *mut usize, cas: *mut u32) -> u32;
    fn proxy_set_shared_data(key: *const u8, len: usize, value: *const u8, value_len: usize, cas: u32) -> u32;
    fn proxy_define_metric(kind: i32, name: *const u8, len: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_len: usize,
        headers: *const u8,
        headers_len: usize,
        body: *const u8,
        body_len: usize,
        trailers: *const u8,
        trailers_len: usize,
        timeout: u32,
        call: *mut u32,
    ) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: i32) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        len: usize,
        argument: *const u8,
        argument_len: usize,
        out: *mut *const u8,
        out_len: *mut usize,
    ) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(out: *mut u8, len: usize) -> u32;
}

/// The host that runs this module.
pub(crate) struct Wasm;

fn done(status: u32) -> Result<(), Status> {
    if status == 0 { Ok(()) } else { Err(Status(status)) }
}

/// Takes what the host wrote through `proxy_on_memory_allocate`.
fn answer<'a>(status: u32, start: *const u8, len: usize) -> Result<&'a [u8], Status> {
    done(status)?;
    if start.is_null() || len == 0 {
        return Ok(&[]);
    }
    // SAFETY: the host placed `len` bytes in memory that `proxy_on_memory_allocate` took from the arena for them.
    Ok(unsafe { core::slice::from_raw_parts(start, len) })
}

// SAFETY of all calls: addresses and lengths are those of live slices, outputs are locals of the right size.
impl Host for Wasm {
    fn header_pairs<'a>(&mut self, _arena: &'a Arena, map: i32) -> Result<&'a [u8], Status> {
        let (mut out, mut len) = (core::ptr::null(), 0);
        let status = unsafe { proxy_get_header_map_pairs(map, &mut out, &mut len) };
        answer(status, out, len)
    }

    fn header_add(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status> {
        done(unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
    }

    fn header_replace(&mut self, map: i32, name: &[u8], value: &[u8]) -> Result<(), Status> {
        done(unsafe { proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
    }

    fn header_remove(&mut self, map: i32, name: &[u8]) -> Result<(), Status> {
        done(unsafe { proxy_remove_header_map_value(map, name.as_ptr(), name.len()) })
    }

    fn send_local_response(&mut self, status: u32, details: &[u8], body: &[u8], pairs: &[u8]) -> Result<(), Status> {
        done(unsafe {
            proxy_send_local_response(status, details.as_ptr(), details.len(), body.as_ptr(), body.len(), pairs.as_ptr(), pairs.len(), -1)
        })
    }

    fn property<'a>(&mut self, _arena: &'a Arena, path: &[u8]) -> Result<&'a [u8], Status> {
        let (mut out, mut len) = (core::ptr::null(), 0);
        let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &mut out, &mut len) };
        answer(status, out, len)
    }

    fn set_property(&mut self, path: &[u8], value: &[u8]) -> Result<(), Status> {
        done(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
    }

    fn time(&mut self) -> Result<u64, Status> {
        let mut now = 0;
        done(unsafe { proxy_get_current_time_nanoseconds(&mut now) })?;
        Ok(now)
    }

    fn shared_get<'a>(&mut self, _arena: &'a Arena, key: &[u8]) -> Result<(&'a [u8], u32), Status> {
        let (mut out, mut len, mut cas) = (core::ptr::null(), 0, 0);
        let status = unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), &mut out, &mut len, &mut cas) };
        Ok((answer(status, out, len)?, cas))
    }

    fn shared_set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        done(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) })
    }

    fn metric_define_counter(&mut self, name: &[u8]) -> Result<u32, Status> {
        let mut id = 0;
        done(unsafe { proxy_define_metric(0, name.as_ptr(), name.len(), &mut id) })?;
        Ok(id)
    }

    fn metric_increment(&mut self, id: u32, by: i64) -> Result<(), Status> {
        done(unsafe { proxy_increment_metric(id, by) })
    }

    fn buffer<'a>(&mut self, _arena: &'a Arena, buffer: i32, start: u32, size: u32) -> Result<&'a [u8], Status> {
        let (mut out, mut len) = (core::ptr::null(), 0);
        let status = unsafe { proxy_get_buffer_bytes(buffer, start, size, &mut out, &mut len) };
        answer(status, out, len)
    }

    fn set_buffer(&mut self, buffer: i32, start: u32, size: u32, bytes: &[u8]) -> Result<(), Status> {
        done(unsafe { proxy_set_buffer_bytes(buffer, start, size, bytes.as_ptr(), bytes.len()) })
    }

    fn log(&mut self, level: i32, line: &[u8]) {
        // A line that cannot be written is no reason to decide otherwise.
        let _ = unsafe { proxy_log(level, line.as_ptr(), line.len()) };
    }

    fn foreign<'a>(&mut self, _arena: &'a Arena, name: &[u8], argument: &[u8]) -> Result<&'a [u8], Status> {
        let (mut out, mut len) = (core::ptr::null(), 0);
        let status =
            unsafe { proxy_call_foreign_function(name.as_ptr(), name.len(), argument.as_ptr(), argument.len(), &mut out, &mut len) };
        answer(status, out, len)
    }

    fn http_call(&mut self, cluster: &[u8], headers: &[u8], timeout: u32) -> Result<u32, Status> {
        let (mut call, none) = (0, core::ptr::null());
        let (cluster_len, headers_len) = (cluster.len(), headers.len());
        let status =
            unsafe { proxy_http_call(cluster.as_ptr(), cluster_len, headers.as_ptr(), headers_len, none, 0, none, 0, timeout, &mut call) };
        done(status)?;
        Ok(call)
    }

    fn set_tick_period(&mut self, period: u32) {
        // Without ticks keys are fetched when they are needed.
        let _ = unsafe { proxy_set_tick_period_milliseconds(period) };
    }

    fn set_effective_context(&mut self, context: u32) -> Result<(), Status> {
        done(unsafe { proxy_set_effective_context(context) })
    }

    fn continue_request(&mut self) {
        let _ = unsafe { proxy_continue_stream(0) };
    }

    fn random(&mut self, out: &mut [u8]) -> Result<(), Status> {
        done(unsafe { random_get(out.as_mut_ptr(), out.len()) })
    }
}
