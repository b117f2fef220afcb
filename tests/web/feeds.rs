//! Feeds as feed readers and caches see them.

use chrono::TimeDelta;
use http::Method;

use super::place::{Place, SITE};

const FEEDS: [&str; 12] = [
    "/feeds/tag/chile.rss",
    "/feeds/source/magazine.atom",
    "/feeds/language/en.json",
    "/feeds/all.rss",
    "/feeds/all.atom",
    "/feeds/all.json",
    "/feeds/region/africa.rss",
    "/feeds/region/americas/chile.atom",
    "/feeds/region/world.json",
    "/feeds/author/redaktion-s%C3%A3o-tom%C3%A9.json",
    "/feeds/author/africa-desk.rss",
    "/feeds/digest/weekly.atom",
];

#[tokio::test]
async fn every_feed_is_served_with_its_type_and_says_where_it_is() {
    let place = Place::new().await;

    for path in FEEDS {
        let answer = place.get(path).await;

        assert_eq!(answer.status, 200, "{path}");
        let kind = match path.rsplit('.').next().unwrap() {
            "rss" => "application/rss+xml; charset=utf-8",
            "atom" => "application/atom+xml; charset=utf-8",
            _ => "application/feed+json; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=900");
        let links: Vec<_> = answer.headers.get_all("link").iter().collect();
        assert_eq!(links[0], &format!("<{SITE}{path}>; rel=\"self\""));
        assert_eq!(links[1], &format!("<{SITE}/hub>; rel=\"hub\""));
        assert!(answer.text().contains(&format!("\"{SITE}{path}\"")), "{path}: {}", answer.text());
        assert!(!answer.header("etag").is_empty() && !answer.header("last-modified").is_empty());
        assert!(answer.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn what_is_no_feed_is_not_found() {
    let place = Place::new().await;

    for path in [
        "/feeds/",
        "/feeds/all",
        "/feeds/all.xml",
        "/feeds/region/atlantis.rss",
        "/feeds/region/Africa.rss",
        "/feeds/author/nobody.rss",
        "/feeds/digest/daily.atom",
        "/feeds/../feeds/all.rss",
    ] {
        assert_eq!(place.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_reader_that_has_it_gets_nothing_until_something_changes() {
    let mut place = Place::new().await;
    let path = "/feeds/all.rss";
    let first = place.get(path).await;
    let etag = first.header("etag").to_owned();
    let date = first.header("last-modified").to_owned();

    let again = place.get_with(path, &[("if-none-match", &etag)]).await;
    let by_date = place.get_with(path, &[("if-modified-since", &date)]).await;
    place.publish("new.md", "---\ntitle: News\ndate: 2026-03-03\n---\n\nWater rose.\n").await;
    let changed = place.get_with(path, &[("if-none-match", &etag)]).await;
    let since = place.get_with(path, &[("if-modified-since", &date)]).await;

    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!((by_date.status.as_u16(), by_date.body.len()), (304, 0));
    assert_eq!((changed.status.as_u16(), since.status.as_u16()), (200, 200));
    assert!(changed.text().contains("<title>News</title>"));
}

#[tokio::test]
async fn a_second_change_within_a_second_is_not_missed_by_who_asks_by_date() {
    let mut place = Place::new().await;
    place.get("/feeds/all.rss").await;
    place.publish("one.md", "---\ntitle: One\n---\n\nWater rose.\n").await;
    let one = place.get("/feeds/all.rss").await;

    place.write("two.md", "---\ntitle: Two\n---\n\nIt fell again.\n");
    place.visit_after(TimeDelta::milliseconds(300)).await;
    let since = [("if-modified-since", one.header("last-modified"))];
    let two = place.get_with("/feeds/all.rss", &since).await;

    assert_eq!(two.status, 200);
    assert!(two.text().contains("<title>Two</title>"));
}

#[tokio::test]
async fn a_change_elsewhere_leaves_the_bytes_and_validators_alone() {
    let mut place = Place::new().await;
    let before = place.get("/feeds/region/africa.atom").await;

    place.publish("new.md", "---\ntitle: News\ncategories: [Europe/France]\n---\n\nRain.\n").await;
    let after = place.get("/feeds/region/africa.atom").await;

    assert_eq!(before.headers, after.headers);
    assert_eq!(before.body, after.body);
}

#[tokio::test]
async fn the_feed_of_a_digest_follows_its_editions() {
    let place = Place::new().await;
    let before = place.get("/feeds/digest/weekly.atom").await.text();

    place.compile().await;
    let after = place.get("/feeds/digest/weekly.atom").await.text();

    assert!(!before.contains("<entry>"), "{before}");
    assert!(after.contains("/archive/weekly/1"), "{after}");
}

#[tokio::test]
async fn the_list_of_feeds_names_them_all() {
    let place = Place::new().await;

    let list = place.get("/feeds.opml").await;
    let again = place.get_with("/feeds.opml", &[("if-none-match", list.header("etag"))]).await;

    assert_eq!(list.status, 200);
    for path in [
        "/feeds/all.rss",
        "/feeds/region/africa/egypt.rss",
        "/feeds/author/redaktion-s%C3%A3o-tom%C3%A9.rss",
        "/feeds/digest/weekly.rss",
    ] {
        assert!(list.text().contains(&format!("{SITE}{path}")), "{path}: {}", list.text());
    }
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn a_feed_can_be_read_only() {
    let place = Place::new().await;
    let get = place.get("/feeds/all.json").await;

    let head = place.ask(Method::HEAD, "/feeds/all.json", &[], "").await;

    assert_eq!(get.headers, head.headers);
    assert!(head.body.is_empty());
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = place.ask(method, "/feeds/all.json", &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn a_store_that_is_gone_takes_no_feed_away_that_was_served_before() {
    let place = Place::new().await;
    let before = place.get("/feeds/all.rss").await;

    place.house.store.close().await;
    place.later(TimeDelta::minutes(1));
    let after = place.get("/feeds/all.rss").await;
    let never = place.get("/feeds/all.atom").await;

    assert_eq!((after.status.as_u16(), after.body), (200, before.body));
    assert_eq!((never.status.as_u16(), never.header("retry-after")), (503, "5"));
}
