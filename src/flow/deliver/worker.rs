//! One connection, from claim to settled row.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, warn};

use super::Desk;
use super::job::{Filled, Job};
use super::lane::Lane;
use super::letters::Prepared;
use super::manners::{Carried, PutOff, Seat};
use crate::delivery::{Envelope, Offer, OnUncertain, Outcome, Rejection, Session};
use crate::store::claim::Claim;
use crate::store::deliveries::Note;
use crate::store::editions;

/// How long an idle connection is kept open.
const IDLE: Duration = Duration::from_secs(5);

/// A claimed row with all that is needed to offer it and to hand it over.
struct Mail {
    claim: Claim,
    letter: Arc<Prepared>,
    envelope: Envelope,
    body: Vec<u8>,
    /// Given back when the mail is settled.
    _seat: Option<Seat>,
}

/// A mail, and the relay's answer if it was asked already.
type Asked = (Mail, Option<Offer>);

/// Sends the mails of a lane until there are none and never will be.
pub(super) async fn run(desk: Arc<Desk>, lane: usize, stop: watch::Receiver<bool>) {
    let mut worker =
        Worker { desk, lane, stop, session: None, carried: Carried::default(), spare: Vec::new() };
    let mut ahead = None;
    loop {
        let (mail, offer) = match ahead.take() {
            Some(asked) => asked,
            None => match worker.next().await {
                Some(mail) => (mail, None),
                None => break,
            },
        };
        ahead = worker.send(mail, offer).await;
    }
    worker.hang_up().await;
}

struct Worker {
    desk: Arc<Desk>,
    lane: usize,
    stop: watch::Receiver<bool>,
    session: Option<Box<dyn Session>>,
    /// What went over this session.
    carried: Carried,
    /// Bodies that have been sent, to be written over.
    spare: Vec<Vec<u8>>,
}

impl Worker {
    fn lane(&self) -> &Lane {
        &self.desk.lanes[self.lane]
    }

