//! Reading a segment.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::super::search::{Best, Sought};
use super::super::terms::{Loudness, Term, Vector};
use super::super::{About, Since};
use super::pages::{Cache, PAGE, Pages};
use super::write::{BLOCK, BLOCK_HEAD, DOC, ENTRY, MAGIC, TRAILER};
use super::{DiskError, Numbers, Result, VERSION};
use crate::article::ArticleId;

/// Articles that must have been touched before the search may stop taking in more.
const ENOUGH: usize = 512;

/// A segment, open.
#[derive(Debug)]
pub(in super::super) struct Segment {
    pub number: u32,
    pages: Arc<Pages>,
    records_end: u64,
    dictionary_at: u64,
    docs: Arc<Vec<Doc>>,
    /// Articles by their ids.
    by_id: Vec<u32>,
    /// The first term of each page of the dictionary.
    guide: Vec<u32>,
    /// The languages of its articles, each once.
    languages: Vec<u32>,
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

/// A term's entry in the dictionary.
#[derive(Debug, Clone, Copy)]
struct Entry {
    count: u32,
    place: u64,
}

/// Sums and lists that are used again for each search.
#[derive(Debug, Default)]
pub(in super::super) struct Scratch {
    sums: Vec<f32>,
    heard: Vec<u32>,
    bytes: Vec<u8>,
    promises: Vec<f32>,
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
        let guide = guide.chunks_exact(4).map(word).collect();
        let count = u32::try_from(docs.len()).map_err(|_| damaged("too many articles"))?;
        let mut by_id: Vec<u32> = (0..count).collect();
        let mut languages: Vec<u32> = docs.iter().map(|doc| doc.about.language).collect();
        languages.sort_unstable();
        languages.dedup();
        languages.shrink_to_fit();
        by_id.sort_unstable_by_key(|doc| docs[*doc as usize].about.id);
        Ok(Self {
            number,
            pages: Arc::new(Pages::new(file, path.to_owned(), body, sums)),
            records_end,
            dictionary_at,
            gone: vec![0; docs.len().div_ceil(64)],
            docs: Arc::new(docs),
            by_id,
            guide,
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

    fn entry(&self, term: Term, cache: &mut Cache) -> Result<Option<Entry>> {
        let Some(page) = self.guide.partition_point(|first| *first <= term).checked_sub(1) else {
            return Ok(None);
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
                    return Ok(numbers.u64().map(|place| Entry { count, place }));
                }
            }
        }
        Ok(None)
    }

    /// Reads where a term occurs; gives the greatest impact.
    fn postings(&self, entry: Entry, cache: &mut Cache, bytes: &mut Vec<u8>) -> Result<f32> {
        cache.read(self.number, &self.pages, entry.place, 8, bytes)?;
        let mut numbers = Numbers::new(bytes);
        let length = numbers.u32().unwrap_or(0) as usize;
        let greatest = f32::from_bits(numbers.u32().unwrap_or(0));
        if entry.place + 8 + length as u64 > self.dictionary_at {
            return Err(self.pages.damaged("a list is too long"));
        }
        cache.read(self.number, &self.pages, entry.place + 8, length, bytes)?;
        Ok(greatest)
    }

    /// How many articles before the one at `bound` have a term. Those that are
    /// gone count until the segment is merged.
    pub(in super::super) fn with(
        &self,
        term: Term,
        bound: u32,
        cache: &mut Cache,
        scratch: &mut Scratch,
    ) -> Result<u32> {
        if bound == 0 {
            return Ok(0);
        }
        let Some(entry) = self.entry(term, cache)? else { return Ok(0) };
        if bound == self.size() {
            return Ok(entry.count);
        }
        if entry.count == 1 {
            return Ok(u32::from(entry.place >> 8 < u64::from(bound)));
        }
        // Of a long list only what is said of its blocks, and one block.
        let heads = (entry.count as usize).div_ceil(BLOCK) * BLOCK_HEAD;
        let heads_at = entry.place + 8;
        cache.read(self.number, &self.pages, heads_at, heads, &mut scratch.bytes)?;
        let list = Blocks::new(&scratch.bytes, entry.count);
        let block = list.block_of(bound);
        let whole = u32::try_from(block * BLOCK).unwrap_or(u32::MAX).min(entry.count);
        let Some((range, before, many)) = list.place(block) else { return Ok(whole) };
        let at = heads_at + (heads + range.start) as u64;
        if at + range.len() as u64 > self.dictionary_at {
            return Err(self.pages.damaged("a list is too long"));
        }
        cache.read(self.number, &self.pages, at, range.len(), &mut scratch.bytes)?;
        let mut count = 0;
        decode(&scratch.bytes, before, many, |doc, _| count += u32::from(doc < bound));
        Ok(whole + count)
    }

