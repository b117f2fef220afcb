//! Past editions, as they went out.

use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::office::Office;
use super::page;
use super::stories::Before;
use super::trouble::Trouble;
use crate::digest;
use crate::digest::render;
use crate::digest::sections;
use crate::flow::issue;
use crate::flow::syndicate::FeedName;
use crate::store::editions::{self, EditionRow};
use crate::store::{Result, Tx};
use crate::template::pages::{Archive, ArchivedDigest, ArchivedEdition, EditionPage};

/// Editions of one digest on a page.
const PAGE: i64 = 50;

/// `/archive`
pub async fn all(State(office): State<Office>) -> std::result::Result<Response, Trouble> {
    let settings = office.house.settings();
    let mut tx = office.house.store.read().await?;
    let mut digests = vec![];
    for digest in &settings.digests {
        digests.push(shelf(&mut tx, digest, None, PAGE).await?);
    }
    drop(tx);
    page::show(&settings, &Archive { shell: page::shell(&office, &settings), digests })
}

/// `/archive/DIGEST`
pub async fn digest(
    State(office): State<Office>,
    Path(name): Path<String>,
    Query(before): Query<Before>,
) -> std::result::Result<Response, Trouble> {
    let settings = office.house.settings();
    let digest = settings.digest(&name).ok_or(Trouble::Missing)?;
    let before = before.number()?;
    let mut tx = office.house.store.read().await?;
    let digests = vec![shelf(&mut tx, digest, before, PAGE).await?];
    drop(tx);
    page::show(&settings, &Archive { shell: page::shell(&office, &settings), digests })
}

/// `/archive/DIGEST/EDITION`, where the edition is told by its number.
pub async fn edition(
    State(office): State<Office>,
    Path((name, number)): Path<(String, String)>,
) -> std::result::Result<Response, Trouble> {
    let number: i64 = number.parse().map_err(|_| Trouble::Missing)?;
    let settings = office.house.settings();
    let mut tx = office.house.store.read().await?;
    let edition = editions::by_number(&mut tx, &name, number).await?.ok_or(Trouble::Missing)?;
    let pieces = issue::pieces(&mut tx, edition.id).await?;
    drop(tx);
    let issue = issue::read(&edition)?;
    let layout = sections::arrange(&pieces, &settings.tree, &issue.language);
    let frame = issue::frame(&settings, &issue, &edition, &issue.language);
    let (lead, shelves) = render::shelves(&frame, &layout);
    let mut shell = page::shell(&office, &settings);
    shell.lang.clone_from(&issue.language);
    let page = EditionPage {
        shell,
        title: issue.title,
        date: issue.date.to_string(),
        number: edition.number,
        count: layout.count(),
        lead,
        shelves,
    };
    page::show(&settings, &page)
}

/// A digest with at most `limit` of its editions, from below a number on.
pub async fn shelf(
    tx: &mut Tx,
    digest: &digest::Settings,
    below: Option<i64>,
    limit: i64,
) -> Result<ArchivedDigest> {
    let below = below.unwrap_or(i64::MAX);
    let mut rows = editions::below(tx, &digest.name, below, limit.saturating_add(1)).await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > page;
    rows.truncate(page);
    let name = FeedName::Digest(digest.name.clone());
    let older_url = match rows.last() {
        Some(last) if more => format!("{}?before={}", name.page(), last.number),
        _ => String::new(),
    };
    Ok(ArchivedDigest {
        title: digest.title.clone(),
        feed: format!("/{}.atom", name.path()),
        editions: rows.iter().map(line).collect::<Result<_>>()?,
        older_url,
        name: digest.name.clone(),
    })
}

fn line(edition: &EditionRow) -> Result<ArchivedEdition> {
    let issue = issue::read(edition)?;
    Ok(ArchivedEdition {
        url: issue::archive_path(edition),
        number: edition.number,
        date: issue.date.to_string(),
        headline: issue.lead,
        count: issue.pieces,
    })
}
