//! From a due slot to an edition, its variants and its deliveries.
//!
//! What is new and the edition are written in one transaction. Deliveries
//! follow in chunks, and each chunk may be sent as soon as it is written; until
//! the last is in, the edition is `compiling` and cannot be settled. A kill in
//! between is resumed by the next run.

use std::collections::{BTreeMap, BTreeSet};

use tracing::{info, warn};
use uuid::Uuid;

use super::issue::{self, Issue};
use super::{House, fold};
use crate::article::{ArticleId, Card};
use crate::clock::Time;
use crate::digest::sections::{self, Beside, Copy, Piece};
use crate::digest::slot::{self, DueSlot, Past, Slot};
use crate::digest::{self, Zone};
use crate::store::deliveries::{self, NewDelivery, Variant};
use crate::store::editions::{self, DigestState, EditionRow, EditionState, NewEdition};
use crate::store::{Result, StoreError, Tx, articles, subscribers};
use crate::subscriber::Subscriber;

/// Pieces looked at for one edition; what lies beyond waits for the next.
const CANDIDATES: i64 = 5_000;

/// Teasers of related articles beside one piece.
const BESIDE: usize = 2;

/// Subscribers whose deliveries are written with one commit.
const CHUNK: i64 = 1_000;

/// Makes every edition that is due and has not been made; gives them.
/// `started` is when the daemon started: slots before it were missed.
///
/// # Errors
/// If the store does not answer.
pub async fn compile_due(house: &House, started: Time) -> Result<Vec<EditionRow>> {
    let settings = house.settings();
    let mut made = vec![];
    for digest in &settings.digests {
        let (due, _) = due(house, digest, started).await?;
        for due in due {
            if house.now() - due.freeze_at > delta(digest.stale_after) {
                skip_stale(house, digest, due).await?;
            } else if let Some(edition) =
                make(house, digest, due.slot, due.freeze_at, Occasion::Slot).await?
            {
                made.push(edition);
            }
        }
    }
    Ok(made)
}

/// Makes every digest of the settings known from now on, if it was not: slots
/// count from then.
///
/// # Errors
/// If the store does not answer.
pub async fn meet(house: &House) -> Result<()> {
    for digest in &house.settings().digests {
        known(house, &digest.name).await?;
    }
    Ok(())
}

/// What a digest remembers; it is known from now on if it was not. Most are,
/// and that costs no write.
async fn known(house: &House, digest: &str) -> Result<DigestState> {
    let mut tx = house.store.read().await?;
    if let Some(known) = editions::peek_digest(&mut tx, digest).await? {
        return Ok(known);
    }
    drop(tx);
    let mut tx = house.store.write().await?;
    let known = editions::digest(&mut tx, digest, house.now()).await?;
    tx.commit().await?;
    Ok(known)
}

/// Slots of a digest that are due, and the zones its readers live in.
async fn due(
    house: &House,
    digest: &digest::Settings,
    started: Time,
) -> Result<(Vec<DueSlot>, Vec<Option<chrono_tz::Tz>>)> {
    let now = house.now();
    let known = known(house, &digest.name).await?;
    let readers = match digest.zone {
        Zone::Fixed(_) => vec![],
        Zone::Subscriber(_) => subscribers::zones(&mut house.store.read().await?).await?,
    };
    let past =
        Past { last: known.last_slot.and_then(Slot::from_key), since: known.known_since, started };
    Ok((slot::due(&digest.schedule, digest.zone, digest.catch_up, past, now, &readers), readers))
}

async fn skip_stale(house: &House, digest: &digest::Settings, due: DueSlot) -> Result<()> {
    let mut tx = house.store.write().await?;
    if editions::take_slot(&mut tx, &digest.name, due.slot.key()).await? {
        warn!(digest = %digest.name, "Digest {}: the slot of {} is older than stale_after and is not mailed; its pieces go into the next edition",
            digest.name, due.slot.local);
    }
    tx.commit().await
}

/// Why an edition is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Its slot is due.
    Slot,
    /// The operator asked for it; the schedule goes on as if it had not been.
    Operator,
}

