//! One mail to one person: the states of the ledger row, when to try again,
//! the message, and the ways it leaves the house.
//!
//! [`transition`], [`retry`] and [`message`] are pure. [`mailer`] is the port;
//! [`smtp`], [`sendmail`], [`directory`] and [`inbox`] are behind it, and
//! [`relay`] picks one from what `[mail]` says. [`dkim`] signs; [`records`] judges
//! what the DNS says of a sender.
//!
//! `delivery/` never touches the store and never asks what time it is.

pub mod directory;
pub mod dkim;
pub mod inbox;
pub mod mailer;
pub mod manners;
pub mod message;
pub mod records;
pub mod relay;
pub mod retry;
pub mod sendmail;
pub mod smtp;
pub mod transition;

pub use mailer::{Envelope, Failure, Mailer, Offer, Outcome, Rejection, Session};
pub use message::{Assembled, Letter, Person};
pub use transition::{Event, OnUncertain, State};
