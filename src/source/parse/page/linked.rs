//! What a page says of itself in JSON-LD (schema.org): pure, and forgiving.

use std::collections::HashMap;

use serde_json::Value;

use super::super::person;
use super::crumbs::Crumb;
use crate::article::clean::inline_text;

/// Nodes that are looked at.
const MOST: usize = 500;
/// How deep they may stand in each other.
const DEPTH: u8 = 8;

/// What was said of the piece.
#[derive(Debug, Default)]
pub struct Said {
    /// Whether there is one.
    pub is_piece: bool,
    /// All types that were named.
    pub kinds: Vec<String>,
    /// Its title.
    pub title: Option<String>,
    /// When it appeared.
    pub published: Option<String>,
    /// When it changed.
    pub modified: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Where it was filed.
    pub sections: Vec<String>,
    /// What it is about.
    pub keywords: Vec<String>,
    /// Its main image.
    pub image: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Its summary.
    pub description: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Its words.
    pub body: Option<String>,
    /// Whether it is for everybody.
    pub free: Option<bool>,
    /// The longest breadcrumb.
    pub crumbs: Vec<Crumb>,
}

/// Reads all JSON-LD of a page; `title` tells which of several pieces is meant.
#[must_use]
pub fn read<'a>(blocks: impl Iterator<Item = &'a str>, title: &str) -> Said {
    let values: Vec<Value> = blocks.take(50).filter_map(value).collect();
    let mut nodes: Vec<&Value> = Vec::new();
    for value in &values {
        collect(value, DEPTH, &mut nodes);
    }
    let mut names: HashMap<&str, &Value> = HashMap::new();
    for node in &nodes {
        if let Some(id) = text(node, "@id") {
            let best = names.entry(id).or_insert(node);
            if best.get("name").is_none() {
                *best = node;
            }
        }
    }
    let mut said = Said::default();
    for node in &nodes {
        said.kinds.extend(kinds(node).map(str::to_owned));
        if kinds(node).any(|kind| kind == "BreadcrumbList") {
            let crumbs = crumbs(node, &names);
            if crumbs.len() > said.crumbs.len() {
                said.crumbs = crumbs;
            }
        }
    }
    said.kinds.truncate(MOST);
    let headline = |node: &Value| words(node.get("headline").or_else(|| node.get("name"))?);
    let pieces: Vec<&&Value> = nodes
        .iter()
        .filter(|node| {
            kinds(node).any(is_piece)
                && (headline(node).is_some() || node.get("articleBody").is_some())
        })
        .collect();
    let fits = |node: &&&&Value| headline(node).is_some_and(|own| super::alike(&own, title));
    let piece = pieces.iter().find(fits).or_else(|| pieces.first().filter(|_| pieces.len() <= 2));
    if let Some(node) = piece {
        said.piece(node, &names);
    }
    // The date of the page, where its piece has none.
    if said.is_piece && said.published.is_none() {
        let mut pages = nodes.iter().filter(|node| kinds(node).any(|kind| kind.ends_with("Page")));
        said.published = pages.find_map(|node| text(node, "datePublished")).map(str::to_owned);
    }
    said
}

impl Said {
    fn piece(&mut self, node: &Value, names: &HashMap<&str, &Value>) {
        let own = |key: &str| text(node, key).map(str::to_owned);
        self.is_piece = true;
        self.title = words(node.get("headline").unwrap_or(&Value::Null))
            .or_else(|| words(node.get("name").unwrap_or(&Value::Null)));
        self.published = own("datePublished").or_else(|| own("dateCreated"));
        self.modified = own("dateModified");
        for key in ["author", "creator"] {
            if self.authors.is_empty() {
                people(node.get(key).unwrap_or(&Value::Null), names, 3, &mut self.authors);
            }
        }
        list(node.get("articleSection"), &mut self.sections);
        list(node.get("keywords"), &mut self.keywords);
        self.image = image(node.get("image").unwrap_or(&Value::Null), names, 3)
            .or_else(|| own("thumbnailUrl"));
        self.language = own("inLanguage");
        self.description = own("description").map(|text| inline_text(&text));
        self.url = own("url");
        self.body = own("articleBody").or_else(|| own("text"));
        let parts = node.get("hasPart");
        let parts = parts.and_then(Value::as_array).into_iter().flatten().chain(parts);
        self.free = std::iter::once(node)
            .chain(parts.take(20))
            .filter_map(|node| flag(node.get("isAccessibleForFree")?))
            .min();
    }
}

/// The nodes that speak of the page itself: not those in lists of others.
fn collect<'v>(value: &'v Value, depth: u8, nodes: &mut Vec<&'v Value>) {
    if depth == 0 || nodes.len() >= MOST {
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, depth - 1, nodes)),
        Value::Object(_) => {
            nodes.push(value);
            for key in ["@graph", "mainEntity", "breadcrumb", "mainEntityOfPage"] {
                if let Some(inner) = value.get(key).filter(|inner| !inner.is_string()) {
                    collect(inner, depth - 1, nodes);
                }
            }
        }
        _ => {}
    }
}

