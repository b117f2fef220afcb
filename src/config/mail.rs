//! `[mail]`: who the mails are from, and how they leave the house.

mod transport;

use std::fmt;

use super::document::Value;
use super::problem::Fault;
use super::reader::Section;
use super::{form, nearest, secret};
use crate::delivery::manners::{Limits, QuietHours};
pub use crate::delivery::relay::DomainRule;
use crate::secret::Secret;
use crate::subscriber::Address;

/// `[mail]`.
#[derive(Debug, Clone, PartialEq)]
pub struct MailConfig {
    /// Whom readers see as the sender.
    pub from: Mailbox,
    /// Where answers go; `None`: to the sender.
    pub reply_to: Option<Address>,
    /// Envelope sender, of which each mail's own is made (VERP); `None`: the
    /// sender's address.
    pub bounce: Option<Address>,
    /// The relay that stands in `[mail]` itself.
    pub relay: RelayConfig,
    /// Further relays, in order.
    pub relays: Vec<RelayConfig>,
    /// Rules for single recipient domains.
    pub domains: Vec<DomainRule>,
    /// When nobody is mailed.
    pub quiet_hours: Option<QuietHours>,
    /// One entry per signature.
    pub dkim: Vec<DkimConfig>,
}

impl RelayConfig {
    /// By which name it is known.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.transport)
    }
}

/// A name and an address: `Desk <desk@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; empty if there is none.
    pub name: String,
    /// The address.
    pub address: Address,
}

impl Mailbox {
    /// Reads `Name <address>`, or an address alone.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let name = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name);
        if name.len() > 200 || name.chars().any(|c| c.is_control() || matches!(c, '<' | '>')) {
            return Err(format!(
                "`{}` is no sender's name; write one like `The Review <digest@example.org>`",
                form::short(name)
            ));
        }
        let address = Address::parse(address).map_err(|bad| bad.to_string())?;
        Ok(Self { name: name.to_owned(), address })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{} <{}>", self.name, self.address)
        }
    }
}

/// One way out, with its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct RelayConfig {
    /// What it is called; `None`: by its transport.
    pub name: Option<String>,
    /// Its share of the mails.
    pub weight: u32,
    /// `smtp://host:port`, `smtps://host:port`, `sendmail:`, `sendmail:/PATH`,
    /// `directory:/PATH` or `inbox:`.
    pub transport: String,
    /// Name by which we log in.
    pub username: Option<String>,
    /// Password by which we log in.
    pub password: Option<Secret>,
    /// Its limits.
    pub limits: Limits,
}

/// One DKIM signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimConfig {
    /// The domain that signs.
    pub domain: String,
    /// Under which name its public key is found.
    pub selector: String,
    /// The private key, RSA or Ed25519, PEM.
    pub key: Secret,
}

/// Reads `[mail]`; `None` if it is absent, or a required key is missing or wrong.
pub fn read(section: Section<'_>) -> Option<MailConfig> {
    let present = section.is_present();
    let example = "\"The Meridian Review <digest@news.example.org>\"";
    let sender = form::text(Mailbox::parse);
    let from =
        if present { section.must("from", example, sender) } else { section.maybe("from", sender) };
    let reply_to = section.maybe("reply_to", form::address);
    let bounce = section.maybe("bounce", form::address);
    let relay = relay(&section, Some("smtp://127.0.0.1:25"));
    let quiet_hours = section.maybe("quiet_hours", form::text(QuietHours::parse));
    let relays: Vec<RelayConfig> = section
        .sections("relay")
        .into_iter()
        .filter_map(|section| {
            let name = section.maybe("name", form::name);
            let weight = section.or("weight", 1, form::whole(0, 1_000));
            let relay = self::relay(&section, None);
            section.finish();
            let weight = u32::try_from(weight).unwrap_or(1);
            Some(RelayConfig { name, weight, ..relay? })
        })
        .collect();
    ways_are_clear(&section, &relays);
    let domains = section
        .sections("domain")
        .into_iter()
        .filter_map(|section| domain_rule(section, &relays))
        .collect();
    let dkim = section.sections("dkim").into_iter().filter_map(dkim).collect();
    section.finish();
    Some(MailConfig {
        from: from?,
        reply_to,
        bounce,
        relay: relay?,
        relays,
        domains,
        quiet_hours,
        dkim,
    })
}

