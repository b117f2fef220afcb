//! The power fails in mid-run. The built program runs under strace, which
//! writes down what it gives to the disk, when it waits for it, and what it
//! sends; from that the store is made again as of any moment, with nothing that
//! was not waited for, or with any torn part of it. A daemon goes on from there.
//!
//! It knows nothing of how the store keeps its promise: a file beside the
//! database is a file as any other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gazetted::clock::{Clock, ManualClock, SystemClock};

use super::disk::{Disk, Luck};
use super::trace::{self, Event};
use super::{Toll, asked, doubts};
use crate::support::dice::Dice;
use crate::support::newsroom::{Item, Newsroom};
use crate::support::postbox::{Mail, Postbox};
use crate::support::program::{Daemon, Program};
use crate::support::world::WIRE;
use crate::support::{Database, World, engines, loudly_without};

const CONNECTIONS: usize = 4;
const READERS: usize = 40;

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"

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
schedule = "* * * * * *"
first_covers = "3650d"
stale_after = "3650d"
"#;

fn reader(n: usize) -> String {
    format!("r{n}@example.org")
}

/// A run of the built program, and what it did.
struct Run {
    world: World,
    disk: Disk,
    events: Vec<Event>,
    mails: Vec<Mail>,
}

#[test]
fn the_power_fails_in_mid_run_and_nobody_is_left_out() {
    let works = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        return loudly_without("strace");
    }
    engines::run(async {
        let dice = Dice::of_this_run();
        let run = record().await;
        let bodies: Vec<usize> = (0..run.events.len())
            .filter(|nth| matches!(&run.events[*nth], Event::Sent { bytes, .. } if begins(bytes).is_some()))
            .collect();
        assert!(bodies.len() >= READERS, "the bodies are seen: {}", bodies.len());

        for nth in 0..asked("GAZETTED_POWER", 12) {
            // Right after a body left, or anywhere between the first and the last.
            let (first, last) = (bodies[0], bodies[bodies.len() - 1]);
            let moment = match nth % 3 {
                0 | 1 => *dice.pick(&bodies),
                _ => first + dice.below(last - first),
            };
            let luck = *dice.pick(&[Luck::None, Luck::None, Luck::All, Luck::Torn, Luck::Any]);
            let (again, unknown) = run.fails_after(moment, luck, &dice).await;
            assert_eq!(unknown, 0, "the ledger does not know of them: {luck:?}, {dice:?}");
            assert!(again <= CONNECTIONS, "{again} doubles: {luck:?}, {dice:?}");
        }
        // That all this would be noticed: a disk that lies about what is on it.
        let last = bodies[bodies.len() - 1];
        let (again, unknown) = run.fails_after(last, Luck::Lied, &dice).await;
        assert_eq!((again, unknown), (READERS, READERS));
    });
}

/// Lets the built program send an edition, under strace.
async fn record() -> Run {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let (postbox, newsroom) = (Arc::new(Postbox::open()), Arc::new(Newsroom::open()));
    newsroom.feed(WIRE, &[Item::new("1", "A piece", "Peru", "2026-03-03T05:00:00Z")]);
    let database = Arc::new(Database::sqlite());
    let mut world = World::beside(database, clock, postbox, newsroom, CONFIG).await;
    let readers: Vec<String> = (0..READERS).map(reader).collect();
    world.readers(&format!("email\n{}\n", readers.join("\n"))).await;
    world.visit().await;
    world.house.store.close().await;

    let folder = world.folder().canonicalize().unwrap();
    let disk = Disk::with(files(&folder));
    let log = folder.join("strace.log");
    let command = Program::in_folder(&folder).under("strace", &trace::arguments(&log));
    world.postbox.answer_after(Duration::from_millis(5));
    let daemon = Daemon::start(command);
    while world.postbox.reached() < READERS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon.stop_process(trace::first_process(&fs::read_to_string(&log).unwrap()).unwrap());
    world.postbox.answer_after(Duration::ZERO);
    let mails = world.postbox.mails();
    assert_eq!(Toll::of(&mails).doubles(&HashMap::new()), 0);
    let lengths = disk.lengths().collect();
    let events = trace::read(&fs::read_to_string(&log).unwrap(), lengths)
        .into_iter()
        .filter(|event| concerns(event, &folder))
        .collect();
    Run { world, disk, events, mails }
}

/// The files of the store in a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| is_of_the_store(path, folder))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// Not the index of related articles, and not what SQLite keeps in shared
/// memory: both are made again.
fn is_of_the_store(path: &Path, folder: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    path.parent() == Some(folder)
        && name.starts_with("gazetted.db")
        && !path.is_dir()
        && !name.ends_with("-shm")
        && name != "gazetted.db.lock"
}

fn concerns(event: &Event, folder: &Path) -> bool {
    match event {
        Event::Write { file, .. }
        | Event::Truncate { file, .. }
        | Event::Create { file }
        | Event::Remove { file }
        | Event::Rename { to: file, .. } => is_of_the_store(file, folder),
        Event::Wait { file, .. } => file == folder || is_of_the_store(file, folder),
        Event::Durable { .. } | Event::Sent { .. } | Event::Closed { .. } => true,
    }
}

/// For whom the mail is that begins in these bytes.
fn begins(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.split_once("\r\nTo: ")?;
    let line = rest.split("\r\n").next()?;
    Some(line.trim_start_matches('<').trim_end_matches('>').to_owned())
}

impl Run {
    /// The power fails after this event. A daemon goes on with what the disk
    /// kept. Gives how many got a second mail, and of how many of them the
    /// ledger does not know that they may have.
    async fn fails_after(&self, moment: usize, luck: Luck, dice: &Dice) -> (usize, usize) {
        let mut disk = self.disk.clone();
        let (mut begun, mut whole) = (HashSet::new(), HashSet::new());
        let mut open: HashMap<u32, String> = HashMap::new();
        for event in &self.events[..=moment] {
            let waits = matches!(event, Event::Wait { .. } | Event::Durable { .. });
            if !waits || luck != Luck::Lied {
                disk.take(event);
            }
            if let Event::Sent { connection, bytes } = event {
                if let Some(reader) = begins(bytes) {
                    begun.insert(reader.clone());
                    open.insert(*connection, reader);
                }
                if bytes.windows(5).any(|bytes| bytes == b"\r\n.\r\n")
                    && let Some(reader) = open.remove(connection)
                {
                    whole.insert(reader);
                }
            }
        }
        let database = Database::sqlite();
        for (file, bytes) in disk.after_power_failed(luck, dice) {
            fs::write(database.folder().join(file.file_name().unwrap()), bytes).unwrap();
        }
        self.world.postbox.begin_again();
        let world = self.world.moved(database).await;
        world.compile().await;
        world.settle_and_sweep().await;

        let doubts = doubts(&world).await;
        let mails = world.postbox.mails();
        let after = Toll::of(&mails);
        for reader in (0..READERS).map(reader) {
            assert!(
                after.reached(&reader) || whole.contains(&reader),
                "{reader} was left out: {luck:?}, {dice:?}"
            );
        }
        for mail in &mails {
            let before = self.mails.iter().find(|before| before.to == mail.to).unwrap();
            let same = mail.message == before.message || luck == Luck::Lied;
            assert!(same, "{} got another mail: {luck:?}, {dice:?}", mail.to);
        }
        let again: Vec<&String> = begun.iter().filter(|reader| after.reached(reader)).collect();
        let unknown =
            again.iter().filter(|reader| doubts.get(**reader).is_none_or(|doubts| *doubts == 0));
        (again.len(), unknown.count())
    }
}
