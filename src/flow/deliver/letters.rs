//! Variants assembled into messages, kept as long as they are being sent.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Mutex;

use super::post;
use crate::clock::Time;
use crate::delivery::OnUncertain;
use crate::delivery::dkim::Signers;
use crate::delivery::message::Assembled;
use crate::feedback::verp::{Delivery, Verp};
use crate::flow::{House, issue};
use crate::store::deliveries::{self, Ticket};
use crate::store::{Result, StoreError, editions};

/// Variants kept at once; the mail of one is about 40 KB.
const KEPT: usize = 200;

/// A variant, ready to be filled for each person.
pub struct Prepared {
    /// The message without the few bytes that differ.
    pub assembled: Assembled,
    /// Who signs it.
    pub signers: Signers,
    /// Host that stands in its identities.
    pub host: String,
    /// When the edition was frozen.
    pub frozen: Time,
    /// After this it is not mailed any more.
    pub stale_at: Time,
    /// Makes the envelope senders.
    verp: Verp,
    /// What happens when nobody can know.
    pub on_uncertain: OnUncertain,
}

impl Prepared {
    /// The envelope sender of one delivery, which carries its identity (VERP).
    #[must_use]
    pub fn return_path(&self, ticket: Ticket) -> String {
        self.verp.address(Delivery { edition: ticket.edition, subscriber: ticket.subscriber })
    }
}

/// The variants being sent.
#[derive(Default)]
pub struct Letters {
    kept: Mutex<HashMap<i64, Arc<Prepared>>>,
}

impl Letters {
    /// The variant in row `variant`, assembled.
    ///
    /// # Errors
    /// If the store does not answer, or the config has no `[mail]` any more.
    pub async fn get(&self, house: &House, variant: i64) -> Result<Arc<Prepared>> {
        let mut kept = self.kept.lock().await;
        if let Some(prepared) = kept.get(&variant) {
            return Ok(Arc::clone(prepared));
        }
        let prepared = Arc::new(prepare(house, variant).await?);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(variant, Arc::clone(&prepared));
        Ok(prepared)
    }
}

async fn prepare(house: &House, id: i64) -> Result<Prepared> {
    let settings = house.settings();
    let missing =
        || StoreError::Refused(format!("variant {id} or its edition is not in the database"));
    let mut tx = house.store.read().await?;
    let variant = deliveries::variant(&mut tx, id).await?.ok_or_else(missing)?;
    let edition = editions::get(&mut tx, variant.edition_id).await?.ok_or_else(missing)?;
    drop(tx);
    let mail = settings
        .mail
        .clone()
        .ok_or_else(|| StoreError::Refused("the config has no [mail] section".to_owned()))?;
    let issue = issue::read(&edition)?;
    let stale_after = settings
        .digest(&edition.digest)
        .and_then(|digest| TimeDelta::from_std(digest.stale_after).ok())
        .unwrap_or(TimeDelta::days(2));
    // A local edition is young until its hour has come in the last zone.
    let longest = if issue.local { TimeDelta::hours(26) } else { TimeDelta::zero() };
    Ok(Prepared {
        assembled: Assembled::new(&post::letter(&settings, &mail, &edition, &variant)),
        signers: post::signers(&mail).map_err(StoreError::Refused)?,
        verp: Verp::new(mail.bounce_address(), &house.salt).map_err(StoreError::Refused)?,
        host: settings.site.host().to_owned(),
        frozen: edition.frozen,
        stale_at: edition.frozen.checked_add_signed(longest + stale_after).unwrap_or(Time::MAX_UTC),
        on_uncertain: settings.on_uncertain,
    })
}
