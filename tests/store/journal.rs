//! Journals beside a SQLite store: what a dead sender left is in the rows
//! before anybody reads them, once, and nothing of another store ever is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gazetted::delivery::transition::State;
use gazetted::store::deliveries::{self, Ticket};
use gazetted::store::journal::{Entry, Fact, Journal};
use gazetted::store::{Engine, Store, StoreError, claim, keys, subscribers};
use gazetted::subscriber::Standing;

use super::samples::{sending, t};
use crate::support::engines::run;
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_journal_is_for_sqlite_alone,
    who_left_or_is_not_ours_is_barred_from_being_handed_over,
);

async fn counts(store: &Store, edition: i64) -> BTreeMap<State, i64> {
    let mut tx = store.read().await.unwrap();
    deliveries::counts(&mut tx, edition).await.unwrap().into_iter().collect()
}

/// A sender that has claimed all rows of an edition to so many readers.
struct Sender {
    database: Database,
    store: Store,
    journal: Journal,
    edition: i64,
    tickets: Vec<Ticket>,
}

async fn sender(readers: usize) -> Sender {
    let database = Database::sqlite();
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, readers).await;
    let journal = store.journal("one", t(0)).await.unwrap().unwrap();
    let mut tx = store.write().await.unwrap();
    keys::beat(&mut tx, "one", "serve", t(0)).await.unwrap();
    let claims = claim::claim(&mut tx, edition, "one", t(99), 1_000).await.unwrap();
    tx.commit().await.unwrap();
    let tickets = claims.iter().map(|claim| claim.ticket).collect();
    Sender { database, store, journal, edition, tickets }
}

impl Sender {
    fn note(&mut self, row: usize, fact: Fact) {
        self.journal.append(&[self.entry(row, fact)]).unwrap();
    }

    fn entry(&self, row: usize, fact: Fact) -> Entry {
        Entry { ticket: self.tickets[row], fact, at: 5_000 }
    }

    fn file(&self) -> PathBuf {
        self.database.folder().join("gazetted.db-ledger-one")
    }

    /// The process is gone: nothing is folded, nothing closed.
    async fn dies(self) -> (Database, i64, PathBuf) {
        let file = self.file();
        self.store.close().await;
        (self.database, self.edition, file)
    }
}

fn sent() -> Fact {
    Fact::Sent("250 2.0.0 Ok: queued as 4XYZ".to_owned())
}

async fn a_journal_is_for_sqlite_alone(database: Database) {
    let store = database.open().await;

    let journal = store.journal("one", t(0)).await.unwrap();

    assert_eq!(journal.is_some(), database.engine == Engine::Sqlite);
    if let Some(journal) = journal {
        journal.close(&store).await.unwrap();
    }
    assert_eq!(store.recover().await.unwrap().journals, 0);
    assert!(store.journal("one", t(0)).await.is_ok(), "a sender may begin another");
}

async fn who_left_or_is_not_ours_is_barred_from_being_handed_over(database: Database) {
    let store = database.open().await;
    let (edition, readers) = sending(&store, 1, 3).await;
    let mut tx = store.write().await.unwrap();
    let claims = claim::claim(&mut tx, edition, "one", t(99), 9).await.unwrap();
    let mut tickets: Vec<Ticket> = claims.iter().map(|claim| claim.ticket).collect();
    let (from, to) = ([Standing::Active], Standing::Left);
    subscribers::move_standing(&mut tx, readers[1], &from, to, t(1)).await.unwrap();
    tickets[2].attempt += 1;

    let barred = deliveries::barred(&mut tx, &tickets).await.unwrap();

    assert_eq!(barred, [tickets[1], tickets[2]].into());
    assert!(deliveries::barred(&mut tx, &[]).await.unwrap().is_empty());
}

#[test]
fn what_a_dead_sender_left_is_in_the_rows_when_the_store_is_opened_and_stays_so() {
    run(async {
        let mut sender = sender(5).await;
        sender.note(0, Fact::Handing);
        sender.note(0, sent());
        sender.note(1, Fact::Handing);
        sender.note(2, Fact::Handing);
        sender.note(2, Fact::Declined);
        sender.note(3, Fact::Handing);
        sender.note(3, sent());
        let (database, edition, file) = sender.dies().await;
        assert!(file.exists());

        for _ in 0..3 {
            let store = database.open().await;

            let expected = [(State::Claimed, 2), (State::Handing, 1), (State::Sent, 2)];
            assert_eq!(counts(&store, edition).await, expected.into());
            assert!(!file.exists());
            store.close().await;
        }
    });
}

