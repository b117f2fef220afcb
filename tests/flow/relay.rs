//! A relay that misbehaves, and what becomes of the mails.

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::store::{claim, deliveries};

use crate::support::newsroom::Item;
use crate::support::postbox::{Pipelining, Postbox};
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_mail_put_off_comes_later_and_delays_nobody_else,
    what_is_put_off_for_ever_ends_after_ten_tries,
    a_refused_reader_is_asked_once,
    a_relay_that_is_down_at_the_slot_costs_nobody_a_try,
    a_relay_that_vanishes_in_the_middle_gets_the_rest_when_it_is_back,
    a_connection_lost_before_the_dot_sends_one_mail_in_the_end,
    a_mail_lost_after_the_dot_is_sent_again_with_the_same_id,
    a_mail_lost_after_the_dot_is_held_if_the_operator_wants,
    a_busy_relay_burns_no_tries,
    a_relay_without_pipelining_is_spoken_to_step_by_step,
    the_quota_of_a_day_holds_over_restarts,
    what_the_relay_talks_is_not_believed,
);

/// A world with one piece and these readers, at the slot, compiled.
async fn at_the_slot(database: Database, config: &str, readers: &[&str]) -> World {
    let mut world = World::with(database, config).await;
    world.readers(&format!("email\n{}\n", readers.join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;
    world
}

async fn next_due(world: &World) -> Option<chrono::DateTime<chrono::Utc>> {
    let edition = world.editions().await[0].id;
    let mut tx = world.house.store.read().await.unwrap();
    claim::next_due(&mut tx, edition).await.unwrap()
}

async fn a_mail_put_off_comes_later_and_delays_nobody_else(database: Database) {
    let readers = ["tempfail-2@example.org", "tempfail-body-1@example.net", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.deliver().await;
    let first: Vec<String> = world.postbox.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(first, ["anna@example.org"]);
    let slot = world.now();
    let wait = next_due(&world).await.unwrap() - slot;
    assert!(wait < TimeDelta::seconds(90), "what is not about the mailbox waits less: {wait}");
    world.later(TimeDelta::minutes(2));
    world.deliver().await;
    assert_eq!(world.postbox.count(), 2);
    let wait = next_due(&world).await.unwrap() - slot;
    assert!(wait > TimeDelta::minutes(4) && wait < TimeDelta::minutes(6), "{wait}");

    world.deliver().await;
    assert_eq!(world.postbox.asked_for("tempfail-2@example.org"), 1, "not before it is due");
    world.settle().await;

    assert_eq!(world.postbox.asked_for("tempfail-2@example.org"), 3);
    assert_eq!(world.postbox.count(), 3);
    assert_eq!(world.ledger().await, [(State::Sent, 3)].into());
}

async fn what_is_put_off_for_ever_ends_after_ten_tries(database: Database) {
    let config = format!("{USUAL}stale_after = \"10d\"\n");
    let world = at_the_slot(database, &config, &["tempfail@example.org"]).await;

    for tries in 1..=10 {
        world.deliver().await;
        assert_eq!(world.postbox.asked_for("tempfail@example.org"), tries);
        if let Some(due) = next_due(&world).await {
            world.clock.set(due);
        }
    }
    world.deliver().await;

    assert_eq!(world.postbox.asked_for("tempfail@example.org"), 10);
    assert_eq!(world.ledger().await, [(State::Expired, 1)].into());
    let reply = world.troubled().await.pop().unwrap().reply.unwrap();
    assert!(reply.contains("451 4.2.1"), "{reply}");
}

async fn a_refused_reader_is_asked_once(database: Database) {
    let readers = ["refuse@example.org", "refuse-body@example.org", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.settle().await;
    world.later(TimeDelta::days(1));
    world.deliver().await;

    assert_eq!(world.postbox.count(), 1);
    assert_eq!(world.postbox.asked_for("refuse@example.org"), 1);
    assert_eq!(world.postbox.asked_for("refuse-body@example.org"), 1);
    let replies: Vec<String> =
        world.troubled().await.into_iter().map(|line| line.reply.unwrap()).collect();
    assert_eq!(replies, ["550 5.1.1 Nobody of that name", "554 5.7.1 Not this mail"]);
}

async fn a_relay_that_is_down_at_the_slot_costs_nobody_a_try(database: Database) {
    let config = format!("{USUAL}stale_after = \"10d\"\n");
    let readers = ["anna@example.org", "tempfail@example.org"];
    let world = at_the_slot(database, &config, &readers).await;
    world.postbox.close_shop();
    let edition = world.editions().await[0].clone();

    let sending = world.start_sending();
    for times in 1..=3 {
        while world.postbox.connections() < times {
            world.later(TimeDelta::seconds(20));
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
    }
    world.postbox.open_shop();
    while world.postbox.count() == 0 {
        world.later(TimeDelta::seconds(20));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    sending.stop().await;

    assert_eq!(world.editions().await.len(), 1);
    let mail = &world.postbox.mails_to("anna@example.org")[0];
    assert!(mail.header("Feedback-ID").contains(&edition.id.to_string()), "the same edition");
    while let Some(due) = next_due(&world).await {
        world.clock.set(due.max(world.now()));
        world.deliver().await;
    }
    assert_eq!(world.postbox.asked_for("tempfail@example.org"), 10, "all its tries are asked");
}

async fn a_relay_that_vanishes_in_the_middle_gets_the_rest_when_it_is_back(database: Database) {
    let readers: Vec<String> = (0..40).map(|n| format!("r{n}@example.org")).collect();
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    let world = at_the_slot(database, USUAL, &readers).await;

    let sending = world.start_sending();
    world.postbox.wait(|mails| mails.len() >= 5).await;
    world.postbox.vanish().await;
    world.later(TimeDelta::minutes(1));
    world.postbox.come_back();
    world.settle_beside().await;
    sending.stop().await;

    let mut doubles = 0;
    for reader in readers {
        let mails = world.postbox.mails_to(reader);
        assert!(!mails.is_empty(), "{reader} was left out");
        doubles += mails.len() - 1;
        assert!(mails.iter().all(|mail| mail.message == mails[0].message), "the same mail");
    }
    assert!(doubles <= 4, "{doubles} doubles over 4 connections");
    assert_eq!(world.ledger().await, [(State::Sent, 40)].into());
}

async fn a_connection_lost_before_the_dot_sends_one_mail_in_the_end(database: Database) {
    let readers =
        ["drop-before-data-1@example.org", "drop-in-body-1@example.org", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.settle().await;

    for reader in readers {
        assert_eq!(world.postbox.mails_to(reader).len(), 1, "{reader}");
    }
    assert_eq!(world.ledger().await, [(State::Sent, 3)].into());
}

async fn a_mail_lost_after_the_dot_is_sent_again_with_the_same_id(database: Database) {
    let readers = ["drop-after-dot-2@example.org", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.settle().await;

    let mails = world.postbox.mails_to(readers[0]);
    assert_eq!(mails.len(), 3, "two in doubt, and the one that was answered");
    assert!(mails.iter().all(|mail| mail.id() == mails[0].id() && !mail.id().is_empty()));
    assert!(mails.iter().all(|mail| mail.message == mails[0].message), "to the byte");
    assert_eq!(world.postbox.mails_to(readers[1]).len(), 1);
    assert_ne!(world.postbox.mails_to(readers[1])[0].id(), mails[0].id());
    let trouble = world.troubled().await;
    assert_eq!((trouble.len(), trouble[0].doubts, trouble[0].state), (1, 2, State::Sent));
}

async fn a_mail_lost_after_the_dot_is_held_if_the_operator_wants(database: Database) {
    let config = format!("[delivery]\non_uncertain = \"hold\"\n{USUAL}");
    let readers = ["drop-after-dot-1@example.org", "anna@example.org"];
    let world = at_the_slot(database, &config, &readers).await;

    world.settle().await;
    world.later(TimeDelta::days(1));
    world.deliver().await;

    assert_eq!(world.postbox.count(), 2, "no double");
    assert_eq!(world.ledger().await, [(State::Held, 1), (State::Sent, 1)].into());
    let trouble = world.troubled().await;
    assert_eq!((trouble.len(), trouble[0].email.as_str()), (1, readers[0]));

    let edition = world.editions().await[0].id;
    let mut tx = world.house.store.write().await.unwrap();
    deliveries::retry_failed(&mut tx, edition, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    let mails = world.postbox.mails_to(readers[0]);
    assert_eq!((mails.len(), mails[0].id()), (2, mails[1].id()));
}

async fn a_busy_relay_burns_no_tries(database: Database) {
    let readers = ["421-12@example.org", "anna@example.org", "bert@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.settle().await;

    assert_eq!(world.ledger().await, [(State::Sent, 3)].into());
    assert_eq!(world.postbox.asked_for(readers[0]), 13, "more often than there are tries");
    assert!(world.troubled().await.is_empty());
}

async fn a_relay_without_pipelining_is_spoken_to_step_by_step(database: Database) {
    let mut readers: Vec<String> = (0..20).map(|n| format!("r{n}@example.org")).collect();
    readers.extend(["refuse@example.org".to_owned(), "tempfail-1@example.org".to_owned()]);
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    let postbox = Postbox::with(Pipelining::Off);
    let config = USUAL.replace("{postbox}", &postbox.address().to_string());
    let world = at_the_slot(database, &config, &readers).await;

    world.settle().await;

    assert_eq!(postbox.rude(), Vec::<String>::new());
    assert_eq!(postbox.count(), 21);
    assert_eq!(world.ledger().await, [(State::Sent, 21), (State::Refused, 1)].into());
}

async fn the_quota_of_a_day_holds_over_restarts(database: Database) {
    let config = USUAL.replace("connections = 4", "connections = 4\ndaily_quota = 7");
    let readers: Vec<String> = (0..20).map(|n| format!("r{n}@example.org")).collect();
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    let mut world = at_the_slot(database, &config, &readers).await;

    for (day, sent) in [(3, 7), (4, 14), (5, 20)] {
        if day > 3 {
            world.turn_to(&format!("2026-03-{day:02}T01:00:00Z"));
        }
        for _ in 0..3 {
            world.restart().await;
            let enough = async || world.postbox.count() >= sent;
            world.deliver_until(enough).await;
        }
        assert_eq!(world.postbox.count(), sent, "on day {day}");
    }
}

async fn what_the_relay_talks_is_not_believed(database: Database) {
    let readers = ["garbage-2@example.org", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers).await;

    world.settle().await;

    assert_eq!(world.postbox.mails_to(readers[0]).len(), 1);
    assert_eq!(world.ledger().await, [(State::Sent, 2)].into());
}
