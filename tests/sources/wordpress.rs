//! A WordPress that is edited, moved, emptied and broken, and what the store
//! holds of it afterwards.

use std::sync::Arc;

use gazetted::flow::watch::Visit;
use gazetted::region::RegionPath;

use super::blog::{HOME, Health, Network, Rest};
use super::desk::Desk;

const SOURCE: &str =
    "[[source]]\nname = \"blog\"\nkind = \"wordpress\"\nurl = \"https://blog.example\"\n";

async fn desk(network: &Network) -> Desk {
    Desk::with(SOURCE, Arc::new(network.clone())).await
}

async fn titles(desk: &Desk) -> Vec<String> {
    let mut titles: Vec<String> = desk.cards().await.into_iter().map(|card| card.title).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn a_post_is_taken_in_with_all_that_wordpress_knows_of_it() {
    let network = Network::new();
    network.site().publish("Water & wind", -60, &[2, 3, 6]);
    let desk = desk(&network).await;

    let counts = desk.visit().await;

    let card = desk.card("Water & wind").await;
    let image = card.image.as_ref().unwrap();
    assert_eq!(counts.new, 1);
    assert_eq!(card.guid, format!("{HOME}/?p=10"));
    assert_eq!(card.url.as_deref(), Some("https://blog.example/africa/water-&-wind/"));
    assert_eq!(card.authors, ["Africa desk"]);
    assert_eq!(card.region(), &RegionPath::parse("africa/kenya").unwrap());
    assert_eq!(card.region_origin.as_str(), "category");
    assert_eq!(card.language, "en-US");
    assert_eq!(
        (image.alt.as_str(), image.credit.as_deref()),
        ("A lake & a shore", Some("An agency"))
    );
    assert_eq!((image.width, image.length), (Some(1200), Some(4321)));
    assert_eq!(card.published.to_rfc3339(), "2026-03-03T08:00:00+00:00");
    assert!(desk.text("Water & wind").await.starts_with("The first words of Water & wind,"));
}

/// In any zone of the site, with either form of addresses: what a visitor can
/// read is what the store holds, after each of the things an editor does.
#[tokio::test]
async fn after_every_kind_of_change_the_store_holds_what_a_visitor_can_read() {
    for (zone, rest) in [(0, Rest::Pretty), (-5, Rest::Plain), (13, Rest::Pretty), (0, Rest::Off)] {
        let network = Network::new();
        {
            let mut site = network.site();
            (site.zone, site.rest) = (zone, rest);
            site.publish_many(130);
            for (title, status) in
                [("A memo", "private"), ("Not done", "draft"), ("Tomorrow", "future")]
            {
                let id = site.publish(title, 1440, &[3]);
                site.posts.get_mut(&id).unwrap().status = status;
            }
            let id = site.publish("Behind a password", -5, &[3]);
            site.posts.get_mut(&id).unwrap().password = true;
        }
        let desk = desk(&network).await;
        desk.visit().await;
        assert_eq!(titles(&desk).await, network.site().visible(), "{rest:?}");

        {
            let mut site = network.site();
            for id in 10..30 {
                site.edit(id, 1, |post| post.title = format!("{} (corrected)", post.title));
            }
            for id in 30..35 {
                site.posts.remove(&id);
            }
            for id in 35..38 {
                site.edit(id, 2, |post| {
                    post.status = "trash";
                    post.slug.push_str("__trashed");
                });
            }
            site.publish("From long ago", -900_000, &[5]);
            site.publish("From longer ago", -990_000, &[5]);
            site.edit(40, 3, |post| post.slug = "another-slug".to_owned());
            site.edit(41, 3, |post| post.password = true);
            site.edit(42, 3, |post| post.status = "draft");
            site.categories.get_mut(&3).unwrap().0 = "Egypt".to_owned();
        }
        desk.visit().await;
        desk.visit().await;

        let held = titles(&desk).await;
        assert_eq!(held, network.site().visible(), "zone {zone}, {rest:?}");
        assert_eq!(desk.withheld().await, 0);
        let moved = desk.card("Piece 030").await;
        assert!(moved.url.unwrap().ends_with("/another-slug/"));
        assert_eq!(moved.guid, format!("{HOME}/?p=40"));
        assert_eq!(moved.regions[0].as_str(), "africa/egypt", "{rest:?}");
    }
}

#[tokio::test]
async fn a_quiet_visit_asks_little_and_changes_nothing() {
    let network = Network::new();
    network.site().publish_many(30);
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().asked.clear();

    let counts = desk.visit().await;

    assert_eq!((counts.new, counts.changed, counts.removed, counts.failed), (0, 0, 0, 0));
    assert!(network.site().asked.len() <= 3, "{:#?}", network.site().asked);
}

#[tokio::test]
async fn pages_that_drift_while_they_are_read_lose_nothing() {
    let network = Network::new();
    network.site().publish_many(350);
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().asked.clear();
    // Between two pages of the list of ids, one of the newest goes and one comes.
    network.site().at_request = Some((4, |site| {
        site.posts.pop_last();
        site.publish("In between", 1, &[3]);
    }));

    desk.visit().await;
    desk.visit().await;

    assert_eq!(titles(&desk).await, network.site().visible());
}

#[tokio::test]
async fn a_database_that_stops_at_any_moment_withdraws_nothing() {
    for health in [Health::Down, Health::Notice, Health::Emptied] {
        for at in 1..=10 {
            let network = Network::new();
            network.site().publish_many(15);
            let desk = desk(&network).await;
            desk.visit().await;
            let before = titles(&desk).await;
            let first = *network.site().posts.keys().next().unwrap();
            network.site().posts.remove(&first);
            network.site().edit(first + 1, 1, |post| post.content.push_str("<p>More.</p>"));
            network.site().asked.clear();
            network.site().at_request = Some((
                at,
                match health {
                    Health::Down => |site| site.health = Health::Down,
                    Health::Notice => |site| site.health = Health::Notice,
                    _ => |site| site.health = Health::Emptied,
                },
            ));

            desk.try_visit(0).await;
            desk.try_visit(0).await;

            let after = titles(&desk).await;
            let lost: Vec<_> = before.iter().filter(|title| !after.contains(title)).collect();
            assert!(lost.is_empty() || lost == ["Piece 000"], "{health:?} at {at}: {lost:?}");
            network.site().health = Health::Good;
            network.site().at_request = None;
            desk.visit().await;
            desk.visit().await;
            assert_eq!(titles(&desk).await, network.site().visible(), "{health:?} at {at}");
            assert_eq!(desk.withheld().await, 0, "{health:?} at {at}");
        }
    }
}

#[tokio::test]
async fn many_that_go_at_once_wait_for_the_operator() {
    let network = Network::new();
    network.site().publish_many(60);
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().posts.retain(|id, _| id % 2 == 0);

    desk.visit().await;
    desk.visit().await;
    let (held, waiting) = (desk.cards().await.len(), desk.withheld().await);
    let let_go = desk.let_go().await;
    desk.visit().await;

    assert_eq!((held, waiting, let_go), (60, 30, 30));
    assert_eq!(titles(&desk).await, network.site().visible());
    assert_eq!(desk.withheld().await, 0);
}

#[tokio::test]
async fn where_rest_closes_the_feed_goes_on_and_says_so() {
    let network = Network::new();
    network.site().publish_many(35);
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().rest = Rest::Off;
    let id = network.site().publish("News while closed", 10, &[5]);
    network.site().posts.remove(&12);

    let counts = desk.visit().await;
    desk.visit().await;

    assert_eq!(titles(&desk).await, network.site().visible());
    assert_eq!((counts.new, counts.removed), (1, 1));
    let notice = desk.notice().await.unwrap();
    assert!(notice.contains("403 rest_disabled") && notice.contains("/feed/"), "{notice}");
    assert_eq!(desk.card("News while closed").await.guid, format!("{HOME}/?p={id}"));

    network.site().rest = Rest::Pretty;
    for _ in 0..5 {
        desk.visit().await;
    }
    assert_eq!(desk.notice().await, None);
    assert_eq!(titles(&desk).await, network.site().visible());
}

#[tokio::test]
async fn an_application_password_opens_what_is_for_members() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "abcd efgh ijkl\n").unwrap();
    let network = Network::new();
    network.site().rest = Rest::Members;
    network.site().publish_many(3);
    let sources = format!(
        "{SOURCE}username = \"reader\"\npassword = {{ file = {:?} }}\n",
        file.display().to_string()
    );
    let desk = Desk::with(&sources, Arc::new(network.clone())).await;

    desk.visit().await;

    assert_eq!(desk.cards().await.len(), 3);
    assert_eq!(desk.notice().await, None);
}

