//! The list of segments: what the index on the disk consists of.
//!
//! A new list replaces the old one in one step, after everything that it names
//! is on the disk. So a kill or a power cut leaves the old list or the new one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DiskError, Result, VERSION};

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct List {
    version: u32,
    /// The revision of the store up to which everything is in.
    pub seen: i64,
    /// The number of the next segment.
    pub next: u32,
    /// The segments.
    pub segments: Vec<Listed>,
}

/// A segment in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Listed {
    /// Its number, from which its file is named.
    pub number: u32,
    /// Articles in it.
    pub size: u32,
    /// Articles that were edited or withdrawn since.
    pub gone: Vec<u32>,
}

const NAME: &str = "list";

impl List {
    /// Reads the list; an empty one if there is none, or none of our version.
    pub(in super::super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(DiskError::Io { path, error }),
        };
        let damaged = |what| DiskError::Damaged { path: path.clone(), what };
        let (sum, json) = text.split_once('\n').ok_or_else(|| damaged("no sum"))?;
        if sum != format!("{:08x}", crc32fast::hash(json.as_bytes())) {
            return Err(damaged("its sum does not match"));
        }
        let list: Self = serde_json::from_str(json).map_err(|_| damaged("it cannot be read"))?;
        Ok(if list.version == VERSION { list } else { Self::default() })
    }

    /// Puts the list on the disk.
    pub(in super::super) fn write(&self, folder: &Path) -> Result<()> {
        let (path, new) = (folder.join(NAME), folder.join("list.new"));
        let json = serde_json::to_string(&Self { version: VERSION, ..self.clone() })
            .map_err(|error| DiskError::Io { path: new.clone(), error: error.into() })?;
        let text = format!("{:08x}\n{json}", crc32fast::hash(json.as_bytes()));
        let failed = |error| DiskError::Io { path: new.clone(), error };
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&new, &path).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// The file of a segment.
pub(in super::super) fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.segment"))
}

/// Removes files that the list does not name: what a kill left unfinished.
pub(in super::super) fn tidy(folder: &Path, list: &List) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let path = file.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let named = |listed: &Listed| segment_path(folder, listed.number) == path;
        if ending == "terms" || ending == "segment" && !list.segments.iter().any(named) {
            // If it cannot be removed it only takes room.
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Whoever holds it may write; released when it is dropped.
#[derive(Debug)]
pub(in super::super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; none if another process has it.
    pub(in super::super) fn take(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("lock");
        let io = |error| DiskError::Io { path: path.clone(), error };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }
}
