//! Editions and what each digest remembers.

use gazetted::article::ArticleId;
use gazetted::store::articles;
use gazetted::store::editions::{self, EditionRow, EditionState, NewEdition};

use super::samples::{self, edition, piece, sending, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_digest_is_known_from_the_first_look_on,
    a_slot_is_taken_once_and_only_forward,
    a_slot_has_one_edition,
    editions_are_numbered_by_digest_and_found_by_number,
    a_piece_is_in_one_edition_of_a_digest,
    candidates_are_new_pieces_newest_first,
    the_mark_of_settled_pieces_only_moves_forward,
    an_edition_moves_only_from_where_it_is,
    deliveries_are_written_by_one_machine_at_a_time,
    an_edition_is_done_when_no_delivery_is_open,
);

async fn a_digest_is_known_from_the_first_look_on(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(editions::peek_digest(&mut tx, "daily").await.unwrap(), None);

    let first = editions::digest(&mut tx, "daily", t(1)).await.unwrap();
    let second = editions::digest(&mut tx, "daily", t(9)).await.unwrap();

    assert_eq!(first, second);
    assert_eq!((first.known_since, first.last_slot, first.horizon), (t(1), None, None));
    assert_eq!(first.settled_below, ArticleId(0));
    assert_eq!(editions::peek_digest(&mut tx, "daily").await.unwrap(), Some(first));
}

async fn a_slot_is_taken_once_and_only_forward(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert!(!editions::take_slot(&mut tx, "daily", 10).await.unwrap(), "it is not known yet");
    editions::digest(&mut tx, "daily", t(0)).await.unwrap();

    assert!(editions::take_slot(&mut tx, "daily", 10).await.unwrap());
    assert!(!editions::take_slot(&mut tx, "daily", 10).await.unwrap());
    assert!(!editions::take_slot(&mut tx, "daily", 9).await.unwrap());
    assert!(editions::take_slot(&mut tx, "daily", 11).await.unwrap());

    let state = editions::peek_digest(&mut tx, "daily").await.unwrap().unwrap();
    assert_eq!(state.last_slot, Some(11));
}

