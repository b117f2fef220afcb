//! A disk in a world where the power fails: what was waited for is there, and
//! of what was only written there is any part, in sectors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::trace::Event;
use crate::support::dice::Dice;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// The files of one folder, as they are for sure, and what may be there too.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// In the order in which it was asked for.
    pending: Vec<Change>,
    /// Of each thread that waits: for which file, and how much was asked before.
    waiting: BTreeMap<u32, (PathBuf, usize)>,
    asked: usize,
}

#[derive(Debug, Clone)]
struct Change {
    number: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Write { file: PathBuf, at: usize, bytes: Vec<u8> },
    Truncate { file: PathBuf, length: usize },
    Rename { from: PathBuf, to: PathBuf },
    Remove { file: PathBuf },
    Create { file: PathBuf },
}

/// What the disk had time for of what was not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    /// Nothing.
    None,
    /// All of it.
    All,
    /// All until some moment, the last of it torn.
    Torn,
    /// Whatever sectors it liked.
    Any,
    /// Nothing, and it said that all was there: it is the caller who keeps
    /// from it what was waited for.
    Lied,
}

impl Disk {
    /// With these files for sure.
    pub fn with(files: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        Self { files, ..Self::default() }
    }

    /// How long its files are.
    pub fn lengths(&self) -> impl Iterator<Item = (PathBuf, usize)> {
        self.files.iter().map(|(file, bytes)| (file.clone(), bytes.len()))
    }

    /// One more thing that the program did.
    pub fn take(&mut self, event: &Event) {
        let what = match event.clone() {
            Event::Write { file, at, bytes } => What::Write { file, at, bytes },
            Event::Truncate { file, length } => What::Truncate { file, length },
            Event::Create { file } if self.knows(&file) => return,
            Event::Create { file } => What::Create { file },
            Event::Rename { from, to } => What::Rename { from, to },
            Event::Remove { file } => What::Remove { file },
            Event::Wait { file, who } => {
                self.waiting.insert(who, (file, self.asked));
                return;
            }
            Event::Durable { who } => return self.settle(who),
            Event::Sent { .. } | Event::Closed { .. } => return,
        };
        self.asked += 1;
        self.pending.push(Change { number: self.asked, what });
    }

    fn knows(&self, name: &Path) -> bool {
        let created =
            |change: &Change| matches!(&change.what, What::Create { file } if file == name);
        self.files.contains_key(name) || self.pending.iter().any(created)
    }

    /// Somebody waited long enough. A file brings its bytes to the disk, and its
    /// folder brings the names in it; nothing else can be relied on.
    fn settle(&mut self, who: u32) {
        let Some((waited_for, asked)) = self.waiting.remove(&who) else { return };
        let (settled, pending) =
            std::mem::take(&mut self.pending).into_iter().partition(|change: &Change| {
                change.number <= asked && change.what.is_brought_by(&waited_for)
            });
        self.pending = pending;
        for change in settled {
            apply(&mut self.files, &change.what, |_| true);
        }
    }

    /// The files after the power failed now.
    pub fn after_power_failed(&self, luck: Luck, dice: &Dice) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = self.files.clone();
        let until = match luck {
            Luck::None | Luck::Lied => 0,
            Luck::All | Luck::Any => self.pending.len(),
            Luck::Torn => dice.below(self.pending.len() + 1),
        };
        for (nth, change) in self.pending.iter().take(until).enumerate() {
            let torn = luck == Luck::Torn && nth + 1 == until;
            match luck {
                Luck::Any if !matches!(change.what, What::Write { .. }) && dice.once_in(2) => {}
                Luck::Any => apply(&mut files, &change.what, |_| dice.once_in(2)),
                _ if torn => {
                    let whole = dice.below(16);
                    apply(&mut files, &change.what, |sector| sector < whole);
                }
                _ => apply(&mut files, &change.what, |_| true),
            }
        }
        // A file whose name never reached the disk is not found again.
        for change in self.pending.iter().filter(|_| until == 0) {
            if let What::Create { file } = &change.what {
                files.remove(file);
            }
        }
        files
    }
}

impl What {
    fn is_brought_by(&self, waited_for: &Path) -> bool {
        match self {
            Self::Write { file, .. } | Self::Truncate { file, .. } => file == waited_for,
            Self::Create { file } | Self::Remove { file } => file.parent() == Some(waited_for),
            Self::Rename { to, .. } => to.parent() == Some(waited_for),
        }
    }
}

/// Changes files; of a write only the sectors that `arrives` names.
fn apply(files: &mut BTreeMap<PathBuf, Vec<u8>>, what: &What, arrives: impl Fn(usize) -> bool) {
    match what {
        What::Write { file, at, bytes } => {
            let target = files.entry(file.clone()).or_default();
            for (nth, start) in (0..bytes.len()).step_by(SECTOR).enumerate() {
                if !arrives(nth) {
                    continue;
                }
                let part = &bytes[start..bytes.len().min(start + SECTOR)];
                let from = at + start;
                if target.len() < from + part.len() {
                    target.resize(from + part.len(), 0);
                }
                target[from..from + part.len()].copy_from_slice(part);
            }
        }
        What::Truncate { file, length } => {
            files.entry(file.clone()).or_default().resize(*length, 0);
        }
        What::Create { file } => {
            files.entry(file.clone()).or_default();
        }
        What::Rename { from, to } => {
            if let Some(bytes) = files.remove(from) {
                files.insert(to.clone(), bytes);
            }
        }
        What::Remove { file } => {
            files.remove(file);
        }
    }
}

#[test]
fn only_what_was_waited_for_is_certain() {
    let file = PathBuf::from("/folder/a");
    let write = |at, bytes: &[u8]| Event::Write { file: file.clone(), at, bytes: bytes.to_vec() };
    let mut disk = Disk::with([(file.clone(), b"old".to_vec())].into());
    let dice = Dice::seeded(1);
    let after = |disk: &Disk, luck| disk.after_power_failed(luck, &dice).remove(&file).unwrap();

    disk.take(&write(0, b"new"));
    disk.take(&Event::Wait { file: file.clone(), who: 1 });
    disk.take(&write(3, b"er"));

    assert_eq!(after(&disk, Luck::None), b"old");
    assert_eq!(after(&disk, Luck::All), b"newer");
    disk.take(&Event::Durable { who: 1 });
    assert_eq!(after(&disk, Luck::None), b"new", "what came after the call is not covered by it");
}
