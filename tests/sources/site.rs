//! A website that is edited, moved, emptied and broken, and what the store
//! holds of it afterwards.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use gazetted::flow::watch::Visit;
use gazetted::region::RegionPath;

use super::desk::Desk;
use super::paper::{HOME, Network, Page, article};

const SOURCE: &str =
    "[[source]]\nname = \"paper\"\nkind = \"site\"\nurl = \"https://paper.example/\"\n";

async fn desk(network: &Network) -> Desk {
    Desk::with(SOURCE, Arc::new(network.clone())).await
}

async fn titles(desk: &Desk) -> Vec<String> {
    let mut titles: Vec<String> = desk.cards().await.into_iter().map(|card| card.title).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn a_page_is_taken_in_with_all_that_it_says() {
    let network = Network::default();
    network.site().publish(5);
    let desk = desk(&network).await;

    let counts = desk.visit().await;

    let card = desk.card("Piece 005").await;
    assert_eq!(counts.new, 1);
    assert_eq!(card.url.as_deref(), Some("https://paper.example/africa/piece-5"));
    assert_eq!(card.authors, ["Africa desk"]);
    assert_eq!(card.region(), &RegionPath::parse("africa/kenya").unwrap());
    assert_eq!(card.region_origin.as_str(), "breadcrumb");
    assert_eq!(card.published.to_rfc3339(), "2026-03-01T05:00:00+00:00");
    let text = desk.text("Piece 005").await;
    assert!(text.starts_with("The first words of Piece 005,"), "{text}");
    assert!(text.ends_with("short of space."), "{text}");
}

#[tokio::test]
async fn what_is_added_edited_and_taken_down_is_noticed() {
    let network = Network::default();
    for number in 0..60 {
        network.site().publish(number);
    }
    let desk = desk(&network).await;
    assert_eq!(desk.visit().await.new, 60);
    network.site().asked.clear();

    let quiet = desk.visit().await;

    assert_eq!((quiet.new, quiet.changed, quiet.removed), (0, 0, 0));
    assert_eq!(network.site().times("/africa"), 0, "no page is asked for without a reason");
    {
        let mut site = network.site();
        site.publish(60);
        site.edit("/africa/piece-3", "Piece 003", "Piece three", Some("2026-03-03T09:00:00Z"));
        site.pages.remove("/africa/piece-4");
        site.pages.get_mut("/africa/piece-5").unwrap().listed = false;
    }

    let counts = desk.visit().await;

    assert_eq!((counts.new, counts.changed, counts.removed), (1, 1, 1));
    let titles = titles(&desk).await;
    assert!(titles.contains(&"Piece three".to_owned()));
    assert!(!titles.contains(&"Piece 004".to_owned()));
    assert!(titles.contains(&"Piece 005".to_owned()), "it only scrolled off");
}

#[tokio::test]
async fn a_page_that_moves_stays_the_same_piece() {
    let network = Network::default();
    for number in 0..5 {
        network.site().publish(number);
    }
    let desk = desk(&network).await;
    desk.visit().await;
    let before = desk.card("Piece 002").await;
    {
        let mut site = network.site();
        let page = site.pages["/africa/piece-2"].clone();
        site.pages.insert("/africa/renamed".to_owned(), page);
        let old = site.pages.get_mut("/africa/piece-2").unwrap();
        (old.listed, old.moved) = (false, Some("/africa/renamed".to_owned()));
    }

    let counts = desk.visit().await;

    let after = desk.card("Piece 002").await;
    assert_eq!((counts.new, counts.removed), (0, 0));
    assert_eq!(after.uid, before.uid);
    assert_eq!(after.url.as_deref(), Some("https://paper.example/africa/renamed"));
}

#[tokio::test]
async fn a_site_that_says_no_to_everything_loses_nothing() {
    let network = Network::default();
    for number in 0..30 {
        network.site().publish(number);
    }
    let desk = desk(&network).await;
    desk.visit().await;

    network.site().down = true;
    assert!(matches!(desk.try_visit(0).await, Visit::Troubled(_)));
    network.site().down = false;
    network.site().emptied = true;
    for number in 0..30 {
        network.site().pages.get_mut(&format!("/africa/piece-{number}")).unwrap().listed =
            number < 5;
    }
    desk.clock.advance(TimeDelta::days(1));
    desk.visit().await;
    desk.visit().await;
    assert_eq!(desk.cards().await.len(), 30);

    network.site().emptied = false;
    network.site().pages.retain(|_, page| page.listed);
    desk.clock.advance(TimeDelta::days(1));
    desk.visit().await;
    assert_eq!(desk.cards().await.len(), 30, "so many go by the operator's word only");
    assert_eq!(desk.withheld().await, 25);
    assert_eq!(desk.let_go().await, 25);
    assert_eq!(desk.cards().await.len(), 5);
}

#[tokio::test]
async fn a_listed_page_is_gone_when_it_says_so_twice_or_for_good() {
    let network = Network::default();
    for number in 0..10 {
        network.site().publish(number);
        network.site().pages.get_mut(&format!("/africa/piece-{number}")).unwrap().changed = None;
    }
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().pages.get_mut("/africa/piece-1").unwrap().status = Some(404);
    network.site().pages.get_mut("/africa/piece-2").unwrap().status = Some(410);

    desk.clock.advance(TimeDelta::days(2));
    let first = desk.visit().await;
    let second = desk.visit().await;

    assert_eq!((first.removed, second.removed), (1, 1));
    assert_eq!(desk.cards().await.len(), 8);
}

#[tokio::test]
async fn pages_without_a_date_are_looked_at_again_with_their_validators() {
    let network = Network::default();
    for number in 0..8 {
        let path = network.site().publish(number);
        network.site().pages.get_mut(&path).unwrap().changed = None;
    }
    let desk = desk(&network).await;
    desk.visit().await;
    network.site().edit("/africa/piece-6", "Piece 006", "Piece six", None);
    network.site().asked.clear();

    desk.clock.advance(TimeDelta::days(1));
    let counts = desk.visit().await;

    assert_eq!((counts.new, counts.changed), (0, 1));
    let asked = network.site().asked.clone();
    let pages: Vec<_> = asked.iter().filter(|(path, _)| path.starts_with("/africa")).collect();
    assert_eq!(pages.len(), 8);
    assert!(pages.iter().all(|(_, conditional)| *conditional), "{pages:?}");
}

#[tokio::test]
async fn robots_txt_is_obeyed_and_patience_granted() {
    let network = Network::default();
    for number in 0..4 {
        network.site().publish(number);
    }
    network.site().robots = Some(
        "User-agent: *\nDisallow: /africa/piece-2\nCrawl-delay: 7\nSitemap: /maps/all.xml\n"
            .to_owned(),
    );
    let index = format!(
        "<sitemapindex><sitemap><loc>{HOME}/sitemap.xml</loc></sitemap>\
         <sitemap><loc>{HOME}/category-sitemap.xml</loc></sitemap></sitemapindex>"
    );
    network.site().documents.insert("/maps/all.xml".to_owned(), index.into_bytes());
    let desk = desk(&network).await;

    desk.visit().await;

    assert_eq!(titles(&desk).await, ["Piece 000", "Piece 001", "Piece 003"]);
    assert!(desk.notice().await.unwrap().contains("robots.txt"));
    let site = network.site();
    assert_eq!(site.times("/africa/piece-2"), 0);
    assert_eq!(site.times("/category-sitemap.xml"), 0, "lists of other things are not read");
    assert!(site.spacing[1..].iter().all(|spacing| *spacing == Duration::from_secs(7)));
}

#[tokio::test]
async fn without_its_robots_txt_nothing_is_asked() {
    let network = Network::default();
    network.site().publish(1);
    network.site().refused.insert("/robots.txt".to_owned(), (503, None));
    let desk = desk(&network).await;

    let visit = desk.try_visit(0).await;

    assert!(
        matches!(visit, Visit::Troubled(trouble) if trouble.to_string().contains("robots.txt"))
    );
    assert_eq!(network.site().asked.len(), 1);
}

#[tokio::test]
async fn a_site_that_asks_for_patience_in_the_middle_gets_it_and_keeps_what_it_gave() {
    let network = Network::default();
    for number in 0..20 {
        network.site().publish(number);
    }
    network.site().refused.insert("/africa/piece-10".to_owned(), (429, Some(7200)));
    let desk = desk(&network).await;

    let counts = desk.visit().await;
    let asked = network.site().asked.len();
    let patient = desk.try_visit(0).await;

    assert_eq!(counts.new, 9);
    assert!(
        matches!(patient, Visit::Troubled(trouble) if trouble.to_string().contains("left alone"))
    );
    assert_eq!(network.site().asked.len(), asked);
    network.site().refused.clear();
    desk.clock.advance(TimeDelta::hours(3));
    assert_eq!(desk.visit().await.new, 11);
}

#[tokio::test]
async fn one_page_that_fails_does_not_hold_up_the_rest() {
    let network = Network::default();
    for number in 0..10 {
        network.site().publish(number);
    }
    network.site().refused.insert("/africa/piece-7".to_owned(), (500, None));
    let desk = desk(&network).await;

    let counts = desk.visit().await;

    assert_eq!((counts.new, counts.failed), (9, 1));
    network.site().refused.clear();
    desk.clock.advance(TimeDelta::days(1));
    assert_eq!(desk.visit().await.new, 1);
}

#[tokio::test]
async fn lists_front_pages_and_second_addresses_are_no_pieces() {
    let network = Network::default();
    let path = network.site().publish(1);
    {
        let mut site = network.site();
        let links: String = (0..30)
            .map(|n| {
                format!("<li><a href=/africa/{n}>Piece of number {n} in the list</a> 3 March 2026")
            })
            .collect();
        let list = format!(
            "<html><title>Africa</title><body class='archive category'><h1>Africa</h1><ul>{links}</ul></html>"
        );
        let second = article("Piece 001", "Kenya", "2026-03-01T01:00:00Z")
            .replace("<head>", &format!("<head><link rel=canonical href='{HOME}{path}'>"));
        for (path, body) in [("/africa/", list), ("/africa/piece-1?print=1", second)] {
            let page = Page { body, listed: true, ..Page::default() };
            site.pages.insert(path.to_owned(), page);
        }
    }
    let desk = desk(&network).await;

    desk.visit().await;

    assert_eq!(titles(&desk).await, ["Piece 001"]);
    assert_eq!(desk.card("Piece 001").await.url.unwrap(), format!("{HOME}{path}"));
}

#[tokio::test]
async fn of_a_large_site_the_newest_pages_are_taken_in() {
    let network = Network::default();
    for number in 0..24 {
        network.site().publish(number);
    }
    let source = format!("{SOURCE}max_pages = 10\n");
    let desk = Desk::with(&source, Arc::new(network.clone())).await;

    let counts = desk.visit().await;

    assert_eq!(counts.new, 10);
    assert!(titles(&desk).await.contains(&"Piece 023".to_owned()));
    assert!(desk.notice().await.unwrap().contains("14 older ones"));
    network.site().publish(100);
    assert_eq!(desk.visit().await.new, 1);
    network.site().edit("/africa/piece-2", "Piece 002", "Piece two", Some("2026-03-03T10:00:00Z"));
    assert_eq!(desk.visit().await.new, 1, "an old piece that is edited is news of the sitemap");
}

#[tokio::test]
async fn a_sitemap_that_is_broken_or_packed_or_cut_withdraws_nothing() {
    let network = Network::default();
    for number in 0..10 {
        network.site().publish(number);
    }
    let desk = desk(&network).await;
    desk.visit().await;

    for broken in ["<html><title>Maintenance</title></html>", "<urlset></urlset>", ""] {
        network.site().documents.insert("/sitemap.xml".to_owned(), broken.into());
        _ = desk.try_visit(0).await;
    }

    assert_eq!(desk.cards().await.len(), 10);
    assert_eq!(desk.withheld().await, 0);
}
