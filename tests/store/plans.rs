//! Statements that run often, or over much, are answered from an index. Their
//! texts are heard as they run, so what is explained is what the program says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use gazetted::article::ArticleId;
use gazetted::store::articles::{self, Filter};
use gazetted::store::claim::{self, InDoubt};
use gazetted::store::deliveries::Note;
use gazetted::store::{Engine, Store, deliveries, editions, subscribers};
use sqlx::{AssertSqlSafe, Connection, Row};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::samples::{piece, region, sending, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(hot_statements_use_an_index);

/// Hears the texts of statements while it is told to.
struct Ear;

static LISTENING: AtomicBool = AtomicBool::new(false);
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// One test listens at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl<S: tracing::Subscriber> Layer<S> for Ear {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        LISTENING.load(Ordering::SeqCst) && metadata.target() == "sqlx::query"
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if matches!(field.name(), "db.statement" | "summary") {
                    self.record_str(field, &format!("{value:?}"));
                }
            }
            fn record_str(&mut self, field: &Field, value: &str) {
                // A short statement stands in the summary, a long one is spelled out.
                if (field.name() == "db.statement" || self.0.is_empty()) && !value.is_empty() {
                    value.clone_into(&mut self.0);
                }
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        let statement = text.0.split_whitespace().collect::<Vec<_>>().join(" ");
        HEARD.lock().unwrap().push(statement);
    }
}

fn listen() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let ears = tracing_subscriber::registry().with(Ear);
        tracing::subscriber::set_global_default(ears).expect("no other test listens");
    });
}

/// What each statement must begin with (to be found) and may not walk.
const HOT: [(&str, &[&str]); 17] = [
    ("update deliveries set state = 'sent', reply = noted.words", &["deliveries"]),
    ("select edition_id, subscriber_id, attempt from deliveries, (select", &["deliveries"]),
    ("select id, uid, email, name, standing from subscribers where id in", &["subscribers"]),
    ("update deliveries set state = 'claimed', instance", &["deliveries"]),
    ("select min(due) from deliveries", &["deliveries"]),
    ("update deliveries set state = 'handing'", &["deliveries", "subscribers", "editions"]),
    (
        "update deliveries set state = 'queued', instance = null, changed = $1 where state =",
        &["deliveries"],
    ),
    ("update deliveries set state = 'expired', instance = null, tries", &["deliveries"]),
    ("update deliveries set state = 'queued', instance = null, tries", &["deliveries"]),
    ("update editions set state = 'done'", &["editions", "deliveries"]),
    (
        "select id, uid, digest, slot, number, state, frozen, settled, title, frame, compiled_to from editions where state in",
        &["editions"],
    ),
    (
        "select a.id, a.uid, a.source, a.guid, a.url, a.title, a.authors, a.published, a.updated, a.language, a.teaser, a.image, a.hints, a.regions, a.countries, a.region_origin, a.credit, a.first_seen from articles a where a.withdrawn is null and a.published",
        &["articles", "a"],
    ),
    (
        "select a.id, a.uid, a.source, a.guid, a.url, a.title, a.authors, a.published, a.updated, a.language, a.teaser, a.image, a.hints, a.regions, a.countries, a.region_origin, a.credit, a.first_seen from article_regions s",
        &["article_regions", "articles", "s", "a"],
    ),
    (
        "select a.id, a.uid, a.source, a.guid, a.url, a.title, a.authors, a.published, a.updated, a.language, a.teaser, a.image, a.hints, a.regions, a.countries, a.region_origin, a.credit, a.first_seen from article_authors s",
        &["article_authors", "articles", "s", "a"],
    ),
    (
        "select id, hash, withdrawn, operator_region, published, updated from articles",
        &["articles"],
    ),
    ("select a.id from articles a where a.id >", &["articles", "a", "edition_articles", "e"]),
    (
        "select id, uid, email, name, standing, regions, timezone, language, digests, consent, attributes, created from subscribers where standing = 'active'",
        &["subscribers"],
    ),
];