    async fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }

    /// Waits for a mail that can be offered; `None` when there will be none.
    /// An idle connection is closed meanwhile.
    async fn next(&mut self) -> Option<Mail> {
        loop {
            let job = if self.session.is_some() {
                if let Ok(job) = tokio::time::timeout(IDLE, self.lane().jobs.pop()).await {
                    job?
                } else {
                    self.hang_up().await;
                    continue;
                }
            } else {
                self.lane().jobs.pop().await?
            };
            if let Some(mail) = self.ready(job).await {
                return Some(mail);
            }
        }
    }

    /// A mail that is there already, to be asked for in the same write.
    async fn next_now(&mut self) -> Option<Mail> {
        if *self.stop.borrow() || self.lane().is_paced() {
            return None;
        }
        loop {
            let job = self.lane().jobs.pop_now()?;
            if let Some(mail) = self.ready(job).await {
                return Some(mail);
            }
        }
    }

    /// Makes a mail ready to be offered, or notes why it is not offered now.
    async fn ready(&mut self, job: Job) -> Option<Mail> {
        let Job { claim, letter, filled, seat } = job;
        let now = self.desk.sending.house.now();
        let note = if *self.stop.borrow() || self.lane().closed_until(now).is_some() {
            Note::Released { due: claim.due }
        } else if let Some(due) = self.desk.manners.held_back(&claim.address, claim.ticket, now) {
            Note::Released { due }
        } else if self.desk.halted().contains(&claim.ticket.edition) {
            Note::Dropped
        } else {
            let filled = match filled {
                Some(filled) => Ok(filled),
                None => self.desk.fill(&claim, &letter, self.spare.pop().unwrap_or_default()),
            };
            match filled {
                Ok(Filled { envelope, body }) => {
                    return Some(Mail { claim, letter, envelope, body, _seat: seat });
                }
                Err(note) => note,
            }
        };
        self.desk.ledger.note_later(claim.ticket, note).await;
        None
    }

    /// Hands one mail over. Gives the next if it was taken already.
    async fn send(&mut self, mail: Mail, offer: Option<Offer>) -> Option<Asked> {
        let offer = if let Some(offer) = offer {
            offer
        } else {
            self.lane().keep_pace().await;
            if *self.stop.borrow() {
                self.note(&mail, Note::Released { due: mail.claim.due }).await;
                return None;
            }
            match self.offer(&mail).await {
                Some(offer) => offer,
                None => return None,
            }
        };
        match offer {
            Offer::Accepted => self.hand_over(mail).await,
            Offer::Refused(rejection) => {
                self.answered(&mail);
                self.note(&mail, Note::Refused { reply: rejection.to_string() }).await;
                None
            }
            Offer::Deferred(rejection) => {
                let note = self.deferred(&mail, &rejection);
                self.note(&mail, note).await;
                None
            }
            Offer::Relay(failure) => {
                self.relay_failed(&mail, &failure.to_string()).await;
                None
            }
        }
    }

    /// Asks the relay, over a connection that is opened if there is none.
    /// `None` if it cannot be asked: then the mail is back in the queue.
    async fn offer(&mut self, mail: &Mail) -> Option<Offer> {
        if !self.may_carry(mail) {
            self.hang_up().await;
        }
        if self.session.as_ref().is_none_or(|session| session.is_spent()) {
            self.session = None;
            self.carried = Carried::default();
            match self.lane().mailer.open().await {
                Ok(session) => self.session = Some(session),
                Err(failure) => {
                    self.relay_failed(mail, &failure.to_string()).await;
                    return None;
                }
            }
        }
        self.carries(mail);
        match &mut self.session {
            Some(session) => Some(session.offer(&mail.envelope).await),
            None => None,
        }
    }

    /// May this mail go over the connection that is open?
    fn may_carry(&self, mail: &Mail) -> bool {
        let address = &mail.claim.address;
        let limit = self.desk.switch.messages_per_connection(address);
        self.carried.may(address, self.lane().limits.messages_per_connection, limit)
    }

    fn carries(&mut self, mail: &Mail) {
        let address = &mail.claim.address;
        self.carried.add(address, self.desk.switch.messages_per_connection(address));
    }

    async fn hand_over(&mut self, mail: Mail) -> Option<Asked> {
        let durable = self.desk.ledger.note(mail.claim.ticket, Note::Handing).await;
        // While the disk is waited for, the next mail is made ready.
        let next = self.next_now().await;
        if !durable.ours().await {
            // The relay waits for a body that will not come: break the connection.
            self.session = None;
            self.look_whether_halted(mail.claim.ticket.edition).await;
            self.note(&mail, Note::Dropped).await;
            return next.map(|next| (next, None));
        }
        let ahead = next.as_ref().filter(|next| self.may_carry(next));
        let Some(session) = &mut self.session else {
            let note = self.doubtful(&mail, "the connection was gone".to_owned());
            self.note(&mail, note).await;
            return next.map(|next| (next, None));
        };
        let (outcome, offer) =
            session.hand_over(&mail.body, ahead.map(|next| &next.envelope)).await;
        if let Some(next) = next.as_ref().filter(|_| offer.is_some()) {
            self.carries(next);
        }
        self.settle(&mail, outcome).await;
        if mail.letter.signers.is_empty() {
            self.spare.push(mail.body);
        }
        match (next, offer) {
            (Some(next), Some(Offer::Accepted)) if *self.stop.borrow() => {
                self.session = None;
                self.note(&next, Note::Released { due: next.claim.due }).await;
                None
            }
            (Some(next), offer) => Some((next, offer)),
            (None, _) => None,
        }
    }

    /// A row that was not ours any more: if that is because its edition was
    /// stopped, nothing more of it is offered, for each would cost a connection.
    async fn look_whether_halted(&self, edition: i64) {
        let Ok(mut tx) = self.desk.sending.house.store.read().await else { return };
        let Ok(row) = editions::get(&mut tx, edition).await else { return };
        if row.is_some_and(|row| !row.state.is_open()) {
            self.desk.halted().insert(edition);
        }
    }

    async fn settle(&mut self, mail: &Mail, outcome: Outcome) {
        let note = match outcome {
            Outcome::Sent(reply) => {
                self.answered(mail);
                debug!(
                    edition = mail.claim.ticket.edition,
                    subscriber = mail.claim.ticket.subscriber,
                    "Sent"
                );
                Note::Sent { reply }
            }
            Outcome::Refused(rejection) => {
                self.answered(mail);
                Note::Refused { reply: rejection.to_string() }
            }
            Outcome::Deferred(rejection) => self.deferred(mail, &rejection),
            Outcome::Uncertain(reason) => {
                warn!(
                    edition = mail.claim.ticket.edition,
                    "The connection broke after a mail was handed over, before the relay's answer: {reason}"
                );
                self.doubtful(mail, reason)
            }
            Outcome::Relay(failure) => {
                self.lane().failed(self.desk.sending.house.now(), &failure.to_string());
                Note::NotTaken { due: mail.claim.due }
            }
        };
        self.note(mail, note).await;
    }

    /// The relay gave an answer about a mail that does not ask to slow down.
    fn answered(&self, mail: &Mail) {
        self.lane().works();
        self.desk.manners.took(&mail.claim.address, self.desk.sending.house.now());
    }

    /// Again later, or never. What is about the mailbox uses up a try; what is
    /// about its domain slows that down and costs nobody anything.
    fn deferred(&self, mail: &Mail, rejection: &Rejection) -> Note {
        let now = self.desk.sending.house.now();
        let Claim { address, ticket, .. } = &mail.claim;
        let reply = rejection.to_string();
        match self.desk.manners.refused(address, *ticket, rejection, now) {
            PutOff::Free(due) => {
                self.lane().puts_off(now, address, &reply);
                return Note::NotTaken { due };
            }
            PutOff::Counted => self.lane().works(),
        }
        match self.wait(mail) {
            Some(due) => Note::Deferred { due, reply },
            None => Note::Expired { reply },
        }
    }

    fn doubtful(&self, mail: &Mail, reply: String) -> Note {
        match (mail.letter.on_uncertain, self.wait(mail)) {
            (OnUncertain::Hold, _) => Note::Held { reply },
            (OnUncertain::Resend, Some(due)) => Note::Doubtful { due, reply },
            (OnUncertain::Resend, None) => Note::Expired { reply },
        }
    }

    fn wait(&self, mail: &Mail) -> Option<crate::clock::Time> {
        let now = self.desk.sending.house.now();
        let age = (now - mail.letter.frozen).to_std().unwrap_or_default();
        let tries = u32::try_from(mail.claim.tries + 1).unwrap_or(u32::MAX);
        let wait = self.desk.sending.retry.wait(
            tries,
            age,
            mail.claim.ticket.subscriber.unsigned_abs(),
        )?;
        Some(now + wait)
    }

    async fn relay_failed(&mut self, mail: &Mail, reason: &str) {
        self.session = None;
        self.lane().failed(self.desk.sending.house.now(), reason);
        self.note(mail, Note::Released { due: mail.claim.due }).await;
    }

    async fn note(&self, mail: &Mail, note: Note) {
        self.desk.ledger.note_later(mail.claim.ticket, note).await;
    }
}