#[tokio::test]
async fn a_post_that_wordpress_fails_on_does_not_hold_up_the_rest() {
    let network = Network::new();
    network.site().publish_many(50);
    network.site().poison = Some(33);
    let desk = desk(&network).await;

    let counts = desk.visit().await;

    assert_eq!((counts.new, counts.failed), (49, 1));
    network.site().poison = None;
    desk.visit().await;
    assert_eq!(desk.cards().await.len(), 50);
}

#[tokio::test]
async fn a_large_site_is_fetched_in_parts_and_then_asked_only_for_changes() {
    let network = Network::new();
    network.site().publish_many(1200);
    let desk = desk(&network).await;
    desk.visit().await;
    assert_eq!(desk.cards().await.len(), 1200);
    network.site().asked.clear();

    network.site().edit(500, 20, |post| post.title = "Corrected".to_owned());
    desk.visit().await;
    let asked = network.site().asked.len();
    network.site().posts.remove(&600);
    network.site().publish("Backdated", -990_000, &[3]);
    desk.visit().await;
    // The total is as it was; the hourly comparison tells.
    for _ in 0..4 {
        desk.visit().await;
    }

    assert!(asked <= 6, "{asked}");
    assert_eq!(titles(&desk).await, network.site().visible());
}

#[tokio::test]
async fn two_posts_that_share_a_guid_are_two_pieces() {
    let network = Network::new();
    {
        let mut site = network.site();
        let first = site.publish("The original", -30, &[3]);
        let copy = site.publish("The copy", -20, &[3]);
        site.posts.get_mut(&copy).unwrap().guid = site.posts[&first].guid.clone();
    }
    let desk = desk(&network).await;

    desk.visit().await;
    let again = desk.visit().await;

    assert_eq!(titles(&desk).await, ["The copy", "The original"]);
    assert_eq!((again.new, again.changed), (0, 0));
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_troubled_and_keeps_its_pieces() {
    let network = Network::new();
    network.site().publish_many(5);
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().health = Health::Notice;

    let visit = desk.try_visit(0).await;

    assert!(matches!(visit, Visit::Troubled(_)));
    assert_eq!(desk.cards().await.len(), 5);
}
