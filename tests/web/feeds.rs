//! Feeds as feed readers and caches see them.

use chrono::TimeDelta;
use gazetted::flow::syndicate::picked;
use gazetted::subscriber::Standing;
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

#[tokio::test]
async fn who_opens_a_feed_in_a_browser_sees_a_page_and_a_reader_gets_the_feed() {
    let place = Place::new().await;
    let browser =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
    let readers = [
        "",
        "*/*",
        "application/rss+xml, application/xml;q=0.9, */*;q=0.8",
        "application/atom+xml,application/rss+xml,text/html",
        "application/feed+json, text/html;q=0.5",
    ];

    let page = place.get_with("/feeds/region/africa.rss", &[("accept", browser)]).await;

    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("vary"), "Accept, Accept-Encoding");
    assert!(page.text().contains(&format!("<code>{SITE}/feeds/region/africa.rss</code>")));
    assert!(page.text().contains("The silt that stops at Aswan"));
    assert!(!page.text().contains("Nets for fog"));
    assert!(page.text().contains("href=\"/subscribe\""));
    for accept in readers {
        let answer = place.get_with("/feeds/all.rss", &[("accept", accept)]).await;
        assert!(answer.header("content-type").starts_with("application/rss+xml"), "{accept}");
        assert_eq!(answer.header("vary"), "Accept, Accept-Encoding", "{accept}");
    }
    let none = place.get_with("/feeds/author/nobody.rss", &[("accept", browser)]).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn a_search_is_a_feed_of_its_own() {
    let place = Place::new().await;
    let titles = |text: &str| text.matches("<item>").count();

    let fog = place.get("/feeds/search.rss?q=FOG+nets").await;
    let silt = place.get("/feeds/search.rss?q=&region=africa&lang=en").await;
    let none = place.get("/feeds/search.atom?q=fog&region=africa").await;
    let french = place.get("/feeds/search.json?lang=fr").await;

    assert!(fog.text().contains("Nets for fog") && titles(&fog.text()) == 1, "{}", fog.text());
    assert!(fog.text().contains(&format!("\"{SITE}/feeds/search.rss?q=fog+nets\"")));
    assert!(silt.text().contains("silt") && titles(&silt.text()) == 1, "{}", silt.text());
    assert!(!none.text().contains("<entry>"));
    assert!(french.text().contains("\"items\":["));
    for bad in ["?region=Atlantis!", "?lang=english+please", &format!("?q={}", "x".repeat(300))] {
        assert_eq!(place.get(&format!("/feeds/search.rss{bad}")).await.status, 404, "{bad}");
    }
    let again = [("if-none-match", fog.header("etag"))];
    assert_eq!(place.get_with("/feeds/search.rss?q=fog%20nets", &again).await.status, 304);
}

#[tokio::test]
async fn a_readers_own_feed_has_what_they_chose_and_ends_when_they_leave() {
    let place = Place::new().await;
    let person = place.reader("reader@example.org", Standing::Active).await;
    let gone = place.reader("gone@example.org", Standing::Left).await;
    let path = picked::own_address(&place.house, person.uid);

    let feed = place.get(&path).await;

    assert_eq!(feed.status, 200);
    assert_eq!(feed.header("cache-control"), "private, max-age=900");
    assert_eq!(feed.text().matches("<item>").count(), 3);
    assert_eq!(place.get(&picked::own_address(&place.house, gone.uid)).await.status, 410);
    assert_eq!(place.get("/feeds/my/guess.rss").await.status, 410);
    assert_eq!(place.get(&path.replace(".rss", "x.rss")).await.status, 410);
}

#[tokio::test]
async fn a_feed_leads_to_its_archive_and_the_archive_is_complete() {
    let mut place = Place::with_more("[feeds]\nitems = 2\n").await;
    for (day, month) in [(5, 1), (6, 1), (20, 2)] {
        let name = format!("old-{month}-{day}.md");
        let piece = format!(
            "---\ntitle: Old {day} {month}\ndate: 2026-{month:02}-{day:02}\n---\n\nText.\n"
        );
        place.write(&name, &piece);
    }
    place.visit().await;
    let link = |text: &str, rel: &str| {
        let at = text.find(&format!("rel=\"{rel}\""))?;
        let tag = &text[text[..at].rfind('<')?..];
        let tag = &tag[..tag.find('>')?];
        Some(tag.split("href=\"").nth(1)?.split('"').next()?.replace(SITE, ""))
    };

    let mut text = place.get("/feeds/all.atom").await.text();
    let mut found = text.matches("<entry>").count();
    let mut path = vec![];
    while let Some(older) = link(&text, "prev-archive") {
        text = place.get(&older).await.text();
        assert!(text.contains("fh:archive") && text.contains("rel=\"current\""), "{text}");
        found += text.matches("<entry>").count();
        path.push(older);
    }

    assert_eq!(
        path,
        [
            "/feeds/archive/2026-03/all.atom",
            "/feeds/archive/2026-02/all.atom",
            "/feeds/archive/2026-01/all.atom"
        ]
    );
    // The newest two are in the volume of their month as well.
    assert_eq!(found, 6 + 2);
    assert_eq!(link(&text, "next-archive").unwrap(), "/feeds/archive/2026-02/all.atom");
    assert_eq!(place.get("/feeds/archive/2025-12/all.atom").await.status, 404);
}

#[tokio::test]
async fn a_feed_that_moved_or_is_gone_says_so() {
    let more = "[feeds]\ngone = [\"author/europe-desk\"]\n\
                [[feeds.moved]]\nfrom = \"region/old\"\nto = \"region/africa\"\n";
    let place = Place::with_more(more).await;

    let moved = place.get("/feeds/region/old.atom").await;

    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), format!("{SITE}/feeds/region/africa.atom"));
    assert_eq!(place.get("/feeds/author/europe-desk.rss").await.status, 410);
    assert_eq!(place.get("/feeds/author/nobody.rss").await.status, 404);
}

#[tokio::test]
async fn a_withdrawn_piece_vanishes_and_leaves_a_stone_and_an_empty_feed_is_one() {
    let mut place = Place::new().await;
    place.publish("new.md", "---\ntitle: News\nauthor: One Desk\n---\n\nWater rose.\n").await;
    let before = place.get("/feeds/author/one-desk.atom").await;

    place.withdraw("new.md").await;
    let etag = [("if-none-match", before.header("etag"))];
    let after = place.get_with("/feeds/author/one-desk.atom", &etag).await;
    let other = place.get("/feeds/author/africa-desk.atom").await;

    assert!(before.text().contains("<entry>"));
    assert_eq!(after.status, 200);
    assert!(!after.text().contains("<entry>") && after.text().contains("<at:deleted-entry "));
    assert!(!other.text().contains("at:deleted-entry"));
}
