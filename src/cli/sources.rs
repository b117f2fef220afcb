//! `gazetted sources`: where articles come from, and how it goes.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::config::{Config, Problem};
use crate::daemon::assemble;
use crate::flow::{House, depart, watch};
use crate::source::{Haul, Kind, Memory, Settings, Source};
use crate::store::withheld;

/// Look at sources.
#[derive(Debug, Subcommand)]
pub enum Sources {
    /// List sources: state, next visit, last error
    List,
    /// See what is behind an address, as it would be taken in; nothing is stored
    Test {
        /// A feed's address, or a folder
        address: String,
    },
    /// Let go of pieces that a site says are gone, so many at once that they wait for your word
    Withdraw {
        /// The source's name
        name: String,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    kind: &'a str,
    place: String,
    visited: Option<String>,
    changed: Option<String>,
    next: String,
    failures: u32,
    error: Option<String>,
    notice: Option<String>,
    withheld: usize,
}

impl Sources {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self {
            Self::List => {
                let (house, _) = opening::open(global).await?;
                list(&house, global.json).await?;
                house.store.close().await;
                Ok(ExitCode::SUCCESS)
            }
            Self::Test { address } => test(&address, global).await,
            Self::Withdraw { name } => {
                let (house, _) = opening::open(global).await?;
                if house.settings().sources.iter().all(|source| source.name != name) {
                    bail!("there is no source `{name}`; `gazetted sources list` shows all");
                }
                let removed = depart::by_operator(&house, &name).await?;
                house.store.close().await;
                if global.json {
                    print::json(&serde_json::json!({ "source": name, "removed": removed }))?;
                } else if removed == 0 {
                    print::line(format!("nothing of {name} waits for your word"))?;
                } else {
                    print::line(format!("{removed} pieces of {name} are withdrawn"))?;
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Kind and place of a source in words.
#[must_use]
pub fn place(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Directory { path } => ("directory", path.display().to_string()),
        Kind::Feed { url } => ("feed", url.to_string()),
        Kind::Wordpress { url, .. } => ("wordpress", url.to_string()),
        Kind::Site { url, .. } => ("site", url.to_string()),
        Kind::Push { .. } => ("push", "/api/articles".to_owned()),
    }
}

async fn list(house: &House, json: bool) -> anyhow::Result<()> {
    let mut rows = vec![];
    for source in &house.settings().sources {
        let state = watch::state(house, &source.name).await?;
        let (kind, place) = place(&source.kind);
        let mut tx = house.store.read().await?;
        let withheld = withheld::list(&mut tx, &source.name).await?.len();
        drop(tx);
        if json {
            print::json(&Line {
                name: &source.name,
                kind,
                place,
                visited: state.visited.map(print::moment),
                changed: state.changed.map(print::moment),
                next: print::moment(state.next_visit),
                failures: state.failures,
                error: state.last_error,
                notice: state.notice,
                withheld,
            })?;
        } else {
            let visited = state
                .visited
                .map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
            let mut words: Vec<String> = state.last_error.or(state.notice).into_iter().collect();
            if withheld > 0 {
                words.push(format!(
                    "{withheld} pieces are gone at once and are kept; `gazetted sources withdraw {}` lets them go",
                    source.name
                ));
            }
            let state = if words.is_empty() { "good".to_owned() } else { words.join("; ") };
            rows.push(vec![source.name.clone(), kind.to_owned(), visited, place, state]);
        }
    }
    if !json {
        print::table(&["NAME", "KIND", "VISITED", "PLACE", "STATE"], &rows)?;
    }
    Ok(())
}

async fn test(address: &str, global: &Global) -> anyhow::Result<ExitCode> {
    let site = opening::locate(global)
        .ok()
        .and_then(|path| opening::config(&path).ok())
        .map(|config| config.site);
    let fetch = assemble::fetch(site.as_ref());
    let kind = if Path::new(address).is_dir() {
        Kind::Directory { path: Path::new(address).canonicalize()? }
    } else {
        match url::Url::parse(address) {
            Ok(url) => Kind::Feed { url },
            Err(_) => bail!(
                "`{address}` is neither a folder nor an address like https://example.org/feed"
            ),
        }
    };
    let settings = Settings {
        name: "test".to_owned(),
        kind,
        every: std::time::Duration::from_mins(15),
        max_bytes: 10_000_000,
        language: None,
        home: None,
        allow_private: true,
    };
    let (word, place) = place(&settings.kind);
    let mut source = Source::new(settings, fetch);
    let haul = source
        .visit(&Memory::default(), crate::clock::Clock::now(&crate::clock::SystemClock))
        .await?;
    let (drafts, failures) = match haul {
        Haul::Drafts { drafts, failures, .. } => (drafts, failures),
        Haul::Part(part) => (part.drafts, part.failures),
        Haul::Unchanged => bail!("{place}: nothing there"),
    };
    print::line(format!("{} articles", drafts.len()))?;
    for draft in drafts.iter().take(5) {
        let labels: Vec<String> = draft.labels.iter().map(|label| label.path.join(" › ")).collect();
        print::line(format!(
            "\n  {}\n    by {} · {} · {}",
            draft.title,
            draft.authors.join(", "),
            draft.published.map_or_else(|| "no date".to_owned(), print::moment),
            labels.join(" | ")
        ))?;
    }
    for failure in failures.iter().take(20) {
        print::line(format!("\n  not read: {failure}"))?;
    }
    let key = if word == "directory" { "path" } else { "url" };
    print::line(format!(
        "\n[[source]]\nname = \"magazine\"\nkind = \"{word}\"\n{key} = \"{place}\""
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Sources that cannot be reached now, for `check --online`.
///
/// # Errors
/// If there is no way to reach any.
pub async fn unreachable(config: &Config, path: &Path) -> anyhow::Result<Vec<Problem>> {
    let fetch = assemble::fetch(Some(&config.site));
    let mut problems = vec![];
    for (at, settings) in config.sources.iter().enumerate() {
        let mut source = Source::new(settings.clone(), fetch.clone());
        if let Err(trouble) = source
            .visit(&Memory::default(), crate::clock::Clock::now(&crate::clock::SystemClock))
            .await
        {
            problems.push(Problem {
                key: format!("source[{at}] `{}`", settings.name),
                file: path.display().to_string(),
                line: None,
                message: trouble.to_string(),
                remedy: "see the message".to_owned(),
            });
        }
    }
    Ok(problems)
}
