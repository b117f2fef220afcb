//! JSON Feed 1.1.

use serde::Serialize;
use serde::de::IgnoredAny;

use super::printed::{Masthead, Printed};
use super::text;

/// What stands after the last item.
pub const TAIL: &str = "\n]}\n";

#[derive(Serialize)]
struct Head<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<&'a str>,
    description: &'a str,
    /// What came before: the next page of the same feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    authors: [Author<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_published: Option<String>,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    size_in_bytes: u64,
}

/// Everything before the first item.
pub(super) fn head(masthead: &Masthead) -> Result<String, String> {
    let written = print(&Head {
        version: "https://jsonfeed.org/version/1.1",
        title: &masthead.title,
        home_page_url: &masthead.home,
        feed_url: masthead.own.as_deref(),
        description: &masthead.description,
        next_url: masthead.older.as_deref(),
        icon: masthead.icon.as_deref(),
        authors: [Author { name: &masthead.author }],
        language: masthead.language.as_deref(),
        hubs: masthead.hubs.iter().map(|url| Hub { r#type: "WebSub", url }).collect(),
    })?;
    let open = written.strip_suffix('}').ok_or("the frame does not close")?;
    Ok(format!("{open},\"items\":[\n"))
}

/// One item.
pub(super) fn fragment(entry: &Printed<'_>) -> Result<String, String> {
    let html = entry.html.as_deref();
    let picture = entry.picture.as_ref();
    let file = picture.and_then(|picture| Some((&picture.url, picture.file()?)));
    print(&Item {
        id: &entry.id,
        url: &entry.url,
        title: &entry.title,
        content_html: html,
        // One of both is required.
        content_text: html.is_none().then(|| entry.teaser.as_deref().unwrap_or(&entry.title)),
        summary: entry.teaser.as_deref(),
        image: picture.map(|picture| picture.url.as_str()),
        date_published: entry.published.map(text::rfc3339),
        date_modified: text::rfc3339(entry.updated),
        authors: entry.authors.iter().map(|name| Author { name }).collect(),
        tags: entry.categories.iter().map(|category| category.label.as_str()).collect(),
        language: entry.language.as_deref(),
        attachments: file
            .map(|(url, (mime_type, size_in_bytes))| Attachment { url, mime_type, size_in_bytes })
            .into_iter()
            .collect(),
    })
}

fn print(value: &impl Serialize) -> Result<String, String> {
    let written = serde_json::to_string(value).map_err(|error| error.to_string())?;
    serde_json::from_str::<IgnoredAny>(&written).map_err(|error| error.to_string())?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use crate::feed::{Format, samples, write};

    #[test]
    fn an_item_says_all_that_is_known_of_a_piece() {
        let channel = samples::plain();
        let text = write(&channel, Format::Json).unwrap().text;
        let feed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let item = &feed["items"][0];

        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert_eq!(feed["feed_url"], "https://news.example.org/feeds/all.json");
        assert_eq!(feed["hubs"][0]["url"], "https://news.example.org/hub");
        assert_eq!(item["title"], "Rain at last: what “normal” means & costs <today>");
        assert_eq!(item["url"], "https://news.example.org/rain?a=1&b=2");
        assert_eq!(item["summary"], "Farmers & traders, <relieved>.");
        assert_eq!(item["content_html"], channel.entries[0].html.as_ref().unwrap().as_str());
        assert_eq!(item["date_published"], "2026-03-03T09:00:00Z");
        assert_eq!(item["date_modified"], "2026-03-04T10:30:00.000001Z");
        assert_eq!(item["authors"][1]["name"], "Data desk");
        assert_eq!(item["tags"][0], "AFRICA/Kenya");
        assert_eq!(item["attachments"][0]["size_in_bytes"], 48213);
    }

    #[test]
    fn an_item_without_html_has_its_teaser_as_text() {
        let mut channel = samples::plain();
        channel.entries[0].html = None;

        let text = write(&channel, Format::Json).unwrap().text;
        let feed: serde_json::Value = serde_json::from_str(&text).unwrap();

        assert_eq!(feed["items"][0]["content_text"], feed["items"][0]["summary"]);
        assert_eq!(feed["items"][0].get("content_html"), None);
    }
}
