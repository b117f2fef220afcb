//! `gazetted ingest`: one pass over the sources.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use futures_util::StreamExt as _;

use super::{Global, opening, print};
use crate::daemon::assemble;
use crate::flow::watch::{self, Visit};
use crate::source::Source;

/// Sources that are visited at one time.
const AT_ONCE: usize = 16;

/// Visit every source once, whether it is due or not, then exit.
#[derive(Debug, Args)]
pub struct Ingest {
    /// Only this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    source: &'a str,
    #[serde(flatten)]
    counts: watch::Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Ingest {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, config) = opening::open(global).await?;
        let fetch = assemble::fetch(Some(&config.site));
        let wanted: Vec<_> = config
            .sources
            .iter()
            .filter(|source| self.source.as_ref().is_none_or(|name| *name == source.name))
            .collect();
        if let (Some(name), true) = (&self.source, wanted.is_empty()) {
            let names: Vec<&str> =
                config.sources.iter().map(|source| source.name.as_str()).collect();
            bail!("there is no source `{name}`; the configuration has: {}", names.join(", "));
        }
        let mut reached = true;
        // Many at a time: one that hangs delays no other.
        let mut visits = futures_util::stream::iter(wanted)
            .map(|settings| {
                let mut source = Source::new(settings.clone(), fetch.clone());
                let house = house.clone();
                async move { (settings, watch::visit(&house, &mut source).await) }
            })
            .buffer_unordered(AT_ONCE);
        while let Some((settings, visit)) = visits.next().await {
            let (counts, error) = match visit? {
                Visit::Taken(counts) => (counts, None),
                Visit::Troubled(trouble) => (watch::Counts::default(), Some(trouble.to_string())),
            };
            reached &= error.is_none();
            let name = &settings.name;
            if global.json {
                print::json(&Line { source: name, counts, error })?;
            } else if let Some(error) = error {
                print::line(format!("{name}: {error}"))?;
            } else {
                print::line(format!(
                    "{name}: {} new, {} changed, {} unchanged, {} removed, {} failed",
                    counts.new, counts.changed, counts.unchanged, counts.removed, counts.failed
                ))?;
            }
        }
        house.store.close().await;
        Ok(if reached { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}
