//! Channels for the tests: a plain one and one that holds every ugliness.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Channel, Content, Entry};
use crate::article::{Article, ArticleId, Card, Image, SafeHtml, identity};
use crate::clock::Time;
use crate::region::{Origin, RegionPath};
use crate::site::Site;

pub(crate) fn time(text: &str) -> Time {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

pub(crate) fn site() -> Site {
    Site {
        title: "The Meridian Review".to_owned(),
        url: "https://news.example.org/".parse().unwrap(),
        language: "en".to_owned(),
        timezone: chrono_tz::UTC,
        imprint: None,
        description: Some("News by region & country".to_owned()),
    }
}

pub(crate) fn article(number: i64) -> Article {
    let card = Card {
        id: ArticleId(number),
        uid: identity::mint("magazine", &number.to_string()),
        source: "magazine".to_owned(),
        guid: number.to_string(),
        url: Some("https://news.example.org/rain?a=1&b=2".to_owned()),
        title: "Rain at last: what “normal” means & costs <today>".to_owned(),
        authors: vec!["Africa desk".to_owned(), "Data desk".to_owned()],
        published: time("2026-03-03T09:00:00Z"),
        updated: time("2026-03-04T10:30:00Z"),
        language: "en".to_owned(),
        teaser: "Farmers & traders, <relieved>.".to_owned(),
        image: Some(Image {
            url: "https://img.example.org/rain.jpg".to_owned(),
            alt: "A field after rain".to_owned(),
            credit: Some("Picture desk".to_owned()),
            width: Some(1200),
            height: Some(800),
            mime: Some("image/jpeg".to_owned()),
            length: Some(48_213),
        }),
        hints: Vec::new(),
        regions: vec![
            RegionPath::parse("africa/kenya").unwrap(),
            RegionPath::parse("africa").unwrap(),
        ],
        countries: Vec::new(),
        region_origin: Origin::Breadcrumb,
        credit: Some("The Upstream Herald".to_owned()),
        first_seen: time("2026-03-03T09:05:00Z"),
    };
    let html = "<p>It rained &amp; rained.</p>\n<p>Then ]]&gt; it stopped.</p>";
    Article {
        card,
        html: SafeHtml::from_store(html.to_owned()),
        text: "It rained & rained.\n\nThen ]]> it stopped.".to_owned(),
    }
}

pub(crate) fn entry(article: &Article) -> Entry {
    Entry::from_article(article, &site(), Content::Full, |path| {
        let last = path.as_str().rsplit('/').next().unwrap_or_default();
        last[..1].to_uppercase() + &last[1..]
    })
}

pub(crate) fn plain() -> Channel {
    Channel {
        updated: Some(time("2026-03-04T10:30:00Z")),
        icon: Some("https://news.example.org/icon.png".to_owned()),
        hubs: vec!["https://news.example.org/hub".to_owned()],
        ttl: Some(15),
        entries: vec![
            entry(&article(1)),
            entry(&{
                let mut bare = article(2);
                bare.card.image = None;
                bare.card.credit = None;
                bare
            }),
        ],
        ..Channel::new(&site(), "feeds/all", "The Meridian Review")
    }
}

/// Every ugliness as title, teaser, author and body.
pub(crate) fn hostile() -> Channel {
    let texts = [
        "controls \u{0}\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{80}\u{9f} end".to_owned(),
        "nonchars \u{fffe}\u{ffff}\u{fdd0}\u{10ffff} and \u{fffd}".to_owned(),
        "cdata ]]> ]]]]>> <![CDATA[ end".to_owned(),
        "<p>unclosed <b>nested <i>tags <!-- comment -- > <script>alert(1)</script>".to_owned(),
        "</item></channel></rss><item>".to_owned(),
        "</entry></feed>&nbsp;&#0;&#xFFFF; &amp;lt; \"quoted\" 'too'".to_owned(),
        "bidi \u{202e}override\u{2066}isolate".to_owned(),
        "emoji 👩‍🚀🏳️‍🌈 combining e\u{301}\u{302}\u{303}".to_owned(),
        "漢字 かな 한국어 العربية עברית हिन्दी ไทย Ελληνικά".to_owned(),
        "\u{1f600}".repeat(2_000),
        "word ".repeat(200_000),
        "\r\n\t \u{2028}\u{2029}\u{a0}".to_owned(),
        "\\u0000 \\ud800 {\"json\": \"break\"}\\".to_owned(),
        String::new(),
    ];
    let dates = ["1900-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "2026-03-03T09:00:00.123Z"];
    let urls = [
        "https://news.example.org/漢字/ä?q=<>\"'&x=]]>",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "not a url",
    ];
    let entries = texts.iter().enumerate().map(|(at, text)| Entry {
        uid: Uuid::from_u128(at as u128 + 1),
        number: 0,
        url: urls[at % urls.len()].to_owned(),
        title: text.clone(),
        teaser: text.clone(),
        html: (at % 3 > 0).then(|| SafeHtml::from_store(format!("<p>{text}</p>"))),
        authors: vec![text.clone(), "Africa desk".to_owned()],
        published: time(dates[at % dates.len()]),
        updated: if at == 0 { Time::MAX_UTC } else { time(dates[(at + 1) % dates.len()]) },
        first_seen: time("2026-03-03T09:05:00Z"),
        tags: vec![(text.clone(), text.clone())],
        tag_scheme: "https://news.example.org/feeds/tag/".to_owned(),
        language: ["en", "und", "ar", "not a language"][at % 4].to_owned(),
        regions: vec![(RegionPath::parse("asia/japan").unwrap(), vec![text.clone(), text.clone()])],
        scheme: "https://news.example.org/feeds/region/".to_owned(),
        image: Some(Image {
            url: urls[(at + 1) % urls.len()].to_owned(),
            alt: text.clone(),
            credit: Some(text.clone()),
            mime: Some(text.clone()),
            length: Some(0),
            ..Image::default()
        }),
        credit: Some(text.clone()),
    });
    Channel {
        title: texts[5].clone(),
        description: texts[2].clone(),
        author: Some(texts[0].clone()),
        updated: Some(Time::MIN_UTC),
        entries: entries.collect(),
        ..plain()
    }
}
