use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use crate::clock::{ManualClock, from_millis};
use crate::daemon::assemble;
use crate::flow::House;
use crate::flow::watch::{self, Counts, Visit};
use crate::region::Gazetteer;
use crate::source::fetch::{Answer, Fetched, Request, Response, Said};
use crate::source::{Fetch, Source};
use crate::store::{Store, articles};

/// Gives what it holds.
struct Feed(Mutex<String>);

impl Fetch for Feed {
    fn fetch(&self, request: Request) -> Answer<'_> {
        let bytes = self.0.lock().unwrap().clone().into_bytes();
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

struct Desk {
    house: Arc<House>,
    feed: Arc<Feed>,
    source: Source,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = "[site]\ntitle = \"T\"\nurl = \"http://127.0.0.1/\"\n[[source]]\nname = \"s\"\nkind = \"feed\"\nurl = \"https://news.example/feed\"\n";
        let config =
            crate::config::parse(text, &folder.path().join("gazetted.toml"), [], None).unwrap();
        let store = Store::open(&config.store.url).await.unwrap();
        let clock = Arc::new(ManualClock::at(from_millis(1_780_000_000_000)));
        let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
        let settings = assemble::settings(&config).unwrap();
        let gazetteer = Arc::new(Gazetteer::builtin());
        let house = Arc::new(House::new(store, clock.clone(), gazetteer, keys, settings));
        let feed = Arc::new(Feed(Mutex::default()));
        let source = Source::new(config.sources[0].clone(), feed.clone());
        Self { house, feed, source, clock, _folder: folder }
    }

    async fn visit(&mut self, items: &[String]) -> Counts {
        self.clock.advance(TimeDelta::hours(1));
        *self.feed.0.lock().unwrap() = format!("<rss>{}</rss>", items.concat());
        match watch::visit(&self.house, &mut self.source).await.unwrap() {
            Visit::Taken(counts) => counts,
            Visit::Troubled(trouble) => panic!("{trouble}"),
        }
    }
}

fn item(guid: &str, n: usize, text: &str, date: &str) -> String {
    format!(
        "<item><guid isPermaLink='false'>{guid}</guid><title>Piece {n}</title><link>https://news.example/{n}</link>\
         <description>{text}</description><pubDate>{date}</pubDate></item>"
    )
}

#[tokio::test]
async fn a_feed_that_dates_everything_anew_changes_nothing() {
    let mut desk = Desk::open().await;
    let all = |date: &str, first: &str| -> Vec<String> {
        (0..5)
            .map(|n| item(&n.to_string(), n, if n == 0 { first } else { "Text." }, date))
            .collect()
    };

    desk.visit(&all("2026-05-01T10:00:00Z", "Text.")).await;
    let anew = desk.visit(&all("2026-05-20T10:00:00Z", "Text.")).await;
    let edited = desk.visit(&all("2026-05-21T10:00:00Z", "Other words.")).await;

    assert_eq!((anew.new, anew.changed, anew.unchanged), (0, 0, 5));
    assert_eq!((edited.new, edited.changed, edited.unchanged), (0, 1, 4));
    let mut tx = desk.house.store.read().await.unwrap();
    let known = articles::known(&mut tx, "s", "0").await.unwrap().unwrap();
    assert_eq!(known.published.to_rfc3339(), "2026-05-01T10:00:00+00:00");
}

#[tokio::test]
async fn one_piece_that_is_dated_anew_gets_its_new_date() {
    let mut desk = Desk::open().await;
    let date = |n: usize, day: u8| {
        item(&n.to_string(), n, "Text.", &format!("2026-05-{day:02}T10:00:00Z"))
    };

    desk.visit(&[date(1, 1), date(2, 1)]).await;
    let moved = desk.visit(&[date(1, 1), date(2, 3)]).await;

    assert_eq!(moved.changed, 1);
}

#[tokio::test]
async fn a_piece_with_a_new_id_is_still_the_same() {
    let mut desk = Desk::open().await;
    let date = "2026-05-01T10:00:00Z";

    desk.visit(&[item("old-1", 1, "Text.", date), item("old-2", 2, "Text.", date)]).await;
    let changed =
        desk.visit(&[item("new-1", 1, "Text.", date), item("new-2", 2, "Text.", date)]).await;
    let again = desk.visit(&[item("new-1", 1, "More.", date), item("x", 1, "Text.", date)]).await;

    assert_eq!((changed.new, changed.unchanged), (0, 2));
    // `x` stands beside the piece that it looks like: it is another one.
    assert_eq!((again.new, again.changed), (1, 1));
    let mut tx = desk.house.store.read().await.unwrap();
    assert!(articles::known(&mut tx, "s", "old-2").await.unwrap().is_some());
    assert!(articles::known(&mut tx, "s", "new-2").await.unwrap().is_none());
}
