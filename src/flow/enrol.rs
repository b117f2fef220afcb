//! Letting people in and out: double opt-in, one-click unsubscribe, and what
//! an operator does by hand.

use std::sync::Arc;

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use tracing::{info, warn};
use uuid::Uuid;

use super::House;
use super::deliver::post::{self, Reader};
use crate::clock::Time;
use crate::delivery::Mailer;
use crate::digest::render;
use crate::store::subscribers::Put;
use crate::store::{Result, Tx, deliveries, feedback as reports, subscribers, suppressions};
use crate::subscriber::roster::Row;
use crate::subscriber::token::{CONFIRM_FOR, Claim, Purpose};
use crate::subscriber::{Address, Standing, Subscriber};

/// One address gets one confirmation mail in this time.
const ONE_INVITATION_IN: TimeDelta = TimeDelta::days(1);

/// The keyed hash by which an address is known when it must not be kept.
#[must_use]
pub fn fingerprint(house: &House, address: &Address) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &house.salt);
    let tag = hmac::sign(&key, address.normalized().as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Somebody asks for digests in the name of `wish.address`. Whoever asks is
/// told the same in every case; only the mailbox learns more.
///
/// # Errors
/// If the store does not answer.
pub async fn ask(house: &Arc<House>, mailer: Option<&Arc<dyn Mailer>>, wish: Row) -> Result<()> {
    let now = house.now();
    let hash = fingerprint(house, &wish.address);
    let mut tx = house.store.write().await?;
    if suppressions::contains(&mut tx, &hash).await? {
        return Ok(());
    }
    let known = subscribers::by_address(&mut tx, &wish.address).await?;
    if known
        .as_ref()
        .is_some_and(|known| matches!(known.standing, Standing::Active | Standing::Complained))
    {
        return Ok(());
    }
    let mut asking = person(wish, now);
    asking.standing = Standing::Pending;
    if let Some(known) = &known {
        asking.uid = known.uid;
    }
    subscribers::put(&mut tx, &asking, now).await?;
    let Some(stored) = subscribers::by_address(&mut tx, &asking.address).await? else {
        return Ok(());
    };
    let invited = subscribers::invited(&mut tx, stored.id).await?;
    if invited.is_some_and(|at| now - at < ONE_INVITATION_IN) {
        tx.commit().await?;
        return Ok(());
    }
    subscribers::set_invited(&mut tx, stored.id, Some(now)).await?;
    tx.commit().await?;
    let Some(mailer) = mailer.cloned() else {
        warn!("A confirmation cannot be mailed: the config has no [mail] section");
        return Ok(());
    };
    // The answer must not take longer for an address that gets a mail.
    let house = Arc::clone(house);
    tokio::spawn(async move {
        if let Err(reason) = invite(&house, mailer.as_ref(), &stored, now).await {
            warn!(subscriber = %stored.address.masked(), "The confirmation to {} was not mailed: {reason}", stored.address.masked());
            if let Err(error) = uninvite(&house, stored.id).await {
                warn!("The store does not take that a confirmation failed: {error}");
            }
        }
    });
    Ok(())
}

async fn uninvite(house: &House, id: i64) -> Result<()> {
    let mut tx = house.store.write().await?;
    subscribers::set_invited(&mut tx, id, None).await?;
    tx.commit().await
}

/// Mails the link that confirms.
async fn invite(
    house: &House,
    mailer: &dyn Mailer,
    asking: &Subscriber,
    now: Time,
) -> std::result::Result<(), String> {
    let settings = house.settings();
    let mail = settings.mail.as_ref().ok_or("the configuration has no [mail] section")?;
    let token = house.keys.sign_claim(Purpose::Confirm, &Claim::to_confirm(asking.uid, now));
    let language = asking.language.as_deref().unwrap_or(&settings.site.language);
    let url = settings.site.address(&format!("/confirm/{token}"));
    let rendered =
        render::render_confirmation(&settings.templates, &settings.site.title, language, &url)
            .map_err(|error| error.to_string())?;
    let (edition, variant) = post::single(now, &settings.site.title, rendered);
    let message = post::preview(house, &edition, &variant, &asking.address)?;
    let reader =
        Reader { uid: asking.uid, row: asking.id, address: asking.address.as_str(), name: "" };
    let envelope = post::envelope(house, mail, 0, &reader)?;
    post::send_one(mailer, &envelope, &message).await
}

/// What a link led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// It did what it says, now or before.
    Done,
    /// It is not one of ours, or too old.
    Void,
}

