//! Changes are pushed: to hubs of others, and to subscribers of our own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use gazetted::feed::websub::signature;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::place::{Place, SITE};

/// A server of somebody else, which notes what it gets.
struct Stranger {
    address: String,
    parcels: mpsc::UnboundedReceiver<(HeaderMap, String)>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
    /// How many gave up waiting for an answer that never comes.
    left: watch::Receiver<usize>,
}

#[derive(Clone)]
struct Desk {
    parcels: mpsc::UnboundedSender<(HeaderMap, String)>,
    /// What it answers next; 200 when there is nothing.
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

/// Counts when it is dropped.
struct Leaves(watch::Sender<usize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.send_modify(|left| *left += 1);
    }
}

#[derive(serde::Deserialize)]
struct Question {
    #[serde(rename = "hub.challenge")]
    challenge: String,
}

impl Stranger {
    async fn open() -> Self {
        let (sender, parcels) = mpsc::unbounded_channel();
        let desk = Desk { parcels: sender, answers: Arc::default() };
        let answers = Arc::clone(&desk.answers);
        let take = |State(desk): State<Desk>, headers: HeaderMap, body: String| async move {
            desk.parcels.send((headers, body)).unwrap();
            desk.answers.lock().unwrap().pop().unwrap_or(StatusCode::OK)
        };
        let confirm = |Query(question): Query<Question>| async move { question.challenge };
        let (leaving, left) = watch::channel(0);
        let hang = move || {
            let leaves = Leaves(leaving.clone());
            async move {
                let _leaves = leaves;
                std::future::pending::<StatusCode>().await
            }
        };
        let router = Router::new()
            .route("/hangs", get(confirm).post(hang))
            .route("/agrees", get(confirm).post(take))
            .route("/refuses", get(|| async { "something else" }).post(take))
            .route("/hub", post(take))
            .with_state(desk);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, parcels, answers, left }
    }

    /// Waits for what comes next; a test that waits in vain fails.
    async fn next(&mut self) -> (HeaderMap, String) {
        let next = tokio::time::timeout(Duration::from_secs(30), self.parcels.recv());
        next.await.expect("something comes").unwrap()
    }
}

const PIECE: &str =
    "---\ntitle: News\ndate: 2026-03-03\ncategories: [Europe/France]\n---\n\nRain.\n";

fn form(callback: &str, topic: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.callback", callback)
        .append_pair("hub.topic", &format!("{SITE}{topic}"))
        .append_pair("hub.secret", "a secret")
        .finish()
}

