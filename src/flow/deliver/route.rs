//! Which lane a mail takes, or when to ask again: by quiet hours, the rules of
//! its domain, what is left of quotas and rates, and the weights of the lanes.
//!
//! With one relay, no limits and no domain to be minded nothing is asked for
//! any mail.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono_tz::Tz;

use super::accounts::Accounts;
use super::lane::Lane;
use super::manners::{Admission, Manners, Seat, jitter};
use super::{Desk, Sending};
use crate::clock::Time;
use crate::delivery::manners::{self, Limits, QuietHours};
use crate::store::claim::Claim;
use crate::store::limits::{self, Reservation};
use crate::store::{Result, Tx};

/// The scope of what all mails have in common.
pub(super) const ALL: &str = "all";

/// Mails a second that one connection takes, as far as can be guessed.
const USUAL: usize = 50;

/// What is fixed about the ways, and where their turns stand.
pub(super) struct Switch {
    limits: Limits,
    quiet: Option<(QuietHours, Tz)>,
    rules: HashMap<String, Rule>,
    /// Does the store keep account of anything?
    accounted: bool,
    /// Smooth weighted turns: who has waited longest for its share goes next.
    turns: Mutex<Vec<i64>>,
}

/// What is fixed about one recipient domain.
struct Rule {
    scope: String,
    limits: Limits,
    /// Lanes that its mails take; empty for any.
    lanes: Vec<usize>,
}

/// A claimed row that goes on its way.
pub(super) struct Placed {
    /// The row.
    pub(super) claim: Claim,
    /// Which way.
    pub(super) lane: usize,
    /// Its place with its domain, if that is minded.
    pub(super) seat: Option<Seat>,
}

impl Switch {
    /// The switch for what is configured.
    pub(super) fn new(sending: &Sending) -> Self {
        let number = |name: &String| sending.ways.iter().position(|way| way.name == *name);
        let rules: HashMap<String, Rule> = sending
            .domains
            .iter()
            .map(|rule| {
                let lanes = rule.relays.iter().filter_map(number).collect();
                let scope = format!("to:{}", rule.name);
                (rule.name.clone(), Rule { scope, limits: rule.limits.clone(), lanes })
            })
            .collect();
        Self {
            limits: sending.limits.clone(),
            quiet: sending.quiet,
            accounted: sending.limits.is_accounted()
                || sending.ways.iter().any(|way| way.limits.is_accounted())
                || rules.values().any(|rule| rule.limits.is_accounted()),
            rules,
            turns: Mutex::new(vec![0; sending.ways.len()]),
        }
    }

    fn turns(&self) -> MutexGuard<'_, Vec<i64>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many mails to this address one connection may carry.
    pub(super) fn messages_per_connection(&self, address: &str) -> Option<usize> {
        if self.rules.is_empty() {
            return None;
        }
        self.rules.get(manners::domain(address))?.limits.messages_per_connection
    }

    /// Is there nothing to be decided for any mail?
    fn is_easy(&self, lanes: &[Lane], manners: &Manners) -> bool {
        lanes.len() == 1
            && !self.accounted
            && self.quiet.is_none()
            && self.rules.is_empty()
            && manners.is_easy()
    }

    /// May more be claimed now? Not while a lane that keeps up has to wait for
    /// its share.
    pub(super) fn has_room(lanes: &[Lane], now: Time) -> bool {
        Self::rooms(lanes, now).iter().any(|room| *room > 0)
    }

    /// How many more may be claimed for each lane: so many that the shares hold.
    pub(super) fn rooms(lanes: &[Lane], now: Time) -> Vec<usize> {
        let mut rooms: Vec<usize> = lanes.iter().map(|lane| lane.room(now)).collect();
        let sharing: Vec<usize> = (0..lanes.len())
            .filter(|lane| lanes[*lane].weight > 0)
            .filter(|lane| lanes[*lane].closed_until(now).is_none() && !lanes[*lane].lags(now))
            .collect();
        if sharing.len() > 1 {
            // The lane that is fullest for its weight sets the measure. One that is
            // tried out has room for one mail, and holds up nobody.
            let weight = |lane: usize| lanes[lane].weight as usize;
            let measure = sharing
                .iter()
                .copied()
                .filter(|lane| !lanes[*lane].is_troubled())
                .min_by(|a, b| (rooms[*a] * weight(*b)).cmp(&(rooms[*b] * weight(*a))));
            if let Some((room, of)) = measure.map(|lane| (rooms[lane], weight(lane))) {
                for lane in sharing {
                    rooms[lane] = rooms[lane].min((room * weight(lane)).div_ceil(of));
                }
            }
        }
        rooms
    }

