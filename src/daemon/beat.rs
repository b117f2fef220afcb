//! The only sleep of the loops.

use std::time::Duration;

use tokio::sync::watch;

/// Waits, but not beyond the stop signal.
pub async fn pause(length: Duration, stop: &mut watch::Receiver<bool>) {
    if *stop.borrow() {
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        _ = stop.changed() => {}
    }
}
