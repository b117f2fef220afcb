//! Copies of one piece from several sources.

use gazetted::article::ArticleId;
use gazetted::store::articles::{self, Filter};
use gazetted::store::copies;

use super::samples::{piece, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_copy_comes_back_as_it_went_in_and_is_known_by_its_source,
    a_copy_that_is_let_go_is_remembered_and_stands_on_no_shelf,
    a_piece_at_the_same_address_is_found_for_other_sources_only,
);

async fn a_copy_comes_back_as_it_went_in_and_is_known_by_its_source(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    articles::in_turn(&mut tx).await.unwrap();
    let id = articles::insert(&mut tx, &piece("1", &["asia/japan"], t(5))).await.unwrap();
    let mut copy = piece("x", &["africa"], t(6));
    "feed".clone_into(&mut copy.card.source);
    copies::put(&mut tx, id, &copy).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    let found = copies::of(&mut tx, id).await.unwrap();
    let back = found[0].piece.as_ref().unwrap();
    assert_eq!((found.len(), found[0].source.as_str(), found[0].guid.as_str()), (1, "feed", "x"));
    assert_eq!((&back.text, &back.html, &back.hash), (&copy.text, &copy.html, &copy.hash));
    assert_eq!((&back.labels, &back.reasons), (&copy.labels, &copy.reasons));
    let mut expected = copy.card.clone();
    (expected.id, expected.uid) = (id, back.card.uid);
    assert_eq!(back.card, expected);
    let known = articles::known(&mut tx, "feed", "x").await.unwrap().unwrap();
    assert_eq!((known.id, known.shown, known.withdrawn, known.hash), (id, false, false, copy.hash));
    assert_eq!(articles::guids(&mut tx, "feed").await.unwrap(), [("x".to_owned(), id)]);
    let (shown, withdrawn) = articles::fresh(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(
        (shown.card.guid.as_str(), shown.hash.as_str(), withdrawn),
        ("1", "hash of 1", false)
    );
    assert!(articles::fresh(&mut tx, ArticleId(999)).await.unwrap().is_none());

    copies::remove(&mut tx, "feed", "x").await.unwrap();
    assert!(copies::of(&mut tx, id).await.unwrap().is_empty());
    assert!(articles::known(&mut tx, "feed", "x").await.unwrap().is_none());
}

async fn a_copy_that_is_let_go_is_remembered_and_stands_on_no_shelf(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = articles::insert(&mut tx, &piece("1", &["asia"], t(5))).await.unwrap();
    let mut copy = piece("x", &["asia"], t(5));
    "feed".clone_into(&mut copy.card.source);
    copies::put(&mut tx, id, &copy).await.unwrap();
    let shelf = Filter { shelf: Some("source/feed".to_owned()), ..Filter::default() };
    let before = articles::revision(&mut tx).await.unwrap();

    articles::reshelve_copies(&mut tx, id).await.unwrap();
    assert_eq!(articles::list(&mut tx, &shelf, 9).await.unwrap().len(), 1);
    assert_eq!(articles::changes(&mut tx, before, 9).await.unwrap().len(), 1);

    assert_eq!(copies::let_go(&mut tx, "feed", "x").await.unwrap(), Some(id));
    assert_eq!(copies::let_go(&mut tx, "feed", "x").await.unwrap(), None, "only once");
    articles::reshelve_copies(&mut tx, id).await.unwrap();
    assert!(articles::list(&mut tx, &shelf, 9).await.unwrap().is_empty());
    assert_eq!(articles::count(&mut tx).await.unwrap(), 1, "the piece itself stays");
    assert!(copies::of(&mut tx, id).await.unwrap()[0].piece.is_none());
    assert!(articles::known(&mut tx, "feed", "x").await.unwrap().unwrap().withdrawn);
    assert!(articles::guids(&mut tx, "feed").await.unwrap().is_empty());
}

async fn a_piece_at_the_same_address_is_found_for_other_sources_only(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = articles::insert(&mut tx, &piece("1", &["asia"], t(5))).await.unwrap();
    let same = "http://www.magazine.example/1/?utm_source=x#top";

    assert_eq!(articles::elsewhere(&mut tx, "feed", same).await.unwrap(), [id]);
    assert!(articles::elsewhere(&mut tx, "magazine", same).await.unwrap().is_empty());
    assert!(
        articles::elsewhere(&mut tx, "feed", "https://magazine.example/11")
            .await
            .unwrap()
            .is_empty()
    );
    articles::withdraw(&mut tx, id, t(9)).await.unwrap();
    assert_eq!(articles::elsewhere(&mut tx, "feed", same).await.unwrap(), [id], "withdrawn too");

    let mut copy = piece("x", &["asia"], t(5));
    "feed".clone_into(&mut copy.card.source);
    copies::put(&mut tx, id, &copy).await.unwrap();
    assert!(articles::elsewhere(&mut tx, "feed", same).await.unwrap().is_empty(), "it has one");
}
