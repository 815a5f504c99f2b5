//! `cargo fuzz run --fuzz-dir tests/fuzz footer`
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other targets' checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::footer(data));