/// Whose confirmation link this is, if it is good.
///
/// # Errors
/// If the store does not answer.
pub async fn confirmable(house: &House, token: &str) -> Result<Option<Subscriber>> {
    let Some(claim) = house.keys.claim(Purpose::Confirm, token, house.now()) else {
        return Ok(None);
    };
    let mut tx = house.store.read().await?;
    subscribers::by_uid(&mut tx, claim.subscriber).await
}

/// The link in a confirmation mail was followed and the button pressed: the
/// person is in. A link works once; pressed again it changes nothing.
///
/// # Errors
/// If the store does not answer.
pub async fn confirm(house: &House, token: &str) -> Result<Followed> {
    let now = house.now();
    let Some(claim) = house.keys.claim(Purpose::Confirm, token, now) else {
        return Ok(Followed::Void);
    };
    let mut tx = house.store.write().await?;
    let Some(mut person) = subscribers::by_uid(&mut tx, claim.subscriber).await? else {
        return Ok(Followed::Void);
    };
    if person.standing == Standing::Active {
        return Ok(Followed::Done);
    }
    // The link belongs to the invitation that is open, not to one before it.
    let invited = subscribers::invited(&mut tx, person.id).await?;
    if person.standing != Standing::Pending
        || invited.is_none_or(|at| claim.expires.is_none_or(|end| end < at + CONFIRM_FOR))
    {
        return Ok(Followed::Void);
    }
    person.standing = Standing::Active;
    person.consent =
        format!("confirmed by mail at {}", now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    subscribers::put(&mut tx, &person, now).await?;
    subscribers::set_invited(&mut tx, person.id, None).await?;
    tx.commit().await?;
    info!(subscriber = %person.address.masked(), "{} confirmed", person.address.masked());
    Ok(Followed::Done)
}

/// Whose unsubscribe link this is, if it is ours.
///
/// # Errors
/// If the store does not answer.
pub async fn leaver(house: &House, token: &str) -> Result<Option<Subscriber>> {
    let Some(claim) = house.keys.claim(Purpose::Unsubscribe, token, house.now()) else {
        return Ok(None);
    };
    let mut tx = house.store.read().await?;
    subscribers::by_uid(&mut tx, claim.subscriber).await
}

/// The way out: one request, at once, for good (RFC 8058). Nothing queued for
/// them is mailed any more.
///
/// # Errors
/// If the store does not answer.
pub async fn leave(house: &House, token: &str) -> Result<Followed> {
    let Some(claim) = house.keys.claim(Purpose::Unsubscribe, token, house.now()) else {
        return Ok(Followed::Void);
    };
    let mut tx = house.store.write().await?;
    let Some(person) = subscribers::by_uid(&mut tx, claim.subscriber).await? else {
        return Ok(Followed::Void);
    };
    leave_now(&mut tx, person.id, house.now()).await?;
    tx.commit().await?;
    info!(subscriber = %person.address.masked(), "{} unsubscribed", person.address.masked());
    Ok(Followed::Done)
}

/// Nothing more is mailed to a person, as they wanted.
pub(super) async fn leave_now(tx: &mut Tx, person: i64, now: Time) -> Result<bool> {
    let from = [Standing::Active, Standing::Pending, Standing::Bounced];
    let moved = subscribers::move_standing(tx, person, &from, Standing::Left, now).await?;
    deliveries::cancel_for(tx, person, now).await?;
    Ok(moved)
}

/// What became of a person put in by the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Admission {
    /// New.
    Added,
    /// Known; has the new choices now.
    Changed,
    /// On the suppression list: not put in.
    Suppressed,
    /// Left, bounced or complained before: an import does not bring them back.
    Kept,
}

