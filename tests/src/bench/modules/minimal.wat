;; One call for all header pairs, one header replaced.
(module
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 100) "x-gateway")
  (data (i32.const 120) "portcullis")
  (func (export "proxy_abi_version_0_2_1"))
  ;; One buffer for all that the host returns: a request's pairs fit, larger ones are refused.
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (select (i32.const 0) (i32.const 4096) (i32.gt_u (local.get $size) (i32.const 65536))))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $pairs (i32.const 0) (i32.const 16) (i32.const 20)))
    (drop (call $replace (i32.const 0) (i32.const 100) (i32.const 9) (i32.const 120) (i32.const 10)))
    (i32.const 0)))
