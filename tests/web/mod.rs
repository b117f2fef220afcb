//! What the web promises, asked of the whole router over a real store.

mod coming_and_going;
mod express;
mod feeds;
mod hostile;
mod inbox;
mod machines;
mod pages;
pub mod place;
mod push;
mod reading;
