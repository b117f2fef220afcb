//! Quiet hours, and editions that are stopped while they are being written.

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::flow::compile;
use gazetted::store::editions::{self, EditionState};

use super::{arrived, at, at_the_slot};
use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    nobody_is_mailed_in_the_night_where_they_live_not_even_when_the_clocks_change,
    what_was_put_off_into_the_night_waits_for_the_morning,
    an_edition_that_is_being_written_can_be_paused_and_goes_on_where_it_was,
    who_joins_while_a_written_edition_is_paused_does_not_get_it,
);

fn quiet() -> String {
    USUAL
        .replace("connections = 4", "connections = 4\nquiet_hours = \"22:00-07:00\"")
        .replace("0 7 * * *", "0 23 * * Sat")
}

async fn nobody_is_mailed_in_the_night_where_they_live_not_even_when_the_clocks_change(
    database: Database,
) {
    let mut world = World::with(database, &quiet()).await;
    world
        .readers(
            "email,timezone\nlondon@example.org,Europe/London\ntokyo@example.org,Asia/Tokyo\n\
             york@example.org,America/New_York\nnowhere@example.org,\n",
        )
        .await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-28T05:00:00Z")]);
    // Saturday, 23:00 in London; an hour and a half later summer time begins.
    world.turn_to("2026-03-28T23:00:00Z");
    world.visit().await;
    world.compile().await;

    for (moment, sent) in [
        ("2026-03-28T23:00:00Z", vec!["tokyo@example.org", "york@example.org"]),
        // In New York it is 01:59 at night, in London 06:59 of summer time.
        ("2026-03-29T05:59:59Z", vec!["tokyo@example.org", "york@example.org"]),
        (
            "2026-03-29T06:00:00Z",
            vec![
                "london@example.org",
                "nowhere@example.org",
                "tokyo@example.org",
                "york@example.org",
            ],
        ),
    ] {
        world.turn_to(moment);
        world.deliver().await;
        let mut people: Vec<String> =
            world.postbox.mails().into_iter().map(|mail| mail.to).collect();
        people.sort();
        assert_eq!(people, sent, "{moment}");
    }
}

async fn what_was_put_off_into_the_night_waits_for_the_morning(database: Database) {
    let config = quiet().replace("0 23 * * Sat", "0 21 * * *");
    let mut world = World::with(database, &config).await;
    world.reader("tempfail-1@example.org").await;
    world.reader("anna@example.org").await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T21:00:00Z");
    world.visit().await;
    world.compile().await;
    world.turn_to("2026-03-03T21:58:00Z");
    world.deliver().await;
    assert_eq!(world.postbox.count(), 1);

    // The second try falls due at two or three minutes past ten.
    world.later(TimeDelta::minutes(10));
    world.deliver().await;
    assert_eq!(world.postbox.asked_for("tempfail-1@example.org"), 1);
    world.turn_to("2026-03-04T06:59:59Z");
    world.deliver().await;
    assert_eq!(world.postbox.asked_for("tempfail-1@example.org"), 1);
    world.turn_to("2026-03-04T07:00:00Z");
    world.deliver().await;

    assert_eq!(world.ledger().await, [(State::Sent, 2)].into());
}

async fn pause(world: &World, edition: i64, from: EditionState) {
    let mut tx = world.house.store.write().await.unwrap();
    assert!(editions::move_state(&mut tx, edition, from, EditionState::Paused).await.unwrap());
    tx.commit().await.unwrap();
}

async fn resume(world: &World, edition: i64) -> EditionState {
    let mut tx = world.house.store.write().await.unwrap();
    assert!(editions::resume(&mut tx, edition).await.unwrap());
    assert!(!editions::resume(&mut tx, edition).await.unwrap(), "only once");
    let state = editions::get(&mut tx, edition).await.unwrap().unwrap().state;
    tx.commit().await.unwrap();
    state
}

async fn an_edition_that_is_being_written_can_be_paused_and_goes_on_where_it_was(
    database: Database,
) {
    let mut world = World::with(database, USUAL).await;
    // More than go in with one commit.
    world.readers(&format!("email\n{}\n", at("example.org", 1_030).join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    let edition = compile::compile_due(&world.house, world.started).await.unwrap().remove(0);
    assert_eq!(edition.state, EditionState::Compiling);
    pause(&world, edition.id, EditionState::Compiling).await;

    // One who had begun stops, and nobody begins.
    assert_eq!(compile::queue(&world.house, edition.clone()).await.unwrap(), 0);
    compile::queue_open(&world.house).await.unwrap();
    world.deliver().await;
    assert_eq!(world.ledger().await, [].into());

    assert_eq!(resume(&world, edition.id).await, EditionState::Compiling);
    compile::queue_open(&world.house).await.unwrap();
    world.deliver().await;
    assert_eq!(world.ledger().await, [(State::Sent, 1_030)].into());
    assert_eq!(arrived(&world, "example.org"), 1_030);
    assert_eq!(world.editions().await[0].state, EditionState::Done);
}

async fn who_joins_while_a_written_edition_is_paused_does_not_get_it(database: Database) {
    let world = at_the_slot(database, USUAL, &at("example.org", 10)).await;
    let edition = world.editions().await[0].id;
    pause(&world, edition, EditionState::Sending).await;
    world.reader("late@example.org").await;

    assert_eq!(resume(&world, edition).await, EditionState::Sending);
    compile::queue_open(&world.house).await.unwrap();
    world.deliver().await;

    assert_eq!(world.ledger().await, [(State::Sent, 10)].into());
    assert!(world.postbox.mails_to("late@example.org").is_empty());
}
