//! Shelves: what feeds are made of, and what is remembered of feeds.

use gazetted::article::{ArticleId, Label, LabelKind, identity};
use gazetted::store::editions::EditionState;
use gazetted::store::feeds::{self, Stretch, Which};
use gazetted::store::{Tx, articles};

use super::samples::{piece, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_shelf_counts_what_stands_on_it_and_tells_its_places_newest_first,
    shelves_of_a_kind_are_listed_by_name,
    what_was_withdrawn_is_told_with_its_shelves_and_can_come_back,
    a_piece_is_recognised_by_its_address,
    labels_and_tags_of_a_piece_are_kept,
    feeds_are_announced_once_for_their_bytes,
    what_was_made_into_feeds_is_remembered,
);

/// Pieces `1`, `2`, … in these regions, published a second apart.
async fn pieces(tx: &mut Tx, regions: &[&str]) -> Vec<ArticleId> {
    let mut ids = vec![];
    for (n, region) in (1..).zip(regions) {
        let fresh = piece(&n.to_string(), &[region], t(n));
        ids.push(articles::insert(tx, &fresh).await.unwrap());
    }
    ids
}

async fn ids_on(tx: &mut Tx, shelf: &str, stretch: Stretch) -> Vec<i64> {
    feeds::places(tx, shelf, stretch).await.unwrap().iter().map(|place| place.id).collect()
}

async fn a_shelf_counts_what_stands_on_it_and_tells_its_places_newest_first(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let ids = pieces(&mut tx, &["asia/japan", "africa/kenya", "asia/nepal"]).await;
    let all = Stretch { from: None, before: None, limit: 10 };
    let ends = async |tx: &mut Tx, shelf: &str| ids_on(tx, shelf, all).await;

    assert_eq!(ends(&mut tx, "all").await, [ids[2].0, ids[1].0, ids[0].0]);
    assert_eq!(ends(&mut tx, "region/asia").await, [ids[2].0, ids[0].0]);
    assert_eq!(ends(&mut tx, "region/asia/nepal").await, [ids[2].0]);
    for shelf in ["author/asia-desk", "source/magazine", "language/en", "tag/japan"] {
        assert_eq!(ends(&mut tx, shelf).await.len(), 3, "{shelf}");
    }
    let part = Stretch { from: Some(t(2)), before: Some(t(3)), limit: 10 };
    assert_eq!(ids_on(&mut tx, "all", part).await, [ids[1].0]);
    let one = Stretch { limit: 1, ..all };
    assert_eq!(ids_on(&mut tx, "author/asia-desk", one).await, [ids[2].0]);

    let place = feeds::places(&mut tx, "all", one).await.unwrap()[0];
    assert_eq!(gazetted::clock::from_millis(place.published), t(3));
    let rev = articles::revision(&mut tx).await.unwrap();
    let stands =
        async |tx: &mut Tx, published| articles::stood(tx, ids[2], published, rev).await.unwrap();
    assert!(stands(&mut tx, place.published).await);
    assert!(!stands(&mut tx, place.published + 1).await, "it says otherwise");
    assert!(articles::stood(&mut tx, ids[2], 0, place.rev - 1).await.unwrap(), "it changed since");
    assert!(!articles::stood(&mut tx, ArticleId(0), 0, 0).await.unwrap());

    for (shelf, first) in
        [("all", Some(t(2))), ("region/africa", Some(t(2))), ("region/asia", Some(t(3)))]
    {
        assert_eq!(feeds::first_since(&mut tx, shelf, t(2)).await.unwrap(), first, "{shelf}");
    }
    for shelf in ["author/asia-desk", "source/magazine"] {
        assert_eq!(feeds::first_since(&mut tx, shelf, t(2)).await.unwrap(), Some(t(2)), "{shelf}");
        assert_eq!(feeds::first_since(&mut tx, shelf, t(4)).await.unwrap(), None, "{shelf}");
    }
}

async fn shelves_of_a_kind_are_listed_by_name(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let ids = pieces(&mut tx, &["asia/japan", "africa/kenya"]).await;
    let since = articles::revision(&mut tx).await.unwrap();
    articles::withdraw(&mut tx, ids[1], t(9)).await.unwrap();

    let asia = feeds::shelf(&mut tx, "region/asia").await.unwrap().unwrap();
    assert_eq!((asia.key.as_str(), asia.pieces), ("asia", 1));
    let desk = feeds::shelf(&mut tx, "author/asia-desk").await.unwrap().unwrap();
    assert_eq!((desk.title.as_str(), desk.pieces), ("Asia desk", 1));
    assert_eq!(feeds::shelf(&mut tx, "region/europe").await.unwrap(), None);
    let names = async |tx: &mut Tx, kind: &str, which, limit| -> Vec<String> {
        let shelves = feeds::shelves(tx, kind, which, limit).await.unwrap();
        shelves.into_iter().map(|shelf| shelf.key).collect()
    };
    assert_eq!(names(&mut tx, "region", Which::Filled, 9).await, ["asia", "asia/japan"]);
    let ever = ["africa", "africa/kenya", "asia", "asia/japan"];
    assert_eq!(names(&mut tx, "region", Which::All, 9).await, ever);
    assert_eq!(names(&mut tx, "region", Which::All, 2).await, ever[..2]);
    assert!(names(&mut tx, "reg", Which::All, 9).await.is_empty(), "not by half a name");

    let touched = feeds::touched(&mut tx, since).await.unwrap();
    let touched: Vec<&str> = touched.iter().map(|(name, _)| name.as_str()).collect();
    assert!(touched.contains(&"region/africa/kenya") && touched.contains(&"all"), "{touched:?}");
    assert!(!touched.contains(&"region/asia"), "{touched:?}");
}

