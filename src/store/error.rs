//! What can go wrong with the store, sorted by what the caller does next.

/// What the store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer now; try again later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The operator has to act before anything works.
    #[error("{0}")]
    Refused(String),
    /// A column holds what gazetted never wrote.
    #[error(
        "the database column `{column}` holds what gazetted did not write: {source}; restore it from a backup"
    )]
    Unreadable {
        /// Which column.
        column: &'static str,
        /// Why it does not read.
        source: serde_json::Error,
    },
    /// The journal of the ledger cannot be written or read; try again later.
    #[error("the ledger's journal {}: {source}; make room, or mend the disk: no mail is handed over until then", file.display())]
    Journal {
        /// Which file.
        file: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A statement failed: a bug, or a database changed by hand.
    #[error("the database refused a statement: {0}")]
    Statement(#[source] sqlx::Error),
}

impl StoreError {
    /// Is another try worth it?
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Journal { .. })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let passing = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => true,
            // SQLite: 5 busy, 6 locked, 10 I/O, 13 full. PostgreSQL: classes 08
            // (connection), 40 (rollback), 53 (resources), 57 (intervention).
            sqlx::Error::Database(database) => database.code().is_some_and(|code| {
                let primary =
                    code.parse::<u32>().ok().filter(|_| code.len() <= 4).map(|code| code & 0xff);
                matches!(primary, Some(5 | 6 | 10 | 13))
                    || (code.len() == 5
                        && ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)))
            }),
            _ => false,
        };
        if passing { Self::Unavailable(error) } else { Self::Statement(error) }
    }
}
