//! A site with a store of its own, a clock that stands still and three
//! pieces, whose pages can be asked for.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::TimeDelta;
use gazetted::clock::{ManualClock, Time, from_millis};
use gazetted::config;
use gazetted::daemon::assemble;
use gazetted::digest::slot::Slot;
use gazetted::flow::compile::{self, Occasion};
use gazetted::flow::{House, watch};
use gazetted::region::Gazetteer;
use gazetted::source::{Fetch, Source};
use gazetted::store::{Store, inbox, subscribers};
use gazetted::subscriber::{Address, Standing, Subscriber};
use gazetted::web::{Desk, Site};
use http::{HeaderMap, Method, Request, StatusCode};
use tower::ServiceExt;

use crate::support::Database;

/// Where the site is, as its config says.
pub const SITE: &str = "http://news.example.org";

/// 3 March 2026, 09:00 UTC.
const NOW: i64 = 1_772_528_400_000;

const CONFIG: &str = r#"
[site]
title = "The Meridian Review"
url = "http://news.example.org"
description = "Reporting that follows rivers."
timezone = "Europe/London"

[store]
url = "sqlite:test.db"

[[source]]
name = "magazine"
kind = "directory"
path = "articles"
"#;

/// What the config says of the store if it is to be in the folder.
const OWN_STORE: &str = "sqlite:test.db";

const MAIL: &str = r#"
[mail]
from = "The Meridian Review <digest@news.example.org>"
transport = "inbox:"

[[digest]]
name = "weekly"
title = "The week by region"
schedule = "0 7 * * Mon"
timezone = "subscriber"
"#;

/// Reading the names of places takes a while; once is enough.
static GAZETTEER: LazyLock<Arc<Gazetteer>> = LazyLock::new(|| Arc::new(Gazetteer::builtin()));

/// The site.
pub struct Place {
    pub house: Arc<House>,
    pub clock: Arc<ManualClock>,
    pub site: Site,
    router: Router,
    source: Source,
    folder: tempfile::TempDir,
    /// Removed after the house has let go of it.
    database: Option<Database>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Place {
    /// A site that mails into its own inbox page, with three pieces.
    pub async fn new() -> Self {
        Self::with(MAIL, true).await
    }

    /// A site with more in its config, whose pages fetch documents by `fetch`.
    pub async fn configured(more: &str, fetch: Option<Arc<dyn Fetch>>) -> Self {
        Self::furnished(&format!("{MAIL}{more}"), true, fetch, OWN_STORE).await
    }

    /// A site that mails into its own inbox page, over this store.
    pub async fn over(database: Database) -> Self {
        let mut place = Self::furnished(MAIL, true, None, &database.url).await;
        place.database = Some(database);
        place
    }

    /// The same with more in its config.
    pub async fn with_more(more: &str) -> Self {
        Self::with(&format!("{more}{MAIL}"), true).await
    }

    /// A site without `[mail]` and digests.
    pub async fn without_mail() -> Self {
        Self::with("", false).await
    }

    async fn with(mail: &str, inbox: bool) -> Self {
        Self::furnished(mail, inbox, None, OWN_STORE).await
    }

    async fn furnished(
        mail: &str,
        inbox: bool,
        fetch: Option<Arc<dyn Fetch>>,
        store: &str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gazetted.toml");
        fs::write(&path, format!("{}{mail}", CONFIG.replace(OWN_STORE, store))).unwrap();
        write_pieces(&folder.path().join("articles"));
        let config = config::load(&path, std::iter::empty(), None).unwrap();
        let clock = Arc::new(ManualClock::at(from_millis(NOW)));
        let store = Store::open(&config.store.url).await.unwrap();
        let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
        let settings = assemble::settings(&config).unwrap();
        let gazetteer = Arc::clone(&GAZETTEER);
        let house = Arc::new(House::new(store, clock.clone(), gazetteer, keys, settings));
        let source = house.settings().sources[0].clone();
        let source = Source::new(source, assemble::fetch(Some(&config.site)));
        let mailer = assemble::mailer_of(&house);
        let desk = Desk {
            mailer: house.settings().mail.as_ref().map(|mail| mailer(mail).unwrap()),
            inbox,
            fetch,
            trusted: vec![],
        };
        let site = Site::new(Arc::clone(&house), desk);
        let router = site.router();
        let mut place = Self { house, clock, site, router, source, folder, database: None };
        place.visit().await;
        place
    }

    /// Takes in what is in the folder now; later, so that it is looked at.
    pub async fn visit(&mut self) {
        self.visit_after(TimeDelta::seconds(10)).await;
    }

    /// Takes in what is in the folder after so long.
    pub async fn visit_after(&mut self, step: TimeDelta) {
        self.later(step);
        watch::visit(&self.house, &mut self.source).await.unwrap();
    }

    /// Puts one more piece into the folder.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("articles").join(name), text).unwrap();
    }