async fn what_was_withdrawn_is_told_with_its_shelves_and_can_come_back(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let ids = pieces(&mut tx, &["asia/japan", "africa/kenya", "asia"]).await;
    articles::withdraw(&mut tx, ids[0], t(8)).await.unwrap();
    articles::withdraw(&mut tx, ids[1], t(9)).await.unwrap();

    let gone = feeds::withdrawn(&mut tx, 9).await.unwrap();
    assert_eq!(gone, articles::withdrawn(&mut tx, 9).await.unwrap());
    let whens: Vec<_> = gone.iter().map(|one| one.when).collect();
    assert_eq!(whens, [t(9), t(8)], "latest first");
    let uid = identity::mint("magazine", "2");
    assert_eq!(gone[0].uid, uid);
    for shelf in ["all", "region/africa", "region/africa/kenya", "source/magazine"] {
        assert!(gone[0].shelves.iter().any(|name| name == shelf), "{shelf}: {:?}", gone[0]);
    }
    assert_eq!(feeds::withdrawn(&mut tx, 1).await.unwrap().len(), 1);

    let key = identity::key(uid);
    assert!(!articles::restore(&mut tx, "another", &key).await.unwrap());
    assert!(articles::restore(&mut tx, "magazine", &key).await.unwrap());
    assert!(!articles::restore(&mut tx, "magazine", &key).await.unwrap(), "it is there");
    assert_eq!(feeds::withdrawn(&mut tx, 9).await.unwrap().len(), 1);
    assert_eq!(feeds::shelf(&mut tx, "region/africa").await.unwrap().unwrap().pieces, 1);
}

async fn a_piece_is_recognised_by_its_address(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let ids = pieces(&mut tx, &["asia"]).await;
    let title = piece("1", &[], t(1)).card.title;
    let url = "https://magazine.example/1";
    let find = async |tx: &mut Tx, source: &str, url: &str, title: &str, published| {
        articles::looking_like(tx, source, url, title, published).await.unwrap()
    };

    assert_eq!(find(&mut tx, "magazine", url, &title, None).await.as_deref(), Some("1"));
    assert_eq!(find(&mut tx, "magazine", url, "new", Some(t(1))).await.as_deref(), Some("1"));
    assert_eq!(find(&mut tx, "magazine", url, "new", Some(t(2))).await, None);
    assert_eq!(find(&mut tx, "magazine", "https://magazine.example/2", &title, None).await, None);
    assert_eq!(find(&mut tx, "another", url, &title, None).await, None);
    articles::withdraw(&mut tx, ids[0], t(5)).await.unwrap();
    assert_eq!(find(&mut tx, "magazine", url, &title, None).await, None);
}

async fn labels_and_tags_of_a_piece_are_kept(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let mut fresh = piece("1", &["asia"], t(1));
    let label = |kind, words: &[&str]| Label {
        kind,
        path: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    fresh.labels = vec![
        label(LabelKind::Breadcrumb, &["News", "Asia"]),
        label(LabelKind::Category, &["Rivers & Lakes"]),
        label(LabelKind::Tag, &["東京"]),
        label(LabelKind::Tag, &["rivers & lakes"]),
    ];

    let id = articles::insert(&mut tx, &fresh).await.unwrap();

    let labels = articles::labels(&mut tx, id).await.unwrap();
    assert_eq!(labels, fresh.labels);
    let tags = articles::tags(&labels);
    assert_eq!(tags[0].1, "Rivers & Lakes");
    assert_eq!(tags.len(), 2, "a breadcrumb is no tag, and one is one: {tags:?}");
    assert!(articles::labels(&mut tx, ArticleId(0)).await.unwrap().is_empty());
}

async fn feeds_are_announced_once_for_their_bytes(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    feeds::changed(&mut tx, "/b.rss", "one", t(1)).await.unwrap();
    feeds::changed(&mut tx, "/a.rss", "one", t(1)).await.unwrap();
    assert!(feeds::was_made(&mut tx, "/a.rss").await.unwrap());
    assert!(!feeds::was_made(&mut tx, "/c.rss").await.unwrap());
    assert!(feeds::unannounced(&mut tx, 9).await.unwrap().is_empty(), "nobody had other bytes");

    feeds::changed(&mut tx, "/b.rss", "two", t(5)).await.unwrap();
    feeds::changed(&mut tx, "/a.rss", "two", t(5)).await.unwrap();
    let first = ("/a.rss".to_owned(), "two".to_owned());
    assert_eq!(feeds::unannounced(&mut tx, 1).await.unwrap(), [first]);
    assert!(!feeds::announce(&mut tx, "/a.rss", "one").await.unwrap(), "no more the last");
    assert!(feeds::announce(&mut tx, "/a.rss", "two").await.unwrap());
    assert!(!feeds::announce(&mut tx, "/a.rss", "two").await.unwrap(), "once");
    assert_eq!(feeds::unannounced(&mut tx, 9).await.unwrap().len(), 1);
}

async fn what_was_made_into_feeds_is_remembered(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(feeds::followed(&mut tx).await.unwrap(), 0);

    feeds::set_followed(&mut tx, 7).await.unwrap();
    feeds::set_followed(&mut tx, 9).await.unwrap();

    assert_eq!(feeds::followed(&mut tx).await.unwrap(), 9);
}

#[test]
fn an_edition_is_open_while_its_mails_may_go() {
    let open = [EditionState::Compiling, EditionState::Sending].map(EditionState::is_open);
    let closed = [EditionState::Paused, EditionState::Cancelled, EditionState::Done];

    assert_eq!(open, [true, true]);
    assert!(closed.iter().all(|state| !state.is_open()));
}
