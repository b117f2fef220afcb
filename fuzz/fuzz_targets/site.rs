//! Any bytes as a sitemap, a robots.txt or a page: the first byte says which.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gazetted::source::parse::fuzzed::a_site(bytes);
});
