//! Quotas, rates, and who is slowed down.

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::store::limits::{self, Reservation};
use gazetted::store::slowed::{self, Slowed};
use gazetted::store::{claim, deliveries, keys, subscribers};

use super::samples::{sending, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_day_has_one_quota_however_often_it_is_asked,
    what_does_not_go_out_is_given_back_once,
    what_the_dead_only_claimed_is_given_back_and_what_they_handed_over_counts,
    what_is_put_back_is_due_when_it_should_be_and_only_while_it_is_claimed,
    a_pace_goes_on_where_it_was,
    who_is_slow_is_known_until_it_ends_or_is_forgotten,
    zones_are_told_of_those_who_named_one,
);

const DAY: &str = "2026-03-03";

async fn a_day_has_one_quota_however_often_it_is_asked(database: Database) {
    let store = database.open().await;
    assert_eq!(limits::day(t(0)), DAY);
    assert_eq!(limits::day(t(86_400)), "2026-03-04");
    let mut tx = store.write().await.unwrap();
    assert_eq!(limits::hold(&mut tx, "all", DAY).await.unwrap(), 0);
    limits::count(&mut tx, "all", DAY, 4).await.unwrap();
    limits::count(&mut tx, "all", DAY, 0).await.unwrap();
    limits::count(&mut tx, "to:one.example", DAY, 2).await.unwrap();
    assert_eq!(limits::hold(&mut tx, "all", DAY).await.unwrap(), 4);
    tx.commit().await.unwrap();
    store.close().await;

    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(limits::used(&mut tx, "all", DAY).await.unwrap(), 4, "a restart gives none");
    assert_eq!(limits::used(&mut tx, "to:one.example", DAY).await.unwrap(), 2);
    assert_eq!(limits::used(&mut tx, "all", "2026-03-04").await.unwrap(), 0, "a day does");
    limits::count(&mut tx, "all", "2026-03-05", 1).await.unwrap();
    limits::hold(&mut tx, "all", "2026-03-06").await.unwrap();
    assert_eq!(limits::days_of_use(&mut tx, "all", "2026-03-07").await.unwrap(), 2);
    assert_eq!(limits::days_of_use(&mut tx, "all", "2026-03-05").await.unwrap(), 1);
    limits::forget(&mut tx, "2026-03-05").await.unwrap();
    assert_eq!(limits::days_of_use(&mut tx, "all", "2026-03-07").await.unwrap(), 1);
}

async fn what_does_not_go_out_is_given_back_once(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 3).await;
    let mut tx = store.write().await.unwrap();
    keys::beat(&mut tx, "here", "serve", t(9)).await.unwrap();
    let claims = claim::claim(&mut tx, edition, "here", t(9), 9).await.unwrap();
    let scopes = vec!["all".to_owned(), "by:a \"relay\"".to_owned()];
    let rows: Vec<Reservation> = claims
        .iter()
        .map(|claim| Reservation { ticket: claim.ticket, scopes: scopes.clone() })
        .collect();
    for scope in &scopes {
        limits::count(&mut tx, scope, DAY, 3).await.unwrap();
    }
    limits::reserve(&mut tx, DAY, &rows).await.unwrap();
    limits::forget(&mut tx, DAY).await.unwrap();

    let mut other = claims[1].ticket;
    other.attempt += 1;
    for tickets in [&[claims[0].ticket][..], &[claims[0].ticket], &[other], &[]] {
        limits::refund(&mut tx, tickets).await.unwrap();
    }

    for scope in &scopes {
        assert_eq!(limits::used(&mut tx, scope, DAY).await.unwrap(), 2, "{scope}");
    }
    assert_eq!(limits::used(&mut tx, "all", "2026-03-04").await.unwrap(), 0);
}

async fn what_the_dead_only_claimed_is_given_back_and_what_they_handed_over_counts(
    database: Database,
) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 5).await;
    let mut tx = store.write().await.unwrap();
    keys::beat(&mut tx, "living", "serve", t(9)).await.unwrap();
    let dead = claim::claim(&mut tx, edition, "dead", t(9), 3).await.unwrap();
    let living = claim::claim(&mut tx, edition, "living", t(9), 2).await.unwrap();
    let rows: Vec<Reservation> = dead
        .iter()
        .chain(&living)
        .map(|claim| Reservation { ticket: claim.ticket, scopes: vec!["all".to_owned()] })
        .collect();
    limits::count(&mut tx, "all", DAY, 5).await.unwrap();
    limits::reserve(&mut tx, DAY, &rows).await.unwrap();
    let handing = [(dead[0].ticket, &deliveries::Note::Handing)];
    deliveries::notes(&mut tx, &handing, t(9)).await.unwrap();

    limits::refund_dead(&mut tx).await.unwrap();
    assert_eq!(limits::used(&mut tx, "all", DAY).await.unwrap(), 3);
    limits::refund_dead(&mut tx).await.unwrap();
    assert_eq!(limits::used(&mut tx, "all", DAY).await.unwrap(), 3);

    // What is settled is forgotten, and stays counted.
    let sent = [(dead[0].ticket, &deliveries::Note::Sent { reply: "250".to_owned() })];
    deliveries::notes(&mut tx, &sent, t(9)).await.unwrap();
    limits::forget(&mut tx, DAY).await.unwrap();
    limits::refund(&mut tx, &[dead[0].ticket]).await.unwrap();
    assert_eq!(limits::used(&mut tx, "all", DAY).await.unwrap(), 3);
    limits::refund(&mut tx, &[living[0].ticket]).await.unwrap();
    assert_eq!(limits::used(&mut tx, "all", DAY).await.unwrap(), 2, "of the living nothing was");
}

