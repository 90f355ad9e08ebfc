//! The body of `POST /services`, as bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| fuzz::create(body));
