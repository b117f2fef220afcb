//! The loops, the heartbeat, stopping, and what systemd is told.
//!
//! `daemon/` decides when; `flow/` decides what. Nothing here touches a
//! database or a connection itself.

pub mod assemble;
pub mod beat;
pub mod cron;
pub mod notify;
mod rounds;
pub mod sources;
pub mod stop;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::flow::push::Courier;
use crate::flow::{self, House, Settings, compile, deliver, sweep};
use crate::source::Fetch;
use crate::store::{Result, keys};
use assemble::MailerOf;

/// How long open mails and requests are waited for when stopping.
const DRAIN: Duration = Duration::from_mins(1);

/// How long missed slots wait for the first visits to the sources.
const FIRST_VISITS: TimeDelta = TimeDelta::seconds(90);

/// What the daemon needs besides the house.
pub struct Parts {
    /// How sources are reached.
    pub fetch: Arc<dyn Fetch>,
    /// Makes the way out for the settings in force.
    pub mailer: MailerOf,
    /// Reads the config again; words if it is bad.
    pub reload: Box<dyn Fn() -> std::result::Result<Settings, String> + Send + Sync>,
    /// Name of this instance in the ledger.
    pub instance: String,
}

/// Runs every loop until SIGTERM or SIGINT, with `web` among them; then lets
/// open mails and requests end.
///
/// # Errors
/// If the store does not answer at the start, or signals cannot be heard.
pub async fn run<W>(
    house: Arc<House>,
    parts: Parts,
    web: impl FnOnce(watch::Receiver<bool>) -> W,
) -> anyhow::Result<()>
where
    W: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let started = house.now();
    let signals = stop::Signals::listen()?;
    take_over(&house, &parts.instance).await?;
    let (stopping, stop) = watch::channel(false);
    let (reloading, reloaded) = watch::channel(0_u64);
    house.related.write_too();
    let parts = Arc::new(parts);
    let mut loops = JoinSet::new();
    let web = web(stop.clone());
    loops.spawn(async move {
        if let Err(error) = web.await {
            error!("The web server cannot go on: {error}");
        }
    });
    loops.spawn(sources::run(house.clone(), parts.fetch.clone(), reloaded.clone(), stop.clone()));
    loops.spawn(slots(house.clone(), started, stop.clone()));
    loops.spawn(sending(house.clone(), parts.clone(), reloaded.clone(), stop.clone()));
    loops.spawn(housekeeping(house.clone(), parts.instance.clone(), stop.clone()));
    loops.spawn(following(house.clone(), stop.clone()));
    loops.spawn(hubs(house.clone(), stop.clone()));
    loops.spawn(notify::watchdog(house.clone(), stop.clone()));
    notify::ready();
    info!("Ready at {}", house.settings().site.url);
    signals
        .each(async |signal| match signal {
            stop::Signal::Stop => {
                notify::stopping();
                info!("Stopping: open mails and requests may end");
                stopping.send_replace(true);
                false
            }
            stop::Signal::Reload => {
                notify::reloading();
                reload(&house, &parts, &reloading);
                notify::ready();
                true
            }
        })
        .await;
    let all_ended = async { while loops.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all_ended).await.is_err() {
        warn!(
            "Stopped with work still open after {} s; what was being handed over is taken up at the next start",
            DRAIN.as_secs()
        );
    } else {
        retire(&house, &parts.instance).await?;
        house.related.settle().await;
    }
    house.store.close().await;
    info!("Stopped");
    Ok(())
}

/// Begins as the daemon: rows that a dead one left are taken back at once.
///
/// # Errors
/// If the store does not answer.
pub async fn take_over(house: &House, instance: &str) -> Result<()> {
    // The daemon before us may have died after we opened the store.
    house.store.recover().await?;
    let mut tx = house.store.write().await?;
    if house.store.file().is_some() {
        // The caller holds the lock beside the file: there is no other daemon.
        keys::strike_daemons(&mut tx).await?;
    }
    keys::beat(&mut tx, instance, "serve", house.now()).await?;
    tx.commit().await?;
    sweep::sweep(house).await?;
    Ok(())
}

/// Ends as the daemon: what it still has in hand is free for others.
///
/// # Errors
/// If the store does not answer.
pub async fn retire(house: &House, instance: &str) -> Result<()> {
    let mut tx = house.store.write().await?;
    keys::strike(&mut tx, instance).await?;
    tx.commit().await
}