    /// The next in turn of these lanes.
    fn next(&self, lanes: &[Lane], among: &[usize]) -> Option<usize> {
        if let [only] = among {
            return Some(*only);
        }
        let weight = |lane: usize| i64::from(lanes[lane].weight.max(1));
        let mut turns = self.turns();
        for lane in among {
            turns[*lane] += weight(*lane);
        }
        let all: i64 = among.iter().map(|lane| weight(*lane)).sum();
        let next =
            among.iter().copied().max_by_key(|lane| (turns[*lane], std::cmp::Reverse(*lane)))?;
        turns[next] -= all;
        Some(next)
    }
}

/// A look at what is due, in one transaction.
pub(super) struct Look<'a> {
    desk: &'a Desk,
    now: Time,
    /// What is left of the room of each lane.
    rooms: &'a mut [usize],
    accounts: Accounts,
}

impl<'a> Look<'a> {
    /// Opens the accounts of the house and of every lane.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn begin(
        tx: &mut Tx,
        desk: &'a Desk,
        rooms: &'a mut [usize],
        now: Time,
    ) -> Result<Self> {
        let mut accounts = Accounts::new(now);
        if desk.switch.accounted {
            accounts.open(tx, ALL, &desk.switch.limits).await?;
            let mut lanes: Vec<&Lane> = desk.lanes.iter().collect();
            lanes.sort_unstable_by(|a, b| a.scope.cmp(&b.scope));
            for lane in lanes {
                accounts.open(tx, &lane.scope, &lane.limits).await?;
            }
        }
        Ok(Self { desk, now, rooms, accounts })
    }

    /// How many mails can go on their way at most.
    pub(super) fn most(&self) -> usize {
        let lanes = self.desk.lanes.iter().zip(&*self.rooms);
        let room =
            lanes.map(|(lane, room)| (*room).min(self.accounts.room(&lane.scope))).sum::<usize>();
        room.min(self.accounts.room(ALL))
    }

    /// Sends claimed rows on their way. Those that may not go now are put back.
    /// Gives how many these are.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn place(
        mut self,
        tx: &mut Tx,
        claims: Vec<Claim>,
    ) -> Result<(Vec<Placed>, usize)> {
        let Desk { switch, lanes, manners, .. } = self.desk;
        if switch.is_easy(lanes, manners) {
            self.rooms[0] = self.rooms[0].saturating_sub(claims.len());
            if !claims.is_empty() {
                lanes[0].given(self.now);
            }
            let placed = claims.into_iter().map(|claim| Placed { claim, lane: 0, seat: None });
            return Ok((placed.collect(), 0));
        }
        let zones = self.zones(tx, &claims).await?;
        self.open_domains(tx, &claims).await?;
        let (mut placed, mut later, mut reserved) = (vec![], vec![], vec![]);
        for claim in claims {
            match self.decide(&claim, &zones) {
                Ok((lane, seat)) => {
                    let scopes = self.take(&claim, lane);
                    if !scopes.is_empty() {
                        reserved.push(Reservation { ticket: claim.ticket, scopes });
                    }
                    placed.push(Placed { claim, lane, seat });
                }
                Err(due) => later.push((claim.ticket, due)),
            }
        }
        limits::put_back(tx, &later, self.now).await?;
        limits::reserve(tx, &self.accounts.day, &reserved).await?;
        self.accounts.close(tx).await?;
        Ok((placed, later.len()))
    }

    /// Where the readers live, if that matters.
    async fn zones(&self, tx: &mut Tx, claims: &[Claim]) -> Result<HashMap<i64, Tz>> {
        if self.desk.switch.quiet.is_none() || claims.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<i64> = claims.iter().map(|claim| claim.ticket.subscriber).collect();
        Ok(limits::zones(tx, &ids).await?.into_iter().collect())
    }

    /// Opens the accounts of the domains in this chunk that have limits.
    async fn open_domains(&mut self, tx: &mut Tx, claims: &[Claim]) -> Result<()> {
        let rules = &self.desk.switch.rules;
        if !rules.values().any(|rule| rule.limits.is_accounted()) {
            return Ok(());
        }
        let mut here: Vec<&Rule> =
            claims.iter().filter_map(|claim| rules.get(manners::domain(&claim.address))).collect();
        here.sort_unstable_by(|a, b| a.scope.cmp(&b.scope));
        here.dedup_by(|a, b| a.scope == b.scope);
        for rule in here {
            self.accounts.open(tx, &rule.scope, &rule.limits).await?;
        }
        Ok(())
    }

    /// The lane of a mail and its seat; else when to ask again.
    fn decide(
        &mut self,
        claim: &Claim,
        zones: &HashMap<i64, Tz>,
    ) -> std::result::Result<(usize, Option<Seat>), Time> {
        let Desk { switch, lanes, manners, .. } = self.desk;
        let (now, ticket) = (self.now, claim.ticket);
        if let Some((quiet, zone)) = switch.quiet {
            let zone = zones.get(&ticket.subscriber).copied().unwrap_or(zone);
            if let Some(end) = quiet.end(now, zone) {
                return Err(end);
            }
        }
        let rule = switch.rules.get(manners::domain(&claim.address));
        let routed = rule.is_some_and(|rule| !rule.lanes.is_empty());
        let mine: Vec<usize> = match rule {
            Some(rule) if routed => rule.lanes.clone(),
            _ => (0..lanes.len()).filter(|lane| lanes[*lane].weight > 0).collect(),
        };
        let open: Vec<usize> =
            mine.iter().copied().filter(|lane| !lanes[*lane].is_closed(now)).collect();
        if open.is_empty() {
            let first = mine.iter().filter_map(|lane| lanes[*lane].closed_until(now)).min();
            let wait = jitter(ticket, Duration::from_millis(100), Duration::from_secs(5));
            return Err(first.unwrap_or(now) + wait);
        }
        let paid: Vec<usize> =
            open.into_iter().filter(|lane| self.accounts.left(&lanes[*lane].scope) > 0).collect();
        if paid.is_empty() || self.accounts.left(ALL) == 0 {
            return Err(self.accounts.tomorrow());
        }
        let free: Vec<usize> = paid
            .iter()
            .copied()
            .filter(|lane| self.rooms[*lane].min(self.accounts.room(&lanes[*lane].scope)) > 0)
            .collect();
        if free.is_empty() || self.accounts.room(ALL) == 0 {
            let rate = paid.iter().map(|lane| lanes[*lane].connections * USUAL).sum::<usize>();
            return Err(manners.in_line(&lanes[paid[0]].scope, rate_of(rate), ticket, now));
        }
        if let Some(rule) = rule {
            if self.accounts.left(&rule.scope) == 0 {
                return Err(self.accounts.tomorrow());
            }
            if self.accounts.room(&rule.scope) == 0 {
                let rate = rule.limits.max_rate.unwrap_or(1.0);
                return Err(manners.in_line(&rule.scope, rate, ticket, now));
            }
        }
        let seat = match manners.admit(&claim.address, ticket, now) {
            Admission::Go(seat) => seat,
            Admission::Full(connections) => {
                let name = manners::domain(&claim.address);
                return Err(manners.in_line(name, rate_of(connections * USUAL), ticket, now));
            }
            Admission::Later(due) => return Err(due),
        };
        match switch.next(lanes, &free) {
            Some(lane) => Ok((lane, seat)),
            None => Err(now + Duration::from_secs(1)),
        }
    }

    /// Takes a mail's part out of everything; gives the scopes whose quota it
    /// counts against.
    fn take(&mut self, claim: &Claim, lane: usize) -> Vec<String> {
        let Desk { switch, lanes, .. } = self.desk;
        self.rooms[lane] = self.rooms[lane].saturating_sub(1);
        lanes[lane].given(self.now);
        let rule = switch.rules.get(manners::domain(&claim.address));
        let scopes = [Some(ALL), Some(&*lanes[lane].scope), rule.map(|rule| &*rule.scope)];
        scopes
            .into_iter()
            .flatten()
            .filter(|scope| self.accounts.take(scope))
            .map(str::to_owned)
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn rate_of(mails: usize) -> f64 {
    mails as f64
}
