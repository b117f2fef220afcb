//! What is served over HTTP. One concern a file:
//!
//! - for feed readers: `feeds`, made once and kept by the `press`;
//! - for readers: `front`, `reading`, `archive`, `media`, `assets`;
//! - for people who come and go: `subscriptions`;
//! - for operators and machines: `inbox`, `health`, `hooks`.
//!
//! Below them [`server`] and [`patience`] (slow clients), [`headers`],
//! [`document`] and [`conditional`] (ready bytes). GET and HEAD never change
//! what a subscriber gets; a token never reaches a log.

mod again;
mod archive;
mod assets;
mod callback;
pub mod conditional;
pub mod document;
pub mod express;
mod feed_page;
mod feeds;
mod follow;
mod front;
pub mod headers;
mod health;
mod hooks;
mod hub;
mod inbox;
mod log;
mod media;
mod mime;
mod office;
mod page;
pub mod patience;
mod press;
mod reading;
pub mod server;
mod stories;
mod subscriptions;
mod throttle;
mod trouble;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{any, get, post};
use tokio::sync::watch;

use crate::config::Network;
use crate::delivery::Mailer;
use crate::flow::House;
use crate::source::Fetch;
use office::Office;
use trouble::Trouble;

/// The largest form that is taken.
const FORM_MAX_BYTES: usize = 16 * 1024;

/// What the pages are told besides the house.
#[derive(Clone, Default)]
pub struct Desk {
    /// How confirmations leave; without one nobody can subscribe here.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Whether the inbox page is there.
    pub inbox: bool,
    /// How certificates of mail services are fetched.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted: Vec<Network>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("mailer", &self.mailer.is_some())
            .field("inbox", &self.inbox)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

/// The site: its router, and the short way to its feeds.
#[derive(Clone)]
pub struct Site {
    router: Router,
    /// What the short way finds its documents with; none: all go to the router.
    express: Option<Office>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("express", &self.express.is_some()).finish_non_exhaustive()
    }
}

impl Site {
    /// Every address of the site.
    #[must_use]
    pub fn new(house: Arc<House>, desk: Desk) -> Self {
        let office = Office::new(house, desk);
        Self { router: route(office.clone()), express: Some(office) }
    }

    /// Keeps the feeds level with the store, and announces what changed, until
    /// told to stop.
    pub async fn follow(&self, stop: watch::Receiver<bool>) {
        if let Some(office) = &self.express {
            follow::run(office.clone(), stop).await;
        }
    }

    /// The router alone: what it answers, the site answers.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

impl From<Router> for Site {
    fn from(router: Router) -> Self {
        Self { router, express: None }
    }
}

/// Every address of the site.
pub fn router(house: Arc<House>, desk: Desk) -> Router {
    Site::new(house, desk).router
}

fn route(office: Office) -> Router {
    let mut router = Router::new()
        .route("/", any(front::front))
        .route("/feeds/{*path}", any(feeds::feed))
        .route("/feeds.opml", any(feeds::opml))
        .route("/hub", any(hub::hub))
        .route(
            "/websub/{token}",
            get(callback::verify)
                .post(callback::tell)
                .layer(DefaultBodyLimit::max(callback::MAX_BYTES)),
        )
        .route("/articles/{key}", get(reading::article))
        .route("/region/{*path}", get(reading::region))
        .route("/author/{slug}", get(reading::author))
        .route("/archive", get(archive::all))
        .route("/archive/{digest}", get(archive::digest))
        .route("/archive/{digest}/{edition}", get(archive::edition))
        .route("/subscribe", get(subscriptions::form).post(subscriptions::ask))
        .route("/confirm/{token}", get(subscriptions::confirmable).post(subscriptions::confirm))
        .route("/unsubscribe/{token}", get(subscriptions::leaver).post(subscriptions::leave))
        .route(
            "/feedback/{service}",
            post(hooks::event).layer(DefaultBodyLimit::max(hooks::MAX_BYTES)),
        )
        .route("/media/{name}", get(media::image))
        .route("/style.css", any(assets::stylesheet))
        .route("/favicon.svg", get(assets::icon))
        .route("/favicon.ico", get(assets::icon))
        .route("/icon.png", get(assets::picture))
        .route("/robots.txt", get(assets::robots))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    if office.desk.inbox {
        router = router
            .route("/inbox", get(inbox::list))
            .route("/inbox/{id}", get(inbox::mail))
            .route("/inbox/{id}/html", get(inbox::html))
            .route("/inbox/{id}/source", get(inbox::source));
    }
    let router = router
        .fallback(|| async { Trouble::Missing })
        .method_not_allowed_fallback(|| async { Trouble::Method })
        .layer(DefaultBodyLimit::max(FORM_MAX_BYTES))
        .layer(map_response_with_state(office.clone(), trouble::explain))
        .layer(from_fn_with_state(office.clone(), log::note))
        .with_state(office);
    headers::secure(router)
}
