//! The operator stops, resumes and repeats.

use gazetted::delivery::transition::State;
use gazetted::store::deliveries;
use gazetted::store::editions::{self, EditionState};

use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_paused_edition_stops_and_goes_on_where_it_was,
    a_cancelled_edition_mails_nobody_any_more,
    a_retry_is_for_the_failed_only,
    one_edition_that_waits_never_stalls_another,
    a_reload_changes_what_comes_and_a_bad_one_changes_nothing,
);

async fn at_the_slot(database: Database, config: &str, readers: &[String]) -> World {
    let mut world = World::with(database, config).await;
    world.readers(&format!("email\n{}\n", readers.join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;
    world
}

fn many() -> Vec<String> {
    (0..60).map(|n| format!("r{n}@example.org")).collect()
}

async fn steer(world: &World, edition: i64, from: EditionState, to: EditionState) {
    let mut tx = world.house.store.write().await.unwrap();
    assert!(editions::move_state(&mut tx, edition, from, to).await.unwrap());
    tx.commit().await.unwrap();
}

async fn a_paused_edition_stops_and_goes_on_where_it_was(database: Database) {
    let mut readers = many();
    readers.insert(0, "slow@example.org".to_owned());
    let config = USUAL.replace("connections = 4", "connections = 1");
    let world = at_the_slot(database, &config, &readers).await;
    let edition = world.editions().await[0].id;

    let sending = world.start_sending();
    // The only connection waits for the answer to one mail.
    world.postbox.wait(|mails| mails.iter().any(|mail| mail.to.starts_with("slow"))).await;
    let before = world.postbox.count();
    steer(&world, edition, EditionState::Sending, EditionState::Paused).await;
    world.postbox.release();
    sending.stop().await;
    let after = world.postbox.count();
    world.deliver().await;

    assert_eq!(world.postbox.count(), after, "nothing is begun while it is paused");
    assert_eq!(before, after, "not even what was claimed already");
    steer(&world, edition, EditionState::Paused, EditionState::Sending).await;
    world.deliver().await;
    assert_eq!(world.postbox.count(), 61, "everybody once");
    assert_eq!(world.ledger().await, [(State::Sent, 61)].into());
}

async fn a_cancelled_edition_mails_nobody_any_more(database: Database) {
    let mut readers = many();
    readers.insert(0, "slow@example.org".to_owned());
    let config = USUAL.replace("connections = 4", "connections = 1");
    let mut world = at_the_slot(database, &config, &readers).await;
    let edition = world.editions().await[0].id;

    let sending = world.start_sending();
    world.postbox.wait(|mails| mails.iter().any(|mail| mail.to.starts_with("slow"))).await;
    let before = world.postbox.count();
    steer(&world, edition, EditionState::Sending, EditionState::Cancelled).await;
    let mut tx = world.house.store.write().await.unwrap();
    deliveries::cancel_queued(&mut tx, edition, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.postbox.release();
    sending.stop().await;
    world.restart().await;
    world.compile().await;
    world.deliver().await;

    assert_eq!(world.postbox.count(), before);
    let ledger = world.ledger().await;
    assert_eq!(ledger[&State::Sent], i64::try_from(before).unwrap(), "{ledger:?}");
    assert_eq!(ledger.values().sum::<i64>(), 61, "{ledger:?}");
    assert_eq!(ledger.len(), 2, "sent or cancelled, nothing is left open: {ledger:?}");
}

async fn a_retry_is_for_the_failed_only(database: Database) {
    let readers = ["refuse-1@example.org", "refuse-body-1@example.org", "anna@example.org"];
    let world = at_the_slot(database, USUAL, &readers.map(str::to_owned)).await;
    world.settle().await;
    assert_eq!(world.postbox.count(), 1);
    let edition = world.editions().await[0].id;

    let mut tx = world.house.store.write().await.unwrap();
    assert_eq!(deliveries::retry_failed(&mut tx, edition, world.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    world.settle().await;

    for reader in &readers[1..] {
        assert_eq!(world.postbox.mails_to(reader).len(), 1, "{reader}");
    }
    assert!(world.postbox.mails_to(readers[0]).is_empty(), "whose mailbox is gone has bounced");
    assert_eq!(world.editions().await[0].state, EditionState::Done);
}

async fn one_edition_that_waits_never_stalls_another(database: Database) {
    let config = format!("{USUAL}\n[[digest]]\nname = \"other\"\nschedule = \"0 7 * * *\"\n");
    let mut readers = many();
    readers.extend((0..20).map(|n| format!("tempfail.{n}@example.org")));
    let world = at_the_slot(database, &config, &readers).await;
    let first = world.editions().await[0].id;
    steer(&world, first, EditionState::Sending, EditionState::Paused).await;

    world.deliver().await;

    let lists: Vec<String> =
        world.postbox.mails().iter().map(|mail| mail.header("List-Id")).collect();
    assert_eq!(lists.len(), 60);
    let digest = &world.editions().await[1].digest;
    assert!(lists.iter().all(|list| list.contains(digest.as_str())), "{lists:?}");
}

async fn a_reload_changes_what_comes_and_a_bad_one_changes_nothing(database: Database) {
    let mut world = World::new(database).await;
    world.reader("anna@example.org").await;
    let good = std::fs::read_to_string(world.config()).unwrap();

    let bad = good.replace("schedule = \"0 7 * * *\"", "schedule = \"0 25 * * *\"");
    let words = world.reload(&bad).unwrap_err();
    assert!(words.contains("schedule") && words.contains("0 to 23"), "{words}");
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.beat().await;
    assert_eq!(world.postbox.count(), 1, "the old schedule holds");

    world.reload(&good.replace("The day by region", "Der Tag").replace("0 7 *", "0 9 *")).unwrap();
    // The new hour has passed today, with nothing new for it.
    world.turn_to("2026-03-03T09:30:00Z");
    world.beat().await;
    world.newsroom.feed(WIRE, &[Item::new("2", "Two", "Peru", "2026-03-03T12:00:00Z")]);
    world.turn_to("2026-03-04T07:00:00Z");
    world.beat().await;
    assert_eq!(world.postbox.count(), 1, "not at the old hour");
    world.turn_to("2026-03-04T09:00:00Z");
    world.beat().await;
    assert_eq!(world.postbox.count(), 2);
    assert!(world.postbox.mails()[1].header("Subject").starts_with("Der Tag"));
}
