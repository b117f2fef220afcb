//! Opening, migrating, refusing, committing, copying.

use std::path::Path;

use gazetted::store::{Engine, Store, StoreError, Tx, articles, media};

use super::samples::{piece, t};
use crate::support::engines::run;
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_store_opens_again_with_what_was_committed,
    what_is_not_committed_never_happened,
    a_reader_sees_nothing_half_done,
    writers_wait_for_each_other,
    a_store_made_by_a_newer_program_is_refused,
    a_migration_that_was_edited_is_refused,
    a_database_of_somebody_else_is_refused_and_left_alone,
    a_closed_store_says_that_it_does_not_answer,
);

/// Changes a store behind the program's back.
async fn behind_its_back(database: &Database, statement: &str) {
    use sqlx::Connection;
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    match database.engine {
        Engine::Sqlite => {
            let url = format!("{}?mode=rwc", database.url);
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn refusal(database: &Database) -> String {
    match Store::open(&database.url).await {
        Err(StoreError::Refused(words)) => words,
        Err(other) => panic!("not refused, but: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

async fn a_store_opens_again_with_what_was_committed(database: Database) {
    let store = database.open().await;
    assert_eq!(store.engine(), database.engine);
    assert_eq!(store.file().is_some(), database.engine == Engine::Sqlite);
    let mut tx = store.write().await.unwrap();
    assert_eq!(tx.engine(), database.engine);
    articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    let store = database.open().await;
    store.ping().await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(articles::count(&mut tx).await.unwrap(), 1);
}

async fn what_is_not_committed_never_happened(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
    drop(tx);

    let mut tx = store.write().await.unwrap();
    assert_eq!(articles::count(&mut tx).await.unwrap(), 0);
    assert_eq!(articles::revision(&mut tx).await.unwrap(), 0, "the number was given back");
}

async fn a_reader_sees_nothing_half_done(database: Database) {
    let store = database.open().await;
    let mut writer = store.write().await.unwrap();
    articles::insert(&mut writer, &piece("1", &["asia"], t(1))).await.unwrap();

    let mut reader = store.read().await.unwrap();
    assert_eq!(articles::count(&mut reader).await.unwrap(), 0);
    drop(reader);
    writer.commit().await.unwrap();

    let mut reader = store.read().await.unwrap();
    assert_eq!(articles::count(&mut reader).await.unwrap(), 1);
}

async fn writers_wait_for_each_other(database: Database) {
    // Two sets of connections, as of a daemon and a command beside it.
    let stores = [database.open().await, database.open().await];
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = stores[number % 2].clone();
        writers.spawn(async move {
            let mut tx = store.write().await?;
            articles::insert(&mut tx, &piece(&number.to_string(), &["asia"], t(1))).await?;
            tx.commit().await
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap().unwrap();
    }

    let mut tx = stores[0].read().await.unwrap();
    assert_eq!(articles::count(&mut tx).await.unwrap(), 40);
    assert_eq!(articles::revision(&mut tx).await.unwrap(), 40);
}

async fn a_store_made_by_a_newer_program_is_refused(database: Database) {
    database.open().await.close().await;
    let copy = "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                select 99999, 'from the future', installed_on, success, checksum, execution_time \
                from _sqlx_migrations where version = 1";
    behind_its_back(&database, copy).await;

    let words = refusal(&database).await;

    assert!(words.contains("99999") && words.contains("newer gazetted"), "{words}");
}

async fn a_migration_that_was_edited_is_refused(database: Database) {
    database.open().await.close().await;
    let edit = match database.engine {
        Engine::Sqlite => "update _sqlx_migrations set checksum = x'00' where version = 1",
        Engine::Postgres => "update _sqlx_migrations set checksum = '\\x00' where version = 1",
    };
    behind_its_back(&database, edit).await;

    let words = refusal(&database).await;

    assert!(words.contains("schema version 1") && words.contains("[store] url"), "{words}");
}

async fn a_database_of_somebody_else_is_refused_and_left_alone(database: Database) {
    let database = match database.engine {
        Engine::Sqlite => database,
        Engine::Postgres => Database::empty_postgres().unwrap(),
    };
    let foreign = "create table articles (headline text); insert into articles values ('theirs');";
    behind_its_back(&database, foreign).await;

    let words = refusal(&database).await;

    assert!(words.contains("articles") && words.contains("database"), "{words}");
    behind_its_back(&database, "select headline from articles").await;
}

async fn a_closed_store_says_that_it_does_not_answer(database: Database) {
    let store = database.open().await;
    store.close().await;

    let error = store.ping().await.unwrap_err();

    assert!(error.is_passing(), "{error}");
    assert!(error.to_string().contains("does not answer"));
}

#[test]
fn postgres_is_brought_up_from_nothing() {
    let Some(database) = Database::empty_postgres() else { return };
    run(async {
        // Two machines that start together on an empty database.
        let (first, second) = tokio::join!(Store::open(&database.url), Store::open(&database.url));
        for store in [first.unwrap(), second.unwrap()] {
            let mut tx = store.write().await.unwrap();
            assert_eq!(articles::revision(&mut tx).await.unwrap(), 0);
        }
    });
}

#[test]
fn what_is_no_address_or_no_database_is_refused_with_a_remedy() {
    run(async {
        for url in ["", "gazetted.db", "mysql://x", "postgres://[", "sqlite:/proc/none/x.db"] {
            let error = Store::open(url).await.unwrap_err();
            assert!(!error.is_passing(), "{url}: {error}");
            assert!(matches!(error, StoreError::Refused(_)), "{url}: {error}");
        }
        let database = Database::sqlite();
        std::fs::write(database.file(), "this is a letter to my aunt, and no database ".repeat(99))
            .unwrap();
        let words = refusal(&database).await;
        assert!(words.contains("gazetted.db"), "{words}");
        let letter = std::fs::read_to_string(database.file()).unwrap();
        assert!(letter.starts_with("this is a letter"), "it is left alone");
    });
}

#[test]
fn a_server_that_is_not_there_may_come_back() {
    run(async {
        let error = Store::open("postgres://nobody@127.0.0.1:1/none").await.unwrap_err();
        assert!(error.is_passing(), "{error}");
    });
}

#[test]
fn a_backup_is_a_whole_store_while_a_writer_is_at_work() {
    run(async {
        let database = Database::sqlite();
        let store = database.open().await;
        let mut tx = store.write().await.unwrap();
        articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
        media::put(&mut tx, "x.png", "image/png", &vec![7; 100_000], None, t(1)).await.unwrap();
        tx.commit().await.unwrap();
        let mut writer = store.write().await.unwrap();
        articles::insert(&mut writer, &piece("2", &["asia"], t(1))).await.unwrap();

        let copy = database.folder().join("it's a copy.db");
        store.backup(&copy).await.unwrap();
        writer.commit().await.unwrap();

        let restored = Store::open(&format!("sqlite:{}", copy.display())).await.unwrap();
        let mut tx: Tx = restored.read().await.unwrap();
        assert_eq!(articles::count(&mut tx).await.unwrap(), 1);
        assert_eq!(media::get(&mut tx, "x.png").await.unwrap().unwrap().bytes.len(), 100_000);
        let again = store.backup(&copy).await.unwrap_err();
        assert!(again.to_string().contains("exists"), "{again}");
        assert!(store.backup(Path::new("/proc/none/x.db")).await.is_err());
    });
}

#[test]
fn postgres_is_not_backed_up_by_us() {
    let Some(database) = Database::postgres() else { return };
    run(async {
        let store = database.open().await;
        let error = store.backup(&database.folder().join("x")).await.unwrap_err();
        assert!(error.to_string().contains("pg_dump"), "{error}");
    });
}

/// As SQLite does when a disk is full.
#[test]
fn a_transaction_that_sqlite_took_back_by_itself_does_not_end_all_writing() {
    run(async {
        let database = Database::sqlite();
        let store = database.open().await;
        let mut tx = store.write().await.unwrap();
        articles::insert(&mut tx, &piece("1", &["asia"], t(1))).await.unwrap();
        let Tx::Sqlite(open) = &mut tx else { panic!("it is on SQLite") };
        sqlx::raw_sql("rollback").execute(&mut **open).await.unwrap();
        assert!(tx.commit().await.is_err());

        let mut tx = store.write().await.unwrap();
        articles::insert(&mut tx, &piece("2", &["asia"], t(2))).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = store.read().await.unwrap();
        assert_eq!(articles::count(&mut tx).await.unwrap(), 1);
    });
}
