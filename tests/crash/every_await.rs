//! The steps of a delivery, each dropped at each of its awaits: for every
//! number of polls there is a day with an edition of its own, on which two
//! daemons die after so many polls and a third goes on.

use gazetted::delivery::transition::State;
use gazetted::flow::compile;

use super::{Toll, doubts, troubled};
use crate::support::mortal::{self, Mortal, dies_after};
use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_sender_dropped_at_any_await_leaves_nobody_out,
    a_mail_in_doubt_at_any_await_is_held_if_the_operator_wants,
    an_edition_dropped_at_any_await_is_made_once_and_reaches_everybody,
    a_mail_whose_sender_always_dies_ends_with_its_tries,
);

/// More polls than any step takes.
const MANY: usize = 2_000;
const CONNECTIONS: usize = 2;
const DEATHS: usize = 2;

/// The relay takes the mails of the first three, one of them at the second try,
/// has one refused for its body, and takes the last without saying so.
const READERS: [&str; 5] = [
    "anna@example.org",
    "bert@example.org",
    "tempfail-1@example.org",
    "refuse-body@example.org",
    "drop-after-dot-1@example.org",
];

async fn world(database: Database, config: &str) -> World {
    let config = config.replace("connections = 4", &format!("connections = {CONNECTIONS}"));
    let world = World::with(database, &config).await;
    world.readers(&format!("email\n{}\n", READERS.join("\n"))).await;
    world
}

/// It is seven o'clock of the next day, and there is something new.
async fn next_day(world: &mut World, day: usize) {
    let date = world.now().date_naive() + chrono::Days::new(1);
    let item = Item::new(&format!("p{day}"), "A piece", "Peru", &format!("{date}T05:00:00Z"));
    world.newsroom.feed(WIRE, &[item]);
    world.turn_to(&format!("{date}T07:00:00Z"));
    world.visit().await;
    world.postbox.begin_again();
}

async fn a_sender_dropped_at_any_await_leaves_nobody_out(database: Database) {
    let mut world = world(database, USUAL).await;
    let mut most = 0;

    for polls in 1..MANY {
        next_day(&mut world, polls).await;
        world.compile().await;
        let mut ended = true;
        for _ in 0..DEATHS {
            ended &= dies_after(&world, polls, mortal::send).await;
            world.later(chrono::TimeDelta::seconds(31));
        }
        world.start_again().await;
        world.settle_and_sweep().await;

        let mails = world.postbox.mails();
        let toll = Toll::of(&mails);
        for reader in READERS.iter().filter(|reader| !reader.starts_with("refuse")) {
            assert!(toll.reached(reader), "{reader} was left out after {polls} polls");
        }
        assert!(!toll.reached("refuse-body@example.org"));
        let unsaid = mails.iter().filter(|mail| !mail.answered).count();
        let doubles = toll.doubles(&doubts(&world).await);
        assert!(doubles <= DEATHS * CONNECTIONS + unsaid, "{doubles} after {polls} polls");
        most = most.max(doubles);
        if ended {
            let days = i64::try_from(polls).unwrap();
            let sent = (State::Sent, 4 * days);
            assert_eq!(world.ledger().await, [sent, (State::Refused, days)].into());
            println!("{polls} polls, at most {most} doubles");
            assert!(most > 1, "some died in doubt");
            return;
        }
    }
    panic!("it never comes to its end");
}

async fn a_mail_in_doubt_at_any_await_is_held_if_the_operator_wants(database: Database) {
    let config = format!("[delivery]\non_uncertain = \"hold\"\n{USUAL}");
    let mut world = world(database, &config).await;
    let mut most = 0;

    for polls in 1..MANY {
        next_day(&mut world, polls).await;
        world.compile().await;
        let before = world.ledger().await.get(&State::Held).copied().unwrap_or(0);
        let ended = dies_after(&world, polls, mortal::send).await;
        world.later(chrono::TimeDelta::seconds(31));
        world.start_again().await;
        world.settle_and_sweep().await;

        let held = world.ledger().await.get(&State::Held).copied().unwrap_or(0) - before;
        let mails = world.postbox.mails();
        let toll = Toll::of(&mails);
        assert_eq!(toll.doubles(&[].into()), 0, "after {polls} polls");
        // All who were not reached are held, and all who are held are listed.
        let listed: Vec<String> = troubled(&world)
            .await
            .into_iter()
            .filter(|line| line.state == State::Held)
            .map(|line| line.email)
            .collect();
        assert_eq!(i64::try_from(listed.len()).unwrap(), held);
        for reader in READERS.iter().filter(|reader| !reader.starts_with("refuse")) {
            let known = toll.reached(reader) || listed.iter().any(|held| held == reader);
            assert!(known, "{reader} was left out after {polls} polls");
        }
        most = most.max(held);
        if ended {
            assert_eq!(listed, ["drop-after-dot-1@example.org"]);
            assert!(most > 1, "some died in doubt");
            return;
        }
    }
    panic!("it never comes to its end");
}

async fn an_edition_dropped_at_any_await_is_made_once_and_reaches_everybody(database: Database) {
    let mut world = world(database, USUAL).await;

    for polls in 1..MANY {
        next_day(&mut world, polls).await;
        let started = world.started;
        let ended = dies_after(&world, polls, move |house, _| async move {
            compile::compile_due(&house, started).await.unwrap();
            compile::queue_open(&house).await.unwrap();
        })
        .await;
        world.start_again().await;
        world.compile().await;
        world.settle().await;

        assert_eq!(world.editions().await.len(), polls, "one edition a day");
        let mails = world.postbox.mails();
        let toll = Toll::of(&mails);
        let unsaid = mails.iter().filter(|mail| !mail.answered).count();
        assert_eq!(toll.doubles(&doubts(&world).await), unsaid, "after {polls} polls");
        assert_eq!(toll.0.len(), 4, "after {polls} polls");
        if ended {
            return;
        }
    }
    panic!("it never comes to its end");
}

async fn a_mail_whose_sender_always_dies_ends_with_its_tries(database: Database) {
    let mut world = World::new(database).await;
    world.reader("slow@example.org").await;
    next_day(&mut world, 1).await;
    world.compile().await;

    for times in 1..=10 {
        let mortal = Mortal::sends(&world).await;
        world.postbox.wait(|mails| mails.len() == times).await;
        mortal.kill();
        world.later(chrono::TimeDelta::seconds(31));
    }
    world.start_again().await;
    world.settle_and_sweep().await;

    let mails = world.postbox.mails();
    assert_eq!(Toll::of(&mails).doubles(&doubts(&world).await), 9);
    assert_eq!(world.ledger().await, [(State::Expired, 1)].into());
    let trouble = world.troubled().await;
    assert_eq!((trouble[0].tries, trouble[0].doubts), (10, 10), "{trouble:?}");
}