    /// Offers the earlier articles that share terms with what is sought.
    ///
    /// Term by term, the weightiest first. When an article that has none of
    /// the terms so far could no longer come among the best, only those that
    /// have some are looked at further: the best are exactly the same.
    pub(in super::super) fn search(
        &self,
        sought: &Sought<'_>,
        cache: &mut Cache,
        scratch: &mut Scratch,
        best: &mut Best,
    ) -> Result<()> {
        let bound = self.bound(sought.before);
        if bound == 0 {
            return Ok(());
        }
        let Scratch { sums, heard, bytes, promises } = scratch;
        sums.clear();
        sums.resize(bound as usize, 0.0);
        heard.clear();
        let mut entries = Vec::with_capacity(sought.terms.len());
        for (term, weight) in sought.terms {
            if let Some(entry) = self.entry(*term, cache)? {
                let greatest = if entry.count == 1 {
                    f32::from((entry.place & 0xff) as u8) * 0.025
                } else {
                    cache.read(self.number, &self.pages, entry.place + 4, 4, bytes)?;
                    f32::from_bits(Numbers::new(bytes).u32().unwrap_or(0))
                };
                entries.push((entry, *weight, weight * greatest));
            }
        }
        let mut left: f32 = entries.iter().map(|(.., most)| most).sum();
        let mut open = true;
        for (entry, weight, most) in entries {
            if open && heard.len() >= ENOUGH && entry.count as usize > heard.len() / 4 {
                let least = self.least(sought, sums, heard, promises, best);
                // A little room for the rounding of sums.
                if left * 1.001 < least {
                    open = false;
                    heard.retain(|doc| {
                        let doc = *doc as usize;
                        self.promise(sums[doc], doc) + left * 1.001 >= least
                    });
                    heard.sort_unstable();
                }
            }
            left -= most;
            let mut hear = |doc: u32, loud: Loudness| {
                if let Some(sum) = sums.get_mut(doc as usize) {
                    if *sum == 0.0 {
                        heard.push(doc);
                    }
                    *sum += weight * loud.value();
                }
            };
            if entry.count == 1 {
                let doc = u32::try_from(entry.place >> 8).unwrap_or(u32::MAX);
                if open || heard.binary_search(&doc).is_ok() {
                    let loud = Loudness((entry.place & 0xff) as u8);
                    if doc < bound {
                        if sums[doc as usize] == 0.0 {
                            heard.push(doc);
                        }
                        sums[doc as usize] += weight * loud.value();
                    }
                }
                continue;
            }
            self.postings(entry, cache, bytes)?;
            let list = Blocks::new(bytes, entry.count);
            if open {
                for block in 0..=list.block_of(bound - 1) {
                    list.read(block, &mut hear);
                }
                continue;
            }
            let mut rest = heard.iter().copied().peekable();
            while let Some(doc) = rest.peek() {
                let block = list.block_of(*doc);
                let Some(last) = list.last(block) else { break };
                list.read(block, |doc, loud| {
                    while rest.next_if(|heard| *heard < doc).is_some() {}
                    if rest.next_if_eq(&doc).is_some() {
                        sums[doc as usize] += weight * loud.value();
                    }
                });
                while rest.next_if(|heard| *heard <= last).is_some() {}
            }
        }
        for doc in heard.iter() {
            let about = &self.docs[*doc as usize].about;
            if sought.wants(about) && !self.is_gone(*doc) {
                best.offer(sums[*doc as usize], *doc, about);
            }
        }
        Ok(())
    }

