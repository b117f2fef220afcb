//! One connection, from claim to settled row.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, error, warn};

use super::Desk;
use super::letters::Prepared;
use super::post::{self, Reader};
use crate::delivery::{Envelope, Offer, OnUncertain, Outcome, Session};
use crate::flow::House;
use crate::store::claim::Claim;
use crate::store::deliveries::Note;

/// How long an idle connection is kept open.
const IDLE: Duration = Duration::from_secs(5);

/// A claimed row with all that is needed to offer it.
struct Job {
    claim: Claim,
    letter: Arc<Prepared>,
    envelope: Envelope,
}

/// Sends jobs until there are none and never will be.
pub async fn run(desk: Arc<Desk>, stop: watch::Receiver<bool>) {
    let mut worker = Worker { desk, stop, session: None, body: Vec::new() };
    let mut ahead = None;
    loop {
        let (job, offer) = match ahead.take() {
            Some(asked) => asked,
            None => match worker.next().await {
                Some(job) => (job, None),
                None => break,
            },
        };
        ahead = worker.send(job, offer).await;
    }
    if let Some(session) = worker.session.take() {
        session.close().await;
    }
}

struct Worker {
    desk: Arc<Desk>,
    stop: watch::Receiver<bool>,
    session: Option<Box<dyn Session>>,
    body: Vec<u8>,
}

/// A job, and the relay's answer if it was asked already.
type Asked = (Job, Option<Offer>);

impl Worker {
    /// Waits for a job that can be offered; `None` when there will be none.
    /// An idle connection is closed meanwhile.
    async fn next(&mut self) -> Option<Job> {
        loop {
            let claim = if self.session.is_some() {
                if let Ok(claim) = tokio::time::timeout(IDLE, self.receive()).await {
                    claim?
                } else {
                    if let Some(session) = self.session.take() {
                        session.close().await;
                    }
                    continue;
                }
            } else {
                self.receive().await?
            };
            if let Some(job) = self.prepare(claim).await {
                return Some(job);
            }
        }
    }

    async fn receive(&self) -> Option<Claim> {
        self.desk.jobs.lock().await.recv().await
    }

    /// A job that is there already, to be asked for in the same write.
    async fn next_now(&self) -> Option<Job> {
        if *self.stop.borrow() || self.desk.sending.max_rate.is_some() {
            return None;
        }
        loop {
            let claim = self.desk.jobs.try_lock().ok()?.try_recv().ok()?;
            if let Some(job) = self.prepare(claim).await {
                return Some(job);
            }
        }
    }

    /// Makes a claim ready, or settles it when there is nothing to send.
    async fn prepare(&self, claim: Claim) -> Option<Job> {
        let sending = &self.desk.sending;
        let now = sending.house.now();
        if *self.stop.borrow() {
            self.desk.ledger.note_later(claim.ticket, Note::Released { due: claim.due }).await;
            return None;
        }
        if !claim.active {
            self.desk.ledger.note_later(claim.ticket, Note::Dropped).await;
            return None;
        }
        let letter = match self.desk.letters.get(&sending.house, claim.variant).await {
            Ok(letter) => letter,
            Err(error) => {
                error!(edition = claim.ticket.edition, "A mail cannot be prepared: {error}");
                self.desk
                    .ledger
                    .note_later(claim.ticket, Note::Released { due: now + Duration::from_mins(1) })
                    .await;
                return None;
            }
        };
        if now > letter.stale_at {
            let reply = "the edition is older than stale_after".to_owned();
            self.desk.ledger.note_later(claim.ticket, Note::Expired { reply }).await;
            return None;
        }
        match letter.envelope(&sending.house, &claim) {
            Ok(envelope) => Some(Job { claim, letter, envelope }),
            Err(reply) => {
                self.desk.ledger.note_later(claim.ticket, Note::Refused { reply }).await;
                None
            }
        }
    }

    /// Hands one job over. Gives the next job if it was taken already.
    async fn send(&mut self, job: Job, offer: Option<Offer>) -> Option<Asked> {
        let offer = if let Some(offer) = offer {
            offer
        } else {
            self.keep_pace().await;
            match self.offer(&job).await {
                Some(offer) => offer,
                None => return None,
            }
        };
        match offer {
            Offer::Accepted => self.hand_over(job).await,
            Offer::Refused(rejection) => {
                self.note(&job, Note::Refused { reply: rejection.to_string() }).await;
                None
            }
            Offer::Deferred(rejection) => {
                let note = self.deferred(&job, rejection.to_string());
                self.note(&job, note).await;
                None
            }
            Offer::Relay(failure) => {
                self.relay_failed(&job, &failure.to_string()).await;
                None
            }
        }
    }

    /// Asks the relay, over a connection that is opened if there is none.
    /// `None` if it cannot be asked: then the job is back in the queue.
    async fn offer(&mut self, job: &Job) -> Option<Offer> {
        if self.session.as_ref().is_none_or(|session| session.is_spent()) {
            self.session = None;
            match self.desk.sending.mailer.open().await {
                Ok(session) => self.session = Some(session),
                Err(failure) => {
                    self.relay_failed(job, &failure.to_string()).await;
                    return None;
                }
            }
        }
        match &mut self.session {
            Some(session) => Some(session.offer(&job.envelope).await),
            None => None,
        }
    }

