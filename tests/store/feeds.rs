//! What feeds are made of.

use gazetted::article::{Label, LabelKind};
use gazetted::store::articles;
use gazetted::store::feeds::{self, Stretch, Which};

use super::samples::{piece, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    every_kind_of_shelf_holds_its_pieces_newest_first,
    a_withdrawn_piece_leaves_its_shelves_and_is_remembered,
    changed_bytes_are_dated_and_announced_once,
);

const WHOLE: Stretch = Stretch { from: None, before: None, limit: 100 };

async fn every_kind_of_shelf_holds_its_pieces_newest_first(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let mut ids = vec![];
    for number in 0..4 {
        let mut fresh = piece(&number.to_string(), &["asia/japan"], t(number * 60));
        fresh.card.authors = vec!["Ana Ruiz".to_owned()];
        fresh.labels = vec![Label { kind: LabelKind::Tag, path: vec!["Rivers".to_owned()] }];
        ids.push(articles::insert(&mut tx, &fresh).await.unwrap().0);
    }
    tx.commit().await.unwrap();
    ids.reverse();

    let mut tx = store.read().await.unwrap();
    let middle = Stretch { from: Some(t(60)), before: Some(t(180)), limit: 100 };
    for shelf in ["all", "region/asia", "region/asia/japan", "author/ana-ruiz", "tag/rivers"] {
        let held = feeds::places(&mut tx, shelf, WHOLE).await.unwrap();
        assert_eq!(held.iter().map(|place| place.id).collect::<Vec<_>>(), ids, "{shelf}");
        let some = feeds::places(&mut tx, shelf, middle).await.unwrap();
        assert_eq!(some.iter().map(|place| place.id).collect::<Vec<_>>(), ids[1..3], "{shelf}");
        assert_eq!(feeds::count(&mut tx, shelf, middle).await.unwrap(), 2, "{shelf}");
        let few = Stretch { limit: 3, ..WHOLE };
        assert_eq!(feeds::count(&mut tx, shelf, few).await.unwrap(), 3, "{shelf}");
        assert_eq!(feeds::first_since(&mut tx, shelf, t(61)).await.unwrap(), Some(t(120)));
        assert_eq!(feeds::first_since(&mut tx, shelf, t(999)).await.unwrap(), None);
        let known = feeds::shelf(&mut tx, shelf).await.unwrap().unwrap();
        assert_eq!(known.pieces, 4, "{shelf}");
    }
    for shelf in ["region/africa", "author/nobody", "tag/none"] {
        assert_eq!(feeds::places(&mut tx, shelf, WHOLE).await.unwrap(), [], "{shelf}");
        assert_eq!(feeds::count(&mut tx, shelf, WHOLE).await.unwrap(), 0, "{shelf}");
        assert_eq!(feeds::shelf(&mut tx, shelf).await.unwrap(), None, "{shelf}");
    }
    let authors = feeds::shelves(&mut tx, "author", Which::Filled, 10).await.unwrap();
    assert_eq!((authors[0].key.as_str(), authors[0].title.as_str()), ("ana-ruiz", "Ana Ruiz"));
}

async fn a_withdrawn_piece_leaves_its_shelves_and_is_remembered(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let fresh = piece("1", &["asia/japan"], t(0));
    let id = articles::insert(&mut tx, &fresh).await.unwrap();
    let before = articles::revision(&mut tx).await.unwrap();
    assert_eq!(feeds::touched(&mut tx, before).await.unwrap(), []);

    assert!(articles::withdraw(&mut tx, id, t(500)).await.unwrap());
    tx.commit().await.unwrap();

    let mut tx = store.read().await.unwrap();
    let touched = feeds::touched(&mut tx, before).await.unwrap();
    let touched: Vec<&str> = touched.iter().map(|(name, _)| name.as_str()).collect();
    for shelf in ["all", "region/asia", "region/asia/japan"] {
        assert!(touched.contains(&shelf), "{shelf}: {touched:?}");
        assert_eq!(feeds::places(&mut tx, shelf, WHOLE).await.unwrap(), []);
    }
    let gone = feeds::withdrawn(&mut tx, 10).await.unwrap();
    assert_eq!((gone[0].uid, gone[0].when, gone.len()), (fresh.card.uid, t(500), 1));
    assert!(gone[0].shelves.contains(&"region/asia".to_owned()));
    assert_eq!(feeds::shelves(&mut tx, "region", Which::Filled, 10).await.unwrap(), []);
    assert_eq!(feeds::shelves(&mut tx, "region", Which::All, 10).await.unwrap().len(), 2);
}

async fn changed_bytes_are_dated_and_announced_once(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert!(!feeds::was_made(&mut tx, "feeds/all.rss").await.unwrap());

    // What nobody had before is no change to anybody.
    assert_eq!(feeds::changed(&mut tx, "feeds/all.rss", "a", t(10)).await.unwrap(), t(10));
    assert_eq!(feeds::unannounced(&mut tx, 10).await.unwrap(), []);
    assert_eq!(feeds::changed(&mut tx, "feeds/all.rss", "a", t(20)).await.unwrap(), t(10));
    // Two changes never share a second.
    assert_eq!(feeds::changed(&mut tx, "feeds/all.rss", "b", t(10)).await.unwrap(), t(11));

    assert!(feeds::was_made(&mut tx, "feeds/all.rss").await.unwrap());
    assert_eq!(feeds::known(&mut tx, "feeds/all.rss", "b").await.unwrap(), Some(t(11)));
    assert_eq!(feeds::known(&mut tx, "feeds/all.rss", "a").await.unwrap(), None);
    let owed = feeds::unannounced(&mut tx, 10).await.unwrap();
    assert_eq!(owed, [("feeds/all.rss".to_owned(), "b".to_owned())]);
    assert!(!feeds::announce(&mut tx, "feeds/all.rss", "a").await.unwrap());
    assert!(feeds::announce(&mut tx, "feeds/all.rss", "b").await.unwrap());
    assert!(!feeds::announce(&mut tx, "feeds/all.rss", "b").await.unwrap());
    assert_eq!(feeds::unannounced(&mut tx, 10).await.unwrap(), []);

    assert_eq!(feeds::followed(&mut tx).await.unwrap(), 0);
    feeds::set_followed(&mut tx, 7).await.unwrap();
    feeds::set_followed(&mut tx, 9).await.unwrap();
    assert_eq!(feeds::followed(&mut tx).await.unwrap(), 9);
    tx.commit().await.unwrap();
}
