//! The only place with SQL: one text for SQLite and PostgreSQL.
//!
//! A file holds the statements of one noun; the functions take a [`Tx`] and
//! give values. Nothing here decides what to do: that is `flow`'s.

pub mod articles;
mod batch;
pub mod claim;
pub mod copies;
pub mod deliveries;
pub mod editions;
pub mod engine;
pub mod error;
pub mod feedback;
pub mod feeds;
pub mod hub;
pub mod inbox;
pub mod journal;
pub mod keys;
pub mod labels;
pub mod limits;
pub mod media;
mod migrate;
mod notes;
pub mod slowed;
pub mod sources;
pub mod subscribers;
pub mod suppressions;
pub mod withheld;

pub use engine::{Engine, Store, Tx};
pub use error::{Result, StoreError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Time, from_millis};

/// Runs one body on whichever engine the transaction is on; the body is
/// type-checked once for each.
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(open) => {
                let $c = &mut **open;
                $body
            }
            $crate::store::Tx::Postgres(open) => {
                let $c = &mut **open;
                $body
            }
        }
    };
}
pub(crate) use on;

/// A moment as it stands in a column.
fn millis(time: Time) -> i64 {
    time.timestamp_millis()
}

/// A moment read from a column.
fn time(millis: i64) -> Time {
    from_millis(millis)
}

/// A list or record as it stands in a column.
fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("lists and records of strings and numbers always serialise")
}

/// A list or record read from a column; a column that does not read is
/// reported with its name, for it means the store was changed by hand.
fn from_json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| StoreError::Unreadable { column, source })
}
