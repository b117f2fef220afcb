//! What the fuzz targets in `fuzz/` run, and `cargo test` on their corpus: any
//! bytes through each reader, and what must hold of the result.

use std::collections::HashSet;

use url::{Url, form_urlencoded};

use super::{date, document, encoding, file, guid, page};
use crate::article::clean;
use crate::article::{Body, Draft};
use crate::source::micropub::{self, Request};
use crate::source::opml as list;
use crate::source::site::robots::Robots;
use crate::source::site::sitemap;
use crate::source::wordpress::post;

/// Any bytes as a feed.
///
/// # Panics
/// If something does not hold that must.
pub fn feed(bytes: &[u8]) {
    let base = Url::parse("https://news.example/feed").ok();
    for (kind, base) in [(None, None), (Some("text/xml; charset=koi8-r"), base.as_ref())] {
        let Ok(read) = document(bytes, kind, base) else { continue };
        read.drafts.iter().for_each(draft);
        let settled = guid::settle(read.drafts);
        let guids: HashSet<&str> = settled.iter().map(|draft| draft.guid.as_str()).collect();
        assert_eq!(guids.len(), settled.len(), "one guid, two pieces");
        assert!(!guids.contains(""), "a piece without an id");
    }
}

/// Any bytes as a file; the first says of which kind.
///
/// # Panics
/// If something does not hold that must.
pub fn file_of_any_kind(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let name = ["a.md", "a.html", "a.txt", "a.eml", "a.mbox"][usize::from(*first) % 5];
    if let Ok(read) = file(name, bytes, None) {
        read.drafts.iter().for_each(draft);
    }
}

/// Any text as a date.
///
/// # Panics
/// If a date cannot be written and read again.
pub fn a_date(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(date) = date::parse(text) {
        assert_eq!(date::parse(&date.to_rfc3339()), Some(date), "{text}");
    }
}

/// Any HTML, cleaned.
///
/// # Panics
/// If what is clean does not stay as it is.
pub fn html(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let base = Url::parse("https://news.example/a").ok();
    let once = clean::clean(text, base.as_ref());
    assert!(!once.as_str().to_ascii_lowercase().contains("<script"), "{once:?}");
    let twice = clean::clean(once.as_str(), base.as_ref());
    assert_eq!(once.as_str(), twice.as_str());
    let _ = clean::plain(&once);
}

/// Any bytes as a list of feeds.
///
/// # Panics
/// If two feeds share a name.
pub fn opml(bytes: &[u8]) {
    let (listed, _) = list::read(&String::from_utf8_lossy(bytes), []);
    let names: HashSet<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), listed.len());
}

/// Any bytes as a sitemap, a robots.txt or a page of a site; the first says which.
///
/// # Panics
/// If something does not hold that must.
pub fn a_site(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let base = Url::parse("https://news.example/2026/a").expect("it is an address");
    let text = encoding::decode(bytes, None, None);
    match first % 3 {
        0 => {
            let Some(read) = sitemap::read(&text, &base) else { return };
            assert!(read.pages.len() <= sitemap::MOST && read.files.len() <= sitemap::MOST);
            for entry in read.pages.iter().chain(&read.files) {
                assert!(matches!(entry.url.scheme(), "http" | "https"), "{}", entry.url);
            }
        }
        1 => {
            let robots = Robots::read(bytes, "gazetted");
            assert!(robots.delay.is_none_or(|delay| delay.as_secs() <= 30));
            let rules = base.join("/robots.txt").expect("it is an address");
            assert!(robots.allow(&rules), "a robots.txt may always be asked for");
            let _ = robots.allow(&base);
        }
        _ => {
            let page = page::read(&text, Some(&base));
            draft(&page.draft);
            for url in page.data.iter().chain(&page.feeds) {
                assert!(!matches!(url.scheme(), "javascript" | "data" | "file"), "{url}");
            }
        }
    }
}

/// Any bytes as what a WordPress or a writer's program sends: posts of the REST
/// interface, an item of a JSON Feed, a Micropub request; the first says which.
///
/// # Panics
/// If something does not hold that must.
pub fn sent(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let home = Url::parse("https://news.example/").expect("it is an address");
    let request = match first % 4 {
        0 => return post::drafts(bytes, &home).iter().for_each(draft),
        1 => return super::item(bytes).iter().for_each(draft),
        2 => micropub::from_json(bytes),
        _ => micropub::from_form(form_urlencoded::parse(bytes).into_owned()),
    };
    match request {
        Ok(Request::Create(created)) => {
            draft(&created);
            assert!(!created.guid.is_empty(), "a piece without an id");
        }
        Ok(Request::Update { changes, .. }) => {
            let mut changed = Draft::default();
            changes.apply(&mut changed);
            draft(&changed);
        }
        Ok(Request::Delete(_) | Request::Undelete(_)) => {}
        Err(words) => assert!(!words.is_empty()),
    }
}

/// What holds of every draft, whatever it was read from.
fn draft(draft: &Draft) {
    let (Body::Html(_) | Body::Text(_)) = &draft.body;
    for url in draft.url.iter().chain(draft.hints.iter().filter_map(|hint| hint.url.as_ref())) {
        let url = Url::parse(url).expect("an address is absolute");
        assert!(!matches!(url.scheme(), "javascript" | "data" | "file"), "{url}");
    }
    for line in draft.authors.iter().chain([&draft.title]) {
        assert!(!line.contains(['\n', '\r', '\0']), "{line:?} is one line");
    }
    assert!(draft.labels.len() <= 100 && draft.authors.len() <= 100);
    assert!(draft.labels.iter().all(|label| !label.path.is_empty()));
}
