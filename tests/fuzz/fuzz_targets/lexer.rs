//! libFuzzer on `Target::Lexer`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_tests::fuzz::Target;

fuzz_target!(|data: &[u8]| Target::Lexer.run(data));
