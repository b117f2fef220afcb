//! The small nouns: keys and instances, feeds, suppressions, inbox, media,
//! labels, sources.

use gazetted::source::Memory;
use gazetted::store::sources::SourceState;
use gazetted::store::{feeds, inbox, keys, labels, media, sources, suppressions};

use super::samples::t;
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_secret_is_drawn_once,
    instances_are_struck_by_silence_by_name_and_by_kind,
    a_feed_changes_when_its_bytes_do_and_never_twice_in_a_second,
    suppressions_are_kept_by_hash_and_listed_by_page,
    the_inbox_keeps_one_mail_for_a_message_id,
    an_image_is_kept_once,
    labels_are_counted_and_the_first_is_told,
    a_source_is_remembered_between_visits,
);

async fn a_secret_is_drawn_once(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let bytes: Vec<u8> = (0..=255).collect();

    assert_eq!(keys::secret(&mut tx, "salt", &bytes, t(0)).await.unwrap(), bytes);
    assert_eq!(keys::secret(&mut tx, "salt", b"other", t(1)).await.unwrap(), bytes);
    assert_eq!(keys::secret(&mut tx, "token", b"other", t(1)).await.unwrap(), b"other");
}

async fn instances_are_struck_by_silence_by_name_and_by_kind(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for (name, kind, seen) in
        [("a", "serve", 1), ("b", "serve", 2), ("c", "once", 3), ("d", "once", 4)]
    {
        keys::beat(&mut tx, name, kind, t(seen)).await.unwrap();
    }
    keys::beat(&mut tx, "a", "serve", t(9)).await.unwrap();

    assert_eq!(keys::strike_silent(&mut tx, t(3)).await.unwrap(), 1, "b; c was seen just then");
    keys::strike(&mut tx, "d").await.unwrap();
    keys::strike(&mut tx, "d").await.unwrap();
    keys::strike_daemons(&mut tx).await.unwrap();
    assert_eq!(keys::strike_silent(&mut tx, t(1_000)).await.unwrap(), 1, "only c was left");
}

async fn a_feed_changes_when_its_bytes_do_and_never_twice_in_a_second(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(feeds::known(&mut tx, "/all.rss", "one").await.unwrap(), None);

    assert_eq!(feeds::changed(&mut tx, "/all.rss", "one", t(5)).await.unwrap(), t(5));
    assert_eq!(feeds::changed(&mut tx, "/all.rss", "one", t(9)).await.unwrap(), t(5));
    assert_eq!(feeds::known(&mut tx, "/all.rss", "one").await.unwrap(), Some(t(5)));
    assert_eq!(feeds::known(&mut tx, "/all.rss", "two").await.unwrap(), None);
    assert_eq!(feeds::changed(&mut tx, "/all.rss", "two", t(5)).await.unwrap(), t(6));
    assert_eq!(feeds::changed(&mut tx, "/all.rss", "three", t(3)).await.unwrap(), t(7));
    assert_eq!(feeds::changed(&mut tx, "/all.rss", "one", t(20)).await.unwrap(), t(20));
    assert_eq!(feeds::changed(&mut tx, "/other.rss", "one", t(5)).await.unwrap(), t(5));
}

async fn suppressions_are_kept_by_hash_and_listed_by_page(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for (hash, email) in [("c", Some("c@example.org")), ("a", None), ("b", Some("b@example.org"))] {
        suppressions::add(&mut tx, hash, email, "bounced", t(1)).await.unwrap();
    }
    suppressions::add(&mut tx, "b", Some("x@example.org"), "again", t(9)).await.unwrap();

    let all = suppressions::list(&mut tx, "", 9).await.unwrap();
    let told: Vec<(&str, Option<&str>, &str)> =
        all.iter().map(|s| (s.hash.as_str(), s.email.as_deref(), s.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            ("a", None, "bounced"),
            ("b", Some("b@example.org"), "bounced"),
            ("c", Some("c@example.org"), "bounced"),
        ]
    );
    assert_eq!(all[1].created, t(1));
    assert_eq!(suppressions::list(&mut tx, "a", 1).await.unwrap(), all[1..2]);
    assert!(suppressions::contains(&mut tx, "b").await.unwrap());
    suppressions::forget(&mut tx, "b").await.unwrap();
    assert!(suppressions::contains(&mut tx, "b").await.unwrap());
    assert_eq!(suppressions::list(&mut tx, "a", 1).await.unwrap()[0].email, None);
    assert!(suppressions::remove(&mut tx, "b").await.unwrap());
    assert!(!suppressions::remove(&mut tx, "b").await.unwrap());
    assert!(!suppressions::contains(&mut tx, "b").await.unwrap());
}

