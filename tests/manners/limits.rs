//! Quotas, rates and connections.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::store::limits;

use super::{arrived, at, at_the_slot};
use crate::support::engines::run;
use crate::support::world::USUAL;
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_quota_of_500_a_day_holds_over_five_restarts,
    what_does_not_go_out_does_not_count,
    a_domain_has_a_quota_of_its_own_and_the_others_do_not_wait_for_it,
    a_plan_to_warm_up_counts_the_days_on_which_something_was_sent,
    a_rate_is_kept_over_restarts,
    a_slow_rate_for_a_domain_holds_up_nobody_else,
    a_domain_gets_no_more_connections_than_it_may,
    a_connection_carries_no_more_than_it_may,
);

async fn used(world: &World, scope: &str) -> i64 {
    let mut tx = world.house.store.read().await.unwrap();
    limits::used(&mut tx, scope, &limits::day(world.now())).await.unwrap()
}

async fn a_quota_of_500_a_day_holds_over_five_restarts(database: Database) {
    let config = USUAL.replace("connections = 4", "connections = 4\ndaily_quota = 500");
    let mut world = at_the_slot(database, &config, &at("example.org", 1_200)).await;

    for (day, sent) in [(3, 500), (4, 1_000)] {
        if day > 3 {
            world.turn_to(&format!("2026-03-{day:02}T00:00:00Z"));
        }
        let before = world.postbox.count();
        for part in 1..=5 {
            // Some of these end in the midst of it.
            let enough = before + (sent - before) * part / 5;
            world.deliver_until(async || world.postbox.count() >= enough).await;
            world.restart().await;
        }
        // However long it goes on.
        let sending = world.start_sending();
        for _ in 0..50 {
            world.later(TimeDelta::minutes(1));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        sending.stop().await;
        assert_eq!(world.postbox.count(), sent, "on day {day}");
        assert_eq!(used(&world, "all").await, 500, "on day {day}");
    }
    assert_eq!(world.ledger().await, [(State::Queued, 200), (State::Sent, 1_000)].into());
}

async fn what_does_not_go_out_does_not_count(database: Database) {
    let config = USUAL.replace("connections = 4", "connections = 4\ndaily_quota = 20");
    let refused: Vec<String> = (0..10).map(|n| format!("refuse.{n}@example.org")).collect();
    let deferred: Vec<String> = (0..10).map(|n| format!("tempfail.{n}@example.org")).collect();
    let readers = [refused, deferred, at("example.org", 20)].concat();
    let world = at_the_slot(database, &config, &readers).await;

    world.deliver_until(async || world.postbox.count() >= 20).await;

    assert_eq!(arrived(&world, "example.org"), 20);
    assert_eq!(used(&world, "all").await, 20);
}

async fn a_domain_has_a_quota_of_its_own_and_the_others_do_not_wait_for_it(database: Database) {
    let rule = "[[mail.domain]]\nname = \"small.example\"\ndaily_quota = 5\n";
    let config = USUAL.replace("[[digest]]", &format!("{rule}\n[[digest]]"));
    let readers = [at("small.example", 12), at("large.example", 150)].concat();
    let mut world = at_the_slot(database, &config, &readers).await;

    for (day, small) in [(3, 5), (4, 10), (5, 12)] {
        if day > 3 {
            world.turn_to(&format!("2026-03-{day:02}T00:00:00Z"));
        }
        for _ in 0..3 {
            world.deliver().await;
            world.restart().await;
        }
        assert_eq!(arrived(&world, "small.example"), small, "on day {day}");
        assert_eq!(arrived(&world, "large.example"), 150, "on day {day}");
    }
    assert_eq!(world.ledger().await, [(State::Sent, 162)].into());
}

async fn a_plan_to_warm_up_counts_the_days_on_which_something_was_sent(database: Database) {
    let limits = "connections = 4\nwarm_up = [3, 10]\ndaily_quota = 40";
    let config = USUAL.replace("connections = 4", limits) + "stale_after = \"30d\"\n";
    let mut world = at_the_slot(database, &config, &at("example.org", 100)).await;

    // Nobody sends on the fifth.
    for (day, sent) in [(3, 3), (4, 13), (6, 53), (7, 93), (8, 100)] {
        if day > 3 {
            world.turn_to(&format!("2026-03-{day:02}T00:00:00Z"));
        }
        for _ in 0..2 {
            world.deliver_until(async || world.postbox.count() >= sent).await;
            world.restart().await;
        }
        assert_eq!(world.postbox.count(), sent, "on day {day}");
    }
}

async fn a_rate_is_kept_over_restarts(database: Database) {
    let config = USUAL.replace("connections = 4", "connections = 4\nmax_rate = \"60/h\"");
    let mut world = at_the_slot(database, &config, &at("example.org", 20)).await;

    for minutes in 0..5 {
        for _ in 0..3 {
            world.deliver_until(async || world.postbox.count() > minutes).await;
            world.restart().await;
        }
        assert_eq!(world.postbox.count(), minutes + 1);
        world.later(TimeDelta::minutes(1));
    }
}

async fn a_slow_rate_for_a_domain_holds_up_nobody_else(database: Database) {
    let rule = "[[mail.domain]]\nname = \"small.example\"\nmax_rate = \"6/min\"\n";
    let config = USUAL.replace("[[digest]]", &format!("{rule}\n[[digest]]"));
    let readers = [at("small.example", 60), at("large.example", 150)].concat();
    let world = at_the_slot(database, &config, &readers).await;

    world.deliver().await;
    assert_eq!((arrived(&world, "small.example"), arrived(&world, "large.example")), (1, 150));
    let begun = world.now();
    world.settle().await;

    assert_eq!(world.ledger().await, [(State::Sent, 210)].into());
    let took = world.now() - begun;
    assert!(took >= TimeDelta::seconds(590), "sixty mails at six a minute: {took}");
}

async fn a_domain_gets_no_more_connections_than_it_may(database: Database) {
    let rule = "[[mail.domain]]\nname = \"small.example\"\nconnections = 2\n";
    let config = USUAL
        .replace("connections = 4", "connections = 12")
        .replace("[[digest]]", &format!("{rule}\n[[digest]]"));
    let readers = [at("small.example", 80), at("large.example", 150)].concat();
    let world = at_the_slot(database, &config, &readers).await;

    world.settle().await;

    assert_eq!(world.ledger().await, [(State::Sent, 230)].into());
    assert!(world.postbox.most_under_way("small.example") <= 2);
    assert!(world.postbox.most_under_way("large.example") > 2, "the others use what there is");
    assert!(world.postbox.most_open() <= 12);
}

async fn a_connection_carries_no_more_than_it_may(database: Database) {
    let limits = "connections = 2\nmessages_per_connection = 7";
    let rule = "[[mail.domain]]\nname = \"small.example\"\nmessages_per_connection = 2\n";
    let config = USUAL
        .replace("connections = 4", limits)
        .replace("[[digest]]", &format!("{rule}\n[[digest]]"));
    let readers = [at("small.example", 9), at("large.example", 40)].concat();
    let world = at_the_slot(database, &config, &readers).await;

    world.settle().await;

    assert_eq!(world.ledger().await, [(State::Sent, 49)].into());
    let (mut all, mut small) = (BTreeMap::new(), BTreeMap::new());
    for mail in world.postbox.mails() {
        *all.entry(mail.connection).or_insert(0) += 1;
        if mail.to.ends_with("@small.example") {
            *small.entry(mail.connection).or_insert(0) += 1;
        }
    }
    assert!(all.values().all(|mails| *mails <= 7), "{all:?}");
    assert!(small.values().all(|mails| *mails <= 2), "{small:?}");
    assert!(world.postbox.most_open() <= 2);
    assert!(all.values().any(|mails| *mails > 2), "{all:?}");
}

#[test]
fn two_machines_share_one_quota() {
    let Some(database) = Database::postgres() else { return };
    run(async {
        let config = USUAL.replace("connections = 4", "connections = 4\ndaily_quota = 77");
        let first = at_the_slot(database, &config, &at("example.org", 200)).await;
        let second = first.neighbour().await;

        let (a, b) = (first.start_sending(), second.start_sending());
        first.postbox.wait(|mails| mails.len() >= 77).await;
        for _ in 0..20 {
            first.later(TimeDelta::minutes(1));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        a.stop().await;
        b.stop().await;

        assert_eq!(first.postbox.count(), 77);
        assert_eq!(used(&first, "all").await, 77);
        let people: BTreeSet<String> =
            first.postbox.mails().into_iter().map(|mail| mail.to).collect();
        assert_eq!(people.len(), 77, "nobody twice");
    });
}
