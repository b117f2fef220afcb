//! How often people may ask to subscribe: each client, and all together.
//!
//! Kept in memory only. A mailbox is protected by the store as well, which
//! lets one confirmation a day go to it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::clock::Time;

/// A client may ask this often at once, …
const CLIENT_BURST: i32 = 30;
/// … and then once in this time.
const CLIENT_EVERY: TimeDelta = TimeDelta::seconds(60);
/// All together may ask this often at once, …
const ALL_BURST: i32 = 300;
/// … and then once in this time.
const ALL_EVERY: TimeDelta = TimeDelta::seconds(5);
/// Clients that are remembered; further ones share one account.
const CLIENTS: usize = 10_000;

/// The accounts: for each, until when what was asked is paid for.
#[derive(Debug, Default)]
pub struct Throttle {
    accounts: Mutex<Accounts>,
}

#[derive(Debug, Default)]
struct Accounts {
    all: Option<Time>,
    clients: HashMap<IpAddr, Time>,
}

impl Throttle {
    /// May this client ask now? If not: in how many seconds.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn ask(&self, client: IpAddr, now: Time) -> Result<(), u64> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.clients.len() >= CLIENTS {
            accounts.clients.retain(|_, paid| *paid > now);
        }
        let mut client = network(client);
        if accounts.clients.len() >= CLIENTS && !accounts.clients.contains_key(&client) {
            client = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        }
        let all = pay(accounts.all, now, ALL_EVERY, ALL_BURST)?;
        let mine = pay(accounts.clients.get(&client).copied(), now, CLIENT_EVERY, CLIENT_BURST)?;
        accounts.all = Some(all);
        accounts.clients.insert(client, mine);
        Ok(())
    }
}

/// One more request costs `every`; at most `burst` may be owed.
fn pay(paid: Option<Time>, now: Time, every: TimeDelta, burst: i32) -> Result<Time, u64> {
    let most = now + every * burst;
    // More is owed than anybody can owe: the clock was put back. Begin anew.
    let paid = paid.filter(|paid| *paid <= most);
    let after = paid.map_or(now, |paid| paid.max(now)) + every;
    let over = after - most;
    if over <= TimeDelta::zero() {
        return Ok(after);
    }
    Err(u64::try_from(over.num_seconds()).unwrap_or_default() + 1)
}

/// Who is one client: an IPv4 address, or the /64 that one household has.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    fn client(nth: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(nth))
    }

    #[test]
    fn a_client_that_asks_too_often_waits_and_others_do_not() {
        let (throttle, now) = (Throttle::default(), from_millis(0));
        for _ in 0..CLIENT_BURST {
            assert_eq!(throttle.ask(client(1), now), Ok(()));
        }

        let wait = throttle.ask(client(1), now).unwrap_err();

        assert!(wait <= 61, "{wait}");
        assert_eq!(throttle.ask(client(2), now), Ok(()));
        assert_eq!(throttle.ask(client(1), now + CLIENT_EVERY), Ok(()));
        assert!(throttle.ask(client(1), now + CLIENT_EVERY).is_err());
    }

    #[test]
    fn all_together_have_a_limit_that_no_number_of_clients_lifts() {
        let (throttle, now) = (Throttle::default(), from_millis(0));

        let let_in = (0..1_000).filter(|nth| throttle.ask(client(*nth), now).is_ok()).count();

        assert_eq!(let_in, usize::try_from(ALL_BURST).unwrap());
    }

    #[test]
    fn a_household_with_many_addresses_is_one_client() {
        let (throttle, now) = (Throttle::default(), from_millis(0));
        let inside = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));

        let let_in = (0..100).filter(|host| throttle.ask(inside(*host), now).is_ok()).count();

        assert_eq!(let_in, usize::try_from(CLIENT_BURST).unwrap());
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::default();
        for nth in 0..30_000_u32 {
            let _ = throttle.ask(client(nth), from_millis(i64::from(nth) * 5_000));
        }
        assert!(throttle.accounts.lock().unwrap().clients.len() <= CLIENTS + 1);
    }

    #[test]
    fn a_clock_put_back_locks_nobody_out() {
        let throttle = Throttle::default();
        let later = from_millis(1_000_000_000_000);
        throttle.ask(client(1), later).unwrap();

        assert_eq!(throttle.ask(client(1), from_millis(0)), Ok(()));
    }
}