/// Makes the edition of one slot: what is new goes into it, for good. `None`
/// if there is nothing new, or another machine has the slot.
///
/// # Errors
/// If the store does not answer.
///
/// # Panics
/// Never: an issue and its pieces are strings and numbers, which always serialise.
pub async fn make(
    house: &House,
    digest: &digest::Settings,
    slot: Slot,
    freeze_at: Time,
    occasion: Occasion,
) -> Result<Option<EditionRow>> {
    house.related.catch_up(&house.store).await?;
    let settings = house.settings();
    let now = house.now();
    let mut tx = house.store.write().await?;
    let state = editions::digest(&mut tx, &digest.name, now).await?;
    if occasion == Occasion::Slot && !editions::take_slot(&mut tx, &digest.name, slot.key()).await?
    {
        return Ok(None);
    }
    let horizon = state.horizon.unwrap_or(freeze_at - delta(digest.first_covers));
    let news = news(&mut tx, digest, horizon, state.settled_below, freeze_at).await?;
    let mut pieces = Vec::with_capacity(news.fit.len());
    for told in fold::once(&mut tx, news.fit).await? {
        pieces.push(piece(&mut tx, house, &settings.site, &told).await?);
    }
    let (chosen, rest) = sections::choose(pieces, digest.limit);
    if chosen.is_empty() {
        tx.commit().await?;
        info!(digest = %digest.name, "Digest {}: nothing new for the slot of {}", digest.name, slot.local);
        return Ok(None);
    }
    let mut issue = Issue::of(&settings, digest, slot, &chosen, &settings.tree);
    // What the operator sends now is due now, wherever the reader lives.
    issue.local &= occasion == Occasion::Slot;
    let frame = serde_json::to_string(&issue).expect("an issue is strings and numbers");
    let new = NewEdition {
        uid: edition_uid(&digest.name, slot),
        digest: &digest.name,
        slot: slot.key(),
        frozen: freeze_at,
        title: &digest.title,
        frame: &frame,
    };
    let Some(edition) = editions::insert(&mut tx, &new).await? else {
        return Ok(None);
    };
    for (position, piece) in (1..).zip(&chosen) {
        let text = serde_json::to_string(piece).expect("a piece is strings and numbers");
        editions::add_article(&mut tx, &edition, position, piece.id, &text).await?;
        for copy in &piece.copies {
            editions::add_article(&mut tx, &edition, -position, copy.id, "").await?;
        }
    }
    let waiting = rest.iter().flat_map(fold::ids).chain(news.later.iter().copied()).min();
    let below = match waiting {
        Some(first) => ArticleId(first.0 - 1),
        None if news.all_seen => editions::highest_article(&mut tx).await?,
        None => state.settled_below,
    };
    editions::settle_articles(&mut tx, &digest.name, horizon, below).await?;
    tx.commit().await?;
    info!(digest = %digest.name, edition = edition.id, pieces = chosen.len(), waiting = rest.len(),
        "Digest {}: edition {} has {} pieces, {} wait for the next", digest.name, edition.number, chosen.len(), rest.len());
    Ok(Some(edition))
}

/// The same digest and slot always mean the same edition, so a rebuilt store
/// sends no second Message-ID for one mail.
fn edition_uid(digest: &str, slot: Slot) -> Uuid {
    crate::article::identity::mint(&format!("digest:{digest}"), &slot.key().to_string())
}

struct News {
    fit: Vec<Card>,
    later: Vec<ArticleId>,
    all_seen: bool,
}

async fn news(
    tx: &mut Tx,
    digest: &digest::Settings,
    horizon: Time,
    above: ArticleId,
    freeze_at: Time,
) -> Result<News> {
    let candidates = editions::candidates(tx, &digest.name, horizon, above, CANDIDATES).await?;
    let all_seen = i64::try_from(candidates.len()).is_ok_and(|found| found < CANDIDATES);
    let (fit, later): (Vec<Card>, Vec<Card>) = candidates
        .into_iter()
        .filter(|card| wants(digest, card))
        .partition(|card| card.published <= freeze_at);
    Ok(News { fit, later: later.into_iter().map(|card| card.id).collect(), all_seen })
}

