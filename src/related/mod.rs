//! Which earlier articles belong beside this one.
//!
//! An index of weighted terms that grows as articles arrive. It knows texts
//! and dates, nothing of sources or digests. The newest articles are in
//! memory, the others in files ([`disk`]); which of the two makes no difference
//! to what it answers.
//!
//! What it answers for an article depends on that article and on those that
//! appeared before it, as they are now; not on later ones, and not on the
//! order in which any of them came in. How rare a word is, too, is counted
//! among the earlier articles only. There are two blurs: an article that was
//! edited or withdrawn after it went to the disk is never shown, but its old
//! words count as known until its file is merged with others; and words that
//! more than 2,000 articles of a file have are counted to about one in three
//! hundred.

mod ask;
pub mod copies;
mod disk;
mod fresh;
mod numbers;
mod search;
mod stop;
mod terms;
mod weigh;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::article::ArticleId;
use crate::clock::Time;
pub use disk::DiskError;
use disk::{Cache, List, Listed, Lock, Merge, Scratch, Segment};
use fresh::{Earlier, Entry, Fresh};
use numbers::Numbers;
use terms::{Term, Vector};

/// What the index needs to know of an article.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Which article.
    pub id: ArticleId,
    /// Plain text.
    pub title: &'a str,
    /// Plain text of the whole piece.
    pub text: &'a str,
    /// BCP 47 tag; `und` if unknown.
    pub language: &'a str,
    /// When it appeared. "Earlier" is by this, then by the id.
    pub published: Time,
    /// Countries it is about, best first, by their codes.
    pub countries: &'a [&'a str],
    /// Titles of pieces that the publisher shows beside it.
    pub hints: &'a [&'a str],
}

/// An article that belongs beside another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Which.
    pub id: ArticleId,
    /// How related, from 0 to 1; one half is where relation begins.
    pub score: f32,
}

/// What the operator chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the index is kept; in memory only, if there is no folder.
    pub folder: Option<PathBuf>,
    /// May this process write there? Else it only reads what another wrote.
    pub writes: bool,
    /// Bytes of it that are held in memory beside what must be.
    pub cache: usize,
    /// After this time an article counts half; for ever whole, if there is none.
    pub half_life: Option<Duration>,
    /// Older articles are not shown; none is too old, if there is none.
    pub max_age: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folder: None, writes: false, cache: 64_000_000, half_life: None, max_age: None }
    }
}

/// When an article appeared: its moment in milliseconds, then its number.
type Since = (i64, i64);

/// What is known of an article besides its terms.
#[derive(Debug, Clone, Copy, PartialEq)]
struct About {
    id: ArticleId,
    since: Since,
    language: u32,
    length: f32,
}

/// Articles that are held in memory before they go to the disk.
const FRESH: usize = 4_096;
/// Segments of one order of size that become one.
const ALIKE: usize = 8;
/// A segment of which so large a part is gone is written anew: one in this many.
const GONE: u32 = 5;

/// The growing index.
#[derive(Debug)]
pub struct Index {
    settings: Settings,
    reader: terms::Reader,
    fresh: Fresh,
    places: HashMap<i64, u32, Numbers>,
    segments: Vec<Segment>,
    cache: Cache,
    scratch: Scratch,
    lock: Option<Lock>,
    list: List,
    counted: Counted,
}

/// How rare terms were found to be among the articles before a moment.
#[derive(Debug, Default)]
struct Counted {
    before: Option<Since>,
    all: u32,
    /// Where that moment lies in each segment.
    bounds: Vec<u32>,
    /// Those in memory that appeared before it.
    earlier: Earlier,
    rarities: HashMap<Term, f32, Numbers>,
}

impl Default for Index {
    fn default() -> Self {
        Self::in_memory(Settings::default())
    }
}

impl Index {
    /// An index that is in memory and empty.
    #[must_use]
    pub fn in_memory(settings: Settings) -> Self {
        Self {
            cache: Cache::new(settings.cache),
            settings,
            reader: terms::Reader::default(),
            fresh: Fresh::default(),
            places: HashMap::default(),
            segments: Vec::new(),
            scratch: Scratch::default(),
            lock: None,
            list: List::default(),
            counted: Counted::default(),
        }
    }

