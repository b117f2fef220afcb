//! `gazetted articles`: look at and correct what was taken in.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{NaiveDate, TimeDelta};
use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::article::{Article, ArticleId, Card, Hint, Image};
use crate::clock::Time;
use crate::flow::{House, copies, reclassify};
use crate::region::{Reason, RegionPath, doubt};
use crate::store::articles::{self, Filter, Provenance};

/// Articles read at a time.
const PAGE: usize = 500;

/// Look at and correct what was taken in.
#[derive(Debug, Subcommand)]
pub enum Articles {
    /// List articles, newest first
    List {
        /// Only those that appeared since then: 2026-11-23, an RFC 3339 time, or an age such as 36h or 7d
        #[arg(long, value_name = "T")]
        since: Option<String>,
        /// Only those in this region or inside it
        #[arg(long, value_name = "PATH")]
        region: Option<RegionPath>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
        limit: usize,
    },
    /// Show one article in full, and why it stands where it stands
    Show {
        /// Its id, or the publisher's own
        id: String,
    },
    /// Put an article into a region; later edits keep it there
    SetRegion {
        /// Its id, or the publisher's own
        id: String,
        /// Such as `africa` or `americas/united-states`; `auto` takes your word back
        region: String,
    },
}

/// An article as `articles list --json` gives it.
#[derive(Debug, Serialize)]
pub struct Listed<'a> {
    id: ArticleId,
    guid: &'a str,
    url: Option<&'a str>,
    title: &'a str,
    authors: &'a [String],
    published: String,
    updated: String,
    language: &'a str,
    region: &'a str,
    regions: Vec<&'a str>,
    countries: Vec<&'a str>,
    region_origin: &'a str,
    teaser: &'a str,
    image: Option<&'a Image>,
    source: &'a str,
}

