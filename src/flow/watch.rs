//! Visiting a source and taking in what it has.

use std::collections::HashSet;

use tracing::{info, warn};

use super::admit::{self, Admitted, Around};
use super::copies;
use super::depart::{self, Departure};
use super::recognise::{Recognised, recognise};
use super::{House, Settings};
use crate::article::{ArticleId, Draft};
use crate::clock::Time;
use crate::source::{self, Haul, Memory, Source, Trouble, backoff, pace};
use crate::store::articles::Known;
use crate::store::sources::SourceState;
use crate::store::{Result, articles, labels, media, sources, withheld};

/// A source that is gone for good is not due again in anybody's time.
const NEVER: chrono::TimeDelta = chrono::TimeDelta::days(100 * 365);

/// Drafts that are taken in with one commit.
const CHUNK: usize = 100;

/// What a visit did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Pieces never seen before.
    pub new: u64,
    /// Pieces that are not what they were.
    pub changed: u64,
    /// Pieces that are what they were.
    pub unchanged: u64,
    /// Pieces that the source has no more.
    pub removed: u64,
    /// Pieces that could not be read.
    pub failed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.failed += other.failed;
    }
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// The source was reached.
    Taken(Counts),
    /// It was not, or what it gave cannot be read; all it gave before stays.
    Troubled(Trouble),
}

/// A source that always has more is left for later after so many rounds.
const ROUNDS: usize = 1000;

/// Visits a source, whether it is due or not, and remembers how it went. What
/// a site gives in parts is taken in part by part, each remembered.
///
/// # Errors
/// If the store does not answer: then nothing is remembered and the next
/// visit takes in the same again.
pub async fn visit(house: &House, source: &mut Source) -> Result<Visit> {
    let name = source.settings().name.clone();
    let mut all = Counts::default();
    for _ in 0..ROUNDS {
        let (visit, more) = round(house, source).await?;
        let Visit::Taken(counts) = visit else { return Ok(visit) };
        all += counts;
        if counts.new + counts.changed + counts.removed > 0 {
            info!(source = %name, new = counts.new, changed = counts.changed, removed = counts.removed,
                "Source {name}: {} new, {} changed, {} removed", counts.new, counts.changed, counts.removed);
            house.bells.articles.notify_waiters();
        }
        if !more {
            break;
        }
    }
    Ok(Visit::Taken(all))
}

/// One question and what came of it; whether there is more to fetch now.
async fn round(house: &House, source: &mut Source) -> Result<(Visit, bool)> {
    let settings = source.settings().clone();
    let mut state = state(house, &settings.name).await?;
    let began = house.now();
    if let Some(until) = state.memory.manners.quiet_until(began)
        && due(&state, &settings, began) > began
    {
        let asked = Trouble::Later {
            message: format!(
                "its server asked to be left alone until {}; it is asked again then",
                until.format("%Y-%m-%d %H:%M:%S UTC")
            ),
            retry_after: (until - began).to_std().ok(),
        };
        return Ok((Visit::Troubled(asked), false));
    }
    let outcome = source.visit(&state.memory, began).await;
    let now = house.now();
    let mut more = false;
    let visit = match outcome {
        Ok(haul) => {
            let mut broken_off = None;
            if let Haul::Part(part) = &haul {
                more = part.more;
                state.notice.clone_from(&part.notice);
                broken_off.clone_from(&part.trouble);
            }
            let (counts, memory) = take_in(house, &settings, haul).await?;
            state.visited = Some(now);
            state.failures = 0;
            state.last_error = None;
            if let Some(memory) = memory {
                state.memory = memory;
            }
            if counts.new + counts.changed + counts.removed > 0 {
                state.changed = Some(now);
            }
            let changed = state.changed.filter(|_| settings.kind.is_remote());
            state.next_visit = if more {
                now
            } else {
                pace::next_visit(settings.every, &state.memory.manners.wishes, changed, began)
            };
            if let Some(trouble) = broken_off {
                troubled(&mut state, &settings, &trouble, now);
            }
            Visit::Taken(counts)
        }
        Err(trouble) => {
            troubled(&mut state, &settings, &trouble, now);
            Visit::Troubled(trouble)
        }
    };
    let mut tx = house.store.write().await?;
    sources::put(&mut tx, &state).await?;
    tx.commit().await?;
    Ok((visit, more))
}

