//! An index on the disk says what the same index in memory says.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::{Document, Index, Match, Settings};
use super::{Numbers, put_number};
use crate::article::ArticleId;
use crate::clock::from_millis;

/// Dice that fall the same way each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// A word, common ones far more often than rare ones.
    fn word(&mut self) -> String {
        let rank = 1 + self.below(3_000);
        let rank = 1 + self.below(rank);
        format!("w{}", 1 + self.below(rank))
    }

    fn text(&mut self, words: u64) -> String {
        let topic = self.below(150);
        (0..words)
            .map(|at| match at % 5 {
                0 => format!("topic{topic} "),
                1 => format!("Name{} ", topic * 7 + self.below(6)),
                _ => format!("{} ", self.word()),
            })
            .collect()
    }
}

fn put(index: &mut Index, id: i64, text: &str) {
    let language = if id % 11 == 0 { "de" } else { "en" };
    // Not in the order of their ids, and some at one moment.
    let published = from_millis((id * 37 % 1_000) * 60_000);
    index.insert(&Document {
        id: ArticleId(id),
        title: text.get(..20).unwrap_or_default(),
        text,
        language,
        published,
        countries: &["IS"],
        hints: &[],
    });
}

fn settings(folder: &Path) -> Settings {
    // A cache so small that pages come and go.
    Settings {
        folder: Some(folder.to_owned()),
        writes: true,
        cache: 1 << 17,
        ..Settings::default()
    }
}

fn merged(index: &mut Index) {
    let merging = index.merge_all().expect("there are several segments");
    let merged = merging.run().unwrap();
    index.install(&merged).unwrap();
}

fn answers(index: &mut Index, ids: impl Iterator<Item = i64>) -> Vec<Vec<Match>> {
    ids.map(|id| index.ranking(ArticleId(id), 12).unwrap()).collect()
}

#[test]
fn the_disk_makes_no_difference_to_any_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(42);
    let mut memory = Index::default();
    let mut disk = Index::open(settings(folder.path())).unwrap();
    for id in 1..=1_400 {
        let words = 30 + dice.below(60);
        let text = dice.text(words);
        put(&mut memory, id, &text);
        put(&mut disk, id, &text);
        if id % 450 == 0 {
            disk.flush(id).unwrap();
        }
    }

    let ids = || (1..=1_400).step_by(9);
    let expected = answers(&mut memory, ids());
    let matches: usize = expected.iter().map(Vec::len).sum();
    assert!(matches > 300, "{matches} matches prove little");
    assert_eq!(answers(&mut disk, ids()), expected);
    disk.flush(1_400).unwrap();
    assert_eq!(answers(&mut disk, ids()), expected);
    merged(&mut disk);
    assert_eq!(answers(&mut disk, ids()), expected);
    drop(disk);
    let mut again = Index::open(settings(folder.path())).unwrap();
    assert_eq!((again.seen(), again.len()), (1_400, 1_400));
    assert_eq!(answers(&mut again, ids()), expected);
}

#[test]
fn edits_and_withdrawals_reach_what_is_on_the_disk_also_while_a_merge_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(7);
    let mut memory = Index::default();
    let mut disk = Index::open(settings(folder.path())).unwrap();
    for id in 1..=300 {
        let text = dice.text(50);
        put(&mut memory, id, &text);
        put(&mut disk, id, &text);
        if id % 100 == 0 {
            disk.flush(id).unwrap();
        }
    }
    let mut change = |memory: &mut Index, disk: &mut Index, from: i64| {
        for id in (from..=300).step_by(10) {
            let text = dice.text(50);
            put(memory, id, &text);
            put(disk, id, &text);
            memory.remove(ArticleId(id + 1));
            disk.remove(ArticleId(id + 1));
        }
    };

    change(&mut memory, &mut disk, 1);
    let merging = disk.merge_all().unwrap();
    change(&mut memory, &mut disk, 4);
    let done = merging.run().unwrap();
    disk.install(&done).unwrap();

    assert_eq!(disk.len(), memory.len());
    for id in 1..=300 {
        let known = memory.ranking(ArticleId(id), 5).unwrap().len();
        let found = disk.ranking(ArticleId(id), 300).unwrap();
        assert!(found.iter().all(|found| ![2, 5].contains(&(found.id.0 % 10))), "{id}");
        assert!(known == 0 || !found.is_empty() || id % 10 != 0, "{id}");
    }
    // When all that is gone has been merged away, nothing is left of it.
    disk.flush(301).unwrap();
    merged(&mut disk);
    assert_eq!(answers(&mut disk, 1..=300), answers(&mut memory, 1..=300));
}

#[test]
fn what_was_not_written_is_not_claimed_and_leftovers_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(3);
    let mut disk = Index::open(settings(folder.path())).unwrap();
    put(&mut disk, 1, &dice.text(50));
    disk.flush(10).unwrap();
    put(&mut disk, 2, &dice.text(50));
    std::fs::write(folder.path().join("00000009.segment"), b"half a segm").unwrap();
    std::fs::write(folder.path().join("list.new"), b"half a li").unwrap();
    // As after kill -9: nothing more is written.
    drop(disk);

    let again = Index::open(settings(folder.path())).unwrap();

    assert_eq!((again.seen(), again.len()), (10, 1));
    assert!(!folder.path().join("00000009.segment").exists());
}

#[test]
fn damage_is_noticed_and_the_index_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(5);
    let mut disk = Index::open(settings(folder.path())).unwrap();
    for id in 1..=40 {
        put(&mut disk, id, &dice.text(50));
    }
    disk.flush(40).unwrap();
    drop(disk);
    let path = folder.path().join("00000000.segment");
    let length = std::fs::metadata(&path).unwrap().len();
    let whole = std::fs::read(&path).unwrap();

    // A byte anywhere, the tail, and a file cut short.
    for at in [100, length / 2, length - 60, length - 4] {
        std::fs::write(&path, &whole).unwrap();
        let file = OpenOptions::new().write(true).read(true).open(&path).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x55], at).unwrap();
        let failed = Index::open(settings(folder.path())).and_then(|mut index| {
            (1..=40).try_for_each(|id| index.ranking(ArticleId(id), 9).map(drop))
        });
        assert!(failed.is_err(), "byte {at} of {length}");
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(Index::open(settings(folder.path())).is_err());
    let anew = Index::anew(settings(folder.path()), None).unwrap();
    assert_eq!((anew.len(), anew.seen()), (0, 0));
    drop(anew);
    assert!(Index::open(settings(folder.path())).unwrap().is_empty());
}

#[test]
fn only_one_writes_and_the_other_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(9);
    let mut first = Index::open(settings(folder.path())).unwrap();
    put(&mut first, 1, &dice.text(50));
    first.flush(1).unwrap();

    let mut second = Index::open(settings(folder.path())).unwrap();
    put(&mut second, 2, &dice.text(50));
    second.flush(2).unwrap();

    assert_eq!((second.len(), second.seen()), (2, 1));
    assert!(second.merge_all().is_none());
    drop((first, second));
    assert_eq!(Index::open(settings(folder.path())).unwrap().seen(), 1);
}

#[test]
fn numbers_come_back_as_they_went_in() {
    let all = [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
    let mut bytes = vec![];
    for number in all {
        put_number(&mut bytes, number);
    }

    let mut numbers = Numbers::new(&bytes);
    let back: Vec<u64> = std::iter::from_fn(|| numbers.number()).collect();

    assert_eq!(back, all);
}
