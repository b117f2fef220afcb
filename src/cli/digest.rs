//! `gazetted digest`: list, preview and send digests.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use tokio::sync::watch;

use super::{Global, opening, print, serve};
use crate::clock::Time;
use crate::daemon::assemble;
use crate::delivery::transition::State;
use crate::digest::slot::{self, Slot};
use crate::digest::{self, Zone};
use crate::flow::compile::{self, Occasion};
use crate::flow::deliver::{self, Until, post};
use crate::flow::{House, issue};
use crate::store::deliveries::{self, Variant};
use crate::store::editions::{EditionRow, EditionState};
use crate::store::{keys, subscribers};
use crate::subscriber::Address;

/// List, preview and send digests.
#[derive(Debug, Subcommand)]
pub enum Digest {
    /// List digests and when they are due
    List,
    /// Show what the next edition would be; writes nothing
    Preview {
        /// Which digest
        name: String,
        /// As this subscriber would get it
        #[arg(long = "as", value_name = "EMAIL")]
        reader: Option<String>,
        /// As if it were this moment (RFC 3339)
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// What to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compile an edition now, deliver it, and exit when the ledger is settled
    Send {
        /// Which digest
        name: String,
        /// A test mail to this address alone; touches no ledger
        #[arg(long, value_name = "EMAIL")]
        to: Option<String>,
    },
}

/// What a preview prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The HTML part
    Html,
    /// The text part
    Text,
    /// The whole message
    Eml,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    title: &'a str,
    schedule: &'a str,
    next: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    edition: Option<i64>,
    sent: i64,
    failed: i64,
}

impl Digest {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let code = match self {
            Self::List => list(&house, global.json).await?,
            Self::Preview { name, reader, at, format } => {
                preview(&house, &name, reader, at, format).await?
            }
            Self::Send { name, to: Some(to) } => test(&house, &name, &to).await?,
            Self::Send { name, to: None } => {
                Box::pin(send(house.clone(), &name, global.json)).await?
            }
        };
        house.store.close().await;
        Ok(code)
    }
}

fn find(house: &House, name: &str) -> anyhow::Result<digest::Settings> {
    let settings = house.settings();
    settings.digest(name).cloned().with_context(|| {
        let names: Vec<&str> = settings.digests.iter().map(|digest| digest.name.as_str()).collect();
        format!("there is no digest `{name}`; the configuration has: {}", names.join(", "))
    })
}

