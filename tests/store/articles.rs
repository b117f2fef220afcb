//! Articles.

use std::collections::BTreeSet;

use gazetted::article::{ArticleId, identity};
use gazetted::region::{Origin, classify::Reason};
use gazetted::store::articles::{self, Change, Filter};

use super::samples::{piece, region, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_piece_comes_back_as_it_went_in,
    a_piece_is_known_by_source_and_guid_and_there_only_once,
    an_update_changes_what_is_shown_and_keeps_what_is_permanent,
    a_withdrawn_piece_is_in_no_list_until_it_comes_back,
    lists_are_newest_first_by_region_author_and_time_and_page_without_gaps,
    a_region_holds_what_is_inside_it,
    every_change_has_a_revision_and_is_told_once,
    the_operator_moves_a_piece_and_its_provenance_says_so,
    authors_and_regions_are_counted,
    the_fingerprint_of_the_tree_is_remembered,
    titles_find_the_newest,
);

async fn a_piece_comes_back_as_it_went_in(database: Database) {
    let store = database.open().await;
    let fresh = piece("ünïcode/1", &["asia/japan", "africa"], t(5));
    let mut tx = store.write().await.unwrap();

    let id = articles::insert(&mut tx, &fresh).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.read().await.unwrap();
    let mut expected = fresh.card.clone();
    expected.id = id;
    let article = articles::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(article.card, expected);
    assert_eq!(article.html, fresh.html);
    assert_eq!(article.text, fresh.text);
    assert_eq!(articles::card(&mut tx, id).await.unwrap(), Some(expected.clone()));
    let key = identity::key(fresh.card.uid);
    assert_eq!(
        articles::by_key(&mut tx, &key).await.unwrap().map(|found| found.card),
        Some(expected)
    );
    assert_eq!(articles::get(&mut tx, ArticleId(id.0 + 1)).await.unwrap(), None);
    assert_eq!(articles::card(&mut tx, ArticleId(-1)).await.unwrap(), None);
    assert_eq!(articles::by_key(&mut tx, "none").await.unwrap(), None);
}

async fn a_piece_is_known_by_source_and_guid_and_there_only_once(database: Database) {
    let store = database.open().await;
    let fresh = piece("1", &["asia"], t(5));
    let mut tx = store.write().await.unwrap();
    assert_eq!(articles::known(&mut tx, "magazine", "1").await.unwrap(), None);
    let id = articles::insert(&mut tx, &fresh).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    let known = articles::known(&mut tx, "magazine", "1").await.unwrap().unwrap();
    assert_eq!((known.id, known.hash.as_str(), known.withdrawn), (id, "hash of 1", false));
    assert_eq!((known.published, known.updated), (t(5), t(5)));
    assert_eq!(articles::known(&mut tx, "other", "1").await.unwrap(), None);
    assert!(articles::insert(&mut tx, &fresh).await.is_err(), "twice is refused by the database");
    drop(tx);

    let mut tx = store.read().await.unwrap();
    assert_eq!(articles::count(&mut tx).await.unwrap(), 1);
}

