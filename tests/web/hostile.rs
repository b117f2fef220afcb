//! Five hundred pieces from a source that means harm, or does not know what
//! it does: the feeds stay well-formed, harmless, and equal in what they say.

use std::collections::HashSet;
use std::fmt::Write;

use super::place::Place;
use super::reading::reads_the_same;

/// How many pieces the source has.
const PIECES: usize = 500;

/// Titles and names, as they stand between the quotes of a JSON document:
/// escapes are the source's own, lone surrogates too.
const WORDS: [&str; 25] = [
    r"controls \u0000\u0001\u0008\u000b\u000c\u001f\u007f\u0080\u009f end",
    r"half a pair \ud800 and \udfff alone",
    r"noncharacters \ufffe\uffff\ufdd0 and \ufffd",
    r"cdata ]]> ]]]]>> <![CDATA[ end",
    r"<b>bold</b> &amp; <i>unclosed",
    r"</item></channel></rss><item><title>false</title>",
    r"</entry></feed>&nbsp;&#0;&#xFFFF; &lt;script&gt;",
    r"<script>alert(1)</script>",
    r"bidi \u202eoverride\u2066isolate\u200f mark",
    r"漢字かな交じり文 한국어 العربية עברית",
    r"हिन्दी ไทย Ελληνικά Кириллица ქართული አማርኛ",
    r"emoji 👩‍🚀🏳️‍🌈 combining e\u0301\u0302\u0303",
    r"\ud83d\ude00 a pair",
    r"line\r\nbreaks\tand\u2028separators\u2029and\u00a0spaces",
    r"quotes ' and backslash \\ and \\u0000",
    r"{{ template }} ${x} <%= y %>",
    r"--> <!-- comment --> <? pi ?> <!DOCTYPE x [<!ENTITY a 'b'>]>",
    r"&bogus; &#; &#x; &amp",
    r"a < b > c & d",
    r"",
    r"     ",
    r"\u0000",
    r"<img src=x onerror=alert(1)>",
    r"Zero\u200bwidth\ufeffand\u2060joined",
    r"ＦＵＬＬＷＩＤＴＨ ﬁ ligature ß İ",
];

const BODIES: [&str; 14] = [
    r"<p>unclosed <b>nested <i>tags</p></div></b>",
    r"<script>alert(1)</script><p onclick='x()' style='position:fixed'>text</p>",
    r"<a href='javascript:alert(1)'>one</a> <a href='data:text/html,x'>two</a> <a href='../rel?a=1&b=2'>three</a>",
    r"<img src='/i.png' srcset='/i.png 1x, /j.png 2x' width=600 height=400><img src='https://t.example/p.gif' width=1 height=1>",
    r"<iframe src='https://x.example/'></iframe><object data=x></object><embed src=x><form action=x><input name=y></form>",
    r"]]> <![CDATA[ ]]&gt; &nbsp; &copy; &bogus; \u000b\u0000 \ud800",
    r"<table><tr><td>cell<td>cell<tr><td>row</table>",
    r"<svg onload=alert(1)><a xlink:href='javascript:x'>y</a></svg><math><mi//xlink:href='data:x,<script>'>",
    r"<style>@import 'x'; p { background: url(javascript:x) }</style><link rel=stylesheet href=x><base href='https://evil.example/'>",
    r"<p>漢字 العربية \u202e turned</p><p dir=rtl>עברית</p>",
    r"plain text & no markup < at all",
    r"<video poster='/p.png' src='/v.mp4' autoplay></video><audio src='/a.mp3'></audio>",
    r"<p><p><p><ul><li>one<ul><li>two</ul><li>three",
    r"",
];

const DATES: [&str; 7] = [
    "1900-01-01T00:00:00Z",
    "2999-12-31T23:59:59Z",
    "2026-03-01T10:00:00Z",
    "2026-03-01T10:00:00Z",
    "1969-12-31T23:59:59Z",
    "not a date",
    "2026-02-30T25:61:61Z",
];

const ADDRESSES: [&str; 8] = [
    "https://wild.example/a?x=1&y=2",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://wild.example/漢字/ä?q=<>\\\"'",
    "not an address",
    "http://user:password@wild.example/",
    "//wild.example/b",
    "https://wild.example/c#d#e",
];

