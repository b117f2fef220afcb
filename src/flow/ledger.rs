//! Group commit: many sessions hand their notes to one writer, which commits
//! all that arrived meanwhile with one fsync and answers each.
//!
//! Order is kept: when a session's `handing` is durable, so is the `sent` it
//! noted before. A kill therefore leaves at most one doubt per connection.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::clock::SharedClock;
use crate::store::deliveries::{self, Note, Ticket};
use crate::store::{Result, Store};

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
}

impl Ledger {
    /// Starts the writer. Join the task after dropping the last clone: it
    /// ends when every note is durable.
    #[must_use]
    pub fn open(store: Store, clock: SharedClock) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(BATCH * 4);
        (Self { sender }, tokio::spawn(write(store, clock, receiver)))
    }

    /// Waits until the note is durable. False if the row is no longer ours,
    /// or the writer has stopped: then do nothing more for it.
    pub async fn note(&self, ticket: Ticket, note: Note) -> bool {
        let (answer, waiting) = oneshot::channel();
        if self.sender.send(Entry { ticket, note, answer: Some(answer) }).await.is_err() {
            return false;
        }
        waiting.await.unwrap_or(false)
    }

    /// Hands in a note without waiting for it; it is durable before any note
    /// handed in later.
    pub async fn note_later(&self, ticket: Ticket, note: Note) {
        // The writer only stops when every sender is gone, this one included.
        let _ = self.sender.send(Entry { ticket, note, answer: None }).await;
    }
}

async fn write(store: Store, clock: SharedClock, mut receiver: mpsc::Receiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let mut again = false;
        let answers = loop {
            match commit(&store, &clock, &batch, again).await {
                Ok(answers) => break answers,
                Err(error) => {
                    warn!("The ledger cannot be written, {} notes wait: {error}", batch.len());
                    again = true;
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        };
        for (entry, ours) in batch.drain(..).zip(answers) {
            if let Some(answer) = entry.answer {
                // A session that was dropped meanwhile does not wait.
                let _ = answer.send(ours);
            }
        }
    }
}

/// After a failed commit nobody knows whether it happened: then a row that
/// already stands where the note puts it counts as ours.
async fn commit(
    store: &Store,
    clock: &SharedClock,
    batch: &[Entry],
    again: bool,
) -> Result<Vec<bool>> {
    let now = clock.now();
    let mut tx = store.write().await?;
    let mut answers = Vec::with_capacity(batch.len());
    for entry in batch {
        let mut ours = deliveries::note(&mut tx, &entry.ticket, &entry.note, now).await?;
        if !ours && again {
            ours = deliveries::stands(&mut tx, &entry.ticket, &entry.note).await?;
        }
        answers.push(ours);
    }
    tx.commit().await?;
    Ok(answers)
}