/// The types of a node, without the address of their vocabulary.
fn kinds(node: &Value) -> impl Iterator<Item = &str> {
    let kind = node.get("@type");
    let many = kind.and_then(Value::as_array).into_iter().flatten();
    many.chain(kind)
        .filter_map(Value::as_str)
        .take(10)
        .map(|kind| kind.rsplit(['/', '#', ':']).next().unwrap_or(kind))
}

/// Is this the type of a piece?
#[must_use]
pub fn is_piece(kind: &str) -> bool {
    kind.ends_with("Article")
        || matches!(
            kind,
            "BlogPosting"
                | "LiveBlogPosting"
                | "Report"
                | "SocialMediaPosting"
                | "Review"
                | "CriticReview"
        )
}

fn crumbs(node: &Value, names: &HashMap<&str, &Value>) -> Vec<Crumb> {
    let items = node.get("itemListElement");
    let many = items.and_then(Value::as_array).into_iter().flatten();
    let single = items.filter(|items| items.is_object());
    let mut found: Vec<(f64, Crumb)> = many
        .chain(single)
        .take(20)
        .enumerate()
        .filter_map(|(nth, item)| {
            let place = item.get("position");
            let place = place.and_then(|p| p.as_f64().or_else(|| p.as_str()?.trim().parse().ok()));
            let inner = item.get("item");
            let named = inner.and_then(|inner| names.get(inner.get("@id")?.as_str()?));
            let name = [Some(item), inner, named.copied()]
                .into_iter()
                .flatten()
                .find_map(|node| words(node.get("name")?))?;
            let url = inner.and_then(|inner| {
                inner.as_str().or_else(|| text(inner, "@id")).or_else(|| text(inner, "url"))
            });
            #[expect(clippy::cast_precision_loss, reason = "there are twenty")]
            let place = place.unwrap_or(nth as f64);
            Some((place, Crumb { name, url: url.map(str::to_owned) }))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, crumb)| crumb).collect()
}

fn people(value: &Value, names: &HashMap<&str, &Value>, depth: u8, out: &mut Vec<String>) {
    if depth == 0 || out.len() >= 20 {
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| people(one, names, depth - 1, out)),
        Value::String(name) if !name.contains("://") => {
            for name in person::names(name) {
                if !out.contains(&name) {
                    out.push(name);
                }
            }
        }
        Value::Object(_) => {
            let named = text(value, "@id").and_then(|id| names.get(id)).copied();
            let name = value.get("name").or_else(|| named?.get("name"));
            people(name.unwrap_or(&Value::Null), names, depth - 1, out);
        }
        _ => {}
    }
}

fn image(value: &Value, names: &HashMap<&str, &Value>, depth: u8) -> Option<String> {
    match value {
        Value::String(url) => Some(url.trim().to_owned()).filter(|url| !url.is_empty()),
        Value::Array(all) if depth > 0 => all.iter().find_map(|one| image(one, names, depth - 1)),
        Value::Object(_) => {
            let named = text(value, "@id").and_then(|id| names.get(id)).copied();
            [Some(value), named]
                .into_iter()
                .flatten()
                .find_map(|node| text(node, "url").or_else(|| text(node, "contentUrl")))
                .map(str::to_owned)
        }
        _ => None,
    }
}

/// A list, however it is written; a text is one or several parted by commas.
fn list(value: Option<&Value>, out: &mut Vec<String>) {
    let many = value.and_then(Value::as_array).into_iter().flatten();
    for one in many.chain(value).take(50) {
        match one {
            Value::String(text) => out.extend(text.split(',').map(inline_text)),
            Value::Object(_) => out.extend(one.get("name").and_then(words)),
            _ => {}
        }
    }
    out.retain(|word| !word.is_empty());
    out.truncate(50);
}

fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| match value.as_str()?.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

fn text<'v>(node: &'v Value, key: &str) -> Option<&'v str> {
    node.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn words(value: &Value) -> Option<String> {
    Some(inline_text(value.as_str()?)).filter(|words| !words.is_empty())
}

/// Reads one block; what is wrong with many of them is mended.
fn value(block: &str) -> Option<Value> {
    let mut text = block.trim();
    for (open, close) in [
        ("<!--", "-->"),
        ("//<![CDATA[", "//]]>"),
        ("/*<![CDATA[*/", "/*]]>*/"),
        ("<![CDATA[", "]]>"),
    ] {
        text = text.strip_prefix(open).unwrap_or(text).trim();
        text = text.strip_suffix(close).unwrap_or(text).trim();
    }
    let text = text.trim_end_matches(';');
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))).ok()
}

/// Line ends inside of texts become spaces, commas before an end go.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            out.push(if c.is_control() { ' ' } else { c });
        } else {
            if matches!(c, '}' | ']') {
                let kept = out.trim_end();
                if let Some(before) = kept.strip_suffix(',') {
                    out.truncate(before.len());
                }
            }
            quoted = c == '"';
            out.push(c);
        }
    }
    out
}
