//! What is durable and not yet in the rows, in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Open;
use crate::store::deliveries::{Note, Ticket};
use crate::store::journal;

/// As many as one commit folds, two for most mails: who wants to write meanwhile
/// waits a few milliseconds.
pub(super) const FOLD: usize = 2_000;

/// A note on its way into its row.
#[derive(Debug)]
pub(super) enum Item {
    /// From the journal, with its number there.
    Fact(journal::Entry, u64),
    /// One that the journal does not hold.
    Note(Ticket, Note),
}

impl Item {
    /// Does it settle its row for this claim?
    pub(super) fn settles(&self) -> bool {
        match self {
            Self::Fact(entry, _) => matches!(entry.fact, journal::Fact::Sent(_)),
            Self::Note(..) => true,
        }
    }
}

/// Filled by the writer, emptied by whoever folds.
#[derive(Debug)]
pub(super) struct Backlog {
    line: Mutex<Line>,
    /// Rows that are claimed and not settled in the store.
    open: Arc<Open>,
    /// Rung when there is something, or nothing will come.
    filled: Notify,
    /// Rung when it should be folded now.
    ripe: Notify,
    /// Rung when some have been folded.
    folded: Notify,
}

#[derive(Debug, Default)]
struct Line {
    items: VecDeque<Item>,
    settling: usize,
    closed: bool,
}

impl Backlog {
    pub(super) fn new(open: Arc<Open>) -> Self {
        Self {
            line: Mutex::default(),
            open,
            filled: Notify::new(),
            ripe: Notify::new(),
            folded: Notify::new(),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts items in, in order.
    pub(super) fn push(&self, items: impl Iterator<Item = Item>) {
        let mut line = self.line();
        for item in items {
            line.settling += usize::from(item.settles());
            line.items.push_back(item);
        }
        if self.is_ripe(&line) {
            self.ripe.notify_one();
        }
        drop(line);
        self.filled.notify_one();
    }

    /// There are many, or what came of every claimed row is here: then nothing
    /// is worth waiting for.
    fn is_ripe(&self, line: &Line) -> bool {
        let all = i64::try_from(line.settling).is_ok_and(|settling| settling >= self.open.rows());
        line.closed || line.items.len() >= FOLD || all
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.line().closed = true;
        self.filled.notify_one();
        self.ripe.notify_one();
    }

    /// Waits until there is something; false when there will be nothing.
    pub(super) async fn waits(&self) -> bool {
        loop {
            {
                let line = self.line();
                if !line.items.is_empty() {
                    return true;
                }
                if line.closed {
                    return false;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Waits until it should be folded without waiting longer.
    pub(super) async fn ripe(&self) {
        if !self.is_ripe(&self.line()) {
            self.ripe.notified().await;
        }
    }

    /// Takes the first.
    pub(super) fn take(&self) -> Vec<Item> {
        let mut line = self.line();
        let count = line.items.len().min(FOLD);
        let items: Vec<Item> = line.items.drain(..count).collect();
        line.settling -= items.iter().filter(|item| item.settles()).count();
        items
    }

    /// Some have been folded: there is room.
    pub(super) fn eased(&self) {
        self.folded.notify_one();
    }

    /// Waits until some have been folded.
    pub(super) async fn ease(&self) {
        self.folded.notified().await;
    }

    pub(super) fn len(&self) -> usize {
        self.line().items.len()
    }
}
