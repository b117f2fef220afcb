//! A folder of texts as a source. The piece's identity is its path below the
//! folder, or the `id` in its front matter, which survives a renaming.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::beside::{self, Pictures};
use super::fetch::operator;
use super::listing::{Entry, Listing, Stamp};
use super::parse::{self, date, guid, label};
use super::{Haul, Memory, Trouble};
use crate::article::{Draft, Label, LabelKind};
use crate::clock::{Time, from_millis};

/// A folder, and what was seen in it since the program started.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    max_bytes: u64,
    seen: HashMap<String, Seen>,
    pictures: String,
    /// The mark of what was given last: if it is not in the memory of the next
    /// visit, it was not taken in, and all is given again.
    given: Option<String>,
}

/// A file that was read, and the pieces in it that are published.
#[derive(Debug, Clone)]
struct Seen {
    content: Content,
    guids: Vec<String>,
}

/// What tells that a file is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Its stamp.
    Stamp(Stamp),
    /// Its bytes, because its stamp does not say enough yet.
    Bytes([u8; 32]),
    /// Nothing: it is read again next time.
    Unknown,
}

/// Some file systems keep time in steps of two seconds: a file that was written
/// so lately may be written again under the same stamp.
const COARSE: i64 = 2000;

/// Stands before the hash that is remembered while files may still change
/// unnoticed, or after failures: the folder is to be read again.
const UNSETTLED: &str = "unsettled ";

impl Folder {
    /// The folder at `root`; files beyond `max_bytes` are not read.
    #[must_use]
    pub fn at(root: &Path, max_bytes: u64) -> Self {
        Self {
            root: root.to_path_buf(),
            max_bytes,
            seen: HashMap::new(),
            pictures: String::new(),
            given: None,
        }
    }

    /// Reads what is new or changed since `memory`. Blocks on the disk.
    ///
    /// # Errors
    /// If the folder is missing, unreadable, or suddenly empty: then nothing
    /// is withdrawn.
    pub fn visit(&mut self, memory: &Memory, now: Time) -> Result<Haul, Trouble> {
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
        if self.given != memory.body_hash {
            self.seen.clear();
        }
        Ok(self.read(listing, hash, now))
    }

    fn read(&mut self, listing: Listing, hash: String, now: Time) -> Haul {
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
            let lately = (now.timestamp_millis() - entry.stamp.written).abs() < COARSE;
            let has_stamp = |known: &&Seen| known.content == Content::Stamp(entry.stamp);
            let mut keep = |known: &Seen, content: Content| {
                for guid in &known.guids {
                    present.extend(taken.insert(guid.clone()).then(|| guid.clone()));
                }
                seen.insert(entry.name.clone(), Seen { content, guids: known.guids.clone() });
            };
            if let Some(known) = known.filter(has_stamp) {
                keep(known, known.content);
                continue;
            }
            let bytes = read(entry, self.max_bytes);
            let content = match &bytes {
                Ok(bytes) if lately => Content::Bytes(hash_of(bytes)),
                Ok(_) => Content::Stamp(entry.stamp),
                Err(_) => Content::Unknown,
            };
            settled &= matches!(content, Content::Stamp(_));
            if let (Some(Seen { content: Content::Bytes(hash), .. }), Ok(bytes)) = (known, &bytes)
                && *hash == hash_of(bytes)
            {
                keep(&self.seen[&entry.name], content);
                continue;
            }
            match bytes.and_then(|bytes| pieces(entry, &bytes, &beside, &mut failures)) {
                Ok(found) => {
                    let mut guids = Vec::with_capacity(found.len());
                    for (at, mut draft) in found.into_iter().enumerate() {
                        if !taken.insert(draft.guid.clone()) {
                            failures.push(format!(
                                "{}: another piece has the id `{}` too; give each its own",
                                entry.name, draft.guid
                            ));
                            draft.guid = if at == 0 {
                                entry.name.clone()
                            } else {
                                format!("{}#{at}", entry.name)
                            };
                            taken.insert(draft.guid.clone());
                        }
                        guids.push(draft.guid.clone());
                        present.push(draft.guid.clone());
                        drafts.push(draft);
                    }
                    seen.insert(entry.name.clone(), Seen { content, guids });
                }
                Err(words) => {
                    settled = false;
                    failures.push(format!("{}: {words}", entry.name));
                    let guids =
                        known.map_or_else(|| vec![entry.name.clone()], |known| known.guids.clone());
                    keep(&Seen { content: Content::Unknown, guids }, Content::Unknown);
                }
            }
        }
        self.seen = seen;
        let body_hash = Some(if settled { hash } else { format!("{UNSETTLED}{hash}") });
        self.given.clone_from(&body_hash);
        let present = (!listing.incomplete).then_some(present);
        Haul::Drafts {
            drafts,
            present,
            memory: Memory { body_hash, ..Memory::default() },
            failures,
        }
    }
}

/// The pieces in one file; none if it is not to be published yet.
fn pieces(
    entry: &Entry,
    bytes: &[u8],
    pictures: &Pictures,
    failures: &mut Vec<String>,
) -> Result<Vec<Draft>, String> {
    let document = parse::file(&entry.name, bytes, None).map_err(|error| error.to_string())?;
    let mut drafts = document.drafts;
    let many = drafts.len() > 1;
    for (at, draft) in drafts.iter_mut().enumerate() {
        if draft.guid.is_empty() {
            draft.guid = if many { guid::substitute(draft) } else { entry.name.clone() };
        }
        let (dated, title) = spoken(&entry.name);
        if draft.title.is_empty() {
            draft.title = title;
        }
        draft.published = draft
            .published
            .or(dated)
            .or(draft.updated)
            .or_else(|| Some(from_millis(entry.stamp.written)));
        if draft.labels.iter().all(|label| label.kind != LabelKind::Breadcrumb) {
            label::add(&mut draft.labels, filed(&entry.name));
        }
        if at == 0 && !many {
            failures.extend(beside::attach(draft, &entry.name, pictures));
        }
    }
    Ok(drafts)
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The folder that a file lies in, as a breadcrumb. What begins with `_`
/// (`_posts`) is the generator's, and the folder around an `index.md` is the
/// piece's own.
fn filed(name: &str) -> Option<Label> {
    let (folders, short) = name.rsplit_once('/')?;
    let mut path: Vec<String> =
        folders.split('/').filter(|part| !part.starts_with('_')).map(str::to_owned).collect();
    if short.starts_with("index.") {
        path.pop();
    }
    (!path.is_empty()).then_some(Label { kind: LabelKind::Breadcrumb, path })
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

/// A title made of a file's name: `the-port.md` becomes `the port`; and the date
/// in `2026-11-20-the-port.md`, which is how Jekyll dates its posts. An `index`
/// is called as its folder.
fn spoken(name: &str) -> (Option<Time>, String) {
    let mut parts = name.rsplit('/');
    let short = parts.next().unwrap_or(name);
    let mut stem = short.rsplit_once('.').map_or(short, |(stem, _)| stem);
    if stem == "index" {
        stem = parts.next().unwrap_or(stem);
    }
    let dated = stem.get(..10).filter(|date| {
        date.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        })
    });
    let date = dated.and_then(date::parse);
    let rest = if date.is_some() { stem[10..].trim_start_matches(['-', '_']) } else { stem };
    let rest = if rest.is_empty() { stem } else { rest };
    (date, rest.replace(['-', '_'], " "))
}

#[cfg(test)]
mod tests;
