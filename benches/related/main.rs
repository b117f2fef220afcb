//! How fast related articles are found, and what it costs to take articles in.
//!
//! - `ask`: an index of `--articles N` on the disk (100,000 if not said), made
//!   in `--folder DIR` or taken from there if it is complete; then questions,
//!   `--questions N` of them, about pieces of all ages and about the newest;
//! - `ingest`: one core tells the language, finds the regions and indexes, each
//!   alone and all as one.
//!
//! `cargo bench --bench related -- ask`; without a name both. The same pieces
//! are indexed by tantivy in `benches/tantivy`.

mod asking;
mod corpus;
mod ingest;

use std::path::PathBuf;
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let wants = |name: &str| {
        let named = arguments.iter().any(|a| ["ask", "ingest"].contains(&a.as_str()));
        !named || arguments.iter().any(|a| a == name)
    };
    let after = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str, usual| after(name).and_then(|n| n.parse().ok()).unwrap_or(usual);
    if wants("ingest") {
        ingest::run(number("--pieces", 20_000));
    }
    if wants("ask") {
        let folder = after("--folder").map(PathBuf::from);
        asking::run(number("--articles", 100_000), number("--questions", 2_000), folder);
    }
}

/// The middle of some durations, the 99th of a hundred, and how many a second.
fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let all: Duration = took.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let rate = took.len() as f64 / all.as_secs_f64();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!(
        "{what}: {rate:.0} a second; median {:.2?}, p99 {:.2?}, longest {:.2?}",
        at(50),
        at(99),
        at(100)
    );
}

/// Resident memory in MiB; zero where nobody tells.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
        / 1024.0
}