/// A bad config keeps the old one running.
fn reload(house: &House, parts: &Parts, reloading: &watch::Sender<u64>) {
    match (parts.reload)() {
        Ok(settings) => {
            house.replace_settings(settings);
            reloading.send_modify(|generation| *generation += 1);
            info!("Configuration and templates are reloaded");
        }
        Err(words) => {
            error!("The new configuration is not taken, the old one stays in force:\n{words}");
        }
    }
}

/// Makes editions when the heartbeat says "look now".
async fn slots(house: Arc<House>, started: crate::clock::Time, mut stop: watch::Receiver<bool>) {
    let heart = match cron::Heart::start().await {
        Ok(heart) => heart,
        Err(error) => {
            error!("The scheduler does not start, so no digest is made: {error}");
            return;
        }
    };
    let mut looked_round = false;
    while !*stop.borrow() {
        house.pulse.beat("slots", house.now());
        match ready_for_slots(&house, started, &mut looked_round).await {
            Ok(false) => {}
            Ok(true) => {
                if let Err(error) = make_due(&house, started).await {
                    warn!("Editions cannot be made now: {error}");
                }
            }
            Err(error) => warn!("Editions cannot be made now: {error}"),
        }
        tokio::select! {
            () = heart.beat() => {}
            _ = stop.changed() => break,
        }
    }
    house.pulse.rest("slots");
    heart.stop().await;
}

/// After a start the sources are visited before slots that were missed are
/// made up for, or their edition would lack what appeared meanwhile. A source
/// that does not answer is not waited for longer than [`FIRST_VISITS`].
async fn ready_for_slots(
    house: &House,
    started: crate::clock::Time,
    looked_round: &mut bool,
) -> Result<bool> {
    if *looked_round {
        return Ok(true);
    }
    compile::meet(house).await?;
    if house.now() - started < FIRST_VISITS {
        for source in &house.settings().sources {
            if flow::watch::state(house, &source.name).await?.next_visit <= house.now() {
                return Ok(false);
            }
        }
    }
    *looked_round = true;
    Ok(true)
}

async fn make_due(house: &House, started: crate::clock::Time) -> Result<()> {
    crate::flow::reclassify::if_regions_changed(house).await?;
    compile::compile_due(house, started).await?;
    compile::queue_open(house).await
}

/// Sends; begins anew after a reload, with the mailer of the new settings.
async fn sending(
    house: Arc<House>,
    parts: Arc<Parts>,
    mut reloaded: watch::Receiver<u64>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        reloaded.mark_unchanged();
        let Some(sending) = assemble::sending(&house, &parts.mailer, &parts.instance) else {
            info!("There is no [mail] section: nothing is mailed");
            tokio::select! {
                _ = reloaded.changed() => {}
                _ = stop.changed() => {}
            }
            continue;
        };
        let (ending, ended) = watch::channel(false);
        let mut run = std::pin::pin!(deliver::run(sending, deliver::Until::Stopped, ended));
        tokio::select! {
            () = &mut run => continue,
            _ = reloaded.changed() => {}
            _ = stop.changed() => {}
        }
        ending.send_replace(true);
        run.await;
    }
}

/// Says that this instance lives, and takes back what the dead left.
async fn housekeeping(house: Arc<House>, instance: String, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        house.pulse.beat("housekeeping", house.now());
        if let Err(error) = deliver::beat_once(&house, &instance, "serve").await {
            warn!("This instance cannot say that it lives: {error}");
        }
        if let Err(error) = sweep::sweep(&house).await {
            warn!("What the dead left cannot be taken back now: {error}");
        }
        beat::pause(sweep::BEAT, &mut stop).await;
    }
    house.pulse.rest("housekeeping");
}

/// Keeps the index of related articles level with the store.
async fn following(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        house.pulse.beat("following", house.now());
        if let Err(error) = house.related.catch_up(&house.store).await {
            warn!("Related articles are behind: {error}");
        }
        tokio::select! {
            () = house.bells.articles.notified() => {}
            () = beat::pause(Duration::from_secs(2), &mut stop) => {}
        }
    }
    house.pulse.rest("following");
}

/// Keeps the subscriptions at the hubs of our sources alive.
async fn hubs(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let courier = match Courier::new(&house.settings().site.url) {
        Ok(courier) => courier,
        Err(error) => {
            warn!("Hubs are not asked to tell of news: {error}");
            return;
        }
    };
    let mut asked = crate::flow::hubs::Asked::default();
    while !*stop.borrow() {
        tokio::select! {
            outcome = crate::flow::hubs::subscribe(&house, &courier, &mut asked) => {
                if let Err(error) = outcome {
                    warn!("Hubs are not asked to tell of news now: {error}");
                }
            }
            _ = stop.changed() => break,
        }
        beat::pause(Duration::from_secs(20), &mut stop).await;
    }
}
