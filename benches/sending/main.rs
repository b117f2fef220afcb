//! How fast mail leaves the house, beside Postfix's own client in the same
//! run and into the same sink. `BENCHMARKS.md` says how to read it.
//!
//! `cargo bench --bench sending -- [SCENARIO…] [--runs N] [--recipients N]
//! [--connections N] [--words N]`; the scenarios are `fast`, `sink`, `transport`,
//! `signed`, `far`, `signature`, `disk`, and `million`, which is only run when named.

mod figures;
mod magazine;
mod million;
mod postfix;
mod proxy;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::daemon::assemble;
use gazetted::delivery::transition::State;
use gazetted::delivery::{Envelope, Mailer, Offer, Outcome};
use gazetted::digest::slot::Slot;
use gazetted::flow::compile::{self, Occasion};
use gazetted::flow::deliver::{self, Until, post};
use gazetted::flow::{House, issue};
use gazetted::store::deliveries;
use gazetted::subscriber::Address;
use tokio::sync::watch;

use figures::{median, own_time, spread};
use magazine::{Magazine, Plan};

const SCENARIOS: [&str; 7] = ["disk", "signature", "transport", "fast", "sink", "signed", "far"];

/// Takes minutes: only when it is named.
const LONG: &str = "million";

/// Numbers of sessions that `smtp-source` is tried with.
const SESSIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];

struct Options {
    scenarios: Vec<String>,
    runs: usize,
    recipients: u32,
    connections: usize,
    words: usize,
    no_baseline: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "sink") {
        return sink::main();
    }
    // `cargo test --benches` starts this too; only `cargo bench` says so.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured: run `cargo bench --bench sending`");
        return;
    }
    let options = read(&arguments);
    if postfix::program("smtp-source").is_none() || postfix::program("smtp-sink").is_none() {
        eprintln!(
            "sending: Postfix's smtp-source and smtp-sink are missing; install `postfix`. Nothing is measured."
        );
        std::process::exit(1);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(measure(options));
}

fn read(arguments: &[String]) -> Options {
    let mut options = Options {
        scenarios: vec![],
        runs: 5,
        recipients: 20_000,
        connections: 64,
        words: 9,
        no_baseline: false,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            words.next().and_then(|text| text.parse::<u32>().ok()).unwrap_or_else(|| {
                eprintln!("sending: a number comes after {word}");
                std::process::exit(2)
            })
        };
        match word.as_str() {
            "--bench" => {}
            "--runs" => options.runs = number() as usize,
            "--recipients" => options.recipients = number(),
            "--connections" => options.connections = number() as usize,
            "--words" => options.words = number() as usize,
            "--no-baseline" => options.no_baseline = true,
            name if SCENARIOS.contains(&name) || name == LONG => {
                options.scenarios.push(name.to_owned());
            }
            other => {
                eprintln!("sending: `{other}` is none of: {}", SCENARIOS.join(", "));
                std::process::exit(2);
            }
        }
    }
    if options.scenarios.is_empty() {
        options.scenarios = SCENARIOS.map(str::to_owned).to_vec();
    }
    options
}

async fn measure(options: Options) {
    println!("machine: {}", figures::machine());
    if options.scenarios == [LONG] {
        return million::measure(options.connections).await;
    }
    let magazine = Magazine::new(options.recipients, 30, options.words).await;
    let message = message(&magazine, false).await;
    println!(
        "{} recipients, {} runs, message of {} bytes, up to {} connections\n",
        options.recipients,
        options.runs,
        std::fs::metadata(&message).map_or(0, |data| data.len()),
        options.connections
    );
    for scenario in &options.scenarios {
        println!("== {scenario}");
        match scenario.as_str() {
            "disk" => disk(&magazine),
            "signature" => {
                signature(&magazine);
            }
            "transport" => transport(&magazine, &options, &message).await,
            LONG => million::measure(options.connections).await,
            "far" => far(&magazine, &options).await,
            "sink" => whole(&magazine, &options, &message, Into::Postfix, false).await,
            "signed" => whole(&magazine, &options, &message, Into::Postfix, true).await,
            _ => whole(&magazine, &options, &message, Into::Fast, false).await,
        }
        println!();
    }
}

