//! Micropub requests (W3C Recommendation) as what is to be done: pure.
//!
//! A form and JSON say the same; both become properties, each a list of values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::parse::{date, guid, label, person};
use crate::article::clean::{inline_text, strip_controls};
use crate::article::{Article, Body, Draft, Image, Label, LabelKind, language};

/// Properties and values that are read of one request.
const MOST: usize = 500;

/// Microformats properties: each name with its values.
type Properties = BTreeMap<String, Vec<Value>>;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A new piece.
    Create(Box<Draft>),
    /// Changes to the piece at an address.
    Update {
        /// Its address.
        url: String,
        /// What becomes of its properties.
        changes: Changes,
    },
    /// The piece at an address goes.
    Delete(String),
    /// It comes back.
    Undelete(String),
}

/// Changes to properties, in the order in which they are made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    replace: Properties,
    add: Properties,
    delete: Properties,
    delete_whole: Vec<String>,
}

/// What is wrong with a request, for the one who sent it.
pub type Invalid = String;

/// Reads a JSON request.
///
/// # Errors
/// In words, if it is none.
pub fn from_json(body: &[u8]) -> Result<Request, Invalid> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is no JSON ({error})"))?;
    let url = || {
        value
            .get("url")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| "`url` has to name the piece".to_owned())
    };
    match value.get("action").and_then(Value::as_str) {
        Some("delete") => return Ok(Request::Delete(url()?)),
        Some("undelete") => return Ok(Request::Undelete(url()?)),
        Some("update") => {
            let mut changes = Changes {
                replace: properties(value.get("replace"))?,
                add: properties(value.get("add"))?,
                ..Changes::default()
            };
            match value.get("delete") {
                Some(Value::Array(names)) => {
                    changes.delete_whole =
                        names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                }
                other => changes.delete = properties(other)?,
            }
            return Ok(Request::Update { url: url()?, changes });
        }
        Some("create") | None => {}
        Some(other) => return Err(format!("there is no action `{other}`")),
    }
    let kind = value.pointer("/type/0").and_then(Value::as_str).unwrap_or_default();
    if kind != "h-entry" {
        return Err("`type` has to be [\"h-entry\"]".to_owned());
    }
    create(&properties(value.get("properties"))?)
}

/// Reads a form request.
///
/// # Errors
/// In words, if it is none.
pub fn from_form(pairs: impl Iterator<Item = (String, String)>) -> Result<Request, Invalid> {
    let mut properties = Properties::new();
    for (name, value) in pairs.take(MOST) {
        let name = name.trim_end_matches("[]").to_owned();
        if name != "access_token" {
            properties.entry(name).or_default().push(Value::String(value));
        }
    }
    let mut take = |name: &str| {
        let values = properties.remove(name)?;
        values.into_iter().find_map(|value| value.as_str().map(str::to_owned))
    };
    let (action, url, kind) = (take("action"), take("url"), take("h"));
    let url = url.ok_or_else(|| "`url` has to name the piece".to_owned());
    match action.as_deref() {
        Some("delete") => Ok(Request::Delete(url?)),
        Some("undelete") => Ok(Request::Undelete(url?)),
        Some("update") => Err("an update has to be sent as JSON".to_owned()),
        Some("create") | None if kind.as_deref().unwrap_or("entry") == "entry" => {
            create(&properties)
        }
        Some("create") | None => Err("`h` has to be `entry`".to_owned()),
        Some(other) => Err(format!("there is no action `{other}`")),
    }
}

fn properties(value: Option<&Value>) -> Result<Properties, Invalid> {
    let Some(value) = value else { return Ok(Properties::new()) };
    let object = value.as_object().ok_or("properties are an object of lists")?;
    object
        .iter()
        .take(MOST)
        .map(|(name, values)| {
            let values = values.as_array().ok_or_else(|| format!("`{name}` has to be a list"))?;
            Ok((name.clone(), values.iter().take(MOST).cloned().collect()))
        })
        .collect()
}

