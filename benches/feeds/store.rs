//! With many articles and ten thousand feeds in the store: how long it takes
//! from a new article to its last feed, and how much memory that needs.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use gazetted::article::{ArticleId, Card, Label, LabelKind, clean, identity};
use gazetted::clock::SystemClock;
use gazetted::config;
use gazetted::daemon::assemble;
use gazetted::flow::{House, watch};
use gazetted::region::{Gazetteer, Origin, RegionPath};
use gazetted::source::Source;
use gazetted::store::{Store, articles};
use gazetted::web::{Desk, Site};
use http::Request;
use tower::ServiceExt;

use super::serving::{Running, free_port};
use super::{magazine, median};

const AUTHORS: u64 = 9_000;
const TAGS: u64 = 900;
const REGIONS: [&str; 8] = [
    "africa/kenya",
    "africa/egypt",
    "asia/japan",
    "asia/india",
    "europe/france",
    "europe/germany",
    "americas/chile",
    "oceania/australia",
];
const TRIES: usize = 21;

const CONFIG: &str = "[site]\ntitle = \"The Meridian Review\"\nurl = \"https://news.example.org\"\n\
    [server]\nlisten = \"127.0.0.1:PORT\"\n\
    [store]\nurl = \"sqlite:bench.db\"\n\
    [[source]]\nname = \"magazine\"\nkind = \"directory\"\npath = \"articles\"\n";

pub fn run(pieces: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(pieces));
}

async fn measure(pieces: u64) {
    // A folder that is kept is filled once and used again.
    let kept = std::env::var_os("GAZETTED_BENCH_DIR").map(PathBuf::from);
    let passing = tempfile::tempdir().unwrap();
    let folder = kept.as_deref().unwrap_or(passing.path());
    fs::create_dir_all(folder.join("articles")).unwrap();
    let path = folder.join("gazetted.toml");
    let port = free_port();
    fs::write(&path, CONFIG.replace("PORT", &port.to_string())).unwrap();
    let config = config::load(&path, std::iter::empty(), None).unwrap();
    let began = Instant::now();
    let store = Store::open(&config.store.url).await.unwrap();
    let settings = assemble::settings(&config).unwrap();
    // What is filled in has its regions already.
    let mut tx = store.write().await.unwrap();
    articles::set_tree_fingerprint(&mut tx, settings.tree_fingerprint).await.unwrap();
    tx.commit().await.unwrap();
    fill(&store, pieces).await;
    println!("{pieces} articles in the store after {:.0} s", began.elapsed().as_secs_f64());

    let began = Instant::now();
    let clock = Arc::new(SystemClock);
    let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
    let gazetteer = Arc::new(Gazetteer::builtin());
    let house = Arc::new(House::new(store, clock, gazetteer, keys, settings));
    let source = house.settings().sources[0].clone();
    let mut source = Source::new(source, assemble::fetch(Some(&config.site)));
    let site = Site::new(Arc::clone(&house), Desk::default());
    let router = site.router();
    let first = get(&router, "/feeds/all.rss", None).await;
    println!(
        "  start to first feed ({} bytes)  {:8.0} ms",
        first.len(),
        began.elapsed().as_secs_f64() * 1e3
    );
    let began = Instant::now();
    let list = get(&router, "/feeds.opml", None).await;
    println!(
        "  the list of {} feeds          {:8.0} ms",
        list.matches("xmlUrl").count(),
        began.elapsed().as_secs_f64() * 1e3
    );

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let following = tokio::spawn(async move { site.follow(stopped).await });
    println!("  from a new article ingested to its last feed, of 24 documents");
    for (coding, name) in [(None, "as they are"), (Some("gzip"), "packed with gzip")] {
        let mut times = vec![];
        for number in 0..TRIES {
            times.push(one(&house, &mut source, &router, folder, (number, coding)).await);
        }
        let worst = times.iter().copied().fold(0.0, f64::max);
        println!(
            "    {name:16}             {:8.1} ms (median of {TRIES}, worst {worst:.1} ms)",
            median(times)
        );
    }
    stop.send(true).unwrap();
    following.await.unwrap();
    drop((router, house));
    daemon(folder, port).await;
}

