//! `[mail]`: who the mails are from, and how they leave the house.

mod transport;

use std::fmt;

use super::document::Value;
use super::problem::Fault;
use super::reader::Section;
use super::{form, secret};
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
    /// Limits for single recipient domains.
    pub domains: Vec<DomainLimits>,
    /// One entry per signature.
    pub dkim: Vec<DkimConfig>,
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
    /// `smtp://host:port`, `smtps://host:port`, `sendmail:`, `sendmail:/PATH`,
    /// `directory:/PATH` or `inbox:`.
    pub transport: String,
    /// Name by which we log in.
    pub username: Option<String>,
    /// Password by which we log in.
    pub password: Option<Secret>,
    /// Connections at a time.
    pub connections: usize,
    /// Mails a second; `None`: no limit.
    pub max_rate: Option<f64>,
    /// Mails a day; `None`: no limit.
    pub daily_quota: Option<u64>,
}

/// Limits for one recipient domain, over all relays.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainLimits {
    /// The domain, lower case.
    pub domain: String,
    /// Connections at a time; `None`: those of the relay.
    pub connections: Option<usize>,
    /// Mails a second; `None`: no limit.
    pub max_rate: Option<f64>,
    /// Mails a day; `None`: no limit.
    pub daily_quota: Option<u64>,
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
    let relays = section
        .sections("relay")
        .into_iter()
        .filter_map(|section| {
            let relay = self::relay(&section, None);
            section.finish();
            relay
        })
        .collect();
    let domains = section.sections("domain").into_iter().filter_map(limits).collect();
    let dkim = section.sections("dkim").into_iter().filter_map(dkim).collect();
    section.finish();
    Some(MailConfig { from: from?, reply_to, bounce, relay: relay?, relays, domains, dkim })
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
        connections: section.or("connections", 20, form::whole(1, 1_000)),
        max_rate: section.maybe("max_rate", form::rate),
        daily_quota: section.maybe("daily_quota", quota),
    })
}

/// Reads one `[[mail.domain]]`.
fn limits(section: Section<'_>) -> Option<DomainLimits> {
    let domain = section.must("name", "\"example.org\"", domain);
    let connections = section.maybe("connections", form::whole(1, 1_000));
    let max_rate = section.maybe("max_rate", form::rate);
    let daily_quota = section.maybe("daily_quota", quota);
    section.finish();
    Some(DomainLimits { domain: domain?, connections, max_rate, daily_quota })
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
