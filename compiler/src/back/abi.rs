//! Proxy-Wasm ABI 0.2.1 as types. In: nothing. Out: the signatures of all host calls and callbacks.
//! Source: the specification's `abi-versions/v0.2.1/README.md` and the host library's export table.

/// A function: name, letters of its parameters, letters of its results. `i` is i32, `l` is i64.
pub(super) type Function = (&'static str, &'static str, &'static str);

/// What a module may import from `env`.
pub(super) const HOST_CALLS: &[Function] = &[
    ("proxy_log", "iii", "i"),
    ("proxy_get_log_level", "i", "i"),
    ("proxy_get_current_time_nanoseconds", "i", "i"),
    ("proxy_set_tick_period_milliseconds", "i", "i"),
    ("proxy_set_effective_context", "i", "i"),
    ("proxy_done", "", "i"),
    ("proxy_get_property", "iiii", "i"),
    ("proxy_set_property", "iiii", "i"),
    ("proxy_get_header_map_size", "ii", "i"),
    ("proxy_get_header_map_pairs", "iii", "i"),
    ("proxy_set_header_map_pairs", "iii", "i"),
    ("proxy_get_header_map_value", "iiiii", "i"),
    ("proxy_add_header_map_value", "iiiii", "i"),
    ("proxy_replace_header_map_value", "iiiii", "i"),
    ("proxy_remove_header_map_value", "iii", "i"),
    ("proxy_get_buffer_bytes", "iiiii", "i"),
    ("proxy_get_buffer_status", "iii", "i"),
    ("proxy_set_buffer_bytes", "iiiii", "i"),
    ("proxy_continue_stream", "i", "i"),
    ("proxy_close_stream", "i", "i"),
    ("proxy_send_local_response", "iiiiiiii", "i"),
    ("proxy_get_status", "iii", "i"),
    ("proxy_http_call", "iiiiiiiiii", "i"),
    ("proxy_grpc_call", "iiiiiiiiiiii", "i"),
    ("proxy_grpc_stream", "iiiiiiiii", "i"),
    ("proxy_grpc_send", "iiii", "i"),
    ("proxy_grpc_cancel", "i", "i"),
    ("proxy_grpc_close", "i", "i"),
    ("proxy_get_shared_data", "iiiii", "i"),
    ("proxy_set_shared_data", "iiiii", "i"),
    ("proxy_register_shared_queue", "iii", "i"),
    ("proxy_resolve_shared_queue", "iiiii", "i"),
    ("proxy_enqueue_shared_queue", "iii", "i"),
    ("proxy_dequeue_shared_queue", "iii", "i"),
    ("proxy_define_metric", "iiii", "i"),
    ("proxy_increment_metric", "il", "i"),
    ("proxy_record_metric", "il", "i"),
    ("proxy_get_metric", "ii", "i"),
    ("proxy_call_foreign_function", "iiiiii", "i"),
];

/// What a module may import from `wasi_snapshot_preview1`: the only one that the stub uses, for seeds of hash tables.
pub(super) const WASI_CALLS: &[Function] = &[("random_get", "ii", "i")];

/// What a host looks for among the exports; absent ones have a default.
pub(super) const CALLBACKS: &[Function] = &[
    ("proxy_on_vm_start", "ii", "i"),
    ("proxy_validate_configuration", "ii", "i"),
    ("proxy_on_configure", "ii", "i"),
    ("proxy_on_context_create", "ii", ""),
    ("proxy_on_tick", "i", ""),
    ("proxy_on_request_headers", "iii", "i"),
    ("proxy_on_response_headers", "iii", "i"),
    ("proxy_on_request_body", "iii", "i"),
    ("proxy_on_response_body", "iii", "i"),
    ("proxy_on_request_trailers", "ii", "i"),
    ("proxy_on_response_trailers", "ii", "i"),
    ("proxy_on_http_call_response", "iiiii", ""),
    ("proxy_on_grpc_receive_initial_metadata", "iii", ""),
    ("proxy_on_grpc_receive", "iii", ""),
    ("proxy_on_grpc_receive_trailing_metadata", "iii", ""),
    ("proxy_on_grpc_close", "iii", ""),
    ("proxy_on_queue_ready", "ii", ""),
    ("proxy_on_foreign_function", "iii", ""),
    ("proxy_on_done", "i", "i"),
    ("proxy_on_log", "i", ""),
    ("proxy_on_delete", "i", ""),
];

/// The marker of the ABI: exactly one version may be there.
pub(super) const MARKER: &str = "proxy_abi_version_0_2_1";
/// What markers begin with.
pub(super) const MARKERS: &str = "proxy_abi_version_";
/// How the host gets memory for what it returns: exactly one of them.
pub(super) const ALLOCATORS: [&str; 2] = ["proxy_on_memory_allocate", "malloc"];
/// Pages of linear memory at most: 1 GiB.
pub(super) const MOST_PAGES: u64 = 16_384;
