//! Two weeks of a magazine by a clock that is turned, from a seed: machines
//! die and start again, the relay errs, closes and vanishes, pieces come and
//! are edited, readers join and leave. On PostgreSQL two machines share it.
//!
//! `GAZETTED_SEED` plays one again, `GAZETTED_SEEDS` plays more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{TimeDelta, Timelike};
use gazetted::delivery::transition::State;
use gazetted::flow::{deliver, enrol, sweep};
use gazetted::store::{Engine, deliveries, editions};
use serde_json::Value;

use super::{Toll, asked};
use crate::support::dice::Dice;
use crate::support::mortal::Mortal;
use crate::support::newsroom::Item;
use crate::support::postbox::{Mail, Mood};
use crate::support::world::{LOOK, USUAL, WIRE, address};
use crate::support::{Database, World, engines};

const DAYS: usize = 14;
const CONNECTIONS: usize = 4;
const PLACES: [&str; 6] = ["Peru", "Kenya", "Japan", "Norway", "Fiji", "Canada"];

#[test]
fn a_fortnight_on_one_machine_loses_nobody() {
    for seed in seeds(1) {
        engines::run(Fortnight::play(Database::sqlite(), seed));
    }
}

#[test]
fn a_fortnight_on_two_machines_loses_nobody() {
    for seed in seeds(1001) {
        let Some(database) = Database::postgres() else { return };
        engines::run(Fortnight::play(database, seed));
    }
}

fn seeds(first: u64) -> std::ops::Range<u64> {
    if let Ok(seed) = std::env::var("GAZETTED_SEED") {
        let seed = seed.parse().expect("a number");
        return seed..seed + 1;
    }
    first..first + asked("GAZETTED_SEEDS", 1) as u64
}

/// What happened so far, and what must have come of it.
struct Fortnight {
    dice: Dice,
    /// What each machine does besides sending.
    worlds: Vec<World>,
    /// Who sends.
    senders: Vec<Mortal>,
    deaths: usize,
    pieces: Vec<Item>,
    /// Who is a reader now.
    readers: BTreeSet<String>,
    joined: usize,
    /// Who must get which edition; whoever leaves is taken out again.
    owed: BTreeMap<i64, BTreeSet<String>>,
    /// Who left, and before which editions.
    left: HashMap<String, i64>,
}

impl Fortnight {
    async fn play(database: Database, seed: u64) {
        let config = USUAL.replace("[[digest]]", "[[digest]]\nstale_after = \"60d\"");
        let world = World::with(database, &config).await;
        // Long enough for deaths in the middle of it.
        world.postbox.answer_after(Duration::from_millis(15));
        let mut worlds = vec![world];
        if worlds[0].database().engine == Engine::Postgres {
            worlds.push(worlds[0].neighbour().await);
        }
        let mut fortnight = Self {
            dice: Dice::seeded(seed),
            worlds,
            senders: vec![],
            deaths: 0,
            pieces: vec![],
            readers: BTreeSet::new(),
            joined: 0,
            owed: BTreeMap::new(),
            left: HashMap::new(),
        };
        println!(
            "the fortnight of GAZETTED_SEED={seed} on {:?}",
            fortnight.world().database().engine
        );
        for _ in 0..12 {
            fortnight.join().await;
        }
        for _ in 0..fortnight.worlds.len() {
            fortnight.start_a_sender().await;
        }
        for _ in 0..DAYS {
            fortnight.day().await;
            fortnight.check().await;
        }
        fortnight.end().await;
    }

    fn world(&self) -> &World {
        &self.worlds[0]
    }

    /// From some hour of the morning to the same of the next day.
    async fn day(&mut self) {
        let end = self.world().now() + TimeDelta::days(1);
        while self.world().now() < end {
            let minutes = 20 + self.dice.below(200);
            self.goes_by(TimeDelta::minutes(i64::try_from(minutes).unwrap())).await;
            match self.dice.below(12) {
                0..=2 => self.publish(),
                3 => self.edit(),
                4 => self.join().await,
                5 => self.leave().await,
                6 | 7 => self.kill_one().await,
                8 => self.world().postbox.be(*self.dice.pick(&[
                    Mood::Open,
                    Mood::Closed,
                    Mood::Garbage,
                ])),
                9 => {
                    self.world().postbox.vanish().await;
                    self.goes_by(TimeDelta::minutes(7)).await;
                    self.world().postbox.come_back();
                }
                10 => self
                    .world()
                    .postbox
                    .err_once_in(3 + self.dice.below(6), self.dice.below(1 << 20) as u64),
                _ => {
                    self.world().postbox.be(Mood::Open);
                    self.world().postbox.err_once_in(0, 0);
                }
            }
        }
    }

