//! Group commit: many sessions hand their notes to one writer, which makes all
//! that arrived meanwhile durable with one fsync and answers each.
//!
//! Order is kept: when a session's `handing` is durable, so is the `sent` it
//! noted before. A kill therefore leaves at most one doubt per connection.
//!
//! On PostgreSQL notes are written to the rows at once ([`direct`]); on SQLite
//! to a journal beside the database, which is folded into them by the thousand
//! ([`journaled`]).

mod backlog;
mod direct;
mod journaled;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use super::House;
use crate::store::Result;
use crate::store::deliveries::{Note, Ticket};

/// As many notes as one fsync takes.
const BATCH: usize = 512;

/// How long the writer waits before it tries a failed write again.
const PATIENCE: Duration = Duration::from_millis(500);

struct Entry {
    ticket: Ticket,
    note: Note,
    answer: Option<oneshot::Sender<bool>>,
}

impl Entry {
    /// A session that was dropped meanwhile does not wait.
    fn answer(&mut self, ours: bool) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(ours);
        }
    }
}

/// Where sessions hand in their notes. The writer stops when all clones are gone.
#[derive(Debug, Clone)]
pub struct Ledger {
    sender: mpsc::Sender<Entry>,
    open: Arc<Open>,
}

/// Rows that were claimed and are not settled in the store.
#[derive(Debug, Default)]
struct Open {
    rows: AtomicI64,
    none: Notify,
}

impl Open {
    fn rows(&self) -> i64 {
        self.rows.load(Ordering::Relaxed)
    }

    fn settled(&self, rows: usize) {
        let rows = i64::try_from(rows).unwrap_or(0);
        if self.rows.fetch_sub(rows, Ordering::Relaxed) == rows && rows > 0 {
            self.none.notify_one();
        }
    }
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
    /// Starts the writer for the sender called `instance`. Join the task after
    /// dropping the last clone: it ends when every note is in the store.
    ///
    /// # Errors
    /// If the journal cannot be begun.
    pub async fn open(
        house: Arc<House>,
        instance: &str,
    ) -> Result<(Self, tokio::task::JoinHandle<()>)> {
        let journal = house.store.journal(instance, house.now()).await?;
        let (sender, receiver) = mpsc::channel(BATCH * 4);
        let open = Arc::new(Open::default());
        let ledger = Self { sender, open: Arc::clone(&open) };
        let writer = match journal {
            Some(journal) => tokio::spawn(journaled::write(house, journal, receiver, open)),
            None => tokio::spawn(direct::write(house, receiver, open)),
        };
        Ok((ledger, writer))
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

    /// Waits until the last claimed row is settled in the store.
    pub async fn all_settled(&self) {
        self.open.none.notified().await;
    }
}

/// The next notes: all that are there, and those that are about to be handed
/// in, for a commit costs the same whether it carries one note or a hundred.
/// Nobody is waited for who is not ready to run now. False when there will be
/// none.
async fn gather(receiver: &mut mpsc::Receiver<Entry>, batch: &mut Vec<Entry>) -> bool {
    if receiver.recv_many(batch, BATCH).await == 0 {
        return false;
    }
    while batch.len() < BATCH {
        let before = batch.len();
        tokio::task::yield_now().await;
        while batch.len() < BATCH {
            let Ok(entry) = receiver.try_recv() else { break };
            batch.push(entry);
        }
        if batch.len() == before {
            break;
        }
    }
    true
}
