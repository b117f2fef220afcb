//! `gazetted feeds`: feeds as files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::flow::syndicate::files;

/// Write feeds as files.
#[derive(Debug, Subcommand)]
pub enum Feeds {
    /// Write every feed below a folder, for a web server or CDN, also compressed; only what changed is touched
    Build {
        /// The folder; the files lie in it as the addresses do: feeds/all.rss
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Write the pages of the archive as well (RFC 5005), to which a feed leads that does not hold all pieces: each
        /// piece once more for every feed it stands in
        #[arg(long)]
        archive: bool,
    },
}

#[derive(Serialize)]
struct Built {
    written: usize,
    unchanged: usize,
}

impl Feeds {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let Self::Build { out, archive } = self;
        let extent = if archive { files::Extent::Archive } else { files::Extent::Current };
        let files::Counts { written, unchanged } = files::build(&house, &out, extent).await?;
        if global.json {
            print::json(&Built { written, unchanged })?;
        } else {
            print::line(format!(
                "{}: {written} files written, {unchanged} up to date",
                out.display()
            ))?;
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
