//! The two engines behind one [`Store`], and the transaction [`Tx`] that all
//! statements run in.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Postgres, Sqlite, Transaction};

use super::{Result, StoreError, journal, migrate};

/// How long a writer waits for another before it gives up.
const BUSY: Duration = Duration::from_secs(15);

/// Which engine a store is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file beside the daemon.
    Sqlite,
    /// A server that several machines share.
    Postgres,
}

/// An open store. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
}

#[derive(Debug, Clone)]
enum Pools {
    /// SQLite has one writer at a time anyway: one connection writes, so that
    /// writers queue here in order and not in the file's lock.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
        file: PathBuf,
        /// Journals that are written here.
        own: journal::Own,
    },
    Postgres(PgPool),
}

/// An open transaction. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Store {
    /// Opens the store at `url` (`sqlite:FILE` or `postgres://…`), creating or
    /// upgrading its tables. On SQLite what dead senders left in their journals
    /// is folded first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an address that is none, a schema newer than
    /// this program or a file that is no database; [`StoreError::Unavailable`]
    /// if it does not answer.
    pub async fn open(url: &str) -> Result<Self> {
        let store = Self::connect(url).await?;
        match &store.pools {
            Pools::Sqlite { write, .. } => migrate::sqlite(write).await?,
            Pools::Postgres(pool) => migrate::postgres(pool).await?,
        }
        let recovered = store.recover().await?;
        if recovered.doubts > 0 {
            tracing::warn!(
                "{} mails were in hand when a journal of the ledger was lost or damaged: nobody can know whether they went out",
                recovered.doubts
            );
        }
        Ok(store)
    }

    /// Folds what senders that died since left in their journals.
    ///
    /// # Errors
    /// If the store does not answer, or a journal is not of this store.
    pub async fn recover(&self) -> Result<journal::Recovered> {
        journal::recover(self).await
    }

    /// Where journals are, and which are written here; `None` on PostgreSQL.
    pub(super) fn beside(&self) -> Option<(PathBuf, journal::Own)> {
        match &self.pools {
            // The real place: who opens it by another name must find them too.
            Pools::Sqlite { file, own, .. } => Some((
                std::fs::canonicalize(file).unwrap_or_else(|_| file.clone()),
                journal::Own::clone(own),
            )),
            Pools::Postgres(_) => None,
        }
    }

    async fn connect(url: &str) -> Result<Self> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            return Self::connect_sqlite(file.strip_prefix("//").unwrap_or(file)).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|error| {
                    StoreError::Refused(format!(
                        "[store] url: {error}; write postgres://user@host/database"
                    ))
                })?
                .application_name("gazetted");
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(options)
                .await?;
            return Ok(Self { pools: Pools::Postgres(pool) });
        }
        Err(StoreError::Refused(
            "[store] url is neither `sqlite:FILE` nor `postgres://user@host/database`".to_owned(),
        ))
    }

    async fn connect_sqlite(file: &str) -> Result<Self> {
        let file = PathBuf::from(file);
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                StoreError::Refused(format!(
                    "cannot create the folder of the database, {}: {error}",
                    folder.display()
                ))
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit is on the disk when it returns, or `handing` means nothing.
            .synchronous(SqliteSynchronous::Full)
            // A claim gives hundreds of rows: with less room, the engine's thread
            // and ours would take turns after every fiftieth.
            .row_buffer_size(1024)
            // What a statement may have to take back goes to memory, and not to
            // a temporary file of several pages for each row.
            // Who is forgotten is gone from the file as well.
            .pragma("secure_delete", "on")
            .pragma("temp_store", "memory")
            // Fewer checkpoints: pages of the ledger are written many times over.
            .pragma("wal_autocheckpoint", "4000")
            .statement_cache_capacity(200);
        let refused = |error: sqlx::Error| match StoreError::from(error) {
            StoreError::Statement(error) => StoreError::Refused(format!(
                "cannot open the database {}: {error}; check that it is a gazetted database and that its folder can be written",
                file.display()
            )),
            passing => passing,
        };
        let pool = SqlitePoolOptions::new().before_acquire(|connection, _| {
            // When a disk is full SQLite takes a transaction back by itself, and
            // sqlx waits for its end for ever: another connection takes its place.
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        });
        let write = pool
            .clone()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            // A file does not hang up; asking first would be a trip to its thread.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            // The pages under way of one edition; a page that has to be read
            // again for each commit costs more than the memory.
            .connect_with(options.clone().pragma("cache_size", "-8000"))
            .await
            .map_err(refused)?;
        let read = pool
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(30))
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(refused)?;
        Ok(Self { pools: Pools::Sqlite { read, write, file, own: journal::Own::default() } })
    }

    /// Which engine it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// The database file, on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres(_) => None,
        }
    }

    /// Begins to read: a steady view of the store on SQLite.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins to write. On SQLite the write lock is taken now, so a
    /// transaction never fails half way because another one wrote.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("begin immediate").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Does the store answer? Reads one row.
    ///
    /// # Errors
    /// If not.
    pub async fn ping(&self) -> Result<()> {
        let mut tx = self.read().await?;
        super::articles::revision(&mut tx).await?;
        Ok(())
    }

    /// Writes a consistent copy of a SQLite store to `file`.
    ///
    /// # Errors
    /// On PostgreSQL (use `pg_dump`), if `file` exists, or if it cannot be written.
    pub async fn backup(&self, file: &std::path::Path) -> Result<()> {
        match &self.pools {
            Pools::Postgres(_) => Err(StoreError::Refused(
                "a PostgreSQL store is backed up with pg_dump, not by gazetted".to_owned(),
            )),
            Pools::Sqlite { .. } if file.exists() => {
                Err(StoreError::Refused(format!("{} exists; name a new file", file.display())))
            }
            Pools::Sqlite { read, .. } => {
                sqlx::query("vacuum into $1")
                    .bind(file.display().to_string())
                    .execute(read)
                    .await?;
                Ok(())
            }
        }
    }

    /// Waits until all connections are closed; commits nothing.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Which engine it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Makes everything in this transaction durable.
    ///
    /// # Errors
    /// If the store does not confirm; then it is uncertain whether it happened.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(open) => open.commit().await?,
            Self::Postgres(open) => open.commit().await?,
        }
        Ok(())
    }
}
