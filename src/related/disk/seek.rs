//! Searching a segment: how many articles have a term, and which share most
//! with what is sought.

use super::super::search::{Best, Sought};
use super::super::terms::{Loudness, Term};
use super::pages::{Cache, PAGE};
use super::postings::{Blocks, decode};
use super::segment::{Entry, Segment};
use super::write::{BLOCK, BLOCK_HEAD};
use super::{Numbers, Result};

/// Articles that must have been touched before the search may stop taking in more.
const ENOUGH: usize = 512;
/// Bytes of a list before its first head.
const LIST_HEAD: u64 = 8;
/// Room for the rounding of sums.
const ROUNDING: f32 = 1.001;
/// What it costs to read all terms of an article, in postings.
const RECORD: usize = 2_000;

/// Sums and lists that are used again for each search.
#[derive(Debug, Default)]
pub(in super::super) struct Scratch {
    /// What each article has heard so far; nothing between two searches.
    sums: Vec<f32>,
    heard: Vec<u32>,
    heads: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    promises: Vec<f32>,
}

impl Scratch {
    fn hear(&mut self, doc: u32, sum: f32) {
        if let Some(known) = self.sums.get_mut(doc as usize) {
            if *known == 0.0 {
                self.heard.push(doc);
            }
            *known += sum;
        }
    }

    fn sum(&self, doc: u32) -> f32 {
        self.sums.get(doc as usize).copied().unwrap_or(0.0)
    }

    fn clear(&mut self) {
        for doc in self.heard.drain(..) {
            self.sums[doc as usize] = 0.0;
        }
    }
}

/// A term that is sought, as this segment has it.
#[derive(Debug, Clone, Copy)]
struct Found {
    term: Term,
    weight: f32,
    entry: Entry,
    /// The most that it can add to a promise.
    most: f32,
}

impl Found {
    fn count(&self) -> usize {
        match self.entry {
            Entry::None => 0,
            Entry::One { .. } => 1,
            Entry::List { count, .. } => count as usize,
        }
    }
}

