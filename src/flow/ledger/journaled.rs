//! Notes go to a journal, and from there into their rows by the thousand.
//!
//! `handing` and `sent` are durable when they are in the journal; the sessions
//! wait for no commit. Whatever else is noted goes into its row with the fold
//! that comes next: if a kill comes before, the journal says that nothing went
//! out, and the mail is tried again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{error, warn};

use super::backlog::{Backlog, FOLD, Item};
use super::{BATCH, Entry, House, Open, PATIENCE, direct, gather};
use crate::store::deliveries::{self, Note, Ticket};
use crate::store::journal::{self, Fact, Journal, Mark};
use crate::store::{Result, StoreError};

/// How long what is durable may stay out of the rows: so far behind may be what
/// others read.
const BEHIND: Duration = Duration::from_millis(200);

/// As many wait to be folded at most.
const MOST: usize = 16 * FOLD;

pub(super) async fn write(
    house: Arc<House>,
    journal: Journal,
    mut receiver: mpsc::Receiver<Entry>,
    open: Arc<Open>,
) {
    let backlog = Arc::new(Backlog::new(Arc::clone(&open)));
    let folding = tokio::spawn(fold_all(
        Arc::clone(&house),
        journal.mark(),
        Arc::clone(&backlog),
        Arc::clone(&open),
    ));
    let mut writer = Writer { house, journal: Some(journal), handing: HashSet::new(), backlog };
    let mut batch = Vec::with_capacity(BATCH);
    while gather(&mut receiver, &mut batch).await {
        writer.take(&mut batch).await;
    }
    writer.backlog.close();
    if folding.await.is_err() {
        error!("Folding the ledger's journal ended early; the rest is folded at the next start");
        return;
    }
    if let Some(journal) = writer.journal.take()
        && let Err(error) = journal.close(&writer.house.store).await
    {
        warn!("The ledger's journal is closed at the next start: {error}");
    }
}

struct Writer {
    house: Arc<House>,
    /// Away while it is written.
    journal: Option<Journal>,
    /// Noted as `handing`, and not what came of it.
    handing: HashSet<Ticket>,
    backlog: Arc<Backlog>,
}

impl Writer {
    async fn take(&mut self, batch: &mut Vec<Entry>) {
        let barred = self.barred(batch).await;
        let at = self.house.now().timestamp_millis();
        let mut facts = vec![];
        let mut items: Vec<Option<Item>> = Vec::with_capacity(batch.len());
        for entry in &mut *batch {
            let (ticket, note) = (entry.ticket, &entry.note);
            let mut fact = |fact| {
                facts.push(journal::Entry { ticket, fact, at });
                items.push(None);
            };
            match note {
                Note::Handing if barred.contains(&ticket) => entry.answer(false),
                Note::Handing => {
                    self.handing.insert(ticket);
                    fact(Fact::Handing);
                }
                Note::Sent { reply } => {
                    self.handing.remove(&ticket);
                    fact(Fact::Sent(reply.clone()));
                }
                note => {
                    items.push(Some(Item::Note(ticket, note.clone())));
                    // A doubt stays one until it is in its row.
                    let doubt = matches!(note, Note::Doubtful { .. } | Note::Held { .. });
                    if self.handing.remove(&ticket) && !doubt {
                        facts.push(journal::Entry { ticket, fact: Fact::Declined, at });
                        items.push(None);
                    }
                }
            }
        }
        // Without an answer nobody goes on.
        let Some((facts, ends)) = self.append(facts).await else { return batch.clear() };
        self.backlog.push(in_order(items, facts, ends));
        for mut entry in batch.drain(..) {
            entry.answer(true);
        }
    }

    /// Those that may not be handed over any more.
    async fn barred(&self, batch: &[Entry]) -> HashSet<Ticket> {
        let asked: Vec<Ticket> = batch
            .iter()
            .filter(|entry| entry.note == Note::Handing)
            .map(|entry| entry.ticket)
            .collect();
        if asked.is_empty() {
            return HashSet::new();
        }
        loop {
            match self.ask(&asked).await {
                Ok(barred) => return barred,
                Err(error) => self.complain(&error, asked.len()).await,
            }
        }
    }

    async fn ask(&self, asked: &[Ticket]) -> Result<HashSet<Ticket>> {
        let mut tx = self.house.store.read().await?;
        deliveries::barred(&mut tx, asked).await
    }

    async fn complain(&self, error: &StoreError, notes: usize) {
        warn!("The ledger cannot be written, {notes} notes wait: {error}");
        tokio::time::sleep(PATIENCE).await;
    }

    /// Writes to the journal until it is durable; gives the number of each.
    /// `None` if that cannot be, for everything is being shut down.
    async fn append(
        &mut self,
        mut facts: Vec<journal::Entry>,
    ) -> Option<(Vec<journal::Entry>, Vec<u64>)> {
        loop {
            let mut journal = self.journal.take()?;
            if !journal.has_room(facts.len()) || self.backlog.len() > MOST {
                self.journal = Some(journal);
                self.backlog.ease().await;
                continue;
            }
            if facts.is_empty() {
                self.journal = Some(journal);
                return Some((facts, vec![]));
            }
            let written = tokio::task::spawn_blocking(move || {
                let ends = journal.append(&facts);
                (journal, facts, ends)
            });
            let (journal, written, ends) = written.await.ok()?;
            self.journal = Some(journal);
            facts = written;
            match ends {
                Ok(ends) => return Some((facts, ends)),
                Err(error) => self.complain(&error, facts.len()).await,
            }
        }
    }
}

/// Facts in their places among the notes, which are the empty ones.
fn in_order(
    items: Vec<Option<Item>>,
    facts: Vec<journal::Entry>,
    ends: Vec<u64>,
) -> impl Iterator<Item = Item> {
    let mut facts = facts.into_iter().zip(ends);
    items.into_iter().filter_map(move |item| match item {
        Some(item) => Some(item),
        None => facts.next().map(|(fact, end)| Item::Fact(fact, end)),
    })
}

async fn fold_all(house: Arc<House>, mark: Mark, backlog: Arc<Backlog>, open: Arc<Open>) {
    while backlog.waits().await {
        // Whether it is ripe or the time is over comes to the same.
        let _ = tokio::time::timeout(BEHIND, backlog.ripe()).await;
        let items = backlog.take();
        while let Err(error) = fold(&house, &mark, &items).await {
            warn!(
                "The journal cannot be folded into the ledger, {} notes wait: {error}",
                items.len()
            );
            tokio::time::sleep(PATIENCE).await;
        }
        open.settled(items.iter().filter(|item| item.settles()).count());
        backlog.eased();
    }
}

/// Brings items into their rows, in one commit. Done a second time, after a
/// commit of which nobody knows whether it happened, it changes nothing.
async fn fold(house: &House, mark: &Mark, items: &[Item]) -> Result<()> {
    let mut facts = vec![];
    let mut notes = vec![];
    let mut through = None;
    for item in items {
        match item {
            Item::Fact(entry, number) => {
                // What a note is about stays `handing` until the note is written.
                if entry.fact != Fact::Declined {
                    facts.push(entry);
                }
                through = Some(*number);
            }
            Item::Note(ticket, note) => notes.push((*ticket, note)),
        }
    }
    let mut tx = house.store.write().await?;
    if let Some(through) = through {
        mark.fold(&mut tx, &facts, through).await?;
    }
    if !notes.is_empty() {
        direct::settle(house, &mut tx, &notes, house.now()).await?;
    }
    tx.commit().await?;
    if let Some(through) = through {
        mark.folded(through);
    }
    Ok(())
}
