//! `gazetted regions`: the tree, and what did not fit into it.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::flow::House;
use crate::region::doubt::{doubt, second};
use crate::region::lore::Lore;
use crate::region::{Origin, Reason};
use crate::store::articles::{self, Filter};
use crate::store::labels;

/// Look at regions.
#[derive(Debug, Subcommand)]
pub enum Regions {
    /// List all regions in the order in which they are shown
    List,
    /// Labels that matched nothing, and pieces whose region is uncertain
    Audit,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    name: String,
}

#[derive(Serialize)]
#[serde(tag = "finding", rename_all = "lowercase")]
enum Finding<'a> {
    Label {
        label: &'a str,
        source: &'a str,
        pieces: i64,
        article: i64,
        declare: Option<String>,
    },
    Learnt {
        label: &'a str,
        source: &'a str,
        region: &'a str,
        agree: u64,
        pieces: u64,
        declare: String,
    },
    Uncertain {
        article: i64,
        title: &'a str,
        region: &'a str,
        weight: f32,
        second: Option<&'a Reason>,
    },
}

impl Regions {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        match self {
            Self::List => {
                let settings = house.settings();
                for path in settings.tree.paths() {
                    let name = settings.tree.name(path, &settings.site.language);
                    if global.json {
                        print::json(&Line { path: path.as_str(), name })?;
                    } else {
                        print::line(format!("{:<44} {name}", path.as_str()))?;
                    }
                }
            }
            Self::Audit => audit(&house, global.json).await?,
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn audit(house: &House, json: bool) -> anyhow::Result<()> {
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let found = labels::list(&mut tx, 1_000).await?;
    drop(tx);
    for label in &found {
        let declare = settings
            .tree
            .known_elsewhere(&label.label)
            .map(crate::region::atlas::WellKnown::declaration);
        if json {
            print::json(&Finding::Label {
                label: &label.label,
                source: &label.source,
                pieces: label.pieces,
                article: label.article_id,
                declare,
            })?;
        } else {
            print::line(format!(
                "label `{}` of source {} matches no region ({} pieces, such as article {})",
                label.label, label.source, label.pieces, label.article_id
            ))?;
            match declare {
                Some(lines) => print::line(format!("to declare it:\n\n{lines}\n"))?,
                None => print::line(format!(
                    "to map it, add it to the aliases of a region:\n\n[[region]]\npath = \"…\"\naliases = [\"{}\"]\n",
                    label.label
                ))?,
            }
        }
    }
    let (uncertain, lore) = look_through(house, json).await?;
    for learnt in lore.learnt(&settings.tree) {
        if json {
            print::json(&Finding::Learnt {
                label: &learnt.label,
                source: &learnt.source,
                region: learnt.region.as_str(),
                agree: learnt.agree,
                pieces: learnt.pieces,
                declare: learnt.declaration(),
            })?;
        } else {
            print::line(format!(
                "label `{}` of source {}: {} of {} pieces under it belong to {} by their text; to map it:\n\n{}",
                learnt.label,
                learnt.source,
                learnt.agree,
                learnt.pieces,
                learnt.region,
                learnt.declaration()
            ))?;
        }
    }
    if !json {
        print::line(format!(
            "{} labels match nothing, {uncertain} pieces are uncertain.",
            found.len()
        ))?;
    }
    Ok(())
}

/// Tells the pieces whose region is uncertain, and counts what the labels of
/// the others seem to mean.
async fn look_through(house: &House, json: bool) -> anyhow::Result<(u64, Lore)> {
    let settings = house.settings();
    let mut filter = Filter::default();
    let (mut uncertain, mut lore) = (0_u64, Lore::default());
    loop {
        let mut tx = house.store.read().await?;
        let cards = articles::list(&mut tx, &filter, 500).await?;
        let Some(last) = cards.last() else { break };
        filter.after = Some((last.published, last.id));
        for card in &cards {
            if !matches!(card.region_origin, Origin::Text | Origin::Source) {
                continue;
            }
            let Some(provenance) = articles::provenance(&mut tx, card.id).await? else { continue };
            let first = card.region();
            let Some(weight) = doubt(first, card.region_origin, &provenance.reasons) else {
                if let Some(country) = card.countries.first() {
                    lore.note(&settings.tree, &card.source, &provenance.labels, *country);
                }
                continue;
            };
            uncertain += 1;
            let second = second(first, &provenance.reasons);
            if json {
                print::json(&Finding::Uncertain {
                    article: card.id.0,
                    title: &card.title,
                    region: first.as_str(),
                    weight,
                    second,
                })?;
                continue;
            }
            let rival = second.map_or_else(String::new, |second| {
                format!(", second {} ({:.2})", second.region, second.weight)
            });
            print::line(format!(
                "article {} stands in {first} ({weight:.2}{rival}): {}",
                card.id, card.title
            ))?;
        }
    }
    Ok((uncertain, lore))
}