/// One mail of the digest, as `smtp-source` wants it: without CR.
async fn message(magazine: &Magazine, signed: bool) -> PathBuf {
    let bytes = mail(magazine, signed).await;
    let file = magazine.path("message.eml");
    let text = String::from_utf8(bytes).expect("a mail is ASCII").replace("\r\n", "\n");
    std::fs::write(&file, text).expect("a file");
    file
}

async fn mail(magazine: &Magazine, signed: bool) -> Vec<u8> {
    let house = magazine.fresh(Plan { port: 25, connections: 1, signed }).await;
    let settings = house.settings();
    let digest = &settings.digests[0];
    let pieces = compile::draft(&house, digest, house.now()).await.expect("the store answers");
    let slot = Slot::at(house.now(), chrono_tz::UTC);
    let frame = issue::Issue::of(&settings, digest, slot, &pieces, &settings.tree);
    let (mut edition, _) = post::single(house.now(), &frame.title, empty());
    edition.digest.clone_from(&digest.name);
    let variant = compile::whole(&house, &frame, &edition, &pieces).expect("the template works");
    assert_eq!(variant.pieces, 30, "the digest has thirty pieces");
    let address = Address::parse("reader@example.org").expect("an address");
    let mail = post::preview(&house, &edition, &variant, &address).expect("a mail");
    house.store.close().await;
    mail
}

