//! Whether a person may be mailed, and what changes it.

/// Whether a person may be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Asked, but has not confirmed.
    Pending,
    /// Gets mail.
    Active,
    /// Unsubscribed.
    Left,
    /// The address does not take mail.
    Bounced,
    /// Called a mail of ours spam.
    Complained,
}
