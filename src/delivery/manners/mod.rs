//! Manners towards relays and recipient domains: pure.
//!
//! - [`concern`]: whom a refusal for now is about;
//! - [`limits`]: how much may be sent;
//! - [`quiet`]: when nobody is mailed;
//! - [`slow`]: a domain that asked us to slow down, and how it recovers.
//!
//! Nothing here knows the store, the time or a connection: what is decided
//! here is done by `flow::deliver`.

pub mod concern;
pub mod limits;
pub mod quiet;
pub mod slow;

pub use concern::Concern;
pub use limits::Limits;
pub use quiet::QuietHours;
pub use slow::Slow;

/// The domain of an address; the whole if there is no `@` in it.
#[must_use]
pub fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}
