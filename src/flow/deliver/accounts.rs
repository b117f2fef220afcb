//! What is left of quotas and rates, within one transaction: held for this
//! machine from opening to closing.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};

use crate::clock::Time;
use crate::delivery::manners::{Limits, limits as rate};
use crate::store::{Result, Tx, limits};

/// Accounts by their scopes.
pub(super) struct Accounts {
    /// The day that counts.
    pub(super) day: String,
    now: Time,
    open: BTreeMap<String, Account>,
}

#[derive(Default)]
struct Account {
    /// Mails left of the day, if they are counted.
    left: Option<usize>,
    pace: Option<Pace>,
    taken: usize,
}

struct Pace {
    rate: f64,
    next: Option<Time>,
    free: usize,
}

impl Accounts {
    /// None open yet.
    pub(super) fn new(now: Time) -> Self {
        Self { day: limits::day(now), now, open: BTreeMap::new() }
    }

    /// Opens the account of a scope with these limits, if it needs one. Open
    /// them in the order of their scopes.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn open(&mut self, tx: &mut Tx, scope: &str, of: &Limits) -> Result<()> {
        if !of.is_accounted() || self.open.contains_key(scope) {
            return Ok(());
        }
        let mut account = Account::default();
        if of.counts() {
            let days = if of.warm_up.is_empty() {
                i64::MAX
            } else {
                limits::days_of_use(tx, scope, &self.day).await?
            };
            let used = limits::hold(tx, scope, &self.day).await?;
            account.left = of.quota(days).map(|quota| {
                let left = i64::try_from(quota).unwrap_or(i64::MAX).saturating_sub(used);
                usize::try_from(left).unwrap_or(0)
            });
            // A plan that has ended still counts its days.
            account.left = account.left.or(Some(usize::MAX));
        }
        if let Some(rate) = of.max_rate {
            let next = limits::hold_pace(tx, scope).await?;
            account.pace = Some(Pace { rate, next, free: rate::free(rate, next, self.now) });
        }
        self.open.insert(scope.to_owned(), account);
        Ok(())
    }

    /// Mails left of the day.
    pub(super) fn left(&self, scope: &str) -> usize {
        let account = self.open.get(scope);
        account.map_or(usize::MAX, |account| {
            account.left.map_or(usize::MAX, |left| left.saturating_sub(account.taken))
        })
    }

    /// Mails that may go at this moment.
    pub(super) fn room(&self, scope: &str) -> usize {
        let Some(account) = self.open.get(scope) else { return usize::MAX };
        let free = account.pace.as_ref().map_or(usize::MAX, |pace| pace.free);
        self.left(scope).min(free.saturating_sub(account.taken))
    }

    /// Takes one mail; true if it counts against a quota.
    pub(super) fn take(&mut self, scope: &str) -> bool {
        let Some(account) = self.open.get_mut(scope) else { return false };
        account.taken += 1;
        account.left.is_some()
    }

    /// When the next day begins.
    pub(super) fn tomorrow(&self) -> Time {
        let next = self.now.date_naive().checked_add_days(Days::new(1));
        let next = next.and_then(|day| day.and_hms_opt(0, 0, 0));
        next.map_or(self.now + TimeDelta::days(1), |next| next.and_utc())
    }

    /// Writes down what was taken.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn close(self, tx: &mut Tx) -> Result<()> {
        for (scope, account) in self.open {
            if account.taken == 0 {
                continue;
            }
            if account.left.is_some() {
                let mails = i64::try_from(account.taken).unwrap_or(i64::MAX);
                limits::count(tx, &scope, &self.day, mails).await?;
            }
            if let Some(Pace { rate, next, .. }) = account.pace {
                let next = rate::after(rate, next, self.now, account.taken);
                limits::set_pace(tx, &scope, next).await?;
            }
        }
        Ok(())
    }
}
