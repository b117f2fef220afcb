//! One post of the REST interface as a draft: pure.

use std::collections::HashMap;

use serde_json::Value;
use url::Url;

use super::super::parse::{date, guid, label, page, person};
use super::memory::Seen;
use crate::article::clean::inline_text;
use crate::article::{Body, Draft, Hint, Image, Label, LabelKind, language};

/// Names that posts only refer to: the tree of categories, and the authors.
#[derive(Debug, Default)]
pub struct Names {
    categories: HashMap<u64, (String, u64)>,
    authors: HashMap<u64, String>,
}

impl Names {
    /// Takes in rows of `/categories`.
    pub fn categories(&mut self, rows: &[Value]) {
        for row in rows {
            if let (Some(id), Some(name)) = (number(row, "id"), text(row, "name")) {
                // What a new site files everything under says nothing.
                let says_nothing = text(row, "slug").is_some_and(|slug| slug == "uncategorized");
                let name = if says_nothing { String::new() } else { inline_text(name) };
                self.categories.insert(id, (name, number(row, "parent").unwrap_or(0)));
            }
        }
    }

    /// Takes in rows of `/users`.
    pub fn authors(&mut self, rows: &[Value]) {
        for row in rows {
            if let (Some(id), Some(name)) = (number(row, "id"), text(row, "name")) {
                self.authors.insert(id, inline_text(name));
            }
        }
    }

    /// A category with those around it, outermost first.
    fn path(&self, id: u64) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = id;
        while let Some((name, parent)) = self.categories.get(&next).filter(|_| path.len() < 6) {
            path.push(name.clone());
            next = *parent;
        }
        path.retain(|name| !name.is_empty());
        path.reverse();
        path
    }

    /// Changes when a name around the post changes.
    pub fn mark(&self, row: &Value) -> String {
        let mut names: Vec<String> =
            ids(row, "categories").map(|id| self.path(id).join("\u{1f}")).collect();
        names.sort();
        names.push(
            number(row, "author").and_then(|id| self.authors.get(&id)).cloned().unwrap_or_default(),
        );
        guid::hex(names.join("\u{1e}").as_bytes())[..12].to_owned()
    }
}

/// A post as it was read.
#[derive(Debug)]
pub struct Post {
    /// Its permanent identity, as in its feed.
    pub guid: String,
    /// What is remembered of it.
    pub seen: Seen,
    /// The piece, if everybody can read it.
    pub draft: Option<Draft>,
}

/// What a row of a list of ids says; `None` if it is none.
pub fn row(row: &Value, names: &Names) -> Option<(String, Seen)> {
    let id = number(row, "id")?;
    let link = text(row, "link").unwrap_or_default().to_owned();
    // Entities in a guid are WordPress's own doing.
    let own = row.pointer("/guid/rendered").or(row.get("guid")).and_then(Value::as_str);
    let guid = own
        .map(inline_text)
        .filter(|guid| !guid.is_empty() && guid.len() <= 2000)
        .unwrap_or_else(|| format!("wordpress:post:{id}"));
    let seen = Seen {
        id,
        link,
        modified: moment(row, "modified").map_or(0, |time| time.timestamp()),
        mark: names.mark(row),
        closed: is_closed(row),
    };
    Some((guid, seen))
}

/// Any bytes as a page of posts, which also hold the names around them.
pub(in crate::source) fn drafts(bytes: &[u8], home: &Url) -> Vec<Draft> {
    let Ok(Value::Array(rows)) = serde_json::from_slice(bytes) else { return Vec::new() };
    let mut names = Names::default();
    names.categories(&rows);
    names.authors(&rows);
    rows.iter().filter_map(|row| post(row, &names, home, None)?.draft).collect()
}

/// Is a listed post not for everybody?
pub fn is_closed(row: &Value) -> bool {
    row.pointer("/content/protected").and_then(Value::as_bool).unwrap_or(false)
        || text(row, "status").is_some_and(|status| status != "publish")
}

/// Reads a whole post.
pub fn post(value: &Value, names: &Names, home: &Url, site_language: Option<&str>) -> Option<Post> {
    let (guid, seen) = row(value, names)?;
    if seen.closed {
        return Some(Post { guid, seen, draft: None });
    }
    let base = Url::parse(&seen.link).unwrap_or_else(|_| home.clone());
    let rendered = |key: &str| value.get(key)?.get("rendered")?.as_str();
    let mut draft = Draft {
        guid: guid.clone(),
        url: Some(seen.link.clone())
            .filter(|link| link.starts_with("http") && Url::parse(link).is_ok()),
        title: inline_text(rendered("title").unwrap_or_default()),
        authors: authors(value, names),
        published: moment(value, "date"),
        updated: moment(value, "modified"),
        language: text(value, "lang").or(site_language).and_then(language::normalize),
        excerpt: rendered("excerpt").map(inline_text).filter(|excerpt| !excerpt.is_empty()),
        image: image(value, &base),
        ..Draft::default()
    };
    labels(value, names, &mut draft.labels);
    let cut = page::cut(rendered("content").unwrap_or_default(), &draft.title, Some(&base));
    if draft.authors.is_empty() {
        draft.authors = cut.byline.as_deref().map(person::names).unwrap_or_default();
    }
    if let (Some(image), Some(credit)) = (&mut draft.image, cut.credit) {
        image.credit.get_or_insert(credit);
    }
    draft.hints = cut.hints;
    hints(value, &mut draft.hints);
    draft.body = Body::Html(cut.html);
    Some(Post { guid, seen, draft: Some(draft) })
}

