//! Files read in pages, each checked, through a cache of bounded size.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::super::numbers::Numbers;
use super::segment::Entry;
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

/// Which page a frame holds.
#[derive(Debug, Clone, Copy)]
struct Frame {
    key: (u32, u32),
    size: u32,
    used: bool,
}

/// The pages read last, of all segments; the clock hand drops what was not
/// asked for since it came by. Beside them the dictionary's answers given last.
#[derive(Debug)]
pub(in super::super) struct Cache {
    most: usize,
    frames: Vec<Frame>,
    /// The bytes of all frames. Rooms that no page was put into take none.
    bytes: Vec<u8>,
    places: HashMap<(u32, u32), u32, Numbers>,
    hand: usize,
    answers: Vec<Answer>,
}

/// What a dictionary said of a term.
#[derive(Debug, Clone, Copy)]
struct Answer {
    segment: u32,
    term: u32,
    entry: Entry,
}

/// The answer that stands where none was given yet.
const UNASKED: Answer = Answer { segment: u32::MAX, term: 0, entry: Entry::None };
/// Of the cache's bytes one in this many is for answers.
const ANSWERS: usize = 16;

impl Cache {
    /// A cache of so many bytes.
    pub(in super::super) fn new(bytes: usize) -> Self {
        Self {
            most: (bytes / PAGE).clamp(16, 1 << 24),
            frames: Vec::new(),
            bytes: Vec::new(),
            places: HashMap::default(),
            hand: 0,
            answers: Vec::new(),
        }
    }

    /// What the dictionary of a segment said of a term lately.
    pub(super) fn answer(&self, segment: u32, term: u32) -> Option<Entry> {
        let answer = self.answers.get(self.answer_at(segment, term))?;
        (answer.segment == segment && answer.term == term).then_some(answer.entry)
    }

    /// Keeps what the dictionary of a segment says of a term.
    pub(super) fn keep_answer(&mut self, segment: u32, term: u32, entry: Entry) {
        if self.answers.is_empty() {
            let many = self.most * PAGE / ANSWERS / size_of::<Answer>();
            self.answers = vec![UNASKED; many.next_power_of_two()];
        }
        let at = self.answer_at(segment, term);
        self.answers[at] = Answer { segment, term, entry };
    }

    fn answer_at(&self, segment: u32, term: u32) -> usize {
        let mixed =
            (u64::from(segment) << 32 | u64::from(term)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> 32).unwrap_or(0) & self.answers.len().saturating_sub(1)
    }

    /// A page of a segment.
    pub(super) fn page(&mut self, segment: u32, pages: &Pages, page: usize) -> Result<&[u8]> {
        let number = u32::try_from(page).map_err(|_| pages.damaged("too many pages"))?;
        if let Some(&place) = self.places.get(&(segment, number)) {
            let place = place as usize;
            let frame = &mut self.frames[place];
            frame.used = true;
            return Ok(&self.bytes[place * PAGE..place * PAGE + frame.size as usize]);
        }
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.most * PAGE];
        }
        let none = Frame { key: (u32::MAX, u32::MAX), size: 0, used: false };
        let place = if self.frames.len() < self.most {
            self.frames.push(none);
            self.frames.len() - 1
        } else {
            self.victim()
        };
        self.places.remove(&self.frames[place].key);
        // A frame whose page could not be read is nobody's.
        self.frames[place] = none;
        let size = pages.size(page);
        let bytes = &mut self.bytes[place * PAGE..place * PAGE + size];
        pages.load(page, bytes)?;
        let key = (segment, number);
        self.frames[place] = Frame { key, size: u32::try_from(size).unwrap_or(0), used: true };
        self.places.insert(key, u32::try_from(place).unwrap_or(0));
        Ok(bytes)
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

    /// Forgets a segment that is gone.
    pub(in super::super) fn forget(&mut self, segment: u32) {
        for frame in self.frames.iter_mut().filter(|frame| frame.key.0 == segment) {
            self.places.remove(&frame.key);
            frame.key = (u32::MAX, u32::MAX);
            frame.used = false;
        }
        for answer in self.answers.iter_mut().filter(|answer| answer.segment == segment) {
            *answer = UNASKED;
        }
    }
}
