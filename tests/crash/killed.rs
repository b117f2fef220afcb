//! The built program, killed and stopped at random moments of a run.
//!
//! `cargo test` does it a few times. The figures of `BENCHMARKS.md` come from
//!
//! ```text
//! GAZETTED_KILLS=100 GAZETTED_STOPS=20 GAZETTED_READERS=10000 \
//!     cargo test crash::killed -- --nocapture --test-threads 1
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Toll, asked};
use crate::support::Database;
use crate::support::dice::Dice;
use crate::support::engines::{run, run_within};
use crate::support::postbox::Postbox;
use crate::support::program::{Daemon, Program};

const CONNECTIONS: usize = 8;
/// How long the relay thinks about each mail: most are killed while it does.
const THINKS: Duration = Duration::from_millis(20);
/// The same while a daemon starts again.
const LINGERS: Duration = Duration::from_millis(500);
/// A slot every second: the first makes the edition, the others find nothing new.
const DIGEST: &str = "title = \"The day\"\nschedule = \"* * * * * *\"\nfirst_covers = \"3650d\"\n";

/// How a daemon is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// `kill -9`.
    Kill,
    /// SIGTERM.
    Stop,
}

/// What a run is.
struct Plan {
    /// Daemons at once.
    machines: usize,
    /// How one of them is ended, again and again.
    end: End,
    /// So often.
    times: usize,
    /// For so many readers.
    readers: usize,
    /// `[delivery] on_uncertain`.
    on_uncertain: &'static str,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    doubles: usize,
    unreached: usize,
    /// Rows by state.
    counts: Value,
}

#[test]
fn a_run_killed_at_random_moments_reaches_everybody() {
    let times = asked("GAZETTED_KILLS", 4);
    let readers = asked("GAZETTED_READERS", 400);
    let plan = Plan { machines: 1, end: End::Kill, times, readers, on_uncertain: "resend" };

    let outcome = play(&Database::sqlite(), &plan);

    assert_eq!((outcome.unreached, &outcome.counts["sent"]), (0, &readers.into()));
    assert!(outcome.doubles <= times * CONNECTIONS, "{outcome:?}");
}

#[test]
fn a_run_stopped_at_random_moments_reaches_everybody_once() {
    let times = asked("GAZETTED_STOPS", 3);
    let readers = asked("GAZETTED_READERS", 300);
    let plan = Plan { machines: 1, end: End::Stop, times, readers, on_uncertain: "resend" };

    let outcome = play(&Database::sqlite(), &plan);

    assert_eq!((outcome.unreached, outcome.doubles), (0, 0), "{outcome:?}");
    assert_eq!(outcome.counts["sent"], readers);
}

#[test]
fn what_was_in_doubt_is_held_and_listed_if_the_operator_wants() {
    let times = asked("GAZETTED_KILLS", 3);
    let readers = asked("GAZETTED_READERS", 300);
    let plan = Plan { machines: 1, end: End::Kill, times, readers, on_uncertain: "hold" };

    let outcome = play(&Database::sqlite(), &plan);

    // Held are also those whose body never left: the ledger cannot know.
    let held = outcome.counts["held"].as_u64().unwrap();
    assert_eq!(outcome.doubles, 0, "{outcome:?}");
    assert!(outcome.unreached as u64 <= held, "{outcome:?}");
    assert!(held <= (times * CONNECTIONS) as u64, "{outcome:?}");
    assert_eq!(outcome.counts["sent"].as_u64().unwrap() + held, readers as u64);
}

/// A dead machine is noticed after 30 seconds by the real clock: too long for
/// every day. `flow::machines` does the same with a clock that is turned.
#[test]
fn one_of_two_machines_is_killed_again_and_again_in_the_long_run() {
    let times = asked("GAZETTED_KILLS", 0);
    let Some(database) = (times > 0).then(Database::postgres).flatten() else { return };
    let readers = asked("GAZETTED_READERS", 400);
    let plan = Plan { machines: 2, end: End::Kill, times, readers, on_uncertain: "resend" };

    let outcome = play(&database, &plan);

    assert_eq!((outcome.unreached, &outcome.counts["sent"]), (0, &readers.into()));
    assert!(outcome.doubles <= times * CONNECTIONS, "{outcome:?}");
}

/// The largest file that a process may write, in bytes; a disk that is full, but
/// for this process only.
fn limit_files(process: u32, bytes: &str) {
    let limit = ["--pid", &process.to_string(), &format!("--fsize={bytes}:unlimited")];
    assert!(Command::new("prlimit").args(limit).status().unwrap().success());
}

#[test]
fn a_disk_that_was_full_for_a_while_leaves_nobody_out() {
    let readers = 200;
    let plan = Plan { machines: 1, end: End::Stop, times: 0, readers, on_uncertain: "resend" };
    let (database, postbox) = (Database::sqlite(), Postbox::open());
    postbox.answer_after(THINKS);
    let program = magazine(&database, &postbox, &plan);
    // A write beyond the limit is to fail, and not to end the process.
    let shell = ["-c".to_owned(), "trap '' XFSZ; exec \"$0\" \"$@\"".to_owned()];
    let daemon = Daemon::start(program.under("sh", &shell));

    run(async {
        postbox.wait(|mails| mails.len() >= 20).await;
        limit_files(daemon.process(), "1");
        daemon.wait_for("cannot be written");
        let reached = postbox.reached();
        limit_files(daemon.process(), "unlimited");
        assert!(reached < readers, "it was over");
        while shown(&program)["state"] != "done" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        end(daemon, End::Stop);
    });

    let outcome = verdict(&program, &postbox, &plan);
    assert_eq!((outcome.unreached, outcome.doubles), (0, 0), "{outcome:?}");
}

