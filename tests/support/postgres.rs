//! One PostgreSQL for the whole test run, in a folder of its own, on a Unix
//! socket. A guardian starts it and ends it when the test process is gone,
//! however that ended: it reads from a pipe that only the test process holds.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};

use sqlx::Connection;

/// The guardian. `$1` is where the programs are, `$2` the folder.
const GUARDIAN: &str = r#"
set -e
trap '' INT HUP TERM
end() { "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$2"; }
"$1/initdb" -D "$2/data" -U gazetted -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 || { cat "$2/log"; rm -rf "$2"; exit 1; }
cat >>"$2/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$2'
max_connections = 400
shared_buffers = 32MB
fsync = off
full_page_writes = off
autovacuum = off
CONF
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 120 start >/dev/null 2>&1 || { cat "$2/log"; end "$1" "$2"; exit 1; }
echo ready
cat >/dev/null
end "$1" "$2"
"#;

/// What a new database begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Nothing at all.
    Empty,
    /// The tables, as `Store::open` makes them.
    WithTables,
}

/// The running server.
pub struct Cluster {
    folder: PathBuf,
    next: AtomicU64,
    clerk: Mutex<mpsc::Sender<(String, mpsc::Sender<()>)>>,
    _guardian: Mutex<(Child, ChildStdin)>,
}

/// The server of this run, started by the first who asks. `None` if there is
/// no PostgreSQL on this machine; with `CI=true` that is a failure.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(start).as_ref()
}

fn start() -> Option<Cluster> {
    let Some(programs) = programs() else {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "PostgreSQL is not installed: install Debian's `postgresql`");
        // Written past the capture of the test harness: nobody shall believe that these ran.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** PostgreSQL is not on this machine: every test on it is SKIPPED. \
             Install it (Debian: postgresql) to run them. ***\n"
        );
        return None;
    };
    let folder = folder();
    let mut command = unprivileged(&folder);
    let mut guardian = command
        .args(["sh", "-c", GUARDIAN, "guardian"])
        .arg(&programs)
        .arg(&folder)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C ends the tests, and by that the guardian, in order.
        .process_group(0)
        .spawn()
        .expect("the guardian of PostgreSQL starts");
    let leash = guardian.stdin.take().unwrap();
    let mut said = BufReader::new(guardian.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    if line.trim() != "ready" {
        let mut rest = String::new();
        let _ = said.read_to_string(&mut rest);
        panic!("PostgreSQL does not start: {line}{rest}");
    }
    let clerk = clerk(&folder);
    let cluster = Cluster {
        folder,
        next: AtomicU64::new(1),
        clerk: Mutex::new(clerk),
        _guardian: Mutex::new((guardian, leash)),
    };
    cluster.make_template();
    Some(cluster)
}

/// Where `initdb` is: in the PATH, or where Debian hides it; the newest.
fn programs() -> Option<PathBuf> {
    let has = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut hidden: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(has)
        .collect();
    hidden.sort_by_key(|path| {
        let version = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        version.and_then(|name| name.parse::<u32>().ok())
    });
    std::env::split_paths(&paths).find(has).or_else(|| hidden.pop())
}

/// A folder short enough for a socket in it (107 bytes).
fn folder() -> PathBuf {
    let usual = std::env::temp_dir();
    let base = if usual.as_os_str().len() > 60 { PathBuf::from("/tmp") } else { usual };
    let folder = tempfile::Builder::new().prefix("gazetted-pg-").tempdir_in(base).unwrap();
    // The guardian removes it.
    folder.keep()
}

/// PostgreSQL refuses to run as root: then it runs as a user who owns the
/// folder and nothing else.
fn unprivileged(folder: &Path) -> Command {
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return Command::new("env");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let id = |user: &str| -> Option<(u32, u32)> {
        let line = users.lines().find(|line| line.split(':').next() == Some(user))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (user, group) = id("postgres").or_else(|| id("nobody")).expect("there is a user `nobody`");
    std::os::unix::fs::chown(folder, Some(user), Some(group)).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
    command
}

/// Who makes and removes databases, over one connection.
fn clerk(folder: &Path) -> mpsc::Sender<(String, mpsc::Sender<()>)> {
    let (sender, receiver) = mpsc::channel::<(String, mpsc::Sender<()>)>();
    let url = url(folder, "postgres");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            for (statement, done) in receiver {
                let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(statement));
                statement.execute(&mut connection).await.unwrap();
                let _ = done.send(());
            }
        });
    });
    sender
}

fn url(folder: &Path, database: &str) -> String {
    let socket = folder.display().to_string().replace('/', "%2F");
    format!("postgres://gazetted@localhost/{database}?host={socket}")
}

impl Cluster {
    /// Where a database is.
    pub fn url(&self, database: &str) -> String {
        url(&self.folder, database)
    }

    /// A new database; gives its name.
    pub fn create(&self, start: Start) -> String {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        let template = match start {
            Start::Empty => "template0",
            Start::WithTables => "with_tables",
        };
        self.tell(&format!("create database {name} template {template}"));
        name
    }

    /// Removes a database, whoever is still connected.
    pub fn remove(&self, database: &str) {
        self.tell(&format!("drop database {database} with (force)"));
    }

    fn tell(&self, statement: &str) {
        let (done, wait) = mpsc::channel();
        self.clerk.lock().unwrap().send((statement.to_owned(), done)).expect("the clerk lives");
        wait.recv().unwrap_or_else(|_| panic!("PostgreSQL refuses: {statement}"));
    }

    /// Making the tables once and copying them is faster than making them for each test.
    fn make_template(&self) {
        self.tell("create database with_tables template template0");
        let url = self.url("with_tables");
        std::thread::spawn(move || {
            super::engines::run(async {
                gazetted::store::Store::open(&url).await.unwrap().close().await;
            });
        })
        .join()
        .unwrap();
    }
}
