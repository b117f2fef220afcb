//! `gazetted demo`: the whole product with no set-up.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Args;
use include_dir::{Dir, include_dir};

use super::opening::{self, Refusal};
use super::{Global, print, serve};
use crate::clock::{Clock, SystemClock, Time};
use crate::config::{self, Config};
use crate::daemon::assemble;
use crate::digest::Zone;
use crate::digest::slot::Slot;
use crate::flow::compile::{self, Occasion};
use crate::flow::{House, enrol, watch};
use crate::source::Source;
use crate::store::{articles, subscribers};
use crate::subscriber::roster;

/// The sample magazine.
static MAGAZINE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/demo");

/// Where the demo listens if nothing is said and the port is free.
const USUAL_PORT: u16 = 8080;

/// Show the whole product with no set-up: a sample magazine, an embedded
/// database, an inbox page instead of a mail server, a digest within a minute.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where it listens [default: 127.0.0.1:8080, or the next free port]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where the magazine and its database are kept [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Demo {
    pub async fn run(self, _global: &Global) -> anyhow::Result<ExitCode> {
        let listen = match self.listen {
            Some(listen) => listen,
            None => free_address()?,
        };
        let folder = match &self.dir {
            Some(dir) => Folder::Kept(std::path::absolute(dir)?),
            None => Folder::Passing(
                std::env::temp_dir().join(format!("gazetted-demo-{}", std::process::id())),
            ),
        };
        let path = folder.path();
        let fresh = !path.join("gazetted.toml").exists();
        if fresh {
            unpack(path, SystemClock.now()).with_context(|| {
                format!("cannot write the sample magazine to {}", path.display())
            })?;
        }
        let config = config_of(path, listen).map_err(Refusal::Config)?;
        let house = opening::house(&config).await?;
        fill(&house, &config, path).await?;
        greet(listen, path, &folder)?;
        let (again, listen) = (path.to_owned(), listen);
        let reload = Box::new(move || {
            let config = config_of(&again, listen).map_err(|problems| {
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            })?;
            assemble::settings(&config)
        });
        serve::daemonize(house, config, reload).await?;
        drop(folder);
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the demo lives.
enum Folder {
    Kept(PathBuf),
    Passing(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) | Self::Passing(path) => path,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Self::Passing(path) = self
            && let Err(error) = std::fs::remove_dir_all(&*path)
        {
            print::complain(&format!("{} could not be removed: {error}", path.display()));
        }
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    for port in USUAL_PORT..USUAL_PORT + 20 {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port from {USUAL_PORT} on is free; name one with --listen 127.0.0.1:PORT")
}

/// Writes the magazine, its dates counted back from `now`.
fn unpack(folder: &Path, now: Time) -> anyhow::Result<()> {
    let ages =
        MAGAZINE.get_file("ages.txt").and_then(|file| file.contents_utf8()).unwrap_or_default();
    let mut files = vec![];
    collect(&MAGAZINE, &mut files);
    for file in files {
        let name = file.path();
        // Images lie beside the articles: a source reads nothing outside its folder.
        let target = match name.strip_prefix("images") {
            Ok(image) => folder.join("articles/images").join(image),
            Err(_) => folder.join(name),
        };
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match file.contents_utf8().filter(|_| name.starts_with("articles")) {
            Some(text) => {
                std::fs::write(&target, dated(&text.replace("../images/", "images/"), now)?)?;
            }
            None => std::fs::write(&target, file.contents())?,
        }
        let age = ages.lines().find_map(|line| {
            let (path, age) = line.split_once(' ')?;
            (Path::new(path) == name).then_some(age)
        });
        if let Some(age) = age {
            let moment = moment(age, now)?;
            std::fs::File::options().append(true).open(&target)?.set_modified(moment.into())?;
        }
    }
    Ok(())
}

fn collect<'a>(folder: &'a Dir<'a>, files: &mut Vec<&'a include_dir::File<'a>>) {
    files.extend(folder.files());
    for inner in folder.dirs() {
        collect(inner, files);
    }
}

/// Replaces `date: @-26h` by the moment that was 26 hours ago.
fn dated(text: &str, now: Time) -> anyhow::Result<String> {
    let mut out = String::with_capacity(text.len() + 32);
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("date: @") {
            Some(_) => {
                let moment = moment(line.trim_start_matches("date:").trim(), now)?;
                out.push_str("date: ");
                out.push_str(&print::moment(moment));
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    Ok(out)
}

/// Reads `@-26h` or `@-3d`.
fn moment(age: &str, now: Time) -> anyhow::Result<Time> {
    let age = age.trim();
    let parsed = age.strip_prefix("@-").and_then(|age| {
        let (count, unit) = age.split_at_checked(age.len().checked_sub(1)?)?;
        let count = count.parse().ok()?;
        match unit {
            "h" => TimeDelta::try_hours(count),
            "d" => TimeDelta::try_days(count),
            _ => None,
        }
    });
    let delta = parsed.with_context(|| format!("`{age}` is no age such as @-26h"))?;
    // Whole minutes look like dates that somebody set.
    let seconds = (now - delta).timestamp() / 60 * 60;
    Ok(crate::clock::from_millis(seconds * 1000))
}

fn config_of(folder: &Path, listen: SocketAddr) -> Result<Config, Vec<config::Problem>> {
    let overrides = [
        ("GAZETTED__SITE__URL", format!("http://{listen}")),
        ("GAZETTED__SERVER__LISTEN", listen.to_string()),
        ("GAZETTED__STORE__URL", format!("sqlite:{}", folder.join("gazetted.db").display())),
    ];
    let overrides = overrides.into_iter().map(|(name, value)| (name.to_owned(), value));
    config::load(&folder.join("gazetted.toml"), overrides, None)
}

/// Takes in the articles and the readers, and makes one edition of every
/// digest; the daemon then mails them.
async fn fill(house: &Arc<House>, config: &Config, folder: &Path) -> anyhow::Result<()> {
    for settings in &config.sources {
        let mut source = Source::new(settings.clone(), assemble::fetch(Some(&config.site)));
        watch::visit(house, &mut source).await?;
    }
    let mut tx = house.store.read().await?;
    let readers = subscribers::list(&mut tx, 0, 1).await?.len();
    let pieces = articles::count(&mut tx).await?;
    drop(tx);
    if pieces == 0 {
        bail!(
            "the sample magazine in {} has no articles; remove the folder and start again",
            folder.display()
        );
    }
    if readers > 0 {
        return Ok(());
    }
    let file = std::fs::File::open(folder.join("subscribers.csv"))?;
    let rows: Vec<_> = roster::read(file)?.filter_map(Result::ok).collect();
    enrol::put(house, rows).await?;
    let now = house.now();
    for digest in &house.settings().digests {
        let zone = match digest.zone {
            Zone::Fixed(zone) | Zone::Subscriber(zone) => zone,
        };
        if let Some(edition) =
            compile::make(house, digest, Slot::at(now, zone), now, Occasion::Operator).await?
        {
            compile::queue(house, edition).await?;
        }
    }
    Ok(())
}

fn greet(listen: SocketAddr, path: &Path, folder: &Folder) -> std::io::Result<()> {
    let site = format!("http://{listen}");
    print::line("\n  The Meridian Review is open.\n")?;
    for (what, place) in [
        ("Front page", "/"),
        ("Inbox", "/inbox"),
        ("Archive", "/archive"),
        ("Feeds", "/feeds/all.rss"),
        ("", "/feeds/all.atom"),
        ("", "/feeds/all.json"),
        ("", "/feeds/region/africa.rss"),
        ("All feeds", "/feeds.opml"),
    ] {
        print::line(format!("  {what:<11} {site}{place}"))?;
    }
    print::line(
        "\n  The digests are being mailed to 24 readers: look into the inbox in a few seconds.",
    )?;
    let what_then = match folder {
        Folder::Kept(_) => "they stay",
        Folder::Passing(_) => "they are removed at the end",
    };
    print::line(format!(
        "  Articles and database are in {} ({what_then}): edit an article and watch.",
        path.display()
    ))?;
    print::line("  Ctrl-C ends the demo.\n")
}