/// Does this piece go into this digest?
fn wants(digest: &digest::Settings, card: &Card) -> bool {
    let language = card.language.split('-').next().unwrap_or_default();
    (digest.sources.is_empty() || digest.sources.contains(&card.source))
        && (digest.languages.is_empty()
            || digest.languages.iter().any(|wanted| wanted.split('-').next() == Some(language)))
        && (digest.regions.is_empty()
            || digest.regions.iter().any(|wanted| card.region().is_within(wanted)))
}

/// A piece as it is frozen: its teaser, its image and what stands beside it
/// will not change any more.
async fn piece(
    tx: &mut Tx,
    house: &House,
    site: &crate::site::Site,
    told: &fold::Told,
) -> Result<Piece> {
    let card = &told.card;
    let mut beside: Vec<Beside> = vec![];
    let mut shown: BTreeSet<ArticleId> = told.ids().collect();
    for hint in &card.hints {
        if let Some(hinted) = articles::by_title(tx, &hint.title).await?
            && shown.insert(hinted.id)
            && beside.len() < BESIDE
        {
            beside.push(aside(site, &hinted));
        }
    }
    for found in house.related.beside(card.id, BESIDE + 2).await {
        if beside.len() >= BESIDE {
            break;
        }
        if shown.insert(found.id) {
            beside.extend(articles::card(tx, found.id).await?.map(|card| aside(site, &card)));
        }
    }
    Ok(Piece {
        id: card.id,
        title: card.title.clone(),
        url: address(site, card),
        teaser: card.teaser.clone(),
        authors: card.authors.clone(),
        image: card.image.clone(),
        region: card.region().clone(),
        published: card.published,
        language: card.language.clone(),
        source: card.credit.clone().unwrap_or_default(),
        beside,
        copies: told.copies.iter().map(|copy| printed_copy(site, copy)).collect(),
    })
}

fn printed_copy(site: &crate::site::Site, card: &Card) -> Copy {
    let source = card.credit.clone().unwrap_or_else(|| card.source.clone());
    Copy { id: card.id, url: address(site, card), source }
}

fn aside(site: &crate::site::Site, card: &Card) -> Beside {
    Beside { title: card.title.clone(), url: address(site, card), teaser: card.teaser.clone() }
}

/// Where a piece is read: at its publisher's, or on its own page here.
#[must_use]
pub fn address(site: &crate::site::Site, card: &Card) -> String {
    card.url.clone().unwrap_or_else(|| site.address(&card.page()))
}

/// Writes the deliveries of every edition that is still being compiled.
///
/// # Errors
/// If the store does not answer.
pub async fn queue_open(house: &House) -> Result<()> {
    let mut tx = house.store.read().await?;
    let open = editions::open(&mut tx).await?;
    drop(tx);
    for edition in open.into_iter().filter(|edition| edition.state == EditionState::Compiling) {
        queue(house, edition).await?;
    }
    Ok(())
}

