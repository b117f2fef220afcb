//! `gazetted status`: the house at a glance.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Global, opening, print};
use crate::digest::slot;
use crate::flow::feedback::LATELY;
use crate::flow::watch;
use crate::store::{articles, deliveries, editions, feedback, subscribers};

/// Show sources, next slots and the ledger.
#[derive(Debug, Args)]
pub struct Status {}

#[derive(Serialize)]
struct Report {
    articles: i64,
    feeds: usize,
    sources: Vec<SourceLine>,
    digests: Vec<DigestLine>,
    subscribers: BTreeMap<String, i64>,
    open_editions: usize,
    deliveries: BTreeMap<&'static str, i64>,
    /// What came back within the last seven days.
    feedback: BTreeMap<String, i64>,
}

#[derive(Serialize)]
struct SourceLine {
    name: String,
    visited: Option<String>,
    next: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct DigestLine {
    name: String,
    next: Option<String>,
}

impl Status {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let settings = house.settings();
        let mut sources = vec![];
        for source in &settings.sources {
            let state = watch::state(&house, &source.name).await?;
            sources.push(SourceLine {
                name: source.name.clone(),
                visited: state.visited.map(print::moment),
                next: print::moment(state.next_visit),
                error: state.last_error,
            });
        }
        let feeds =
            crate::flow::syndicate::names(&house).await?.len() * crate::feed::Format::ALL.len();
        let mut tx = house.store.read().await?;
        let readers = subscribers::zones(&mut tx).await?;
        let digests = settings.digests.iter().map(|digest| DigestLine {
            name: digest.name.clone(),
            next: slot::next(&digest.schedule, digest.zone, &readers, house.now())
                .map(|due| print::moment(due.freeze_at)),
        });
        let report = Report {
            articles: articles::count(&mut tx).await?,
            feeds,
            sources,
            digests: digests.collect(),
            subscribers: subscribers::counts(&mut tx).await?.into_iter().collect(),
            open_editions: editions::open(&mut tx).await?.len(),
            deliveries: deliveries::open_counts(&mut tx)
                .await?
                .into_iter()
                .map(|(state, count)| (state.as_str(), count))
                .collect(),
            feedback: feedback::since(&mut tx, house.now() - LATELY).await?.into_iter().collect(),
        };
        drop(tx);
        if global.json {
            print::json(&report)?;
        } else {
            tell(&report)?;
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(report: &Report) -> std::io::Result<()> {
    print::line(format!("{} articles, {} feeds", report.articles, report.feeds))?;
    for source in &report.sources {
        let state = source.error.as_deref().unwrap_or("good");
        print::line(format!("source {}: {state}, next visit {}", source.name, source.next))?;
    }
    for digest in &report.digests {
        print::line(format!(
            "digest {}: next at {}",
            digest.name,
            digest.next.as_deref().unwrap_or("never")
        ))?;
    }
    for (standing, count) in &report.subscribers {
        print::line(format!("{count} subscribers {standing}"))?;
    }
    print::line(format!("{} open editions", report.open_editions))?;
    for (state, count) in &report.deliveries {
        print::line(format!("{count} deliveries {state}"))?;
    }
    for (kind, count) in &report.feedback {
        print::line(format!("{count} {} in seven days", said(kind)))?;
    }
    Ok(())
}

/// What came back, in words.
fn said(kind: &str) -> &str {
    match kind {
        "hard" => "bounces of mailboxes that are gone",
        "soft" => "bounces of mailboxes in trouble",
        "sender" => "mails refused for our own fault",
        "complaint" => "complaints",
        "unsubscribe" => "unsubscribe mails",
        other => other,
    }
}
