//! What one core takes in: language, regions, index.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gazetted::article::{ArticleId, language};
use gazetted::clock::from_millis;
use gazetted::region::{Country, Evidence, Gazetteer, Tree, Verdict, classify};
use gazetted::related::{Document, Index, Settings};

use super::corpus::{self, Piece};

/// Pieces that are made up at a time, outside the measure.
const BATCH: u64 = 1_000;

pub fn run(many: u64) {
    let gazetteer = Gazetteer::builtin();
    gazetteer.warm();
    let tree = Tree::default();
    let judge = |piece: &Piece, language: &str| {
        classify(
            &tree,
            &gazetteer,
            &Evidence {
                operator: None,
                labels: &[],
                title: &piece.title,
                text: &piece.text,
                url: None,
                language: Some(language),
                home: None,
            },
        )
    };
    let mut index = fresh();
    let none = Duration::ZERO;
    let (mut telling, mut judging, mut indexing) = (none, none, none);
    each_batch(many, |pieces| {
        let start = Instant::now();
        for piece in pieces {
            black_box(language::detect(&piece.title, &piece.text));
        }
        telling += start.elapsed();
        let start = Instant::now();
        let verdicts: Vec<Verdict> = pieces.iter().map(|piece| judge(piece, "en")).collect();
        judging += start.elapsed();
        let start = Instant::now();
        for (piece, verdict) in pieces.iter().zip(&verdicts) {
            insert(&mut index.1, piece, "en", verdict);
        }
        write(&mut index.1);
        indexing += start.elapsed();
    });
    for (what, took) in [("language", telling), ("regions", judging), ("index", indexing)] {
        println!("{what} alone: {:.0} a second", rate(many, took));
    }

    let mut index = fresh();
    let mut all = none;
    each_batch(many, |pieces| {
        let start = Instant::now();
        for piece in pieces {
            let language = language::detect(&piece.title, &piece.text);
            let verdict = judge(piece, language);
            insert(&mut index.1, piece, language, &verdict);
        }
        write(&mut index.1);
        all += start.elapsed();
    });
    println!(
        "taken in on one core: {:.0} articles of 400 words a second, with their language, classified and indexed on the disk",
        rate(many, all)
    );
}

fn each_batch(many: u64, mut take: impl FnMut(&[Piece])) {
    for first in (0..many).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let pieces: Vec<Piece> = (first..many.min(first + BATCH)).map(corpus::piece).collect();
        take(&pieces);
    }
}

fn fresh() -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().expect("a folder for the index");
    let path = Some(folder.path().to_owned());
    let settings = Settings { folder: path, writes: true, ..Settings::default() };
    (folder, Index::open(settings).expect("the folder can be written"))
}

fn insert(index: &mut Index, piece: &Piece, language: &str, verdict: &Verdict) {
    let countries: Vec<&str> = verdict.countries.iter().map(Country::as_str).collect();
    index.insert(&Document {
        id: ArticleId(i64::try_from(piece.number).unwrap_or(i64::MAX)),
        title: &piece.title,
        text: &piece.text,
        language,
        published: from_millis(piece.millis()),
        countries: &countries,
        hints: &[],
    });
}

/// As the daemon does: in good time to the disk, small segments made one.
fn write(index: &mut Index) {
    if index.is_full() {
        index.flush(0).expect("the disk works");
        while let Some(merging) = index.merge() {
            let merged = merging.run().expect("the disk works");
            index.install(&merged).expect("the disk works");
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn rate(many: u64, took: Duration) -> f64 {
    many as f64 / took.as_secs_f64()
}
