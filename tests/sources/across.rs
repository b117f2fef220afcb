//! The same pieces from several sources: each is one article.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gazetted::flow::copies::{self, Seen, Why};
use gazetted::flow::watch::{Counts, Visit};
use gazetted::source::Fetch;
use gazetted::source::fetch::{Answer, Fetched, Request, Response, Said};
use gazetted::store::articles::{self, Filter};

use super::blog::Network;
use super::desk::Desk;

const BOTH: &str = "[[source]]\nname = \"blog\"\nkind = \"wordpress\"\nurl = \"https://blog.example\"\n\
    [[source]]\nname = \"feed\"\nkind = \"feed\"\nurl = \"https://blog.example/feed/\"\n";

async fn visit(desk: &Desk, at: usize) -> Counts {
    match desk.try_visit(at).await {
        Visit::Taken(counts) => counts,
        Visit::Troubled(trouble) => panic!("{trouble}"),
    }
}

/// The titles in the feed of one source, oldest first.
async fn shelf(desk: &Desk, source: &str) -> Vec<String> {
    let mut tx = desk.house.store.read().await.unwrap();
    let filter = Filter { shelf: Some(format!("source/{source}")), ..Filter::default() };
    let cards = articles::list(&mut tx, &filter, 100).await.unwrap();
    cards.into_iter().rev().map(|card| card.title).collect()
}

async fn unshown(desk: &Desk, title: &str) -> Vec<Seen> {
    let id = desk.card(title).await.id;
    let mut tx = desk.house.store.read().await.unwrap();
    copies::unshown(&mut tx, &desk.house.settings(), id).await.unwrap()
}

#[tokio::test]
async fn a_post_that_comes_by_rest_and_by_feed_is_one_article() {
    let network = Network::new();
    let (kept, ids) = {
        let mut site = network.site();
        let ids = [1, 2, 3].map(|n| site.publish(&format!("Piece {n}"), -60 * n, &[3]));
        (site.posts[&ids[0]].guid.clone(), ids)
    };
    let desk = Desk::with(BOTH, Arc::new(network.clone())).await;

    let by_feed = visit(&desk, 1).await;
    let before = desk.card("Piece 1").await;
    let by_rest = visit(&desk, 0).await;
    let after = desk.card("Piece 1").await;
    let again = (visit(&desk, 0).await, visit(&desk, 1).await);

    assert_eq!((by_feed.new, by_rest.new, by_rest.changed), (3, 0, 3));
    assert_eq!((again.0.changed, again.1.changed, again.1.new), (0, 0, 0));
    assert_eq!(desk.cards().await.len(), 3);
    assert_eq!((before.source.as_str(), after.source.as_str()), ("feed", "blog"));
    assert_eq!((before.id, before.uid, before.updated), (after.id, after.uid, after.updated));
    assert!(before.image.is_none() && after.image.is_some(), "the better copy is shown");
    assert_eq!(shelf(&desk, "feed").await, ["Piece 3", "Piece 2", "Piece 1"]);
    assert_eq!(shelf(&desk, "blog").await, shelf(&desk, "feed").await);
    let seen = Seen { source: "feed".to_owned(), guid: kept, why: Some(Why::Kind) };
    assert_eq!(unshown(&desk, "Piece 1").await, [seen]);

    // An edit comes by both ways, and counts once.
    network.site().edit(ids[1], 40, |post| post.content = "<p>Quite another text.</p>".to_owned());
    let by_feed = visit(&desk, 1).await;
    let by_rest = visit(&desk, 0).await;
    assert_eq!((by_feed.changed, by_feed.unchanged, by_rest.changed), (0, 3, 1));
    assert_eq!(desk.text("Piece 2").await, "Quite another text.");

    // What WordPress has no more is gone, though the feed once had it.
    network.site().posts.remove(&ids[2]);
    let mut removed = 0;
    for _ in 0..2 {
        removed += visit(&desk, 0).await.removed;
        visit(&desk, 1).await;
    }
    assert_eq!(removed, 1);
    assert_eq!(desk.cards().await.len(), 2);
    assert_eq!(shelf(&desk, "feed").await, ["Piece 2", "Piece 1"]);
}

/// Files by address.
#[derive(Default)]
struct Files(Mutex<BTreeMap<String, String>>);

impl Files {
    fn put(&self, address: &str, items: &[(&str, &str, &str)]) {
        let items: String = items
            .iter()
            .map(|(title, link, text)| {
                format!(
                    "<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{address}{link}</guid>\
                     <pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate><description>{text}</description></item>"
                )
            })
            .collect();
        let feed = format!("<rss version='2.0'><channel><title>F</title>{items}</channel></rss>");
        self.0.lock().unwrap().insert(address.to_owned(), feed);
    }
}

