//! Subscribers.

use std::collections::BTreeSet;

use gazetted::store::subscribers::{self, Put};
use gazetted::subscriber::{Address, Standing};

use super::samples::{let_in, reader, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_reader_comes_back_as_they_went_in,
    one_address_is_one_row_whatever_its_case,
    lists_go_by_row_and_only_the_active_are_mailed,
    a_standing_moves_only_from_where_it_is,
    an_invitation_is_noted_and_used_up,
    who_is_forgotten_leaves_an_empty_row,
);

async fn a_reader_comes_back_as_they_went_in(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let mut person = reader("Unal.O'Neill+x@bücher.example", Standing::Pending);

    assert_eq!(subscribers::put(&mut tx, &person, t(0)).await.unwrap(), Put::Added);

    let stored = subscribers::by_address(&mut tx, &person.address).await.unwrap().unwrap();
    assert!(stored.id > 0);
    person.id = stored.id;
    assert_eq!(stored, person);
    assert_eq!(subscribers::by_uid(&mut tx, person.uid).await.unwrap(), Some(person.clone()));
    assert_eq!(subscribers::by_id(&mut tx, person.id).await.unwrap(), Some(person));
    assert_eq!(subscribers::by_id(&mut tx, 999).await.unwrap(), None);
    assert_eq!(subscribers::by_uid(&mut tx, uuid::Uuid::nil()).await.unwrap(), None);
    let nobody = Address::parse("nobody@example.org").unwrap();
    assert_eq!(subscribers::by_address(&mut tx, &nobody).await.unwrap(), None);
}

async fn one_address_is_one_row_whatever_its_case(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let first = reader("Anna@Example.org", Standing::Active);
    subscribers::put(&mut tx, &first, t(0)).await.unwrap();
    let mut second = reader("anna@example.ORG", Standing::Left);
    second.name = "Anna".into();
    second.created = t(9);

    assert_eq!(subscribers::put(&mut tx, &second, t(9)).await.unwrap(), Put::Changed);

    let all = subscribers::list(&mut tx, 0, 10).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].uid, all[0].created), (first.uid, first.created), "identity stays");
    assert_eq!((all[0].name.as_str(), all[0].standing), ("Anna", Standing::Left));
}

async fn lists_go_by_row_and_only_the_active_are_mailed(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let standings = [
        Standing::Active,
        Standing::Pending,
        Standing::Left,
        Standing::Bounced,
        Standing::Complained,
        Standing::Active,
    ];
    for (number, standing) in standings.into_iter().enumerate() {
        let mut person = reader(&format!("r{number}@example.org"), standing);
        person.timezone = (number != 0).then_some(chrono_tz::Pacific::Kiritimati);
        subscribers::put(&mut tx, &person, t(0)).await.unwrap();
    }

    let all = subscribers::list(&mut tx, 0, 100).await.unwrap();
    assert!(all.is_sorted_by_key(|person| person.id));
    assert_eq!(all.len(), 6);
    assert_eq!(subscribers::list(&mut tx, all[2].id, 2).await.unwrap(), all[3..5]);
    let active = subscribers::active(&mut tx, 0, 100).await.unwrap();
    assert_eq!(active, [all[0].clone(), all[5].clone()]);
    assert_eq!(subscribers::active(&mut tx, 0, 1).await.unwrap(), active[..1]);
    assert!(subscribers::active(&mut tx, active[1].id, 100).await.unwrap().is_empty());
    let zones: BTreeSet<Option<&str>> = subscribers::zones(&mut tx)
        .await
        .unwrap()
        .into_iter()
        .map(|zone| zone.map(chrono_tz::Tz::name))
        .collect();
    assert_eq!(zones, BTreeSet::from([None, Some("Pacific/Kiritimati")]));
    let counts = subscribers::counts(&mut tx).await.unwrap();
    let counts: Vec<(&str, i64)> = counts.iter().map(|(word, n)| (word.as_str(), *n)).collect();
    assert_eq!(
        counts,
        [("active", 2), ("bounced", 1), ("complained", 1), ("left", 1), ("pending", 1)]
    );
}

async fn a_standing_moves_only_from_where_it_is(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = let_in(&mut tx, "anna@example.org").await;
    let other = let_in(&mut tx, "bert@example.org").await;
    let from = [Standing::Pending, Standing::Active];

    assert!(subscribers::move_standing(&mut tx, id, &from, Standing::Left, t(1)).await.unwrap());
    assert!(
        !subscribers::move_standing(&mut tx, id, &from, Standing::Bounced, t(2)).await.unwrap()
    );
    assert!(!subscribers::move_standing(&mut tx, id, &[], Standing::Bounced, t(2)).await.unwrap());
    assert!(!subscribers::move_standing(&mut tx, 999, &from, Standing::Left, t(2)).await.unwrap());

    let standing = |person: Option<gazetted::subscriber::Subscriber>| person.unwrap().standing;
    assert_eq!(standing(subscribers::by_id(&mut tx, id).await.unwrap()), Standing::Left);
    assert_eq!(standing(subscribers::by_id(&mut tx, other).await.unwrap()), Standing::Active);
}

async fn an_invitation_is_noted_and_used_up(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = let_in(&mut tx, "anna@example.org").await;

    assert_eq!(subscribers::invited(&mut tx, id).await.unwrap(), None);
    subscribers::set_invited(&mut tx, id, Some(t(4))).await.unwrap();
    assert_eq!(subscribers::invited(&mut tx, id).await.unwrap(), Some(t(4)));
    subscribers::set_invited(&mut tx, id, None).await.unwrap();
    assert_eq!(subscribers::invited(&mut tx, id).await.unwrap(), None);
    assert_eq!(subscribers::invited(&mut tx, 999).await.unwrap(), None);
}

async fn who_is_forgotten_leaves_an_empty_row(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let id = let_in(&mut tx, "anna@example.org").await;
    let other = let_in(&mut tx, "bert@example.org").await;
    subscribers::set_invited(&mut tx, id, Some(t(4))).await.unwrap();

    subscribers::erase(&mut tx, id, t(5)).await.unwrap();
    subscribers::erase(&mut tx, other, t(5)).await.unwrap();

    let row = subscribers::by_id(&mut tx, id).await.unwrap().unwrap();
    assert!(!row.address.as_str().contains("anna"));
    assert_eq!((row.name.as_str(), row.consent.as_str(), row.standing), ("", "", Standing::Left));
    assert!(row.regions.is_empty() && row.digests.is_empty() && row.attributes.is_empty());
    assert_eq!((row.timezone, row.language), (None, None));
    assert_eq!(subscribers::invited(&mut tx, id).await.unwrap(), None);
    let anna = Address::parse("anna@example.org").unwrap();
    assert_eq!(subscribers::by_address(&mut tx, &anna).await.unwrap(), None);
    // The address is free for somebody new.
    assert_ne!(let_in(&mut tx, "anna@example.org").await, id);
}
