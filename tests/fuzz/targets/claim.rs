//! `cargo fuzz run --fuzz-dir tests/fuzz claim`
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other targets' checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::claim(data));