fn empty() -> gazetted::template::Rendered {
    gazetted::template::Rendered {
        subject: String::new(),
        html: String::new(),
        text: String::new(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Into {
    Fast,
    Postfix,
}

enum Running {
    Fast(sink::Sink),
    Postfix(postfix::Sink),
}

impl Running {
    fn start(into: Into) -> Self {
        match into {
            Into::Fast => Self::Fast(sink::Sink::start()),
            Into::Postfix => Self::Postfix(postfix::Sink::start()),
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Fast(sink) => sink.port,
            Self::Postfix(sink) => sink.port,
        }
    }

    /// Ends it, and sees that the mails came if it counts.
    fn stop(self, mails: u32) {
        if let Self::Fast(sink) = self {
            let seen = sink.stop();
            assert!(seen == u64::from(mails), "{mails} mails were sent, {seen} came");
        }
    }
}

/// `smtp-source` with the number of sessions it does best with.
fn best_sessions(into: Into, message: &std::path::Path, mails: u32) -> usize {
    let mut best = (0, 0.0);
    for sessions in SESSIONS {
        let sink = Running::start(into);
        let rate =
            f64::from(mails) / postfix::source(sink.port(), message, sessions, mails).as_secs_f64();
        sink.stop(mails);
        println!("smtp-source with {sessions} sessions: {rate:.0}/s");
        if rate > best.1 {
            best = (sessions, rate);
        }
    }
    best.0
}

async fn whole(
    magazine: &Magazine,
    options: &Options,
    message: &std::path::Path,
    into: Into,
    signed: bool,
) {
    let mails = options.recipients;
    let sessions = if options.no_baseline { 0 } else { best_sessions(into, message, mails) };
    let (mut theirs, mut ours, mut ratios, mut costs, mut queued) =
        (vec![], vec![], vec![], vec![], vec![]);
    let kernel = if signed { signature(magazine) } else { 0.0 };
    for _ in 0..options.runs {
        let base = if options.no_baseline {
            f64::NAN
        } else {
            let sink = Running::start(into);
            let took = postfix::source(sink.port(), message, sessions, mails);
            sink.stop(mails);
            f64::from(mails) / took.as_secs_f64()
        };
        let sink = Running::start(into);
        let plan = Plan { port: sink.port(), connections: options.connections, signed };
        let run = run(magazine, plan, mails).await;
        sink.stop(mails);
        let rate = f64::from(mails) / run.took.as_secs_f64();
        theirs.push(base);
        ours.push(rate);
        ratios.push(rate / base);
        costs.push(run.used.as_secs_f64() * 1e6 / f64::from(mails));
        queued.push(run.queued.as_secs_f64() * 1e3);
    }
    println!("smtp-source, {sessions} sessions: {} mails/s", spread(&theirs));
    println!("gazetted, edition frozen to last `sent` durable: {} mails/s", spread(&ours));
    println!("  all deliveries written after {} ms", spread(&queued));
    println!("  processor: {} µs a mail", spread(&costs));
    println!("ratio: {}", spread(&ratios));
    if signed {
        println!("RSA kernel: {:.2} of gazetted's processor time", kernel / median(&costs));
    }
}

struct Run {
    took: Duration,
    queued: Duration,
    used: Duration,
}

/// From the frozen edition to the last `sent` in the store.
async fn run(magazine: &Magazine, plan: Plan, mails: u32) -> Run {
    let house = magazine.fresh(plan).await;
    let settings = house.settings();
    let sending = assemble::sending(&house, &assemble::mailer_of(&house), "bench")
        .expect("the config has [mail]");
    deliver::beat_once(&house, "bench", "once").await.expect("the store answers");
    let (_ending, stop) = watch::channel(false);
    let now = house.now();
    let before = own_time();
    let began = Instant::now();
    let edition = compile::make(
        &house,
        &settings.digests[0],
        Slot::at(now, chrono_tz::UTC),
        now,
        Occasion::Operator,
    )
    .await
    .expect("the store answers")
    .expect("there is something new");
    let id = edition.id;
    let queueing = async {
        compile::queue(&house, edition).await.expect("the store answers");
        began.elapsed()
    };
    // As a task, for so it is in the daemon.
    let running = tokio::spawn(deliver::run(sending, Until::Settled(id), stop));
    let (queued, ended) = tokio::join!(queueing, running);
    ended.expect("sending does not panic");
    let took = began.elapsed();
    let used = own_time().saturating_sub(before);
    check(&house, id, mails).await;
    house.store.close().await;
    Run { took, queued, used }
}

async fn check(house: &House, edition: i64, mails: u32) {
    let mut tx = house.store.read().await.expect("the store answers");
    let counts = deliveries::counts(&mut tx, edition).await.expect("the store answers");
    let all: Vec<(State, i64)> = vec![(State::Sent, i64::from(mails))];
    assert_eq!(counts, all, "every mail is sent");
}

/// The connections alone, without a ledger, each body made beforehand.
async fn transport(magazine: &Magazine, options: &Options, message: &std::path::Path) {
    let mails = options.recipients;
    let sessions = if options.no_baseline { 0 } else { best_sessions(Into::Fast, message, mails) };
    let body: Arc<Vec<u8>> = Arc::new(mail(magazine, false).await);
    let (mut theirs, mut ours, mut ratios) = (vec![], vec![], vec![]);
    let best = {
        let mut best = (8, 0.0);
        for connections in [2, 4, 8, 16, 32, 64] {
            let rate = connections_alone(&body, connections, mails).await;
            println!("gazetted with {connections} connections: {rate:.0}/s");
            if rate > best.1 {
                best = (connections, rate);
            }
        }
        best.0
    };
    for _ in 0..options.runs {
        let base = if options.no_baseline {
            f64::NAN
        } else {
            let sink = Running::start(Into::Fast);
            let took = postfix::source(sink.port(), message, sessions, mails);
            sink.stop(mails);
            f64::from(mails) / took.as_secs_f64()
        };
        let rate = connections_alone(&body, best, mails).await;
        theirs.push(base);
        ours.push(rate);
        ratios.push(rate / base);
    }
    println!("smtp-source, {sessions} sessions: {} mails/s", spread(&theirs));
    println!("gazetted's transport alone, {best} connections: {} mails/s", spread(&ours));
    println!("ratio: {}", spread(&ratios));
}

async fn connections_alone(body: &Arc<Vec<u8>>, connections: usize, mails: u32) -> f64 {
    let sink = Running::start(Into::Fast);
    let server = gazetted::delivery::smtp::Server {
        host: "127.0.0.1".to_owned(),
        port: sink.port(),
        tls: gazetted::delivery::smtp::Tls::StartTls,
    };
    let mailer = Arc::new(gazetted::delivery::smtp::Smtp::new(server, None, "news.example.org"));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..u32::try_from(connections).unwrap_or(1) {
        let many = u32::try_from(connections).unwrap_or(1);
        let share = mails / many + u32::from(connection < mails % many);
        let (mailer, body) = (Arc::clone(&mailer), Arc::clone(body));
        tasks.spawn(async move {
            let envelope = Envelope::new("bounce+abcdefgh@news.example.org", "reader@example.org")
                .expect("an envelope");
            let mut session = mailer.open().await.expect("the sink takes connections");
            let mut offer = session.offer(&envelope).await;
            for number in 1..=share {
                assert_eq!(offer, Offer::Accepted);
                let next = (number < share).then_some(&envelope);
                let (outcome, answer) = session.hand_over(&body, next).await;
                assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
                offer = answer.unwrap_or(Offer::Accepted);
            }
            session.close().await;
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("a connection does not panic");
    }
    let took = began.elapsed();
    sink.stop(mails);
    f64::from(mails) / took.as_secs_f64()
}

/// Round trips a mail to a relay that is 10 ms away each way.
async fn far(magazine: &Magazine, options: &Options) {
    let connections = 8;
    let way = Duration::from_millis(10);
    let small = Magazine::new(800, 30, options.words).await;
    let mut trips = vec![];
    for _ in 0..options.runs {
        let sink = sink::Sink::start();
        let port = proxy::start(sink.port, way);
        let run = run(&small, Plan { port, connections, signed: false }, 800).await;
        let seen = sink.stop();
        assert_eq!(seen, 800);
        let each =
            run.took.as_secs_f64() * f64::from(u32::try_from(connections).unwrap_or(1)) / 800.0;
        trips.push(each / (2.0 * way.as_secs_f64()));
    }
    let _ = magazine;
    println!("round trips of 20 ms a mail and connection, greeting included: {}", spread(&trips));
}

/// Microseconds of one RSA-2048 and one Ed25519 signature, alone.
fn signature(magazine: &Magazine) -> f64 {
    use gazetted::delivery::dkim::{Signer, Signers};
    let mut rsa = 0.0;
    for selector in ["rsa", "ed"] {
        let pem =
            std::fs::read_to_string(magazine.path(&format!("{selector}.pem"))).expect("a key");
        let key = gazetted::secret::Secret::new(pem);
        let signers =
            Signers::new(vec![Signer::new("news.example.org", selector, &key).expect("a key")]);
        let mut mail = vec![];
        signers.reserve(&mut mail);
        mail.extend_from_slice(b"From: a@example.org\r\n\r\nx\r\n");
        let before = own_time();
        let count = 8_000;
        for _ in 0..count {
            signers.sign(&mut mail).expect("it signs");
        }
        let each = own_time().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(count);
        println!("one {selector} signature of next to nothing: {each:.1} µs");
        if selector == "rsa" {
            rsa = each;
        }
    }
    rsa
}

/// How long it takes until a small write is on the disk.
fn disk(magazine: &Magazine) {
    use std::io::Write;
    let path = magazine.path("disk");
    let mut file = std::fs::File::create(&path).expect("a file");
    let mut waits = vec![];
    for _ in 0..500 {
        file.write_all(&[7; 4096]).expect("room on the disk");
        let began = Instant::now();
        file.sync_data().expect("a disk");
        waits.push(began.elapsed().as_secs_f64() * 1e6);
    }
    println!("fdatasync after 4 KiB: median {:.0} µs", median(&waits));
    let _ = std::fs::remove_file(path);
}