    /// The index kept in `settings.folder`, as far as it was written: [`seen`]
    /// says how far. If another process writes there, this one only reads.
    ///
    /// # Errors
    /// If the folder or what is in it cannot be used; [`anew`] begins again.
    ///
    /// [`seen`]: Self::seen
    /// [`anew`]: Self::anew
    pub fn open(settings: Settings) -> Result<Self, DiskError> {
        let mut index = Self::in_memory(settings);
        let Some(folder) = index.settings.folder.clone() else { return Ok(index) };
        if index.settings.writes {
            std::fs::create_dir_all(&folder)
                .map_err(|error| DiskError::Io { path: folder.clone(), error })?;
            index.lock = Lock::take(&folder)?;
        }
        index.list = List::read(&folder)?;
        for listed in &index.list.segments {
            let path = disk::segment_path(&folder, listed.number);
            let mut segment = Segment::open(&path, listed.number)?;
            for doc in &listed.gone {
                segment.strike(*doc);
            }
            index.segments.push(segment);
        }
        if index.lock.is_some() {
            disk::tidy(&folder, &index.list);
        }
        Ok(index)
    }

    /// An empty index in the same folder: what is there is given up.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn anew(settings: Settings, old: Option<Self>) -> Result<Self, DiskError> {
        // The lock goes with the old one.
        drop(old);
        let mut index = Self::in_memory(settings);
        if let Some(folder) = index.settings.folder.clone().filter(|_| index.settings.writes) {
            std::fs::create_dir_all(&folder)
                .map_err(|error| DiskError::Io { path: folder.clone(), error })?;
            index.lock = Lock::take(&folder)?;
            if index.lock.is_some() {
                index.list.write(&folder)?;
                disk::tidy(&folder, &index.list);
            }
        }
        Ok(index)
    }

    /// The revision of the store up to which everything is on the disk.
    #[must_use]
    pub fn seen(&self) -> i64 {
        self.list.seen
    }

    /// Takes in an article, or its new text if the index has it already.
    pub fn insert(&mut self, document: &Document<'_>) {
        self.remove(document.id);
        let vector = self.reader.read(document);
        let about = About {
            id: document.id,
            since: (document.published.timestamp_millis(), document.id.0),
            language: terms::language_code(document.language),
            length: vector.length(),
        };
        if let Some(slot) = self.fresh.insert(Entry { about, vector }) {
            self.places.insert(document.id.0, slot);
        }
    }

    /// Forgets an article.
    pub fn remove(&mut self, id: ArticleId) {
        self.counted.before = None;
        if let Some(slot) = self.places.remove(&id.0) {
            self.fresh.remove(slot);
        }
        for segment in &mut self.segments {
            if let Some(doc) = segment.find(id) {
                segment.strike(doc);
            }
        }
    }

    /// How many articles it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        let on_disk = |segment: &Segment| (segment.size() - segment.gone()) as usize;
        self.fresh.len() + self.segments.iter().map(on_disk).sum::<usize>()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the articles with the highest ids appeared: by these one can tell
    /// whether the index belongs to a store.
    #[must_use]
    pub fn highest(&self) -> Vec<(ArticleId, i64)> {
        let highest = self.segments.iter().filter_map(Segment::newest_id);
        highest.map(|about| (about.id, about.since.0)).collect()
    }

    /// How many articles are in memory and not on the disk.
    #[must_use]
    pub fn in_memory_only(&self) -> usize {
        self.fresh.len()
    }

    /// Should what is in memory go to the disk?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.lock.is_some() && self.fresh.len() >= FRESH
    }

    /// Writes what is in memory to the disk; then everything up to revision
    /// `seen` is there. Nothing to do for an index in memory, or in another
    /// process's folder.
    ///
    /// # Errors
    /// If the disk fails; what was on it is still good.
    pub fn flush(&mut self, seen: i64) -> Result<(), DiskError> {
        let (Some(folder), Some(_)) = (self.settings.folder.clone(), &self.lock) else {
            return Ok(());
        };
        if self.fresh.len() > 0 {
            let mut entries: Vec<Arc<Entry>> = self.fresh.entries().cloned().collect();
            entries.sort_unstable_by_key(|entry| entry.about.since);
            let articles: Vec<(&About, &Vector)> =
                entries.iter().map(|entry| (&entry.about, &entry.vector)).collect();
            let number = self.list.next;
            let path = disk::segment_path(&folder, number);
            disk::write(&path, &articles)?;
            self.segments.push(Segment::open(&path, number)?);
            self.list.next += 1;
            self.fresh = Fresh::default();
            self.places = HashMap::default();
        }
        self.list.seen = self.list.seen.max(seen);
        self.write_list(&folder)
    }

    fn write_list(&mut self, folder: &Path) -> Result<(), DiskError> {
        let listed = |segment: &Segment| Listed {
            number: segment.number,
            size: segment.size(),
            gone: segment.gone_docs(),
        };
        self.list.segments = self.segments.iter().map(listed).collect();
        self.list.write(folder)
    }

    /// Segments that should become one, if there are such. Run the merge
    /// anywhere, then [`install`](Self::install) it.
    pub fn merge(&mut self) -> Option<Merging> {
        let folder = self.settings.folder.clone()?;
        self.lock.as_ref()?;
        let order =
            |segment: &Segment| (segment.size() / FRESH.try_into().unwrap_or(1)).max(1).ilog2() / 3;
        let worn = self.segments.iter().find(|s| s.gone() > s.size() / GONE);
        let from: Vec<&Segment> = match worn {
            Some(worn) => vec![worn],
            None => (0..=7)
                .map(|wanted| {
                    self.segments.iter().filter(|s| order(s) == wanted).collect::<Vec<_>>()
                })
                .find(|alike| alike.len() >= ALIKE)?,
        };
        Some(self.merge_of(&folder, &from.iter().map(|s| s.number).collect::<Vec<_>>()))
    }

    /// Makes all segments one, as after a rebuild.
    pub fn merge_all(&mut self) -> Option<Merging> {
        let folder = self.settings.folder.clone()?;
        self.lock.as_ref()?;
        let all: Vec<u32> = self.segments.iter().map(|segment| segment.number).collect();
        (all.len() > 1).then(|| self.merge_of(&folder, &all))
    }

    fn merge_of(&mut self, folder: &Path, numbers: &[u32]) -> Merging {
        let into = self.list.next;
        self.list.next += 1;
        let from: Vec<&Segment> =
            self.segments.iter().filter(|segment| numbers.contains(&segment.number)).collect();
        Merging(Merge::of(&from, into, &disk::segment_path(folder, into)))
    }

    /// Puts a merged segment in the place of those it was made from.
    ///
    /// # Errors
    /// If the disk fails; the old segments are still good.
    pub fn install(&mut self, merged: &Merged) -> Result<(), DiskError> {
        let Some(folder) = self.settings.folder.clone() else { return Ok(()) };
        let mut new = Segment::open(&disk::segment_path(&folder, merged.into), merged.into)?;
        // What was edited or withdrawn while the merge ran.
        let alive = |id: ArticleId| {
            self.segments
                .iter()
                .any(|segment| merged.from.contains(&segment.number) && segment.find(id).is_some())
        };
        let gone: Vec<u32> = (0..new.size())
            .filter(|doc| new.about(*doc).is_none_or(|about| !alive(about.id)))
            .collect();
        for doc in gone {
            new.strike(doc);
        }
        self.segments.retain(|segment| !merged.from.contains(&segment.number));
        self.segments.push(new);
        self.counted.before = None;
        self.write_list(&folder)?;
        for number in &merged.from {
            self.cache.forget(*number);
            // If it cannot be removed it only takes room until the next start.
            let _ = std::fs::remove_file(disk::segment_path(&folder, *number));
        }
        Ok(())
    }
}

/// A merge that is to be run.
#[derive(Debug)]
pub struct Merging(Merge);

/// A merge that was run.
#[derive(Debug)]
pub struct Merged {
    from: Vec<u32>,
    into: u32,
}

impl Merging {
    /// Writes the merged segment; takes seconds for a million articles, and
    /// the index can be asked meanwhile.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn run(self) -> Result<Merged, DiskError> {
        let merged = Merged { from: self.0.from.clone(), into: self.0.into };
        self.0.run()?;
        Ok(merged)
    }
}

#[cfg(test)]
mod tests;
