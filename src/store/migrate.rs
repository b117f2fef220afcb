//! The tables, brought to what this program knows; a newer store is refused.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

use super::{Result, StoreError};

static SQLITE: Migrator = sqlx::migrate!("src/store/migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("src/store/migrations/postgres");

pub(super) async fn sqlite(pool: &SqlitePool) -> Result<()> {
    SQLITE.run(pool).await.map_err(refused)
}

pub(super) async fn postgres(pool: &PgPool) -> Result<()> {
    POSTGRES.run(pool).await.map_err(refused)
}

fn refused(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StoreError::Refused(format!(
                "the database has schema version {version}, which this program does not know: \
                 it was used by a newer gazetted; install that version, or restore a backup"
            ))
        }
        MigrateError::VersionMismatch(version) => StoreError::Refused(format!(
            "schema version {version} of the database is not the one this program knows; \
             was it made by another program? name another [store] url"
        )),
        MigrateError::Dirty(version) => StoreError::Refused(format!(
            "an upgrade of the database to schema version {version} stopped half way; restore the backup made before it"
        )),
        MigrateError::Execute(error) => classify(error, None),
        MigrateError::ExecuteMigration(error, version) => classify(error, Some(version)),
        other => StoreError::Refused(format!("the database cannot be upgraded: {other}")),
    }
}

fn classify(error: sqlx::Error, version: Option<i64>) -> StoreError {
    match StoreError::from(error) {
        StoreError::Statement(error) => StoreError::Refused(match version {
            Some(version) => format!(
                "the database cannot be brought to schema version {version}: {error}; \
                 is it an empty database, or one that gazetted made?"
            ),
            None => format!("this is no gazetted database: {error}; name another [store] url"),
        }),
        other => other,
    }
}
