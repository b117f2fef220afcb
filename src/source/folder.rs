//! A folder of texts as a source. The piece's identity is its path below the
//! folder, or the `id` in its front matter, which survives a renaming.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::beside::{self, Pictures};
use super::fetch::operator;
use super::listing::{Entry, Listing, Stamp};
use super::parse::{self, label};
use super::{Haul, Memory, Trouble};
use crate::article::{Draft, Label, LabelKind};
use crate::clock::from_millis;

/// A folder, and what was seen in it since the program started.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    max_bytes: u64,
    seen: HashMap<String, Seen>,
    pictures: String,
}

/// A file that was read: its stamp, and the piece in it if it is published.
#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    guid: Option<String>,
}

/// Remembered in place of a hash after a visit with failures: the folder held
/// something, and is to be read again.
const UNSETTLED: &str = "unsettled";

impl Folder {
    /// The folder at `root`; files beyond `max_bytes` are not read.
    #[must_use]
    pub fn at(root: &Path, max_bytes: u64) -> Self {
        Self { root: root.to_path_buf(), max_bytes, seen: HashMap::new(), pictures: String::new() }
    }

    /// Reads what is new or changed since `memory`. Blocks on the disk.
    ///
    /// # Errors
    /// If the folder is missing, unreadable, or suddenly empty: then nothing
    /// is withdrawn.
    pub fn visit(&mut self, memory: &Memory) -> Result<Haul, Trouble> {
        let shown = self.root.display();
        let unreadable = |error: std::io::Error| {
            operator(format!(
                "the folder {shown} cannot be read ({error}); check `path` in [[source]], who may read it, and that it is mounted. Nothing is withdrawn"
            ))
        };
        let root = fs::canonicalize(&self.root).map_err(unreadable)?;
        let listing = Listing::of(&root).map_err(unreadable)?;
        if listing.texts.is_empty()
            && !listing.meant_empty
            && memory.body_hash.is_some()
            && !listing.incomplete
        {
            return Err(operator(format!(
                "the folder {shown} is empty but held pieces before, as if it were not mounted. Nothing is withdrawn. \
                 If all pieces are meant to go, leave a file named .gazetted-empty in it"
            )));
        }
        let hash = listing.hash();
        if memory.body_hash.as_ref() == Some(&hash) && !listing.incomplete {
            return Ok(Haul::Unchanged);
        }
        Ok(self.read(listing, hash))
    }

    fn read(&mut self, listing: Listing, hash: String) -> Haul {
        // A picture that came or went can belong to any text.
        let pictures: String =
            Listing { pictures: listing.pictures.clone(), ..Listing::default() }.hash();
        if pictures != self.pictures {
            self.seen.clear();
            self.pictures = pictures;
        }
        let beside: Pictures =
            listing.pictures.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut failures = listing.failures;
        let mut drafts = Vec::new();
        let mut present = Vec::new();
        let mut taken: HashSet<String> = HashSet::new();
        let mut seen = HashMap::with_capacity(listing.texts.len());
        let mut settled = !listing.incomplete;
        for entry in &listing.texts {
            let known = self.seen.get(&entry.name);
            if let Some(known) = known.filter(|known| known.stamp == entry.stamp) {
                present.extend(known.guid.clone().filter(|guid| taken.insert(guid.clone())));
                seen.insert(entry.name.clone(), known.clone());
                continue;
            }
            match self.piece(entry, &beside, &mut failures) {
                Ok(draft) => {
                    let mut guid = draft.as_ref().map(|draft| draft.guid.clone());
                    if let Some(mut draft) = draft {
                        if !taken.insert(draft.guid.clone()) {
                            failures.push(format!(
                                "{}: another file has the id `{}` too; give each its own",
                                entry.name, draft.guid
                            ));
                            draft.guid.clone_from(&entry.name);
                            taken.insert(entry.name.clone());
                            guid = Some(entry.name.clone());
                        }
                        present.push(draft.guid.clone());
                        drafts.push(draft);
                    }
                    seen.insert(entry.name.clone(), Seen { stamp: entry.stamp, guid });
                }
                Err(words) => {
                    settled = false;
                    failures.push(format!("{}: {words}", entry.name));
                    let guid =
                        known.map_or_else(|| Some(entry.name.clone()), |known| known.guid.clone());
                    present.extend(guid.clone().filter(|guid| taken.insert(guid.clone())));
                    // A stamp that no file has: it is read again next time.
                    let stamp = Stamp { written: i64::MIN, length: 0 };
                    seen.insert(entry.name.clone(), Seen { stamp, guid });
                }
            }
        }
        self.seen = seen;
        let body_hash = if settled { Some(hash) } else { Some(UNSETTLED.to_owned()) };
        let present = (!listing.incomplete).then_some(present);
        Haul::Drafts {
            drafts,
            present,
            memory: Memory { body_hash, ..Memory::default() },
            failures,
        }
    }

    /// One file as a draft; `None` if it is not to be published yet.
    fn piece(
        &self,
        entry: &Entry,
        pictures: &Pictures,
        failures: &mut Vec<String>,
    ) -> Result<Option<Draft>, String> {
        let bytes = read(entry, self.max_bytes)?;
        let document = parse::file(&entry.name, &bytes, None).map_err(|error| error.to_string())?;
        let Some(mut draft) = document.drafts.into_iter().next() else { return Ok(None) };
        if draft.guid.is_empty() {
            draft.guid.clone_from(&entry.name);
        }
        if draft.title.is_empty() {
            draft.title = spoken(&entry.name);
        }
        draft.published =
            draft.published.or(draft.updated).or_else(|| Some(from_millis(entry.stamp.written)));
        if draft.labels.iter().all(|label| label.kind != LabelKind::Breadcrumb)
            && let Some((folders, _)) = entry.name.rsplit_once('/')
        {
            let path = folders.split('/').map(str::to_owned).collect();
            label::add(&mut draft.labels, Some(Label { kind: LabelKind::Breadcrumb, path }));
        }
        failures.extend(beside::attach(&mut draft, &entry.name, pictures));
        Ok(Some(draft))
    }
}

/// Reads a file that holds still.
fn read(entry: &Entry, max_bytes: u64) -> Result<Vec<u8>, String> {
    if entry.stamp.length > max_bytes {
        return Err(format!(
            "it is larger than max_bytes ({max_bytes} bytes); raise it in [[source]] or move the file away"
        ));
    }
    let wrong =
        |error: std::io::Error| format!("it cannot be read ({error}); check who may read it");
    let mut file = fs::File::open(&entry.path).map_err(wrong)?;
    let mut bytes = Vec::new();
    (&mut file).take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 != entry.stamp.length {
        return Err("it is being written; it is taken in at the next visit".to_owned());
    }
    Ok(bytes)
}

/// A title made of a file's name: `the-port.md` becomes `the port`.
fn spoken(name: &str) -> String {
    let short = name.rsplit('/').next().unwrap_or(name);
    let stem = short.rsplit_once('.').map_or(short, |(stem, _)| stem);
    stem.replace(['-', '_'], " ")
}

#[cfg(test)]
mod tests;
