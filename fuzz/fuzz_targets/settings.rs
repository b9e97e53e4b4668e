#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sancho_hostile::check("settings", bytes));
