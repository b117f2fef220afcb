//! tokio-cron-scheduler as the heartbeat: it says "look now", and no more.
//!
//! It keeps a fixed offset from UTC for a job, so 07:00 in Berlin would drift
//! with daylight saving if it were the calendar. Which slots are due is a pure
//! function in `digest/slot`; this only makes somebody ask it.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Every second.
const LOOK: &str = "* * * * * *";

/// A heart that beats once a second.
pub struct Heart {
    scheduler: JobScheduler,
    rung: Arc<Notify>,
}

impl Heart {
    /// Starts it.
    ///
    /// # Errors
    /// If the scheduler does not start.
    pub async fn start() -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let rung = Arc::new(Notify::new());
        let bell = Arc::clone(&rung);
        let look = Job::new_async(LOOK, move |_, _| {
            let bell = Arc::clone(&bell);
            Box::pin(async move { bell.notify_one() })
        })?;
        scheduler.add(look).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, rung })
    }

    /// Waits for the next beat.
    pub async fn beat(&self) {
        self.rung.notified().await;
    }

    /// Stops it.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!("The scheduler did not shut down: {error}");
        }
    }
}
