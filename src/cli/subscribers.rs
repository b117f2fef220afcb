//! `gazetted subscribers`: who gets mail.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::flow::House;
use crate::flow::enrol::{self, Admission};
use crate::flow::syndicate::picked;
use crate::region::RegionPath;
use crate::store::{feedback, subscribers};
use crate::subscriber::roster::{self, Row};
use crate::subscriber::{Address, Standing, Subscriber, choices};

/// Rows that go in with one commit.
const CHUNK: usize = 1_000;

/// Add, import, export, show, remove and forget subscribers.
#[derive(Debug, Subcommand)]
pub enum Subscribers {
    /// Add one, active at once: you have their consent
    Add {
        /// Their address
        email: String,
        /// How they want to be called
        #[arg(long, default_value = "")]
        name: String,
        /// Regions they chose, separated by spaces or commas; default all
        #[arg(long, value_name = "PATHS", default_value = "")]
        regions: String,
        /// Where they live, such as Europe/Paris
        #[arg(long, value_name = "ZONE")]
        timezone: Option<String>,
        /// Language of the frame of their mails
        #[arg(long, value_name = "TAG")]
        language: Option<String>,
        /// Digests they chose, separated by spaces or commas; default all
        #[arg(long, value_name = "NAMES", default_value = "")]
        digests: String,
        /// When and how they agreed
        #[arg(long, default_value = "added by the operator")]
        consent: String,
    },
    /// Import a CSV file; a bad row is reported and skipped
    Import {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Print all as CSV that `import` reads back
    Export,
    /// Show one
    Show {
        /// Their address
        email: String,
    },
    /// Unsubscribe one
    Remove {
        /// Their address
        email: String,
    },
    /// Erase everything personal of one; a keyed hash stays on the suppression list
    Forget {
        /// Their address
        email: String,
    },
}

#[derive(Serialize)]
struct Shown<'a> {
    email: &'a str,
    name: &'a str,
    standing: &'a str,
    regions: Vec<&'a str>,
    timezone: Option<&'a str>,
    language: Option<&'a str>,
    digests: &'a [String],
    consent: &'a str,
    attributes: &'a std::collections::BTreeMap<String, String>,
    created: String,
    /// Their own feed: whoever knows the address can read it.
    feed: String,
    feedback: Vec<Report>,
}

/// What came back of their mails.
#[derive(Serialize)]
struct Report {
    at: String,
    kind: String,
    effect: String,
    via: String,
    edition: Option<i64>,
    status: Option<String>,
    words: String,
}

/// Reports that `show` lists.
const REPORTS: i64 = 20;

#[derive(Debug, Default, Serialize)]
struct Imported {
    added: u64,
    changed: u64,
    suppressed: u64,
    kept: u64,
    bad: u64,
}

impl Subscribers {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let code = match self {
            Self::Add { email, name, regions, timezone, language, digests, consent } => {
                let row = Row {
                    address: Address::parse(&email)?,
                    name,
                    regions: choices::parse_regions(&regions.replace(',', " "))
                        .map_err(anyhow::Error::msg)?,
                    timezone: timezone
                        .map(|zone| choices::parse_zone(&zone))
                        .transpose()
                        .map_err(anyhow::Error::msg)?,
                    language: language
                        .map(|tag| choices::parse_language(&tag))
                        .transpose()
                        .map_err(anyhow::Error::msg)?,
                    digests: digests
                        .split([' ', ','])
                        .filter(|name| !name.is_empty())
                        .map(str::to_owned)
                        .collect(),
                    standing: Standing::Active,
                    consent,
                    attributes: std::collections::BTreeMap::default(),
                };
                add(&house, row).await?
            }
            Self::Import { file } => import(&house, &file, global.json).await?,
            Self::Export => export(&house).await?,
            Self::Show { email } => show(&house, &email, global.json).await?,
            Self::Remove { email } => {
                let address = Address::parse(&email)?;
                if !enrol::remove(&house, &address).await? {
                    bail!("{address} is no subscriber");
                }
                print::line(format!("{address} is unsubscribed."))?;
                ExitCode::SUCCESS
            }
            Self::Forget { email } => {
                let address = Address::parse(&email)?;
                let known = enrol::forget(&house, &address).await?;
                print::line(if known {
                    "Everything personal is erased; the address is suppressed."
                } else {
                    "There was no such subscriber; the address is suppressed."
                })?;
                ExitCode::SUCCESS
            }
        };
        house.store.close().await;
        Ok(code)
    }
}

/// Choices that name what does not exist are refused, not silently kept.
fn doubts(house: &House, row: &Row) -> Option<String> {
    let settings = house.settings();
    let region = row.regions.iter().find(|region| !settings.tree.contains(region));
    if let Some(region) = region {
        return Some(format!("there is no region `{region}`; `gazetted regions list` shows all"));
    }
    let digest = row.digests.iter().find(|digest| settings.digest(digest).is_none());
    digest.map(|digest| format!("there is no digest `{digest}`; `gazetted digest list` shows all"))
}

