//! A magazine that runs: a real store, sources on a real web server, a real
//! mail server, and a clock that stands still. The test turns the clock and
//! says which verb is next; nothing happens by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::TimeDelta;
use gazetted::clock::{Clock, ManualClock, Time};
use gazetted::daemon::{self, assemble};
use gazetted::delivery::transition::State;
use gazetted::flow::deliver::{self, Sending, Until};
use gazetted::flow::enrol::{self, Admission};
use gazetted::flow::watch::{Counts, Visit};
use gazetted::flow::{House, Settings, compile, sweep, watch};
use gazetted::region::Gazetteer;
use gazetted::source::Source;
use gazetted::store::deliveries::LedgerLine;
use gazetted::store::editions::EditionRow;
use gazetted::store::{Store, articles, claim, deliveries, editions};
use gazetted::subscriber::{Address, roster};
use gazetted::{config, store};

use super::Database;
use super::newsroom::Newsroom;
use super::postbox::Postbox;

/// Reading the names of places takes a while; once is enough.
pub static GAZETTEER: LazyLock<Arc<Gazetteer>> = LazyLock::new(|| Arc::new(Gazetteer::builtin()));

/// The site of every world.
const SITE: &str = r#"
[site]
title = "The Meridian Review"
url = "https://news.example.org"
timezone = "Europe/London"
imprint = "The Meridian Review, 1 Meridian Square, London"
"#;

/// A feed, a way out and a digest every day at seven.
pub const USUAL: &str = r#"
[[source]]
name = "wire"
kind = "feed"
url = "http://{newsroom}/wire.xml"
allow_private = true

[mail]
from = "The Meridian Review <digest@news.example.org>"
transport = "smtp://{postbox}"
connections = 4

[[digest]]
name = "daily"
title = "The day by region"
schedule = "0 7 * * *"
"#;

/// The feed of [`USUAL`].
pub const WIRE: &str = "/wire.xml";

/// How often a test looks whether it is so far.
pub const LOOK: Duration = Duration::from_millis(3);