    /// Time goes by: every machine does what it does then.
    async fn goes_by(&mut self, step: TimeDelta) {
        self.world().clock.advance(step);
        // Time jumps here: who lives was never silent.
        let house = &self.world().house;
        let living = self.senders.iter().map(|sender| &sender.instance);
        for instance in living.chain(self.worlds.iter().map(|world| &world.instance)) {
            deliver::beat_once(house, instance, "serve").await.unwrap();
        }
        for world in &mut self.worlds {
            world.visit().await;
        }
        let sweeping = futures_util::future::join_all(
            self.worlds.iter().map(|world| sweep::sweep(&world.house)),
        );
        sweeping.await.into_iter().for_each(|swept| {
            swept.unwrap();
        });
        let compiling = futures_util::future::join_all(self.worlds.iter().map(World::compile));
        for edition in compiling.await.into_iter().flatten() {
            let twice = self.owed.insert(edition.id, self.readers.clone());
            assert!(twice.is_none(), "{:?}: edition {} was made twice", self.dice, edition.id);
        }
        for _ in 0..self.dice.below(15) {
            self.senders.iter().for_each(Mortal::wake);
            tokio::time::sleep(LOOK).await;
            if self.world().is_idle().await {
                break;
            }
        }
    }

    fn publish(&mut self) {
        let n = self.pieces.len() + 1;
        let date = self.world().now().to_rfc3339();
        let title = format!("Piece {n}");
        self.pieces.push(Item::new(&n.to_string(), &title, self.dice.pick::<&str>(&PLACES), &date));
        self.show();
    }

    fn edit(&mut self) {
        if !self.pieces.is_empty() {
            let n = self.dice.below(self.pieces.len());
            self.pieces[n].text.push_str(" And there is more to say.");
            self.show();
        }
    }

    fn show(&self) {
        self.world().newsroom.feed(WIRE, &self.pieces);
    }

    async fn join(&mut self) {
        self.joined += 1;
        // One in six has a mailbox that takes no mail of ours.
        let kind = if self.joined.is_multiple_of(6) { "refuse-body" } else { "reader" };
        let email = format!("{kind}.n{}@example.org", self.joined);
        self.world().reader(&email).await;
        self.readers.insert(email);
    }

    async fn leave(&mut self) {
        let Some(email) = self.readers.iter().nth(self.dice.below(self.readers.len())).cloned()
        else {
            return;
        };
        assert!(enrol::remove(&self.world().house, &address(&email)).await.unwrap());
        self.readers.remove(&email);
        self.owed.values_mut().for_each(|owed| {
            owed.remove(&email);
        });
        let made = self.owed.keys().next_back().copied().unwrap_or(0);
        self.left.insert(email, made);
    }

    async fn kill_one(&mut self) {
        let sender = self.senders.remove(self.dice.below(self.senders.len()));
        sender.kill();
        self.deaths += 1;
        self.start_a_sender().await;
    }

    async fn start_a_sender(&mut self) {
        let sender = Mortal::sends(self.world()).await;
        self.senders.push(sender);
    }

    /// What must hold at any moment, also while mails go out: so the ledger is
    /// asked who is `sent` before the mails are looked at, and whom it doubts after.
    async fn check(&self) {
        let mut sent = HashMap::new();
        for edition in self.owed.keys() {
            sent.insert(*edition, self.sent(*edition).await);
        }
        let mails = self.world().postbox.mails();
        for (edition, mails) in by_edition(&mails) {
            let lines = self.troubled(edition).await;
            let toll = Toll::of(mails);
            toll.doubles(&lines.into_iter().map(|line| (line.email, line.doubts)).collect());
            let reached = toll.0.len();
            assert!(sent[&edition] <= reached, "{:?}: {} of {reached}", self.dice, sent[&edition]);
            for reader in toll.0.keys() {
                let late = self.left.get(*reader).is_some_and(|before| *before < edition);
                assert!(!late, "{:?}: {reader} had left before edition {edition}", self.dice);
            }
        }
        self.check_pieces().await;
    }

