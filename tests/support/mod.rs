//! What tests of several folders share: stores on both engines, a world with a
//! clock that stands still, a server of feeds, and a server that takes mail.

pub mod engines;
pub mod newsroom;
pub mod postbox;
mod postgres;
pub mod program;
pub mod world;

pub use engines::Database;
pub(crate) use engines::on_both_engines;
pub use world::World;