async fn an_update_changes_what_is_shown_and_keeps_what_is_permanent(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let first = piece("1", &["asia/japan"], t(5));
    let id = articles::insert(&mut tx, &first).await.unwrap();

    let mut second = piece("1", &["europe"], t(6));
    second.card.title = "Another title".into();
    second.card.authors = vec!["Europe desk".to_owned()];
    second.card.updated = t(9);
    second.text = "Another text".into();
    second.operator_region = Some(region("europe"));
    articles::update(&mut tx, id, &second).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.read().await.unwrap();
    let now = articles::get(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((now.title.as_str(), now.text.as_str()), ("Another title", "Another text"));
    assert_eq!((now.uid, now.first_seen, now.updated), (first.card.uid, t(0), t(9)));
    let known = articles::known(&mut tx, "magazine", "1").await.unwrap().unwrap();
    assert_eq!(known.operator_region, Some(region("europe")));
    let shelf = |name: &str| Filter { region: Some(region(name)), ..Filter::default() };
    assert!(
        articles::list(&mut tx, &shelf("asia"), 9).await.unwrap().is_empty(),
        "off the old shelf"
    );
    assert_eq!(articles::list(&mut tx, &shelf("europe"), 9).await.unwrap().len(), 1);
    assert_eq!(articles::author(&mut tx, "asia-desk").await.unwrap(), None);
    assert_eq!(
        articles::author(&mut tx, "europe-desk").await.unwrap().as_deref(),
        Some("Europe desk")
    );
}

async fn a_withdrawn_piece_is_in_no_list_until_it_comes_back(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let fresh = piece("1", &["asia"], t(5));
    let id = articles::insert(&mut tx, &fresh).await.unwrap();
    let other = articles::insert(&mut tx, &piece("2", &["asia"], t(6))).await.unwrap();

    assert!(articles::withdraw(&mut tx, id, t(10)).await.unwrap());
    assert!(!articles::withdraw(&mut tx, id, t(11)).await.unwrap(), "it is withdrawn already");
    assert!(!articles::withdraw(&mut tx, ArticleId(999), t(11)).await.unwrap());

    assert_eq!(articles::get(&mut tx, id).await.unwrap(), None);
    assert_eq!(articles::card(&mut tx, id).await.unwrap(), None);
    assert_eq!(articles::by_key(&mut tx, &identity::key(fresh.card.uid)).await.unwrap(), None);
    assert_eq!(articles::by_title(&mut tx, &fresh.card.title).await.unwrap(), None);
    assert_eq!(articles::guids(&mut tx, "magazine").await.unwrap(), [("2".to_owned(), other)]);
    assert_eq!(articles::count(&mut tx).await.unwrap(), 1);
    assert_eq!(articles::regions(&mut tx).await.unwrap(), [(region("asia"), 1)]);
    assert!(articles::known(&mut tx, "magazine", "1").await.unwrap().unwrap().withdrawn);

    articles::update(&mut tx, id, &fresh).await.unwrap();
    assert_eq!(articles::count(&mut tx).await.unwrap(), 2);
    assert_eq!(articles::guids(&mut tx, "magazine").await.unwrap().len(), 2);
    assert!(!articles::known(&mut tx, "magazine", "1").await.unwrap().unwrap().withdrawn);
}

async fn lists_are_newest_first_by_region_author_and_time_and_page_without_gaps(
    database: Database,
) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    // Pieces that appeared at one moment are told apart by their row.
    for number in 0..10_i64 {
        let mut fresh = piece(&number.to_string(), &["asia"], t(number / 3));
        if number % 2 == 0 {
            fresh.card.regions = vec![region("africa/egypt")];
            fresh.card.authors = vec!["Africa desk".to_owned()];
        }
        articles::insert(&mut tx, &fresh).await.unwrap();
    }
    let guids = |cards: Vec<gazetted::article::Card>| -> Vec<String> {
        cards.into_iter().map(|card| card.guid).collect()
    };

    let all = articles::list(&mut tx, &Filter::default(), 100).await.unwrap();
    assert_eq!(guids(all.clone()), ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    assert_eq!(articles::list(&mut tx, &Filter::default(), 3).await.unwrap(), all[..3]);
    assert!(articles::list(&mut tx, &Filter::default(), 0).await.unwrap().is_empty());
    let since = Filter { since: Some(t(2)), ..Filter::default() };
    assert_eq!(guids(articles::list(&mut tx, &since, 100).await.unwrap()), ["9", "8", "7", "6"]);
    let author = Filter { author: Some("africa-desk".to_owned()), ..Filter::default() };
    assert_eq!(
        guids(articles::list(&mut tx, &author, 100).await.unwrap()),
        ["8", "6", "4", "2", "0"]
    );
    for mut filter in
        [Filter::default(), Filter { region: Some(region("africa")), ..Filter::default() }, author]
    {
        let whole = articles::list(&mut tx, &filter, 100).await.unwrap();
        let mut paged = vec![];
        loop {
            let page = articles::list(&mut tx, &filter, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some((last.published, last.id));
            paged.extend(page);
        }
        assert_eq!(paged, whole);
    }
}

async fn a_region_holds_what_is_inside_it(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for (guid, regions) in
        [("1", &["asia/japan", "asia/india"][..]), ("2", &["asia"]), ("3", &["asia-minor"])]
    {
        articles::insert(&mut tx, &piece(guid, regions, t(1))).await.unwrap();
    }

    let mut in_region = async |path: &str| -> BTreeSet<String> {
        let filter = Filter { region: Some(region(path)), ..Filter::default() };
        let cards = articles::list(&mut tx, &filter, 100).await.unwrap();
        assert_eq!(cards.len(), cards.iter().map(|card| card.id).collect::<BTreeSet<_>>().len());
        cards.into_iter().map(|card| card.guid).collect()
    };

    assert_eq!(in_region("asia").await, BTreeSet::from(["1".to_owned(), "2".to_owned()]));
    assert_eq!(in_region("asia/japan").await, BTreeSet::from(["1".to_owned()]));
    assert_eq!(in_region("asia/nepal").await, BTreeSet::new());
}

async fn every_change_has_a_revision_and_is_told_once(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let start = articles::revision(&mut tx).await.unwrap();
    let first = articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
    let second = articles::insert(&mut tx, &piece("2", &["asia"], t(1))).await.unwrap();
    articles::update(&mut tx, first, &piece("1", &["asia"], t(2))).await.unwrap();
    articles::withdraw(&mut tx, second, t(3)).await.unwrap();
    let end = articles::revision(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.read().await.unwrap();
    let changes = articles::changes(&mut tx, start, 100).await.unwrap();

    assert!(end >= start + 4);
    let told: Vec<(ArticleId, bool)> =
        changes.iter().map(|Change { id, article, .. }| (*id, article.is_some())).collect();
    assert_eq!(told, [(first, true), (second, false)]);
    assert_eq!(changes.last().unwrap().rev, end);
    let page = articles::changes(&mut tx, start, 1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(articles::changes(&mut tx, page[0].rev, 100).await.unwrap(), changes[1..]);
    assert!(articles::changes(&mut tx, end, 100).await.unwrap().is_empty());
}

async fn the_operator_moves_a_piece_and_its_provenance_says_so(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let fresh = piece("1", &["asia"], t(1));
    let id = articles::insert(&mut tx, &fresh).await.unwrap();
    let before = articles::provenance(&mut tx, id).await.unwrap().unwrap();
    let mut card = articles::card(&mut tx, id).await.unwrap().unwrap();
    card.regions = vec![region("oceania/fiji")];
    card.region_origin = Origin::Operator;
    let reasons =
        [Reason { evidence: "you".to_owned(), region: region("oceania/fiji"), weight: 0.5 }];

    let rev = articles::revision(&mut tx).await.unwrap();
    articles::set_regions(&mut tx, &card, Some(&region("oceania/fiji")), &reasons).await.unwrap();

    let after = articles::provenance(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((before.labels.clone(), before.operator_region), (fresh.labels.clone(), None));
    assert_eq!(after.labels, fresh.labels);
    assert_eq!(after.reasons, reasons);
    assert_eq!(after.operator_region, Some(region("oceania/fiji")));
    assert_eq!(articles::card(&mut tx, id).await.unwrap().unwrap(), card);
    assert!(articles::revision(&mut tx).await.unwrap() > rev);
    assert_eq!(
        articles::regions(&mut tx).await.unwrap(),
        [(region("oceania"), 1), (region("oceania/fiji"), 1)]
    );
    assert_eq!(articles::provenance(&mut tx, ArticleId(77)).await.unwrap(), None);
}

async fn authors_and_regions_are_counted(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert!(articles::authors(&mut tx, 10).await.unwrap().is_empty());
    assert!(articles::regions(&mut tx).await.unwrap().is_empty());
    articles::insert(&mut tx, &piece("1", &["asia/japan"], t(1))).await.unwrap();
    articles::insert(&mut tx, &piece("2", &["africa"], t(1))).await.unwrap();

    let authors = articles::authors(&mut tx, 10).await.unwrap();
    let told: Vec<(&str, &str, i64)> =
        authors.iter().map(|a| (a.slug.as_str(), a.name.as_str(), a.pieces)).collect();

    assert_eq!(told, [("asia-desk", "Asia desk", 2), ("zoë-ž", "Zoë Ž", 2)]);
    assert_eq!(articles::authors(&mut tx, 1).await.unwrap().len(), 1);
    assert_eq!(
        articles::regions(&mut tx).await.unwrap(),
        [(region("africa"), 1), (region("asia"), 1), (region("asia/japan"), 1)]
    );
}

async fn the_fingerprint_of_the_tree_is_remembered(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(articles::tree_fingerprint(&mut tx).await.unwrap(), None);

    for fingerprint in [i64::MIN, 7, i64::MAX] {
        articles::set_tree_fingerprint(&mut tx, fingerprint).await.unwrap();
        assert_eq!(articles::tree_fingerprint(&mut tx).await.unwrap(), Some(fingerprint));
    }
}

async fn titles_find_the_newest(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for (guid, at) in [("1", 1), ("2", 3), ("3", 2)] {
        let mut fresh = piece(guid, &["asia"], t(at));
        fresh.card.title = "One title".into();
        articles::insert(&mut tx, &fresh).await.unwrap();
    }

    assert_eq!(articles::by_title(&mut tx, "One title").await.unwrap().unwrap().guid, "2");
    assert_eq!(articles::by_title(&mut tx, "one title").await.unwrap(), None);
}
