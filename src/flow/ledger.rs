//! Group commit: many sessions hand their notes to one writer, which commits
//! all that arrived meanwhile with one fsync and answers each.
//!
//! Order is kept: when a session's `handing` is durable, so is the `sent` it
//! noted before. A kill therefore leaves at most one doubt per connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tracing::warn;

use super::{House, feedback};
use crate::store::Result;
use crate::store::deliveries::{self, Note, Ticket};

/// As many notes as one commit takes.
const BATCH: usize = 512;

/// How long the writer waits before it tries a failed commit again.
const PATIENCE: Duration = Duration::from_millis(500);

struct Entry {
    ticket: Ticket,
    note: Note,
    answer: Option<oneshot::Sender<bool>>,
}

/// Where sessions hand in their notes. The writer stops when all clones are gone.
#[derive(Debug, Clone)]
pub struct Ledger {
    sender: mpsc::Sender<Entry>,
    open: Arc<Open>,
}

/// Rows that were claimed and are not settled on the disk.
#[derive(Debug, Default)]
struct Open {
    rows: AtomicI64,
    none: Notify,
}

/// A note on its way to the disk.
#[derive(Debug)]
pub struct Durable(oneshot::Receiver<bool>);

impl Durable {
    /// Waits until the note is durable. False if the row is no longer ours,
    /// or the writer has stopped: then do nothing more for it.
    pub async fn ours(self) -> bool {
        self.0.await.unwrap_or(false)
    }
}

impl Ledger {
    /// Starts the writer. Join the task after dropping the last clone: it
    /// ends when every note is durable.
    #[must_use]
    pub fn open(house: Arc<House>) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(BATCH * 4);
        let open = Arc::new(Open::default());
        let ledger = Self { sender, open: Arc::clone(&open) };
        (ledger, tokio::spawn(write(house, receiver, open)))
    }

    /// Hands in a note; it is durable when the answer says so, and so is
    /// every note that was handed in before.
    pub async fn note(&self, ticket: Ticket, note: Note) -> Durable {
        let (answer, waiting) = oneshot::channel();
        // The writer only stops when every sender is gone, this one included.
        let _ = self.sender.send(Entry { ticket, note, answer: Some(answer) }).await;
        Durable(waiting)
    }

    /// Hands in a note without waiting for it; it is durable before any note
    /// handed in later.
    pub async fn note_later(&self, ticket: Ticket, note: Note) {
        let _ = self.sender.send(Entry { ticket, note, answer: None }).await;
    }

    /// The same from a thread that may wait.
    pub fn note_from_thread(&self, ticket: Ticket, note: Note) {
        let _ = self.sender.blocking_send(Entry { ticket, note, answer: None });
    }

    /// So many rows were claimed, and will be settled with a note each.
    pub fn claimed(&self, rows: usize) {
        self.open.rows.fetch_add(i64::try_from(rows).unwrap_or(0), Ordering::Relaxed);
    }

    /// Waits until the last claimed row is settled on the disk.
    pub async fn all_settled(&self) {
        self.open.none.notified().await;
    }
}

async fn write(house: Arc<House>, mut receiver: mpsc::Receiver<Entry>, open: Arc<Open>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let answers = loop {
            match commit(&house, &batch).await {
                Ok(answers) => break answers,
                Err(error) => {
                    warn!("The ledger cannot be written, {} notes wait: {error}", batch.len());
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        };
        let settled = batch.iter().filter(|entry| entry.note != Note::Handing).count();
        for (entry, ours) in batch.drain(..).zip(answers) {
            if let Some(answer) = entry.answer {
                // A session that was dropped meanwhile does not wait.
                let _ = answer.send(ours);
            }
        }
        let settled = i64::try_from(settled).unwrap_or(0);
        if open.rows.fetch_sub(settled, Ordering::Relaxed) == settled && settled > 0 {
            open.none.notify_one();
        }
    }
}

/// A refusal is counted with the bounces in the commit that notes it.
async fn commit(house: &House, batch: &[Entry]) -> Result<Vec<bool>> {
    let notes: Vec<(Ticket, &Note)> =
        batch.iter().map(|entry| (entry.ticket, &entry.note)).collect();
    let mut tx = house.store.write().await?;
    let answers = deliveries::notes(&mut tx, &notes, house.now()).await?;
    for ((ticket, note), _) in notes.iter().zip(&answers).filter(|(_, ours)| **ours) {
        if let Note::Refused { reply } = note {
            feedback::refused(house, &mut tx, (ticket.edition, ticket.subscriber), reply).await?;
        }
    }
    tx.commit().await?;
    Ok(answers)
}
