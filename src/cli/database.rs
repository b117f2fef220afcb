//! `gazetted database`: upgrade or back up.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::opening::{self, Refusal};
use super::{Global, print};
use crate::store::{Store, StoreError};

/// Upgrade or back up the database.
#[derive(Debug, Subcommand)]
pub enum Database {
    /// Bring the tables to what this program knows; `serve` does so by itself
    Migrate,
    /// Write a consistent copy of a SQLite database while the daemon runs
    Backup {
        /// The new file
        file: PathBuf,
    },
}

impl Database {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let path = opening::locate(global)?;
        let config = opening::config(&path).map_err(Refusal::Config)?;
        let store = match Store::open(&config.store.url).await {
            Err(StoreError::Refused(words)) => return Err(Refusal::Words(words).into()),
            other => other?,
        };
        match self {
            Self::Migrate => print::line("The database is up to date.")?,
            Self::Backup { file } => {
                store.backup(&file).await?;
                print::line(format!("The database is copied to {}.", file.display()))?;
            }
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