/// Notes that a visit failed, and when to try again.
fn troubled(state: &mut SourceState, settings: &source::Settings, trouble: &Trouble, now: Time) {
    state.failures = state.failures.saturating_add(1);
    state.last_error = Some(trouble.to_string());
    state.memory.manners.failed(trouble, now);
    let wish = state.memory.manners.quiet_until(now);
    let wait = backoff::next_visit(
        settings.every,
        state.failures,
        wish.and_then(|until| (until - now).to_std().ok()),
        seed(&settings.name, now),
    );
    state.next_visit = now + wait;
    if let Trouble::Gone { .. } = trouble
        && state.memory.manners.gone
    {
        state.next_visit = now + NEVER;
    }
    warn!(source = %settings.name, failures = state.failures, "Source {}: {trouble}", settings.name);
}

/// What is remembered of the source `name`; a source that was never visited
/// is due now.
///
/// # Errors
/// If the store does not answer.
pub async fn state(house: &House, name: &str) -> Result<SourceState> {
    let mut tx = house.store.read().await?;
    Ok(sources::get(&mut tx, name).await?.unwrap_or_else(|| SourceState {
        name: name.to_owned(),
        memory: Memory::default(),
        visited: None,
        changed: None,
        next_visit: house.now(),
        failures: 0,
        last_error: None,
        notice: None,
    }))
}

/// What is remembered of all sources that were ever visited.
///
/// # Errors
/// If the store does not answer.
pub async fn states(house: &House) -> Result<Vec<SourceState>> {
    let mut tx = house.store.read().await?;
    sources::list(&mut tx).await
}

/// When a source is due: as is remembered, or now if its address is another
/// than the one that is remembered.
#[must_use]
pub fn due(state: &SourceState, settings: &source::Settings, now: Time) -> Time {
    let known = &state.memory.manners.address;
    match &settings.kind {
        source::Kind::Feed { url } if !known.is_empty() && known != url.as_str() => now,
        _ => state.next_visit,
    }
}

/// The memory goes into the store only after every draft is in: a kill in
/// between makes the next visit take in the same document again.
async fn take_in(
    house: &House,
    source: &source::Settings,
    haul: Haul,
) -> Result<(Counts, Option<Memory>)> {
    let mut gone = None;
    let (drafts, present, memory, failures) = match haul {
        Haul::Unchanged => return Ok((Counts::default(), None)),
        Haul::Drafts { drafts, present, memory, failures } => (drafts, present, memory, failures),
        Haul::Part(part) => {
            gone = Some((part.gone, part.more));
            (part.drafts, None, part.memory, part.failures)
        }
    };
    let mut counts = Counts { failed: failures.len() as u64, ..Counts::default() };
    for failure in &failures {
        warn!(source = %source.name, "Source {}: {failure}", source.name);
    }
    let mut ids: HashSet<String> = drafts.iter().map(|draft| draft.guid.clone()).collect();
    let mut drafts = drafts.into_iter();
    loop {
        let chunk: Vec<Draft> = drafts.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        take_chunk(house, source, chunk, &mut ids, &mut counts).await?;
    }
    if let Some(present) = present {
        counts.removed = withdraw_missing(house, source, &present).await?;
    }
    if let Some((gone, more)) = gone {
        // What waits is looked at again once all that is back has been fetched.
        let departure = if more { Departure::Early } else { Departure::Settled };
        counts.removed += depart::let_go(house, &source.name, &gone, departure).await?;
    }
    Ok((counts, Some(memory)))
}

