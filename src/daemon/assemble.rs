//! From a checked config to the parts that run.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, MailConfig, Mailbox, Problem, RelayConfig};
use crate::delivery::manners::Limits;
use crate::delivery::message::Mailbox as From;
use crate::delivery::relay::{DkimSettings, MailSettings, Relay, Transport};
use crate::delivery::smtp::Login;
use crate::delivery::{Mailer, retry};
use crate::flow::deliver::{Sending, Way, post};
use crate::flow::inbox::Keeper;
use crate::flow::{House, Settings};
use crate::region::Tree;
use crate::site::Site;
use crate::source::{Fetch, HttpFetch};
use crate::store::{Result, Store, StoreError, keys};
use crate::subscriber::token::{Key, Keyring};
use crate::template::{TemplateError, Templates};

/// Makes the way out from what `[mail]` says.
pub type MailerOf =
    Arc<dyn Fn(&MailSettings) -> std::result::Result<Arc<dyn Mailer>, String> + Send + Sync>;

/// Checks and prepares everything the config says.
///
/// # Errors
/// What is wrong, a line each.
pub fn settings(config: &Config) -> std::result::Result<Settings, String> {
    let templates = Templates::load(config.templates.as_deref()).map_err(|errors| {
        let lines: Vec<String> = errors
            .iter()
            .map(|error| template_problem(error, config.templates.as_deref()).to_string())
            .collect();
        lines.join("\n")
    })?;
    let tree =
        Tree::new(&config.regions, config.region_depth).map_err(|problems| problems.join("\n"))?;
    Ok(Settings {
        site: config.site.clone(),
        sources: config.sources.clone(),
        tree,
        tree_fingerprint: fingerprint(config),
        related: related(config),
        feeds: config.feeds.clone(),
        mail: mail(config)?,
        on_uncertain: config.delivery.on_uncertain,
        feedback: config.feedback.clone(),
        digests: config.digests.clone(),
        templates,
    })
}

/// Where related articles are kept: with PostgreSQL, which lies beside no
/// folder of ours, where systemd says, a folder for each database.
fn related(config: &Config) -> crate::related::Settings {
    let mut settings = config.related.clone();
    if settings.folder.is_none()
        && !config.store.url.starts_with("sqlite:")
        && let Some(caches) = std::env::var_os("CACHE_DIRECTORY")
    {
        let mut hasher = DefaultHasher::new();
        config.store.url.hash(&mut hasher);
        let name = format!("related-{:016x}", hasher.finish());
        settings.folder = Some(Path::new(&caches).join(name));
    }
    settings
}

/// Changes when the regions in force, or what decides them, may have changed.
fn fingerprint(config: &Config) -> i64 {
    let mut hasher = DefaultHasher::new();
    crate::region::revision().hash(&mut hasher);
    config.region_depth.hash(&mut hasher);
    format!("{:?}", config.regions).hash(&mut hasher);
    for source in &config.sources {
        (&source.name, source.home).hash(&mut hasher);
    }
    hasher.finish().cast_signed()
}

/// What `[mail]` says, ready to send by.
///
/// # Errors
/// What is wrong with a transport or a key.
pub fn mail(config: &Config) -> std::result::Result<Option<MailSettings>, String> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let relays: std::result::Result<Vec<Relay>, String> = ways(mail).map(relay).collect();
    let mut relays = relays?;
    let mut limits = mail.relay.limits.clone();
    if mail.relays.is_empty() {
        // The only relay keeps to what is one connection's; the rest is the house's.
        let Limits { connections, messages_per_connection, .. } = limits;
        relays[0].limits = Limits { connections, messages_per_connection, ..Limits::default() };
    }
    (limits.connections, limits.messages_per_connection) = (None, None);
    let settings = MailSettings {
        from: mailbox(&mail.from),
        reply_to: mail
            .reply_to
            .as_ref()
            .map(|address| From { name: String::new(), address: address.to_string() }),
        relays,
        bounce: mail.bounce.as_ref().map(ToString::to_string),
        limits,
        domains: mail.domains.clone(),
        quiet: mail.quiet_hours.map(|hours| (hours, config.site.timezone)),
        dkim: mail
            .dkim
            .iter()
            .map(|dkim| DkimSettings {
                domain: dkim.domain.clone(),
                selector: dkim.selector.clone(),
                key: dkim.key.clone(),
            })
            .collect(),
    };
    post::signers(&settings)?;
    Ok(Some(settings))
}

