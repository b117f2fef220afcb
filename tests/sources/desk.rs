//! A store that takes in one source, reached through a model of the network.

use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use gazetted::article::Card;
use gazetted::clock::{ManualClock, from_millis};
use gazetted::config;
use gazetted::daemon::assemble;
use gazetted::flow::watch::{self, Counts, Visit};
use gazetted::flow::{House, depart};
use gazetted::region::Gazetteer;
use gazetted::source::{Fetch, Source};
use gazetted::store::articles::{self, Filter};
use gazetted::store::{Store, withheld};

/// 3 March 2026, 09:00 UTC.
pub const NOW: i64 = 1_772_528_400_000;

static GAZETTEER: LazyLock<Arc<Gazetteer>> = LazyLock::new(|| Arc::new(Gazetteer::builtin()));

/// One house with its sources.
pub struct Desk {
    /// The house.
    pub house: Arc<House>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    fetch: Arc<dyn Fetch>,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// A house with these `[[source]]`s.
    pub async fn with(sources: &str, fetch: Arc<dyn Fetch>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gazetted.toml");
        let text = format!(
            "[site]\ntitle = \"The Meridian Review\"\nurl = \"http://news.example.org\"\n\
             [store]\nurl = \"sqlite:test.db\"\n{sources}"
        );
        let config = config::parse(&text, &path, std::iter::empty(), None).unwrap();
        let clock = Arc::new(ManualClock::at(from_millis(NOW)));
        let store = Store::open(&config.store.url).await.unwrap();
        let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
        let settings = assemble::settings(&config).unwrap();
        let house =
            Arc::new(House::new(store, clock.clone(), Arc::clone(&GAZETTEER), keys, settings));
        Self { house, clock, fetch, _folder: folder }
    }

    /// Visits the source at this place, a quarter of an hour later.
    pub async fn try_visit(&self, at: usize) -> Visit {
        self.clock.advance(TimeDelta::minutes(15));
        let settings = self.house.settings().sources[at].clone();
        // Made anew each time: what is remembered is in the store.
        let mut source = Source::new(settings, Arc::clone(&self.fetch));
        watch::visit(&self.house, &mut source).await.unwrap()
    }

    /// Visits the first source, which must answer.
    pub async fn visit(&self) -> Counts {
        match self.try_visit(0).await {
            Visit::Taken(counts) => counts,
            Visit::Troubled(trouble) => panic!("{trouble}"),
        }
    }

    /// All pieces, newest first.
    pub async fn cards(&self) -> Vec<Card> {
        let mut tx = self.house.store.read().await.unwrap();
        articles::list(&mut tx, &Filter::default(), 100_000).await.unwrap()
    }

    /// The piece of that title.
    pub async fn card(&self, title: &str) -> Card {
        let cards = self.cards().await;
        let found = cards.iter().find(|card| card.title == title);
        found.unwrap_or_else(|| panic!("no piece `{title}`")).clone()
    }

    /// The text of the piece of that title.
    pub async fn text(&self, title: &str) -> String {
        let id = self.card(title).await.id;
        let mut tx = self.house.store.read().await.unwrap();
        articles::get(&mut tx, id).await.unwrap().unwrap().text
    }

    /// How many pieces of the first source wait for the operator.
    pub async fn withheld(&self) -> usize {
        let mut tx = self.house.store.read().await.unwrap();
        withheld::list(&mut tx, &self.house.settings().sources[0].name).await.unwrap().len()
    }

    /// The operator's word.
    pub async fn let_go(&self) -> u64 {
        let name = self.house.settings().sources[0].name.clone();
        depart::by_operator(&self.house, &name).await.unwrap()
    }

    /// What the operator reads about the first source.
    pub async fn notice(&self) -> Option<String> {
        let name = self.house.settings().sources[0].name.clone();
        watch::state(&self.house, &name).await.unwrap().notice
    }
}