/// The keys of a way out, wherever they stand.
fn relay(section: &Section<'_>, default: Option<&'static str>) -> Option<RelayConfig> {
    let transport = transport::form(section.reading());
    let transport = match default {
        Some(default) => Some(section.or("transport", default, transport)),
        None => section.must("transport", "\"smtp://relay.example.org:587\"", transport),
    };
    let username = section.maybe("username", form::words);
    let password = section.maybe("password", secret::reference(section.reading()));
    for (has, lacks) in [("username", "password"), ("password", "username")] {
        if section.says(has) && !section.says(lacks) {
            let remedy = format!("add `{lacks}`, or leave both out");
            section.problem(has, Fault::new(format!("there is no `{lacks}` to it"), remedy));
        }
    }
    Some(RelayConfig {
        transport: transport?,
        username,
        password,
        name: None,
        weight: 1,
        limits: Limits {
            connections: Some(section.or("connections", 20, form::whole(1, 1_000))),
            ..limits(section)
        },
    })
}

/// The limits of a relay or a recipient domain, less the connections.
fn limits(section: &Section<'_>) -> Limits {
    Limits {
        connections: None,
        messages_per_connection: section
            .maybe("messages_per_connection", form::whole(1, 1_000_000)),
        max_rate: section.maybe("max_rate", form::rate),
        daily_quota: section.maybe("daily_quota", quota),
        warm_up: section.maybe("warm_up", form::list(quota)).unwrap_or_default(),
    }
}

/// Each relay has a name of its own, and one of them takes what no rule sends
/// anywhere.
fn ways_are_clear(section: &Section<'_>, relays: &[RelayConfig]) {
    for (at, relay) in relays.iter().enumerate() {
        if relays[..at].iter().any(|before| before.called() == relay.called()) {
            let fault = format!("two relays are called `{}`", form::short(relay.called()));
            section.problem("relay", Fault::new(fault, "give each a `name` of its own"));
        }
    }
    if !relays.is_empty() && relays.iter().all(|relay| relay.weight == 0) {
        let remedy = "leave `weight` out for the relay that takes all other mails";
        section.problem("relay", Fault::new("every relay has the weight 0", remedy));
    }
}

/// Reads one `[[mail.domain]]`.
fn domain_rule(section: Section<'_>, known: &[RelayConfig]) -> Option<DomainRule> {
    let name = section.must("name", "\"example.org\"", domain);
    let connections = section.maybe("connections", form::whole(1, 1_000));
    let limits = Limits { connections, ..limits(&section) };
    let relays = section.maybe("relays", form::list(form::words)).unwrap_or_default();
    for relay in &relays {
        if known.iter().all(|known| known.called() != relay) {
            let remedy = match nearest(relay, known.iter().map(RelayConfig::called)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "name one that a [[mail.relay]] has".to_owned(),
            };
            let fault = format!("there is no relay `{}`", form::short(relay));
            section.problem("relays", Fault::new(fault, remedy));
        }
    }
    section.finish();
    Some(DomainRule { name: name?, limits, relays })
}

/// Reads one `[[mail.dkim]]`.
fn dkim(section: Section<'_>) -> Option<DkimConfig> {
    let domain = section.must("domain", "\"news.example.org\"", domain);
    let selector = section.must("selector", "\"gazetted\"", form::name);
    let example = "{ credential = \"dkim-key\" }";
    let key = section.must("key", example, secret::reference(section.reading()));
    section.finish();
    Some(DkimConfig { domain: domain?, selector: selector?, key: key? })
}

fn quota(value: &Value) -> Result<u64, Fault> {
    form::whole(1, 1_000_000_000)(value).map(|quota| quota as u64)
}

fn domain(value: &Value) -> Result<String, Fault> {
    form::text(|text| {
        Address::parse(&format!("postmaster@{text}"))
            .map(|address| address.domain().to_owned())
            .map_err(|_| {
                Fault::new(
                    format!("`{}` is no domain", form::short(text)),
                    "write one like `example.org`",
                )
            })
    })(value)
}
