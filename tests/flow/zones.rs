//! An hour that comes where each reader lives.

use gazetted::delivery::transition::State;

use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    seven_comes_round_the_world_in_one_edition,
    seven_stays_seven_when_clocks_change_in_spring_and_autumn,
    seven_stays_seven_across_daylight_saving_in_one_zone,
    who_moves_round_the_world_gets_an_edition_once,
);

const WORLD_WIDE: &str = "email,timezone\nkiritimati@example.org,Pacific/Kiritimati\n\
    tokyo@example.org,Asia/Tokyo\nkathmandu@example.org,Asia/Kathmandu\nlondon@example.org,\n\
    new-york@example.org,America/New_York\npago@example.org,Pacific/Pago_Pago\n";

async fn subscriber_world(database: Database, start: &str) -> World {
    let world = World::with(database, &format!("{USUAL}timezone = \"subscriber\"\n")).await;
    world.readers(WORLD_WIDE).await;
    world.turn_to(start);
    world
}

/// Who is mailed at each of these moments.
async fn mailed_at(world: &mut World, moments: &[&str]) -> Vec<Vec<String>> {
    let mut all = vec![];
    for moment in moments {
        world.turn_to(moment);
        world.compile().await;
        world.deliver().await;
        let mut to: Vec<String> = world
            .postbox
            .mails()
            .into_iter()
            .map(|mail| mail.to.split('@').next().unwrap().to_owned())
            .collect();
        to.sort();
        world.postbox.empty();
        all.push(to);
    }
    all
}

async fn seven_comes_round_the_world_in_one_edition(database: Database) {
    let mut world = subscriber_world(database, "2026-03-09T12:00:00Z").await;
    world.newsroom.feed(
        WIRE,
        &[
            Item::new("1", "In time", "Peru", "2026-03-09T12:00:00Z"),
            Item::new("2", "Too late", "Peru", "2026-03-09T18:00:00Z"),
        ],
    );
    world.visit().await;

    // The tenth of March, seven o'clock, from the date line to the date line.
    let moments = [
        "2026-03-09T16:59:59Z",
        "2026-03-09T17:00:00Z",
        "2026-03-09T22:00:00Z",
        "2026-03-10T01:14:59Z",
        "2026-03-10T01:15:00Z",
        "2026-03-10T07:00:00Z",
        "2026-03-10T11:00:00Z",
    ];
    let mailed = mailed_at(&mut world, &moments).await;
    let expected: [&[&str]; 7] =
        [&[], &["kiritimati"], &["tokyo"], &[], &["kathmandu"], &["london"], &["new-york"]];
    assert_eq!(mailed, expected);

    // On the other side the next day's edition is made before this one ends.
    let mailed = mailed_at(&mut world, &["2026-03-10T17:00:00Z", "2026-03-10T18:00:00Z"]).await;
    assert_eq!(mailed, [vec!["kiritimati"], vec!["pago"]]);
    let editions = world.editions().await;
    assert_eq!(editions.len(), 2);
    assert_eq!(editions[0].state.as_str(), "done");
    assert_eq!(editions[1].state.as_str(), "sending");
}

async fn seven_stays_seven_when_clocks_change_in_spring_and_autumn(database: Database) {
    let mut world = subscriber_world(database, "2026-03-28T12:00:00Z").await;
    world.newsroom.feed(WIRE, &[Item::new("1", "Spring", "Peru", "2026-03-28T12:00:00Z")]);
    world.visit().await;

    // London's clocks went forward at one; New York's three weeks before.
    let spring = [
        "2026-03-28T23:00:00Z",
        "2026-03-29T05:59:59Z",
        "2026-03-29T06:00:00Z",
        "2026-03-29T11:00:00Z",
    ];
    let mailed = mailed_at(&mut world, &spring).await;
    assert_eq!(mailed[1], ["kathmandu"]);
    assert_eq!(mailed[2], ["london"]);
    assert_eq!(mailed[3], ["new-york"]);

    world.turn_to("2026-10-24T12:00:00Z");
    world.restart().await;
    world.newsroom.feed(WIRE, &[Item::new("2", "Autumn", "Peru", "2026-10-24T12:00:00Z")]);
    world.visit().await;
    let autumn = [
        "2026-10-25T01:15:00Z",
        "2026-10-25T06:59:59Z",
        "2026-10-25T07:00:00Z",
        "2026-10-25T11:00:00Z",
    ];
    let mailed = mailed_at(&mut world, &autumn).await;
    assert_eq!(mailed[1], Vec::<String>::new());
    assert_eq!(mailed[2], ["london"]);
    assert_eq!(mailed[3], ["new-york"]);
}

async fn seven_stays_seven_across_daylight_saving_in_one_zone(database: Database) {
    let mut world = World::with(database, &format!("{USUAL}timezone = \"Europe/Berlin\"\n")).await;
    world.reader("anna@example.org").await;
    world.turn_to("2026-03-28T00:00:00Z");
    let mut sent = vec![];
    for (n, moment) in ["2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z", "2026-03-30T05:00:00Z"]
        .into_iter()
        .enumerate()
    {
        let date = world.now().to_rfc3339();
        world.newsroom.feed(WIRE, &[Item::new(&n.to_string(), "A piece", "Peru", &date)]);
        world.visit().await;
        let just_before = chrono::TimeDelta::seconds(1);
        world.clock.set(crate::support::world::at(moment) - just_before);
        world.compile().await;
        world.deliver().await;
        sent.push(world.postbox.count());
        world.turn_to(moment);
        world.compile().await;
        world.deliver().await;
        sent.push(world.postbox.count());
    }

    assert_eq!(sent, [0, 1, 1, 2, 2, 3]);
}

async fn who_moves_round_the_world_gets_an_edition_once(database: Database) {
    let mut world = subscriber_world(database, "2026-03-09T12:00:00Z").await;
    world.newsroom.feed(WIRE, &[Item::new("1", "One", "Peru", "2026-03-09T12:00:00Z")]);
    world.visit().await;
    mailed_at(&mut world, &["2026-03-09T17:00:00Z"]).await;

    // From the first zone to the last: the same slot comes for them again.
    world.readers("email,timezone\nkiritimati@example.org,Pacific/Pago_Pago\n").await;
    let mailed = mailed_at(&mut world, &["2026-03-10T18:00:00Z", "2026-03-10T19:00:00Z"]).await;

    assert!(mailed.iter().flatten().all(|who| who != "kiritimati"), "{mailed:?}");
    assert_eq!(world.ledger().await, [(State::Sent, 6)].into());
}