impl Segment {
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
        if let Some(count) = self.common.with(term, bound) {
            return Ok(count);
        }
        let (count, place) = match self.entry(term, cache)? {
            Entry::None => return Ok(0),
            Entry::One { doc, .. } => return Ok(u32::from(doc < bound)),
            Entry::List { count, place, .. } => (count, place),
        };
        if bound == self.size() {
            return Ok(count);
        }
        let blocks = (count as usize).div_ceil(BLOCK);
        let block = self.block_of(place, blocks, bound, cache)?;
        if block == blocks {
            return Ok(count);
        }
        let (_, end) = self.head(place, block, cache)?;
        let (before, start) = match block.checked_sub(1) {
            Some(before) => self.head(place, before, cache)?,
            None => (0, 0),
        };
        let at = place + LIST_HEAD + (blocks * BLOCK_HEAD) as u64 + u64::from(start);
        let length = end.checked_sub(start).ok_or_else(|| self.pages.damaged("a list"))? as usize;
        if at + length as u64 > self.dictionary_at {
            return Err(self.pages.damaged("a list is too long"));
        }
        cache.read(self.number, &self.pages, at, length, &mut scratch.bytes)?;
        let many = (count as usize - block * BLOCK).min(BLOCK);
        let mut within = 0;
        decode(&scratch.bytes, before, many, |doc, _| within += u32::from(doc < bound));
        Ok(u32::try_from(block * BLOCK).unwrap_or(u32::MAX) + within)
    }

    /// The last article of a block, and where the block ends.
    fn head(&self, place: u64, block: usize, cache: &mut Cache) -> Result<(u32, u32)> {
        let at = place + LIST_HEAD + (block * BLOCK_HEAD) as u64;
        let (page, within) = self.page_of(at)?;
        let bytes = cache.page(self.number, &self.pages, page)?;
        let mut numbers = Numbers::new(bytes.get(within..).unwrap_or_default());
        numbers.u32().zip(numbers.u32()).ok_or_else(|| self.pages.damaged("a list"))
    }

    fn page_of(&self, at: u64) -> Result<(usize, usize)> {
        let at = usize::try_from(at).map_err(|_| self.pages.damaged("too long"))?;
        Ok((at / PAGE, at % PAGE))
    }

    /// The block that would hold an article, read page by page: no head of a
    /// block crosses a page.
    fn block_of(&self, place: u64, blocks: usize, doc: u32, cache: &mut Cache) -> Result<usize> {
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (page, within) = self.page_of(place + LIST_HEAD + (middle * BLOCK_HEAD) as u64)?;
            let bytes = cache.page(self.number, &self.pages, page)?;
            let first = middle - (within / BLOCK_HEAD).min(middle - low);
            let start = within - (middle - first) * BLOCK_HEAD;
            let heads = bytes.get(start..).unwrap_or_default();
            let many = (heads.len() / BLOCK_HEAD).min(high - first);
            if many == 0 {
                return Err(self.pages.damaged("a list"));
            }
            let found = Blocks::heads_before(&heads[..many * BLOCK_HEAD], doc);
            match found {
                0 if first > low => high = first,
                found if found == many && first + many < high => low = first + many,
                found => return Ok(first + found),
            }
        }
        Ok(low)
    }

    /// Offers the earlier articles that share terms with what is sought.
    ///
    /// Term by term, the weightiest first. When an article that has none of
    /// the terms so far could no longer come among the best, only those that
    /// have some are looked at further, and when few are left, these one by
    /// one: the best are exactly the same.
    pub(in super::super) fn search(
        &self,
        sought: &Sought<'_>,
        cache: &mut Cache,
        scratch: &mut Scratch,
        best: &mut Best,
    ) -> Result<()> {
        let range = self.since_millis(sought.not_before)..self.bound(sought.before);
        if range.is_empty() || !self.languages.iter().any(|language| sought.speaks(*language)) {
            return Ok(());
        }
        if scratch.sums.len() < self.size() as usize {
            scratch.sums.resize(self.size() as usize, 0.0);
        }
        let searched = self.add_up(sought, range, cache, scratch, best);
        if searched.is_ok() {
            for doc in &scratch.heard {
                if self.fits(sought, *doc)
                    && let Some(about) = self.about(*doc)
                {
                    best.offer(self.promise(scratch, *doc), *doc, about);
                }
            }
        }
        scratch.clear();
        searched
    }

    fn add_up(
        &self,
        sought: &Sought<'_>,
        range: std::ops::Range<u32>,
        cache: &mut Cache,
        scratch: &mut Scratch,
        best: &Best,
    ) -> Result<()> {
        let mut found: Vec<Found> = Vec::with_capacity(sought.terms.len());
        for (term, weight) in sought.terms {
            let entry = self.entry(*term, cache)?;
            let greatest = match entry {
                Entry::None => continue,
                Entry::One { doc, loud } => loud.value() / self.damping(doc),
                Entry::List { greatest, .. } => greatest,
            };
            found.push(Found { term: *term, weight: *weight, entry, most: weight * greatest });
        }
        let mut left: f32 = found.iter().map(|found| found.most).sum();
        let mut open = true;
        for (at, term) in found.iter().enumerate() {
            if open && scratch.heard.len() >= ENOUGH && term.count() > scratch.heard.len() / 4 {
                open = !self.narrow(sought, left, scratch, best);
            } else if !open {
                self.narrow(sought, left, scratch, best);
                let lists = found[at..].iter().map(Found::count);
                let rest: usize = lists.map(|l| l.min(scratch.heard.len() * BLOCK)).sum();
                if scratch.heard.len() * RECORD < rest {
                    return self.finish_one_by_one(&found[at..], cache, scratch);
                }
            }
            left -= term.most;
            match term.entry {
                Entry::None => {}
                Entry::One { doc, loud } => {
                    if range.contains(&doc) && (open || scratch.sum(doc) > 0.0) {
                        scratch.hear(doc, term.weight * loud.value());
                    }
                }
                Entry::List { count, place, .. } => {
                    let list = List { count, place, weight: term.weight };
                    if open {
                        self.hear_all(&list, range.clone(), cache, scratch)?;
                    } else {
                        self.hear_more(&list, cache, scratch)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Drops what can no longer come among the best with `left` still to add;
    /// false if then an article not heard of yet still could.
    fn narrow(&self, sought: &Sought<'_>, left: f32, scratch: &mut Scratch, best: &Best) -> bool {
        let least = self.least(sought, scratch, best);
        let left = left * ROUNDING;
        if left >= least {
            return false;
        }
        let Scratch { sums, heard, .. } = scratch;
        heard.retain(|doc| {
            let sum = &mut sums[*doc as usize];
            let stays = *sum / self.damping(*doc) + left >= least;
            if !stays {
                *sum = 0.0;
            }
            stays
        });
        heard.sort_unstable();
        true
    }

    /// Adds a term to all articles of a range that have it.
    fn hear_all(
        &self,
        list: &List,
        range: std::ops::Range<u32>,
        cache: &mut Cache,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.read_heads(list, cache, &mut scratch.heads)?;
        let heads = std::mem::take(&mut scratch.heads);
        let blocks = Blocks::new(&heads, list.count);
        let first = blocks.block_of(range.start);
        let last = blocks.block_of(range.end - 1).min(blocks.len().saturating_sub(1));
        let read = self.read_blocks(list, &blocks, first..=last, cache, &mut scratch.bytes);
        let bytes = std::mem::take(&mut scratch.bytes);
        for block in first..=last {
            blocks.read(block, blocks.start(first), &bytes, |doc, loud| {
                if range.contains(&doc) {
                    scratch.hear(doc, list.weight * loud.value());
                }
            });
        }
        (scratch.heads, scratch.bytes) = (heads, bytes);
        read
    }

    /// Adds a term to those articles that were heard of.
    fn hear_more(&self, list: &List, cache: &mut Cache, scratch: &mut Scratch) -> Result<()> {
        self.read_heads(list, cache, &mut scratch.heads)?;
        let Scratch { sums, heard, heads, bytes, .. } = scratch;
        let blocks = Blocks::new(heads, list.count);
        let mut rest = heard.as_slice();
        let mut block = 0;
        while let Some(doc) = rest.first() {
            block = blocks.block_from(block, *doc);
            let Some(last) = blocks.last(block) else { break };
            let here = rest.partition_point(|doc| *doc <= last);
            let (wanted, later) = rest.split_at(here);
            self.read_blocks(list, &blocks, block..=block, cache, bytes)?;
            let mut wanted = wanted.iter().peekable();
            blocks.read(block, blocks.start(block), bytes, |doc, loud: Loudness| {
                while wanted.next_if(|heard| **heard < doc).is_some() {}
                if wanted.next_if_eq(&&doc).is_some() {
                    sums[doc as usize] += list.weight * loud.value();
                }
            });
            rest = later;
        }
        Ok(())
    }

    /// Adds the rest of the terms to each article that was heard of, from the
    /// articles' own terms.
    fn finish_one_by_one(
        &self,
        rest: &[Found],
        cache: &mut Cache,
        scratch: &mut Scratch,
    ) -> Result<()> {
        for at in 0..scratch.heard.len() {
            let doc = scratch.heard[at];
            let vector = self.vector(doc, cache, scratch)?;
            for found in rest {
                let known = vector.terms.binary_search_by_key(&found.term, |(term, _)| *term);
                if let Ok(known) = known {
                    scratch.sums[doc as usize] += found.weight * vector.terms[known].1.value();
                }
            }
        }
        Ok(())
    }

    fn read_heads(&self, list: &List, cache: &mut Cache, heads: &mut Vec<u8>) -> Result<()> {
        let length = list.heads();
        if list.place + LIST_HEAD + length as u64 > self.dictionary_at {
            return Err(self.pages.damaged("a list is too long"));
        }
        cache.read(self.number, &self.pages, list.place + LIST_HEAD, length, heads)
    }

    fn read_blocks(
        &self,
        list: &List,
        blocks: &Blocks<'_>,
        wanted: std::ops::RangeInclusive<usize>,
        cache: &mut Cache,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        let (start, end) = (blocks.start(*wanted.start()), blocks.end(*wanted.end()).unwrap_or(0));
        let at = list.place + LIST_HEAD + (list.heads() + start) as u64;
        let length = end.saturating_sub(start);
        if at + length as u64 > self.dictionary_at {
            return Err(self.pages.damaged("a list is too long"));
        }
        cache.read(self.number, &self.pages, at, length, bytes)
    }

    fn damping(&self, doc: u32) -> f32 {
        self.dampings.get(doc as usize).copied().unwrap_or(1.0)
    }

    fn promise(&self, scratch: &Scratch, doc: u32) -> f32 {
        scratch.sum(doc) / self.damping(doc)
    }

    /// May it be shown at all?
    fn fits(&self, sought: &Sought<'_>, doc: u32) -> bool {
        !self.is_gone(doc)
            && (self.languages.len() == 1
                || self.about(doc).is_some_and(|about| sought.speaks(about.language)))
    }

    /// The promise that an article needs to come among the best.
    fn least(&self, sought: &Sought<'_>, scratch: &mut Scratch, best: &Best) -> f32 {
        let mut promises = std::mem::take(&mut scratch.promises);
        promises.clear();
        let fitting = scratch.heard.iter().filter(|doc| self.fits(sought, **doc));
        promises.extend(fitting.map(|doc| self.promise(scratch, *doc)));
        let mut least = best.least();
        let most = best.most();
        if most > 0 && promises.len() >= most {
            let (_, own, _) = promises.select_nth_unstable_by(most - 1, |a, b| b.total_cmp(a));
            least = least.max(*own);
        }
        scratch.promises = promises;
        least
    }
}

/// A list of postings, and what each of them adds.
struct List {
    count: u32,
    place: u64,
    weight: f32,
}

impl List {
    /// Bytes of what is said of its blocks.
    fn heads(&self) -> usize {
        (self.count as usize).div_ceil(BLOCK) * BLOCK_HEAD
    }
}
