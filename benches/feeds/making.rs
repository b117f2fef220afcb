//! A feed of 10,000 items: from nothing, and after one new article.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use gazetted::feed::{self, Composed, Entry, Format};

use super::{magazine, median};

const ITEMS: u64 = 10_000;
const ROUNDS: usize = 5;

const DJANGO: &str = r#"
import json, sys, time, datetime
import feedgenerator
items = json.load(open(sys.argv[1]))
for item in items:
    item["date"] = datetime.datetime.fromtimestamp(item["date"] / 1000, datetime.timezone.utc)
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    feed = feedgenerator.Rss201rev2Feed(title="The Meridian Review", link="https://news.example.org/",
        description="The Meridian Review", language="en", feed_url="https://news.example.org/feeds/all.rss")
    for item in items:
        feed.add_item(title=item["title"], link=item["url"], description=item["html"], author_name=item["author"],
            pubdate=item["date"], unique_id=item["id"], categories=item["categories"])
    text = feed.writeString("utf-8")
    print(time.perf_counter() - began, len(text))
"#;

pub fn run() {
    let entries: Vec<Entry> = (0..ITEMS).rev().map(magazine::entry).collect();
    let new = magazine::entry(ITEMS);
    let (mut nothing, mut update) = (vec![], vec![]);
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let made = make(&entries, None);
        nothing.push(began.elapsed().as_secs_f64());
        bytes = made.text.len();

        let mut after = vec![new.clone()];
        after.extend(entries.iter().take(entries.len() - 1).cloned());
        let began = Instant::now();
        let brought = make(&after, Some(&made));
        update.push(began.elapsed().as_secs_f64());
        assert!(brought == make(&after, None), "the same bytes either way");
    }
    let (nothing, update) = (median(nothing), median(update));
    println!("an RSS feed of {ITEMS} items, {} KB, median of {ROUNDS}", bytes / 1000);
    println!("  from nothing, each item parsed again   {:8.1} ms", nothing * 1e3);
    println!(
        "  after one new article                  {:8.1} ms   {:.1} times as fast",
        update * 1e3,
        nothing / update
    );
    match django(&entries) {
        Some(django) => println!(
            "  Django's feedgenerator                 {:8.1} ms   ours is {:.1} times as fast",
            django * 1e3,
            django / nothing
        ),
        None => println!("  Django's feedgenerator is not there: pip install feedgenerator"),
    }
}

fn make(entries: &[Entry], last: Option<&Composed>) -> Composed {
    let wanted: Vec<(i64, i64)> = entries.iter().map(|entry| (entry.number, 1)).collect();
    let missing = feed::missing(&wanted, last);
    let mut fresh = BTreeMap::new();
    if last.is_none() {
        let written = feed::fragments(&entries.iter().collect::<Vec<_>>(), Format::Rss);
        fresh.extend(wanted.iter().copied().zip(written.into_iter().map(Result::unwrap)));
    } else {
        for key in missing {
            let entry = entries.iter().find(|entry| entry.number == key.0).unwrap();
            fresh.insert(key, feed::fragment(entry, Format::Rss).unwrap());
        }
    }
    let head = feed::head(&magazine::channel(), Format::Rss).unwrap();
    feed::compose(&head, &wanted, &fresh, last, Format::Rss)
}

fn django(entries: &[Entry]) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let items: Vec<_> = entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "title": entry.title, "url": entry.url, "id": format!("urn:uuid:{}", entry.uid),
                "html": entry.html.as_ref().unwrap().as_str(), "author": entry.authors[0],
                "date": entry.published.timestamp_millis(), "categories": ["AFRICA/Kenya", "Rivers"],
            })
        })
        .collect();
    let path = folder.path().join("items.json");
    std::fs::write(&path, serde_json::to_string(&items).unwrap()).unwrap();
    let out = Command::new("python3")
        .args(["-c", DJANGO])
        .arg(&path)
        .arg(ROUNDS.to_string())
        .output()
        .ok()
        .filter(|out| out.status.success())?;
    let text = String::from_utf8(out.stdout).unwrap();
    let seconds = text.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap());
    Some(median(seconds.collect()))
}
