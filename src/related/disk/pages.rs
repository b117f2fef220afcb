//! Files read in pages, each checked, through a cache of bounded size.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::super::numbers::Numbers;
use super::{DiskError, Result};

/// Bytes of a page.
pub(super) const PAGE: usize = 4096;
/// What is longer than this is read at once and not kept.
const LONG: usize = 16 * PAGE;

/// A file with the sums of its pages.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    path: PathBuf,
    length: u64,
    sums: Vec<u32>,
}

impl Pages {
    pub(super) fn new(file: File, path: PathBuf, length: u64, sums: Vec<u32>) -> Self {
        Self { file, path, length, sums }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn damaged(&self, what: &'static str) -> DiskError {
        DiskError::Damaged { path: self.path.clone(), what }
    }

    /// Reads whole pages from `first` on, as many as `into` has room for.
    fn load(&self, first: usize, into: &mut [u8]) -> Result<()> {
        let start = (first * PAGE) as u64;
        self.file
            .read_exact_at(into, start)
            .map_err(|error| DiskError::Io { path: self.path.clone(), error })?;
        for (page, bytes) in (first..).zip(into.chunks(PAGE)) {
            if self.sums.get(page) != Some(&crc32fast::hash(bytes)) {
                return Err(self.damaged("a page does not match its sum"));
            }
        }
        Ok(())
    }

    /// Bytes of the page, fewer at the end of the file.
    fn size(&self, page: usize) -> usize {
        let left = self.length.saturating_sub((page * PAGE) as u64);
        usize::try_from(left).unwrap_or(PAGE).min(PAGE)
    }

    /// Reads a stretch past any cache, as a merge does.
    pub(super) fn stretch(&self, start: u64, length: usize, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let place = |at: u64| usize::try_from(at).map_err(|_| self.damaged("too long"));
        let (first, begin) = (place(start)? / PAGE, place(start)? % PAGE);
        let last = (place(start)? + length).div_ceil(PAGE);
        let bytes: usize = (first..last).map(|page| self.size(page)).sum();
        if begin + length > bytes {
            return Err(self.damaged("it is too short"));
        }
        out.resize(bytes, 0);
        self.load(first, out)?;
        out.copy_within(begin..begin + length, 0);
        out.truncate(length);
        Ok(())
    }
}

/// A page in memory.
#[derive(Debug)]
struct Frame {
    key: (u32, u32),
    bytes: Vec<u8>,
    used: bool,
}

/// The pages read last, of all segments; the clock hand drops what was not
/// asked for since it came by.
#[derive(Debug)]
pub(in super::super) struct Cache {
    most: usize,
    frames: Vec<Frame>,
    places: HashMap<(u32, u32), usize, Numbers>,
    hand: usize,
}

impl Cache {
    /// A cache of so many bytes.
    pub(in super::super) fn new(bytes: usize) -> Self {
        Self {
            most: (bytes / PAGE).max(16),
            frames: Vec::new(),
            places: HashMap::default(),
            hand: 0,
        }
    }

    /// A page of a segment.
    pub(super) fn page(&mut self, segment: u32, pages: &Pages, page: usize) -> Result<&[u8]> {
        let number = u32::try_from(page).map_err(|_| pages.damaged("too many pages"))?;
        if let Some(&place) = self.places.get(&(segment, number)) {
            let frame = &mut self.frames[place];
            frame.used = true;
            return Ok(&frame.bytes);
        }
        let size = pages.size(page);
        let place = if self.frames.len() < self.most {
            self.frames.push(Frame { key: (0, 0), bytes: Vec::new(), used: false });
            self.frames.len() - 1
        } else {
            self.victim()
        };
        let frame = &mut self.frames[place];
        self.places.remove(&frame.key);
        frame.bytes.resize(size, 0);
        // A frame whose page could not be read is nobody's.
        frame.key = (u32::MAX, u32::MAX);
        pages.load(page, &mut frame.bytes)?;
        frame.key = (segment, number);
        frame.used = true;
        self.places.insert(frame.key, place);
        Ok(&self.frames[place].bytes)
    }

    fn victim(&mut self) -> usize {
        loop {
            self.hand = (self.hand + 1) % self.frames.len();
            let frame = &mut self.frames[self.hand];
            if !std::mem::take(&mut frame.used) {
                return self.hand;
            }
        }
    }

    /// Copies a stretch of a segment.
    pub(super) fn read(
        &mut self,
        segment: u32,
        pages: &Pages,
        start: u64,
        length: usize,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if length > LONG {
            return pages.stretch(start, length, out);
        }
        out.clear();
        let mut at = usize::try_from(start).map_err(|_| pages.damaged("too long"))?;
        while out.len() < length {
            let page = self.page(segment, pages, at / PAGE)?;
            let rest = page.get(at % PAGE..).unwrap_or_default();
            let take = rest.len().min(length - out.len());
            out.extend_from_slice(&rest[..take]);
            if take == 0 {
                return Err(pages.damaged("it is too short"));
            }
            at += take;
        }
        Ok(())
    }

    /// Forgets the pages of a segment that is gone.
    pub(in super::super) fn forget(&mut self, segment: u32) {
        for frame in self.frames.iter_mut().filter(|frame| frame.key.0 == segment) {
            self.places.remove(&frame.key);
            frame.key = (u32::MAX, u32::MAX);
            frame.used = false;
        }
    }
}
