//! What a sender on SQLite notes of each hand-over, in a file beside the
//! database: an append costs a fraction of a commit, and many appends are
//! folded into `deliveries` with one.
//!
//! A journal belongs to one running sender, which holds a lock on the file for
//! as long as it lives; whoever gets the lock may conclude that it is dead. It
//! is made before its instance claims anything, and the store knows each one,
//! with how far it is folded. What a dead sender left is folded before anybody
//! reads the store, and in the same way as by itself: `folded` moves in the
//! same commit as the rows.
//!
//! ```text
//! append ─fdatasync▶ durable ─fold▶ in the store, its slots are free again
//! ```
//!
//! - [`slot`]: a record as bytes;
//! - [`ring`]: the file;
//! - [`rows`]: the statements;
//! - [`recovery`]: the journals of the dead.
//!
//! Nothing here knows what may be handed over, or when to fold.

mod recovery;
mod ring;
mod rows;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::engine::Store;
use super::{Result, StoreError, Time, Tx, keys};
use ring::{Header, Ring};

pub use recovery::Recovered;
pub(super) use recovery::recover;
pub use slot::{Entry, Fact};

/// The journals that this process writes: their locks are its own.
pub(super) type Own = Arc<Mutex<HashSet<PathBuf>>>;

/// The writing end of a journal.
pub struct Journal {
    ring: Ring<File>,
    mark: Mark,
    own: Own,
}

/// Which journal, and how far it is folded.
#[derive(Debug, Clone)]
pub struct Mark {
    instance: String,
    epoch: slot::Epoch,
    path: PathBuf,
    folded: Arc<AtomicU64>,
}

impl Store {
    /// Begins a journal for a sender; `None` on PostgreSQL, which has none.
    ///
    /// # Errors
    /// If the file cannot be made, or the instance has one that is in use.
    pub async fn journal(&self, instance: &str, now: Time) -> Result<Option<Journal>> {
        self.journal_of(instance, now, ring::SLOTS).await
    }

    async fn journal_of(&self, instance: &str, now: Time, slots: u64) -> Result<Option<Journal>> {
        let Some((base, own)) = self.beside() else { return Ok(None) };
        let path = path_of(&base, instance);
        let mut tx = self.write().await?;
        let header = Header {
            store: identity(&mut tx, now).await?,
            epoch: *uuid::Uuid::new_v4().as_bytes(),
            slots,
            instance: instance.to_owned(),
        };
        if !rows::add(&mut tx, instance, &header.epoch).await? {
            return Err(StoreError::Refused(format!(
                "the sender {instance} has a journal already: {}; stop the other process that uses it",
                path.display()
            )));
        }
        lock_set(&own).insert(path.clone());
        let failed = |source| {
            lock_set(&own).remove(&path);
            StoreError::Journal { file: path.clone(), source }
        };
        // Under the write lock: who looks for journals of the dead waits.
        let making = {
            let (path, base, header) = (path.clone(), base.clone(), header.clone());
            tokio::task::spawn_blocking(move || make(&path, &base, &header))
        };
        let file = making.await.map_err(io::Error::other).flatten().map_err(failed)?;
        let folded = Arc::new(AtomicU64::new(0));
        let ring = Ring::new(file, &header, Arc::clone(&folded));
        let mark =
            Mark { instance: header.instance, epoch: header.epoch, path: path.clone(), folded };
        if let Err(error) = tx.commit().await {
            lock_set(&own).remove(&path);
            return Err(error);
        }
        Ok(Some(Journal { ring, mark, own }))
    }
}

/// Makes the file, its names and its zeros durable.
fn make(path: &Path, base: &Path, header: &Header) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
    let written = (|| {
        file.try_lock()?;
        file.write_all(&ring::blank(header))?;
        // Who may read the database may read its journal.
        file.set_permissions(std::fs::metadata(base)?.permissions())?;
        file.sync_all()?;
        File::open(folder_of(base))?.sync_all()
    })();
    match written {
        Ok(()) => Ok(file),
        Err(error) => {
            // What was begun must not be in the way of the next try.
            let _ = std::fs::remove_file(path);
            Err(error)
        }
    }
}

fn folder_of(base: &Path) -> &Path {
    base.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the name of every journal of the database at `base` begins with.
fn prefix(base: &Path) -> String {
    let name = base.file_name().map(|name| name.to_string_lossy().into_owned());
    format!("{}-ledger-", name.unwrap_or_default())
}

fn path_of(base: &Path, instance: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let instance: String = instance.chars().map(safe).take(100).collect();
    folder_of(base).join(prefix(base) + &instance)
}

fn lock_set(own: &Own) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The identity of a store, drawn once. A copy of the store has the same.
async fn identity(tx: &mut Tx, now: Time) -> Result<[u8; 16]> {
    let fresh = uuid::Uuid::new_v4();
    let kept = keys::secret(tx, "store", fresh.as_bytes(), now).await?;
    kept.try_into().map_err(|_| {
        StoreError::Refused(
            "the key `store` in the database is not 16 bytes; restore a backup".to_owned(),
        )
    })
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("mark", &self.mark).finish_non_exhaustive()
    }
}

impl Journal {
    /// Writes entries and returns when they are on the disk: a call that waits
    /// for the disk. Gives the number of each, to be folded up to. After an
    /// error nobody knows what is there: append the same again.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Vec<u64>> {
        let failed = |source| StoreError::Journal { file: self.mark.path.clone(), source };
        self.ring.append(entries).map_err(failed)
    }

    /// Is there room for so many entries, however long they are?
    #[must_use]
    pub fn has_room(&self, entries: usize) -> bool {
        self.ring.room() >= (entries * slot::MOST) as u64
    }

    /// Names it, for whoever folds.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark.clone()
    }

    /// Ends it: everything must have been folded.
    ///
    /// # Errors
    /// If the store does not answer; then the next who opens the store ends it.
    pub async fn close(self, store: &Store) -> Result<()> {
        let mut tx = store.write().await?;
        rows::close(&mut tx, &self.mark.instance).await?;
        tx.commit().await?;
        std::fs::remove_file(&self.mark.path)
            .map_err(|source| StoreError::Journal { file: self.mark.path.clone(), source })?;
        let mut tx = store.write().await?;
        rows::forget(&mut tx, &self.mark.instance).await?;
        tx.commit().await
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        lock_set(&self.own).remove(&self.mark.path);
    }
}

impl Mark {
    /// Folds entries into the store: all that are not folded, up to the one with
    /// number `through`. They count when the transaction is committed; say so
    /// with [`Mark::folded`].
    ///
    /// # Errors
    /// If the store does not answer, or does not know the journal any more.
    pub async fn fold(&self, tx: &mut Tx, entries: &[&Entry], through: u64) -> Result<()> {
        rows::Ends::of(entries.iter().copied()).apply(tx).await?;
        if rows::set_folded(tx, &self.instance, &self.epoch, through).await? {
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "the database does not know the journal {} any more; was it exchanged under a running gazetted? stop it, and restore both from one backup",
            self.path.display()
        )))
    }

    /// What was folded is durable: its slots may be written over.
    pub fn folded(&self, through: u64) {
        self.folded.fetch_max(through, Ordering::Release);
    }
}
