//! Whom our own hub tells, and what source and operator wait for.

use gazetted::store::hub::{self, Fresh, Subscription};
use gazetted::store::{Tx, sources, withheld};

use super::samples::t;
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_subscription_is_kept_renewed_counted_and_ends,
    a_parcel_is_due_until_it_is_delivered_and_claimed_once,
    bytes_that_change_meanwhile_leave_the_parcel_due,
    what_a_source_takes_back_in_masses_waits_for_the_operator,
    a_source_can_be_hastened_but_not_slowed,
);

const TOPIC: &str = "https://news.example.org/feeds/all.rss";

/// Keeps a subscription of a callback at `host` until `expires`.
async fn subscribe(tx: &mut Tx, callback: &str, host: &str, expires: i64) {
    let fresh = Fresh {
        topic: TOPIC,
        callback,
        host,
        secret: Some("schlüssel"),
        expires: t(expires),
        delivered: Some("first"),
    };
    hub::put(tx, &fresh).await.unwrap();
}

async fn due(tx: &mut Tx, now: i64) -> Vec<Subscription> {
    hub::due(tx, t(now), 10).await.unwrap()
}

async fn a_subscription_is_kept_renewed_counted_and_ends(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    subscribe(&mut tx, "https://a.example/1", "a.example", 10).await;
    subscribe(&mut tx, "https://a.example/2", "a.example", 20).await;
    subscribe(&mut tx, "https://b.example/1", "b.example", 30).await;
    subscribe(&mut tx, "https://a.example/1", "a.example", 25).await;

    assert_eq!(hub::count(&mut tx, "a.example").await.unwrap(), (3, 2));
    assert!(hub::is_there(&mut tx, TOPIC, "https://a.example/1").await.unwrap());
    assert!(hub::is_subscribed(&mut tx, TOPIC).await.unwrap());
    assert!(!hub::is_subscribed(&mut tx, "https://elsewhere.example/").await.unwrap());
    assert_eq!(hub::expire(&mut tx, t(20)).await.unwrap(), 1, "the other was renewed");
    assert!(!hub::is_there(&mut tx, TOPIC, "https://a.example/2").await.unwrap());
    hub::remove(&mut tx, TOPIC, "https://a.example/1").await.unwrap();
    hub::remove(&mut tx, "https://elsewhere.example/", "https://b.example/1").await.unwrap();
    assert_eq!(hub::count(&mut tx, "a.example").await.unwrap(), (1, 0));
}

async fn a_parcel_is_due_until_it_is_delivered_and_claimed_once(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    subscribe(&mut tx, "https://a.example/1", "a.example", 100).await;
    subscribe(&mut tx, "https://b.example/1", "b.example", 5).await;
    assert!(due(&mut tx, 50).await.is_empty(), "nothing changed yet");

    assert_eq!(hub::changed(&mut tx, TOPIC, t(5)).await.unwrap(), 1, "one lease is over");
    assert!(due(&mut tx, 4).await.is_empty());
    let parcel = due(&mut tx, 5).await.pop().unwrap();
    assert_eq!(parcel.callback, "https://a.example/1");
    assert_eq!((parcel.secret.as_deref(), parcel.attempts), (Some("schlüssel"), 0));
    assert_eq!(parcel.delivered.as_deref(), Some("first"));

    assert!(hub::put_off(&mut tx, &parcel, Some(t(8)), 1).await.unwrap());
    assert!(!hub::put_off(&mut tx, &parcel, Some(t(9)), 2).await.unwrap(), "somebody has it");
    assert!(due(&mut tx, 7).await.is_empty());
    let again = due(&mut tx, 8).await.pop().unwrap();
    assert_eq!((again.attempts, again.due), (1, t(8)));

    hub::delivered(&mut tx, &again, "second").await.unwrap();
    assert!(due(&mut tx, 99).await.is_empty());
    hub::changed(&mut tx, TOPIC, t(60)).await.unwrap();
    assert_eq!(due(&mut tx, 60).await[0].delivered.as_deref(), Some("second"));
}

async fn bytes_that_change_meanwhile_leave_the_parcel_due(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    subscribe(&mut tx, "https://a.example/1", "a.example", 100).await;
    hub::changed(&mut tx, TOPIC, t(5)).await.unwrap();
    let parcel = due(&mut tx, 5).await.pop().unwrap();

    hub::changed(&mut tx, TOPIC, t(6)).await.unwrap();
    hub::delivered(&mut tx, &parcel, "second").await.unwrap();

    let left = due(&mut tx, 6).await;
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].due, left[0].delivered.as_deref()), (t(6), Some("second")));
}

async fn what_a_source_takes_back_in_masses_waits_for_the_operator(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for guid in ["b", "a", "ü", "a"] {
        withheld::note(&mut tx, "wire", guid, t(1)).await.unwrap();
    }
    withheld::note(&mut tx, "other", "a", t(1)).await.unwrap();
    withheld::clear(&mut tx, "wire", "b").await.unwrap();
    withheld::clear(&mut tx, "wire", "none").await.unwrap();

    assert_eq!(withheld::list(&mut tx, "wire").await.unwrap(), ["a", "ü"]);
    assert_eq!(withheld::list(&mut tx, "other").await.unwrap(), ["a"]);
    assert!(withheld::list(&mut tx, "nobody").await.unwrap().is_empty());
}

async fn a_source_can_be_hastened_but_not_slowed(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let state = sources::SourceState {
        name: "wire".to_owned(),
        memory: gazetted::source::Memory::default(),
        visited: Some(t(1)),
        changed: None,
        next_visit: t(10),
        failures: 0,
        last_error: None,
        notice: None,
    };
    sources::put(&mut tx, &state).await.unwrap();

    assert!(!sources::hasten(&mut tx, "wire", t(11)).await.unwrap());
    assert!(sources::hasten(&mut tx, "wire", t(9)).await.unwrap());
    assert!(!sources::hasten(&mut tx, "wire", t(9)).await.unwrap());
    assert!(!sources::hasten(&mut tx, "never seen", t(0)).await.unwrap());
    assert_eq!(sources::get(&mut tx, "wire").await.unwrap().unwrap().next_visit, t(9));
}
