//! `gazetted sources`: where articles come from, and how it goes.

mod lists;
mod test;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::clock::Time;
use crate::config::{Config, Problem};
use crate::daemon::assemble;
use crate::flow::{House, watch};
use crate::source::shown::Shown;
use crate::source::{Kind, Memory, Source};
use crate::store::sources::SourceState;

/// Look at sources.
#[derive(Debug, Subcommand)]
pub enum Sources {
    /// List sources: state, last change, next visit, last error
    List,
    /// See what is behind an address, as it would be taken in; nothing is stored
    Test {
        /// A website or feed, or a folder or file on this machine
        address: String,
    },
    /// Read a list of feeds (OPML) and print the lines of configuration for them
    Import {
        /// The list; `-` is standard input
        file: std::path::PathBuf,
        /// Append them to the configuration instead
        #[arg(long)]
        append: bool,
    },
    /// Print the feeds of the configuration as a list (OPML)
    Export,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    kind: &'a str,
    place: String,
    state: &'a str,
    visited: Option<String>,
    changed: Option<String>,
    next: Option<String>,
    failures: u32,
    error: Option<String>,
    notice: Option<String>,
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
            Self::Test { address } => test::run(&address, global).await,
            Self::Import { file, append } => lists::import(&file, append, global),
            Self::Export => lists::export(global),
        }
    }
}

/// Kind and place of a source in words.
#[must_use]
pub fn place(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Directory { path } => ("directory", path.display().to_string()),
        Kind::Feed { url } => ("feed", Shown(url).to_string()),
        Kind::Wordpress { url } => ("wordpress", Shown(url).to_string()),
        Kind::Site { url } => ("site", Shown(url).to_string()),
    }
}

async fn list(house: &House, json: bool) -> anyhow::Result<()> {
    let mut rows = vec![];
    let now = house.now();
    for source in &house.settings().sources {
        let state = watch::state(house, &source.name).await?;
        let (kind, place) = place(&source.kind);
        let (word, next) = standing(&state, watch::due(&state, source, now), now);
        let notice = state.memory.manners.notice();
        if json {
            print::json(&Line {
                name: &source.name,
                kind,
                place,
                state: word,
                visited: state.visited.map(print::moment),
                changed: state.changed.map(print::moment),
                next: next.map(print::moment),
                failures: state.failures,
                error: state.last_error,
                notice,
            })?;
        } else {
            let day = |at: Option<Time>, none: &str| {
                at.map_or_else(|| none.to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
            };
            let next = match next {
                Some(at) if at <= now => "now".to_owned(),
                next => day(next, "never"),
            };
            let words: Vec<String> =
                std::iter::once(place).chain(state.last_error).chain(notice).collect();
            rows.push(vec![
                source.name.clone(),
                kind.to_owned(),
                word.to_owned(),
                day(state.visited, "never"),
                day(state.changed, "never"),
                next,
                words.join(" · "),
            ]);
        }
    }
    if !json {
        let head = ["NAME", "KIND", "STATE", "VISITED", "CHANGED", "NEXT", "PLACE"];
        print::table(&head, &rows)?;
    }
    Ok(())
}

/// How a source stands, in a word, and when it is visited next, if ever.
fn standing(state: &SourceState, due: Time, now: Time) -> (&'static str, Option<Time>) {
    let manners = &state.memory.manners;
    if manners.gone && due > now {
        ("gone", None)
    } else if manners.quiet_until(now).is_some() && due > now {
        ("waiting", Some(due))
    } else if state.failures > 0 {
        ("failing", Some(due))
    } else if state.visited.is_none() {
        ("new", Some(due))
    } else {
        ("good", Some(due))
    }
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    // The escapes of JSON are those of a basic string.
    serde_json::Value::String(text.to_owned()).to_string()
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