/// The relays in the config's order; `[mail]`'s own only if no other is named.
fn ways(mail: &MailConfig) -> impl Iterator<Item = &RelayConfig> {
    mail.relays.iter().chain(mail.relays.is_empty().then_some(&mail.relay))
}

fn mailbox(mailbox: &Mailbox) -> From {
    From { name: mailbox.name.clone(), address: mailbox.address.to_string() }
}

fn relay(config: &RelayConfig) -> std::result::Result<Relay, String> {
    let transport = Transport::parse(&config.transport)?;
    let login = match (&config.username, &config.password) {
        (Some(user), Some(password)) => {
            Some(Login { user: user.clone(), password: password.clone() })
        }
        _ => None,
    };
    let plain = Relay::of(transport);
    Ok(Relay {
        name: config.name.clone().unwrap_or_else(|| plain.name.clone()),
        login,
        weight: config.weight,
        limits: config.limits.clone(),
        ..plain
    })
}

/// Does mail go to the built-in inbox?
#[must_use]
pub fn has_inbox(mail: &MailSettings) -> bool {
    mail.relays.iter().any(|relay| relay.transport == Transport::Inbox)
}

/// How mailers are made for this house.
#[must_use]
pub fn mailer_of(house: &Arc<House>) -> MailerOf {
    let house = Arc::clone(house);
    Arc::new(move |mail| {
        let hello = house.settings().site.host().to_owned();
        let relay = mail
            .relays
            .iter()
            .find(|relay| relay.weight > 0)
            .or(mail.relays.first())
            .ok_or("[mail] names no way out")?;
        relay.mailer(&hello, Some(Arc::new(Keeper(Arc::clone(&house)))))
    })
}

/// Who sends, and how, for the settings in force; `None` without `[mail]`.
#[must_use]
pub fn sending(house: &Arc<House>, mailer: &MailerOf, instance: &str) -> Option<Sending> {
    let settings = house.settings();
    let mail = settings.mail.as_ref()?;
    let ways: std::result::Result<Vec<Way>, String> = mail
        .relays
        .iter()
        .map(|relay| {
            Ok(Way {
                name: relay.name.clone(),
                mailer: mailer(&mail.through(relay))?,
                weight: relay.weight,
                limits: relay.limits.clone(),
            })
        })
        .collect();
    let ways = ways.inspect_err(|error| tracing::error!("Nothing can be mailed: {error}")).ok()?;
    Some(Sending {
        house: Arc::clone(house),
        ways,
        instance: instance.to_owned(),
        limits: mail.limits.clone(),
        domains: mail.domains.clone(),
        quiet: mail.quiet,
        retry: retry::Schedule::default(),
    })
}

/// How sources are reached.
#[must_use]
pub fn fetch(site: Option<&Site>) -> Arc<dyn Fetch> {
    Arc::new(HttpFetch::new(site.map(|site| &site.url)))
}

/// The keys of this house: drawn once, kept in the store.
///
/// # Errors
/// If the store does not answer, or the system has no randomness.
pub async fn keys(store: &Store, clock: &dyn Clock) -> Result<(Keyring, Vec<u8>)> {
    let dice = || {
        Key::generate()
            .ok_or_else(|| StoreError::Refused("the system gives no random numbers".to_owned()))
    };
    let (signing, salt) = (dice()?, dice()?);
    let mut tx = store.write().await?;
    let signing = keys::secret(&mut tx, "token-1", &signing, clock.now()).await?;
    let salt = keys::secret(&mut tx, "salt", &salt, clock.now()).await?;
    tx.commit().await?;
    let signing: [u8; 32] = signing.try_into().map_err(|_| {
        StoreError::Refused(
            "the key `token-1` in the database is not 32 bytes; restore a backup".to_owned(),
        )
    })?;
    Ok((Keyring::new(Key::new(1, &signing), vec![]), salt))
}

/// A template's error as a problem of the configuration.
#[must_use]
pub fn template_problem(error: &TemplateError, folder: Option<&Path>) -> Problem {
    Problem {
        key: "templates".to_owned(),
        file: folder.map_or_else(
            || error.file.clone(),
            |folder| folder.join(&error.file).display().to_string(),
        ),
        line: error.line.and_then(|line| u32::try_from(line).ok()),
        message: error.message.clone(),
        remedy: error.remedy.clone(),
    }
}