async fn the_inbox_keeps_one_mail_for_a_message_id(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let message: Vec<u8> = (0..=255).collect();
    for (number, id) in ["<1@x>", "<2@x>", "<3@x>", "<2@x>"].into_iter().enumerate() {
        let body = if number == 3 { message.as_slice() } else { b"first" };
        inbox::put(&mut tx, id, "from@x", "to@x", body, t(1)).await.unwrap();
    }

    assert_eq!(inbox::count(&mut tx).await.unwrap(), 3);
    let latest = inbox::latest(&mut tx, 9).await.unwrap();
    let bodies: Vec<&[u8]> = latest.iter().map(|mail| mail.message.as_slice()).collect();
    assert_eq!(bodies, [b"first".as_slice(), &message, b"first"]);
    assert!(latest.is_sorted_by(|a, b| a.id > b.id));
    assert_eq!(inbox::latest(&mut tx, 1).await.unwrap(), latest[..1]);
    assert_eq!(inbox::below(&mut tx, latest[0].id, 9).await.unwrap(), latest[1..]);
    assert_eq!(inbox::below(&mut tx, latest[0].id, 1).await.unwrap(), latest[1..2]);
    assert_eq!(inbox::get(&mut tx, latest[1].id).await.unwrap(), Some(latest[1].clone()));
    assert_eq!((latest[1].recipient.as_str(), latest[1].received), ("to@x", t(1)));
    assert_eq!(inbox::get(&mut tx, 999).await.unwrap(), None);
}

async fn an_image_is_kept_once(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let bytes: Vec<u8> = (0..=255).rev().collect();

    media::put(&mut tx, "x.png", "image/png", &bytes, Some((40, 30)), t(1)).await.unwrap();
    media::put(&mut tx, "x.png", "image/gif", b"other", None, t(2)).await.unwrap();

    let stored = media::get(&mut tx, "x.png").await.unwrap().unwrap();
    assert_eq!((stored.mime.as_str(), &stored.bytes), ("image/png", &bytes));
    assert_eq!(media::get(&mut tx, "y.png").await.unwrap(), None);
}

async fn labels_are_counted_and_the_first_is_told(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert!(labels::note(&mut tx, "wire", "MENA", 1, t(0)).await.unwrap());
    assert!(!labels::note(&mut tx, "wire", "MENA", 2, t(1)).await.unwrap());
    assert!(labels::note(&mut tx, "wire", "Balkans", 3, t(1)).await.unwrap());
    assert!(labels::note(&mut tx, "other", "Balkans", 4, t(1)).await.unwrap());

    let all = labels::list(&mut tx, 9).await.unwrap();

    let told: Vec<(&str, &str, i64, i64)> =
        all.iter().map(|l| (l.source.as_str(), l.label.as_str(), l.article_id, l.pieces)).collect();
    assert_eq!(
        told,
        [("wire", "MENA", 1, 2), ("other", "Balkans", 4, 1), ("wire", "Balkans", 3, 1)]
    );
    assert_eq!(labels::list(&mut tx, 1).await.unwrap(), all[..1]);
}

async fn a_source_is_remembered_between_visits(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(sources::get(&mut tx, "wire").await.unwrap(), None);
    let mut state = SourceState {
        name: "wire".to_owned(),
        memory: Memory {
            etag: Some("\"é\"".to_owned()),
            last_modified: Some("Tue".to_owned()),
            body_hash: None,
            ..Memory::default()
        },
        visited: Some(t(1)),
        changed: None,
        next_visit: t(2),
        failures: 3,
        last_error: Some("it said «no»".to_owned()),
        notice: Some("moved".to_owned()),
    };

    sources::put(&mut tx, &state).await.unwrap();
    assert_eq!(sources::get(&mut tx, "wire").await.unwrap(), Some(state.clone()));
    state.failures = 0;
    state.last_error = None;
    state.changed = Some(t(5));
    sources::put(&mut tx, &state).await.unwrap();
    let other = SourceState { name: "a".to_owned(), ..state.clone() };
    sources::put(&mut tx, &other).await.unwrap();

    assert_eq!(sources::list(&mut tx).await.unwrap(), [other, state]);
}
