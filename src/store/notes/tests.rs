use super::*;
use crate::clock::from_millis;
use crate::store::claim::{self, Claim};
use crate::store::deliveries::{self, NewDelivery, Variant};
use crate::store::editions::{self, EditionState, NewEdition};
use crate::store::{Store, subscribers};
use crate::subscriber::{Address, Standing, Subscriber};

const NOW: i64 = 1_772_528_400_000;

struct Ledger {
    store: Store,
    edition: i64,
    _folder: tempfile::TempDir,
}

impl Ledger {
    /// An edition that is sent to so many readers.
    async fn of(readers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&format!("sqlite:{}/test.db", folder.path().display())).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let now = from_millis(NOW);
        let new = NewEdition {
            uid: uuid::Uuid::from_u128(7),
            digest: "weekly",
            slot: 1,
            frozen: now,
            title: "The week",
            frame: "{}",
        };
        let edition = editions::insert(&mut tx, &new).await.unwrap().unwrap().id;
        let variant = Variant {
            id: 0,
            edition_id: edition,
            choice: "en".into(),
            pieces: 1,
            subject: "The week".into(),
            html: String::new(),
            body: String::new(),
        };
        let variant = deliveries::add_variant(&mut tx, &variant).await.unwrap();
        let mut rows = vec![];
        for number in 0..readers {
            let address = Address::parse(&format!("reader{number}@example.org")).unwrap();
            subscribers::put(&mut tx, &subscriber(number, address.clone()), now).await.unwrap();
            let subscriber = subscribers::by_address(&mut tx, &address).await.unwrap().unwrap().id;
            rows.push(NewDelivery { subscriber, variant, due: now });
        }
        deliveries::queue(&mut tx, edition, &rows, now).await.unwrap();
        editions::move_state(&mut tx, edition, EditionState::Compiling, EditionState::Sending)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self { store, edition, _folder: folder }
    }

    async fn claim(&self, limit: i64) -> Vec<Claim> {
        let mut tx = self.store.write().await.unwrap();
        let claims =
            claim::claim(&mut tx, self.edition, "one", from_millis(NOW), limit).await.unwrap();
        tx.commit().await.unwrap();
        claims
    }

    async fn note(&self, of: &[(Ticket, Note)]) -> Vec<bool> {
        let of: Vec<(Ticket, &Note)> = of.iter().map(|(ticket, note)| (*ticket, note)).collect();
        let mut tx = self.store.write().await.unwrap();
        let answers = notes(&mut tx, &of, from_millis(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        answers
    }

    async fn counts(&self) -> Vec<(State, i64)> {
        let mut tx = self.store.read().await.unwrap();
        let mut counts = deliveries::counts(&mut tx, self.edition).await.unwrap();
        counts.sort_unstable();
        counts
    }
}

fn subscriber(number: usize, address: Address) -> Subscriber {
    Subscriber {
        id: 0,
        uid: uuid::Uuid::from_u128(100 + number as u128),
        address,
        name: format!("Reader {number}"),
        standing: Standing::Active,
        regions: vec![],
        timezone: None,
        language: None,
        digests: vec![],
        consent: String::new(),
        attributes: std::collections::BTreeMap::default(),
        created: from_millis(NOW),
    }
}

fn sent() -> Note {
    Note::Sent { reply: "250 2.0.0 \"Ok\": it's 100% \u{1F4EC}".into() }
}

#[tokio::test]
async fn a_claim_brings_each_row_with_its_person() {
    let ledger = Ledger::of(5).await;

    let (three, two) = (ledger.claim(3).await, ledger.claim(10).await);

    let who: Vec<(&str, &str)> =
        three.iter().chain(&two).map(|c| (c.address.as_str(), c.name.as_str())).collect();
    assert_eq!(three.len(), 3);
    assert_eq!(who.len(), 5);
    assert!(who.contains(&("reader4@example.org", "Reader 4")));
    assert!(three.iter().chain(&two).all(|claim| claim.active && claim.ticket.attempt == 1));
}

#[tokio::test]
async fn many_notes_are_written_and_a_row_that_is_not_ours_is_told_apart() {
    let ledger = Ledger::of(4).await;
    let tickets: Vec<Ticket> = ledger.claim(4).await.iter().map(|claim| claim.ticket).collect();
    let mut tx = ledger.store.write().await.unwrap();
    subscribers::erase(&mut tx, tickets[1].subscriber, from_millis(NOW)).await.unwrap();
    tx.commit().await.unwrap();
    let later = Ticket { attempt: 2, ..tickets[2] };

    let handing = ledger
        .note(&[
            (tickets[0], Note::Handing),
            (tickets[1], Note::Handing),
            (later, Note::Handing),
            (tickets[3], Note::Handing),
        ])
        .await;
    let ends = ledger
        .note(&[
            (tickets[0], sent()),
            (tickets[1], Note::Dropped),
            (tickets[2], sent()),
            (tickets[3], Note::Held { reply: "nobody knows".into() }),
        ])
        .await;

    assert_eq!(handing, [true, false, false, true]);
    // The third was never `handing`, so nothing can have been sent.
    assert_eq!(ends, [true, true, false, true]);
    let expected = [(State::Claimed, 1), (State::Sent, 1), (State::Cancelled, 1), (State::Held, 1)];
    assert_eq!(ledger.counts().await, expected);
}

#[tokio::test]
async fn notes_written_a_second_time_after_a_commit_that_may_have_happened_are_ours() {
    let ledger = Ledger::of(2).await;
    let tickets: Vec<Ticket> = ledger.claim(2).await.iter().map(|claim| claim.ticket).collect();
    let hand: Vec<(Ticket, Note)> = tickets.iter().map(|t| (*t, Note::Handing)).collect();
    let send: Vec<(Ticket, Note)> = tickets.iter().map(|t| (*t, sent())).collect();

    assert_eq!(ledger.note(&hand).await, [true, true]);
    assert_eq!(ledger.note(&hand).await, [true, true]);
    assert_eq!(ledger.note(&send).await, [true, true]);
    assert_eq!(ledger.note(&send).await, [true, true]);

    // What is sent is never handed over again.
    assert_eq!(ledger.note(&hand).await, [false, false]);
    assert_eq!(ledger.counts().await, [(State::Sent, 2)]);
}

#[tokio::test]
async fn every_statement_that_a_mail_takes_finds_its_rows_by_a_key() {
    let ledger = Ledger::of(1).await;
    for text in [HANDING.for_sqlite(), SENT.for_sqlite(), STAND.for_sqlite()] {
        let plan = plan(&ledger.store, text).await;

        assert!(
            plan.contains("SEARCH deliveries USING PRIMARY KEY (edition_id=? AND subscriber_id=?)"),
            "{text}\n{plan}"
        );
    }
}

async fn plan(store: &Store, text: &str) -> String {
    let Tx::Sqlite(mut tx) = store.read().await.unwrap() else { panic!("this store is on SQLite") };
    let rows: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("explain query plan {text}")))
            .bind("[]")
            .bind("sent")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    rows.into_iter().map(|row| row.3 + "\n").collect()
}
