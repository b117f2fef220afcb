//! Any HTML, cleaned; what is clean stays as it is.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::html(bytes);
});