/// The program itself over the same store: how soon it serves, and what it
/// holds in memory once it has served everything.
async fn daemon(folder: &Path, port: u16) {
    let began = Instant::now();
    let log = fs::File::create(folder.join("serve.log")).unwrap();
    let program = Command::new(env!("CARGO_BIN_EXE_gazetted"))
        .args(["serve", "--config", "gazetted.toml"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let program = Running(program);
    let url = format!("http://127.0.0.1:{port}/feeds/all.rss");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(began.elapsed() < Duration::from_mins(1), "it does not serve: see serve.log");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("  the program, start to first feed{:7.0} ms", began.elapsed().as_secs_f64() * 1e3);
    for number in 0..2_000 {
        let name = match number % 3 {
            0 => format!("author/desk-{number}"),
            1 => format!("tag/subject-{}", number % TAGS),
            _ => format!("region/{}", REGIONS[usize::try_from(number % 8).unwrap()]),
        };
        let url = format!("http://127.0.0.1:{port}/feeds/{name}.rss");
        let answer = client.get(&url).header("accept-encoding", "gzip").send().await.unwrap();
        assert!(answer.status().is_success(), "{url}");
        let _ = answer.bytes().await.unwrap();
    }
    println!("  its resident memory, after 2,000 feeds{:5.0} MiB", resident(program.0.id()));
}

/// Milliseconds from a new article in the store to the last feed that has it.
async fn one(
    house: &House,
    source: &mut Source,
    router: &axum::Router,
    folder: &Path,
    (number, coding): (usize, Option<&str>),
) -> f64 {
    let title = format!("News of {} {number} {}", std::process::id(), coding.unwrap_or("plain"));
    let piece = format!(
        "---\ntitle: {title}\nauthor: Desk {number}\nlanguage: en\ncategories: [Kenya]\ntags: [Subject {number}]\n---\n\n{}\n",
        magazine::words(9, 300)
    );
    let feeds = [
        "all",
        "region/africa",
        "region/africa/kenya",
        "source/magazine",
        "language/en",
        &format!("author/desk-{number}"),
        &format!("tag/subject-{number}"),
        "tag/kenya",
    ]
    .into_iter()
    .flat_map(|name| ["rss", "atom", "json"].map(|format| format!("/feeds/{name}.{format}")))
    .collect::<Vec<_>>();
    // They were read before, so they are to be up to date.
    for path in &feeds {
        get(router, path, coding).await;
    }
    fs::write(folder.join("articles").join(format!("{}.md", title.replace(' ', "-"))), piece)
        .unwrap();
    watch::visit(house, source).await.unwrap();
    let began = Instant::now();
    for path in &feeds {
        while !get(router, path, coding).await.contains(&title) {
            assert!(began.elapsed() < Duration::from_secs(20), "{path} never has it");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    began.elapsed().as_secs_f64() * 1e3
}

async fn get(router: &axum::Router, path: &str, coding: Option<&str>) -> String {
    let mut request = Request::get(path);
    if let Some(coding) = coding {
        request = request.header("accept-encoding", coding);
    }
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    if coding.is_none() {
        return String::from_utf8(body.to_vec()).unwrap();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    text
}

async fn fill(store: &Store, pieces: u64) {
    let mut tx = store.read().await.unwrap();
    let there = u64::try_from(articles::count(&mut tx).await.unwrap()).unwrap();
    drop(tx);
    let mut number = there;
    while number < pieces {
        let mut tx = store.write().await.unwrap();
        for _ in 0..20_000.min(pieces - number) {
            articles::insert(&mut tx, &fresh(number)).await.unwrap();
            number += 1;
        }
        tx.commit().await.unwrap();
        eprintln!("  {number} articles in the store");
    }
}

fn fresh(number: u64) -> articles::Fresh {
    let region = REGIONS[usize::try_from(number % 8).unwrap()];
    let text = magazine::words(number, 200);
    let card = Card {
        id: ArticleId(0),
        uid: identity::mint("bench", &number.to_string()),
        source: "bench".to_owned(),
        guid: number.to_string(),
        url: None,
        title: magazine::words(number, 8),
        authors: vec![format!("Desk {}", number % AUTHORS)],
        published: magazine::published(number),
        updated: magazine::published(number),
        language: "en".to_owned(),
        teaser: magazine::words(number + 5, 30),
        image: None,
        hints: vec![],
        regions: vec![RegionPath::parse(region).unwrap()],
        countries: vec![],
        region_origin: Origin::Category,
        credit: None,
        first_seen: magazine::published(number),
    };
    articles::Fresh {
        card,
        html: clean::from_text(&text),
        text,
        labels: vec![Label {
            kind: LabelKind::Tag,
            path: vec![format!("Subject {}", number % TAGS)],
        }],
        reasons: vec![],
        operator_region: None,
        hash: number.to_string(),
    }
}

/// Resident memory of a process, in MiB.
fn resident(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
