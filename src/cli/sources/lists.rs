//! `gazetted sources import` and `export`: lists of feeds (OPML).

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::cli::{Global, opening, print};
use crate::config;
use crate::feed::opml::{self, Outline};
use crate::source::opml::{self as list, Listed};
use crate::source::parse::encoding;
use crate::source::{Kind, Settings};

/// The longest list that is read, in bytes.
const LONGEST: u64 = 20 << 20;

/// Prints the lines of configuration for the feeds of a list, or appends them.
///
/// # Errors
/// If the list or the configuration cannot be read or written.
pub fn import(file: &Path, append: bool, global: &Global) -> anyhow::Result<ExitCode> {
    let path = opening::locate(global)?;
    let known = opening::config(&path).map_err(opening::Refusal::Config)?;
    let bytes = bounded(file)?;
    let text = encoding::decode(&bytes, None, None);
    let names = known.sources.iter().map(|source| source.name.as_str());
    let (listed, bad) = list::read(&text, names);
    if listed.is_empty() && bad == 0 {
        bail!("{}: there is no `outline` with an `xmlUrl`; is it OPML?", file.display());
    }
    let addresses: HashSet<&str> = known.sources.iter().filter_map(feed_address).collect();
    let (there, fresh): (Vec<Listed>, Vec<Listed>) =
        listed.into_iter().partition(|one| addresses.contains(one.url.as_str()));
    let lines: String = fresh.iter().map(lines).collect();
    if append && !fresh.is_empty() {
        add(&path, &lines)?;
    }
    if global.json {
        for one in &fresh {
            print::json(&serde_json::json!({
                "name": one.name, "title": one.title, "url": one.url.as_str(),
            }))?;
        }
    } else if !append {
        print::line(lines.trim_end())?;
    }
    print::complain(&format!(
        "{} feeds {}, {} there already, {bad} addresses that cannot be asked",
        fresh.len(),
        if append { "added; `systemctl reload gazetted` takes them" } else { "printed" },
        there.len(),
    ));
    Ok(ExitCode::SUCCESS)
}

/// Prints the feeds of the configuration as a list.
///
/// # Errors
/// If the configuration cannot be read.
pub fn export(global: &Global) -> anyhow::Result<ExitCode> {
    let path = opening::locate(global)?;
    let config = opening::config(&path).map_err(opening::Refusal::Config)?;
    let outlines: Vec<Outline> = config
        .sources
        .iter()
        .filter_map(|source| {
            let feed = feed_address(source)?;
            let home = url::Url::parse(feed).ok()?.join("/").ok()?;
            Some(Outline::Feed {
                title: source.name.clone(),
                feed: feed.to_owned(),
                home: home.to_string(),
            })
        })
        .collect();
    let text = opml::write(&format!("Sources of {}", config.site.title), None, &outlines)
        .map_err(anyhow::Error::msg)?;
    print::line(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn feed_address(source: &Settings) -> Option<&str> {
    match &source.kind {
        Kind::Feed { url } if url.scheme() != "file" => Some(url.as_str()),
        _ => None,
    }
}

fn lines(one: &Listed) -> String {
    let title: String = one.title.chars().take(100).collect();
    format!(
        "# {title}\n[[source]]\nname = \"{}\"\nkind = \"feed\"\nurl = {}\n\n",
        one.name,
        super::quoted(one.url.as_str())
    )
}

/// Appends to the configuration, if the whole is still good; the old one is
/// replaced in one step.
fn add(path: &Path, lines: &str) -> anyhow::Result<()> {
    let old = std::fs::read_to_string(path)?;
    let whole = format!("{}\n\n{}", old.trim_end(), lines.trim_end()) + "\n";
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(std::path::PathBuf::from);
    config::parse(&whole, path, opening::environment(), credentials.as_deref())
        .map_err(opening::Refusal::Config)?;
    let real = path.canonicalize()?;
    let folder = real.parent().context("the configuration lies in no folder")?;
    let fresh = folder.join(format!(
        ".{}.new",
        real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    ));
    let mut file = std::fs::File::create(&fresh)
        .with_context(|| format!("{} cannot be written", fresh.display()))?;
    // Who may read it stays as it was.
    file.set_permissions(std::fs::metadata(&real)?.permissions())?;
    file.write_all(whole.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, &real)?;
    Ok(())
}

fn bounded(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reading: Box<dyn std::io::Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let open = std::fs::File::open(file);
        Box::new(open.with_context(|| format!("{} cannot be read", file.display()))?)
    };
    reading.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        bail!("{} is larger than 20 MiB; is it OPML?", file.display());
    }
    Ok(bytes)
}