async fn list(house: &House, json: bool) -> anyhow::Result<ExitCode> {
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let readers = subscribers::zones(&mut tx).await?;
    drop(tx);
    let mut rows = vec![];
    for digest in &settings.digests {
        let next = slot::next(&digest.schedule, digest.zone, &readers, house.now());
        let next = next.map(|due| print::moment(due.freeze_at));
        if json {
            print::json(&Line {
                name: &digest.name,
                title: &digest.title,
                schedule: digest.schedule.as_str(),
                next,
            })?;
        } else {
            let zone = match digest.zone {
                Zone::Fixed(zone) => zone.name().to_owned(),
                Zone::Subscriber(_) => "each reader's own".to_owned(),
            };
            rows.push(vec![
                digest.name.clone(),
                digest.schedule.as_str().to_owned(),
                zone,
                next.unwrap_or_else(|| "never".to_owned()),
                digest.title.clone(),
            ]);
        }
    }
    if !json {
        print::table(&["NAME", "SCHEDULE", "ZONE", "NEXT", "TITLE"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An edition that is not in the store.
struct Unwritten {
    edition: EditionRow,
    variant: Variant,
    reader: Option<crate::subscriber::Subscriber>,
}

async fn unwritten(
    house: &House,
    digest: &digest::Settings,
    reader: Option<&Address>,
    now: Time,
) -> anyhow::Result<Option<Unwritten>> {
    let settings = house.settings();
    let pieces = compile::draft(house, digest, now).await?;
    if pieces.is_empty() {
        return Ok(None);
    }
    let zone = match digest.zone {
        Zone::Fixed(zone) | Zone::Subscriber(zone) => zone,
    };
    let slot = Slot::at(now, zone);
    let frame = issue::Issue::of(&settings, digest, slot, &pieces, &settings.tree);
    let edition = EditionRow {
        id: 0,
        uid: uuid::Uuid::nil(),
        digest: digest.name.clone(),
        slot: slot.key(),
        number: 0,
        state: EditionState::Compiling,
        frozen: now,
        settled: None,
        title: frame.title.clone(),
        frame: String::new(),
        compiled_to: 0,
    };
    let person = match reader {
        None => None,
        Some(address) => {
            let mut tx = house.store.read().await?;
            subscribers::by_address(&mut tx, address).await?
        }
    };
    let choice = person.as_ref().map_or_else(
        || issue::Choice::all(&frame.language).text(),
        |person| issue::choice(person, &frame),
    );
    let variant = issue::variant(&settings, &frame, &edition, &pieces, &choice)?;
    Ok(Some(Unwritten { edition, variant, reader: person }))
}

async fn preview(
    house: &House,
    name: &str,
    reader: Option<String>,
    at: Option<String>,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let digest = find(house, name)?;
    let reader = reader.map(|text| Address::parse(&text)).transpose()?;
    let now = match at {
        None => house.now(),
        Some(text) => chrono::DateTime::parse_from_rfc3339(&text)
            .with_context(|| format!("`{text}` is no time; write one like 2026-11-23T07:00:00Z"))?
            .to_utc(),
    };
    let Some(unwritten) = unwritten(house, &digest, reader.as_ref(), now).await? else {
        print::complain(&format!("digest `{name}`: nothing new, so no edition would be mailed"));
        return Ok(ExitCode::SUCCESS);
    };
    if let (Some(address), None) = (&reader, &unwritten.reader) {
        bail!("{address} is no subscriber; leave out --as to see the whole edition");
    }
    if unwritten.variant.pieces == 0 {
        print::complain(&format!(
            "digest `{name}`: nothing new in the regions of this subscriber, so they would get no mail"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let address = reader.map_or_else(|| Address::parse("reader@example.org"), Ok)?;
    match format {
        Format::Html => print::line(post::filled(house, &unwritten.variant.html, &address))?,
        Format::Text => print::line(post::filled(house, &unwritten.variant.body, &address))?,
        Format::Eml => {
            let message = post::preview(house, &unwritten.edition, &unwritten.variant, &address)
                .map_err(anyhow::Error::msg)?;
            std::io::Write::write_all(&mut std::io::stdout().lock(), &message)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn test(house: &Arc<House>, name: &str, to: &str) -> anyhow::Result<ExitCode> {
    let digest = find(house, name)?;
    let address = Address::parse(to)?;
    let Some(unwritten) = unwritten(house, &digest, Some(&address), house.now()).await? else {
        print::complain(&format!("digest `{name}`: nothing new, so there is nothing to send"));
        return Ok(ExitCode::SUCCESS);
    };
    let settings = house.settings();
    let mail = settings.mail.as_ref().context("the configuration has no [mail] section")?;
    let mailer = assemble::mailer_of(house)(mail).map_err(anyhow::Error::msg)?;
    let message = post::preview(house, &unwritten.edition, &unwritten.variant, &address)
        .map_err(anyhow::Error::msg)?;
    let reader =
        post::Reader { uid: uuid::Uuid::nil(), row: 0, address: address.as_str(), name: "" };
    let envelope = post::envelope(house, mail, 0, &reader).map_err(anyhow::Error::msg)?;
    post::send_one(mailer.as_ref(), &envelope, &message).await.map_err(anyhow::Error::msg)?;
    print::line(format!("A test mail of `{name}` went to {address}."))?;
    Ok(ExitCode::SUCCESS)
}

async fn send(house: Arc<House>, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let digest = find(&house, name)?;
    let instance = serve::instance();
    let sending = assemble::sending(&house, &assemble::mailer_of(&house), &instance)
        .context("the configuration has no [mail] section")?;
    let zone = match digest.zone {
        Zone::Fixed(zone) | Zone::Subscriber(zone) => zone,
    };
    let now = house.now();
    let Some(edition) =
        compile::make(&house, &digest, Slot::at(now, zone), now, Occasion::Operator).await?
    else {
        if json {
            print::json(&Sent { edition: None, sent: 0, failed: 0 })?;
        } else {
            print::line(format!("Digest `{name}`: nothing new, so no edition was made."))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let (id, number) = (edition.id, edition.number);
    let (ending, stop) = watch::channel(false);
    let mut tx = house.store.write().await?;
    keys::beat(&mut tx, &instance, "once", now).await?;
    tx.commit().await?;
    let beating =
        tokio::spawn(deliver::beat(house.clone(), instance.clone(), "once", stop.clone()));
    let signals = crate::daemon::stop::Signals::listen()?;
    let mut sends = std::pin::pin!(deliver::run(sending, Until::Settled(id), stop));
    // What cannot be queued stops the sending too: the edition would stay open for ever.
    let mut queues = std::pin::pin!(async {
        let queued = compile::queue(&house, edition).await;
        if queued.is_err() {
            ending.send_replace(true);
        }
        queued
    });
    let mut queued = None;
    let mut stops =
        std::pin::pin!(signals.each(async |signal| signal != crate::daemon::stop::Signal::Stop));
    loop {
        tokio::select! {
            () = &mut sends => break,
            done = &mut queues, if queued.is_none() => queued = Some(done),
            () = &mut stops, if !*ending.borrow() => {
                ending.send_replace(true);
            }
        }
    }
    ending.send_replace(true);
    // It only ends after its last beat, so the next line is the last word.
    let _ = beating.await;
    let mut tx = house.store.write().await?;
    keys::strike(&mut tx, &instance).await?;
    tx.commit().await?;
    queued.transpose()?;
    let mut tx = house.store.read().await?;
    let counts = deliveries::counts(&mut tx, id).await?;
    let of = |states: &[State]| {
        counts
            .iter()
            .filter(|(state, _)| states.contains(state))
            .map(|(_, count)| count)
            .sum::<i64>()
    };
    let (sent, failed) = (of(&[State::Sent]), of(&[State::Refused, State::Expired, State::Held]));
    let open = of(&[State::Queued, State::Claimed, State::Handing]);
    if json {
        print::json(&Sent { edition: Some(id), sent, failed })?;
    } else {
        print::line(format!(
            "Digest `{name}`, edition {number}: {sent} sent, {failed} failed, {open} open."
        ))?;
    }
    Ok(if failed + open == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