    /// Every slot once, and every piece in one edition at most.
    async fn check_pieces(&self) -> BTreeSet<String> {
        let all = self.world().editions().await;
        let slots: BTreeSet<i64> = all.iter().map(|edition| edition.slot).collect();
        assert_eq!(slots.len(), all.len(), "{:?}", self.dice);
        let made: Vec<i64> = all.iter().map(|edition| edition.id).collect();
        assert_eq!(made, self.owed.keys().copied().collect::<Vec<_>>(), "{:?}", self.dice);
        let mut titles = BTreeSet::new();
        let mut tx = self.world().house.store.read().await.unwrap();
        for edition in all {
            for piece in editions::pieces(&mut tx, edition.id).await.unwrap() {
                let piece: Value = serde_json::from_str(&piece).unwrap();
                let title = piece["title"].as_str().unwrap().to_owned();
                assert!(titles.insert(title.clone()), "{:?}: {title} is told twice", self.dice);
            }
        }
        titles
    }

    /// All is well again, and two more slots come: then everything is settled.
    async fn end(mut self) {
        self.world().postbox.be(Mood::Open);
        self.world().postbox.err_once_in(0, 0);
        // The last pieces still have to get their slot.
        while self.world().now().hour() < 8 {
            self.goes_by(TimeDelta::hours(1)).await;
        }
        for _ in 0..24 {
            self.goes_by(TimeDelta::hours(1)).await;
        }
        self.senders.drain(..).for_each(Mortal::kill);
        self.deaths += self.worlds.len();
        self.goes_by(TimeDelta::minutes(1)).await;
        self.world().settle_and_sweep().await;

        self.check().await;
        let told = self.check_pieces().await;
        let published: BTreeSet<String> =
            self.pieces.iter().map(|piece| piece.title.clone()).collect();
        assert_eq!(told, published, "{:?}: every piece was told once", self.dice);
        let mails = self.world().postbox.mails();
        let unsaid = mails.iter().filter(|mail| !mail.answered).count();
        let by_edition = by_edition(&mails);
        let mut doubles = 0;
        for (edition, owed) in &self.owed {
            let lines = self.troubled(*edition).await;
            let toll = Toll::of(by_edition.get(edition).into_iter().flatten().copied());
            for reader in owed {
                let given_up = lines.iter().any(|line| {
                    line.email == *reader
                        && (line.state == State::Refused
                            || (line.state == State::Expired && line.tries >= 10))
                });
                assert!(
                    toll.reached(reader) || given_up,
                    "{:?}: {reader} lacks edition {edition}",
                    self.dice
                );
            }
            doubles +=
                toll.doubles(&lines.into_iter().map(|line| (line.email, line.doubts)).collect());
        }
        assert!(doubles <= unsaid + self.deaths * CONNECTIONS, "{:?}: {doubles}", self.dice);
        println!(
            "{:?}: {} editions, {} mails, {} deaths, {unsaid} replies unsaid, {doubles} doubles",
            self.dice,
            self.owed.len(),
            mails.len(),
            self.deaths
        );
    }

    async fn troubled(&self, edition: i64) -> Vec<deliveries::LedgerLine> {
        let mut tx = self.world().house.store.read().await.unwrap();
        deliveries::troubled(&mut tx, edition, 1_000).await.unwrap()
    }

    async fn sent(&self, edition: i64) -> usize {
        let mut tx = self.world().house.store.read().await.unwrap();
        let counts = deliveries::counts(&mut tx, edition).await.unwrap();
        let sent = counts.into_iter().find(|(state, _)| *state == State::Sent);
        sent.map_or(0, |(_, count)| usize::try_from(count).unwrap())
    }
}

fn by_edition(mails: &[Mail]) -> BTreeMap<i64, Vec<&Mail>> {
    let mut sorted: BTreeMap<i64, Vec<&Mail>> = BTreeMap::new();
    for mail in mails {
        let id = mail.header("Feedback-ID");
        let edition = id.split(':').next().and_then(|number| number.parse().ok());
        sorted.entry(edition.expect("an edition in Feedback-ID")).or_default().push(mail);
    }
    sorted
}
