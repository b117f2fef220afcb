//! A mail address that a message can be sent to.

/// A valid mail address, its domain in lower-case ASCII (IDNA).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(String);
