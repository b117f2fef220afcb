//! Markdown with YAML (`---`) or TOML (`+++`) front matter.

use pulldown_cmark::{Options, Parser, html};
use serde_json::Value;
use url::Url;

use super::value::address;
use super::{ParseError, date, label, person};
use crate::article::clean::{inline_text, strip_controls};
use crate::article::{Body, Draft, Hint, Image, Label, LabelKind, language};
use crate::clock::Time;

/// Front matter longer than this is none, in bytes.
const LONGEST: usize = 64 << 10;

/// Reads one piece; `None` for one that is marked `draft: true`.
///
/// # Errors
/// If the front matter has no end or cannot be read.
pub fn draft(source: &str, base: Option<&Url>) -> Result<Option<Draft>, ParseError> {
    let (matter, text) = split(source)?;
    let matter = normal(matter);
    if is_true(matter.get("draft"))
        || is_true(matter.get("eleventyexcludefromcollections"))
        || matter.get("published").is_some_and(|v| v == &Value::Bool(false))
    {
        return Ok(None);
    }
    let mut draft = Draft::default();
    fill(&mut draft, &matter, base);
    let (heading, text) = heading(text);
    if draft.title.is_empty() {
        draft.title = heading.unwrap_or_default();
    }
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_SMART_PUNCTUATION;
    let mut out = String::with_capacity(text.len() * 5 / 4);
    html::push_html(&mut out, Parser::new_ext(text, options));
    draft.body = Body::Html(out);
    Ok(Some(draft))
}

/// The front matter as data, and the text behind it.
fn split(source: &str) -> Result<(Value, &str), ParseError> {
    let source = source.trim_start();
    let none = || Ok((Value::Null, source));
    if source.starts_with("{\n") || source.starts_with("{\r") {
        return json(source);
    }
    let fence = if source.starts_with("---\n") {
        "---"
    } else if source.starts_with("+++\n") {
        "+++"
    } else {
        return none();
    };
    let inside = &source[4..];
    let mut length = 0;
    let end = inside.split_inclusive('\n').find_map(|line| {
        let start = length;
        length += line.len();
        (line.trim_end() == fence || fence == "---" && line.trim_end() == "...")
            .then_some((start, length))
    });
    let Some((end, after)) = end else {
        // A rule at the top of a text is not an unfinished front matter.
        let begins = inside
            .lines()
            .next()
            .is_some_and(|line| line.contains(if fence == "---" { ':' } else { '=' }));
        return if begins {
            Err(ParseError::FrontMatter("it has no end".to_owned()))
        } else {
            none()
        };
    };
    if end > LONGEST {
        return Err(ParseError::FrontMatter("it is longer than 64 KiB".to_owned()));
    }
    let (matter, text) = (&inside[..end], &inside[after..]);
    let matter = if fence == "+++" {
        let table: toml::Table = toml::from_str(matter)
            .map_err(|error| ParseError::FrontMatter(error.message().to_owned()))?;
        plain(toml::Value::Table(table))
    } else {
        serde_yaml_ng::from_str(matter).or_else(|error| {
            lines(matter).ok_or_else(|| ParseError::FrontMatter(error.to_string()))
        })?
    };
    if !matter.is_object() && !matter.is_null() {
        return Err(ParseError::FrontMatter("it holds no keys".to_owned()));
    }
    Ok((matter, text))
}

/// Front matter in JSON, which ends where its braces do.
fn json(source: &str) -> Result<(Value, &str), ParseError> {
    let mut values = serde_json::Deserializer::from_str(source).into_iter::<Value>();
    match values.next() {
        Some(Ok(matter)) if values.byte_offset() <= LONGEST => {
            let text = &source[values.byte_offset()..];
            Ok((matter, text))
        }
        Some(Ok(_)) => Err(ParseError::FrontMatter("it is longer than 64 KiB".to_owned())),
        Some(Err(error)) => Err(ParseError::FrontMatter(error.to_string())),
        None => Ok((Value::Null, source)),
    }
}

/// Keys in lower case with `_`, as Hugo reads them; what Zola and Hugo keep in
/// tables of their own counts where the top says nothing.
fn normal(matter: Value) -> Value {
    let Value::Object(top) = matter else { return matter };
    let plain = |key: &str| key.to_ascii_lowercase().replace('-', "_");
    let mut all: serde_json::Map<String, Value> =
        top.into_iter().map(|(key, value)| (plain(&key), value)).collect();
    for table in ["taxonomies", "extra", "params"] {
        if let Some(Value::Object(inner)) = all.get(table).cloned() {
            for (key, value) in inner {
                all.entry(plain(&key)).or_insert(value);
            }
        }
    }
    Value::Object(all)
}

/// Simple `key: value` lines that are no YAML, such as a title with a colon.
fn lines(matter: &str) -> Option<Value> {
    let mut map = serde_json::Map::new();
    for line in matter.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once(':')?;
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            return None;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        map.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    Some(Value::Object(map))
}

fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Array(all) => Value::Array(all.into_iter().map(plain).collect()),
        toml::Value::Table(all) => {
            Value::Object(all.into_iter().map(|(key, value)| (key, plain(value))).collect())
        }
    }
}

fn fill(draft: &mut Draft, matter: &Value, base: Option<&Url>) {
    draft.title = first(matter, &["title"]).map(|title| inline_text(&title)).unwrap_or_default();
    draft.published = when(
        matter,
        &[
            "date",
            "published",
            "published_at",
            "pubdate",
            "publishdate",
            "publish_date",
            "date_published",
            "posted",
            "created",
        ],
    );
    draft.updated = when(
        matter,
        &[
            "updated",
            "lastmod",
            "modified",
            "updated_at",
            "last_modified",
            "last_modified_at",
            "date_modified",
        ],
    );
    draft.language =
        first(matter, &["language", "lang", "locale"]).as_deref().and_then(language::normalize);
    draft.excerpt = first(matter, &["excerpt", "summary", "description", "teaser"])
        .map(|text| inline_text(&text));
    draft.url = first(matter, &["canonical", "canonical_url", "url", "link", "permalink"])
        .and_then(|url| address(&url, base));
    draft.guid = first(matter, &["id", "guid"]).unwrap_or_default();
    for key in ["author", "authors", "by"] {
        for name in
            strings(matter.get(key), &["name", "title"]).iter().flat_map(|name| person::names(name))
        {
            if !draft.authors.contains(&name) {
                draft.authors.push(name);
            }
        }
    }
    draft.image = ["image", "cover", "featured_image", "featuredimage", "thumbnail", "banner"]
        .iter()
        .find_map(|key| image(matter.get(*key)?, matter));
    if let Some(path) = first(matter, &["breadcrumb", "region"])
        .and_then(|text| label::label(LabelKind::Breadcrumb, &text))
    {
        draft.labels.push(path);
    }
    // A list under `breadcrumb` is one path, outermost first.
    if let Some(Value::Array(_)) = matter.get("breadcrumb") {
        draft.labels.clear();
        draft.labels.push(Label {
            kind: LabelKind::Breadcrumb,
            path: strings(matter.get("breadcrumb"), &[]),
        });
    }
    for (keys, kind) in [
        (
            &["categories", "category", "section", "sections", "regions", "topics"][..],
            LabelKind::Category,
        ),
        (&["tags", "keywords"], LabelKind::Tag),
    ] {
        for word in keys.iter().flat_map(|key| strings(matter.get(*key), &["name", "title"])) {
            for word in word.split(',') {
                label::add(&mut draft.labels, label::label(kind, word));
            }
        }
    }
    for hint in matter.get("related").and_then(Value::as_array).into_iter().flatten().take(20) {
        let title = hint
            .as_str()
            .map(strip_controls)
            .or_else(|| first(hint, &["title", "name"]))
            .unwrap_or_default();
        let url = first(hint, &["url", "link"]).and_then(|url| address(&url, base));
        let teaser =
            first(hint, &["teaser", "summary", "description", "excerpt"]).unwrap_or_default();
        if !title.is_empty() {
            draft.hints.push(Hint { title, url, teaser });
        }
    }
}

fn image(value: &Value, matter: &Value) -> Option<Image> {
    let within = |keys: &[&str]| first(value, keys);
    let url = value
        .as_str()
        .map(|url| url.trim().to_owned())
        .or_else(|| within(&["src", "url", "path", "image", "file"]))?;
    Some(Image {
        url,
        alt: within(&["alt", "caption"])
            .or_else(|| first(matter, &["image_alt", "alt", "cover_alt"]))
            .unwrap_or_default(),
        credit: within(&["credit", "author"])
            .or_else(|| first(matter, &["image_credit", "credit", "cover_credit"])),
        ..Image::default()
    })
    .filter(|image| !image.url.is_empty())
}

fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => matches!(text.as_str(), "true" | "yes"),
        _ => false,
    }
}

fn when(matter: &Value, keys: &[&str]) -> Option<Time> {
    keys.iter().find_map(|key| date::parse(&first(matter, &[key])?))
}

/// The first of `keys` that holds a string or number.
fn first(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match value.get(*key)? {
        Value::String(text) => Some(strip_controls(text)).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A string, a list of strings, or a list of maps with one of `keys`.
fn strings(value: Option<&Value>, keys: &[&str]) -> Vec<String> {
    let one = |value: &Value| value.as_str().map(strip_controls).or_else(|| first(value, keys));
    match value {
        Some(Value::Array(all)) => all.iter().take(100).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A `# heading` at the very top is the title and no part of the text.
fn heading(text: &str) -> (Option<String>, &str) {
    let text = text.trim_start_matches(['\n', ' ']);
    let Some(rest) = text.strip_prefix("# ") else { return (None, text) };
    let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut html = String::new();
    html::push_html(&mut html, Parser::new(line.trim().trim_end_matches('#')));
    (Some(inline_text(&html)), rest)
}