async fn a_slot_has_one_edition(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let first = edition(&mut tx, 5).await;
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    let uid = uuid::Uuid::new_v4();
    let again = NewEdition { uid, digest: "daily", slot: 5, frozen: t(9), title: "x", frame: "{}" };
    assert_eq!(editions::insert(&mut tx, &again).await.unwrap(), None);
    let other = NewEdition { digest: "weekly", ..again };
    assert!(editions::insert(&mut tx, &other).await.unwrap().is_some());

    assert_eq!(editions::get(&mut tx, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(
        (first.number, first.state, first.frozen, first.settled, first.compiled_to),
        (1, EditionState::Compiling, t(5), None, 0)
    );
    assert_eq!((first.title.as_str(), first.frame.as_str()), ("The day", "{}"));
    assert_eq!(editions::get(&mut tx, 999).await.unwrap(), None);
}

async fn editions_are_numbered_by_digest_and_found_by_number(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(editions::newest(&mut tx).await.unwrap(), 0);
    let uid = uuid::Uuid::new_v4();
    let weekly =
        NewEdition { uid, digest: "weekly", slot: 1, frozen: t(50), title: "W", frame: "{}" };
    let first = edition(&mut tx, 1).await;
    let weekly = editions::insert(&mut tx, &weekly).await.unwrap().unwrap();
    let second = edition(&mut tx, 2).await;
    let third = edition(&mut tx, 3).await;

    assert_eq!([first.number, second.number, third.number, weekly.number], [1, 2, 3, 1]);
    assert_eq!(editions::newest(&mut tx).await.unwrap(), third.id);
    assert_eq!(editions::by_number(&mut tx, "daily", 2).await.unwrap(), Some(second.clone()));
    assert_eq!(editions::by_number(&mut tx, "daily", 4).await.unwrap(), None);
    assert_eq!(editions::by_number(&mut tx, "none", 1).await.unwrap(), None);
    assert_eq!(
        editions::below(&mut tx, "daily", 3, 9).await.unwrap(),
        [second.clone(), first.clone()]
    );
    assert_eq!(editions::below(&mut tx, "daily", 3, 1).await.unwrap().len(), 1);
    let latest = editions::latest(&mut tx, Some("daily"), 2).await.unwrap();
    assert_eq!(latest, [third.clone(), second.clone()]);
    let of_all = editions::latest(&mut tx, None, 9).await.unwrap();
    assert_eq!(of_all, [third.clone(), second.clone(), weekly.clone(), first.clone()]);
    assert_eq!(editions::open(&mut tx).await.unwrap(), [first, weekly, second, third]);
}

async fn a_piece_is_in_one_edition_of_a_digest(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let article = articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
    let other = articles::insert(&mut tx, &piece("2", &["asia"], t(1))).await.unwrap();
    let first = edition(&mut tx, 1).await;
    let second = edition(&mut tx, 2).await;
    editions::add_article(&mut tx, &first, 2, article, "frozen 1").await.unwrap();
    editions::add_article(&mut tx, &first, 1, other, "frozen 2").await.unwrap();
    assert_eq!(editions::pieces(&mut tx, first.id).await.unwrap(), ["frozen 2", "frozen 1"]);
    assert!(editions::pieces(&mut tx, second.id).await.unwrap().is_empty());
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    assert!(editions::add_article(&mut tx, &second, 1, article, "again").await.is_err());
    drop(tx);

    let mut tx = store.write().await.unwrap();
    let weekly = EditionRow { digest: "weekly".to_owned(), ..second };
    editions::add_article(&mut tx, &weekly, 1, article, "elsewhere").await.unwrap();
}

async fn candidates_are_new_pieces_newest_first(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(editions::highest_article(&mut tx).await.unwrap(), ArticleId(0));
    let mut ids = vec![];
    for (number, at) in [(0_i64, 50), (1, 40), (2, 30), (3, 20), (4, 10)] {
        let fresh = piece(&number.to_string(), &["asia"], t(at));
        ids.push(articles::insert(&mut tx, &fresh).await.unwrap());
    }
    let edition = edition(&mut tx, 1).await;
    editions::add_article(&mut tx, &edition, 1, ids[1], "x").await.unwrap();
    articles::withdraw(&mut tx, ids[2], t(60)).await.unwrap();

    let mut found = async |digest: &str, horizon: i64, above: i64, limit: i64| -> Vec<ArticleId> {
        let cards = editions::candidates(&mut tx, digest, t(horizon), ArticleId(above), limit);
        cards.await.unwrap().into_iter().map(|card| card.id).collect()
    };

    assert_eq!(found("daily", 0, 0, 9).await, [ids[0], ids[3], ids[4]]);
    assert_eq!(found("weekly", 0, 0, 9).await, [ids[0], ids[1], ids[3], ids[4]]);
    assert_eq!(found("daily", 20, 0, 9).await, [ids[0], ids[3]], "the horizon itself is in");
    assert_eq!(found("daily", 0, ids[0].0, 9).await, [ids[3], ids[4]]);
    assert_eq!(found("daily", 0, 0, 1).await, [ids[0]]);
    assert_eq!(editions::highest_article(&mut tx).await.unwrap(), ids[4]);
}

async fn the_mark_of_settled_pieces_only_moves_forward(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    editions::digest(&mut tx, "daily", t(0)).await.unwrap();

    editions::settle_articles(&mut tx, "daily", t(3), ArticleId(7)).await.unwrap();
    editions::settle_articles(&mut tx, "daily", t(4), ArticleId(6)).await.unwrap();

    let state = editions::peek_digest(&mut tx, "daily").await.unwrap().unwrap();
    assert_eq!((state.horizon, state.settled_below), (Some(t(3)), ArticleId(7)));
}

async fn an_edition_moves_only_from_where_it_is(database: Database) {
    use EditionState::{Cancelled, Compiling, Done, Paused, Sending};
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = edition(&mut tx, 1).await.id;

    assert!(!editions::move_state(&mut tx, id, Sending, Paused).await.unwrap());
    assert!(editions::move_state(&mut tx, id, Compiling, Sending).await.unwrap());
    assert!(!editions::move_state(&mut tx, id, Compiling, Sending).await.unwrap());
    assert!(!editions::move_state(&mut tx, 999, Sending, Paused).await.unwrap());

    for state in [Paused, Sending, Cancelled] {
        let now = editions::get(&mut tx, id).await.unwrap().unwrap().state;
        assert!(editions::move_state(&mut tx, id, now, state).await.unwrap());
        assert_eq!(editions::get(&mut tx, id).await.unwrap().unwrap().state, state);
    }
    assert!(editions::open(&mut tx).await.unwrap().is_empty(), "cancelled is not open");
    assert_eq!(
        [Compiling, Sending, Paused, Cancelled, Done].map(EditionState::as_str),
        ["compiling", "sending", "paused", "cancelled", "done"]
    );
}

async fn deliveries_are_written_by_one_machine_at_a_time(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = edition(&mut tx, 1).await.id;

    assert!(editions::set_compiled_to(&mut tx, id, 0, 100).await.unwrap());
    assert!(!editions::set_compiled_to(&mut tx, id, 0, 100).await.unwrap(), "somebody else did");
    assert!(editions::set_compiled_to(&mut tx, id, 100, 200).await.unwrap());
    assert_eq!(editions::get(&mut tx, id).await.unwrap().unwrap().compiled_to, 200);
    let to = EditionState::Cancelled;
    editions::move_state(&mut tx, id, EditionState::Compiling, to).await.unwrap();
    assert!(!editions::set_compiled_to(&mut tx, id, 200, 300).await.unwrap(), "it was cancelled");
    assert!(!editions::complete(&mut tx, id).await.unwrap(), "it was cancelled");
    assert!(!editions::resume(&mut tx, id).await.unwrap(), "it was cancelled");
}

async fn an_edition_is_done_when_no_delivery_is_open(database: Database) {
    use gazetted::store::claim;
    use gazetted::store::deliveries::Note;
    let store = database.open().await;
    let (id, _) = sending(&store, 1, 2).await;
    let mut tx = store.write().await.unwrap();

    assert!(editions::has_open(&mut tx, id).await.unwrap());
    assert!(!editions::settle(&mut tx, id, t(9)).await.unwrap(), "queued rows are open");
    let claims = claim::claim(&mut tx, id, "here", t(100), 10).await.unwrap();
    assert_eq!(claims.len(), 2);
    assert!(editions::has_open(&mut tx, id).await.unwrap());
    assert!(!editions::settle(&mut tx, id, t(9)).await.unwrap(), "claimed rows are open");
    let reply = || "no".to_owned();
    for claim in &claims {
        let refused = Note::Refused { reply: reply() };
        assert!(samples::note(&mut tx, &claim.ticket, &refused, t(5)).await.unwrap());
    }
    assert!(!editions::has_open(&mut tx, id).await.unwrap());
    assert!(editions::settle(&mut tx, id, t(9)).await.unwrap());
    assert!(!editions::settle(&mut tx, id, t(9)).await.unwrap());
    let row = editions::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((row.state, row.settled), (EditionState::Done, Some(t(9))));
}