fn create(properties: &Properties) -> Result<Request, Invalid> {
    let word = |name: &str| properties.get(name).and_then(|values| values.first()?.as_str());
    if word("post-status").is_some_and(|status| status != "published")
        || word("visibility").is_some_and(|visibility| visibility != "public")
    {
        return Err("only published, public pieces can be kept here".to_owned());
    }
    let mut draft = Draft::default();
    for (name, values) in properties {
        set(&mut draft, name, values);
    }
    if draft.title.is_empty() && super::parse::plain_line(&draft.body).is_empty() {
        return Err("a piece needs a `name` or `content`".to_owned());
    }
    // A request that is sent twice, because its answer was lost, is one piece.
    let own = word("uid").map(strip_controls).filter(|uid| !uid.is_empty());
    draft.guid = own.unwrap_or_else(|| {
        let said = Value::Object(
            properties.iter().map(|(name, values)| (name.clone(), json!(values))).collect(),
        );
        format!("micropub:{}", &guid::hex(said.to_string().as_bytes())[..32])
    });
    Ok(Request::Create(Box::new(draft)))
}

impl Changes {
    /// Makes the changes.
    pub fn apply(&self, draft: &mut Draft) {
        for (name, values) in &self.replace {
            if name == "category" {
                draft.labels.clear();
            }
            set(draft, name, values);
        }
        for (name, values) in &self.add {
            // What there can be only one of is set if it is not there yet.
            if name == "category" || !has(draft, name) {
                set(draft, name, values);
            }
        }
        for name in &self.delete_whole {
            clear(draft, name);
        }
        for (name, values) in &self.delete {
            if name == "category" {
                let gone = |label: &Label| {
                    values.iter().filter_map(Value::as_str).any(|word| {
                        label::label(LabelKind::Category, word)
                            .is_some_and(|l| l.path == label.path)
                    })
                };
                draft.labels.retain(|label| !gone(label));
            } else {
                clear(draft, name);
            }
        }
    }
}

/// Sets one property from its values.
fn set(draft: &mut Draft, name: &str, values: &[Value]) {
    let first = values.first();
    let word = first.and_then(Value::as_str);
    match name {
        "name" => draft.title = word.map(strip_controls).unwrap_or_default(),
        "content" => {
            let html = first.and_then(|value| value.get("html")?.as_str());
            let text = word.or_else(|| first.and_then(|value| value.get("value")?.as_str()));
            draft.body = match (html, text) {
                (Some(html), _) => Body::Html(html.to_owned()),
                (None, text) => Body::Text(text.unwrap_or_default().to_owned()),
            };
        }
        "summary" => draft.excerpt = word.map(inline_text),
        "published" => draft.published = word.and_then(date::parse),
        "updated" => draft.updated = word.and_then(date::parse),
        "language" | "lang" => draft.language = word.and_then(language::normalize),
        "category" => {
            for word in values.iter().filter_map(Value::as_str) {
                label::add(&mut draft.labels, label::label(LabelKind::Category, word));
            }
        }
        "photo" | "featured" => {
            let url = word.or_else(|| first.and_then(|value| value.get("value")?.as_str()));
            let alt = first.and_then(|value| value.get("alt")?.as_str());
            draft.image = url.filter(|url| url.starts_with("http")).map(|url| Image {
                url: url.to_owned(),
                alt: alt.map(strip_controls).unwrap_or_default(),
                ..Image::default()
            });
        }
        "author" => {
            let name = |value: &Value| {
                let card = value.pointer("/properties/name/0").or(value.get("name"));
                value.as_str().or(card.and_then(Value::as_str)).map(person::names)
            };
            draft.authors = values.iter().filter_map(name).flatten().take(20).collect();
        }
        _ => {}
    }
}

fn has(draft: &Draft, name: &str) -> bool {
    match name {
        "name" => !draft.title.is_empty(),
        "content" => !super::parse::plain_line(&draft.body).is_empty(),
        "summary" => draft.excerpt.is_some(),
        "published" => draft.published.is_some(),
        "photo" | "featured" => draft.image.is_some(),
        "author" => !draft.authors.is_empty(),
        _ => false,
    }
}

fn clear(draft: &mut Draft, name: &str) {
    match name {
        "category" => draft.labels.clear(),
        "summary" => draft.excerpt = None,
        name => set(draft, name, &[]),
    }
}

/// A stored piece as the draft that it came from, to be changed.
#[must_use]
pub fn draft_of(article: &Article, labels: Vec<Label>) -> Draft {
    Draft {
        guid: article.guid.clone(),
        url: article.url.clone(),
        title: article.title.clone(),
        authors: article.authors.clone(),
        published: Some(article.published),
        language: Some(article.language.clone()),
        body: Body::Html(article.html.as_str().to_owned()),
        excerpt: Some(article.teaser.clone()),
        image: article.image.clone(),
        labels,
        hints: article.hints.clone(),
        credit: article.credit.clone(),
        ..Draft::default()
    }
}

