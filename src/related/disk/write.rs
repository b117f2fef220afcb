//! Writing a segment.
//!
//! The body: the articles' terms one after the other, then where each term
//! occurs, then the dictionary. Behind the body: the sums of its pages, what
//! is kept in memory, and a trailer that says where these are. A segment that
//! was not written to its end has no trailer and is none.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::terms::{Loudness, Term, Vector};
use super::super::{About, weigh};
use super::pages::PAGE;
use super::{DiskError, Result, VERSION, put_number};

/// Articles in a block of postings.
pub(super) const BLOCK: usize = 128;
/// Bytes of an entry of the dictionary: term, count, place.
pub(super) const ENTRY: usize = 16;
/// Bytes of an article in the part kept in memory.
pub(super) const DOC: usize = 32;
/// Bytes of what is said of a block before the blocks.
pub(super) const BLOCK_HEAD: usize = 8;
/// A term whose list has this many blocks is common: what is said of its blocks
/// is kept in memory too, for counting.
pub(super) const COMMON: usize = 16;
/// Bits of a list's place in its entry; above them stands the greatest impact.
pub(super) const PLACE_BITS: u32 = 48;
/// Bytes of the trailer.
pub(super) const TRAILER: usize = 48;
pub(super) const MAGIC: [u8; 8] = *b"gzttdseg";

/// The body of a segment as it grows.
struct Body {
    out: BufWriter<File>,
    path: PathBuf,
    length: u64,
    page: crc32fast::Hasher,
    in_page: usize,
    sums: Vec<u32>,
}

impl Body {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| io(path, error))?;
        Ok(Self {
            out: BufWriter::with_capacity(1 << 18, file),
            path: path.to_owned(),
            length: 0,
            page: crc32fast::Hasher::new(),
            in_page: 0,
            sums: Vec::new(),
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|error| io(&self.path, error))?;
        self.length += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let take = rest.len().min(PAGE - self.in_page);
            self.page.update(&rest[..take]);
            self.in_page += take;
            rest = &rest[take..];
            if self.in_page == PAGE {
                self.end_page();
            }
        }
        Ok(())
    }

    fn end_page(&mut self) {
        if self.in_page > 0 {
            let page = std::mem::replace(&mut self.page, crc32fast::Hasher::new());
            self.sums.push(page.finalize());
            self.in_page = 0;
        }
    }

    /// Begins a new page, so that entries do not cross pages.
    fn align(&mut self) -> Result<()> {
        let gap = (PAGE - self.in_page) % PAGE;
        self.put(&vec![0; gap])
    }
}

fn io(path: &Path, error: std::io::Error) -> DiskError {
    DiskError::Io { path: path.to_owned(), error }
}

/// A segment that is being written: first all articles in the order in which
/// they appeared, then all terms in the order of their numbers.
pub(super) struct Writer {
    body: Body,
    docs: Vec<u8>,
    dampings: Vec<f32>,
    /// Where the articles' terms end.
    records: u64,
    dictionary: Body,
    guide: Vec<u32>,
    /// Of each common term itself, its count, and the last article of each block.
    common: Vec<u32>,
    entries: u64,
    scratch: Vec<u8>,
}

