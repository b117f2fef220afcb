//! `[feedback]`: where mail that comes back is taken in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::hook;
use super::score::Patience;
use crate::secret::Secret;

/// `[feedback]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `listen`: where an LMTP or SMTP client may hand over what came back.
    pub listen: Option<SocketAddr>,
    /// `addresses`: what the listener takes mail for, besides `[mail] bounce`.
    pub addresses: Vec<String>,
    /// `maildirs`: folders that are looked into.
    pub maildirs: Vec<PathBuf>,
    /// `[[feedback.imap]]`: mailboxes that are looked into.
    pub imap: Vec<Imap>,
    /// `every`: how often Maildirs and mailboxes are looked into.
    pub every: Duration,
    /// `max_bytes`: the largest message that is taken.
    pub max_bytes: usize,
    /// `delete`: whether messages about our mails are deleted once understood.
    pub delete: bool,
    /// `soft_limit` and `soft_half_life`.
    pub patience: Patience,
    /// `[feedback.ses]` and its like.
    pub hooks: hook::Settings,
}

/// One `[[feedback.imap]]`.
#[derive(Debug, Clone)]
pub struct Imap {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection begins with TLS; only on this machine it may not.
    pub tls: bool,
    /// Name by which we log in.
    pub username: String,
    /// Password by which we log in.
    pub password: Secret,
    /// Which folder.
    pub folder: String,
}

impl Imap {
    /// What it is called in logs and in the store.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}:{}/{}", self.username, self.host, self.port, self.folder)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: None,
            addresses: vec![],
            maildirs: vec![],
            imap: vec![],
            every: Duration::from_mins(1),
            max_bytes: 5 * 1024 * 1024,
            delete: false,
            patience: Patience::default(),
            hooks: hook::Settings::default(),
        }
    }
}
