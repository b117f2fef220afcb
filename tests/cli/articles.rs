//! From files to lists, feeds and pages of what was read.

use std::collections::BTreeSet;
use std::fs;

use super::{Magazine, piece};

#[test]
fn ingest_counts_what_came_changed_and_went() {
    let magazine = Magazine::new();
    let counts = |words: [u64; 5]| {
        let said = magazine.program.run(&["ingest", "--json"]).good();
        let line = said.object();
        assert_eq!(line["source"], "magazine");
        for (name, count) in ["new", "changed", "unchanged", "removed", "failed"].iter().zip(words)
        {
            assert_eq!(line[name], count, "{name}: {line}");
        }
    };
    let articles = magazine.path().join("articles");

    counts([3, 0, 0, 0, 0]);
    piece(
        &articles,
        "dam.md",
        "Egypt",
        "The dam, corrected",
        "Other words, and more of them than there were before.",
    );
    fs::remove_file(articles.join("ferry.md")).unwrap();
    piece(&articles, "lake.md", "Kenya", "A lake", "Salt and flamingos.");
    counts([1, 1, 1, 1, 0]);
}

#[test]
fn a_list_has_what_is_promised_and_can_be_narrowed() {
    let magazine = Magazine::new().ingested();

    let all = magazine.program.run(&["articles", "list", "--json"]).good().json();
    assert_eq!(all.len(), 3);
    for line in &all {
        for key in [
            "id",
            "guid",
            "url",
            "title",
            "authors",
            "published",
            "updated",
            "language",
            "region",
            "regions",
            "countries",
            "region_origin",
            "teaser",
            "image",
            "source",
        ] {
            assert!(line.get(key).is_some(), "{key} is promised: {line}");
        }
    }
    let dam = all.iter().find(|line| line["guid"] == "dam.md").unwrap();
    assert_eq!(dam["region"], "africa/egypt");
    assert_eq!(dam["region_origin"], "category");
    assert_eq!(dam["authors"], serde_json::json!(["Rivers desk"]));
    assert_eq!(dam["countries"][0], "EG");
    assert!(dam["published"].as_str().unwrap().starts_with("2026-01-05T06:00:00"));

    let guids = |arguments: &[&str]| -> BTreeSet<String> {
        let said = magazine.program.run(&[&["articles", "list", "--json"], arguments].concat());
        said.good().json().iter().map(|line| line["guid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(guids(&["--region", "africa"]), ["dam.md", "delta.md"].map(str::to_owned).into());
    assert_eq!(
        guids(&["--since", "2026-02-01T00:00:00Z"]),
        ["delta.md", "ferry.md"].map(str::to_owned).into()
    );
    assert_eq!(guids(&["--limit", "1"]).len(), 1);
    assert_eq!(guids(&["--limit", "99999999"]).len(), 3);
}

#[test]
fn the_operators_word_on_a_region_lasts_through_edits() {
    let magazine = Magazine::new().ingested();
    let of = |guid: &str| {
        let all = magazine.program.run(&["articles", "list", "--json"]).good().json();
        all.into_iter().find(|line| line["guid"] == guid).unwrap()
    };
    let id = of("ferry.md")["id"].to_string();

    magazine.program.run(&["articles", "set-region", &id, "asia/japan"]).good();
    let articles = magazine.path().join("articles");
    piece(
        &articles,
        "ferry.md",
        "Germany",
        "A ferry, corrected",
        "Quite another text of another length.",
    );
    magazine.program.run(&["ingest"]).good();

    let moved = of("ferry.md");
    assert_eq!(
        (moved["region"].as_str(), moved["region_origin"].as_str()),
        (Some("asia/japan"), Some("operator"))
    );
    assert_eq!(moved["title"], "A ferry, corrected");
    magazine.program.run(&["articles", "set-region", &id, "auto"]).good();
    assert_eq!(of("ferry.md")["region"], "europe/germany");
    let wrong = magazine.program.run(&["articles", "set-region", &id, "atlantis"]);
    assert_ne!(wrong.code, 0);
    assert!(wrong.log.contains("atlantis"), "{wrong:?}");

    let shown = magazine.program.run(&["articles", "show", &id, "--json"]).good().object();
    for key in ["html", "text", "hints"] {
        assert!(shown.get(key).is_some(), "{key} is promised: {shown}");
    }
}

#[test]
fn related_pieces_have_scores_and_stand_beside_the_later_one_only() {
    let magazine = Magazine::new().ingested();

    let all = magazine.program.run(&["related", "--all", "--json"]).good().json();

    assert_eq!(all.len(), 3);
    let of = |guid: &str| all.iter().find(|line| line["guid"] == guid).unwrap();
    let beside = of("delta.md")["related"].as_array().unwrap();
    assert_eq!(beside[0]["guid"], "dam.md");
    for key in ["id", "title", "url", "teaser", "score"] {
        assert!(beside[0].get(key).is_some(), "{key} is promised: {}", beside[0]);
    }
    assert!(of("dam.md")["related"].as_array().unwrap().is_empty(), "nothing is earlier");
}

#[test]
fn feeds_are_built_as_files_and_only_what_changed_is_touched() {
    let magazine = Magazine::new().ingested();

    let first =
        magazine.program.run(&["feeds", "build", "--out", "public", "--json"]).good().object();
    let second =
        magazine.program.run(&["feeds", "build", "--out", "public", "--json"]).good().object();

    let written = first["written"].as_u64().unwrap();
    assert!(written >= 12, "{first}");
    assert_eq!(
        (second["written"].as_u64(), second["unchanged"].as_u64()),
        (Some(0), Some(written))
    );
    for path in [
        "all.rss",
        "all.atom",
        "all.json",
        "region/africa.rss",
        "region/africa/egypt.atom",
        "author/rivers-desk.json",
    ] {
        let text = fs::read_to_string(magazine.path().join("public/feeds").join(path)).unwrap();
        assert!(text.contains("silt"), "{path}");
    }
    let africa =
        fs::read_to_string(magazine.path().join("public/feeds/region/africa.rss")).unwrap();
    assert!(!africa.contains("ferry"));
    let json: serde_json::Value = serde_json::from_str(
        &fs::read_to_string(magazine.path().join("public/feeds/all.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 3);
}

#[test]
fn parse_says_how_files_are_read_and_stores_nothing() {
    let magazine = Magazine::new();
    let feed = "<rss version=\"2.0\"><channel><title>T &amp; U</title><link>https://t.example/</link>\
                <item><title>One</title><link>https://t.example/1</link><guid>g1</guid>\
                <pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate></item>\
                <item><title>Two</title><guid>g2</guid></item></channel></rss>";
    fs::write(magazine.path().join("feed.xml"), feed).unwrap();
    fs::write(
        magazine.path().join("none.xml"),
        "<rss version=\"2.0\"><channel><title>E</title></channel></rss>",
    )
    .unwrap();
    fs::write(magazine.path().join("bad.xml"), "<html><body>Log in").unwrap();

    let said = magazine.program.run(&["parse", "--json", "./feed.xml", "none.xml", "bad.xml"]);

    assert_eq!(said.code, 1, "one of them is no feed");
    let lines = said.json();
    assert_eq!(
        (&lines[0]["file"], &lines[0]["ok"], &lines[0]["n"]),
        (&"./feed.xml".into(), &true.into(), &2.into())
    );
    assert_eq!(
        (&lines[0]["title"], &lines[0]["link"]),
        (&"T & U".into(), &"https://t.example/".into())
    );
    let entry = &lines[0]["entries"][0];
    assert_eq!((&entry["id"], &entry["published"]), (&"g1".into(), &1_767_225_600.into()));
    assert!(lines[0]["entries"][1]["published"].is_null());
    assert_eq!(
        (&lines[1]["ok"], &lines[1]["n"]),
        (&true.into(), &0.into()),
        "no entries is an answer"
    );
    assert_eq!(lines[2]["ok"], false);
    assert!(!magazine.path().join("gazetted.db").exists(), "nothing is stored");
}

#[test]
fn feeds_built_with_their_archive_lead_to_files_that_are_there() {
    let magazine = Magazine::with("[feeds]\nitems = 1\n").ingested();
    let public = magazine.path().join("public");

    magazine.program.run(&["feeds", "build", "--out", "public"]).good();
    let without = public.join("feeds/archive").exists();
    magazine.program.run(&["feeds", "build", "--out", "public", "--archive"]).good();

    assert!(!without);
    let mut path = "feeds/all.atom".to_owned();
    let mut found = vec![];
    loop {
        let text = fs::read_to_string(public.join(&path)).unwrap();
        found.push(text.matches("<entry>").count());
        let Some(at) = text.find("prev-archive") else { break };
        let tag = &text[text[..at].rfind('<').unwrap()..];
        let href = tag.split_once("href=\"").unwrap().1.split_once('"').unwrap().0;
        path = href.strip_prefix("https://news.example.org/").unwrap().to_owned();
    }
    assert_eq!(found[0], 1);
    assert_eq!(found[1..].iter().sum::<usize>(), 3, "the archive holds every piece");
    assert!(public.join(format!("{path}.br")).exists());
}
