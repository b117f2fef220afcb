//! What comes back: messages of many systems, and what they do.

mod corpus;
mod reading;
