//! Related articles through the store: texts printed twice, and the index
//! that outlives a process.

use gazetted::article::ArticleId;
use gazetted::flow::compile;
use gazetted::flow::relate::Related;
use gazetted::related::Settings;

use crate::web::place::Place;

const STORY: &str = "The river rose by two metres in one night, and the army brought food to the villages \
    by boat. Thousands of people left their homes before dawn, the governor said on Monday. Schools in \
    the valley stay closed, and trains stop at the bridge. Rain is expected to go on for another week.";

const WIRE: &str = r#"
[[source]]
name = "wire"
kind = "feed"
url = "file:wire.json"
"#;

fn piece(title: &str, text: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2026-03-02\n---\n\n{text}\n")
}

fn wire(texts: &[(&str, &str)]) -> String {
    let items: Vec<_> = texts
        .iter()
        .map(|(id, text)| {
            serde_json::json!({"id": id, "url": format!("https://wire.example.org/{id}"),
                "title": format!("Wire {id}"), "content_text": text, "date_published": "2026-03-01T10:00:00Z"})
        })
        .collect();
    serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": items})
        .to_string()
}

#[tokio::test]
async fn a_story_that_two_sources_printed_stands_in_a_digest_once_and_does_not_come_again() {
    let mut place = Place::with_more(WIRE).await;
    place.put("wire.json", &wire(&[("flood", STORY)]));
    place.take_in("wire").await;
    place.publish("flood.md", &piece("Valley under water", &format!("{STORY} So far."))).await;
    let digest = place.house.settings().digests[0].clone();

    let draft = compile::draft(&place.house, &digest, place.house.now()).await.unwrap();

    let told: Vec<_> = draft
        .iter()
        .filter(|p| p.title == "Wire flood" || p.title == "Valley under water")
        .collect();
    let [flood] = told[..] else { panic!("{told:?}") };
    assert_eq!(flood.title, "Wire flood", "the first print stands for both");
    let copies: Vec<&str> = flood.copies.iter().map(|copy| copy.source.as_str()).collect();
    assert_eq!(copies, ["magazine"]);
    assert!(!flood.beside.iter().any(|beside| beside.title == "Valley under water"));
    place.compile().await;
    let next = compile::draft(&place.house, &digest, place.house.now()).await.unwrap();
    assert_eq!(next, []);
}

#[tokio::test]
async fn an_index_on_the_disk_takes_in_only_what_is_new_and_none_of_another_store() {
    let mut place = Place::new().await;
    place.publish("one.md", &piece("Flood in the valley", STORY)).await;
    place
        .publish("two.md", &piece("Valley: flood goes on", &format!("{STORY} Boats are few.")))
        .await;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: Some(folder.path().join("index")), ..Settings::default() };
    let kept = || {
        let related = Related::kept(settings.clone());
        related.write_too();
        related
    };

    let first = kept();
    let all = first.catch_up(&place.house.store).await.unwrap();
    let found = first.ranking(ArticleId(5), 9).await;
    first.settle().await;
    drop(first);
    let second = kept();

    assert!(all >= 5 && found.iter().any(|found| found.id == ArticleId(4)), "{all}, {found:?}");
    assert_eq!(second.catch_up(&place.house.store).await.unwrap(), 0);
    assert_eq!(second.ranking(ArticleId(5), 9).await, found);
    drop(second);
    // A store put back from a backup: fewer articles, and other ones to come.
    let other = Place::new().await;
    let third = kept();
    assert!(third.catch_up(&other.house.store).await.unwrap() >= 3);
    assert_eq!(third.ranking(ArticleId(5), 9).await, []);
}

#[tokio::test]
async fn who_only_reads_leaves_nothing_behind() {
    let place = Place::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let related = Related::kept(Settings { folder: Some(path.clone()), ..Settings::default() });

    related.catch_up(&place.house.store).await.unwrap();
    related.settle().await;

    assert!(!path.exists());
}
