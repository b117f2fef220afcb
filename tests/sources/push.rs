//! Pieces that are sent: as items of a JSON Feed, and by Micropub.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use gazetted::web::{self, Desk as Pages};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::blog::Network;
use super::desk::Desk;

const TOKEN: &str = "a-token-that-nobody-guesses";
const OTHER: &str = "a-token-of-another-source";

struct Office {
    desk: Desk,
    router: Router,
}

struct Answer {
    status: StatusCode,
    location: Option<String>,
    json: Value,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut sources = String::new();
        for (name, token) in [("sent", TOKEN), ("other", OTHER)] {
            let file = folder.path().join(name);
            std::fs::write(&file, token).unwrap();
            sources.push_str(&format!(
                "[[source]]\nname = \"{name}\"\nkind = \"push\"\ntoken = {{ file = {:?} }}\n",
                file.display().to_string()
            ));
        }
        let desk = Desk::with(&sources, Arc::new(Network::new())).await;
        let router = web::router(Arc::clone(&desk.house), Pages::default());
        Self { desk, router }
    }

    async fn send(&self, method: Method, uri: &str, token: &str, kind: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(uri).header("content-type", kind);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            location: parts.headers.get("location").map(|l| l.to_str().unwrap().to_owned()),
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    async fn item(&self, token: &str, item: &Value) -> Answer {
        self.send(Method::POST, "/api/articles", token, "application/json", &item.to_string()).await
    }

    async fn micropub(&self, kind: &str, body: &str) -> Answer {
        self.send(Method::POST, "/micropub", TOKEN, kind, body).await
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn silt() -> Value {
    json!({
        "id": "silt-1", "title": "The silt that stops", "tags": ["AFRICA/Egypt"],
        "content_html": "<p>Behind the dam the river stands still.</p><script>x</script>",
        "authors": [{"name": "Africa desk"}], "date_published": "2026-03-01T06:00:00Z"
    })
}

#[tokio::test]
async fn an_item_is_taken_in_once_changed_and_withdrawn() {
    let office = Office::open().await;

    let first = office.item(TOKEN, &silt()).await;
    let again = office.item(TOKEN, &silt()).await;
    let mut edited = silt();
    edited["title"] = json!("The silt that stopped");
    let changed = office.item(TOKEN, &edited).await;

    assert_eq!((first.status, &first.json["state"]), (StatusCode::CREATED, &json!("new")));
    assert_eq!((again.status, &again.json["state"]), (StatusCode::OK, &json!("unchanged")));
    assert_eq!((changed.status, &changed.json["state"]), (StatusCode::OK, &json!("changed")));
    assert_eq!(first.location, changed.location);
    let card = office.desk.card("The silt that stopped").await;
    assert_eq!((card.region().as_str(), card.guid.as_str()), ("africa/egypt", "silt-1"));
    assert_eq!(office.desk.text(&card.title).await, "Behind the dam the river stands still.");

    let gone = office.send(Method::DELETE, "/api/articles?id=silt-1", TOKEN, "", "").await;
    let twice = office.send(Method::DELETE, "/api/articles?id=silt-1", TOKEN, "", "").await;

    assert_eq!((gone.status, twice.status), (StatusCode::OK, StatusCode::NOT_FOUND));
    assert!(office.desk.cards().await.is_empty());
    assert_eq!(office.item(TOKEN, &silt()).await.json["state"], "changed");
    assert_eq!(office.desk.cards().await.len(), 1);
}

#[tokio::test]
async fn a_token_opens_its_own_source_only() {
    let office = Office::open().await;
    office.item(TOKEN, &silt()).await;

    let none = office.item("", &silt()).await;
    let wrong = office.item("a-token-that-nobody-guesseD", &silt()).await;
    let other = office.send(Method::DELETE, "/api/articles?id=silt-1", OTHER, "", "").await;
    let both = office.micropub(FORM, &format!("name=x&access_token={TOKEN}")).await;

    assert_eq!(
        (none.status, &none.json["error"]),
        (StatusCode::UNAUTHORIZED, &json!("unauthorized"))
    );
    assert_eq!((wrong.status, &wrong.json["error"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    assert_eq!(office.desk.cards().await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_said() {
    let office = Office::open().await;
    let too_large = "x".repeat(1_100_000);
    for (item, status, says) in [
        (json!({"title": "x"}), 400, "`id` is missing"),
        (json!({"id": "1"}), 400, "needs a `title`"),
        (json!([1]), 400, "one item"),
        (json!({"id": "1", "title": "x", "date_published": "soon"}), 400, "no date"),
        (json!({"id": "1", "title": too_large}), 413, "larger than 1 MiB"),
    ] {
        let answer = office.item(TOKEN, &item).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(
            answer.json["error_description"].as_str().unwrap().contains(says),
            "{}",
            answer.json
        );
    }
    let kind = office.send(Method::POST, "/api/articles", TOKEN, "text/plain", "{}").await;
    assert_eq!(kind.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(office.desk.cards().await.is_empty());
}

#[tokio::test]
async fn micropub_creates_updates_deletes_and_brings_back() {
    let office = Office::open().await;

    let made =
        office.micropub(FORM, "h=entry&name=Nets&content=Out+of+fog.&category[]=Chile").await;
    let url = made.location.clone().unwrap();
    let again =
        office.micropub(FORM, "h=entry&name=Nets&content=Out+of+fog.&category[]=Chile").await;
    let update = json!({"action": "update", "url": url, "replace": {"content": ["Out of the fog."]}, "add": {"category": ["Peru"]}});
    let updated = office.micropub(JSON, &update.to_string()).await;

    assert_eq!((made.status, again.location.as_ref()), (StatusCode::CREATED, Some(&url)));
    assert_eq!(updated.status, StatusCode::NO_CONTENT);
    assert_eq!(office.desk.cards().await.len(), 1);
    assert_eq!(office.desk.text("Nets").await, "Out of the fog.");
    assert_eq!(office.desk.card("Nets").await.region().as_str(), "americas/chile");
    let asked = format!("/micropub?q=source&url={url}&properties[]=category&properties[]=name");
    let source = office.send(Method::GET, &asked, TOKEN, "", "").await;
    assert_eq!(
        source.json,
        json!({"properties": {"name": ["Nets"], "category": ["Chile", "Peru"]}})
    );

    let deleted = office.micropub(FORM, &format!("action=delete&url={url}")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert!(office.desk.cards().await.is_empty());
    let back = office.micropub(JSON, &json!({"action": "undelete", "url": url}).to_string()).await;
    assert_eq!(back.status, StatusCode::NO_CONTENT);
    assert_eq!(office.desk.card("Nets").await.region().as_str(), "americas/chile");
    let mut tx = office.desk.house.store.read().await.unwrap();
    let chile = gazetted::store::articles::Filter {
        region: Some(gazetted::region::RegionPath::parse("americas/chile").unwrap()),
        ..Default::default()
    };
    assert_eq!(gazetted::store::articles::list(&mut tx, &chile, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_push_source_nothing_can_be_sent() {
    let source =
        "[[source]]\nname = \"blog\"\nkind = \"wordpress\"\nurl = \"https://blog.example\"\n";
    let desk = Desk::with(source, Arc::new(Network::new())).await;
    let router = web::router(Arc::clone(&desk.house), Pages::default());
    let office = Office { desk, router };

    assert_eq!(office.item(TOKEN, &silt()).await.status, StatusCode::NOT_FOUND);
}
