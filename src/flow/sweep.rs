//! Taking back what the dead left: rows of the ledger whose instance is silent.

use std::time::Duration;

use chrono::TimeDelta;
use tracing::{info, warn};

use super::House;
use crate::delivery::{OnUncertain, retry};
use crate::store::claim::{self, InDoubt, Swept};
use crate::store::{Result, keys, limits, slowed};

/// How often an instance says that it lives.
pub const BEAT: Duration = Duration::from_secs(5);

/// An instance that has been silent this long is dead.
const SILENCE: TimeDelta = TimeDelta::seconds(30);

/// What was slowed down, and has not been tried for so long, is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// Days of quotas are kept so long: a plan to warm up counts them.
const KEPT: TimeDelta = TimeDelta::days(400);

/// Strikes silent instances and takes back the rows they held.
///
/// # Errors
/// If the store does not answer.
pub async fn sweep(house: &House) -> Result<Swept> {
    let now = house.now();
    let in_doubt = match house.settings().on_uncertain {
        OnUncertain::Resend => {
            InDoubt::Resend { max_tries: i64::from(retry::Schedule::default().tries()) }
        }
        OnUncertain::Hold => InDoubt::Hold,
    };
    let recovered = house.store.recover().await?;
    if recovered.journals > 0 {
        info!(
            records = recovered.records,
            "Folded {} hand-overs that a sender noted before it died", recovered.records
        );
    }
    let mut tx = house.store.write().await?;
    keys::strike_silent(&mut tx, now - SILENCE).await?;
    limits::refund_dead(&mut tx).await?;
    let swept = claim::sweep(&mut tx, in_doubt, now).await?;
    limits::forget(&mut tx, &limits::day(now - KEPT)).await?;
    slowed::forget(&mut tx, now - FORGOTTEN).await?;
    tx.commit().await?;
    if swept != Swept::default() {
        warn!(
            released = swept.released,
            resent = swept.resent,
            held = swept.held,
            expired = swept.expired,
            "Took back mails of a daemon that stopped: {} had not gone out, {} may have and are sent again, {} may have and are held, {} are given up",
            swept.released,
            swept.resent,
            swept.held,
            swept.expired
        );
        house.bells.deliveries.notify_waiters();
    }
    Ok(swept)
}