impl Writer {
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            body: Body::create(path)?,
            docs: Vec::new(),
            dampings: Vec::new(),
            records: 0,
            dictionary: Body::create(&path.with_extension("terms"))?,
            guide: Vec::new(),
            common: Vec::new(),
            entries: 0,
            scratch: Vec::new(),
        })
    }

    /// Adds the next article; `record` is what [`record`] made of its terms.
    pub(super) fn add(&mut self, about: &About, record: &[u8]) -> Result<()> {
        self.docs.extend_from_slice(&about.id.0.to_le_bytes());
        self.docs.extend_from_slice(&about.since.0.to_le_bytes());
        self.docs.extend_from_slice(&about.language.to_le_bytes());
        self.docs.extend_from_slice(&about.length.to_bits().to_le_bytes());
        self.docs.extend_from_slice(&self.body.length.to_le_bytes());
        self.dampings.push(weigh::damping(about.length));
        self.body.put(record)?;
        self.records = self.body.length;
        Ok(())
    }

    /// Adds the next term with the articles that have it, in order.
    pub(super) fn term(&mut self, term: Term, postings: &[(u32, Loudness)]) -> Result<()> {
        let [first, ..] = postings else { return Ok(()) };
        let place = if postings.len() == 1 {
            u64::from(first.0) << 8 | u64::from(first.1.0)
        } else {
            // Aligned, so that no head of a block crosses a page.
            let gap = self.body.length.next_multiple_of(BLOCK_HEAD as u64) - self.body.length;
            self.body.put(&[0; BLOCK_HEAD][..usize::try_from(gap).unwrap_or(0)])?;
            let place = self.body.length;
            let greatest = self.postings(postings);
            let scratch = std::mem::take(&mut self.scratch);
            self.body.put(&scratch)?;
            self.scratch = scratch;
            place | u64::from(rounded_up(greatest)) << PLACE_BITS
        };
        if self.entries.is_multiple_of((PAGE / ENTRY) as u64) {
            self.guide.push(term);
        }
        self.entries += 1;
        let count = u32::try_from(postings.len()).unwrap_or(u32::MAX);
        let blocks = postings.chunks(BLOCK);
        if blocks.len() >= COMMON {
            self.common.extend([term, count]);
            self.common.extend(blocks.filter_map(|block| block.last()).map(|(doc, _)| doc));
        }
        let mut entry = [0; ENTRY];
        entry[..4].copy_from_slice(&term.to_le_bytes());
        entry[4..8].copy_from_slice(&count.to_le_bytes());
        entry[8..].copy_from_slice(&place.to_le_bytes());
        self.dictionary.put(&entry)
    }

    /// Length, the blocks' last articles and ends, the blocks; gives the greatest
    /// impact.
    fn postings(&mut self, postings: &[(u32, Loudness)]) -> f32 {
        let impact = |(doc, loud): &(u32, Loudness)| {
            loud.value() / self.dampings.get(*doc as usize).copied().unwrap_or(1.0)
        };
        let greatest = postings.iter().map(impact).fold(0.0, f32::max);
        let (mut heads, mut blocks) = (Vec::new(), Vec::new());
        let mut before = 0;
        for block in postings.chunks(BLOCK) {
            for (doc, _) in block {
                put_number(&mut blocks, u64::from(doc - before));
                before = *doc;
            }
            blocks.extend(block.iter().map(|(_, loud)| loud.0));
            heads.extend_from_slice(&before.to_le_bytes());
            heads.extend_from_slice(&u32::try_from(blocks.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        self.scratch.clear();
        let length = u32::try_from(heads.len() + blocks.len()).unwrap_or(u32::MAX);
        self.scratch.extend_from_slice(&length.to_le_bytes());
        self.scratch.extend_from_slice(&[0; 4]);
        self.scratch.extend_from_slice(&heads);
        self.scratch.extend_from_slice(&blocks);
        greatest
    }

    /// Writes the rest, and makes sure that it is on the disk.
    pub(super) fn finish(mut self) -> Result<()> {
        self.body.align()?;
        let dictionary_at = self.body.length;
        let terms_path = self.dictionary.path.clone();
        self.dictionary.out.flush().map_err(|error| io(&terms_path, error))?;
        let mut entries = File::open(&terms_path).map_err(|error| io(&terms_path, error))?;
        let mut chunk = vec![0; 1 << 18];
        loop {
            let read = std::io::Read::read(&mut entries, &mut chunk)
                .map_err(|error| io(&terms_path, error))?;
            if read == 0 {
                break;
            }
            self.body.put(&chunk[..read])?;
        }
        std::fs::remove_file(&terms_path).map_err(|error| io(&terms_path, error))?;
        let body = self.body.length;
        self.body.end_page();

        let mut memory = Vec::with_capacity(self.docs.len() + self.guide.len() * 4);
        memory.extend(self.body.sums.iter().flat_map(|sum| sum.to_le_bytes()));
        memory.extend_from_slice(&self.docs);
        memory.extend(self.guide.iter().flat_map(|term| term.to_le_bytes()));
        memory.extend(self.common.iter().flat_map(|number| number.to_le_bytes()));
        let mut trailer = Vec::with_capacity(TRAILER);
        trailer.extend_from_slice(&body.to_le_bytes());
        trailer.extend_from_slice(&self.records.to_le_bytes());
        trailer.extend_from_slice(&dictionary_at.to_le_bytes());
        let docs = (self.docs.len() / DOC) as u64;
        trailer.extend_from_slice(&docs.to_le_bytes());
        trailer.extend_from_slice(&crc32fast::hash(&memory).to_le_bytes());
        trailer.extend_from_slice(&VERSION.to_le_bytes());
        trailer.extend_from_slice(&MAGIC);
        let path = self.body.path.clone();
        let failed = |error| io(&path, error);
        self.body.out.write_all(&memory).map_err(failed)?;
        self.body.out.write_all(&trailer).map_err(failed)?;
        let file = self.body.out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)
    }
}

/// The upper half of a number that is not smaller.
fn rounded_up(number: f32) -> u16 {
    let bits = number.to_bits();
    u16::try_from(bits.div_ceil(1 << 16)).unwrap_or(u16::MAX)
}

/// The terms of an article as bytes.
pub(super) fn record(vector: &Vector, out: &mut Vec<u8>) {
    out.clear();
    put_number(out, vector.terms.len() as u64);
    let mut before = 0;
    for (term, _) in &vector.terms {
        put_number(out, u64::from(term - before));
        before = *term;
    }
    out.extend(vector.terms.iter().map(|(_, loud)| loud.0));
    put_number(out, vector.pairs.len() as u64);
    let mut before = 0;
    for ((first, second), loud) in &vector.pairs {
        put_number(out, u64::from(first - before));
        put_number(out, u64::from(*second));
        out.push(loud.0);
        before = *first;
    }
    put_number(out, vector.hints.len() as u64);
    vector.hints.iter().for_each(|hint| put_number(out, u64::from(*hint)));
}

/// Writes a segment of these articles, which come in the order in which they
/// appeared.
pub(in super::super) fn write(path: &Path, articles: &[(&About, &Vector)]) -> Result<()> {
    let mut writer = Writer::create(path)?;
    let mut bytes = Vec::new();
    // Term, article and loudness in one number.
    let mut all: Vec<u64> = Vec::new();
    for (doc, (about, vector)) in (0_u64..).zip(articles) {
        record(vector, &mut bytes);
        writer.add(about, &bytes)?;
        let posting = |(term, loud): &(Term, Loudness)| {
            u64::from(*term) << 32 | (doc & 0x00ff_ffff) << 8 | u64::from(loud.0)
        };
        all.extend(vector.terms.iter().map(posting));
    }
    sort_by_term(&mut all);
    let mut postings: Vec<(u32, Loudness)> = Vec::new();
    for of_term in all.chunk_by(|a, b| a >> 32 == b >> 32) {
        postings.clear();
        postings.extend(of_term.iter().map(|posting| {
            let doc = u32::try_from(posting >> 8 & 0x00ff_ffff).unwrap_or(u32::MAX);
            (doc, Loudness((posting & 0xff) as u8))
        }));
        let term = Term::try_from(of_term[0] >> 32).unwrap_or(Term::MAX);
        writer.term(term, &postings)?;
    }
    writer.finish()
}

/// Sorts by the upper half, and leaves what is equal in its order: by its
/// digits, eleven bits each, from the lowest.
fn sort_by_term(all: &mut Vec<u64>) {
    let mut other = vec![0; all.len()];
    for shift in [32, 43, 54] {
        let digit = |posting: u64| usize::try_from(posting >> shift & 0x7ff).unwrap_or(0);
        let mut places = [0_usize; 1 << 11];
        for posting in all.iter() {
            places[digit(*posting)] += 1;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for posting in all.iter() {
            let place = &mut places[digit(*posting)];
            other[*place] = *posting;
            *place += 1;
        }
        std::mem::swap(all, &mut other);
    }
}
