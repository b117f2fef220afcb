//! Signing ahead of the connections: a signature is a quarter of a
//! millisecond of pure processor time, so as many threads sign as there are
//! cores, and the connections find their mails ready.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::Desk;
use super::job::Job;

/// What is to be signed, and for which lane.
type Sheet = (usize, Job);

/// Where unsigned mails go in. Closed when it is dropped.
pub(super) struct Press {
    sheets: Sender<Sheet>,
}

impl Press {
    /// Starts the threads; they end when the press is dropped and nothing is left.
    pub(super) fn start(desk: &Arc<Desk>, tasks: &mut JoinSet<()>) -> Self {
        // Without a bound of its own: as many are claimed as the lanes have room for.
        let (sheets, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let (desk, waiting) = (Arc::clone(desk), Arc::clone(&waiting));
            tasks.spawn_blocking(move || sign(&desk, &waiting));
        }
        Self { sheets }
    }

    /// Signs a mail and puts it into the queue of its lane.
    pub(super) fn put(&self, desk: &Desk, lane: usize, job: Job) {
        desk.lanes[lane].jobs.announce();
        // The threads end after us.
        let _ = self.sheets.send((lane, job));
    }
}

fn sign(desk: &Desk, waiting: &Mutex<Receiver<Sheet>>) {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok((lane, mut job)) = next() {
        let jobs = &desk.lanes[lane].jobs;
        match desk.fill(&job.claim, &job.letter, Vec::new()) {
            Ok(filled) => {
                job.filled = Some(filled);
                jobs.arrive(Some(job));
            }
            Err(note) => {
                desk.ledger.note_from_thread(job.claim.ticket, note);
                jobs.arrive(None);
            }
        }
    }
}
