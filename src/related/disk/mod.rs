//! Articles on the disk: segments that are written once, and the list of them.
//!
//! A segment holds articles in the order in which they appeared. Its body is
//! read in pages through a bounded cache, each page checked against its sum
//! when it is read; only a few bytes for each article are kept in memory.

mod frequent;
mod list;
mod merge;
mod pages;
mod postings;
mod seek;
mod segment;
mod write;

pub(super) use list::{List, Listed, Lock, segment_path, tidy};
pub(super) use merge::Merge;
pub(super) use pages::Cache;
pub(super) use seek::Scratch;
pub(super) use segment::Segment;
pub(super) use write::write;

use std::path::PathBuf;

/// Raised when what is written, or how terms are made, changes: an index of
/// another version is made anew.
pub(super) const VERSION: u32 = 2;

/// Why the disk failed us. The index is made anew from the store.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Reading or writing failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file does not hold what was written.
    #[error("{}: damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
}

pub(super) type Result<T, E = DiskError> = std::result::Result<T, E>;

/// Puts a number into few bytes: seven bits each, the highest says "more".
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// Reads numbers back; what is missing reads as nothing.
struct Numbers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Numbers<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    #[inline]
    fn small(&mut self) -> Option<u32> {
        self.number().and_then(|number| u32::try_from(number).ok())
    }

    #[inline]
    fn u32(&mut self) -> Option<u32> {
        let bytes = self.bytes.get(self.at..self.at + 4)?.try_into().ok()?;
        self.at += 4;
        Some(u32::from_le_bytes(bytes))
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        Some(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }
}

#[cfg(test)]
mod tests;
