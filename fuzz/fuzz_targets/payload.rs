//! Bytes for the check `payload`.
//!
//! # Unsafe code
//!
//! The macro exports the function that libFuzzer, which is C++, calls by its name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sancho_hostile::check("payload", bytes));
