//! Code pages that the encoding standard of the web does not know: DOS, the
//! old Macintosh, mainframes. Feeds that declare one are rare, but they mean it.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One line a code page: its names, a tab, and what its bytes mean: all 256,
/// or the upper 128 where the lower are ASCII. Control characters stand there
/// as their pictures, U+2400 and on.
const PAGES: &str = include_str!("pages.txt");

/// What the bytes of a single-byte encoding mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// From byte 0, or from byte 128.
    letters: Vec<char>,
}

impl Page {
    /// The code page of that name, which is lower case and has letters and digits only.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        static NAMES: LazyLock<HashMap<&'static str, Page>> = LazyLock::new(|| {
            PAGES
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .flat_map(|(names, letters)| {
                    let letters: Vec<char> = letters.chars().map(control).collect();
                    names.split(' ').map(move |name| (name, Page { letters: letters.clone() }))
                })
                .collect()
        });
        NAMES.get(name)
    }

    /// Whether ASCII means something else in it.
    #[must_use]
    pub fn is_ebcdic(&self) -> bool {
        self.letters.len() == 256
    }

    /// Reads bytes; none of them can be wrong.
    #[must_use]
    pub fn decode(&self, bytes: &[u8]) -> String {
        let first = 256 - self.letters.len();
        let letter = |byte: &u8| match usize::from(*byte).checked_sub(first) {
            Some(at) => self.letters[at],
            None => char::from(*byte),
        };
        bytes.iter().map(letter).collect()
    }
}

/// The control character that a picture stands for.
fn control(picture: char) -> char {
    match u32::from(picture) {
        code @ 0x2400..=0x241f => char::from_u32(code - 0x2400).unwrap_or(picture),
        0x2421 => '\u{7f}',
        _ => picture,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_whole_and_no_name_is_given_twice() {
        let mut names = Vec::new();
        for line in PAGES.lines() {
            let (own, letters) = line.split_once('\t').unwrap();
            names.extend(own.split(' '));
            assert!(matches!(letters.chars().count(), 128 | 256), "{own}");
        }

        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn pages_say_what_their_bytes_mean() {
        for (name, bytes, text) in [
            ("ibm437", &b"a\x80\xff"[..], "aÇ\u{a0}"),
            ("cp855", b"\x80", "ђ"),
            ("cp037", b"\x4c\x6f\xa7\x94\x93\x25", "<?xml\n"),
            ("maciceland", b"\x80", "Ä"),
        ] {
            assert_eq!(Page::named(name).unwrap().decode(bytes), text, "{name}");
        }
        assert_eq!(Page::named("klingon"), None);
    }
}
