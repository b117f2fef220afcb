//! How long we wait for a relay.

use std::time::Duration;

/// How long we wait for each step: RFC 5321 section 4.5.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For each address of the relay to answer, and for each TLS handshake.
    pub connect: Duration,
    /// For the greeting.
    pub greeting: Duration,
    /// For the reply to MAIL, RCPT and all commands not named here.
    pub command: Duration,
    /// For the 354 after DATA.
    pub data: Duration,
    /// For each block of the body to be taken.
    pub block: Duration,
    /// For the reply to the final dot. Giving up early makes doubles.
    pub end: Duration,
    /// For the reply to QUIT, which nobody needs.
    pub quit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            block: Duration::from_mins(3),
            end: Duration::from_mins(10),
            quit: Duration::from_secs(2),
        }
    }
}

impl Deadlines {
    /// The same for every step.
    #[must_use]
    pub const fn all(wait: Duration) -> Self {
        Self {
            connect: wait,
            greeting: wait,
            command: wait,
            data: wait,
            block: wait,
            end: wait,
            quit: wait,
        }
    }
}