#[test]
fn what_was_folded_already_is_not_folded_again() {
    run(async {
        let mut sender = sender(3).await;
        let entries = [sender.entry(0, Fact::Handing), sender.entry(1, Fact::Handing)];
        let ends = sender.journal.append(&entries).unwrap();
        let mark = sender.journal.mark();
        // The first fold is committed, and the process does not hear of it.
        for _ in 0..2 {
            let mut tx = sender.store.write().await.unwrap();
            mark.fold(&mut tx, &entries.iter().collect::<Vec<_>>(), ends[1]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let expected = [(State::Claimed, 1), (State::Handing, 2)];
        assert_eq!(counts(&sender.store, sender.edition).await, expected.into());
        // What was `handing` in its row, and is declined in the journal, never went out.
        sender.note(0, Fact::Declined);
        sender.note(1, sent());
        let (database, edition, _) = sender.dies().await;

        let store = database.open().await;

        assert_eq!(counts(&store, edition).await, [(State::Claimed, 2), (State::Sent, 1)].into());
    });
}

#[test]
fn a_sender_that_lives_keeps_its_journal_and_its_rows_however_silent_it_is() {
    run(async {
        let mut sender = sender(2).await;
        sender.note(0, Fact::Handing);

        let other = sender.database.open().await;
        let mut tx = other.write().await.unwrap();
        assert_eq!(keys::strike_silent(&mut tx, t(1_000_000)).await.unwrap(), 0);
        keys::strike_daemons(&mut tx).await.unwrap();
        let swept = claim::sweep(&mut tx, claim::InDoubt::Hold, t(1_000_000)).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(swept, claim::Swept::default());
        assert!(sender.file().exists());
        sender.note(0, sent());
        let (database, edition, _) = sender.dies().await;
        assert_eq!(other.recover().await.unwrap().records, 2);
        let mut tx = other.write().await.unwrap();
        assert_eq!(keys::strike_silent(&mut tx, t(1_000_000)).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let store = database.open().await;
        assert_eq!(counts(&store, edition).await, [(State::Claimed, 1), (State::Sent, 1)].into());
    });
}

async fn refusal(database: &Database) -> String {
    match Store::open(&database.url).await {
        Err(StoreError::Refused(words)) => words,
        Err(other) => panic!("not refused, but: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn a_journal_of_another_store_or_of_another_time_is_refused_by_name() {
    run(async {
        let mut sender = sender(2).await;
        let before = sender.database.folder().join("before.db");
        sender.store.backup(&before).await.unwrap();
        sender.note(0, Fact::Handing);
        let (database, _, file) = sender.dies().await;
        let name = file.display().to_string();

        // Beside another database.
        let other = Database::sqlite();
        other.open().await.close().await;
        let store = other.open().await;
        drop(store.journal("two", t(0)).await.unwrap());
        std::fs::copy(&file, other.folder().join("gazetted.db-ledger-one")).unwrap();
        let words = refusal(&other).await;
        assert!(words.contains("another database") && words.contains("gazetted.db-ledger-one"));

        // A row that names another run.
        let journal = std::fs::read(&file).unwrap();
        database.open().await.close().await;
        let store = database.open().await;
        drop(store.journal("one", t(0)).await.unwrap());
        store.close().await;
        std::fs::write(&file, &journal).unwrap();
        let words = refusal(&database).await;
        assert!(words.contains(&name) && words.contains("another run"), "{words}");

        // No row: the database is from before the journal, or from after it.
        std::fs::remove_file(&file).unwrap();
        database.open().await.close().await;
        std::fs::write(&file, &journal).unwrap();
        let words = refusal(&database).await;
        assert!(words.contains(&name) && words.contains("backup"), "{words}");

        // Something else by that name.
        std::fs::write(&file, "shopping list, not a journal").unwrap();
        assert!(refusal(&database).await.contains(&name));
        std::fs::remove_file(&file).unwrap();
        database.open().await.close().await;
    });
}

#[test]
fn a_journal_that_never_got_its_header_is_cleared_away() {
    run(async {
        let database = Database::sqlite();
        database.open().await.close().await;
        let file = database.folder().join("gazetted.db-ledger-one");
        for bytes in [vec![], vec![0; 5_000]] {
            std::fs::write(&file, bytes).unwrap();

            let store = database.open().await;

            assert!(!file.exists());
            store.close().await;
        }
    });
}

#[test]
fn without_its_journal_every_mail_in_hand_is_a_doubt() {
    run(async {
        for damage in [None, Some(4096 + 10), Some(30)] {
            let mut sender = sender(3).await;
            for row in [0, 1] {
                sender.note(row, Fact::Handing);
                sender.note(row, sent());
            }
            let (database, edition, file) = sender.dies().await;
            match damage {
                None => std::fs::remove_file(&file).unwrap(),
                Some(at) => {
                    let mut bytes = std::fs::read(&file).unwrap();
                    bytes[at] ^= 1;
                    std::fs::write(&file, bytes).unwrap();
                }
            }

            let store = database.open().await;

            assert_eq!(counts(&store, edition).await, [(State::Handing, 3)].into(), "{damage:?}");
            assert_eq!(store.recover().await.unwrap().doubts, 0, "once is enough");
        }
    });
}

#[test]
fn a_journal_that_cannot_be_made_is_told_by_name_and_leaves_nothing_behind() {
    run(async {
        let database = Database::sqlite();
        let store = database.open().await;
        let file = database.folder().join("gazetted.db-ledger-one");
        std::fs::create_dir(&file).unwrap();

        let error = store.journal("one", t(0)).await.unwrap_err();

        assert!(error.is_passing() && error.to_string().contains(&file.display().to_string()));
        std::fs::remove_dir(&file).unwrap();
        let first = store.journal("one", t(0)).await.unwrap().unwrap();
        // One sender has one journal.
        let error = store.journal("one", t(0)).await.unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
        first.close(&store).await.unwrap();
        assert!(!file.exists());
    });
}
