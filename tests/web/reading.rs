//! What feed-rs reads in our feeds is what we wrote; other readers are asked
//! by `tests/readers/check.py`.

use serde_json::Value;

use super::place::Place;

/// Holds what feed-rs reads in a document against the JSON Feed of the same
/// pieces, which leaves nothing to understand.
pub fn reads_the_same(name: &str, document: &str, json: &Value) {
    let feed = feed_rs::parser::parse(document.as_bytes()).unwrap();
    let items = json["items"].as_array().unwrap();

    assert_eq!(feed.entries.len(), items.len(), "{name}");
    assert_eq!(feed.title.unwrap().content, json["title"].as_str().unwrap(), "{name}");
    for (entry, item) in feed.entries.iter().zip(items) {
        let text = |key: &str| item[key].as_str();
        let date = |key: &str| {
            text(key).map(|date| chrono::DateTime::parse_from_rfc3339(date).unwrap().timestamp())
        };
        assert_eq!(Some(entry.id.as_str()), text("id"), "{name}");
        let what = format!("{name}, {}", entry.id);
        assert_eq!(
            entry.title.as_ref().map(|title| title.content.as_str()),
            text("title"),
            "{what}"
        );
        assert_eq!(Some(entry.links[0].href.as_str()), text("url"), "{what}");
        assert_eq!(entry.published.map(|date| date.timestamp()), date("date_published"), "{what}");
        if let Some(updated) = entry.updated {
            assert_eq!(Some(updated.timestamp()), date("date_modified"), "{what}");
        }
        let authors: Vec<&str> =
            entry.authors.iter().filter_map(|author| author.name.as_deref()).collect();
        match item["authors"].as_array() {
            Some(names) => {
                let names: Vec<_> = names.iter().filter_map(|name| name["name"].as_str()).collect();
                assert_eq!(authors, names, "{what}");
            }
            // Who names nobody inherits from the feed.
            None => assert!(authors.iter().all(|name| json["authors"][0]["name"] == *name)),
        }
        let body = entry.content.as_ref().and_then(|content| content.body.as_deref());
        let plain = text("content_text").filter(|_| body.is_some());
        assert_eq!(body, text("content_html").or(plain), "{what}");
    }
}

#[tokio::test]
async fn feed_rs_reads_what_was_written() {
    let place = Place::new().await;

    for feed in ["all", "region/africa", "author/africa-desk", "source/magazine"] {
        let json = place.get(&format!("/feeds/{feed}.json")).await.text();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert!(!json["items"].as_array().unwrap().is_empty());
        for ending in ["rss", "atom", "json"] {
            let path = format!("/feeds/{feed}.{ending}");
            reads_the_same(&path, &place.get(&path).await.text(), &json);
        }
    }
}
