//! What came back of mails.

use gazetted::store::Tx;
use gazetted::store::feedback::{self, Entry};

use super::samples::{let_in, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_report_is_kept_once_with_what_it_did,
    soft_bounces_count_from_the_last_end,
    what_others_said_of_a_reader_can_be_erased,
    reports_are_counted_by_kind,
    a_mailbox_is_read_forward,
);

fn report(key: &str, subscriber: i64, kind: &'static str) -> Entry {
    Entry {
        key: key.to_owned(),
        subscriber,
        edition: None,
        kind,
        via: "lmtp".to_owned(),
        status: Some("4.2.2".to_owned()),
        words: "the mailbox of «größe» is full".to_owned(),
    }
}

async fn a_report_is_kept_once_with_what_it_did(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let anna = let_in(&mut tx, "anna@example.org").await;
    let edition = super::samples::edition(&mut tx, 1).await.id;
    let whole = Entry { edition: Some(edition), ..report("k1", anna, "soft") };

    let id = feedback::add(&mut tx, &whole, t(1)).await.unwrap().expect("it is new");
    assert_eq!(feedback::add(&mut tx, &report("k1", anna, "hard"), t(2)).await.unwrap(), None);
    feedback::add(&mut tx, &Entry { status: None, ..report("k2", anna, "hard") }, t(3))
        .await
        .unwrap();
    feedback::set_effect(&mut tx, id, "counted").await.unwrap();

    let known = feedback::about(&mut tx, anna, 9).await.unwrap();
    assert_eq!(known.len(), 2);
    let newest = (known[0].kind.as_str(), known[0].effect.as_str(), known[0].received);
    assert_eq!(newest, ("hard", "none", t(3)));
    assert_eq!((known[0].status.as_deref(), known[0].edition), (None, None));
    let first = &known[1];
    assert_eq!((first.effect.as_str(), first.edition), ("counted", Some(edition)));
    assert_eq!((first.via.as_str(), first.status.as_deref()), ("lmtp", Some("4.2.2")));
    assert_eq!(first.words, whole.words);
    assert_eq!(feedback::about(&mut tx, anna, 1).await.unwrap(), known[..1]);
    assert!(feedback::about(&mut tx, anna + 1, 9).await.unwrap().is_empty());
}

async fn soft_bounces_count_from_the_last_end(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let anna = let_in(&mut tx, "anna@example.org").await;
    let bert = let_in(&mut tx, "bert@example.org").await;
    let since = async |tx: &mut Tx| feedback::soft_since_the_end(tx, anna).await.unwrap();

    for (n, kind) in (1..).zip(["soft", "soft", "sender"]) {
        let entry = report(&format!("k{n}"), anna, kind);
        feedback::add(&mut tx, &entry, t(n)).await.unwrap();
    }
    feedback::add(&mut tx, &report("b", bert, "soft"), t(9)).await.unwrap();
    assert_eq!(since(&mut tx).await, [t(2), t(1)], "newest first");

    let last = feedback::add(&mut tx, &report("k4", anna, "soft"), t(4)).await.unwrap().unwrap();
    feedback::set_effect(&mut tx, last, "suppressed").await.unwrap();
    assert!(since(&mut tx).await.is_empty());
    feedback::add(&mut tx, &report("k5", anna, "soft"), t(5)).await.unwrap();
    assert_eq!(since(&mut tx).await, [t(5)]);
}

async fn what_others_said_of_a_reader_can_be_erased(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let anna = let_in(&mut tx, "anna@example.org").await;
    let bert = let_in(&mut tx, "bert@example.org").await;
    feedback::add(&mut tx, &report("a", anna, "soft"), t(1)).await.unwrap();
    feedback::add(&mut tx, &report("b", bert, "soft"), t(1)).await.unwrap();

    feedback::forget(&mut tx, anna).await.unwrap();

    assert_eq!(feedback::about(&mut tx, anna, 9).await.unwrap()[0].words, "");
    assert_ne!(feedback::about(&mut tx, bert, 9).await.unwrap()[0].words, "");
}

async fn reports_are_counted_by_kind(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let anna = let_in(&mut tx, "anna@example.org").await;
    for (n, kind) in (1..).zip(["soft", "hard", "soft"]) {
        let entry = report(&format!("k{n}"), anna, kind);
        feedback::add(&mut tx, &entry, t(n)).await.unwrap();
    }

    assert_eq!(feedback::count(&mut tx, "soft").await.unwrap(), 1);
    assert_eq!(feedback::count(&mut tx, "reply").await.unwrap(), 1);
    assert_eq!(feedback::count(&mut tx, "soft").await.unwrap(), 2);
    let totals = feedback::totals(&mut tx).await.unwrap();
    assert_eq!(totals, [("reply".to_owned(), 1), ("soft".to_owned(), 2)]);
    let all = feedback::since(&mut tx, t(1)).await.unwrap();
    assert_eq!(all, [("hard".to_owned(), 1), ("soft".to_owned(), 2)]);
    assert_eq!(feedback::since(&mut tx, t(3)).await.unwrap(), [("soft".to_owned(), 1)]);
}

async fn a_mailbox_is_read_forward(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(feedback::mailbox(&mut tx, "INBOX").await.unwrap(), None);

    for (validity, last, now) in
        [(7, 10, (7, 10)), (7, 9, (7, 10)), (7, 11, (7, 11)), (8, 2, (8, 2))]
    {
        feedback::set_mailbox(&mut tx, "INBOX", validity, last).await.unwrap();
        assert_eq!(feedback::mailbox(&mut tx, "INBOX").await.unwrap(), Some(now));
    }
    assert_eq!(feedback::mailbox(&mut tx, "Other").await.unwrap(), None);
}
