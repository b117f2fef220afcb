//! Any text as a date.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::a_date(bytes);
});
