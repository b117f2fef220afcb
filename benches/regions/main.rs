//! How fast regions are found, and what the tables cost.
//!
//!     cargo bench --bench regions
//!
//! Bodies of 400 words are put together from the hard cases of the tests. The
//! measure beside it is the bare search for the same names with aho-corasick:
//! it says which names occur and decides nothing.

use std::hint::black_box;
use std::io::Read;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use flate2::read::GzDecoder;
use gazetted::region::{Evidence, Gazetteer, Tree, classify};

/// Different articles, and how often each is read in a round.
const ARTICLES: usize = 400;
const ROUNDS: usize = 5;

fn main() {
    let articles = articles();
    let words: usize = articles.iter().map(|(_, text)| text.split_whitespace().count()).sum();
    println!("{} articles of {} words", articles.len(), words / articles.len());

    let (before, start) = (resident(), Instant::now());
    let gazetteer = Gazetteer::builtin();
    let lazy = start.elapsed();
    gazetteer.warm();
    let ready = start.elapsed();
    println!(
        "tables: {lazy:?} until the program goes on, {ready:?} at the first piece, {:.1} MiB",
        resident() - before
    );

    let tree = Tree::default();
    let own = rate(&articles, |(title, text)| {
        let evidence = Evidence {
            operator: None,
            labels: &[],
            title,
            text,
            url: None,
            language: Some("en"),
            home: None,
        };
        black_box(classify(&tree, &gazetteer, &evidence));
    });

    let (before, start) = (resident(), Instant::now());
    let names = names();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .ascii_case_insensitive(true)
        .build(&names)
        .expect("the names fit");
    println!(
        "aho-corasick, {} names: {:?}, {:.1} MiB",
        names.len(),
        start.elapsed(),
        resident() - before
    );
    let bare = rate(&articles, |(title, text)| {
        black_box(search.find_iter(title).count() + search.find_iter(text).count());
    });

    println!("classified: {own:.0} articles/s on one core, {:.1} µs each", 1e6 / own);
    println!("bare search: {bare:.0} articles/s");
    println!("ratio to the bare search: {:.2}", own / bare);
}

/// Articles a second, the best of some rounds.
fn rate(articles: &[(String, String)], mut read: impl FnMut(&(String, String))) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        articles.iter().for_each(&mut read);
        best = best.min(start.elapsed());
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let count = articles.len() as f64;
    count / best.as_secs_f64()
}

fn articles() -> Vec<(String, String)> {
    let cases: Vec<(&str, &str)> = include_str!("../../tests/region/hard.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split('\t').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(title, text)| title.is_ascii() && text.len() > 40)
        .collect();
    (0..ARTICLES)
        .map(|n| {
            let mut text = String::new();
            let mut at = n;
            while text.split_whitespace().count() < 400 {
                text.push_str(cases[at % cases.len()].1);
                text.push(' ');
                at += 7;
            }
            (cases[n % cases.len()].0.to_owned(), text)
        })
        .collect()
}

fn names() -> Vec<String> {
    let mut table = String::new();
    let packed: &[u8] = include_bytes!("../../src/region/data/places.tsv.gz");
    GzDecoder::new(packed).read_to_string(&mut table).expect("the table of the program");
    let names = table.lines().filter(|line| !line.starts_with('#'));
    names.filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect()
}

/// Resident memory in MiB; zero where nobody tells.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
        / 1024.0
}
