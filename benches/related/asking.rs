//! Questions to an index on the disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gazetted::article::ArticleId;
use gazetted::clock::from_millis;
use gazetted::related::{Document, Index, Settings};

use super::corpus::{self, Piece};
use super::{resident, tell};

/// Pieces that are made up at a time, outside the measure.
const BATCH: u64 = 1_000;

pub fn run(articles: u64, questions: u64, folder: Option<PathBuf>) {
    let temporary = tempfile::tempdir().expect("a folder for the index");
    let kept = folder.is_some();
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    let settings = Settings { folder: Some(folder.clone()), writes: true, ..Settings::default() };

    let start = Instant::now();
    let mut index = Index::open(settings.clone()).expect("the index opens");
    if index.len() as u64 == articles {
        let opened = start.elapsed();
        let (disk, memory) = (megabytes(&folder), resident());
        println!(
            "{articles} articles, opened in {opened:.2?}; {disk:.0} MB of disk, {memory:.0} MiB of memory"
        );
    } else {
        index = make(settings, index, articles);
        println!("{articles} articles: {:.0} MB of disk", megabytes(&folder));
        if kept {
            println!("run it once more: what follows then has the memory of a fresh start");
        }
    }
    let step = (articles / questions).max(1);
    let everywhere = (0..questions).map(|n| (n * step + n * 7 % step).min(articles - 1));
    let newest = (0..questions).map(|n| articles - 1 - n % articles);
    // Each set once unmeasured: a program that has run for a while.
    let sets: [(&str, Vec<u64>); 2] =
        [("pieces of all ages", everywhere.collect()), ("the newest pieces", newest.collect())];
    for (what, set) in &sets {
        let (cold, _) = ask(set, |id| index.ranking(id, 10).expect("the disk works").len());
        tell(&format!("ranking of {what}, first time"), cold);
        let (took, found) = ask(set, |id| index.ranking(id, 10).expect("the disk works").len());
        tell(&format!("ranking of {what}"), took);
        println!("  {found:.1} found for each");
        let (took, _) = ask(set, |id| index.related(id, 3).expect("the disk works").len());
        tell(&format!("teasers of {what}"), took);
    }
    println!("{:.0} MiB of memory", resident());
}

/// How long each question took, and how much was found on average.
fn ask(ids: &[u64], mut question: impl FnMut(ArticleId) -> usize) -> (Vec<Duration>, f64) {
    let mut found = 0;
    let took = ids.iter().map(|id| {
        let start = Instant::now();
        found += question(id_of(*id));
        start.elapsed()
    });
    let took = took.collect();
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let mean = found as f64 / ids.len() as f64;
    (took, mean)
}

fn make(settings: Settings, old: Index, articles: u64) -> Index {
    let mut index = Index::anew(settings, Some(old)).expect("the folder can be written");
    let (mut inserting, mut writing) = (Duration::ZERO, Duration::ZERO);
    for first in (0..articles).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let pieces: Vec<Piece> = (first..articles.min(first + BATCH)).map(corpus::piece).collect();
        let start = Instant::now();
        for piece in &pieces {
            index.insert(&document(piece));
        }
        inserting += start.elapsed();
        let start = Instant::now();
        if index.is_full() {
            index.flush(0).expect("the disk works");
            while let Some(merging) = index.merge() {
                let merged = merging.run().expect("the disk works");
                index.install(&merged).expect("the disk works");
            }
        }
        writing += start.elapsed();
    }
    let start = Instant::now();
    index.flush(1).expect("the disk works");
    if let Some(merging) = index.merge_all() {
        let merged = merging.run().expect("the disk works");
        index.install(&merged).expect("the disk works");
    }
    writing += start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "millions")]
    let rate = articles as f64 / (inserting + writing).as_secs_f64();
    println!(
        "indexed {rate:.0} articles a second: inserting {inserting:.1?}, writing and merging {writing:.1?}"
    );
    index
}

fn id_of(number: u64) -> ArticleId {
    ArticleId(i64::try_from(number).unwrap_or(i64::MAX))
}

fn document(piece: &Piece) -> Document<'_> {
    Document {
        id: id_of(piece.number),
        title: &piece.title,
        text: &piece.text,
        language: "en",
        published: from_millis(piece.millis()),
        countries: &[],
        hints: &[],
    }
}

fn megabytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let bytes: u64 = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
    #[expect(clippy::cast_precision_loss, reason = "roughly")]
    let bytes = bytes as f64;
    bytes / 1e6
}
