//! What comes back, taken in: whose it is, and what it does to their standing.
//!
//! A report counts once, however often it comes, and every one about a reader
//! is kept with its effect, so that `subscribers show` can say why somebody
//! gets no mail. A reader is given up when their mailbox is gone, when it has
//! been in trouble for long, or when they complain; never for our own fault.

mod whose;

use chrono::TimeDelta;
use tracing::{info, warn};

use super::House;
use super::enrol;
use crate::clock::Time;
use crate::feedback::{self, Blame, Kind, Report, hook};
use crate::store::feedback::Entry;
use crate::store::{Result, Tx, deliveries, feedback as reports, subscribers};
use crate::subscriber::Standing;
use whose::{Proof, Whose};

/// What a message was, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it was.
    pub kind: Kind,
    /// Whose, masked; `None` if it is about no mail of ours.
    pub who: Option<String>,
    /// What it did.
    pub effect: Effect,
}

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it is about nobody, or only told.
    None,
    /// Nothing: it was here before.
    Again,
    /// It is kept, and counts with others.
    Counted,
    /// The reader gets no more mail.
    Suppressed,
    /// The reader left, as they wanted.
    Left,
}

impl Effect {
    /// The word in the store and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Again => "again",
            Self::Counted => "counted",
            Self::Suppressed => "suppressed",
            Self::Left => "left",
        }
    }
}

/// Takes in one message that came by `via`. `recipient` is the envelope's, if
/// it is known.
///
/// # Errors
/// If the store does not answer; then nothing happened.
pub async fn take_in(
    house: &House,
    via: &str,
    recipient: Option<&str>,
    message: &[u8],
) -> Result<Taken> {
    let report = feedback::read(message, recipient);
    take(house, via, &report, None).await
}

/// Takes in the event of a mail service, whose signature was checked.
///
/// # Errors
/// If the store does not answer; then nothing happened.
pub async fn take_event(house: &House, via: &str, event: &hook::Event) -> Result<Taken> {
    take(house, via, &event.report, Some(&event.id)).await
}

async fn take(house: &House, via: &str, report: &Report, event: Option<&str>) -> Result<Taken> {
    let mut tx = house.store.write().await?;
    let told = matches!(report.kind, Kind::Progress | Kind::Reply);
    let whose =
        if told { None } else { whose::find(house, &mut tx, report, event.is_some()).await? };
    let Some(whose) = whose else {
        let count = if told { report.kind.as_str() } else { "unknown" };
        reports::count(&mut tx, count).await?;
        tx.commit().await?;
        return Ok(Taken { kind: report.kind, who: None, effect: Effect::None });
    };
    let kind = weighed(report, &whose);
    let key = key(kind, &whose, event, house.now());
    let entry = Entry {
        key,
        subscriber: whose.person.id,
        edition: whose.edition,
        kind: kind.as_str(),
        via: via.to_owned(),
        status: report.status.map(|status| status.to_string()),
        words: report.words.clone(),
    };
    let effect = settle(house, &mut tx, kind, &entry).await?;
    tx.commit().await?;
    let who = whose.person.address.masked();
    if matches!(effect, Effect::Suppressed | Effect::Left) {
        info!(
            subscriber = %who,
            via,
            "{who} gets no more mail ({}): {}",
            kind.as_str(),
            without_addresses(&report.words)
        );
    }
    Ok(Taken { kind, who: Some(who), effect })
}

/// Counts a refusal that a relay gave while a mail was handed over, in the
/// transaction that notes it.
///
/// # Errors
/// If the store does not answer.
pub async fn refused(
    house: &House,
    tx: &mut Tx,
    (edition, subscriber): (i64, i64),
    reply: &str,
) -> Result<()> {
    // What we refuse ourselves, before the relay is asked, has no code.
    if !reply.starts_with('5') {
        return Ok(());
    }
    let kind = Kind::Bounce(feedback::reason::of_reply(reply));
    let entry = Entry {
        key: format!("{}:{edition}:{subscriber}", kind.as_str()),
        subscriber,
        edition: Some(edition),
        kind: kind.as_str(),
        via: "smtp".to_owned(),
        status: feedback::Status::find(reply).map(|status| status.to_string()),
        words: feedback::one_line(reply),
    };
    settle(house, tx, kind, &entry).await.map(|_| ())
}

