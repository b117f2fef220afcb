//! A magazine with thirty pieces and readers, in a store that is copied for
//! each run, so that every run begins with the same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gazetted::clock::{Clock, SystemClock};
use gazetted::config;
use gazetted::daemon::assemble;
use gazetted::flow::{House, watch};
use gazetted::region::Gazetteer;
use gazetted::source::Source;
use gazetted::store::{Store, subscribers};
use gazetted::subscriber::{Address, Standing, Subscriber};

/// Of five parts of the world: a magazine has a few shelves, and many pieces on each.
const COUNTRIES: [&str; 5] = ["Kenya", "Brazil", "India", "France", "Fiji"];

/// Readers that are added with one commit.
const CHUNK: u32 = 20_000;

/// A folder with a config, thirty pieces and a store full of readers.
pub struct Magazine {
    folder: tempfile::TempDir,
    gazetteer: Arc<Gazetteer>,
}

/// How one run sends.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Where the relay listens on loopback.
    pub port: u16,
    /// How many connections.
    pub connections: usize,
    /// RSA and Ed25519, or nothing.
    pub signed: bool,
}

impl Magazine {
    /// Makes one with so many readers and pieces. `words` sets how long the teasers are.
    pub async fn new(readers: u32, pieces: usize, words: usize) -> Self {
        let folder =
            tempfile::Builder::new().prefix("gazetted-bench-").tempdir().expect("a folder");
        let magazine = Self { folder, gazetteer: Arc::new(Gazetteer::builtin()) };
        fs::create_dir(magazine.path("articles")).expect("a folder");
        for number in 0..pieces {
            let text = piece(number, words);
            fs::write(magazine.path(&format!("articles/{number:02}.md")), text).expect("a file");
        }
        for (selector, algorithm) in [
            ("rsa", gazetted::delivery::dkim::Algorithm::Rsa),
            ("ed", gazetted::delivery::dkim::Algorithm::Ed25519),
        ] {
            let key = gazetted::delivery::dkim::generate(algorithm).expect("a key");
            fs::write(magazine.path(&format!("{selector}.pem")), key.private.expose())
                .expect("a file");
        }
        let plan = Plan { port: 25, connections: 1, signed: false };
        let house = magazine.open("seed.db", plan).await;
        let source = house.settings().sources[0].clone();
        let mut source = Source::new(source, assemble::fetch(None));
        watch::visit(&house, &mut source).await.expect("the pieces are taken in");
        magazine.enrol(&house, readers).await;
        house.store.close().await;
        magazine
    }

    async fn enrol(&self, house: &House, readers: u32) {
        let now = house.now();
        let mut tx = house.store.write().await.expect("the store answers");
        for number in 0..readers {
            if number > 0 && number % CHUNK == 0 {
                tx.commit().await.expect("the store commits");
                tx = house.store.write().await.expect("the store answers");
            }
            let subscriber = Subscriber {
                id: 0,
                uid: uuid::Uuid::from_u128(u128::from(number) + 1),
                address: Address::parse(&format!("reader{number}@mail{}.example.org", number % 97))
                    .expect("an address"),
                name: format!("Reader {number}"),
                standing: Standing::Active,
                regions: vec![],
                timezone: None,
                language: None,
                digests: vec![],
                consent: String::new(),
                attributes: std::collections::BTreeMap::default(),
                created: now,
            };
            subscribers::put(&mut tx, &subscriber, now).await.expect("a reader is added");
        }
        tx.commit().await.expect("the store commits");
    }

    /// A file of this magazine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of the store as it was at the beginning, opened for one run.
    pub async fn fresh(&self, plan: Plan) -> Arc<House> {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.path(&format!("run.db{end}")));
        }
        fs::copy(self.path("seed.db"), self.path("run.db")).expect("the store is copied");
        // What the copy wrote is not part of what is measured.
        fs::File::open(self.path("run.db")).and_then(|file| file.sync_all()).expect("it is synced");
        self.open("run.db", plan).await
    }

    /// Starts the built program in its folder: it makes an edition at once, and sends it.
    pub fn serve(&self, plan: Plan) -> Child {
        let text = config_text("seed.db", plan)
            .replace("0 7 * * Mon", "* * * * * *")
            .replace("[site]", "[server]\nlisten = \"127.0.0.1:0\"\n[site]");
        fs::write(self.path("gazetted.toml"), text + "first_covers = \"3650d\"\n").expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gazetted"));
        command.current_dir(self.folder.path()).env_clear();
        let log = fs::File::create(self.path("serve.log")).expect("a file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().expect("the program starts")
    }

    async fn open(&self, store: &str, plan: Plan) -> Arc<House> {
        let file = self.path("gazetted.toml");
        fs::write(&file, config_text(store, plan)).expect("a file");
        let config =
            config::load(Path::new(&file), std::iter::empty(), None).expect("a good config");
        let settings = assemble::settings(&config).expect("good settings");
        let store = Store::open(&config.store.url).await.expect("the store opens");
        let clock = Arc::new(SystemClock);
        let keys = assemble::keys(&store, clock.as_ref()).await.expect("there are keys");
        Arc::new(House::new(store, clock, Arc::clone(&self.gazetteer), keys, settings))
    }
}

/// A piece that shares no rare word with another, so nothing stands beside it.
fn piece(number: usize, words: usize) -> String {
    let country = COUNTRIES[number % COUNTRIES.len()];
    let word = |at: usize| {
        let syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu"];
        let key = number * 1009 + at * 31;
        [1, 10, 100, 1000].map(|step| syllables[key / step % 10]).concat()
    };
    let text: Vec<String> = (0..words).map(word).collect();
    let age = chrono::TimeDelta::minutes(i64::try_from(number).unwrap_or(0) + 1);
    let date = SystemClock.now() - age;
    format!(
        "---\ntitle: The {} of {country}\ndate: {}\nauthor: Staff\n---\n{}.\n",
        word(900),
        date.format("%Y-%m-%dT%H:%M:%SZ"),
        text.join(" ")
    )
}

fn config_text(store: &str, plan: Plan) -> String {
    let keys = if plan.signed {
        "[[mail.dkim]]\ndomain = \"news.example.org\"\nselector = \"rsa\"\nkey = { file = \"rsa.pem\" }\n\
         [[mail.dkim]]\ndomain = \"news.example.org\"\nselector = \"ed\"\nkey = { file = \"ed.pem\" }\n"
    } else {
        ""
    };
    format!(
        r#"
[site]
title = "The Meridian Review"
url = "https://news.example.org"
imprint = "The Meridian Review, 1 River Street, Riverton"

[store]
url = "sqlite:{store}"

[[source]]
name = "magazine"
kind = "directory"
path = "articles"

[mail]
from = "The Meridian Review <digest@news.example.org>"
bounce = "bounce@news.example.org"
transport = "smtp://127.0.0.1:{}"
connections = {}

{keys}
[[digest]]
name = "weekly"
title = "The week by region"
schedule = "0 7 * * Mon"
"#,
        plan.port, plan.connections
    )
}
