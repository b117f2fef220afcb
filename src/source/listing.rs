//! What lies in a folder: texts and pictures with their stamps, nothing read yet.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::parse::guid::hex;

const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 200_000;
const TEXTS: [&str; 7] = ["md", "markdown", "html", "htm", "txt", "eml", "mbox"];
/// What site generators keep beside the pieces: pieces to come, and the pages
/// of sections.
const NO_PIECES: [&str; 4] = ["_drafts", "_index.md", "_index.html", "node_modules"];
const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "webp", "gif"];

/// A file's length and the time it was last written: equal means unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Milliseconds since the Unix epoch.
    pub written: i64,
    /// Length in bytes.
    pub length: u64,
}

/// A file by its path below the root, parts joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `africa/kenya/port.md`.
    pub name: String,
    /// Where it really lies.
    pub path: PathBuf,
    /// Its stamp.
    pub stamp: Stamp,
}

/// A folder's contents, sorted by name.
#[derive(Debug, Default)]
pub struct Listing {
    /// Files that hold pieces.
    pub texts: Vec<Entry>,
    /// Pictures that may lie beside them.
    pub pictures: Vec<Entry>,
    /// Whether somebody left `.gazetted-empty` to say that nothing is meant to be here.
    pub meant_empty: bool,
    /// What could not be looked at, in words.
    pub failures: Vec<String>,
    /// Whether a part of the folder is missing from this list.
    pub incomplete: bool,
}

impl Listing {
    /// Lists what lies below `root`, which must be canonical.
    ///
    /// # Errors
    /// If the root itself cannot be read.
    pub fn of(root: &Path) -> std::io::Result<Self> {
        let mut listing =
            Self { meant_empty: root.join(".gazetted-empty").exists(), ..Self::default() };
        let mut seen = HashSet::from([root.to_path_buf()]);
        let mut folders = vec![(root.to_path_buf(), String::new(), 0)];
        // The root must answer; what lies below may fail.
        fs::read_dir(root)?;
        while let Some((folder, prefix, depth)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    listing.missed(&prefix, &error);
                    continue;
                }
            };
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        listing.missed(&prefix, &error);
                        break;
                    }
                };
                let short = entry.file_name().to_string_lossy().into_owned();
                if short.starts_with('.')
                    || short.ends_with('~')
                    || NO_PIECES.contains(&short.as_str())
                {
                    continue;
                }
                if listing.texts.len() + listing.pictures.len() >= MAX_FILES {
                    listing.failures.push(format!(
                        "{} holds more than {MAX_FILES} files; spread them over several sources",
                        root.display()
                    ));
                    listing.incomplete = true;
                    listing.sort();
                    return Ok(listing);
                }
                let name = if prefix.is_empty() { short } else { format!("{prefix}/{short}") };
                let path = match resolve(&entry, root) {
                    Ok(Some(path)) => path,
                    Ok(None) => continue,
                    Err(error) => {
                        listing.missed(&name, &error);
                        continue;
                    }
                };
                match fs::metadata(&path) {
                    Ok(meta) if meta.is_dir() => {
                        if depth + 1 < MAX_DEPTH && seen.insert(path.clone()) {
                            folders.push((path, name, depth + 1));
                        }
                    }
                    Ok(meta) if meta.is_file() => listing.file(name, path, &meta),
                    Ok(_) => {}
                    Err(error) => listing.missed(&name, &error),
                }
            }
        }
        listing.sort();
        Ok(listing)
    }

    /// A hash of all names and stamps.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = String::from(env!("CARGO_PKG_VERSION"));
        for entry in self.texts.iter().chain(&self.pictures) {
            _ = write!(text, "\n{}\t{}\t{}", entry.name, entry.stamp.written, entry.stamp.length);
        }
        hex(text.as_bytes())
    }

    fn file(&mut self, name: String, path: PathBuf, meta: &fs::Metadata) {
        let ending = name
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase())
            .unwrap_or_default();
        let stamp = Stamp { written: written(meta), length: meta.len() };
        let entry = Entry { name, path, stamp };
        if TEXTS.contains(&ending.as_str()) {
            self.texts.push(entry);
        } else if PICTURES.contains(&ending.as_str()) {
            self.pictures.push(entry);
        }
    }

    fn missed(&mut self, name: &str, error: &std::io::Error) {
        // What has just been renamed or removed is no failure.
        if error.kind() != std::io::ErrorKind::NotFound {
            self.incomplete = true;
            self.failures.push(format!("{name} cannot be read ({error}); check who may read it"));
        }
    }

    fn sort(&mut self) {
        self.texts.sort_by(|a, b| a.name.cmp(&b.name));
        self.pictures.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// When a file was last written, in milliseconds since the Unix epoch.
fn written(meta: &fs::Metadata) -> i64 {
    let since = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// The real path of an entry; `None` for a link that leaves the folder.
fn resolve(entry: &fs::DirEntry, root: &Path) -> std::io::Result<Option<PathBuf>> {
    if !entry.file_type()?.is_symlink() {
        return Ok(Some(entry.path()));
    }
    let target = fs::canonicalize(entry.path())?;
    Ok(target.starts_with(root).then_some(target))
}