/// What a report weighs: for a mail that was forwarded, or for clues that
/// anybody could have written, less than it says.
fn weighed(report: &Report, whose: &Whose) -> Kind {
    let named = &report.clues.recipients;
    let mine = whose.person.address.as_str();
    let elsewhere =
        !named.is_empty() && !named.iter().any(|address| address.eq_ignore_ascii_case(mine));
    match (report.kind, whose.proof) {
        (Kind::Bounce(Blame::Hard) | Kind::Complaint | Kind::Unsubscribe, Proof::Matched) => {
            Kind::Bounce(Blame::Soft)
        }
        // The reader's own mailbox works: it sent the mail on, in vain.
        (Kind::Bounce(Blame::Hard), Proof::Signed) if elsewhere => Kind::Bounce(Blame::Soft),
        (kind, _) => kind,
    }
}

/// The same for the same report: about one delivery each kind counts once.
fn key(kind: Kind, whose: &Whose, event: Option<&str>, now: Time) -> String {
    let (kind, subscriber) = (kind.as_str(), whose.person.id);
    match (whose.edition.filter(|edition| *edition > 0), event) {
        (Some(edition), _) => format!("{kind}:{edition}:{subscriber}"),
        (None, Some(event)) => format!("{kind}:{event}:{subscriber}"),
        (None, None) => format!("{kind}:{}:{subscriber}", now.date_naive()),
    }
}

async fn settle(house: &House, tx: &mut Tx, kind: Kind, entry: &Entry) -> Result<Effect> {
    let now = house.now();
    let Some(row) = reports::add(tx, entry, now).await? else { return Ok(Effect::Again) };
    let total = reports::count(tx, entry.kind).await?;
    let person = entry.subscriber;
    let effect = match kind {
        Kind::Bounce(Blame::Hard) => give_up(tx, person, Standing::Bounced, now).await?,
        Kind::Complaint => give_up(tx, person, Standing::Complained, now).await?,
        Kind::Unsubscribe => {
            enrol::leave_now(tx, person, now).await?;
            Effect::Left
        }
        Kind::Bounce(Blame::Soft) => {
            let bounces = reports::soft_since_the_end(tx, person).await?;
            if house.settings().feedback.patience.is_over(&bounces, now) {
                give_up(tx, person, Standing::Bounced, now).await?
            } else {
                Effect::Counted
            }
        }
        Kind::Bounce(Blame::Sender) => {
            warn_of_us(total, &entry.words);
            Effect::None
        }
        Kind::Progress | Kind::Reply => Effect::None,
    };
    reports::set_effect(tx, row, effect.as_str()).await?;
    Ok(effect)
}

async fn give_up(tx: &mut Tx, person: i64, to: Standing, now: Time) -> Result<Effect> {
    let happening = match to {
        Standing::Complained => crate::subscriber::Happening::Complain,
        _ => crate::subscriber::Happening::Bounce,
    };
    let from: Vec<Standing> = Standing::ALL
        .into_iter()
        .filter(|standing| standing.after(happening) == Some(to))
        .collect();
    let moved = subscribers::move_standing(tx, person, &from, to, now).await?;
    deliveries::cancel_for(tx, person, now).await?;
    Ok(if moved { Effect::Suppressed } else { Effect::Counted })
}

/// A thousand readers behind one block list are one problem: it is told at
/// the first, the tenth, the hundredth.
fn warn_of_us(total: i64, words: &str) {
    let is_round =
        std::iter::successors(Some(1_i64), |step| step.checked_mul(10)).any(|step| step == total);
    if is_round {
        warn!(
            "Mail is refused for our own fault, {total} so far; no reader suffers for it: {}",
            without_addresses(words)
        );
    }
}

/// How far back `status` counts.
pub const LATELY: TimeDelta = TimeDelta::days(7);

/// What the other side said, fit for a log.
fn without_addresses(words: &str) -> String {
    let masked = |word| if str::contains(word, '@') { "…" } else { word };
    words.split(' ').map(masked).collect::<Vec<_>>().join(" ")
}
