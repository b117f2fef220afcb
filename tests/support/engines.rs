//! The two engines a test runs on: SQLite in a folder of its own, and a
//! database of its own in a PostgreSQL that the tests start themselves.

use std::path::{Path, PathBuf};

use gazetted::store::{Engine, Store};

use super::postgres;

/// A store of its own for one test. Gone when it is dropped.
pub struct Database {
    /// Which engine it is on.
    pub engine: Engine,
    /// What `[store] url` says.
    pub url: String,
    name: Option<String>,
    folder: tempfile::TempDir,
}

impl Database {
    /// An empty SQLite store.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("gazetted.db").display());
        Self { engine: Engine::Sqlite, url, name: None, folder }
    }

    /// A PostgreSQL store with the tables in it; `None`, with a loud word, if
    /// there is no PostgreSQL on this machine.
    pub fn postgres() -> Option<Self> {
        Self::on_cluster(postgres::Start::WithTables)
    }

    /// A PostgreSQL database with nothing in it.
    pub fn empty_postgres() -> Option<Self> {
        Self::on_cluster(postgres::Start::Empty)
    }

    fn on_cluster(start: postgres::Start) -> Option<Self> {
        let cluster = postgres::cluster()?;
        let name = cluster.create(start);
        let url = cluster.url(&name);
        let folder = tempfile::tempdir().unwrap();
        Some(Self { engine: Engine::Postgres, url, name: Some(name), folder })
    }

    /// Opens it; each call has connections of its own.
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A folder for whatever else the test needs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database file, on SQLite.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("gazetted.db")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let (Some(name), Some(cluster)) = (&self.name, postgres::cluster()) {
            cluster.remove(name);
        }
    }
}

/// Makes two tests of each `async fn scenario(Database)` named here, one for
/// each engine: `NAME::sqlite` and `NAME::postgres`.
macro_rules! on_both_engines {
    ($($scenario:ident),* $(,)?) => {$(
        mod $scenario {
            #[test]
            fn sqlite() {
                $crate::support::engines::run(async {
                    super::$scenario($crate::support::Database::sqlite()).await;
                });
            }

            #[test]
            fn postgres() {
                if let Some(database) = $crate::support::Database::postgres() {
                    $crate::support::engines::run(super::$scenario(database));
                }
            }
        }
    )*};
}
pub(crate) use on_both_engines;

/// Runs one scenario. One that hangs is ended with a word instead of hanging
/// the whole run; the limit is far beyond what any of them takes.
pub fn run(scenario: impl Future<Output = ()>) {
    run_within(std::time::Duration::from_mins(5), scenario);
}

/// The same with a limit of its own.
pub fn run_within(limit: std::time::Duration, scenario: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(limit, scenario).await.expect("the scenario came to its end");
    });
}