    async fn hand_over(&mut self, job: Job) -> Option<Asked> {
        if let Err(error) = job.letter.fill(&self.desk.sending.house, &job.claim, &mut self.body) {
            error!(edition = job.claim.ticket.edition, "A mail cannot be signed: {error}");
            self.session = None;
            let due = self.desk.sending.house.now() + Duration::from_mins(1);
            self.note(&job, Note::Released { due }).await;
            return None;
        }
        if !self.desk.ledger.note(job.claim.ticket, Note::Handing).await {
            // The relay waits for a body that will not come: break the connection.
            self.session = None;
            self.note(&job, Note::Dropped).await;
            return None;
        }
        let next = self.next_now().await;
        let Some(session) = &mut self.session else {
            let note = self.doubtful(&job, "the connection was gone".to_owned());
            self.note(&job, note).await;
            return next.map(|next| (next, None));
        };
        let (outcome, offer) =
            session.hand_over(&self.body, next.as_ref().map(|next| &next.envelope)).await;
        self.settle(&job, outcome).await;
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

    async fn settle(&mut self, job: &Job, outcome: Outcome) {
        let note = match outcome {
            Outcome::Sent(reply) => {
                self.desk.relay_works();
                debug!(
                    edition = job.claim.ticket.edition,
                    subscriber = job.claim.ticket.subscriber,
                    "Sent"
                );
                Note::Sent { reply }
            }
            Outcome::Refused(rejection) => Note::Refused { reply: rejection.to_string() },
            Outcome::Deferred(rejection) => self.deferred(job, rejection.to_string()),
            Outcome::Uncertain(reason) => {
                warn!(
                    edition = job.claim.ticket.edition,
                    "The connection broke after a mail was handed over, before the relay's answer: {reason}"
                );
                self.doubtful(job, reason)
            }
            Outcome::Relay(failure) => {
                self.desk.relay_failed(self.desk.sending.house.now(), &failure.to_string());
                Note::NotTaken { due: job.claim.due }
            }
        };
        self.note(job, note).await;
    }

    /// A try is used up: again later, or never.
    fn deferred(&self, job: &Job, reply: String) -> Note {
        match self.wait(job) {
            Some(due) => Note::Deferred { due, reply },
            None => Note::Expired { reply },
        }
    }

    fn doubtful(&self, job: &Job, reply: String) -> Note {
        match (job.letter.on_uncertain, self.wait(job)) {
            (OnUncertain::Hold, _) => Note::Held { reply },
            (OnUncertain::Resend, Some(due)) => Note::Doubtful { due, reply },
            (OnUncertain::Resend, None) => Note::Expired { reply },
        }
    }

    fn wait(&self, job: &Job) -> Option<crate::clock::Time> {
        let now = self.desk.sending.house.now();
        let age = (now - job.letter.frozen).to_std().unwrap_or_default();
        let tries = u32::try_from(job.claim.tries + 1).unwrap_or(u32::MAX);
        let wait =
            self.desk.sending.retry.wait(tries, age, job.claim.ticket.subscriber.unsigned_abs())?;
        Some(now + wait)
    }

    async fn relay_failed(&mut self, job: &Job, reason: &str) {
        self.session = None;
        self.desk.relay_failed(self.desk.sending.house.now(), reason);
        self.note(job, Note::Released { due: job.claim.due }).await;
    }

    async fn note(&self, job: &Job, note: Note) {
        self.desk.ledger.note_later(job.claim.ticket, note).await;
    }

    /// Waits for this mail's place if the operator limits the rate.
    async fn keep_pace(&self) {
        let Some(rate) = self.desk.sending.max_rate.filter(|rate| *rate > 0.0) else { return };
        let step = Duration::from_secs_f64((1.0 / rate).min(3600.0));
        let mine = {
            let mut pace = self.desk.pace.lock().await;
            let now = tokio::time::Instant::now();
            let mine = pace.map_or(now, |last| (last + step).max(now));
            *pace = Some(mine);
            mine
        };
        tokio::time::sleep_until(mine).await;
    }
}

impl Prepared {
    fn envelope(&self, house: &House, claim: &Claim) -> Result<Envelope, String> {
        post::envelope(house, &self.mail, claim.ticket.edition, &reader(claim))
    }

    fn fill(&self, house: &House, claim: &Claim, body: &mut Vec<u8>) -> Result<(), String> {
        let edition = (claim.ticket.edition, self.frozen);
        post::fill(
            house,
            &self.host,
            (&self.assembled, &self.signers),
            edition,
            &reader(claim),
            body,
        )
    }
}

fn reader(claim: &Claim) -> Reader<'_> {
    Reader {
        uid: claim.subscriber_uid,
        row: claim.ticket.subscriber,
        address: &claim.address,
        name: &claim.name,
    }
}
