//! Any bytes as a file: the first byte says of which kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::file_of_any_kind(bytes);
});