/// A stored piece as the properties that a client may edit.
#[must_use]
pub fn source(article: &Article, labels: &[Label], only: &[String]) -> Value {
    let mut properties = json!({
        "name": [article.title],
        "content": [{"html": article.html.as_str()}],
        "summary": [article.teaser],
        "published": [article.published.to_rfc3339()],
        "updated": [article.updated.to_rfc3339()],
        "author": article.authors,
        "category": labels.iter().map(|label| label.path.join("/")).collect::<Vec<_>>(),
        "uid": [article.guid],
    });
    if let (Some(image), Some(map)) = (&article.image, properties.as_object_mut()) {
        map.insert("photo".to_owned(), json!([{"value": image.url, "alt": image.alt}]));
    }
    if only.is_empty() {
        return json!({"type": ["h-entry"], "properties": properties});
    }
    if let Some(map) = properties.as_object_mut() {
        map.retain(|name, _| only.contains(name));
    }
    json!({"properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(request: Result<Request, Invalid>) -> Draft {
        match request.unwrap() {
            Request::Create(draft) => *draft,
            other => panic!("{other:?}"),
        }
    }

    fn form(text: &str) -> Result<Request, Invalid> {
        from_form(url::form_urlencoded::parse(text.as_bytes()).into_owned())
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = created(form(
            "h=entry&name=Silt&content=It+stops.&category[]=Africa/Egypt&category[]=water&photo=https://p.example/1.jpg&published=2026-03-01T06:00:00Z",
        ));
        let json = created(from_json(
            br#"{"type":["h-entry"],"properties":{"name":["Silt"],"content":["It stops."],"category":["Africa/Egypt","water"],
                "photo":["https://p.example/1.jpg"],"published":["2026-03-01T06:00:00Z"]}}"#,
        ));

        assert_eq!(form, json);
        assert_eq!(form.labels[0].path, ["Africa", "Egypt"]);
        assert_eq!(form.body, Body::Text("It stops.".to_owned()));
        assert!(form.guid.starts_with("micropub:"));
    }

    #[test]
    fn rich_values_are_read() {
        let draft = created(from_json(
            br#"{"type":["h-entry"],"properties":{"uid":["7"],"content":[{"html":"<p>It stops.</p>"}],
                "photo":[{"value":"https://p.example/1.jpg","alt":"A dam"}],
                "author":[{"type":["h-card"],"properties":{"name":["Africa desk"]}}]}}"#,
        ));

        assert_eq!(draft.guid, "7");
        assert_eq!(draft.body, Body::Html("<p>It stops.</p>".to_owned()));
        assert_eq!(draft.image.unwrap().alt, "A dam");
        assert_eq!(draft.authors, ["Africa desk"]);
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (request, says) in [
            (form("h=entry"), "a `name` or `content`"),
            (form("h=event&name=x"), "`h` has to be `entry`"),
            (form("action=delete"), "`url` has to name"),
            (form("action=update&url=x"), "sent as JSON"),
            (form("h=entry&content=x&post-status=draft"), "only published"),
            (from_json(b"{"), "no JSON"),
            (from_json(br#"{"type":["h-event"]}"#), "`type` has to be"),
            (from_json(br#"{"type":["h-entry"],"properties":{"name":"x"}}"#), "has to be a list"),
            (from_json(br#"{"action":"burn"}"#), "no action `burn`"),
        ] {
            assert!(request.clone().unwrap_err().contains(says), "{request:?}");
        }
    }

    #[test]
    fn an_update_replaces_adds_and_deletes() {
        let update = |json: &str| match from_json(json.as_bytes()).unwrap() {
            Request::Update { changes, .. } => changes,
            other => panic!("{other:?}"),
        };
        let mut draft = created(form("name=Silt&content=Old&category=water&summary=In+short"));

        update(r#"{"action":"update","url":"x","replace":{"content":["New"]},"add":{"category":["Egypt"],"name":["Other"]},"delete":{"category":["water"]}}"#)
            .apply(&mut draft);
        update(r#"{"action":"update","url":"x","delete":["summary"]}"#).apply(&mut draft);

        assert_eq!((draft.title.as_str(), &draft.body), ("Silt", &Body::Text("New".to_owned())));
        assert_eq!(draft.labels.iter().map(|l| l.path.join("/")).collect::<Vec<_>>(), ["Egypt"]);
        assert_eq!(draft.excerpt, None);
    }
}
