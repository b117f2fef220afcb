//! From a claimed row to bytes that can be handed over.

use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::Desk;
use super::letters::Prepared;
use super::manners::Seat;
use super::post::{self, Reader};
use crate::delivery::Envelope;
use crate::store::claim::Claim;
use crate::store::deliveries::Note;

/// A claimed row that will be mailed.
pub(super) struct Job {
    /// The row.
    pub(super) claim: Claim,
    /// The letter it gets.
    pub(super) letter: Arc<Prepared>,
    /// The letter filled and signed ahead, if it was.
    pub(super) filled: Option<Filled>,
    /// Its place with its recipient domain, if that is minded.
    pub(super) seat: Option<Seat>,
}

/// A mail as it leaves.
pub(super) struct Filled {
    /// From whom and to whom.
    pub(super) envelope: Envelope,
    /// The message.
    pub(super) body: Vec<u8>,
}

/// What comes of a claimed row.
pub(super) enum Fate {
    /// It is mailed.
    Mailed(Job),
    /// It is not, or not now.
    Noted(Claim, Note),
}

impl Desk {
    /// Decides what comes of a claim, before anything is done for it.
    pub(super) async fn fate(&self, claim: Claim, seat: Option<Seat>) -> Fate {
        let now = self.sending.house.now();
        if !claim.active {
            return Fate::Noted(claim, Note::Dropped);
        }
        let letter = match self.letters.get(&self.sending.house, claim.variant).await {
            Ok(letter) => letter,
            Err(error) => {
                error!(edition = claim.ticket.edition, "A mail cannot be prepared: {error}");
                return Fate::Noted(claim, Note::Released { due: now + Duration::from_mins(1) });
            }
        };
        if now > letter.stale_at {
            let old = "the edition is older than stale_after";
            let reply = match self.manners.last_reply(&claim.address) {
                Some(last) => format!("{old}; {last}"),
                None => old.to_owned(),
            };
            return Fate::Noted(claim, Note::Expired { reply });
        }
        Fate::Mailed(Job { claim, letter, filled: None, seat })
    }

    /// Fills and signs a letter for one person, into `body`. Processor time
    /// only; a quarter of a millisecond where RSA signs.
    ///
    /// # Errors
    /// What to note instead of mailing it.
    pub(super) fn fill(
        &self,
        claim: &Claim,
        letter: &Prepared,
        mut body: Vec<u8>,
    ) -> Result<Filled, Note> {
        let house = &self.sending.house;
        let reader = Reader {
            uid: claim.subscriber_uid,
            row: claim.ticket.subscriber,
            address: &claim.address,
            name: &claim.name,
        };
        let envelope = Envelope::new(&letter.return_path(claim.ticket), &claim.address)
            .map_err(|error| Note::Refused { reply: error.to_string() })?;
        let id = post::fill(
            house,
            &letter.host,
            (&letter.assembled, &letter.signers),
            (claim.ticket.edition, letter.frozen),
            &reader,
            &mut body,
        )
        .map_err(|error| {
            error!(edition = claim.ticket.edition, "A mail cannot be signed: {error}");
            Note::Released { due: house.now() + Duration::from_mins(1) }
        })?;
        let envelope = envelope.announcing(body.len(), &id);
        Ok(Filled { envelope, body })
    }
}