/// Writes the deliveries of one edition, chunk by chunk, from where the last
/// run stopped, and lets it be sent.
///
/// # Errors
/// If the store does not answer.
pub async fn queue(house: &House, mut edition: EditionRow) -> Result<u64> {
    let settings = house.settings();
    let issue = issue::read(&edition)?;
    let mut tx = house.store.read().await?;
    let pieces = issue::pieces(&mut tx, edition.id).await?;
    drop(tx);
    let quiet = settings.mail.as_ref().and_then(|mail| mail.quiet);
    let mut queued = 0;
    loop {
        let mut tx = house.store.read().await?;
        let readers = subscribers::active(&mut tx, edition.compiled_to, CHUNK).await?;
        let Some(last) = readers.last().map(|reader| reader.id) else { break };
        let mut known: BTreeMap<String, Option<(i64, i64)>> = BTreeMap::new();
        let takers: Vec<&Subscriber> =
            readers.iter().filter(|reader| takes(reader, &edition.digest)).collect();
        for reader in &takers {
            let choice = issue::choice(reader, &issue);
            if let std::collections::btree_map::Entry::Vacant(entry) = known.entry(choice) {
                let variant = deliveries::variant_for(&mut tx, edition.id, entry.key()).await?;
                entry.insert(variant);
            }
        }
        drop(tx);
        // Rendering takes milliseconds: not while the writer is held.
        let mut fresh = vec![];
        for choice in
            known.iter().filter(|(_, variant)| variant.is_none()).map(|(choice, _)| choice)
        {
            fresh.push(
                issue::variant(&settings, &issue, &edition, &pieces, choice)
                    .map_err(|error| StoreError::Refused(error.to_string()))?,
            );
        }
        let mut tx = house.store.write().await?;
        for variant in fresh {
            let found = match deliveries::variant_for(&mut tx, edition.id, &variant.choice).await? {
                Some(found) => found,
                None => (deliveries::add_variant(&mut tx, &variant).await?, variant.pieces),
            };
            known.insert(variant.choice, Some(found));
        }
        let rows: Vec<NewDelivery> = takers
            .iter()
            .filter_map(|reader| {
                let (variant, pieces) =
                    known.get(&issue::choice(reader, &issue)).copied().flatten()?;
                let due = issue.due(&edition, reader.timezone);
                let due = quiet
                    .map_or(due, |(hours, zone)| hours.after(due, reader.timezone.unwrap_or(zone)));
                (pieces > 0).then_some(NewDelivery { subscriber: reader.id, variant, due })
            })
            .collect();
        if !editions::set_compiled_to(&mut tx, edition.id, edition.compiled_to, last).await? {
            // Another machine is writing them, or the operator stopped it.
            return Ok(queued);
        }
        deliveries::queue(&mut tx, edition.id, &rows, house.now()).await?;
        tx.commit().await?;
        if !rows.is_empty() {
            house.bells.deliveries.notify_waiters();
        }
        queued += rows.len() as u64;
        edition.compiled_to = last;
    }
    let mut tx = house.store.write().await?;
    let open = editions::complete(&mut tx, edition.id).await?;
    tx.commit().await?;
    if open {
        info!(
            edition = edition.id,
            mails = queued,
            "Digest {}: edition {}: {queued} mails queued",
            edition.digest,
            edition.number
        );
        house.bells.deliveries.notify_waiters();
    }
    Ok(queued)
}

fn takes(reader: &Subscriber, digest: &str) -> bool {
    reader.digests.is_empty() || reader.digests.iter().any(|wanted| wanted == digest)
}

/// What an edition would be if it were made now; writes nothing.
///
/// # Errors
/// If the store does not answer.
pub async fn draft(
    house: &House,
    digest: &digest::Settings,
    freeze_at: Time,
) -> Result<Vec<Piece>> {
    house.related.catch_up(&house.store).await?;
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let state = editions::peek_digest(&mut tx, &digest.name).await?;
    let horizon =
        state.and_then(|state| state.horizon).unwrap_or(freeze_at - delta(digest.first_covers));
    let above = state.map_or(ArticleId(0), |state| state.settled_below);
    let news = news(&mut tx, digest, horizon, above, freeze_at).await?;
    let mut pieces = Vec::with_capacity(news.fit.len());
    for told in fold::once(&mut tx, news.fit).await? {
        pieces.push(piece(&mut tx, house, &settings.site, &told).await?);
    }
    Ok(sections::choose(pieces, digest.limit).0)
}

fn delta(duration: std::time::Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(duration).unwrap_or(chrono::TimeDelta::MAX)
}

/// The variant of an edition nobody has chosen: every piece, in the digest's
/// own language. For previews and test sends.
///
/// # Errors
/// If a template does not work.
pub fn whole(
    house: &House,
    issue: &Issue,
    edition: &EditionRow,
    pieces: &[Piece],
) -> std::result::Result<Variant, crate::template::TemplateError> {
    issue::variant(
        &house.settings(),
        issue,
        edition,
        pieces,
        &issue::Choice::all(&issue.language).text(),
    )
}