/// A moment, from RFC 3339.
pub fn at(text: &str) -> Time {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// A magazine that runs.
pub struct World {
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Its mail server.
    pub postbox: Arc<Postbox>,
    /// Its web server of sources.
    pub newsroom: Arc<Newsroom>,
    /// Its store and settings, as the present daemon has them.
    pub house: Arc<House>,
    /// When the present daemon started.
    pub started: Time,
    /// The name of the present daemon in the ledger.
    pub instance: String,
    sources: Vec<Source>,
    database: Arc<Database>,
}

impl World {
    /// A world with [`USUAL`] in it, on Tuesday 3 March 2026, 06:00 in London.
    pub async fn new(database: Database) -> Self {
        Self::with(database, USUAL).await
    }

    /// A world with these sources, this mail and these digests; `{postbox}`,
    /// `{newsroom}` and `{folder}` stand for where they are.
    pub async fn with(database: Database, config: &str) -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-03-03T06:00:00Z")));
        let (postbox, newsroom) = (Arc::new(Postbox::open()), Arc::new(Newsroom::open()));
        newsroom.feed(WIRE, &[]);
        Self::beside(Arc::new(database), clock, postbox, newsroom, config).await
    }

    /// A daemon over a store, a clock and servers that are there.
    pub async fn beside(
        database: Arc<Database>,
        clock: Arc<ManualClock>,
        postbox: Arc<Postbox>,
        newsroom: Arc<Newsroom>,
        config: &str,
    ) -> Self {
        let path = database.folder().join("gazetted.toml");
        let text = config
            .replace("{postbox}", &postbox.address().to_string())
            .replace("{newsroom}", &newsroom.address().to_string())
            .replace("{folder}", &database.folder().display().to_string());
        let text = format!("{SITE}[store]\nurl = \"{}\"\n{text}", database.url);
        std::fs::write(&path, text).unwrap();
        let house = house(&path, clock.clone()).await;
        let mut world = Self {
            started: clock.now(),
            clock,
            postbox,
            newsroom,
            house,
            instance: String::new(),
            sources: vec![],
            database,
        };
        world.start().await;
        world
    }

    /// Another daemon on another machine, over the same store.
    pub async fn neighbour(&self) -> Self {
        let house = house(&self.config(), self.clock.clone()).await;
        let mut world = Self {
            started: self.now(),
            clock: self.clock.clone(),
            postbox: self.postbox.clone(),
            newsroom: self.newsroom.clone(),
            house,
            instance: String::new(),
            sources: vec![],
            database: self.database.clone(),
        };
        world.start().await;
        world
    }

    /// The same daemon over another store.
    pub async fn moved(&self, database: Database) -> Self {
        let builder = Builder { url: database.url.clone(), ..self.builder() };
        let mut world = Self {
            started: self.now(),
            clock: self.clock.clone(),
            postbox: self.postbox.clone(),
            newsroom: self.newsroom.clone(),
            house: builder.build().await,
            instance: String::new(),
            sources: vec![],
            database: Arc::new(database),
        };
        world.start().await;
        world
    }

    /// The daemon is gone at once, as by `kill -9`, and starts again.
    pub async fn restart(&mut self) {
        self.house = house(&self.config(), self.clock.clone()).await;
        self.start().await;
    }

    /// The same with the settings that were read before, which is faster.
    pub async fn start_again(&mut self) {
        self.house = self.another_house().await;
        self.start().await;
    }

    /// A house of its own over the same store, as another process has it.
    pub async fn another_house(&self) -> Arc<House> {
        self.builder().build().await
    }

    /// What makes a house over this store, on any thread.
    pub fn builder(&self) -> Builder {
        Builder {
            url: self.database.url.clone(),
            clock: self.clock.clone(),
            settings: self.house.settings(),
        }
    }

    async fn start(&mut self) {
        self.started = self.now();
        self.instance = uuid::Uuid::new_v4().simple().to_string();
        let fetch = assemble::fetch(Some(&self.house.settings().site.clone()));
        let sources = self.house.settings().sources.clone();
        self.sources =
            sources.into_iter().map(|source| Source::new(source, fetch.clone())).collect();
        daemon::take_over(&self.house, &self.instance).await.unwrap();
        compile::meet(&self.house).await.unwrap();
    }

    /// The config file.
    pub fn config(&self) -> PathBuf {
        self.database.folder().join("gazetted.toml")
    }

    /// The folder of the config.
    pub fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// The store below.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.house.now()
    }

    /// Time goes by; every loop may look.
    pub fn later(&self, step: TimeDelta) {
        self.clock.advance(step);
        self.house.bells.deliveries.notify_waiters();
    }

    /// It is this moment (RFC 3339) now.
    pub fn turn_to(&self, moment: &str) {
        assert!(at(moment) >= self.now(), "the clock goes forward");
        self.clock.set(at(moment));
        self.house.bells.deliveries.notify_waiters();
    }

    /// Visits every source; what was done, summed up.
    pub async fn visit(&mut self) -> Counts {
        let mut sum = Counts::default();
        for source in &mut self.sources {
            if let Visit::Taken(counts) = watch::visit(&self.house, source).await.unwrap() {
                sum.new += counts.new;
                sum.changed += counts.changed;
                sum.unchanged += counts.unchanged;
                sum.removed += counts.removed;
                sum.failed += counts.failed;
            }
        }
        sum
    }

    /// Makes the editions that are due, with their deliveries, as the daemon does.
    pub async fn compile(&self) -> Vec<EditionRow> {
        let made = compile::compile_due(&self.house, self.started).await.unwrap();
        compile::queue_open(&self.house).await.unwrap();
        made
    }

    /// Who sends, as the daemon would.
    pub fn sending(&self) -> Sending {
        let mailer = assemble::mailer_of(&self.house);
        assemble::sending(&self.house, &mailer, &self.instance).unwrap()
    }

    /// Sends all that is due, then stops in order.
    pub async fn deliver(&self) {
        self.deliver_until(async || self.is_idle().await).await;
    }

    /// Sends until `good`, then stops in order. The state is asked for over
    /// and over, so this waits for work and not for time.
    pub async fn deliver_until(&self, good: impl AsyncFn() -> bool) {
        let sending = self.start_sending();
        while !good().await {
            tokio::time::sleep(LOOK).await;
        }
        sending.stop().await;
    }

    /// Begins to send, beside whatever the test does.
    pub fn start_sending(&self) -> Running {
        Running::start(self.sending())
    }

    /// Sends until every edition is done, and takes back what the dead left,
    /// as the daemon does.
    pub async fn settle_and_sweep(&self) {
        let sending = self.start_sending();
        while !self.is_done().await {
            tokio::time::sleep(LOOK).await;
            self.later(TimeDelta::seconds(15));
            deliver::beat_once(&self.house, &self.instance, "serve").await.unwrap();
            sweep::sweep(&self.house).await.unwrap();
        }
        sending.stop().await;
    }

    /// Sends until every edition is done, however long that takes: the clock
    /// runs on, so that what was put off falls due.
    pub async fn settle(&self) {
        let sending = self.start_sending();
        self.settle_beside().await;
        sending.stop().await;
    }

    /// The clock runs on until every edition is done, while somebody sends.
    pub async fn settle_beside(&self) {
        while !self.is_done().await {
            tokio::time::sleep(LOOK).await;
            self.later(TimeDelta::seconds(15));
        }
    }

    async fn is_done(&self) -> bool {
        let mut tx = self.house.store.read().await.unwrap();
        editions::open(&mut tx).await.unwrap().is_empty()
    }

    /// Is nothing in hand, and nothing due?
    pub async fn is_idle(&self) -> bool {
        let mut tx = self.house.store.read().await.unwrap();
        // Asked for first: what is claimed meanwhile is then seen in hand.
        let now = self.now();
        let (mut due, mut unsettled) = (false, false);
        for edition in editions::open(&mut tx).await.unwrap() {
            let next = claim::next_due(&mut tx, edition.id).await.unwrap();
            due |= edition.state == editions::EditionState::Sending
                && next.is_some_and(|next| next <= now);
            unsettled |= edition.state == editions::EditionState::Sending && next.is_none();
        }
        let in_hand = deliveries::open_counts(&mut tx)
            .await
            .unwrap()
            .iter()
            .any(|(state, _)| matches!(state, State::Claimed | State::Handing));
        // An edition is settled in its own time: not idle before.
        !in_hand && !due && !unsettled
    }

    /// Looks at the clock as the daemon does: sweeps, visits, makes and sends.
    pub async fn beat(&mut self) {
        sweep::sweep(&self.house).await.unwrap();
        self.visit().await;
        self.compile().await;
        self.deliver().await;
    }

    /// Lets readers in, from lines of CSV below a header.
    pub async fn readers(&self, csv: &str) -> Vec<Admission> {
        let rows = roster::read(csv.as_bytes()).unwrap().map(Result::unwrap).collect();
        enrol::put(&self.house, rows).await.unwrap()
    }

    /// Lets one reader in.
    pub async fn reader(&self, email: &str) {
        self.readers(&format!("email\n{email}\n")).await;
    }

    /// How many rows of the ledger stand where, over all editions.
    pub async fn ledger(&self) -> BTreeMap<State, i64> {
        ledger(&self.house.store).await
    }

    /// The rows of all editions that are in trouble.
    pub async fn troubled(&self) -> Vec<LedgerLine> {
        let mut tx = self.house.store.read().await.unwrap();
        let mut lines = vec![];
        for edition in editions::latest(&mut tx, None, 1_000).await.unwrap() {
            lines.extend(deliveries::troubled(&mut tx, edition.id, 100_000).await.unwrap());
        }
        lines
    }

    /// All editions, oldest first.
    pub async fn editions(&self) -> Vec<EditionRow> {
        let mut tx = self.house.store.read().await.unwrap();
        let mut all = editions::latest(&mut tx, None, 10_000).await.unwrap();
        all.reverse();
        all
    }

    /// Titles of all pieces that are not withdrawn, newest first.
    pub async fn titles(&self) -> Vec<String> {
        let mut tx = self.house.store.read().await.unwrap();
        let all = articles::list(&mut tx, &articles::Filter::default(), 100_000).await.unwrap();
        all.into_iter().map(|card| card.title).collect()
    }

    /// Reads the config file again as a reload does; its words if it is bad.
    pub fn reload(&self, config: &str) -> Result<(), String> {
        std::fs::write(self.config(), config).unwrap();
        let config =
            config::load(&self.config(), std::iter::empty(), None).map_err(|problems| {
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            })?;
        self.house.replace_settings(assemble::settings(&config)?);
        Ok(())
    }
}

