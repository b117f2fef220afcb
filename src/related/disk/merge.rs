//! Several segments become one, while they are read on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::Since;
use super::super::terms::{Loudness, Term};
use super::pages::{PAGE, Pages};
use super::postings::Blocks;
use super::segment::{Doc, Entry, Segment};
use super::write::{ENTRY, Writer};
use super::{Numbers, Result};

/// Bytes of records that are read at once.
const STRETCH: u64 = 1 << 18;

/// A merge, ready to be run anywhere: it shares nothing that changes.
#[derive(Debug)]
pub(in super::super) struct Merge {
    /// The segments that will be gone, by their numbers.
    pub from: Vec<u32>,
    /// The number of the new one.
    pub into: u32,
    path: PathBuf,
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    pages: Arc<Pages>,
    docs: Arc<Vec<Doc>>,
    records_end: u64,
    dictionary_at: u64,
    gone: Vec<bool>,
    /// The new places of its articles.
    places: Vec<u32>,
}

impl Merge {
    pub(in super::super) fn of(segments: &[&Segment], into: u32, path: &Path) -> Self {
        let sources = segments.iter().map(|segment| {
            let (pages, docs, [records_end, dictionary_at]) = segment.source();
            let gone = (0..segment.size()).map(|doc| segment.is_gone(doc)).collect();
            Source { pages, docs, records_end, dictionary_at, gone, places: vec![] }
        });
        Self {
            from: segments.iter().map(|segment| segment.number).collect(),
            into,
            path: path.to_owned(),
            sources: sources.collect(),
        }
    }

    /// Writes the new segment.
    pub(in super::super) fn run(mut self) -> Result<()> {
        let mut writer = Writer::create(&self.path)?;
        self.records(&mut writer)?;
        self.terms(&mut writer)?;
        writer.finish()
    }

    /// All articles that are not gone, in the order in which they appeared.
    fn records(&mut self, writer: &mut Writer) -> Result<()> {
        let mut order: Vec<(Since, u32, u32)> = Vec::new();
        for (at, source) in (0..).zip(&mut self.sources) {
            source.places = vec![u32::MAX; source.docs.len()];
            for (doc, (known, gone)) in (0..).zip(source.docs.iter().zip(&source.gone)) {
                if !gone {
                    order.push((known.about.since, at, doc));
                }
            }
        }
        order.sort_unstable();
        let mut read: Vec<(u64, Vec<u8>)> = self.sources.iter().map(|_| (0, vec![])).collect();
        for (place, (_, at, doc)) in (0..).zip(order) {
            let source = &mut self.sources[at as usize];
            source.places[doc as usize] = place;
            let known = source.docs[doc as usize];
            let next = source.docs.get(doc as usize + 1).map(|next| next.record_at);
            let (start, bytes) = &mut read[at as usize];
            let end = next.unwrap_or(source.records_end);
            if known.record_at < *start || end > *start + bytes.len() as u64 {
                let left = source.records_end.saturating_sub(known.record_at);
                let length = usize::try_from(left.min(STRETCH)).unwrap_or(0);
                source.pages.stretch(known.record_at, length, bytes)?;
                *start = known.record_at;
            }
            let from = usize::try_from(known.record_at - *start).unwrap_or(0);
            let to = usize::try_from(end - *start).unwrap_or(0).min(bytes.len());
            let record = bytes.get(from..to).unwrap_or_default();
            writer.add(&known.about, record)?;
        }
        Ok(())
    }

    fn terms(&self, writer: &mut Writer) -> Result<()> {
        let mut entries: Vec<Entries<'_>> = self.sources.iter().map(Entries::of).collect();
        let mut heads = Vec::with_capacity(entries.len());
        for entries in &mut entries {
            heads.push(entries.next()?);
        }
        let mut postings: Vec<(u32, Loudness)> = Vec::new();
        let mut bytes = Vec::new();
        while let Some(term) = heads.iter().flatten().map(|(term, ..)| *term).min() {
            postings.clear();
            for (at, head) in heads.iter_mut().enumerate() {
                let Some((_, count, place)) = head.take_if(|(own, ..)| *own == term) else {
                    continue;
                };
                self.sources[at].postings(count, place, &mut bytes, &mut postings)?;
                *head = entries[at].next()?;
            }
            postings.sort_unstable_by_key(|(doc, _)| *doc);
            writer.term(term, &postings)?;
        }
        Ok(())
    }
}

impl Source {
    /// Adds where a term occurs, by the new places.
    fn postings(
        &self,
        count: u32,
        place: u64,
        bytes: &mut Vec<u8>,
        out: &mut Vec<(u32, Loudness)>,
    ) -> Result<()> {
        let mut add = |doc: u32, loud: Loudness| {
            let place = self.places.get(doc as usize).copied();
            out.extend(place.filter(|place| *place != u32::MAX).map(|place| (place, loud)));
        };
        let place = match Entry::new(count, place) {
            Entry::None => return Ok(()),
            Entry::One { doc, loud } => {
                add(doc, loud);
                return Ok(());
            }
            Entry::List { place, .. } => place,
        };
        self.pages.stretch(place, 4, bytes)?;
        let length = Numbers::new(bytes).u32().unwrap_or(0) as usize;
        self.pages.stretch(place + 8, length, bytes)?;
        Blocks::read_all(bytes, count, add);
        Ok(())
    }
}

/// The entries of a dictionary, one after the other.
struct Entries<'a> {
    source: &'a Source,
    at: u64,
    bytes: Vec<u8>,
    within: usize,
}

impl<'a> Entries<'a> {
    fn of(source: &'a Source) -> Self {
        Self { source, at: source.dictionary_at, bytes: vec![], within: 0 }
    }

    fn next(&mut self) -> Result<Option<(Term, u32, u64)>> {
        if self.within >= self.bytes.len() {
            let left = self.source.pages.length().saturating_sub(self.at);
            if left < ENTRY as u64 {
                return Ok(None);
            }
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(16 * PAGE);
            self.source.pages.stretch(self.at, length, &mut self.bytes)?;
            self.at += length as u64;
            self.within = 0;
        }
        let mut numbers = Numbers::new(self.bytes.get(self.within..).unwrap_or_default());
        self.within += ENTRY;
        let (term, count, place) = (numbers.u32(), numbers.u32(), numbers.u64());
        Ok(term.zip(count).zip(place).map(|((term, count), place)| (term, count, place)))
    }
}
