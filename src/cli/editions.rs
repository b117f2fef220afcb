//! `gazetted editions`: look at and steer editions.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::delivery::transition::State;
use crate::flow::House;
use crate::store::deliveries;
use crate::store::editions::{self, EditionRow, EditionState};

/// Rows in trouble that are listed.
const MANY: i64 = 10_000;

/// Look at and steer editions.
#[derive(Debug, Subcommand)]
pub enum Editions {
    /// List editions, newest first
    List {
        /// Only those of this digest
        #[arg(long, value_name = "NAME")]
        digest: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: i64,
    },
    /// Show how the deliveries of an edition stand, and which are in trouble
    Show {
        /// Its id
        id: i64,
    },
    /// Stop sending for now
    Pause {
        /// Its id
        id: i64,
    },
    /// Go on sending
    Resume {
        /// Its id
        id: i64,
    },
    /// Stop sending for good
    Cancel {
        /// Its id
        id: i64,
    },
    /// Send again to the failed recipients only
    Retry {
        /// Its id
        id: i64,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    digest: &'a str,
    number: i64,
    title: &'a str,
    state: &'a str,
    frozen: String,
    settled: Option<String>,
}

impl<'a> Line<'a> {
    fn of(edition: &'a EditionRow) -> Self {
        Self {
            id: edition.id,
            digest: &edition.digest,
            number: edition.number,
            title: &edition.title,
            state: edition.state.as_str(),
            frozen: print::moment(edition.frozen),
            settled: edition.settled.map(print::moment),
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    pieces: usize,
    counts: BTreeMap<&'static str, i64>,
    doubts: i64,
    trouble: Vec<Trouble>,
}

#[derive(Serialize)]
struct Trouble {
    email: String,
    state: &'static str,
    tries: i64,
    doubts: i64,
    reply: Option<String>,
}

impl Editions {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        match self {
            Self::List { digest, limit } => {
                list(&house, digest.as_deref(), limit, global.json).await?;
            }
            Self::Show { id } => show(&house, id, global.json).await?,
            Self::Pause { id } => {
                steer(
                    &house,
                    id,
                    &[EditionState::Compiling, EditionState::Sending],
                    EditionState::Paused,
                )
                .await?;
            }
            Self::Resume { id } => {
                let edition = find(&house, id).await?;
                let mut tx = house.store.write().await?;
                let resumed = editions::resume(&mut tx, id).await?;
                tx.commit().await?;
                if !resumed {
                    bail!("edition {id} is {}, not paused", edition.state.as_str());
                }
                print::line(format!("Edition {id} goes on."))?;
            }
            Self::Cancel { id } => {
                steer(
                    &house,
                    id,
                    &[EditionState::Compiling, EditionState::Sending, EditionState::Paused],
                    EditionState::Cancelled,
                )
                .await?;
                let mut tx = house.store.write().await?;
                let rows = deliveries::cancel_queued(&mut tx, id, house.now()).await?;
                tx.commit().await?;
                print::line(format!("{rows} deliveries cancelled."))?;
            }
            Self::Retry { id } => {
                find(&house, id).await?;
                let mut tx = house.store.write().await?;
                let rows = deliveries::retry_failed(&mut tx, id, house.now()).await?;
                tx.commit().await?;
                print::line(format!("{rows} deliveries queued again; the daemon sends them."))?;
            }
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn find(house: &House, id: i64) -> anyhow::Result<EditionRow> {
    let mut tx = house.store.read().await?;
    editions::get(&mut tx, id)
        .await?
        .with_context(|| format!("there is no edition {id}; `gazetted editions list` shows all"))
}

async fn list(house: &House, digest: Option<&str>, limit: i64, json: bool) -> anyhow::Result<()> {
    let mut tx = house.store.read().await?;
    let mut rows = vec![];
    for edition in editions::latest(&mut tx, digest, limit).await? {
        if json {
            print::json(&Line::of(&edition))?;
            continue;
        }
        let counts = deliveries::counts(&mut tx, edition.id).await?;
        let sent =
            counts.iter().find(|(state, _)| *state == State::Sent).map_or(0, |(_, count)| *count);
        let all: i64 = counts.iter().map(|(_, count)| count).sum();
        rows.push(vec![
            edition.id.to_string(),
            format!("{} {}", edition.digest, edition.number),
            edition.state.as_str().to_owned(),
            edition.frozen.format("%Y-%m-%d %H:%M").to_string(),
            format!("{sent} of {all}"),
        ]);
    }
    if !json {
        print::table(&["ID", "EDITION", "STATE", "FROZEN", "SENT"], &rows)?;
    }
    Ok(())
}

async fn show(house: &House, id: i64, json: bool) -> anyhow::Result<()> {
    let edition = find(house, id).await?;
    let mut tx = house.store.read().await?;
    let found = deliveries::counts(&mut tx, id).await?;
    let counts = State::ALL.into_iter().map(|state| {
        (
            state.as_str(),
            found.iter().find(|(found, _)| *found == state).map_or(0, |(_, count)| *count),
        )
    });
    let shown = Shown {
        line: Line::of(&edition),
        pieces: editions::pieces(&mut tx, id).await?.len(),
        counts: counts.collect(),
        doubts: deliveries::doubts(&mut tx, id).await?,
        trouble: deliveries::troubled(&mut tx, id, MANY)
            .await?
            .into_iter()
            .map(|line| Trouble {
                email: line.email,
                state: line.state.as_str(),
                tries: line.tries,
                doubts: line.doubts,
                reply: line.reply,
            })
            .collect(),
    };
    if json {
        print::json(&shown)?;
        return Ok(());
    }
    print::line(format!(
        "{} {} ({}): {}",
        shown.line.digest, shown.line.number, shown.line.title, shown.line.state
    ))?;
    print::line(format!("  frozen {}, {} pieces", shown.line.frozen, shown.pieces))?;
    for (state, count) in shown.counts.iter().filter(|(_, count)| **count > 0) {
        print::line(format!("  {count:>8} {state}"))?;
    }
    if shown.doubts > 0 {
        print::line(format!("  {:>8} sent again in doubt", shown.doubts))?;
    }
    for trouble in &shown.trouble {
        print::line(format!(
            "    {} {}: {}",
            trouble.state,
            trouble.email,
            trouble.reply.as_deref().unwrap_or("")
        ))?;
    }
    Ok(())
}

async fn steer(
    house: &House,
    id: i64,
    from: &[EditionState],
    to: EditionState,
) -> anyhow::Result<()> {
    let edition = find(house, id).await?;
    let mut tx = house.store.write().await?;
    let mut moved = false;
    for state in from {
        moved = moved || editions::move_state(&mut tx, id, *state, to).await?;
    }
    tx.commit().await?;
    if !moved {
        bail!("edition {id} is {}; it cannot become {}", edition.state.as_str(), to.as_str());
    }
    print::line(format!("Edition {id} is {} now.", to.as_str()))?;
    Ok(())
}
