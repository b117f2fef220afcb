//! Pieces to read: one in full, and the lists of a region and of an author.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use tokio::time::timeout;

use super::office::Office;
use super::page;
use super::stories::{self, Before};
use super::trouble::Trouble;
use crate::article::{Article, Card, identity};
use crate::digest::sections::Beside;
use crate::flow::Settings;
use crate::flow::syndicate::FeedName;
use crate::region::RegionPath;
use crate::store::Tx;
use crate::store::articles::{self, Filter};
use crate::template::hue;
use crate::template::pages::{ArticlePage, Crumb, FeedLinks, Listing};

/// Pieces on a page of a list.
const PAGE: usize = 30;
/// Related pieces beside a piece.
const BESIDE: usize = 4;
/// A page does not wait longer for related pieces.
const RELATED_WITHIN: Duration = Duration::from_millis(500);

/// `/articles/KEY`
pub async fn article(
    State(office): State<Office>,
    Path(key): Path<String>,
) -> Result<Response, Trouble> {
    let settings = office.house.settings();
    let mut tx = office.house.store.read().await?;
    let article = articles::by_key(&mut tx, &key).await?.ok_or(Trouble::Missing)?;
    drop(tx);
    let related = timeout(RELATED_WITHIN, office.house.related.beside(article.id, BESIDE + 2));
    let related = related.await.unwrap_or_default();
    let mut tx = office.house.store.read().await?;
    let mut beside = hinted(&mut tx, &settings, &article).await?;
    let mut shown: BTreeSet<String> = beside.iter().map(|aside| aside.url.clone()).collect();
    for found in related {
        if beside.len() >= BESIDE {
            break;
        }
        if let Some(card) = articles::card(&mut tx, found.id).await? {
            let aside = aside(&settings, &card);
            if shown.insert(aside.url.clone()) {
                beside.push(aside);
            }
        }
    }
    drop(tx);
    let mut story = stories::lead(&settings, &article, beside).ok_or(Trouble::Missing)?;
    let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    story.url = article.url.as_ref().filter(web).cloned().unwrap_or_default();
    if begins_with(&article.text, &article.teaser) {
        story.teaser = String::new();
    }
    if article.image.as_ref().is_some_and(|image| shows(&article, &image.url)) {
        story.picture = None;
    }
    let page = ArticlePage {
        shell: page::shell(&office, &settings),
        story,
        crumbs: crumbs(&settings, article.region().lineage()),
        body: article.html,
    };
    page::show(&settings, &page)
}

/// Pieces that the publisher itself shows beside this one, those we have first.
async fn hinted(
    tx: &mut Tx,
    settings: &Settings,
    article: &Article,
) -> Result<Vec<Beside>, Trouble> {
    let (mut ours, mut elsewhere) = (vec![], vec![]);
    for hint in article.hints.iter().take(BESIDE) {
        match articles::by_title(tx, &hint.title).await? {
            Some(card) if card.id != article.id => ours.push(aside(settings, &card)),
            Some(_) => {}
            None => elsewhere.extend(hint.url.as_ref().map(|url| Beside {
                title: hint.title.clone(),
                url: url.clone(),
                teaser: hint.teaser.clone(),
            })),
        }
    }
    ours.append(&mut elsewhere);
    Ok(ours)
}

fn aside(settings: &Settings, card: &Card) -> Beside {
    Beside {
        title: card.title.clone(),
        url: settings.site.address(&card.page()),
        teaser: card.teaser.clone(),
    }
}

/// Does the text begin with its own teaser, as far as one can tell?
fn begins_with(text: &str, teaser: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).take(60).collect() };
    let teaser = letters(teaser);
    !teaser.is_empty() && letters(text).starts_with(&teaser)
}

/// Does the piece itself show this image?
fn shows(article: &Article, url: &str) -> bool {
    article.html.as_str().contains(&url.replace('&', "&amp;"))
}

/// `/region/PATH`
pub async fn region(
    State(office): State<Office>,
    Path(path): Path<String>,
    Query(before): Query<Before>,
) -> Result<Response, Trouble> {
    let settings = office.house.settings();
    let name = FeedName::parse(&format!("region/{path}")).ok_or(Trouble::Missing)?;
    let FeedName::Region(region) = &name else { return Err(Trouble::Missing) };
    if !settings.tree.contains(region) {
        return Err(Trouble::Missing);
    }
    let list = List {
        title: settings.tree.name(region, &settings.site.language),
        filter: Filter { region: Some(region.clone()), ..Filter::default() },
        hue: hue(region.as_str()),
        crumbs: crumbs(&settings, region.lineage().filter(|above| above != region)),
        within: Some(region.clone()),
        name: name.clone(),
    };
    list.show(&office, &settings, &before).await
}

/// `/author/SLUG`
pub async fn author(
    State(office): State<Office>,
    Path(slug): Path<String>,
    Query(before): Query<Before>,
) -> Result<Response, Trouble> {
    if slug.is_empty() || identity::slug(&slug) != slug {
        return Err(Trouble::Missing);
    }
    let settings = office.house.settings();
    let mut tx = office.house.store.read().await?;
    let title = articles::author(&mut tx, &slug).await?.ok_or(Trouble::Missing)?;
    drop(tx);
    let list = List {
        title,
        filter: Filter { author: Some(slug.clone()), ..Filter::default() },
        hue: hue("world"),
        crumbs: vec![],
        within: None,
        name: FeedName::Author(slug),
    };
    list.show(&office, &settings, &before).await
}

/// Older pieces than those on the front page.
pub async fn older(office: &Office, before: &Before) -> Result<Response, Trouble> {
    let settings = office.house.settings();
    let list = List {
        title: settings.site.title.clone(),
        filter: Filter::default(),
        hue: hue("world"),
        crumbs: vec![],
        within: None,
        name: FeedName::All,
    };
    list.show(office, &settings, before).await
}

/// A list of pieces that has a feed.
struct List {
    title: String,
    filter: Filter,
    hue: u8,
    crumbs: Vec<Crumb>,
    within: Option<RegionPath>,
    name: FeedName,
}

impl List {
    async fn show(
        self,
        office: &Office,
        settings: &Settings,
        before: &Before,
    ) -> Result<Response, Trouble> {
        let after = before.piece()?;
        let filter = Filter { after, ..self.filter };
        let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let mut tx = office.house.store.read().await?;
        let mut cards = articles::list(&mut tx, &filter, limit).await?;
        drop(tx);
        let path = self.name.page();
        let older_url = stories::cut(&path, &mut cards, PAGE);
        let page = Listing {
            shell: page::shell(office, settings),
            title: self.title,
            hue: self.hue,
            crumbs: self.crumbs,
            feeds: FeedLinks::of(&format!("/{}", self.name.path())),
            stories: stories::stories(settings, &cards, self.within.as_ref()),
            older_url,
            newer_url: if after.is_some() { path } else { String::new() },
            feed_url: String::new(),
        };
        page::show(settings, &page)
    }
}

fn crumbs(settings: &Settings, regions: impl Iterator<Item = RegionPath>) -> Vec<Crumb> {
    let crumb = |region: RegionPath| Crumb {
        name: settings.tree.name(&region, &settings.site.language),
        url: if settings.tree.contains(&region) {
            FeedName::Region(region).page()
        } else {
            String::new()
        },
    };
    regions.map(crumb).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teaser_that_the_text_begins_with_is_not_said_twice() {
        assert!(begins_with("One, two.\n\nThree four", "One two. Three …"));
        assert!(!begins_with("One two three", "In brief: one two"));
        assert!(!begins_with("One", ""));
    }
}
