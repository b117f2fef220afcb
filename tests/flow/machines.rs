//! Several machines over one PostgreSQL, and machines that die.

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::flow::{deliver, sweep};

use crate::support::engines::run;
use crate::support::mortal::Mortal;
use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(a_killed_daemon_leaves_nobody_out_when_it_starts_again);

async fn at_the_slot(database: Database, readers: usize) -> World {
    let mut world = World::with(database, USUAL).await;
    let csv: Vec<String> = (0..readers).map(|n| format!("r{n}@example.org")).collect();
    world.readers(&format!("email\n{}\n", csv.join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world
}

/// Nobody is left out; gives how many mails were too many, all of which are
/// copies to the byte.
fn doubles(world: &World, readers: usize) -> usize {
    let mut doubles = 0;
    for n in 0..readers {
        let mails = world.postbox.mails_to(&format!("r{n}@example.org"));
        assert!(!mails.is_empty(), "r{n} was left out");
        assert!(mails.iter().all(|mail| mail.message == mails[0].message), "r{n}");
        doubles += mails.len() - 1;
    }
    doubles
}

async fn a_killed_daemon_leaves_nobody_out_when_it_starts_again(database: Database) {
    let mut world = at_the_slot(database, 60).await;
    world.compile().await;
    let mut killed = 0;
    for enough in [5, 20, 45] {
        let mortal = Mortal::sends(&world).await;
        world.postbox.wait(|mails| mails.len() >= enough).await;
        mortal.kill();
        killed += 1;
        // Its silence is noticed in time also where no file lock tells.
        world.later(TimeDelta::seconds(31));
    }

    world.restart().await;
    world.settle().await;

    let doubles = doubles(&world, 60);
    assert!(doubles <= killed * 4, "{doubles} doubles after {killed} kills of 4 connections");
    assert_eq!(world.ledger().await, [(State::Sent, 60)].into());
}

#[test]
fn two_machines_share_an_edition_with_no_doubles() {
    let Some(database) = Database::postgres() else { return };
    run(async {
        let first = at_the_slot(database, 150).await;
        let second = first.neighbour().await;

        // Both find the slot due, and both send.
        let (a, b) = tokio::join!(first.compile(), second.compile());
        assert_eq!(a.len() + b.len(), 1, "one of them made the edition");
        tokio::join!(first.deliver(), second.deliver());

        assert_eq!(doubles(&first, 150), 0);
        assert_eq!(first.postbox.count(), 150);
        assert_eq!(first.ledger().await, [(State::Sent, 150)].into());
        assert_eq!(first.editions().await.len(), 1);
        assert!(first.postbox.most_open() > 4, "both had connections of their own");
    });
}

#[test]
fn the_mails_of_a_killed_machine_go_to_the_other() {
    let Some(database) = Database::postgres() else { return };
    run(async {
        let world = at_the_slot(database, 100).await;
        world.compile().await;
        let mortal = Mortal::sends(&world).await;
        world.postbox.wait(|mails| mails.len() >= 10).await;
        mortal.kill();

        // While it counts as living its rows are its own.
        deliver::beat_once(&world.house, &world.instance, "serve").await.unwrap();
        let early = sweep::sweep(&world.house).await.unwrap();
        assert_eq!((early.released, early.resent), (0, 0));
        world.later(TimeDelta::seconds(31));
        deliver::beat_once(&world.house, &world.instance, "serve").await.unwrap();
        let late = sweep::sweep(&world.house).await.unwrap();
        assert!(late.released + late.resent > 0, "{late:?}");
        assert!(late.resent <= 4, "{late:?}");
        world.settle().await;

        let doubles = doubles(&world, 100);
        assert!(doubles <= 4, "{doubles}");
        assert_eq!(world.ledger().await, [(State::Sent, 100)].into());
    });
}
