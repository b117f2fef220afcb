//! Reading a segment.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::super::terms::{Loudness, Term, Vector};
use super::super::{About, Since, weigh};
use super::frequent::Common;
use super::pages::{Cache, PAGE, Pages};
use super::seek::Scratch;
use super::write::{DOC, ENTRY, MAGIC, PLACE_BITS, TRAILER};
use super::{DiskError, Numbers, Result, VERSION};
use crate::article::ArticleId;

/// A segment, open.
#[derive(Debug)]
pub(in super::super) struct Segment {
    pub number: u32,
    pub(super) pages: Arc<Pages>,
    records_end: u64,
    pub(super) dictionary_at: u64,
    docs: Arc<Vec<Doc>>,
    /// What each article's length takes from its promise.
    pub(super) dampings: Vec<f32>,
    /// Articles by their ids.
    by_id: Vec<u32>,
    /// The first term of each page of the dictionary.
    guide: Vec<u32>,
    pub(super) common: Common,
    /// The languages of its articles, each once.
    pub(super) languages: Vec<u32>,
    /// Articles that were edited or withdrawn since, a bit each.
    gone: Vec<u64>,
    gone_count: u32,
}

/// What is kept in memory of an article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doc {
    pub about: About,
    pub record_at: u64,
}

/// What the dictionary says of a term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Entry {
    /// It does not occur.
    None,
    /// It occurs in one article.
    One { doc: u32, loud: Loudness },
    /// It occurs in `count` articles, listed at `place`; nowhere does it give
    /// more promise than `greatest`.
    List { count: u32, place: u64, greatest: f32 },
}

impl Entry {
    /// Reads what `write` wrote.
    pub(super) fn new(count: u32, place: u64) -> Self {
        if count == 1 {
            let doc = u32::try_from(place >> 8).unwrap_or(u32::MAX);
            return Self::One { doc, loud: Loudness((place & 0xff) as u8) };
        }
        let greatest = f32::from_bits(((place >> PLACE_BITS) as u32) << 16);
        Self::List { count, place: place & ((1 << PLACE_BITS) - 1), greatest }
    }
}

impl Segment {
    /// Opens a segment and checks what is kept of it in memory.
    pub(in super::super) fn open(path: &Path, number: u32) -> Result<Self> {
        let io = |error| DiskError::Io { path: path.to_owned(), error };
        let damaged = |what| DiskError::Damaged { path: path.to_owned(), what };
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let trailer_at =
            size.checked_sub(TRAILER as u64).ok_or_else(|| damaged("it is too short"))?;
        let mut trailer = [0; TRAILER];
        file.read_exact_at(&mut trailer, trailer_at).map_err(io)?;
        if trailer[TRAILER - 8..] != MAGIC {
            return Err(damaged("it was not written to its end"));
        }
        let mut numbers = Numbers::new(&trailer);
        let mut next = || numbers.u64().ok_or_else(|| damaged("no trailer"));
        let (body, records_end, dictionary_at, count) = (next()?, next()?, next()?, next()?);
        let sum = numbers.u32();
        if numbers.u32() != Some(VERSION) {
            return Err(damaged("it is of another version"));
        }
        let short = |number: u64| usize::try_from(number).map_err(|_| damaged("too long"));
        let in_memory = short(trailer_at.checked_sub(body).ok_or_else(|| damaged("too short"))?)?;
        let mut memory = vec![0; in_memory];
        file.read_exact_at(&mut memory, body).map_err(io)?;
        if Some(crc32fast::hash(&memory)) != sum {
            return Err(damaged("its sum does not match"));
        }
        let (page_count, count) = (short(body.div_ceil(PAGE as u64))?, short(count)?);
        let (sums, rest) =
            memory.split_at_checked(page_count * 4).ok_or_else(|| damaged("sums"))?;
        let (docs, guide) =
            rest.split_at_checked(count * DOC).ok_or_else(|| damaged("articles"))?;
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let sums: Vec<u32> = sums.chunks_exact(4).map(word).collect();
        let docs: Vec<Doc> = docs.chunks_exact(DOC).filter_map(read_doc).collect();
        let entries = body
            .checked_sub(dictionary_at)
            .ok_or_else(|| damaged("a dictionary beyond its end"))?;
        let guided = short(entries.div_ceil(PAGE as u64))?;
        let (guide, common) = guide.split_at_checked(guided * 4).ok_or_else(|| damaged("guide"))?;
        let guide = guide.chunks_exact(4).map(word).collect();
        let common = Common::read(common.chunks_exact(4).map(word).collect())
            .ok_or_else(|| damaged("common terms"))?;
        let count = u32::try_from(docs.len()).map_err(|_| damaged("too many articles"))?;
        let mut by_id: Vec<u32> = (0..count).collect();
        let mut languages: Vec<u32> = docs.iter().map(|doc| doc.about.language).collect();
        languages.sort_unstable();
        languages.dedup();
        languages.shrink_to_fit();
        by_id.sort_unstable_by_key(|doc| docs[*doc as usize].about.id);
        let dampings = docs.iter().map(|doc| weigh::damping(doc.about.length)).collect();
        Ok(Self {
            number,
            pages: Arc::new(Pages::new(file, path.to_owned(), body, sums)),
            records_end,
            dictionary_at,
            gone: vec![0; docs.len().div_ceil(64)],
            docs: Arc::new(docs),
            dampings,
            by_id,
            guide,
            common,
            languages,
            gone_count: 0,
        })
    }

