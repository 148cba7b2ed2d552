//! Functions that generated code provides (`contract::Policy`); linking replaces these imports.

use crate::contract::UNANSWERED;
use crate::limits::store::WorkerPut;

#[link(wasm_import_module = "policy")]
unsafe extern "C" {
    fn heap_start() -> i32;
    fn metrics() -> i64;
    fn metric_ids() -> i32;
    fn on_configure(size: i32) -> i32;
    fn on_request_headers(eos: i32) -> i32;
    fn on_request_body(too_large: i32) -> i32;
    fn on_response_headers(eos: i32) -> i32;
    fn on_response_body(size: i32, eos: i32) -> i32;
    fn condition(id: i32) -> i32;
    fn subject(id: i32) -> i64;
    fn reply(id: i32, metric: i32) -> i32;
    fn limit_worker_put(id: i32, capacity: i32, bucket: i32, fingerprint: i64, arrival: i64, now: i64) -> i32;
    fn verify(algorithm: i32, key: i64, message: i64, signature: i64) -> i32;
}

/// The policy.
pub(crate) struct Policy;

// SAFETY of all calls: the types are those of the contract, which linking checks, and generated code touches memory only
// through the stub.
impl Policy {
    pub(crate) fn heap_start() -> usize {
        unsafe { heap_start() as u32 as usize }
    }

    pub(crate) fn metrics() -> &'static [u8] {
        crate::rt::pack::bytes(unsafe { metrics() })
    }

    /// The policy's region of one u32 for each metric.
    pub(crate) fn metric_ids() -> i32 {
        unsafe { metric_ids() }
    }

    pub(crate) fn on_configure(size: i32) -> i32 {
        unsafe { on_configure(size) }
    }

    pub(crate) fn on_request_headers(eos: i32) -> i32 {
        unsafe { on_request_headers(eos) }
    }

    pub(crate) fn on_request_body(too_large: bool) -> i32 {
        unsafe { on_request_body(i32::from(too_large)) }
    }

    pub(crate) fn on_response_headers(eos: i32) -> i32 {
        unsafe { on_response_headers(eos) }
    }

    pub(crate) fn on_response_body(size: usize, eos: i32) -> i32 {
        unsafe { on_response_body(size as i32, eos) }
    }

    pub(crate) fn condition(id: i32) -> bool {
        unsafe { condition(id) != 0 }
    }

    pub(crate) fn subject(id: u32) -> i64 {
        unsafe { subject(id as i32) }
    }

    pub(crate) fn reply(id: i32, metric: i32) -> i32 {
        unsafe { reply(id, metric) }
    }

    pub(crate) fn limit_worker_put(put: &WorkerPut) -> bool {
        let (capacity, bucket) = (put.capacity as i32, put.place.bucket as i32);
        unsafe { limit_worker_put(put.id as i32, capacity, bucket, put.place.fingerprint as i64, put.arrival as i64, put.now as i64) != 0 }
    }

    /// Whether a signature holds under a key; nothing when the host, which alone could tell, does not.
    pub(crate) fn verify(algorithm: u32, key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
        use crate::rt::pack::from_bytes;
        let answer = unsafe { verify(algorithm as i32, from_bytes(key), from_bytes(message), from_bytes(signature)) };
        (answer != UNANSWERED).then_some(answer != 0)
    }
}
