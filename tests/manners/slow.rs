//! A domain that asks us to slow down.

use std::time::Duration;

use chrono::TimeDelta;
use gazetted::delivery::transition::State;

use super::{arrived, at, at_the_slot, slowed};
use crate::support::world::USUAL;
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    thirty_minutes_of_451_for_one_domain_keep_nobody_else_waiting_and_lose_nobody,
    twelve_hours_of_421_cost_nobody_a_try,
    a_restart_does_not_forget_who_is_slow,
    what_is_about_the_mailbox_slows_nobody_down,
    a_relay_that_puts_off_everybody_is_left_alone,
);

const BUSY: &str = "451 4.7.0 Too much mail from you, come back later";

/// The clock runs on in small steps until `moment` (RFC 3339).
async fn run_on(world: &World, moment: &str) {
    let moment = crate::support::world::at(moment);
    // Half an hour in small steps, half a day in larger ones.
    let step = (moment - world.now()) / 150;
    while world.now() < moment {
        world.later(step);
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

async fn thirty_minutes_of_451_for_one_domain_keep_nobody_else_waiting_and_lose_nobody(
    database: Database,
) {
    let readers = [at("slow.example", 80), at("quick.example", 80)].concat();
    let world = at_the_slot(database, USUAL, &readers).await;
    world.postbox.puts_off("slow.example", BUSY);

    let sending = world.start_sending();
    // Not a second passes for the others.
    world.postbox.wait(|mails| mails.len() >= 80).await;
    assert_eq!(arrived(&world, "quick.example"), 80);
    run_on(&world, "2026-03-03T07:30:00Z").await;
    let asked = world.postbox.asked_at("slow.example");
    assert_eq!(world.postbox.count(), 80);
    assert!(asked <= 4 + 8, "it was asked {asked} times in half an hour over 4 connections");
    let slow = slowed(&world).await;
    assert_eq!((slow.len(), slow[0].scope.as_str()), (1, "to:slow.example"));
    assert!(slow[0].reply.contains("4.7.0 Too much mail"), "{slow:?}");
    assert!(slow[0].step >= 4, "{slow:?}");

    world.postbox.takes("slow.example");
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Sent, 160)].into());
    assert_eq!(arrived(&world, "slow.example"), 80);
    assert!(world.now() < crate::support::world::at("2026-03-03T08:30:00Z"), "{}", world.now());
    assert_eq!(slowed(&world).await, [], "and is at full speed again");
}

async fn twelve_hours_of_421_cost_nobody_a_try(database: Database) {
    let readers = [at("slow.example", 1), at("quick.example", 3)].concat();
    let world = at_the_slot(database, USUAL, &readers).await;
    world.postbox.puts_off("slow.example", "421 4.7.28 Too many connections");

    let sending = world.start_sending();
    run_on(&world, "2026-03-03T19:00:00Z").await;
    assert_eq!(arrived(&world, "quick.example"), 3, "a 421 for one closes the way for no other");
    let asked = world.postbox.asked_at("slow.example");
    assert!((20..=40).contains(&asked), "more often than there are tries: {asked}");
    world.postbox.takes("slow.example");
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Sent, 4)].into());
}

async fn a_restart_does_not_forget_who_is_slow(database: Database) {
    let readers = [at("slow.example", 30), at("quick.example", 3)].concat();
    let mut world = at_the_slot(database, USUAL, &readers).await;
    world.postbox.puts_off("slow.example", BUSY);
    world.deliver_until(async || !slowed(&world).await.is_empty()).await;
    let until = slowed(&world).await[0].until;
    let asked = world.postbox.asked_at("slow.example");
    assert!(asked <= 5, "over 4 connections: {asked}");

    for _ in 0..3 {
        world.restart().await;
        world.deliver().await;
    }

    assert_eq!(world.postbox.asked_at("slow.example"), asked, "not before its time");
    world.clock.set(until);
    world.later(TimeDelta::minutes(5));
    let probed = async || world.postbox.asked_at("slow.example") > asked;
    world.deliver_until(probed).await;
    assert_eq!(world.postbox.asked_at("slow.example"), asked + 1, "and then by one mail");
    assert_eq!(world.ledger().await, [(State::Queued, 30), (State::Sent, 3)].into());
}

async fn what_is_about_the_mailbox_slows_nobody_down(database: Database) {
    // 451 4.2.1, and a 4.2.2 that says the same in other words.
    let readers = [vec!["tempfail-1@one.example".to_owned()], at("one.example", 40)].concat();
    let world = at_the_slot(database, USUAL, &readers).await;

    world.deliver().await;

    assert_eq!(world.postbox.count(), 40);
    assert_eq!(slowed(&world).await, []);
}

async fn a_relay_that_puts_off_everybody_is_left_alone(database: Database) {
    let domains: Vec<String> = (0..40).map(|n| format!("d{n}.example")).collect();
    let readers: Vec<String> = domains.iter().map(|domain| format!("r@{domain}")).collect();
    let world = at_the_slot(database, USUAL, &readers).await;
    for domain in &domains {
        world.postbox.puts_off(domain, "452 4.3.1 Insufficient system storage");
    }

    let sending = world.start_sending();
    run_on(&world, "2026-03-03T07:02:00Z").await;
    let asked: usize = domains.iter().map(|domain| world.postbox.asked_at(domain)).sum();
    // Two mails for each of 4 connections until it is noticed, then one for each
    // after 2, 4, 8, 16, 32 and 64 seconds; else it would be all 40, twice.
    assert!(asked <= 8 + 6 * 4, "it was asked {asked} times, for 40 domains");
    for domain in &domains {
        world.postbox.takes(domain);
    }
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Sent, 40)].into());
}