/// Subscribes and waits until it is in the store.
async fn subscribe(place: &Place, callback: &str, topic: &str) {
    place.get(topic).await;
    let answer = place.post("/hub", &form(callback, topic)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    for _ in 0..10_000 {
        let mut tx = place.house.store.read().await.unwrap();
        let topic = format!("{SITE}{topic}");
        if gazetted::store::hub::is_there(&mut tx, &topic, callback).await.unwrap() {
            return;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{callback} is not subscribed");
}

#[tokio::test]
async fn a_subscriber_of_our_hub_gets_the_new_bytes_once_and_signed() {
    let mut place = Place::with_more("[feeds]\nhub_private = true\n").await;
    let mut reader = Stranger::open().await;
    subscribe(&place, &format!("{}/agrees", reader.address), "/feeds/all.atom").await;
    subscribe(&place, &format!("{}/agrees", reader.address), "/feeds/region/africa.atom").await;
    let (stop, stopped) = watch::channel(false);
    let site = place.site.clone();
    let following = tokio::spawn(async move { site.follow(stopped).await });

    place.publish("new.md", PIECE).await;
    let (headers, body) = reader.next().await;
    let served = place.get("/feeds/all.atom").await;

    assert_eq!(body, served.text());
    assert!(body.contains("<title>News</title>"));
    assert_eq!(headers["x-hub-signature"], signature("a secret", body.as_bytes()).as_str());
    assert_eq!(headers["content-type"], served.header("content-type"));
    let links: Vec<_> = headers.get_all("link").iter().collect();
    assert_eq!(links, served.headers.get_all("link").iter().collect::<Vec<_>>());

    // Nothing of Africa changed; the next thing that comes is the withdrawal.
    place.withdraw("new.md").await;
    let (_, body) = reader.next().await;
    assert!(!body.contains("<title>News</title>") && body.contains("at:deleted-entry"), "{body}");
    assert!(reader.parcels.try_recv().is_err());
    stop.send(true).unwrap();
    following.await.unwrap();
}

#[tokio::test]
async fn a_hub_of_others_is_pinged_for_the_feeds_that_changed_and_were_read() {
    let mut hub = Stranger::open().await;
    let more = format!("[feeds]\nhubs = [\"{}/hub\"]\n", hub.address);
    let mut place = Place::with_more(&more).await;
    for path in ["/feeds/all.rss", "/feeds/region/africa.rss", "/feeds/region/europe.json"] {
        assert!(place.get(path).await.text().contains(&format!("{}/hub", hub.address)));
    }
    let (stop, stopped) = watch::channel(false);
    let site = place.site.clone();
    let following = tokio::spawn(async move { site.follow(stopped).await });

    place.publish("new.md", PIECE).await;
    let mut pinged = [hub.next().await.1, hub.next().await.1];

    pinged.sort();
    let ping = |path: &str| {
        let address = format!("{SITE}{path}").replace(':', "%3A").replace('/', "%2F");
        format!("hub.mode=publish&hub.url={address}&hub.topic={address}")
    };
    assert_eq!(pinged, [ping("/feeds/all.rss"), ping("/feeds/region/europe.json")]);
    assert!(place.get("/feeds/all.rss").await.text().contains("<title>News</title>"));
    stop.send(true).unwrap();
    following.await.unwrap();
    assert!(hub.parcels.try_recv().is_err());
}

#[tokio::test]
async fn a_parcel_that_was_not_taken_comes_again_and_one_who_is_gone_gets_no_more() {
    let mut place = Place::with_more("[feeds]\nhub_private = true\n").await;
    let mut reader = Stranger::open().await;
    let callback = format!("{}/agrees", reader.address);
    subscribe(&place, &callback, "/feeds/all.json").await;
    let (stop, stopped) = watch::channel(false);
    let site = place.site.clone();
    let following = tokio::spawn(async move { site.follow(stopped).await });
    reader.answers.lock().unwrap().extend([StatusCode::GONE, StatusCode::BAD_GATEWAY]);

    place.publish("new.md", PIECE).await;
    let (_, first) = reader.next().await;
    let again = loop {
        place.later(chrono::TimeDelta::seconds(11));
        let next = tokio::time::timeout(Duration::from_millis(200), reader.parcels.recv()).await;
        if let Ok(Some((_, body))) = next {
            break body;
        }
    };

    assert_eq!(first, again);
    let topic = format!("{SITE}/feeds/all.json");
    for _ in 0..10_000 {
        let mut tx = place.house.store.read().await.unwrap();
        if !gazetted::store::hub::is_there(&mut tx, &topic, &callback).await.unwrap() {
            stop.send(true).unwrap();
            following.await.unwrap();
            return;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("who answered 410 is still subscribed");
}

#[tokio::test]
async fn a_subscriber_who_hangs_keeps_nobody_waiting() {
    let mut place = Place::with_more("[feeds]\nhub_private = true\n").await;
    let mut reader = Stranger::open().await;
    let hanging = Stranger::open().await;
    subscribe(&place, &format!("{}/agrees", reader.address), "/feeds/all.atom").await;
    subscribe(&place, &format!("{}/hangs", hanging.address), "/feeds/all.atom").await;
    let (stop, stopped) = watch::channel(false);
    let site = place.site.clone();
    let following = tokio::spawn(async move { site.follow(stopped).await });

    place.publish("new.md", PIECE).await;
    let (_, first) = reader.next().await;
    place.withdraw("new.md").await;
    let (_, second) = reader.next().await;

    assert!(first.contains("<title>News</title>") && !second.contains("<title>News</title>"));
    assert_eq!(*hanging.left.borrow(), 0, "its first parcel is still under way");
    stop.send(true).unwrap();
    following.await.unwrap();
}

#[tokio::test]
async fn what_may_not_be_subscribed_is_refused() {
    let place = Place::new().await;
    place.get("/feeds/all.rss").await;
    let public = "https://reader.example.net/push";
    let table = [
        (form("http://127.0.0.1:9/push", "/feeds/all.rss"), 400),
        (form("http://[::1]:9/push", "/feeds/all.rss"), 400),
        (form(public, "/feeds/author/nobody.rss"), 400),
        (form(public, "/subscribe"), 400),
        (form(public, "/feeds/all.rss").replace("news.example", "other.example"), 400),
        ("hub.mode=publish".to_owned(), 400),
        (String::new(), 400),
    ];
    for (form, status) in table {
        assert_eq!(place.post("/hub", &form).await.status, status, "{form}");
    }
    assert_eq!(place.get("/hub").await.status, 405);
}

#[tokio::test]
async fn a_callback_that_does_not_agree_is_not_subscribed() {
    let place = Place::with_more("[feeds]\nhub_private = true\n").await;
    let reader = Stranger::open().await;
    place.get("/feeds/all.rss").await;
    let refuses = format!("{}/refuses", reader.address);

    let answer = place.post("/hub", &form(&refuses, "/feeds/all.rss")).await;
    subscribe(&place, &format!("{}/agrees", reader.address), "/feeds/all.rss").await;

    assert_eq!(answer.status, 202);
    let mut tx = place.house.store.read().await.unwrap();
    let topic = format!("{SITE}/feeds/all.rss");
    assert!(!gazetted::store::hub::is_there(&mut tx, &topic, &refuses).await.unwrap());
}
