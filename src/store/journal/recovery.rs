//! The journals of the dead: folded before anybody reads the store.
//!
//! The write lock of the database comes first, then the lock of the journal:
//! so when the second is taken, its holder lives, or has just folded it.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::ring::{self, Found, Header, NoHeader};
use super::rows::{self, Ends, Row};
use super::{lock_set, path_of, prefix};
use crate::store::engine::Store;
use crate::store::{Result, StoreError, Tx};

/// What was done with the journals that dead senders left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Journals folded.
    pub journals: u64,
    /// Records that were folded.
    pub records: u64,
    /// Mails in hand of which nobody can know whether they went out, because
    /// the journal is damaged or gone.
    pub doubts: u64,
}

/// A journal that nobody writes any more. The lock is ours while it is open.
struct Left {
    path: PathBuf,
    _lock: File,
    header: std::result::Result<Header, NoHeader>,
    bytes: Vec<u8>,
}

/// Folds what dead senders left.
///
/// # Errors
/// If the store does not answer, or a journal does not belong to it: then
/// nothing is changed.
pub(in crate::store) async fn recover(store: &Store) -> Result<Recovered> {
    let Some((base, own)) = store.beside() else { return Ok(Recovered::default()) };
    let paths: Vec<PathBuf> =
        list(&base)?.into_iter().filter(|path| !lock_set(&own).contains(path)).collect();
    let mut tx = store.read().await?;
    let known = rows::all(&mut tx).await?;
    drop(tx);
    let gone = known.iter().map(|row| path_of(&base, &row.instance)).any(|path| !path.exists());
    if paths.is_empty() && !gone {
        return Ok(Recovered::default());
    }
    let mut tx = store.write().await?;
    let mut recovered = Recovered::default();
    let mut over = vec![];
    for path in paths {
        let opening = path.clone();
        let left = tokio::task::spawn_blocking(move || open(opening))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(|source| StoreError::Journal { file: path, source })?;
        if let Some(left) = left {
            settle(&mut tx, &base, &left, &mut recovered).await?;
            over.push(left);
        }
    }
    lost(&mut tx, &base, &mut recovered).await?;
    tx.commit().await?;
    for left in &over {
        std::fs::remove_file(&left.path)
            .map_err(|source| StoreError::Journal { file: left.path.clone(), source })?;
    }
    let mut tx = store.write().await?;
    for row in rows::all(&mut tx).await?.iter().filter(|row| row.closed == 1) {
        if !path_of(&base, &row.instance).exists() {
            rows::forget(&mut tx, &row.instance).await?;
        }
    }
    tx.commit().await?;
    Ok(recovered)
}

/// The journals beside the database.
fn list(base: &Path) -> Result<Vec<PathBuf>> {
    let folder = super::folder_of(base);
    let prefix = prefix(base);
    let failed = |source| StoreError::Journal { file: folder.to_owned(), source };
    let mut paths = vec![];
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Opens a journal if nobody holds it; `None` if its writer lives, or it went
/// away meanwhile.
fn open(path: PathBuf) -> io::Result<Option<Left>> {
    let mut file = match File::options().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut bytes = vec![];
    // Nothing of ours is larger.
    file.by_ref().take(64 << 20).read_to_end(&mut bytes)?;
    let header = Header::read(&bytes);
    Ok(Some(Left { path, _lock: file, header, bytes }))
}

async fn settle(tx: &mut Tx, base: &Path, left: &Left, recovered: &mut Recovered) -> Result<()> {
    let refused = |why: &str| {
        StoreError::Refused(format!(
            "the ledger's journal {} {why}: what it says of mails that went out cannot be taken into this database; \
             put back the database that it belongs to, or move the journal away if that is lost for good \
             (mails that only the journal knows of are then sent again)",
            left.path.display()
        ))
    };
    let known = rows::all(tx).await?;
    let header = match &left.header {
        Ok(header) => header,
        Err(NoHeader::Foreign(why)) => return Err(refused(why)),
        Err(NoHeader::Damaged) => {
            let row = known.iter().find(|row| path_of(base, &row.instance) == left.path);
            // Without a row it was never finished, so nothing was ever noted in it.
            if let Some(row) = row.filter(|row| row.closed == 0) {
                recovered.doubts += rows::doubt_all(tx, &row.instance).await?;
                rows::close(tx, &row.instance).await?;
            }
            return Ok(());
        }
    };
    let known: Option<Row> = known.into_iter().find(|row| row.instance == header.instance);
    let store = super::identity(tx, crate::clock::from_millis(0)).await?;
    if header.store != store {
        return Err(refused("belongs to another database"));
    }
    let Some(row) = known else {
        let Found { entries, damaged, ahead, .. } = ring::scan(header, &left.bytes, 0);
        return if entries.is_empty() && !damaged && !ahead {
            Ok(())
        } else {
            Err(refused("is not of this database's time, as after a restored backup"))
        };
    };
    if row.epoch != header.epoch {
        return Err(refused("is of another run than the one that this database knows"));
    }
    if row.closed == 1 {
        return Ok(());
    }
    let folded = u64::try_from(row.folded).unwrap_or(0);
    let found = ring::scan(header, &left.bytes, folded);
    if found.ahead {
        return Err(refused("goes on after records that this database never had"));
    }
    Ends::of(found.entries.iter()).apply(tx).await?;
    rows::set_folded(tx, &header.instance, &header.epoch, found.last).await?;
    recovered.journals += 1;
    recovered.records += found.entries.len() as u64;
    if found.damaged {
        recovered.doubts += rows::doubt_all(tx, &header.instance).await?;
    }
    rows::close(tx, &header.instance).await
}

/// Journals that the store knows and that are not there: what was handed over
/// cannot be known any more.
async fn lost(tx: &mut Tx, base: &Path, recovered: &mut Recovered) -> Result<()> {
    for row in rows::all(tx).await?.iter().filter(|row| row.closed == 0) {
        if !path_of(base, &row.instance).exists() {
            recovered.doubts += rows::doubt_all(tx, &row.instance).await?;
            rows::close(tx, &row.instance).await?;
        }
    }
    Ok(())
}
