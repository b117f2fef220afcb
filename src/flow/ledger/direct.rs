//! Notes go to their rows at once: one commit for all that are there.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::warn;

use super::{BATCH, Entry, House, Open, PATIENCE, gather};
use crate::clock::Time;
use crate::flow::feedback;
use crate::store::deliveries::{self, Note, Ticket};
use crate::store::{Result, Tx};

pub(super) async fn write(house: Arc<House>, mut receiver: mpsc::Receiver<Entry>, open: Arc<Open>) {
    let mut batch = Vec::with_capacity(BATCH);
    while gather(&mut receiver, &mut batch).await {
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
        for (mut entry, ours) in batch.drain(..).zip(answers) {
            entry.answer(ours);
        }
        open.settled(settled);
    }
}

async fn commit(house: &House, batch: &[Entry]) -> Result<Vec<bool>> {
    let notes: Vec<(Ticket, &Note)> =
        batch.iter().map(|entry| (entry.ticket, &entry.note)).collect();
    let mut tx = house.store.write().await?;
    let answers = settle(house, &mut tx, &notes, house.now()).await?;
    tx.commit().await?;
    Ok(answers)
}

/// Writes notes to their rows. A refusal is counted with the bounces in the
/// commit that notes it.
pub(super) async fn settle(
    house: &House,
    tx: &mut Tx,
    notes: &[(Ticket, &Note)],
    now: Time,
) -> Result<Vec<bool>> {
    let answers = deliveries::notes(tx, notes, now).await?;
    for ((ticket, note), _) in notes.iter().zip(&answers).filter(|(_, ours)| **ours) {
        if let Note::Refused { reply } = note {
            feedback::refused(house, tx, (ticket.edition, ticket.subscriber), reply).await?;
        }
    }
    Ok(answers)
}