    /// Articles in it, also those that are gone.
    pub(in super::super) fn size(&self) -> u32 {
        u32::try_from(self.docs.len()).unwrap_or(u32::MAX)
    }

    /// Is there any article in a known language that is not this one?
    pub(in super::super) fn speaks_other_than(&self, language: u32) -> bool {
        self.languages.iter().any(|other| *other != 0 && *other != language)
    }

    /// Articles that are gone.
    pub(in super::super) fn gone(&self) -> u32 {
        self.gone_count
    }

    /// Which are gone, for the list on the disk.
    pub(in super::super) fn gone_docs(&self) -> Vec<u32> {
        (0..self.size()).filter(|doc| self.is_gone(*doc)).collect()
    }

    pub(super) fn is_gone(&self, doc: u32) -> bool {
        self.gone.get(doc as usize / 64).is_some_and(|bits| bits >> (doc % 64) & 1 == 1)
    }

    /// Strikes an article out; false if it was already.
    pub(in super::super) fn strike(&mut self, doc: u32) -> bool {
        if doc >= self.size() || self.is_gone(doc) {
            return false;
        }
        self.gone[doc as usize / 64] |= 1 << (doc % 64);
        self.gone_count += 1;
        true
    }

    /// Where an article stands, if it is here and not gone.
    pub(in super::super) fn find(&self, id: ArticleId) -> Option<u32> {
        let at =
            self.by_id.binary_search_by_key(&id, |doc| self.docs[*doc as usize].about.id).ok()?;
        let doc = self.by_id[at];
        (!self.is_gone(doc)).then_some(doc)
    }

    pub(in super::super) fn about(&self, doc: u32) -> Option<&About> {
        self.docs.get(doc as usize).map(|doc| &doc.about)
    }

    /// The article with the highest id that is not gone.
    pub(in super::super) fn newest_id(&self) -> Option<&About> {
        let newest = self.by_id.iter().rev().find(|doc| !self.is_gone(**doc))?;
        self.about(*newest)
    }

