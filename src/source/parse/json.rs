//! JSON Feed 1 and 1.1.

use serde_json::Value;
use url::Url;

use super::value::address;
use super::{Document, Format, ParseError, date, guid, label, person};
use crate::article::clean::strip_controls;
use crate::article::{Body, Draft, Image, LabelKind, language};
use crate::source::manners::Hub;
use crate::source::pace::Wishes;

/// Reads a JSON Feed.
///
/// # Errors
/// If it is no JSON, or JSON of another kind.
pub fn document(source: &str, base: Option<&Url>) -> Result<Document, ParseError> {
    let source = source.trim_start_matches('\u{feff}').trim();
    let feed: Value = serde_json::from_str(source)
        .or_else(|error| serde_json::from_str(&without_lone_surrogates(source)).map_err(|_| error))
        .map_err(|error| ParseError::Json(error.to_string()))?;
    let items = feed
        .get("items")
        .and_then(Value::as_array)
        .ok_or(ParseError::NotAFeed { found: "JSON without `items`".to_owned() })?;
    let document_base = base.cloned();
    let home = string(&feed, "home_page_url").and_then(|url| address(&url, base));
    let base = home.as_deref().and_then(|home| Url::parse(home).ok()).or_else(|| base.cloned());
    let authors = authors(&feed);
    let language = string(&feed, "language").as_deref().and_then(language::normalize);
    let drafts = items.iter().filter(|item| item.is_object()).map(|item| {
        let mut draft = draft(item, base.as_ref());
        if draft.authors.is_empty() {
            draft.authors.clone_from(&authors);
        }
        draft.language = draft.language.take().or_else(|| language.clone());
        draft
    });
    Ok(Document {
        format: Format::Json,
        title: string(&feed, "title"),
        link: home.clone(),
        drafts: drafts.collect(),
        language,
        wishes: Wishes::default(),
        hub: hub(&feed, document_base.as_ref()),
    })
}

/// The hub it names for subscribing, and its own address.
fn hub(feed: &Value, base: Option<&Url>) -> Option<Hub> {
    let hubs = feed.get("hubs")?.as_array()?.iter().take(20);
    let mut websub = hubs
        .filter(|hub| string(hub, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("websub")));
    let hub = websub.find_map(|hub| address(&string(hub, "url")?, base))?;
    let own = string(feed, "feed_url").and_then(|url| address(&url, base));
    Some(Hub { hub, topic: own.or_else(|| base.map(Url::to_string))? })
}

fn draft(item: &Value, base: Option<&Url>) -> Draft {
    let html =
        item.get("content_html").and_then(Value::as_str).filter(|html| !html.trim().is_empty());
    let text = item.get("content_text").and_then(Value::as_str).unwrap_or_default();
    let url = ["url", "external_url"].iter().find_map(|key| address(&string(item, key)?, base));
    let image = ["image", "banner_image"].iter().find_map(|key| address(&string(item, key)?, base));
    let mut draft = Draft {
        title: string(item, "title").unwrap_or_default(),
        authors: authors(item),
        published: string(item, "date_published").and_then(|text| date::parse(&text)),
        updated: string(item, "date_modified").and_then(|text| date::parse(&text)),
        language: string(item, "language"),
        body: html.map_or_else(|| Body::Text(text.to_owned()), |html| Body::Html(html.to_owned())),
        excerpt: string(item, "summary"),
        image: image.map(|url| Image { url, ..Image::default() }).or_else(|| attached(item, base)),
        url,
        ..Draft::default()
    };
    draft.published = draft.published.or(draft.updated);
    if html.is_none() && text.trim().is_empty() {
        draft.body = Body::Text(draft.excerpt.clone().unwrap_or_default());
    }
    for tag in item.get("tags").and_then(Value::as_array).into_iter().flatten().take(100) {
        label::add(
            &mut draft.labels,
            tag.as_str().and_then(|tag| label::label(LabelKind::Category, tag)),
        );
    }
    draft.guid = string(item, "id").unwrap_or_else(|| guid::substitute(&draft));
    draft
}

fn attached(item: &Value, base: Option<&Url>) -> Option<Image> {
    item.get("attachments")?.as_array()?.iter().take(100).find_map(|file| {
        let mime = string(file, "mime_type").filter(|mime| mime.starts_with("image/"))?;
        let length = file.get("size_in_bytes").and_then(Value::as_u64);
        Some(Image {
            url: address(&string(file, "url")?, base)?,
            mime: Some(mime),
            length,
            ..Image::default()
        })
    })
}

/// `authors` of version 1.1, `author` of version 1; a bare string is forgiven.
fn authors(value: &Value) -> Vec<String> {
    let many = value.get("authors").and_then(Value::as_array).into_iter().flatten();
    many.chain(value.get("author"))
        .take(50)
        .filter_map(|author| string(author, "name").or_else(|| author.as_str().map(strip_controls)))
        .flat_map(|name| person::names(&name))
        .fold(Vec::new(), |mut names, name| {
            if !names.contains(&name) {
                names.push(name);
            }
            names
        })
}

/// A string or number, on one line; `None` if empty.
fn string(value: &Value, key: &str) -> Option<String> {
    let text = match value.get(key)? {
        Value::String(text) => strip_controls(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}
/// JSON in which each escape of half a surrogate pair is one of the
/// replacement character: programs that cut text in the middle of an emoji
/// write such halves.
fn without_lone_surrogates(json: &str) -> String {
    let escaped = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(json.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        let half = match escaped(at) {
            Some(0xd800..=0xdbff) if matches!(escaped(at + 6), Some(0xdc00..=0xdfff)) => {
                at += 12;
                continue;
            }
            half => half.is_some_and(|half| (0xd800..=0xdfff).contains(&half)),
        };
        if half {
            out.push_str(&json[copied..at]);
            out.push_str("\\ufffd");
            at += 6;
            copied = at;
        } else {
            // The backslash and what it escapes.
            at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8);
        }
    }
    out.push_str(&json[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_a_replacement_character() {
        let table = [
            (r"\ud83d\ude00 stays", r"\ud83d\ude00 stays"),
            (r"\ud83d alone, \ude00 alone", r"\ufffd alone, \ufffd alone"),
            (r"\\ud83d is text", r"\\ud83d is text"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"end \", r"end \"),
            (r"\u12é \ud8", r"\u12é \ud8"),
        ];
        for (given, mended) in table {
            assert_eq!(without_lone_surrogates(given), mended);
        }
    }
}