pub(super) async fn take_chunk(
    house: &House,
    source: &source::Settings,
    drafts: Vec<Draft>,
    ids: &mut HashSet<String>,
    counts: &mut Counts,
) -> Result<()> {
    let mut tx = house.store.read().await?;
    // What the source has again does not wait for the operator any more.
    let withheld: HashSet<String> =
        withheld::list(&mut tx, &source.name).await?.into_iter().collect();
    let guids: Vec<String> = drafts.iter().map(|draft| draft.guid.clone()).collect();
    let back = guids.iter().any(|guid| withheld.contains(guid));
    let Recognised { waiting, unchanged } = recognise(&mut tx, source, drafts, ids).await?;
    counts.unchanged += unchanged;
    drop(tx);
    if waiting.is_empty() && !back {
        return Ok(());
    }
    let now = house.now();
    let (settings, gazetteer, from) = (house.settings(), house.gazetteer.clone(), source.clone());
    let rules = settings.clone();
    let admitted = tokio::task::spawn_blocking(move || {
        waiting
            .into_iter()
            .map(|(draft, hash, known)| {
                let around = Around {
                    settings: &settings,
                    gazetteer: &gazetteer,
                    source: &from,
                    known: known.as_ref(),
                    now,
                };
                (admit::admit(draft, hash, &around), known)
            })
            .collect::<Vec<_>>()
    })
    .await
    .expect("admitting a draft does not panic");
    let mut tx = house.store.write().await?;
    articles::in_turn(&mut tx).await?;
    for (admitted, known) in admitted {
        let id = put(&mut tx, &rules, admitted, known, now, counts).await?;
        tracing::debug!(source = %source.name, article = %id, "Took in article {id}");
    }
    for guid in guids.iter().filter(|guid| withheld.contains(*guid)) {
        withheld::clear(&mut tx, &source.name, guid).await?;
    }
    tx.commit().await
}

async fn put(
    tx: &mut crate::store::Tx,
    settings: &Settings,
    admitted: Admitted,
    known: Option<Known>,
    now: Time,
    counts: &mut Counts,
) -> Result<ArticleId> {
    let Admitted { mut fresh, unmatched, media: files } = admitted;
    for file in &files {
        let size = imagesize::blob_size(&file.bytes).ok();
        let size = size.and_then(|size| {
            Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
        });
        media::put(tx, &file.name, &file.mime, &file.bytes, size, now).await?;
    }
    let original = match &known {
        None => copies::original(tx, &fresh).await?,
        Some(known) => (!known.shown).then_some(known.id),
    };
    let id = match (original, known) {
        (Some(id), _) => {
            let shown = copies::join(tx, settings, id, &fresh, now).await?;
            *(if shown { &mut counts.changed } else { &mut counts.unchanged }) += 1;
            id
        }
        (None, None) => {
            counts.new += 1;
            articles::insert(tx, &fresh).await?
        }
        (None, Some(known)) => {
            counts.changed += 1;
            let before = articles::get(tx, known.id).await?;
            let same = before.is_some_and(|before| {
                before.title == fresh.card.title && before.text == fresh.text
            });
            // `updated` moves only when a reader would notice.
            fresh.card.updated = if same {
                known.updated
            } else if fresh.card.updated > known.updated {
                fresh.card.updated
            } else {
                now
            };
            articles::update(tx, known.id, &fresh).await?;
            copies::settle(tx, settings, known.id, now).await?;
            known.id
        }
    };
    for label in &unmatched {
        if labels::note(tx, &fresh.card.source, label, id.0, now).await? {
            warn!(source = %fresh.card.source, "The label `{label}` matches no region; `gazetted regions audit` prints the lines that would declare it");
        }
    }
    Ok(id)
}

async fn withdraw_missing(
    house: &House,
    source: &source::Settings,
    present: &[String],
) -> Result<u64> {
    let present: HashSet<&str> = present.iter().map(String::as_str).collect();
    let mut tx = house.store.read().await?;
    let gone: Vec<String> = articles::guids(&mut tx, &source.name)
        .await?
        .into_iter()
        .map(|(guid, _)| guid)
        .filter(|guid| !present.contains(guid.as_str()))
        .collect();
    drop(tx);
    if gone.is_empty() {
        return Ok(0);
    }
    let mut tx = house.store.write().await?;
    let (settings, now) = (house.settings(), house.now());
    let mut removed = 0;
    for guid in gone {
        removed += u64::from(copies::leave(&mut tx, &settings, &source.name, &guid, now).await?);
    }
    tx.commit().await?;
    Ok(removed)
}

/// Something that differs between sources and visits, to spread their retries.
fn seed(name: &str, now: Time) -> u64 {
    name.bytes().fold(now.timestamp_millis().unsigned_abs(), |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    })
}
