//! Pages to read.

use gazetted::store::{articles, media};
use http::Method;

use super::place::{Place, SITE};

/// Addresses in a page that begin with `prefix`.
fn links(html: &str, prefix: &str) -> Vec<String> {
    let quoted = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let ours = quoted.map(|link| link.strip_prefix(SITE).unwrap_or(link).to_owned());
    ours.filter(|link| link.starts_with(prefix)).collect()
}

#[tokio::test]
async fn the_front_page_says_what_this_is_and_leads_everywhere() {
    let place = Place::new().await;
    place.compile().await;

    let front = place.get("/").await;
    let html = front.text();

    assert_eq!(front.status, 200);
    for piece in ["Reporting that follows rivers.", "The last ferry on the Rhine", "fog &amp; dew"]
    {
        assert!(html.contains(piece), "{piece}");
    }
    for link in [
        "/feeds/all.rss",
        "/feeds.opml",
        "/region/africa",
        "/feeds/region/africa/egypt.atom",
        "/archive/weekly/1",
        "/subscribe",
    ] {
        assert!(!links(&html, link).is_empty(), "{link}");
    }
    let mut all = links(&html, "/");
    all.sort();
    all.dedup();
    for link in all.iter().filter(|link| !link.contains('#')) {
        assert_eq!(place.get(link).await.status, 200, "{link}");
    }
}

#[tokio::test]
async fn the_front_page_follows_the_articles() {
    let mut place = Place::new().await;
    let before = place.get("/").await;

    place.publish("new.md", "---\ntitle: Brand new\ndate: 2026-03-03\n---\n\nWater rose.\n").await;
    let after = place.get_with("/", &[("if-none-match", before.header("etag"))]).await;

    assert_eq!(after.status, 200);
    assert!(after.text().contains("Brand new"));
}

#[tokio::test]
async fn a_piece_has_a_page_with_its_text_and_its_regions() {
    let place = Place::new().await;
    let front = place.get("/region/africa").await.text();
    let link = links(&front, "/articles/").remove(0);

    let page = place.get(&link).await;
    let html = page.text();

    assert_eq!(page.status, 200);
    assert!(html.contains("<h1>The silt that stops at Aswan</h1>"));
    assert!(html.contains("Farmers below it buy"));
    assert!(!links(&html, "/region/africa/egypt").is_empty());
    assert_eq!(place.get("/articles/0123456789abcdef").await.status, 404);
}

#[tokio::test]
async fn a_region_holds_what_is_inside_it_and_nothing_else() {
    let place = Place::new().await;

    let region = place.get("/region/americas").await.text();
    let author = place.get("/author/redaktion-s%C3%A3o-tom%C3%A9").await.text();

    assert!(region.contains("fog &amp; dew") && !region.contains("Rhine"));
    assert!(!links(&region, "/feeds/region/americas.rss").is_empty());
    assert!(author.contains("fog &amp; dew") && !author.contains("Rhine"));
    assert!(!links(&author, "/feeds/author/redaktion-s%C3%A3o-tom%C3%A9.rss").is_empty());
    for path in ["/region/atlantis", "/region/Africa", "/author/nobody", "/author/A", "/nothing"] {
        assert_eq!(place.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_long_list_is_paged_and_every_piece_is_on_one_page_of_it() {
    let mut place = Place::new().await;
    for nth in 0..70 {
        let text = format!(
            "---\ntitle: Number {nth:03}\ndate: 2026-02-01T00:00:00Z\ncategories: [Asia/Japan]\n---\n\nText {nth}.\n"
        );
        let last = nth == 69;
        let name = format!("n{nth}.md");
        if last {
            place.publish(&name, &text).await;
        } else {
            place.write(&name, &text);
        }
    }
    let mut next = Some("/region/asia/japan".to_owned());
    let mut seen = vec![];
    let mut pages = 0;

    while let Some(path) = next {
        let page = place.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        pages += 1;
        seen.extend(links(&page.text(), "/articles/"));
        next = links(&page.text(), "/region/asia/japan?before=").pop();
    }

    assert_eq!(pages, 3);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 70);
    let front = place.get("/").await.text();
    let older = links(&front, "/?before=").remove(0);
    assert!(place.get(&older).await.text().contains("Number"));
    assert_eq!(place.get("/?before=x").await.status, 404);
}

#[tokio::test]
async fn an_edition_is_archived_under_its_number() {
    let place = Place::new().await;
    let empty = place.get("/archive").await;
    place.compile().await;

    let archive = place.get("/archive").await;
    let digest = place.get("/archive/weekly").await;
    let edition = place.get("/archive/weekly/1").await;

    assert_eq!(empty.status, 200);
    assert!(!links(&archive.text(), "/archive/weekly/1").is_empty());
    assert!(!links(&digest.text(), "/archive/weekly/1").is_empty());
    assert!(edition.text().contains("The silt that stops at Aswan"));
    assert!(!edition.text().contains("gz-blank"));
    for path in ["/archive/weekly/2", "/archive/weekly/x", "/archive/daily", "/archive/daily/1"] {
        assert_eq!(place.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_stored_image_is_kept_for_ever_and_nothing_else_is_served_as_one() {
    let place = Place::new().await;
    let mut tx = place.house.store.write().await.unwrap();
    let now = place.house.now();
    media::put(&mut tx, "abc.png", "image/png", b"PNG", None, now).await.unwrap();
    media::put(&mut tx, "abc.html", "text/html", b"<script>", None, now).await.unwrap();
    tx.commit().await.unwrap();

    let image = place.get("/media/abc.png").await;
    let again = place.get_with("/media/abc.png", &[("if-none-match", image.header("etag"))]).await;

    assert_eq!((image.header("content-type"), image.body.as_slice()), ("image/png", &b"PNG"[..]));
    assert!(image.header("cache-control").contains("immutable"));
    assert_eq!(image.header("x-content-type-options"), "nosniff");
    assert!(image.header("content-security-policy").contains("sandbox"));
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    for path in ["/media/abc.html", "/media/none.png", "/media/..%2fabc.png", "/media/"] {
        assert_eq!(place.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn errors_are_pages_too() {
    let place = Place::new().await;

    let missing = place.get("/nothing/here").await;
    let method = place.ask(Method::DELETE, "/archive", &[], "").await;

    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), "text/html; charset=utf-8");
    assert!(missing.text().contains("The Meridian Review"));
    assert_eq!((method.status.as_u16(), method.header("allow")), (405, "GET,HEAD"));
    assert!(method.text().contains("Not this way"));
    assert!(!method.header("content-security-policy").is_empty());
}

#[tokio::test]
async fn get_and_head_change_nothing_anywhere() {
    let place = Place::new().await;
    place.compile().await;
    let state = || async {
        let mut tx = place.house.store.read().await.unwrap();
        (articles::revision(&mut tx).await.unwrap(), place.mails().await)
    };
    let before = state().await;

    for path in [
        "/",
        "/subscribe",
        "/archive",
        "/archive/weekly/1",
        "/inbox",
        "/feeds/all.rss",
        "/region/africa",
        "/style.css",
        "/favicon.svg",
        "/favicon.ico",
        "/robots.txt",
    ] {
        let get = place.get(path).await;
        let head = place.ask(Method::HEAD, path, &[], "").await;
        assert_eq!((get.status, head.status.as_u16()), (head.status, 200), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    assert_eq!(state().await, before);
}
