//! What systemd is told: ready, reloading, stopping, alive (`sd_notify(3)`).

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tracing::{debug, error};

use super::beat;
use crate::flow::House;

/// Everything that was asked for is up.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The config is being read again.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => debug!("systemd is not told of the reload: {error}"),
    }
}

/// No new work is begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog twice in its time, but only while the store answers and
/// every loop beats: a daemon that hangs is restarted.
pub async fn watchdog(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    while !*stop.borrow() {
        let hanging = house.pulse.hanging(house.now());
        let answers = tokio::time::timeout(limit / 3, house.store.ping()).await;
        match (hanging.as_slice(), answers) {
            ([], Ok(Ok(()))) => tell(&[NotifyState::Watchdog]),
            (hanging, answers) => {
                error!(
                    "The watchdog is not fed: loops that hang: {hanging:?}; the store answers: {}",
                    matches!(answers, Ok(Ok(())))
                );
            }
        }
        beat::pause((limit / 2).max(Duration::from_millis(100)), &mut stop).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!("systemd is not told: {error}");
    }
}
