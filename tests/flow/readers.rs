//! Readers come and go while an edition is under way.

use gazetted::delivery::transition::State;
use gazetted::flow::enrol::{self, Admission, Followed};
use gazetted::store::subscribers;
use gazetted::subscriber::Standing;
use gazetted::subscriber::token::{Claim, Purpose};

use crate::support::newsroom::Item;
use crate::support::world::{WIRE, address};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    who_unsubscribes_between_compiling_and_sending_is_not_mailed,
    the_link_of_a_mail_unsubscribes_its_reader_and_nobody_else,
    who_is_forgotten_is_not_mailed_and_not_brought_back,
    only_the_active_are_mailed,
    who_left_is_not_brought_back_by_an_import,
    a_suppressed_address_is_out_at_once,
    a_new_choice_counts_from_the_next_edition_on,
);

async fn at_the_slot(database: Database, csv: &str) -> World {
    let mut world = World::new(database).await;
    world.readers(csv).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;
    world
}

async fn next_day(world: &mut World) {
    let day = world.newsroom.asked().len();
    let date = world.now().to_rfc3339();
    world.newsroom.feed(WIRE, &[Item::new(&format!("next {day}"), "Another piece", "Peru", &date)]);
    world.later(chrono::TimeDelta::days(1));
    world.visit().await;
    world.compile().await;
    world.deliver().await;
}

const TWO: &str = "email\nanna@example.org\nbert@example.org\n";

async fn who_unsubscribes_between_compiling_and_sending_is_not_mailed(database: Database) {
    let world = at_the_slot(database, TWO).await;
    let mut tx = world.house.store.read().await.unwrap();
    let anna =
        subscribers::by_address(&mut tx, &address("anna@example.org")).await.unwrap().unwrap();
    drop(tx);

    let token = world.house.keys.sign_claim(Purpose::Unsubscribe, &Claim::lasting(anna.uid, None));
    assert_eq!(enrol::leave(&world.house, &token).await.unwrap(), Followed::Done);
    world.deliver().await;

    let to: Vec<String> = world.postbox.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["bert@example.org"]);
    assert_eq!(world.ledger().await, [(State::Sent, 1), (State::Cancelled, 1)].into());
}

async fn the_link_of_a_mail_unsubscribes_its_reader_and_nobody_else(database: Database) {
    let mut world = at_the_slot(database, TWO).await;
    world.deliver().await;

    let mail = &world.postbox.mails_to("anna@example.org")[0];
    let header = mail.header("List-Unsubscribe");
    let link = header.split(['<', '>']).find(|part| part.contains("/unsubscribe/")).unwrap();
    assert!(link.starts_with("https://news.example.org/unsubscribe/"), "{header}");
    assert!(mail.text().contains(link) && mail.html().contains(link), "the same in both parts");
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(enrol::leave(&world.house, token).await.unwrap(), Followed::Done);
    next_day(&mut world).await;

    assert_eq!(world.postbox.mails_to("anna@example.org").len(), 1);
    assert_eq!(world.postbox.mails_to("bert@example.org").len(), 2);
}

async fn who_is_forgotten_is_not_mailed_and_not_brought_back(database: Database) {
    let mut world = at_the_slot(database, TWO).await;

    assert!(enrol::forget(&world.house, &address("Anna@example.org")).await.unwrap());
    world.deliver().await;
    assert_eq!(world.readers("email\nANNA@example.org\n").await, [Admission::Suppressed]);
    next_day(&mut world).await;

    assert!(world.postbox.mails_to("anna@example.org").is_empty());
    assert_eq!(world.postbox.count(), 2);
    let ledger = [(State::Sent, 2), (State::Cancelled, 1)];
    assert_eq!(world.ledger().await, ledger.into(), "the ledger stays whole");
}

async fn only_the_active_are_mailed(database: Database) {
    let csv = "email,standing\na@example.org,active\np@example.org,pending\nl@example.org,left\n\
               b@example.org,bounced\nc@example.org,complained\nd@example.org,\n";
    let world = at_the_slot(database, csv).await;
    world.deliver().await;

    let mut to: Vec<String> = world.postbox.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["a@example.org", "d@example.org"]);
}

async fn who_left_is_not_brought_back_by_an_import(database: Database) {
    let world = at_the_slot(database, TWO).await;
    assert!(enrol::remove(&world.house, &address("anna@example.org")).await.unwrap());
    assert!(!enrol::remove(&world.house, &address("nobody@example.org")).await.unwrap());

    assert_eq!(world.readers(TWO).await, [Admission::Kept, Admission::Changed]);
    world.deliver().await;

    assert!(world.postbox.mails_to("anna@example.org").is_empty());
    assert_eq!(world.postbox.count(), 1);
}

async fn a_suppressed_address_is_out_at_once(database: Database) {
    let mut world = at_the_slot(database, TWO).await;
    enrol::suppress(&world.house, &address("anna@example.org"), "asked by letter").await.unwrap();
    world.deliver().await;
    assert_eq!(world.postbox.count(), 1);
    assert_eq!(world.readers("email\nanna@example.org\n").await, [Admission::Suppressed]);

    assert!(enrol::unsuppress(&world.house, &address("anna@example.org")).await.unwrap());
    let mut tx = world.house.store.read().await.unwrap();
    let anna =
        subscribers::by_address(&mut tx, &address("anna@example.org")).await.unwrap().unwrap();
    drop(tx);
    assert_eq!(anna.standing, Standing::Left, "being off the list brings nobody back");
    next_day(&mut world).await;
    assert!(world.postbox.mails_to("anna@example.org").is_empty());
}

async fn a_new_choice_counts_from_the_next_edition_on(database: Database) {
    let mut world = at_the_slot(database, TWO).await;

    world.readers("email,regions\nanna@example.org,oceania\n").await;
    world.deliver().await;
    assert_eq!(world.postbox.count(), 2, "what is made is sent");
    next_day(&mut world).await;

    assert_eq!(world.postbox.mails_to("anna@example.org").len(), 1);
    assert_eq!(world.postbox.mails_to("bert@example.org").len(), 2);
}
