//! A Maildir: what is new in it is read and moved to what was seen. A message
//! that we understood may be deleted if the operator wants; any other stays.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncReadExt;
use tracing::warn;

use crate::feedback::Settings;
use crate::flow::House;

/// Messages of one look; the next look takes the rest.
const MOST: usize = 1_000;
/// Entries of the folder that are listed.
const MOST_LISTED: usize = 100_000;

/// Takes in what is new.
///
/// # Errors
/// If the folder cannot be read, or the store does not answer.
pub(super) async fn look(house: &House, folder: &Path, settings: &Settings) -> anyhow::Result<()> {
    for path in new(folder).await? {
        let Some(message) = read(&path, settings.max_bytes).await? else { continue };
        let ours = super::take(house, "maildir", None, &message).await?;
        let done = if ours && settings.delete {
            fs::remove_file(&path).await
        } else {
            fs::rename(&path, seen(folder, &path)).await
        };
        match done {
            Ok(()) => {}
            // Somebody else moved it: a mail program, or another machine.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The files in `new`, by name, which begins with the time.
async fn new(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut listing = fs::read_dir(folder.join("new")).await?;
    let mut paths = vec![];
    while let Some(entry) = listing.next_entry().await? {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link would let others choose what is read and moved.
        if !hidden && entry.file_type().await?.is_file() {
            paths.push(entry.path());
        }
        if paths.len() >= MOST_LISTED {
            break;
        }
    }
    paths.sort_unstable();
    paths.truncate(MOST);
    Ok(paths)
}

/// Where a message goes once it was read: `cur`, with the flag for that.
fn seen(folder: &Path, path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(":2,S");
    folder.join("cur").join(name)
}

/// The message; `None` if it is gone. Of one that is too large only the
/// beginning is read, where a report has everything that matters.
async fn read(path: &Path, largest: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            warn!("{} cannot be read: {error}; let gazetted read it", path.display());
            return Ok(None);
        }
    };
    let mut message = vec![];
    file.take(largest as u64).read_to_end(&mut message).await?;
    Ok(Some(message))
}