/// Runs a plan to its end: an edition goes out, while daemons die.
fn play(database: &Database, plan: &Plan) -> Outcome {
    let dice = Dice::of_this_run();
    let postbox = Postbox::open();
    postbox.answer_after(THINKS);
    let program = magazine(database, &postbox, plan);
    let share = plan.readers / (plan.times + 1);
    let mut slowest_start = Duration::ZERO;
    let limit =
        Duration::from_mins(5) + Duration::from_secs(15) * u32::try_from(plan.times).unwrap();
    run_within(limit, async {
        let mut daemons: Vec<Daemon> = (0..plan.machines).map(|_| program.serve()).collect();
        for time in 0..plan.times {
            let before = postbox.count();
            let started = Instant::now();
            // Never faster than what leaves something for the last one; often
            // before the first mail.
            let pace = plan.readers * (time + 1) / (plan.times + 2);
            let enough = (before + dice.below(2 * share)).min(pace);
            if enough > before {
                postbox.wait(|mails| mails.len() > before).await;
                slowest_start = slowest_start.max(started.elapsed());
                postbox.wait(|mails| mails.len() >= enough).await;
            }
            tokio::time::sleep(Duration::from_millis(dice.below(40) as u64)).await;
            let daemon = daemons.remove(dice.below(daemons.len()));
            end(daemon, plan.end);
            // Every end falls into the run: else it would prove nothing.
            assert!(postbox.reached() < plan.readers, "it was over: {dice:?}");
            // Another machine is not to finish the run while this one starts.
            postbox.answer_after(LINGERS);
            daemons.push(program.serve());
            postbox.answer_after(THINKS);
        }
        let settled = async || shown(&program)["state"] == "done";
        while !settled().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for daemon in daemons {
            end(daemon, End::Stop);
        }
    });
    let outcome = verdict(&program, &postbox, plan);
    println!(
        "{} × {:?} of {} on {:?}, {}: {outcome:?}, slowest start {slowest_start:?}, {dice:?}",
        plan.times, plan.end, plan.machines, database.engine, plan.on_uncertain
    );
    outcome
}

fn end(daemon: Daemon, how: End) {
    match how {
        End::Kill => daemon.kill(),
        End::Stop => {
            let (code, log) = daemon.stop();
            assert_eq!(code, 0, "{log}");
        }
    }
}

/// A magazine with two pieces, a digest that is due at once, and readers.
fn magazine(database: &Database, postbox: &Postbox, plan: &Plan) -> Program {
    let folder = database.folder();
    let articles = folder.join("articles");
    fs::create_dir(&articles).unwrap();
    for (name, place) in [("dam", "Egypt"), ("ferry", "Germany")] {
        let piece = format!(
            "---\ntitle: The {name}\ndate: 2026-01-05\ncategories: [{place}]\n---\n\nThere is a {name}.\n"
        );
        fs::write(articles.join(format!("{name}.md")), piece).unwrap();
    }
    let config = format!(
        "[site]\ntitle = \"The Meridian Review\"\nurl = \"https://news.example.org\"\n\
         [server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{}\"\n\
         [[source]]\nname = \"magazine\"\nkind = \"directory\"\npath = \"articles\"\n\
         [mail]\nfrom = \"digest@news.example.org\"\ntransport = \"smtp://{}\"\nconnections = {CONNECTIONS}\n\
         [delivery]\non_uncertain = \"{}\"\n[[digest]]\nname = \"daily\"\n{DIGEST}",
        database.url,
        postbox.address(),
        plan.on_uncertain
    );
    let program = Program::new(folder, &config);
    let mut csv = String::from("email\n");
    for n in 0..plan.readers {
        let _ = writeln!(csv, "{}", reader(n));
    }
    fs::write(folder.join("readers.csv"), csv).unwrap();
    program.run(&["ingest"]).good();
    program.run(&["subscribers", "import", "readers.csv"]).good();
    program
}

fn reader(n: usize) -> String {
    format!("r{n}@example.org")
}

/// `editions show` of the only edition.
fn shown(program: &Program) -> Value {
    let editions = program.run(&["editions", "list", "--json"]).good().json();
    assert!(editions.len() <= 1, "one edition: {editions:?}");
    let Some(edition) = editions.first() else { return Value::Null };
    program.run(&["editions", "show", &edition["id"].to_string(), "--json"]).good().object()
}

/// What the relay got, against what the program says about it.
fn verdict(program: &Program, postbox: &Postbox, plan: &Plan) -> Outcome {
    let mails = postbox.mails();
    let toll = Toll::of(&mails);
    let shown = shown(program);
    let mut doubts = HashMap::new();
    for line in shown["trouble"].as_array().unwrap() {
        let email = line["email"].as_str().unwrap().to_owned();
        let state = line["state"].as_str().unwrap();
        assert!(state == "held" || toll.reached(&email), "{line}");
        doubts.insert(email, line["doubts"].as_i64().unwrap());
    }
    let doubtful = doubts.values().filter(|times| **times > 0).count();
    assert_eq!(shown["doubts"], doubtful, "{}", shown["counts"]);
    let unreached = (0..plan.readers).filter(|n| !toll.reached(&reader(*n))).count();
    assert_eq!(toll.0.len() + unreached, plan.readers, "a stranger got a mail");
    Outcome { doubles: toll.doubles(&doubts), unreached, counts: shown["counts"].clone() }
}