impl<'a> Listed<'a> {
    /// The card as it is listed.
    #[must_use]
    pub fn of(card: &'a Card) -> Self {
        Self {
            id: card.id,
            guid: &card.guid,
            url: card.url.as_deref(),
            title: &card.title,
            authors: &card.authors,
            published: print::moment(card.published),
            updated: print::moment(card.updated),
            language: &card.language,
            region: card.region().as_str(),
            regions: card.regions.iter().map(RegionPath::as_str).collect(),
            countries: card.countries.iter().map(crate::region::Country::as_str).collect(),
            region_origin: card.region_origin.as_str(),
            teaser: &card.teaser,
            image: card.image.as_ref(),
            source: &card.source,
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    html: &'a str,
    text: &'a str,
    hints: &'a [Hint],
    labels: &'a [crate::article::Label],
    reasons: &'a [Reason],
    second: Option<&'a Reason>,
    copies: Vec<copies::Seen>,
    page: String,
}

impl Articles {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        match self {
            Self::List { since, region, limit } => {
                let since = since.map(|text| moment(&text, house.now())).transpose()?;
                list(&house, Filter { region, since, ..Filter::default() }, limit, global.json)
                    .await?;
            }
            Self::Show { id } => show(&house, &id, global.json).await?,
            Self::SetRegion { id, region } => set_region(&house, &id, &region, global.json).await?,
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// A moment as an operator writes it.
fn moment(text: &str, now: Time) -> anyhow::Result<Time> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let age = text.char_indices().last().and_then(|(at, unit)| {
        let count: i64 = text[..at].parse().ok()?;
        match unit {
            'm' => TimeDelta::try_minutes(count),
            'h' => TimeDelta::try_hours(count),
            'd' => TimeDelta::try_days(count),
            _ => None,
        }
    });
    age.and_then(|age| now.checked_sub_signed(age)).with_context(|| {
        format!("`{text}` is no time; write one like 2026-11-23, 2026-11-23T07:00:00Z, 36h or 7d")
    })
}

async fn list(house: &House, mut filter: Filter, limit: usize, json: bool) -> anyhow::Result<()> {
    if let Some(region) = &filter.region
        && !house.settings().tree.contains(region)
    {
        bail!("there is no region `{region}`; `gazetted regions list` shows all");
    }
    let mut left = limit;
    let mut rows = vec![];
    while left > 0 {
        let mut tx = house.store.read().await?;
        let cards = articles::list(&mut tx, &filter, i64::try_from(left.min(PAGE))?).await?;
        drop(tx);
        let Some(last) = cards.last() else { break };
        filter.after = Some((last.published, last.id));
        left -= cards.len();
        for card in &cards {
            if json {
                print::json(&Listed::of(card))?;
            } else {
                rows.push(vec![
                    card.id.to_string(),
                    card.published.format("%Y-%m-%d %H:%M").to_string(),
                    card.region().to_string(),
                    card.source.clone(),
                    card.title.clone(),
                ]);
            }
        }
    }
    if !json {
        print::table(&["ID", "PUBLISHED", "REGION", "SOURCE", "TITLE"], &rows)?;
    }
    Ok(())
}

async fn find(house: &House, id: &str) -> anyhow::Result<(Article, Provenance)> {
    let mut tx = house.store.read().await?;
    let mut found = None;
    if let Ok(number) = id.parse() {
        found = articles::get(&mut tx, ArticleId(number)).await?;
    }
    if found.is_none() {
        for source in &house.settings().sources {
            if let Some(known) = articles::known(&mut tx, &source.name, id).await? {
                found = articles::get(&mut tx, known.id).await?;
                break;
            }
        }
    }
    let article = found.with_context(|| {
        format!(
            "there is no article `{id}`, or it is withdrawn; `gazetted articles list` shows all"
        )
    })?;
    let provenance = articles::provenance(&mut tx, article.id)
        .await?
        .context("the article went away meanwhile")?;
    Ok((article, provenance))
}

async fn show(house: &House, id: &str, json: bool) -> anyhow::Result<()> {
    let (article, provenance) = find(house, id).await?;
    let mut tx = house.store.read().await?;
    let copies = copies::unshown(&mut tx, &house.settings(), article.id).await?;
    drop(tx);
    if json {
        print::json(&Shown {
            listed: Listed::of(&article),
            html: article.html.as_str(),
            text: &article.text,
            hints: &article.hints,
            labels: &provenance.labels,
            reasons: &provenance.reasons,
            second: doubt::second(article.region(), &provenance.reasons),
            copies,
            page: house.settings().site.address(&article.page()),
        })?;
        return Ok(());
    }
    print::line(&article.title)?;
    print::line(format!(
        "  {} · {} · {}",
        article.authors.join(", "),
        article.published.format("%Y-%m-%d %H:%M UTC"),
        article.language
    ))?;
    let regions: Vec<&str> = article.regions.iter().map(RegionPath::as_str).collect();
    print::line(format!("  {} (by {})", regions.join(", "), article.region_origin.as_str()))?;
    for label in &provenance.labels {
        print::line(format!("    label: {}", label.path.join(" › ")))?;
    }
    for reason in &provenance.reasons {
        print::line(format!("    {:>6.2}  {}  {}", reason.weight, reason.region, reason.evidence))?;
    }
    if let Some(second) = doubt::second(article.region(), &provenance.reasons) {
        print::line(format!("    second: {} ({:.2})", second.region, second.weight))?;
    }
    for copy in &copies {
        let why = copy.why.map_or("which has it no more", copies::Why::words);
        let shown = if copy.why.is_some() {
            format!("{} is shown: {why}", article.source)
        } else {
            why.to_owned()
        };
        print::line(format!("    also from {} as {}; {shown}", copy.source, copy.guid))?;
    }
    print::line(format!("\n{}\n", article.text))?;
    for hint in &article.hints {
        print::line(format!("  beside it: {}", hint.title))?;
    }
    Ok(())
}

async fn set_region(house: &House, id: &str, region: &str, json: bool) -> anyhow::Result<()> {
    let (article, _) = find(house, id).await?;
    let region = if region == "auto" { None } else { Some(RegionPath::parse(region)?) };
    if let Some(region) = region.as_ref().filter(|region| !house.settings().tree.contains(region)) {
        bail!(
            "there is no region `{region}`; `gazetted regions list` shows all, [[region]] adds one"
        );
    }
    reclassify::by_operator(house, article.id, region.as_ref()).await?;
    let (article, _) = find(house, &article.id.to_string()).await?;
    if json {
        print::json(&Listed::of(&article))?;
    } else {
        print::line(format!("{} is in {} now", article.title, article.region()))?;
    }
    Ok(())
}
