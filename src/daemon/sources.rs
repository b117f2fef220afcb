//! A loop for each folder, and the rounds of all that is elsewhere, so that one
//! that is slow delays no other. A reload begins them anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::{beat, rounds};
use crate::flow::{House, watch as visits};
use crate::source::watch::Watch;
use crate::source::{Fetch, Kind, Settings, Source};

/// The longest sleep between two looks at the clock.
const LOOK: Duration = Duration::from_secs(20);

/// Visits every source of the settings in force when it is due.
pub async fn run(
    house: Arc<House>,
    fetch: Arc<dyn Fetch>,
    mut reloaded: watch::Receiver<u64>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        reloaded.mark_unchanged();
        let (ending, ended) = watch::channel(false);
        let mut loops = JoinSet::new();
        let (here, elsewhere): (Vec<Settings>, Vec<Settings>) = house
            .settings()
            .sources
            .iter()
            .cloned()
            .partition(|settings| matches!(settings.kind, Kind::Directory { .. }));
        for settings in here {
            loops.spawn(folder(house.clone(), fetch.clone(), settings, ended.clone()));
        }
        loops.spawn(rounds::run(house.clone(), fetch.clone(), elsewhere, ended));
        tokio::select! {
            _ = reloaded.changed() => {}
            _ = stop.changed() => {}
        }
        ending.send_replace(true);
        // A visit that hangs is dropped: it has written all of a chunk or nothing.
        let all_ended = async { while loops.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), all_ended).await.is_err() {
            debug!("{} visits are broken off", loops.len());
        }
    }
}

async fn folder(
    house: Arc<House>,
    fetch: Arc<dyn Fetch>,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) {
    let name = settings.name.clone();
    let watching = watching(&settings);
    let mut source = Source::new(settings, fetch);
    // A folder is read at the start: what changed while nobody watched has no event.
    let mut stirred = watching.is_some();
    while !*stop.borrow() {
        match visits::state(&house, &name).await {
            Ok(state) if stirred || state.next_visit <= house.now() => {
                stirred = false;
                tokio::select! {
                    outcome = visits::visit(&house, &mut source) => {
                        if let Err(error) = outcome {
                            warn!(source = %name, "Source {name} cannot be taken in now: {error}");
                            beat::pause(Duration::from_secs(5), &mut stop).await;
                        }
                    }
                    _ = stop.changed() => return,
                }
                continue;
            }
            Ok(state) => {
                let wait = (state.next_visit - house.now())
                    .to_std()
                    .unwrap_or_default()
                    .clamp(Duration::from_millis(100), LOOK);
                tokio::select! {
                    () = beat::pause(wait, &mut stop) => {}
                    () = moved(watching.as_ref()) => stirred = true,
                }
            }
            Err(error) => {
                warn!(source = %name, "Source {name} waits for the store: {error}");
                beat::pause(Duration::from_secs(5), &mut stop).await;
            }
        }
    }
}

/// Watches the folder of a source that has one.
fn watching(settings: &Settings) -> Option<Watch> {
    let Kind::Directory { path } = &settings.kind else { return None };
    Watch::folder(path)
        .inspect_err(|words| warn!(source = %settings.name, "Source {}: {words}", settings.name))
        .ok()
}

async fn moved(watching: Option<&Watch>) {
    match watching {
        Some(watch) => watch.moved().await,
        None => std::future::pending().await,
    }
}