/// The source: a JSON Feed.
fn wild() -> String {
    let mut items = String::new();
    for number in 0..PIECES {
        let pick = |list: &[&'static str], step: usize| list[(number / step + number) % list.len()];
        let long = match number {
            100 => "long ".repeat(200_000),
            101 => "x".repeat(1_000_000),
            102 => "😀".repeat(250_000),
            103 => "<b>".repeat(300_000),
            104 => "</b>&nbsp;".repeat(100_000),
            _ => String::new(),
        };
        let deep = if number == 105 { "<div>".repeat(20_000) } else { String::new() };
        if number > 0 {
            items.push(',');
        }
        // Every tenth piece has the guid of the one before.
        let guid = if number % 10 == 9 { number - 1 } else { number };
        write!(
            items,
            r#"{{"id":"wild-{guid}","url":"{}","title":"{long}{}","content_html":"{deep}{}","date_published":"{}","date_modified":"{}","authors":[{{"name":"{}"}}],"tags":["{}","Tag {}"],"image":"{}","language":"{}"}}"#,
            pick(&ADDRESSES, 3),
            pick(&WORDS, 7),
            pick(&BODIES, 5),
            pick(&DATES, 2),
            pick(&DATES, 11),
            pick(&WORDS, 13),
            pick(&WORDS, 17),
            number % 30,
            pick(&ADDRESSES, 9),
            ["en", "ar", "x", "english language", "zh-Hant"][number % 5],
        )
        .unwrap();
    }
    format!(r#"{{"version":"https://jsonfeed.org/version/1.1","title":"Wild","items":[{items}]}}"#)
}

async fn place() -> Place {
    let more = "[feeds]\nitems = 1000\n\n[[source]]\nname = \"wild\"\nkind = \"feed\"\n\
                url = \"file:wild.json\"\nmax_bytes = \"50MB\"\n";
    let place = Place::with_more(more).await;
    place.put("wild.json", &wild());
    place.take_in("wild").await;
    place
}

#[tokio::test]
async fn five_hundred_hostile_pieces_make_feeds_that_are_valid_and_say_the_same() {
    let place = place().await;

    let rss_text = place.get("/feeds/source/wild.rss").await.text();
    let atom_text = place.get("/feeds/source/wild.atom").await.text();
    let json_text = place.get("/feeds/source/wild.json").await.text();
    if let Ok(folder) = std::env::var("GAZETTED_HOSTILE_DIR") {
        // For checkers that are no Rust: see .ci/run.
        for (ending, text) in [("rss", &rss_text), ("atom", &atom_text), ("json", &json_text)] {
            std::fs::write(format!("{folder}/hostile.{ending}"), text).unwrap();
        }
    }
    let rss = rss::Channel::read_from(rss_text.as_bytes()).unwrap();
    let atom = atom_syndication::Feed::read_from(atom_text.as_bytes()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json_text).unwrap();
    for (ending, text) in [("rss", &rss_text), ("atom", &atom_text), ("json", &json_text)] {
        reads_the_same(ending, text, &json);
    }
    let json = json["items"].as_array().unwrap();

    // A few have neither a title nor a text: there is nothing to publish.
    let guids = PIECES - PIECES / 10;
    assert!((guids - 5..=guids).contains(&rss.items.len()), "{}", rss.items.len());
    assert_eq!((atom.entries.len(), json.len()), (rss.items.len(), rss.items.len()));
    let (mut ids, mut updated) = (HashSet::new(), HashSet::new());
    for ((r, a), j) in rss.items.iter().zip(&atom.entries).zip(json) {
        let id = a.id.as_str();
        assert!(id.starts_with("urn:uuid:") && ids.insert(id), "{id}");
        assert_eq!(r.guid.as_ref().unwrap().value, id);
        assert_eq!(j["id"], id);
        let title = a.title.value.as_str();
        let length = title.chars().filter(|c| *c != '\u{2060}').count();
        assert!(!title.trim().is_empty() && length <= 300, "{title}");
        assert_eq!(r.title.as_deref(), Some(title));
        assert_eq!(j["title"], title);
        let link = r.link.as_deref().unwrap();
        assert!(link.starts_with("https://") || link.starts_with("http://"), "{link}");
        assert_eq!(a.links.iter().find(|link| link.rel == "alternate").unwrap().href, link);
        assert_eq!(j["url"], link);
        let dated = a.published.map(|date| date.timestamp());
        let of_rss = r.pub_date.as_deref().map(chrono::DateTime::parse_from_rfc2822);
        assert_eq!(of_rss.map(|date| date.unwrap().timestamp()), dated);
        let of_json = j["date_published"].as_str().map(chrono::DateTime::parse_from_rfc3339);
        assert_eq!(of_json.map(|date| date.unwrap().timestamp()), dated);
        assert!(dated.is_none_or(|at| (0..=place.house.now().timestamp()).contains(&at)));
        assert!(updated.insert(a.updated), "two pieces of one moment");
        assert_eq!(j["date_modified"].as_str().unwrap().parse(), Ok(a.updated));
        let body = r.content.as_deref();
        assert_eq!(a.content.as_ref().and_then(|content| content.value.as_deref()), body);
        assert_eq!(j["content_html"].as_str(), body);
        if let Some(body) = body {
            harmless(body);
        }
    }
}

/// Nothing in it runs, frames, sends, follows, or lies outside the web.
fn harmless(html: &str) {
    let lower = html.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end);
        let tag = &rest[at..end];
        for bad in [
            "<script",
            "<iframe",
            "<object",
            "<embed",
            "<form",
            "<input",
            "<style",
            "<link",
            "<base",
            "<svg",
            "<math",
            "<video",
            "<audio",
            " on",
            " style=",
            " srcset=",
            "javascript:",
            "data:",
        ] {
            assert!(!tag.contains(bad), "{bad} in {tag}");
        }
        for name in ["href=\"", "src=\""] {
            if let Some((_, address)) = tag.split_once(name) {
                let known = ["https://", "http://", "mailto:", "tel:"];
                assert!(known.iter().any(|scheme| address.starts_with(scheme)), "{tag}");
            }
        }
        assert!(!(tag.contains("width=\"1\"") && tag.contains("height=\"1\"")), "{tag}");
        rest = &rest[end..];
    }
}

#[tokio::test]
async fn every_feed_of_hostile_pieces_is_well_formed() {
    let place = place().await;

    let list = place.get("/feeds.opml").await.text();
    let feeds: Vec<String> = list
        .split("xmlUrl=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace(super::place::SITE, ""))
        .collect();
    assert!(feeds.len() > 50, "{feeds:?}");
    for feed in feeds.iter().step_by(7) {
        for ending in ["rss", "atom", "json"] {
            let path = format!("{}.{ending}", feed.strip_suffix(".rss").unwrap());
            let answer = place.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            let text = answer.text();
            match ending {
                "rss" => drop(rss::Channel::read_from(text.as_bytes()).unwrap()),
                "atom" => drop(atom_syndication::Feed::read_from(text.as_bytes()).unwrap()),
                _ => drop(serde_json::from_str::<serde_json::Value>(&text).unwrap()),
            }
        }
    }
}
