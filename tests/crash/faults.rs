//! A relay in every mood: what it does to all who connect, and what it does to
//! one mail is in `flow::relay`.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use gazetted::delivery::smtp::{Deadlines, Server, Smtp, Tls};
use gazetted::delivery::transition::State;
use gazetted::flow::deliver::Sending;

use super::{Toll, doubts};
use crate::support::newsroom::Item;
use crate::support::postbox::Mood;
use crate::support::world::{LOOK, Running, USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_relay_in_a_bad_mood_costs_nobody_a_try,
    a_relay_that_breaks_tls_gets_nothing_in_the_clear,
    a_reply_that_comes_too_late_makes_copies_of_one_mail,
);

const READERS: usize = 12;

fn reader(n: usize) -> String {
    format!("r{n}@example.org")
}

async fn at_the_slot(database: Database, config: &str) -> World {
    let mut world = World::with(database, config).await;
    let readers: Vec<String> = (0..READERS).map(reader).collect();
    world.readers(&format!("email\n{}\n", readers.join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;
    world
}

/// Who sends, with less patience than usual.
fn impatient(world: &World, deadlines: Deadlines) -> Sending {
    let address = world.postbox.address();
    let server =
        Server { host: address.ip().to_string(), port: address.port(), tls: Tls::StartTls };
    let smtp = Smtp::new(server, None, "news.example.org").with_deadlines(deadlines);
    let mut sending = world.sending();
    sending.ways[0].mailer = Arc::new(smtp);
    sending
}

/// Time goes by until there were so many more connections.
async fn more_connections(world: &World, more: u64) {
    let enough = world.postbox.connections() + more;
    while world.postbox.connections() < enough {
        world.later(TimeDelta::seconds(20));
        tokio::time::sleep(LOOK).await;
    }
}

async fn a_relay_in_a_bad_mood_costs_nobody_a_try(database: Database) {
    let world = at_the_slot(database, USUAL).await;
    world.postbox.be(Mood::Silent);

    let deadlines = Deadlines { greeting: Duration::from_millis(100), ..Deadlines::default() };
    let sending = Running::start(impatient(&world, deadlines));
    for mood in [Mood::Silent, Mood::Garbage, Mood::Closed] {
        world.postbox.be(mood);
        more_connections(&world, 3).await;
    }
    world.postbox.vanish().await;
    world.later(TimeDelta::minutes(6));
    world.postbox.come_back();
    world.postbox.be(Mood::Open);
    world.settle_beside().await;
    sending.stop().await;

    let mails = world.postbox.mails();
    assert_eq!(Toll::of(&mails).doubles(&doubts(&world).await), 0);
    assert_eq!(world.ledger().await, [(State::Sent, 12)].into());
    assert!(world.troubled().await.is_empty(), "nobody was in doubt");
}

async fn a_relay_that_breaks_tls_gets_nothing_in_the_clear(database: Database) {
    let config = USUAL.replace("{postbox}", "{postbox}?tls=required");
    let world = at_the_slot(database, &config).await;

    for mood in [Mood::BrokenTls, Mood::Open] {
        world.postbox.be(mood);
        let sending = world.start_sending();
        more_connections(&world, 3).await;
        sending.stop().await;
    }

    assert_eq!(world.postbox.count(), 0);
    assert!((0..READERS).all(|n| world.postbox.asked_for(&reader(n)) == 0));
    assert_eq!(world.ledger().await, [(State::Queued, 12)].into());
}

async fn a_reply_that_comes_too_late_makes_copies_of_one_mail(database: Database) {
    let world = at_the_slot(database, USUAL).await;
    world.postbox.answer_after(Duration::from_secs(30));

    let deadlines = Deadlines { end: Duration::from_millis(50), ..Deadlines::default() };
    let sending = Running::start(impatient(&world, deadlines));
    while world.postbox.reached() < READERS {
        world.later(TimeDelta::seconds(20));
        tokio::time::sleep(LOOK).await;
    }
    world.postbox.answer_after(Duration::ZERO);
    world.settle_beside().await;
    sending.stop().await;

    let mails = world.postbox.mails();
    let doubles = Toll::of(&mails).doubles(&doubts(&world).await);
    assert!(doubles >= READERS, "everybody was in doubt once: {doubles}");
    assert_eq!(world.ledger().await, [(State::Sent, 12)].into());
}
