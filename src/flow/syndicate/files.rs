//! Feeds as files, for a web server or CDN.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{House, Round, listed, opml};
use crate::feed::{Coding, Format};
use crate::store::feeds::Which;

/// What writing files did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files that were written.
    pub written: usize,
    /// Files that were up to date.
    pub unchanged: usize,
}

/// Which feeds are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The feeds themselves.
    Current,
    /// Their archives too (RFC 5005): every piece there is, for each feed.
    Archive,
}

/// Writes every feed below `folder`, for a web server or CDN, as it is and
/// compressed (`.gz`, `.br`, `.zst`): each file appears whole or not at all,
/// and one that has not changed is not touched. A feed from which all pieces
/// were withdrawn is written as an empty one.
///
/// # Errors
/// If the store does not answer, or a file cannot be written.
pub async fn build(house: &House, folder: &Path, extent: Extent) -> Result<Counts, BuildError> {
    let mut counts = Counts::default();
    let list = opml(house).await?;
    put(folder.join("feeds.opml"), list.into(), &mut counts).await?;
    for (name, _) in listed(house, Which::All).await? {
        let mut next = Some(name);
        while let Some(name) = next {
            let mut round = Round::open(house);
            round.make(&name, &Format::ALL.map(|format| (format, None))).await?;
            next = round.older().filter(|_| extent == Extent::Archive);
            for feed in round.close().await? {
                let path = format!("feeds/{}.{}", name.plain(), feed.format.extension());
                put(folder.join(path), feed.composed.text, &mut counts).await?;
            }
        }
    }
    Ok(counts)
}

async fn put(path: PathBuf, bytes: Bytes, counts: &mut Counts) -> io::Result<()> {
    let written = tokio::task::spawn_blocking(move || write_all(&path, &bytes));
    let written = written.await.map_err(io::Error::other)??;
    counts.written += written;
    counts.unchanged += Coding::ALL.len() - written;
    Ok(())
}

/// Writes a document in all encodings; gives how many files were written.
fn write_all(path: &Path, bytes: &[u8]) -> io::Result<usize> {
    let of = |coding: Coding| {
        let mut path = path.as_os_str().to_owned();
        path.push(coding.ending());
        PathBuf::from(path)
    };
    let is_there = |bytes: &[u8]| std::fs::read(path).is_ok_and(|there| there == bytes);
    if is_there(bytes) && Coding::ALL.into_iter().all(|coding| of(coding).exists()) {
        return Ok(0);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut written = 0;
    // As it is comes last: if we are stopped before, it is all done again.
    for coding in Coding::ALL {
        let packed = coding.encode(bytes).ok_or_else(|| io::Error::other("it cannot be packed"))?;
        write_whole(&of(coding), &packed)?;
        written += 1;
    }
    Ok(written)
}

/// A file appears under its name only when all of it is on the disk.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// Why feeds could not be written to a folder.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A file cannot be written.
    #[error("a feed cannot be written: {0}; check that the folder can be written")]
    Disk(#[from] io::Error),
}