async fn add(house: &House, row: Row) -> anyhow::Result<ExitCode> {
    if let Some(doubt) = doubts(house, &row) {
        bail!(doubt);
    }
    let address = row.address.clone();
    match enrol::put(house, vec![row]).await?.first() {
        Some(Admission::Suppressed) => bail!(
            "{address} is on the suppression list; `gazetted suppressions remove` takes it off"
        ),
        Some(Admission::Kept) => bail!(
            "{address} unsubscribed, bounced or complained before; only their own confirmation brings them back"
        ),
        Some(Admission::Changed) => {
            print::line(format!("{address} was there; the choices are changed."))?;
        }
        Some(Admission::Added) | None => print::line(format!("{address} is added."))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn import(house: &House, file: &std::path::Path, json: bool) -> anyhow::Result<ExitCode> {
    let input: Box<dyn io::Read> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(
            std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?,
        )
    };
    let mut imported = Imported::default();
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut rows = roster::read(input).with_context(|| file.display().to_string())?;
    while let Some(row) = rows.next() {
        let line = rows.line();
        match row {
            Ok(row) => match doubts(house, &row) {
                None => chunk.push(row),
                Some(doubt) => {
                    imported.bad += 1;
                    print::complain(&format!(
                        "{}: line {line}: {}: {doubt}",
                        file.display(),
                        row.address
                    ));
                }
            },
            Err(bad) => {
                imported.bad += 1;
                print::complain(&format!("{}: {bad}", file.display()));
            }
        }
        if chunk.len() >= CHUNK {
            take(house, std::mem::take(&mut chunk), &mut imported).await?;
        }
    }
    take(house, chunk, &mut imported).await?;
    if json {
        print::json(&imported)?;
    } else {
        let Imported { added, changed, suppressed, kept, bad } = imported;
        print::line(format!(
            "{added} added, {changed} changed, {bad} bad rows skipped, {suppressed} suppressed, {kept} who left, bounced or complained stay out."
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn take(house: &House, rows: Vec<Row>, imported: &mut Imported) -> anyhow::Result<()> {
    for admission in enrol::put(house, rows).await? {
        match admission {
            Admission::Added => imported.added += 1,
            Admission::Changed => imported.changed += 1,
            Admission::Suppressed => imported.suppressed += 1,
            Admission::Kept => imported.kept += 1,
        }
    }
    Ok(())
}

/// Whoever was forgotten has a row for the ledger's sake, and is nobody.
fn is_somebody(person: &Subscriber) -> bool {
    person.address.domain() != "forgotten.invalid"
}

async fn export(house: &House) -> anyhow::Result<ExitCode> {
    let mut attributes = BTreeSet::new();
    let mut after = 0;
    loop {
        let mut tx = house.store.read().await?;
        let people = subscribers::list(&mut tx, after, 1_000).await?;
        drop(tx);
        let Some(last) = people.last() else { break };
        after = last.id;
        attributes.extend(people.into_iter().flat_map(|person| person.attributes.into_keys()));
    }
    let mut out = roster::Writer::new(
        io::BufWriter::new(io::stdout().lock()),
        attributes.into_iter().collect(),
    )?;
    let mut after = 0;
    loop {
        let mut tx = house.store.read().await?;
        let people = subscribers::list(&mut tx, after, 1_000).await?;
        drop(tx);
        let Some(last) = people.last() else { break };
        after = last.id;
        for person in people.iter().filter(|person| is_somebody(person)) {
            out.write(&Row::from(person))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn report(kept: feedback::Kept) -> Report {
    Report {
        at: print::moment(kept.received),
        kind: kept.kind,
        effect: kept.effect,
        via: kept.via,
        edition: kept.edition,
        status: kept.status,
        words: kept.words,
    }
}

async fn show(house: &House, email: &str, json: bool) -> anyhow::Result<ExitCode> {
    let address = Address::parse(email)?;
    let mut tx = house.store.read().await?;
    let Some(person) = subscribers::by_address(&mut tx, &address).await? else {
        bail!("{address} is no subscriber");
    };
    let reports = feedback::about(&mut tx, person.id, REPORTS).await?;
    drop(tx);
    let shown = Shown {
        email: person.address.as_str(),
        name: &person.name,
        standing: person.standing.as_str(),
        regions: person.regions.iter().map(RegionPath::as_str).collect(),
        timezone: person.timezone.map(chrono_tz::Tz::name),
        language: person.language.as_deref(),
        digests: &person.digests,
        consent: &person.consent,
        attributes: &person.attributes,
        created: print::moment(person.created),
        feed: house.settings().site.address(&picked::own_address(house, person.uid)),
        feedback: reports.into_iter().map(report).collect(),
    };
    if json {
        print::json(&shown)?;
    } else {
        let or = |list: String, none: &str| if list.is_empty() { none.to_owned() } else { list };
        print::line(format!("{}  {}", shown.email, shown.name))?;
        print::line(format!("  standing  {}", shown.standing))?;
        print::line(format!("  regions   {}", or(shown.regions.join(" "), "all")))?;
        print::line(format!("  digests   {}", or(shown.digests.join(" "), "all")))?;
        print::line(format!("  zone      {}", shown.timezone.unwrap_or("the site's")))?;
        print::line(format!("  language  {}", shown.language.unwrap_or("the digest's")))?;
        print::line(format!("  consent   {}", shown.consent))?;
        print::line(format!("  since     {}", shown.created))?;
        print::line(format!("  feed      {}", shown.feed))?;
        for Report { at, kind, effect, via, words, .. } in &shown.feedback {
            print::line(format!("  {at}  {kind}, {effect} (by {via}): {words}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
