//! Several relays: shares, routes, and one that fails.

use std::time::Duration;

use chrono::TimeDelta;
use gazetted::delivery::transition::State;

use super::{at, at_the_slot, slowed};
use crate::support::postbox::Postbox;
use crate::support::world::USUAL;
use crate::support::{Database, on_both_engines};

on_both_engines!(
    mails_are_shared_out_by_weight,
    a_domain_takes_the_relay_that_its_rule_names,
    a_relay_that_is_down_leaves_its_share_to_the_other,
    a_relay_that_failed_is_tried_out_by_one_mail,
    a_relay_has_a_quota_of_its_own_and_the_other_takes_the_rest,
    one_edition_that_waits_for_its_quota_never_stalls_another,
    smtp_that_is_dead_at_the_slot_gets_the_same_edition_when_it_is_back,
    what_is_too_old_when_the_relay_is_back_is_not_mailed,
);

/// [`USUAL`] with a second relay in `other`, and these keys for the two.
fn two(other: &Postbox, first: &str, second: &str, rules: &str) -> String {
    let relays = format!(
        "[[mail.relay]]\nname = \"first\"\ntransport = \"smtp://{{postbox}}\"\nconnections = 4\n{first}\n\
         [[mail.relay]]\nname = \"second\"\ntransport = \"smtp://{}\"\nconnections = 4\n{second}\n{rules}\n[[digest]]",
        other.address()
    );
    USUAL
        .replace("transport = \"smtp://{postbox}\"\nconnections = 4\n", "")
        .replace("[[digest]]", &relays)
}

async fn mails_are_shared_out_by_weight(database: Database) {
    let other = Postbox::open();
    let config = two(&other, "weight = 3", "weight = 1", "");
    let world = at_the_slot(database, &config, &at("example.org", 800)).await;

    world.deliver().await;

    assert_eq!(world.ledger().await, [(State::Sent, 800)].into());
    // What is claimed at once is shared out by weight and by who has room.
    let first = world.postbox.count();
    assert!((580..=620).contains(&first) && first + other.count() == 800, "{first}");
}

async fn a_domain_takes_the_relay_that_its_rule_names(database: Database) {
    let other = Postbox::open();
    let rule = "[[mail.domain]]\nname = \"special.example\"\nrelays = [\"second\"]\n";
    let config = two(&other, "", "weight = 0", rule);
    let readers = [at("special.example", 100), at("example.org", 100)].concat();
    let world = at_the_slot(database, &config, &readers).await;

    world.settle().await;

    assert_eq!((world.postbox.count(), other.count()), (100, 100));
    assert!(other.mails().iter().all(|mail| mail.to.ends_with("@special.example")));
}

async fn a_relay_that_is_down_leaves_its_share_to_the_other(database: Database) {
    let other = Postbox::open();
    let config = two(&other, "", "", "");
    let world = at_the_slot(database, &config, &at("example.org", 100)).await;
    other.vanish().await;

    // Not a second passes on the clock.
    let sending = world.start_sending();
    world.postbox.wait(|mails| mails.len() >= 60).await;
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Sent, 100)].into());
    assert_eq!((world.postbox.count(), other.count()), (100, 0));
    let slow = slowed(&world).await;
    assert_eq!((slow.len(), slow[0].scope.as_str()), (1, "by:second"));
    assert!(slow[0].reply.contains("refused"), "{slow:?}");
}

async fn a_relay_that_failed_is_tried_out_by_one_mail(database: Database) {
    let world = at_the_slot(database, USUAL, &at("example.org", 60)).await;
    world.postbox.close_shop();

    let sending = world.start_sending();
    world.postbox.wait_for_connections(1).await;
    while slowed(&world).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let first = world.postbox.connections();
    assert!(first <= 4, "{first}");
    for tries in 1..=5 {
        let until = slowed(&world).await[0].until;
        world.clock.set(until.max(world.now()));
        world.later(TimeDelta::zero());
        while slowed(&world).await[0].until == until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(world.postbox.connections(), first + tries, "one connection tries it out");
    }
    world.postbox.open_shop();
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Sent, 60)].into());
    assert_eq!(slowed(&world).await, []);
}

async fn a_relay_has_a_quota_of_its_own_and_the_other_takes_the_rest(database: Database) {
    let other = Postbox::open();
    let config = two(&other, "daily_quota = 30", "", "");
    let mut world = at_the_slot(database, &config, &at("example.org", 200)).await;

    world.deliver().await;
    world.restart().await;

    assert_eq!((world.postbox.count(), other.count()), (30, 170));
}

async fn one_edition_that_waits_for_its_quota_never_stalls_another(database: Database) {
    // The readers of one digest are all at the domain that has no quota left.
    let rule = "[[mail.domain]]\nname = \"small.example\"\ndaily_quota = 1\n";
    let config = USUAL.replace("[[digest]]", &format!("{rule}\n[[digest]]"))
        + "\n[[digest]]\nname = \"other\"\nschedule = \"0 7 * * *\"\n";
    let mut world = crate::support::World::with(database, &config).await;
    let lines = |domain, digest| -> Vec<String> {
        at(domain, 80).into_iter().map(|reader| format!("{reader},{digest}")).collect()
    };
    let rows = [lines("small.example", "daily"), lines("large.example", "other")].concat();
    world.readers(&format!("email,digests\n{}\n", rows.join("\n"))).await;
    let piece = crate::support::newsroom::Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z");
    world.newsroom.feed(crate::support::world::WIRE, &[piece]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;

    world.deliver().await;

    assert_eq!(super::arrived(&world, "small.example"), 1);
    assert_eq!(super::arrived(&world, "large.example"), 80);
}

async fn smtp_that_is_dead_at_the_slot_gets_the_same_edition_when_it_is_back(database: Database) {
    let mut world = at_the_slot(database, USUAL, &at("example.org", 50)).await;
    world.postbox.vanish().await;
    let edition = world.editions().await.remove(0);

    for hours in [0, 3, 20] {
        world.later(TimeDelta::hours(hours));
        world.deliver_until(async || !slowed(&world).await.is_empty()).await;
        world.restart().await;
    }
    world.postbox.come_back();
    world.settle().await;

    assert_eq!(world.ledger().await, [(State::Sent, 50)].into());
    assert_eq!(world.postbox.count(), 50);
    let all = world.editions().await;
    assert_eq!((all.len(), all[0].uid), (1, edition.uid));
    let mark = edition.id.to_string();
    assert!(world.postbox.mails().iter().all(|mail| mail.header("Feedback-ID").contains(&mark)));
}

async fn what_is_too_old_when_the_relay_is_back_is_not_mailed(database: Database) {
    let config = format!("{USUAL}stale_after = \"1d\"\n");
    let world = at_the_slot(database, &config, &at("example.org", 50)).await;
    world.postbox.vanish().await;

    let sending = world.start_sending();
    while slowed(&world).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.turn_to("2026-03-04T07:00:01Z");
    world.postbox.come_back();
    world.settle_beside().await;
    sending.stop().await;

    assert_eq!(world.ledger().await, [(State::Expired, 50)].into());
    assert_eq!(world.postbox.count(), 0);
}
