//! Manners towards relays and recipient domains: what is limited, slowed down
//! or put off, and that nobody pays for it who is not concerned.

mod limits;
mod relays;
mod slow;
mod times;

use gazetted::store::slowed::{self, Slowed};

use crate::support::newsroom::Item;
use crate::support::world::WIRE;
use crate::support::{Database, World};

/// A world with one piece and these readers, at the slot, compiled.
async fn at_the_slot(database: Database, config: &str, readers: &[String]) -> World {
    let mut world = World::with(database, config).await;
    world.readers(&format!("email\n{}\n", readers.join("\n"))).await;
    world.newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;
    world
}

/// So many readers at a domain.
fn at(domain: &str, readers: usize) -> Vec<String> {
    (0..readers).map(|n| format!("r{n}@{domain}")).collect()
}

/// What the store says is slowed down.
async fn slowed(world: &World) -> Vec<Slowed> {
    let mut tx = world.house.store.read().await.unwrap();
    slowed::list(&mut tx, 100).await.unwrap()
}

/// How many mails arrived for a domain.
fn arrived(world: &World, domain: &str) -> usize {
    let at = format!("@{domain}");
    world.postbox.mails().iter().filter(|mail| mail.to.ends_with(&at)).count()
}