    /// Puts one more piece into the folder and takes it in.
    pub async fn publish(&mut self, name: &str, text: &str) {
        self.write(name, text);
        self.visit().await;
    }

    /// Puts a file beside the config.
    pub fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Takes in what another source of the config has now.
    pub async fn take_in(&self, name: &str) {
        let settings = self.house.settings();
        let source = settings.sources.iter().find(|source| source.name == name).unwrap();
        let fetch = assemble::fetch(Some(&settings.site));
        let visit = watch::visit(&self.house, &mut Source::new(source.clone(), fetch)).await;
        assert!(matches!(visit, Ok(watch::Visit::Taken(_))), "{visit:?}");
    }

    /// Takes a piece out of the folder and notices.
    pub async fn withdraw(&mut self, name: &str) {
        fs::remove_file(self.folder.path().join("articles").join(name)).unwrap();
        self.visit().await;
    }

    /// Time goes by.
    pub fn later(&self, step: TimeDelta) {
        self.clock.advance(step);
    }

    /// Makes an edition of the digest now.
    pub async fn compile(&self) {
        let settings = self.house.settings();
        let now: Time = self.house.now();
        let slot = Slot::at(now, chrono_tz::Europe::London);
        let made =
            compile::make(&self.house, &settings.digests[0], slot, now, Occasion::Operator).await;
        compile::queue(&self.house, made.unwrap().unwrap()).await.unwrap();
        self.later(TimeDelta::seconds(1));
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// GET, with header lines.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, "").await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// POST of a form, with header lines.
    pub async fn post_with(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask(Method::POST, path, &[&[kind], headers].concat(), form).await
    }

    /// POST of a form.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.post_with(path, form, &[]).await
    }

    /// Any request.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Lets somebody in without a mail.
    pub async fn reader(&self, email: &str, standing: Standing) -> Subscriber {
        let now = self.house.now();
        let mut tx = self.house.store.write().await.unwrap();
        let address = Address::parse(email).unwrap();
        let person = Subscriber {
            id: 0,
            uid: uuid::Uuid::new_v4(),
            address: address.clone(),
            name: String::new(),
            standing,
            regions: vec![],
            timezone: None,
            language: None,
            digests: vec![],
            consent: String::new(),
            attributes: std::collections::BTreeMap::new(),
            created: now,
        };
        subscribers::put(&mut tx, &person, now).await.unwrap();
        let person = subscribers::by_address(&mut tx, &address).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        person
    }

    /// Where somebody stands; `None` if they are not known.
    pub async fn standing(&self, email: &str) -> Option<Standing> {
        let mut tx = self.house.store.read().await.unwrap();
        let address = Address::parse(email).unwrap();
        subscribers::by_address(&mut tx, &address).await.unwrap().map(|person| person.standing)
    }

    /// Waits for a mail to `email` and gives it.
    pub async fn mail_to(&self, email: &str) -> (i64, String) {
        // The confirmation is mailed behind the answer's back; every turn
        // reads the store, so this waits for work and not for time.
        for _ in 0..10_000 {
            let mut tx = self.house.store.read().await.unwrap();
            let mails = inbox::latest(&mut tx, 10).await.unwrap();
            if let Some(mail) = mails.into_iter().find(|mail| mail.recipient == email) {
                return (mail.id, String::from_utf8(mail.message).unwrap());
            }
            tokio::task::yield_now().await;
        }
        panic!("no mail to {email} came");
    }

    /// How many mails are in the inbox.
    pub async fn mails(&self) -> i64 {
        let mut tx = self.house.store.read().await.unwrap();
        inbox::count(&mut tx).await.unwrap()
    }
}

fn write_pieces(folder: &Path) {
    let piece = |title: &str, day: u8, desk: &str, place: &str, text: &str| {
        format!(
            "---\ntitle: \"{title}\"\ndate: 2026-03-{day:02}T06:00:00Z\nauthor: \"{desk}\"\n\
             language: en\ncategories: [{place}]\n---\n\n{text}\n"
        )
    };
    fs::create_dir_all(folder).unwrap();
    let pieces = [
        (
            "silt.md",
            piece(
                "The silt that stops at Aswan",
                1,
                "Africa desk",
                "Africa/Egypt",
                "Behind the dam the river stands still, and still water carries no silt. \
                 Farmers below it buy what the flood once brought.",
            ),
        ),
        (
            "fog.md",
            piece(
                "Nets for fog & dew",
                2,
                "Redaktion São Tomé",
                "Americas/Chile",
                "On the hills above the desert coast, nets comb water out of the morning fog.",
            ),
        ),
        (
            "ferry.md",
            piece(
                "The last ferry on the Rhine",
                3,
                "Europe desk",
                "Europe/Germany",
                "A cable, a boat and the current: nothing else moves it, and it is never late.",
            ),
        ),
    ];
    for (name, text) in pieces {
        fs::write(folder.join(name), text).unwrap();
    }
}