/// `date_gmt` and `modified_gmt` are UTC and do not say so.
fn moment(value: &Value, name: &str) -> Option<crate::clock::Time> {
    let gmt = text(value, &format!("{name}_gmt")).filter(|text| !text.starts_with("0000"))?;
    date::parse(&format!("{}Z", gmt.trim_end_matches('Z')))
}

fn authors(value: &Value, names: &Names) -> Vec<String> {
    let embedded = value.pointer("/_embedded/author").and_then(Value::as_array);
    let mut found: Vec<String> = embedded
        .into_iter()
        .flatten()
        .take(20)
        .filter_map(|author| text(author, "name").map(inline_text))
        .filter(|name| !name.is_empty())
        .collect();
    if found.is_empty() {
        found.extend(number(value, "author").and_then(|id| names.authors.get(&id)).cloned());
    }
    if found.is_empty() {
        // The list of users is often closed; search plugins tell the name.
        let told = value.pointer("/yoast_head_json/author").and_then(Value::as_str);
        found.extend(told.map(person::names).unwrap_or_default());
    }
    found
}

fn labels(value: &Value, names: &Names, labels: &mut Vec<Label>) {
    let mut paths: Vec<Vec<String>> =
        ids(value, "categories").map(|id| names.path(id)).filter(|path| !path.is_empty()).collect();
    // The most exact first; those around it follow from it.
    paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
    for path in paths {
        label::add(labels, Some(Label { kind: LabelKind::Category, path }));
    }
    let terms = value.pointer("/_embedded/wp:term").and_then(Value::as_array);
    for term in terms.into_iter().flatten().filter_map(Value::as_array).flatten().take(200) {
        let Some(name) = text(term, "name") else { continue };
        let kind = match text(term, "taxonomy").unwrap_or_default() {
            "post_tag" => LabelKind::Tag,
            // What names no subject: the tree has been read, the rest is machinery.
            "category" | "post_format" | "author" | "language" | "nav_menu" => continue,
            _ => LabelKind::Category,
        };
        label::add(labels, label::label(kind, &inline_text(name)));
    }
}

fn image(value: &Value, base: &Url) -> Option<Image> {
    let media = value.pointer("/_embedded/wp:featuredmedia/0");
    let picture = media.filter(|media| {
        text(media, "mime_type").is_none_or(|mime| mime.starts_with("image/"))
            && text(media, "source_url").is_some()
    });
    let Some(media) = picture else {
        let url = text(value, "jetpack_featured_media_url").filter(|url| !url.is_empty())?;
        return Some(Image { url: base.join(url).ok()?.into(), ..Image::default() });
    };
    let details = media.get("media_details");
    let own = details.unwrap_or(media);
    let size = |size: &Value| Some((number(size, "width")?, number(size, "height")?));
    // The original, unless it is larger than any screen and a smaller one is there.
    let whole = size(own);
    let smaller = whole.filter(|(width, _)| *width > 2048).and_then(|_| {
        let sizes = details?.get("sizes")?.as_object()?;
        sizes
            .values()
            .filter(|s| number(s, "width").is_some_and(|width| (600..=2048).contains(&width)))
            .filter(|s| text(s, "source_url").is_some())
            .max_by_key(|s| number(s, "width"))
    });
    let (url, size, length) = match smaller {
        Some(chosen) => (text(chosen, "source_url")?, size(chosen), number(chosen, "filesize")),
        None => (text(media, "source_url")?, whole, number(own, "filesize")),
    };
    let caption = media.pointer("/caption/rendered").and_then(Value::as_str).map(inline_text);
    let credit = media
        .pointer("/media_details/image_meta/credit")
        .and_then(Value::as_str)
        .map(inline_text)
        .filter(|credit| !credit.is_empty())
        .or_else(|| caption.as_deref().and_then(page::credit_in));
    Some(Image {
        url: base.join(url).ok()?.into(),
        alt: text(media, "alt_text")
            .map(inline_text)
            .filter(|alt| !alt.is_empty())
            .or(caption)
            .unwrap_or_default(),
        credit,
        width: size.and_then(|(width, _)| u32::try_from(width).ok()),
        height: size.and_then(|(_, height)| u32::try_from(height).ok()),
        mime: text(media, "mime_type").filter(|_| smaller.is_none()).map(str::to_owned),
        length: length.filter(|length| *length > 0),
    })
}

/// Pieces that Jetpack shows beside it.
fn hints(value: &Value, hints: &mut Vec<Hint>) {
    let beside = value.get("jetpack-related-posts").and_then(Value::as_array);
    for other in beside.into_iter().flatten().take(10) {
        let title = inline_text(text(other, "title").unwrap_or_default());
        if !title.is_empty() && hints.len() < 20 && hints.iter().all(|hint| hint.title != title) {
            hints.push(Hint {
                title,
                url: text(other, "url").map(str::to_owned),
                teaser: inline_text(text(other, "excerpt").unwrap_or_default()),
            });
        }
    }
}

fn ids<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = u64> + use<'a> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(100)
        .filter_map(Value::as_u64)
}

fn number(value: &Value, key: &str) -> Option<u64> {
    let value = value.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}
