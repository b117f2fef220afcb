//! The whole, at the size of a real magazine.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gazetted::delivery::transition::State;

use crate::support::newsroom::Item;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(a_thousand_pieces_and_two_hundred_readers_make_one_mail_each_and_only_theirs);

/// Where the pieces are filed, and the region that a reader chooses for them.
const REGIONS: [(&str, &str); 3] = [("Kenya", "africa"), ("Japan", "asia"), ("Austria", "europe")];

/// What the `n`-th reader chose.
fn chosen(n: usize) -> Vec<&'static str> {
    match n % 5 {
        0 => vec![],
        1 => vec!["africa"],
        2 => vec!["asia"],
        3 => vec!["europe"],
        _ => vec!["africa", "europe"],
    }
}

async fn a_thousand_pieces_and_two_hundred_readers_make_one_mail_each_and_only_theirs(
    database: Database,
) {
    let config = format!(
        "{USUAL}limit = 30\n\n[[digest]]\nname = \"weekly\"\ntitle = \"The week\"\nschedule = \"0 7 * * Tue\"\nlimit = 60\n"
    );
    let mut world = World::with(database, &config).await;
    let items: Vec<Item> = (0..1_000)
        .map(|n| {
            let (label, _) = REGIONS[n % 3];
            let date = format!("2026-03-{:02}T{:02}:{:02}:00Z", 1 + n / 600, (n / 50) % 24, n % 50);
            let mut item =
                Item::new(&n.to_string(), &format!("Story {n}x in {label}"), label, &date);
            item.text = format!("A few words about {n}.");
            item
        })
        .collect();
    world.newsroom.feed(WIRE, &items);
    let mut csv = "email,regions,digests\n".to_owned();
    for n in 0..200 {
        let digests = if n % 4 == 3 { "daily" } else { "" };
        writeln!(csv, "reader-{n}@example.org,{},{digests}", chosen(n).join(" ")).unwrap();
    }
    world.readers(&csv).await;
    let counts = world.visit().await;
    assert_eq!(counts.new, 1_000);

    world.turn_to("2026-03-03T07:00:00Z");
    world.compile().await;
    world.deliver().await;
    // The same slot once more: by the same daemon, and by one that starts now.
    world.compile().await;
    world.deliver().await;
    world.restart().await;
    world.compile().await;
    world.deliver().await;

    let mut got: BTreeMap<(String, String), usize> = BTreeMap::new();
    for mail in world.postbox.mails() {
        let list = mail.header("List-Id");
        let digest = if list.contains("weekly") { "weekly" } else { "daily" };
        let number: usize =
            mail.to.strip_prefix("reader-").unwrap().split('@').next().unwrap().parse().unwrap();
        let chosen = chosen(number);
        let text = mail.text();
        for (label, region) in REGIONS {
            let wanted = chosen.is_empty() || chosen.contains(&region);
            assert_eq!(text.contains(&format!("x in {label}")), wanted, "{label} to {}", mail.to);
        }
        *got.entry((digest.to_owned(), mail.to)).or_default() += 1;
    }
    for n in 0..200 {
        let to = format!("reader-{n}@example.org");
        assert_eq!(got.get(&("daily".to_owned(), to.clone())), Some(&1), "daily to {to}");
        let weekly = got.get(&("weekly".to_owned(), to.clone())).copied().unwrap_or(0);
        assert_eq!(weekly, usize::from(n % 4 != 3), "weekly to {to}");
    }
    assert_eq!(got.len(), 350);
    assert_eq!(world.ledger().await, [(State::Sent, 350)].into());
    assert_eq!(world.postbox.rude(), Vec::<String>::new());
    assert!(world.postbox.most_open() <= 4, "no more connections than allowed");
}
