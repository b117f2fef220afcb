//! What sources do, and what becomes of it.

use std::fs;

use chrono::TimeDelta;
use gazetted::flow::watch::{self, Counts};

use crate::support::newsroom::{Item, Page};
use crate::support::world::WIRE;
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    a_feed_that_has_not_changed_costs_no_document,
    an_edit_is_one_changed_piece_and_a_scrolled_off_item_stays,
    a_source_in_trouble_loses_nothing_and_is_asked_less_often,
    a_feed_that_breaks_off_is_not_half_taken,
    a_file_that_is_deleted_withdraws_its_piece,
    a_withdrawn_piece_is_not_in_the_next_edition,
    two_guids_are_two_pieces_even_with_one_text,
);

fn items(range: std::ops::Range<u32>) -> Vec<Item> {
    range
        .map(|n| {
            let date = format!("2026-03-02T{:02}:00:00Z", n % 24);
            Item::new(&n.to_string(), &format!("Piece {n}"), "Europe/Austria", &date)
        })
        .collect()
}

async fn a_feed_that_has_not_changed_costs_no_document(database: Database) {
    let mut world = World::new(database).await;
    world.newsroom.feed(WIRE, &items(0..3));

    let first = world.visit().await;
    let second = world.visit().await;

    assert_eq!(first, Counts { new: 3, ..Counts::default() });
    assert_eq!(second, Counts::default());
    let statuses: Vec<u16> = world.newsroom.asked().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [200, 304]);
}

async fn an_edit_is_one_changed_piece_and_a_scrolled_off_item_stays(database: Database) {
    let mut world = World::new(database).await;
    world.newsroom.feed(WIRE, &items(0..3));
    world.visit().await;

    let mut later = items(1..4);
    later[0].title = "Piece 1, corrected".into();
    world.newsroom.feed(WIRE, &later);
    let counts = world.visit().await;

    assert_eq!(counts, Counts { new: 1, changed: 1, unchanged: 1, ..Counts::default() });
    let mut titles = world.titles().await;
    titles.sort();
    assert_eq!(titles, ["Piece 0", "Piece 1, corrected", "Piece 2", "Piece 3"]);
}

async fn a_source_in_trouble_loses_nothing_and_is_asked_less_often(database: Database) {
    let mut world = World::new(database).await;
    world.newsroom.feed(WIRE, &items(0..3));
    world.visit().await;

    let mut waits = vec![];
    for page in [Page::Status(500), Page::Status(404), Page::Body("<html>Log in".to_owned())] {
        world.newsroom.put(WIRE, page);
        world.visit().await;
        let state = watch::state(&world.house, "wire").await.unwrap();
        assert!(state.last_error.is_some(), "{state:?}");
        waits.push(state.next_visit - world.now());
    }
    let state = watch::state(&world.house, "wire").await.unwrap();
    world.newsroom.feed(WIRE, &items(0..4));
    let counts = world.visit().await;

    assert_eq!(state.failures, 3);
    assert!(waits.is_sorted() && waits[0] > TimeDelta::minutes(15), "{waits:?}");
    assert_eq!(counts, Counts { new: 1, unchanged: 3, ..Counts::default() });
    let state = watch::state(&world.house, "wire").await.unwrap();
    assert_eq!((state.failures, state.last_error), (0, None));
    assert_eq!(world.titles().await.len(), 4);
}

async fn a_feed_that_breaks_off_is_not_half_taken(database: Database) {
    let mut world = World::new(database).await;
    let whole = {
        // The same feed, as text.
        world.newsroom.feed(WIRE, &items(0..50));
        let answer =
            reqwest::get(format!("http://{}{WIRE}", world.newsroom.address())).await.unwrap();
        answer.text().await.unwrap()
    };
    world.newsroom.put(WIRE, Page::Cut(whole));

    let counts = world.visit().await;

    assert_eq!(counts, Counts::default());
    assert!(watch::state(&world.house, "wire").await.unwrap().last_error.is_some());
    world.newsroom.feed(WIRE, &items(0..50));
    assert_eq!(world.visit().await.new, 50);
}

/// A folder of files, and a digest every day at seven.
const FOLDER: &str = r#"
[[source]]
name = "magazine"
kind = "directory"
path = "{folder}/articles"

[mail]
from = "digest@news.example.org"
transport = "smtp://{postbox}"

[[digest]]
name = "daily"
schedule = "0 7 * * *"
"#;

async fn folder_world(database: Database) -> World {
    fs::create_dir(database.folder().join("articles")).unwrap();
    let world = World::with(database, FOLDER).await;
    for name in ["one", "two", "three"] {
        write(&world, name, name);
    }
    world
}

fn write(world: &World, name: &str, title: &str) {
    let text = format!(
        "---\ntitle: Piece {title}\ndate: 2026-03-02T06:00:00Z\ncategories: [Kenya]\n---\n\nThe text of {name}.\n"
    );
    fs::write(world.folder().join(format!("articles/{name}.md")), text).unwrap();
}

async fn a_file_that_is_deleted_withdraws_its_piece(database: Database) {
    let mut world = folder_world(database).await;
    assert_eq!(world.visit().await.new, 3);

    fs::remove_file(world.folder().join("articles/two.md")).unwrap();
    world.later(TimeDelta::seconds(10));
    let counts = world.visit().await;

    assert_eq!((counts.removed, counts.new, counts.failed), (1, 0, 0));
    let mut titles = world.titles().await;
    titles.sort();
    assert_eq!(titles, ["Piece one", "Piece three"]);

    write(&world, "two", "two, again");
    world.later(TimeDelta::seconds(10));
    let counts = world.visit().await;
    assert_eq!((counts.changed, counts.new), (1, 0), "it is the same piece as before");
    assert_eq!(world.titles().await.len(), 3);
}

async fn a_withdrawn_piece_is_not_in_the_next_edition(database: Database) {
    let mut world = folder_world(database).await;
    world.reader("anna@example.org").await;
    world.visit().await;
    fs::remove_file(world.folder().join("articles/two.md")).unwrap();
    world.later(TimeDelta::seconds(10));
    world.visit().await;

    world.turn_to("2026-03-03T07:00:00Z");
    world.compile().await;
    world.deliver().await;

    let text = world.postbox.mails_to("anna@example.org")[0].text();
    assert!(text.contains("Piece one") && text.contains("Piece three"), "{text}");
    assert!(!text.contains("Piece two"), "{text}");
}

async fn two_guids_are_two_pieces_even_with_one_text(database: Database) {
    let mut world = World::new(database).await;
    let mut items = items(0..2);
    items[1] = Item { guid: items[1].guid.clone(), ..items[0].clone() };
    world.newsroom.feed(WIRE, &items);

    assert_eq!(world.visit().await.new, 2);
    assert_eq!(world.titles().await, ["Piece 0", "Piece 0"]);
}