/// Puts people in on the operator's word, with one commit. Whoever left,
/// bounced or complained stays out, and so does who is suppressed.
///
/// # Errors
/// If the store does not answer.
pub async fn put(house: &House, rows: Vec<Row>) -> Result<Vec<Admission>> {
    let now = house.now();
    let mut tx = house.store.write().await?;
    let mut admissions = Vec::with_capacity(rows.len());
    for row in rows {
        let hash = fingerprint(house, &row.address);
        if row.standing.may_be_mailed() && suppressions::contains(&mut tx, &hash).await? {
            admissions.push(Admission::Suppressed);
            continue;
        }
        let known = subscribers::by_address(&mut tx, &row.address).await?;
        let out = known
            .as_ref()
            .is_some_and(|known| !matches!(known.standing, Standing::Active | Standing::Pending));
        if out && row.standing.may_be_mailed() {
            admissions.push(Admission::Kept);
            continue;
        }
        let mut person = person(row, now);
        if let Some(known) = known {
            person.uid = known.uid;
            subscribers::put(&mut tx, &person, now).await?;
            admissions.push(Admission::Changed);
        } else {
            let put = subscribers::put(&mut tx, &person, now).await?;
            debug_assert_eq!(put, Put::Added);
            admissions.push(Admission::Added);
        }
    }
    tx.commit().await?;
    Ok(admissions)
}

/// Takes a person out on the operator's word; false if there is none.
///
/// # Errors
/// If the store does not answer.
pub async fn remove(house: &House, address: &Address) -> Result<bool> {
    let mut tx = house.store.write().await?;
    let Some(person) = subscribers::by_address(&mut tx, address).await? else { return Ok(false) };
    leave_now(&mut tx, person.id, house.now()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Erases a person (GDPR article 17): only a keyed hash stays, on the
/// suppression list, so that no import brings them back.
///
/// # Errors
/// If the store does not answer.
pub async fn forget(house: &House, address: &Address) -> Result<bool> {
    let now = house.now();
    let hash = fingerprint(house, address);
    let mut tx = house.store.write().await?;
    let known = subscribers::by_address(&mut tx, address).await?;
    if let Some(person) = &known {
        deliveries::cancel_for(&mut tx, person.id, now).await?;
        subscribers::erase(&mut tx, person.id, now).await?;
        reports::forget(&mut tx, person.id).await?;
    }
    suppressions::add(&mut tx, &hash, None, "forgotten", now).await?;
    suppressions::forget(&mut tx, &hash).await?;
    tx.commit().await?;
    Ok(known.is_some())
}

/// Puts an address on the suppression list: it is never mailed.
///
/// # Errors
/// If the store does not answer.
pub async fn suppress(house: &House, address: &Address, reason: &str) -> Result<()> {
    let now = house.now();
    let mut tx = house.store.write().await?;
    suppressions::add(&mut tx, &fingerprint(house, address), Some(address.as_str()), reason, now)
        .await?;
    if let Some(person) = subscribers::by_address(&mut tx, address).await? {
        leave_now(&mut tx, person.id, now).await?;
    }
    tx.commit().await
}

/// Takes an address off the suppression list; false if it was not on it.
///
/// # Errors
/// If the store does not answer.
pub async fn unsuppress(house: &House, address: &Address) -> Result<bool> {
    let mut tx = house.store.write().await?;
    let removed = suppressions::remove(&mut tx, &fingerprint(house, address)).await?;
    tx.commit().await?;
    Ok(removed)
}

fn person(row: Row, now: Time) -> Subscriber {
    Subscriber {
        id: 0,
        uid: Uuid::new_v4(),
        address: row.address,
        name: row.name,
        standing: row.standing,
        regions: row.regions,
        timezone: row.timezone,
        language: row.language,
        digests: row.digests,
        consent: row.consent,
        attributes: row.attributes,
        created: now,
    }
}
