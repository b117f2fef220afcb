//! `gazetted sources test`: what is behind an address, and how it would be
//! taken in; nothing is stored.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Serialize;
use url::Url;

use crate::cli::{Global, opening, print};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config};
use crate::daemon::assemble;
use crate::flow::admit::{self, Around};
use crate::region::Gazetteer;
use crate::source::behind::{self, Way};
use crate::source::shown::Shown;
use crate::source::{Haul, Kind, Memory, Settings, Source, Trouble};

/// Articles that are shown.
const SAMPLES: usize = 5;

/// One way to take in what is there, as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'a str,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

/// A sample article, as it would be taken in.
#[derive(Serialize)]
struct Sample {
    title: String,
    url: Option<String>,
    guid: String,
    authors: Vec<String>,
    published: Option<String>,
    region: String,
    region_origin: String,
    language: String,
    image: Option<String>,
    teaser: String,
    words: usize,
}

/// Tests an address, a folder or a file.
///
/// # Errors
/// If nothing there can be taken in.
pub async fn run(address: &str, global: &Global) -> anyhow::Result<ExitCode> {
    let config = settings_or_none(global)?;
    let fetch = assemble::fetch(Some(&config.site));
    let (ways, allow_private) = if let Some(kind) = here(address)? {
        (vec![kind], false)
    } else {
        let url = web(address)?;
        let (found, private) = match behind::look(&*fetch, &url, false).await {
            Err(Trouble::Operator { message }) if message.contains("allow_private") => {
                (behind::look(&*fetch, &url, true).await?, true)
            }
            found => (found?, false),
        };
        tell(&found, global.json)?;
        if found.is_empty() {
            bail!(
                "{}: there is neither a feed nor a WordPress nor a sitemap; enter the address of a feed",
                Shown(&url)
            );
        }
        (found.into_iter().map(kind).collect(), private)
    };
    // The best way that works.
    let mut wrong = None;
    for kind in ways {
        let settings = Settings {
            name: "test".to_owned(),
            kind,
            every: Duration::from_mins(15),
            max_bytes: 10_000_000,
            language: None,
            home: None,
            allow_private,
        };
        let mut source = Source::new(settings.clone(), fetch.clone());
        match source.visit(&Memory::default(), SystemClock.now()).await {
            Ok(haul) => {
                show(haul, &settings, &config, global.json)?;
                return Ok(ExitCode::SUCCESS);
            }
            Err(trouble) => {
                let (word, _) = super::place(&settings.kind);
                if !global.json {
                    print::line(format!("not as {word}: {trouble}"))?;
                }
                wrong = wrong.or(Some(trouble));
            }
        }
    }
    Err(wrong.map_or_else(|| anyhow::anyhow!("nothing is there"), Into::into))
}

/// The configuration, or the least there can be if there is none.
fn settings_or_none(global: &Global) -> anyhow::Result<Config> {
    if let Ok(path) = opening::locate(global) {
        return opening::config(&path)
            .map_err(|problems| opening::Refusal::Config(problems).into());
    }
    if global.config.is_some() {
        opening::locate(global)?;
    }
    let least = "[site]\ntitle = \"Test\"\nurl = \"http://127.0.0.1/\"\n";
    config::parse(least, Path::new("gazetted.toml"), [], None)
        .map_err(|problems| opening::Refusal::Config(problems).into())
}

/// A folder or file on this machine.
fn here(address: &str) -> anyhow::Result<Option<Kind>> {
    let path = Path::new(address);
    if path.is_dir() {
        return Ok(Some(Kind::Directory { path: path.canonicalize()? }));
    }
    if path.is_file() {
        let url = Url::from_file_path(path.canonicalize()?);
        let url = url.map_err(|()| anyhow::anyhow!("{address} is no file that can be named"))?;
        return Ok(Some(Kind::Feed { url }));
    }
    Ok(None)
}

fn web(address: &str) -> anyhow::Result<Url> {
    let whole =
        if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url = Url::parse(&whole).ok().filter(|url| match url.scheme() {
        "http" | "https" => {
            url.host_str().is_some_and(|host| host.contains(['.', ':']) || host == "localhost")
        }
        scheme => scheme == "file",
    });
    url.with_context(|| {
        format!("`{address}` is neither a folder nor an address like https://example.org/feed")
    })
}

fn kind(way: Way) -> Kind {
    match way {
        Way::Wordpress { front } => Kind::Wordpress { url: front, login: None },
        Way::Feed { url, .. } => Kind::Feed { url },
        Way::Site { front, .. } => {
            Kind::Site { url: front, delay: Duration::from_secs(1), most: 1000 }
        }
    }
}

