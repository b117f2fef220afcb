//! What all verbs share: the store, the clock, the keys, and the settings in
//! force, which a reload swaps as a whole.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::pulse::Pulse;
use super::relate::Related;
use crate::clock::{SharedClock, Time};
use crate::delivery::OnUncertain;
use crate::delivery::relay::MailSettings;
use crate::digest;
use crate::feed;
use crate::feedback;
use crate::region::{Gazetteer, Tree};
use crate::site::Site;
use crate::source;
use crate::store::Store;
use crate::subscriber::token::Keyring;
use crate::template::Templates;

/// Everything the config says, checked and ready.
#[derive(Clone)]
pub struct Settings {
    /// Who publishes.
    pub site: Site,
    /// Where articles come from.
    pub sources: Vec<source::Settings>,
    /// The regions in force.
    pub tree: Tree,
    /// Changes when the regions in force change.
    pub tree_fingerprint: i64,
    /// How related articles are found; read once, at the start.
    pub related: crate::related::Settings,
    /// How feeds are made.
    pub feeds: feed::Settings,
    /// How mail leaves the house; without it nothing is mailed.
    pub mail: Option<MailSettings>,
    /// What happens to mails of which nobody can know whether they went out.
    pub on_uncertain: OnUncertain,
    /// Where what comes back is taken in.
    pub feedback: feedback::Settings,
    /// What is mailed, and when.
    pub digests: Vec<digest::Settings>,
    /// How it looks.
    pub templates: Templates,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Settings {
    /// The digest called `name`.
    #[must_use]
    pub fn digest(&self, name: &str) -> Option<&digest::Settings> {
        self.digests.iter().find(|digest| digest.name == name)
    }
}

/// Wakes loops that wait for something to do.
#[derive(Debug, Default)]
pub struct Bells {
    /// Articles came, changed or went.
    pub articles: Notify,
    /// Deliveries may be waiting.
    pub deliveries: Notify,
    /// A source is due earlier than was thought.
    pub sources: Notify,
}

/// What all verbs share.
pub struct House {
    /// Where everything is kept.
    pub store: Store,
    /// What time it is.
    pub clock: SharedClock,
    /// Names of places; the same for every config.
    pub gazetteer: Arc<Gazetteer>,
    /// Which articles belong beside which.
    pub related: Related,
    /// Signs links and envelope senders.
    pub keys: Keyring,
    /// Keys the hashes by which forgotten and suppressed addresses are known.
    pub salt: Vec<u8>,
    /// Wakes loops.
    pub bells: Bells,
    /// Whether the loops still beat.
    pub pulse: Pulse,
    settings: ArcSwap<Settings>,
}

impl House {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        store: Store,
        clock: SharedClock,
        gazetteer: Arc<Gazetteer>,
        (keys, salt): (Keyring, Vec<u8>),
        settings: Settings,
    ) -> Self {
        Self {
            store,
            clock,
            gazetteer,
            related: Related::kept(settings.related.clone()),
            keys,
            salt,
            bells: Bells::default(),
            pulse: Pulse::default(),
            settings: ArcSwap::from_pointee(settings),
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The settings in force; hold them for one piece of work, not longer.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Puts new settings in force.
    pub fn replace_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }
}