impl Fetch for Files {
    fn fetch(&self, request: Request) -> Answer<'_> {
        let bytes = self.0.lock().unwrap()[request.url.as_str()].clone().into_bytes();
        Box::pin(async move {
            Ok(Response::Document(Fetched {
                bytes,
                content_type: None,
                final_url: request.url,
                etag: None,
                last_modified: None,
                said: Said::default(),
            }))
        })
    }
}

const LONG: &str = "The ministers of three countries met on Tuesday to agree on a shared plan for the river, \
    which feeds forty million people. They parted without a word on the dam, and nobody at the table \
    expected one before the rains come and the reservoir is full again for another year.";

#[tokio::test]
async fn a_whole_text_is_shown_before_an_excerpt_and_a_remark_is_a_piece_of_its_own() {
    let files = Arc::new(Files::default());
    let page = "https://paper.example/river";
    files.put("https://a.example/f", &[("A plan for the river", page, &LONG[..100])]);
    files.put(
        "https://b.example/f",
        &[("A plan for the river", "http://www.paper.example/river/?utm_source=b", LONG)],
    );
    files.put(
        "https://c.example/f",
        &[("Worth your time", page, "A friend wrote on what the ministers did; I liked it a lot.")],
    );
    let sources: String = ["a", "b", "c"]
        .map(|name| {
            format!(
                "[[source]]\nname = \"{name}\"\nkind = \"feed\"\nurl = \"https://{name}.example/f\"\n"
            )
        })
        .concat();
    let desk = Desk::with(&sources, files.clone()).await;

    let new = [visit(&desk, 0).await.new, visit(&desk, 1).await.new, visit(&desk, 2).await.new];

    assert_eq!(new, [1, 0, 1]);
    assert_eq!(desk.text("A plan for the river").await, LONG);
    assert_eq!(desk.card("A plan for the river").await.source, "b");
    assert_eq!(unshown(&desk, "A plan for the river").await[0].why, Some(Why::Whole));
    assert_eq!(desk.card("Worth your time").await.source, "c");

    // The whole one is cut later: of two alike the first source is shown.
    files.put("https://b.example/f", &[("A plan for the river", page, &LONG[..100])]);
    visit(&desk, 1).await;
    assert_eq!(desk.card("A plan for the river").await.source, "a");
    assert_eq!(unshown(&desk, "A plan for the river").await[0].why, Some(Why::Order));
}

#[tokio::test]
async fn where_one_source_lets_go_another_copy_takes_its_place_under_the_same_identity() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let file = |extra: &str| {
        format!(
            "---\ntitle: A plan for the river\nurl: https://paper.example/river\n---\n\n{LONG}{extra}\n"
        )
    };
    for (place, extra) in [(&one, ""), (&two, " So it stands.")] {
        std::fs::create_dir(place).unwrap();
        std::fs::write(place.join("river.md"), file(extra)).unwrap();
        std::fs::write(place.join("other.md"), format!("# Of {extra:?}\n\nAnother piece."))
            .unwrap();
    }
    let sources = format!(
        "[[source]]\nname = \"one\"\nkind = \"directory\"\npath = {one:?}\n\
         [[source]]\nname = \"two\"\nkind = \"directory\"\npath = {two:?}\n"
    );
    let desk = Desk::with(&sources, Arc::new(Network::new())).await;
    visit(&desk, 1).await;
    visit(&desk, 0).await;
    let before = desk.card("A plan for the river").await;
    assert_eq!(before.source, "one");

    std::fs::remove_file(one.join("river.md")).unwrap();
    let counts = visit(&desk, 0).await;
    let after = desk.card("A plan for the river").await;

    assert_eq!((counts.removed, after.source.as_str()), (0, "two"));
    assert_eq!((before.id, before.uid), (after.id, after.uid));
    assert!(desk.text("A plan for the river").await.ends_with("So it stands."));
    assert_eq!(unshown(&desk, "A plan for the river").await[0].why, None);

    std::fs::remove_file(two.join("river.md")).unwrap();
    assert_eq!(visit(&desk, 1).await.removed, 1);
    assert_eq!(desk.cards().await.len(), 2, "only the others are left");

    // Back at the first: the same article again, mailed once and not anew.
    std::fs::write(one.join("river.md"), file("")).unwrap();
    visit(&desk, 0).await;
    let back = desk.card("A plan for the river").await;
    assert_eq!((back.id, back.uid, back.source.as_str()), (before.id, before.uid, "one"));
}