    fn promise(&self, sum: f32, doc: usize) -> f32 {
        sum / super::super::weigh::damping(self.docs[doc].about.length)
    }

    /// The promise that an article needs to come among the best.
    fn least(
        &self,
        sought: &Sought<'_>,
        sums: &[f32],
        heard: &[u32],
        promises: &mut Vec<f32>,
        best: &Best,
    ) -> f32 {
        promises.clear();
        promises.extend(heard.iter().filter_map(|doc| {
            let about = &self.docs[*doc as usize].about;
            (sought.wants(about) && !self.is_gone(*doc))
                .then(|| self.promise(sums[*doc as usize], *doc as usize))
        }));
        let most = best.most();
        if promises.len() < most || most == 0 {
            return best.least();
        }
        let (_, least, _) = promises.select_nth_unstable_by(most - 1, |a, b| b.total_cmp(a));
        least.max(best.least())
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

/// A list of postings: what is said of each block, and the blocks.
pub(super) struct Blocks<'a> {
    heads: &'a [u8],
    blocks: &'a [u8],
    count: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(bytes: &'a [u8], count: u32) -> Self {
        let count = count as usize;
        let heads = (count.div_ceil(BLOCK) * BLOCK_HEAD).min(bytes.len());
        let (heads, blocks) = bytes.split_at(heads);
        Self { heads, blocks, count }
    }

    fn len(&self) -> usize {
        self.heads.len() / BLOCK_HEAD
    }

    /// The last article of a block.
    fn last(&self, block: usize) -> Option<u32> {
        Numbers::new(self.heads.get(block * BLOCK_HEAD..)?).u32()
    }

    fn end(&self, block: usize) -> Option<usize> {
        let mut numbers = Numbers::new(self.heads.get(block * BLOCK_HEAD + 4..)?);
        numbers.u32().map(|end| end as usize)
    }

    /// The block that would hold an article: the first whose last is not before it.
    fn block_of(&self, doc: u32) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.last(middle).is_some_and(|last| last < doc) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Where a block lies behind the heads, the article before it, and how
    /// many articles are in it.
    fn place(&self, block: usize) -> Option<(std::ops::Range<usize>, u32, usize)> {
        let end = self.end(block)?;
        let before = block.checked_sub(1);
        let start = before.and_then(|before| self.end(before)).unwrap_or(0);
        let doc = before.and_then(|before| self.last(before)).unwrap_or(0);
        let many = self.count.saturating_sub(block * BLOCK).min(BLOCK);
        (start <= end).then_some((start..end, doc, many))
    }

    /// Reads one block; nothing if there is none.
    pub(super) fn read(&self, block: usize, each: impl FnMut(u32, Loudness)) {
        let Some((range, before, many)) = self.place(block) else { return };
        if let Some(bytes) = self.blocks.get(range) {
            decode(bytes, before, many, each);
        }
    }

    /// Reads all of it.
    pub(super) fn read_all(&self, mut each: impl FnMut(u32, Loudness)) {
        for block in 0..self.len() {
            self.read(block, &mut each);
        }
    }
}

/// Reads a block's articles and how loud the term is in each.
fn decode(bytes: &[u8], before: u32, many: usize, mut each: impl FnMut(u32, Loudness)) {
    let split = bytes.len().checked_sub(many).and_then(|at| bytes.split_at_checked(at));
    let Some((deltas, louds)) = split else { return };
    let mut doc = before;
    let mut deltas = deltas.iter();
    for loud in louds {
        let Some(byte) = deltas.next() else { return };
        let mut delta = u32::from(byte & 0x7f);
        let mut more = *byte >= 0x80;
        let mut shift = 7;
        while more && shift < 32 {
            let Some(byte) = deltas.next() else { return };
            delta |= u32::from(byte & 0x7f) << shift;
            more = *byte >= 0x80;
            shift += 7;
        }
        doc = doc.wrapping_add(delta);
        each(doc, Loudness(*loud));
    }
}