async fn what_is_put_back_is_due_when_it_should_be_and_only_while_it_is_claimed(
    database: Database,
) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 3).await;
    let mut tx = store.write().await.unwrap();
    let claims = claim::claim(&mut tx, edition, "here", t(9), 9).await.unwrap();
    let handing = [(claims[2].ticket, &deliveries::Note::Handing)];
    deliveries::notes(&mut tx, &handing, t(9)).await.unwrap();
    let mut stale = claims[1].ticket;
    stale.attempt -= 1;

    let rows = [(claims[0].ticket, t(100)), (stale, t(50)), (claims[2].ticket, t(50))];
    limits::put_back(&mut tx, &rows, t(10)).await.unwrap();
    limits::put_back(&mut tx, &[], t(10)).await.unwrap();

    assert_eq!(claim::next_due(&mut tx, edition).await.unwrap(), Some(t(100)));
    let mut counts = deliveries::counts(&mut tx, edition).await.unwrap();
    counts.sort_unstable();
    assert_eq!(counts, [(State::Queued, 1), (State::Claimed, 1), (State::Handing, 1)]);
}

async fn a_pace_goes_on_where_it_was(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(limits::hold_pace(&mut tx, "all").await.unwrap(), None);
    limits::set_pace(&mut tx, "all", t(7)).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    assert_eq!(limits::hold_pace(&mut tx, "all").await.unwrap(), Some(t(7)));
    assert_eq!(limits::hold_pace(&mut tx, "by:other").await.unwrap(), None);
}

async fn who_is_slow_is_known_until_it_ends_or_is_forgotten(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let slow = |scope: &str, until| Slowed {
        scope: scope.to_owned(),
        since: t(0),
        until: t(until),
        step: 3,
        reply: "451 4.7.0 later".to_owned(),
    };
    for (scope, until) in [("to:a.example", 60), ("by:relay", 90), ("to:b.example", 30)] {
        slowed::note(&mut tx, &slow(scope, until)).await.unwrap();
    }
    slowed::note(&mut tx, &slow("to:a.example", 120)).await.unwrap();

    let all = slowed::list(&mut tx, 9).await.unwrap();
    assert_eq!(all, [slow("to:a.example", 120), slow("by:relay", 90), slow("to:b.example", 30)]);
    assert_eq!(slowed::list(&mut tx, 1).await.unwrap().len(), 1);
    slowed::end(&mut tx, "by:relay").await.unwrap();
    slowed::forget(&mut tx, t(31)).await.unwrap();
    assert_eq!(slowed::list(&mut tx, 9).await.unwrap(), [slow("to:a.example", 120)]);
    slowed::forget(&mut tx, t(0) + TimeDelta::days(1)).await.unwrap();
    assert_eq!(slowed::list(&mut tx, 9).await.unwrap(), []);
}

async fn zones_are_told_of_those_who_named_one(database: Database) {
    let store = database.open().await;
    let (_, readers) = sending(&store, 1, 2).await;
    let mut tx = store.write().await.unwrap();
    let mut other = subscribers::by_id(&mut tx, readers[0]).await.unwrap().unwrap();
    (other.uid, other.address) = (uuid::Uuid::from_u128(7), "z@example.org".parse().unwrap());
    other.timezone = None;
    subscribers::put(&mut tx, &other, t(1)).await.unwrap();
    let silent = subscribers::by_address(&mut tx, &other.address).await.unwrap().unwrap().id;

    let mut zones = limits::zones(&mut tx, &[readers[0], readers[1], silent]).await.unwrap();

    zones.sort_unstable_by_key(|(id, _)| *id);
    let named: Vec<_> = readers.iter().map(|id| (*id, chrono_tz::Asia::Kathmandu)).collect();
    assert_eq!(zones, named);
    assert_eq!(limits::zones(&mut tx, &[]).await.unwrap(), []);
}
