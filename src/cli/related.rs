//! `gazetted related`: the plain ranking of earlier articles.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::{Global, opening, print};
use crate::article::{ArticleId, Card};
use crate::flow::{House, compile};
use crate::store::articles::{self, Filter};

/// The most that one article is given.
const MOST: usize = 10;

/// Show the earlier articles that belong beside one, or beside every one.
#[derive(Debug, Args)]
pub struct Related {
    /// The article's id
    #[arg(required_unless_present = "all")]
    id: Option<i64>,
    /// Every article, newest first
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    id: ArticleId,
    guid: &'a str,
    related: Vec<Beside>,
}

#[derive(Serialize)]
struct Beside {
    id: ArticleId,
    guid: String,
    title: String,
    url: String,
    teaser: String,
    score: f32,
}

impl Related {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        house.related.write_too();
        house.related.catch_up(&house.store).await?;
        if let Some(id) = self.id {
            let mut tx = house.store.read().await?;
            let Some(card) = articles::card(&mut tx, ArticleId(id)).await? else {
                bail!(
                    "there is no article {id}, or it is withdrawn; `gazetted articles list` shows all"
                );
            };
            drop(tx);
            show(&house, &card, global.json).await?;
        } else {
            let mut filter = Filter::default();
            loop {
                let mut tx = house.store.read().await?;
                let cards = articles::list(&mut tx, &filter, 500).await?;
                drop(tx);
                let Some(last) = cards.last() else { break };
                filter.after = Some((last.published, last.id));
                for card in &cards {
                    show(&house, card, global.json).await?;
                }
            }
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn show(house: &House, card: &Card, json: bool) -> anyhow::Result<()> {
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let mut related = vec![];
    for found in house.related.ranking(card.id, MOST).await {
        let Some(other) = articles::card(&mut tx, found.id).await? else { continue };
        related.push(Beside {
            id: other.id,
            url: compile::address(&settings.site, &other),
            guid: other.guid,
            title: other.title,
            teaser: other.teaser,
            score: found.score,
        });
    }
    if json {
        print::json(&Line { id: card.id, guid: &card.guid, related })?;
    } else {
        print::line(format!("{:>6}  {}", card.id.0, card.title))?;
        for beside in related {
            print::line(format!(
                "        {:.2}  {:>6}  {}",
                beside.score, beside.id.0, beside.title
            ))?;
        }
    }
    Ok(())
}
