//! Any bytes as posts of a WordPress, a pushed item or a Micropub request: the first byte says which.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::sent(bytes);
});