fn tell(ways: &[Way], json: bool) -> anyhow::Result<()> {
    for way in ways {
        let (kind, place, title) = match way {
            Way::Wordpress { front } => ("wordpress", front, None),
            Way::Feed { url, title } => ("feed", url, title.as_deref()),
            Way::Site { sitemap, .. } => ("site", sitemap, None),
        };
        let place = Shown(place).to_string();
        if json {
            print::json(&Line { kind, place, title })?;
        } else {
            let title = title.map(|title| format!(" ({title})")).unwrap_or_default();
            print::line(format!("found: {kind} {place}{title}"))?;
        }
    }
    Ok(())
}

fn show(haul: Haul, settings: &Settings, config: &Config, json: bool) -> anyhow::Result<()> {
    let (word, place) = super::place(&settings.kind);
    let (drafts, failures) = match haul {
        Haul::Drafts { drafts, failures, .. } => (drafts, failures),
        Haul::Part(part) => (part.drafts, part.failures),
        Haul::Unchanged => bail!("{place}: nothing there"),
    };
    let around = assemble::settings(config).map_err(anyhow::Error::msg)?;
    let gazetteer = Gazetteer::builtin();
    let all = drafts.len();
    if !json {
        print::line(format!("{all} articles by {word}, as they would be taken in:"))?;
    }
    for draft in drafts.into_iter().take(SAMPLES) {
        let dated = draft.published.is_some();
        let around = Around {
            settings: &around,
            gazetteer: &gazetteer,
            source: settings,
            known: None,
            now: SystemClock.now(),
        };
        let fresh = admit::admit(draft, String::new(), &around).fresh;
        let card = fresh.card;
        let sample = Sample {
            region: card.region().to_string(),
            region_origin: format!("{:?}", card.region_origin).to_lowercase(),
            title: card.title,
            url: card.url,
            guid: card.guid,
            authors: card.authors,
            published: dated.then(|| print::moment(card.published)),
            language: card.language,
            image: card.image.map(|image| image.url),
            teaser: card.teaser,
            words: fresh.text.split_whitespace().count(),
        };
        if json {
            print::json(&sample)?;
        } else {
            for_people(&sample)?;
        }
    }
    for failure in failures.iter().take(20) {
        if json {
            print::json(&serde_json::json!({ "failure": failure }))?;
        } else {
            print::line(format!("\n  not read: {failure}"))?;
        }
    }
    let lines = lines(settings);
    if json {
        print::json(&serde_json::json!({ "articles": all, "config": lines }))?;
    } else {
        print::line(format!("\nThe lines for the configuration:\n\n{lines}"))?;
    }
    Ok(())
}

fn for_people(sample: &Sample) -> anyhow::Result<()> {
    let or = |words: String, none: &str| if words.is_empty() { none.to_owned() } else { words };
    print::line(format!("\n  {}", sample.title))?;
    print::line(format!(
        "    {} · {} · {} ({}) · {} · {} words{}",
        or(sample.authors.join(", "), "no author"),
        sample.published.as_deref().unwrap_or("no date"),
        sample.region,
        sample.region_origin,
        sample.language,
        sample.words,
        if sample.image.is_some() { " · with image" } else { "" },
    ))?;
    print::line(format!("    {}", sample.url.as_deref().unwrap_or(&sample.guid)))?;
    print::line(format!("    {}", or(sample.teaser.clone(), "no text")))?;
    Ok(())
}

/// The lines that would make it a source.
fn lines(settings: &Settings) -> String {
    let (kind, key, place, name) = match &settings.kind {
        Kind::Directory { path } => (
            "directory",
            "path",
            path.display().to_string(),
            path.file_name().map(|name| name.to_string_lossy().into_owned()),
        ),
        Kind::Feed { url } => ("feed", "url", url.to_string(), url.host_str().map(str::to_owned)),
        Kind::Wordpress { url, .. } => {
            ("wordpress", "url", url.to_string(), url.host_str().map(str::to_owned))
        }
        Kind::Site { url, .. } => {
            ("site", "url", url.to_string(), url.host_str().map(str::to_owned))
        }
        Kind::Push { .. } => ("push", "token", String::new(), None),
    };
    let name = name.unwrap_or_default();
    let name = name.trim_start_matches("www.");
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = if !name.is_empty() && name.len() <= 64 && name.chars().all(good) {
        name
    } else {
        "magazine"
    };
    let private = if settings.allow_private { "\nallow_private = true" } else { "" };
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\n{key} = {}{private}",
        super::quoted(&place)
    )
}
