//! libFuzzer on `Target::Parser`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_tests::fuzz::Target;

fuzz_target!(|data: &[u8]| Target::Parser.run(data));
