//! What the whole does, as stories, each on both engines.

mod machines;
mod operator;
mod readers;
mod relay;
mod slots;
mod sources;
mod whole;
mod zones;
