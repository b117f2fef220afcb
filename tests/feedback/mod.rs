//! What comes back: messages of many systems, what they do, and the doors
//! through which they come.

mod corpus;
mod doors;
mod effects;
mod hooks;
mod mailbox;
mod readers;
mod reading;