    /// The first article that did not appear before that moment.
    pub(in super::super) fn bound(&self, before: Since) -> u32 {
        let at = self.docs.partition_point(|doc| doc.about.since < before);
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The first article that appeared at that moment, in milliseconds, or later.
    pub(super) fn since_millis(&self, moment: i64) -> u32 {
        let at = self.docs.partition_point(|doc| doc.about.since.0 < moment);
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// How many articles appeared before that moment.
    pub(in super::super) fn earlier(&self, before: Since) -> u32 {
        let bound = self.bound(before);
        if self.gone_count == 0 {
            return bound;
        }
        let (full, rest) = (bound as usize / 64, bound % 64);
        let mut gone: u32 = self.gone[..full].iter().map(|bits| bits.count_ones()).sum();
        if rest > 0 {
            gone += (self.gone[full] & ((1 << rest) - 1)).count_ones();
        }
        bound - gone
    }

    /// What the dictionary says of a term.
    pub(super) fn entry(&self, term: Term, cache: &mut Cache) -> Result<Entry> {
        if let Some(entry) = cache.answer(self.number, term) {
            return Ok(entry);
        }
        let entry = self.look_up(term, cache)?;
        cache.keep_answer(self.number, term, entry);
        Ok(entry)
    }

    fn look_up(&self, term: Term, cache: &mut Cache) -> Result<Entry> {
        let Some(page) = self.guide.partition_point(|first| *first <= term).checked_sub(1) else {
            return Ok(Entry::None);
        };
        let first =
            usize::try_from(self.dictionary_at).map_err(|_| self.pages.damaged("too long"))?;
        let bytes = cache.page(self.number, &self.pages, first / PAGE + page)?;
        let entries = bytes.len() / ENTRY;
        let (mut low, mut high) = (0, entries);
        while low < high {
            let middle = usize::midpoint(low, high);
            let mut numbers = Numbers::new(&bytes[middle * ENTRY..(middle + 1) * ENTRY]);
            let found = numbers.u32().unwrap_or(Term::MAX);
            match found.cmp(&term) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let count = numbers.u32().unwrap_or(0);
                    return Ok(numbers.u64().map_or(Entry::None, |place| Entry::new(count, place)));
                }
            }
        }
        Ok(Entry::None)
    }

    /// The terms of an article.
    pub(in super::super) fn vector(
        &self,
        doc: u32,
        cache: &mut Cache,
        scratch: &mut Scratch,
    ) -> Result<Vector> {
        let (start, end) = self.record_at(doc);
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
        cache.read(self.number, &self.pages, start, length, &mut scratch.bytes)?;
        read_record(&scratch.bytes).ok_or_else(|| self.pages.damaged("an article's terms"))
    }

    fn record_at(&self, doc: u32) -> (u64, u64) {
        let at = |doc: usize| self.docs.get(doc).map_or(self.records_end, |doc| doc.record_at);
        (at(doc as usize), at(doc as usize + 1).min(self.records_end))
    }

    /// What a merge reads, without a cache.
    pub(super) fn source(&self) -> (Arc<Pages>, Arc<Vec<Doc>>, [u64; 2]) {
        (Arc::clone(&self.pages), Arc::clone(&self.docs), [self.records_end, self.dictionary_at])
    }
}

fn read_doc(bytes: &[u8]) -> Option<Doc> {
    let mut numbers = Numbers::new(bytes);
    let id = numbers.u64()?.cast_signed();
    let moment = numbers.u64()?.cast_signed();
    let language = numbers.u32()?;
    let length = f32::from_bits(numbers.u32()?);
    let about = About { id: ArticleId(id), since: (moment, id), language, length };
    Some(Doc { about, record_at: numbers.u64()? })
}

/// Reads back what `write::record` wrote.
pub(super) fn read_record(bytes: &[u8]) -> Option<Vector> {
    let mut numbers = Numbers::new(bytes);
    let many = usize::try_from(numbers.number()?).ok().filter(|many| *many <= bytes.len())?;
    let mut vector = Vector { terms: Vec::with_capacity(many), ..Vector::default() };
    let mut term: Term = 0;
    for _ in 0..many {
        term = term.checked_add(numbers.small()?)?;
        vector.terms.push((term, Loudness(0)));
    }
    for (_, loud) in &mut vector.terms {
        *loud = Loudness(numbers.byte()?);
    }
    let many = usize::try_from(numbers.number()?).ok().filter(|many| *many <= bytes.len())?;
    vector.pairs.reserve(many);
    let mut first: u16 = 0;
    for _ in 0..many {
        first = first.checked_add(u16::try_from(numbers.number()?).ok()?)?;
        let second = u16::try_from(numbers.number()?).ok()?;
        vector.pairs.push(((first, second), Loudness(numbers.byte()?)));
    }
    for _ in 0..numbers.number()?.min(64) {
        vector.hints.push(numbers.small()?);
    }
    Some(vector)
}