/// Makes houses over one store with settings that were read before.
#[derive(Clone)]
pub struct Builder {
    url: String,
    clock: Arc<ManualClock>,
    settings: Arc<Settings>,
}

impl Builder {
    /// Opens the store, and all that stands on it.
    pub async fn build(&self) -> Arc<House> {
        let store = Store::open(&self.url).await.unwrap();
        let keys = assemble::keys(&store, self.clock.as_ref()).await.unwrap();
        let settings = Settings::clone(&self.settings);
        Arc::new(House::new(store, self.clock.clone(), Arc::clone(&GAZETTEER), keys, settings))
    }
}

/// Somebody who sends.
pub struct Running {
    stopping: tokio::sync::watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Begins to send.
    pub fn start(sending: Sending) -> Self {
        let (stopping, stop) = tokio::sync::watch::channel(false);
        let task = tokio::spawn(deliver::run(sending, Until::Stopped, stop));
        Self { stopping, task }
    }

    /// Ends in order, as on SIGTERM.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        self.task.await.unwrap();
    }
}

/// How many rows of the ledger stand where, over all editions.
pub async fn ledger(store: &Store) -> BTreeMap<State, i64> {
    let mut tx = store.read().await.unwrap();
    let mut sum = BTreeMap::new();
    for edition in editions::latest(&mut tx, None, 10_000).await.unwrap() {
        for (state, count) in deliveries::counts(&mut tx, edition.id).await.unwrap() {
            *sum.entry(state).or_default() += count;
        }
    }
    sum
}

/// An address.
pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A house over the config in `path`, as a start of the daemon makes it.
pub async fn house(path: &Path, clock: Arc<ManualClock>) -> Arc<House> {
    let config = config::load(path, std::iter::empty(), None).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let store = store::Store::open(&config.store.url).await.unwrap();
    let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
    let settings = assemble::settings(&config).unwrap();
    Arc::new(House::new(store, clock, Arc::clone(&GAZETTEER), keys, settings))
}