async fn hot_statements_use_an_index(database: Database) {
    let store = database.open().await;
    let turn = TURN.lock().await;
    listen();
    LISTENING.store(true, Ordering::SeqCst);
    run_all(&store).await;
    LISTENING.store(false, Ordering::SeqCst);
    let heard: Vec<String> = std::mem::take(&mut *HEARD.lock().unwrap());
    drop(turn);
    store.close().await;

    for (beginning, tables) in HOT {
        // Another engine may be listening too: its claim is another text.
        let foreign =
            |text: &str| text.contains("skip locked") != (database.engine == Engine::Postgres);
        let claims = beginning.contains("state = 'claimed', instance");
        let statement = heard
            .iter()
            .find(|text| text.starts_with(beginning) && !(claims && foreign(text)))
            .unwrap_or_else(|| panic!("nobody says {beginning}: {heard:#?}"));
        let plan = explain(&database, statement).await;
        for table in tables {
            let walks = plan.lines().find(|line| walks(line, table));
            assert!(walks.is_none(), "{statement}\nwalks {table}:\n{plan}");
        }
    }
}

/// Does this step of a plan look at every row? An index that holds only the
/// rows in question may be walked.
fn walks(step: &str, table: &str) -> bool {
    const PARTIAL: [&str; 5] = [
        "deliveries_due",
        "deliveries_held",
        "editions_open",
        "articles_published",
        "subscribers_active",
    ];
    [format!("SCAN {table}"), format!("Seq Scan on {table}")].iter().any(|walk| {
        step.split(walk.as_str()).nth(1).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                && !PARTIAL.iter().any(|index| rest.contains(index))
        })
    })
}

/// Runs each of the hot statements once.
async fn run_all(store: &Store) {
    let (edition, _) = sending(store, 1, 3).await;
    let mut tx = store.write().await.unwrap();
    articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
    articles::known(&mut tx, "magazine", "1").await.unwrap();
    for filter in [
        Filter::default(),
        Filter { region: Some(region("asia")), ..Filter::default() },
        Filter { author: Some("asia-desk".to_owned()), ..Filter::default() },
    ] {
        articles::list(&mut tx, &filter, 9).await.unwrap();
    }
    editions::candidates(&mut tx, "daily", t(0), ArticleId(0), 9).await.unwrap();
    editions::open(&mut tx).await.unwrap();
    subscribers::active(&mut tx, 0, 9).await.unwrap();
    claim::next_due(&mut tx, edition).await.unwrap();
    let claims = claim::claim(&mut tx, edition, "here", t(99), 1).await.unwrap();
    let ticket = claims[0].ticket;
    deliveries::notes(&mut tx, &[(ticket, &Note::Handing)], t(99)).await.unwrap();
    let sent = Note::Sent { reply: String::new() };
    deliveries::notes(&mut tx, &[(ticket, &sent)], t(99)).await.unwrap();
    deliveries::notes(&mut tx, &[(ticket, &Note::Handing)], t(99)).await.unwrap();
    claim::sweep(&mut tx, InDoubt::Resend { max_tries: 9 }, t(99)).await.unwrap();
    editions::settle(&mut tx, edition, t(99)).await.unwrap();
    tx.commit().await.unwrap();
}

/// The plan of a statement, a step a line.
async fn explain(database: &Database, statement: &str) -> String {
    let parameters = (1..=30).rev().find(|n| statement.contains(&format!("${n}"))).unwrap_or(0);
    let mut steps = vec![];
    match database.engine {
        Engine::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
            let question = AssertSqlSafe(format!("explain query plan {statement}"));
            let mut query = sqlx::query(question);
            for _ in 0..parameters {
                query = query.bind(None::<i64>);
            }
            for row in query.fetch_all(&mut connection).await.unwrap() {
                steps.push(row.get::<String, _>("detail"));
            }
        }
        Engine::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
            // The tables are nearly empty: there a walk would be right.
            let nulls = match parameters {
                0 => String::new(),
                some => format!("({})", vec!["null"; some].join(", ")),
            };
            let question = format!(
                "set enable_seqscan = off; set plan_cache_mode = force_generic_plan; prepare hot as {statement}"
            );
            sqlx::raw_sql(AssertSqlSafe(question)).execute(&mut connection).await.unwrap();
            let question = AssertSqlSafe(format!("explain execute hot{nulls}"));
            for row in sqlx::raw_sql(question).fetch_all(&mut connection).await.unwrap() {
                steps.push(row.get::<String, _>(0));
            }
        }
    }
    steps.join("\n")
}
