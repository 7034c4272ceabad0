#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| testamur::fuzzing::ods(bytes));
