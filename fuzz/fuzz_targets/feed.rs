//! Any bytes as a feed, as it comes over the network: encoding, XML or JSON, dates.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::feed(bytes);
});
