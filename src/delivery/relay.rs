//! What `[mail]` says: who mails come from, and by which ways they leave.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::{Host, Url};

use super::directory::Directory;
use super::inbox::{Accept, Inbox};
use super::mailer::Mailer;
use super::manners::{Limits, QuietHours};
use super::message::Mailbox;
use super::sendmail::Sendmail;
use super::smtp::{Login, Server, Smtp, Tls};
use super::transition::OnUncertain;
use crate::secret::Secret;

/// What `[mail]` says.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `from`: who mails come from.
    pub from: Mailbox,
    /// `reply_to`: where answers go.
    pub reply_to: Option<Mailbox>,
    /// `transport`, or one for each `[[mail.relay]]`.
    pub relays: Vec<Relay>,
    /// `bounce`: the envelope sender that VERP addresses are made from;
    /// without one, the address of `from` takes the bounces.
    pub bounce: Option<String>,
    /// `max_rate`, `daily_quota`, `warm_up`: over all relays.
    pub limits: Limits,
    /// `[[mail.domain]]`: rules for single recipient domains.
    pub domains: Vec<DomainRule>,
    /// `quiet_hours`: when nobody is mailed, and the zone of readers who named none.
    pub quiet: Option<(QuietHours, chrono_tz::Tz)>,
    /// `[[mail.dkim]]`: one for each signature.
    pub dkim: Vec<DkimSettings>,
}

/// What `[delivery]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverySettings {
    /// `on_uncertain`: what happens to a mail whose reply was lost.
    pub on_uncertain: OnUncertain,
}

/// One `[[mail.dkim]]`.
#[derive(Debug, Clone)]
pub struct DkimSettings {
    /// The domain that signs; that of `from`, or one above it.
    pub domain: String,
    /// The name of the key in the domain's DNS.
    pub selector: String,
    /// The private key in PEM, RSA or Ed25519.
    pub key: Secret,
}

/// One `[[mail.domain]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainRule {
    /// `name`: the domain, lower case.
    pub name: String,
    /// Its limits, over all relays.
    pub limits: Limits,
    /// `relays`: the names of those that its mails take; empty for any.
    pub relays: Vec<String>,
}

/// One way out.
#[derive(Debug, Clone)]
pub struct Relay {
    /// What it is called in logs; unique.
    pub name: String,
    /// Where mails go.
    pub transport: Transport,
    /// `password` for the user in the transport's address, or for `username`.
    pub login: Option<Login>,
    /// `weight`: its share of the mails; with 0 only what a domain's rule sends it.
    pub weight: u32,
    /// Its limits.
    pub limits: Limits,
}

/// Connections to a relay, if nothing else is said.
pub const CONNECTIONS: usize = 20;

/// Where mails go: `transport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// `smtp://` or `smtps://`: a relay, and the user name if its address has one.
    Smtp(Server, Option<String>),
    /// `sendmail:` or `sendmail:/path`.
    Sendmail(PathBuf),
    /// `directory:PATH`.
    Directory(PathBuf),
    /// `inbox:`.
    Inbox,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            from: Mailbox { name: String::new(), address: String::new() },
            reply_to: None,
            relays: Vec::new(),
            bounce: None,
            limits: Limits::default(),
            domains: Vec::new(),
            quiet: None,
            dkim: Vec::new(),
        }
    }
}

impl MailSettings {
    /// The address that bounces go to.
    #[must_use]
    pub fn bounce_address(&self) -> &str {
        self.bounce.as_deref().unwrap_or(&self.from.address)
    }

    /// The same with one relay only.
    #[must_use]
    pub fn through(&self, relay: &Relay) -> Self {
        Self { relays: vec![relay.clone()], ..self.clone() }
    }
}

impl Relay {
    /// A relay that is known by its transport alone.
    #[must_use]
    pub fn of(transport: Transport) -> Self {
        let limits = Limits { connections: Some(CONNECTIONS), ..Limits::default() };
        Self { name: transport.to_string(), transport, login: None, weight: 1, limits }
    }

    /// The mailer behind it. `hello` is the host that we introduce ourselves
    /// as; `inbox` takes the mails of `inbox:`.
    ///
    /// # Errors
    /// If the transport is `inbox:` and there is none.
    pub fn mailer(
        &self,
        hello: &str,
        inbox: Option<Arc<dyn Accept>>,
    ) -> Result<Arc<dyn Mailer>, String> {
        Ok(match &self.transport {
            Transport::Smtp(server, _) => {
                Arc::new(Smtp::new(server.clone(), self.login.clone(), hello))
            }
            Transport::Sendmail(program) => Arc::new(Sendmail::new(program)),
            Transport::Directory(path) => Arc::new(Directory::new(path)),
            Transport::Inbox => Arc::new(Inbox::new(inbox.ok_or(
                "`inbox:` works only with the built-in web server; use `directory:PATH` here",
            )?)),
        })
    }
}

impl Transport {
    /// Reads `smtp://user@host:port`, `smtps://…`, `sendmail:[/path]`,
    /// `directory:PATH` (relative paths are kept as they are) or `inbox:`.
    ///
    /// # Errors
    /// If it is none of them; the message says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or_else(|| {
            format!("transport `{text}` has no scheme; write `smtp://{text}:25`, `sendmail:` or `directory:PATH`")
        })?;
        match scheme.to_ascii_lowercase().as_str() {
            "smtp" | "smtps" => smtp(text),
            "sendmail" if rest.is_empty() => Ok(Self::Sendmail("/usr/sbin/sendmail".into())),
            "sendmail" if Path::new(rest).is_absolute() => Ok(Self::Sendmail(rest.into())),
            "sendmail" => Err(format!(
                "transport `{text}`: give the program's whole path, as in `sendmail:/usr/sbin/sendmail`"
            )),
            "directory" if rest.is_empty() => {
                Err(format!("transport `{text}`: name the folder, as in `directory:outbox`"))
            }
            "directory" => Ok(Self::Directory(rest.into())),
            "inbox" if rest.is_empty() => Ok(Self::Inbox),
            "inbox" => Err(format!("transport `{text}`: nothing comes after `inbox:`")),
            _ => Err(format!(
                "transport `{text}`: `{scheme}:` is not known; use smtp://, smtps://, sendmail:, directory: or inbox:"
            )),
        }
    }

    /// The same, with a relative folder taken from `base`.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Directory(path) => Self::Directory(base.join(path)),
            other => other,
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Smtp(server, _) => write!(f, "{server}"),
            Self::Sendmail(program) => write!(f, "sendmail:{}", program.display()),
            Self::Directory(path) => write!(f, "directory:{}", path.display()),
            Self::Inbox => f.write_str("inbox:"),
        }
    }
}

fn smtp(text: &str) -> Result<Transport, String> {
    let bad = |remedy: &str| format!("transport `{}`: {remedy}", without_password(text));
    let url =
        Url::parse(text).map_err(|error| bad(&format!("{error}; write `smtp://host:port`")))?;
    if url.password().is_some() {
        return Err(bad(
            "a password does not belong here; set `password = { credential = \"smtp-password\" }` beside it",
        ));
    }
    let host = match url.host() {
        Some(Host::Ipv6(address)) => address.to_string(),
        Some(host) if !host.to_string().is_empty() => host.to_string(),
        _ => return Err(bad("the host is missing; write `smtp://host:port`")),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(bad("nothing comes after the port"));
    }
    let implicit = url.scheme() == "smtps";
    let mut tls = if implicit { Tls::Implicit } else { Tls::StartTls };
    for (key, value) in url.query_pairs() {
        match (&*key, &*value) {
            ("tls", "required") if !implicit => tls = Tls::StartTlsEvenOnLoopback,
            ("tls", "required") => {}
            _ => return Err(bad("the only option is `?tls=required`")),
        }
    }
    let user = match url.username() {
        "" => None,
        user => {
            let decoded: Vec<u8> = percent_decoded(user);
            Some(String::from_utf8(decoded).map_err(|_| bad("the user name is not UTF-8"))?)
        }
    };
    let port = url.port().unwrap_or(match (implicit, &user) {
        (true, _) => 465,
        (false, Some(_)) => 587,
        (false, None) => 25,
    });
    Ok(Transport::Smtp(Server { host, port, tls }, user))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(escape.unwrap_or(byte));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    out
}

/// The address as it may be shown.
fn without_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, host))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: u16, tls: Tls) -> Server {
        Server { host: host.into(), port, tls }
    }

    #[test]
    fn every_form_of_transport_is_read() {
        let user = Some("digest@example.org".to_owned());
        for (text, expected) in [
            ("smtp://127.0.0.1:25", Transport::Smtp(server("127.0.0.1", 25, Tls::StartTls), None)),
            (
                "smtp://mail.example.org",
                Transport::Smtp(server("mail.example.org", 25, Tls::StartTls), None),
            ),
            ("smtp://[::1]:2525/", Transport::Smtp(server("::1", 2525, Tls::StartTls), None)),
            (
                "smtp://localhost?tls=required",
                Transport::Smtp(server("localhost", 25, Tls::StartTlsEvenOnLoopback), None),
            ),
            (
                "smtp://digest%40example.org@mail.example.org",
                Transport::Smtp(server("mail.example.org", 587, Tls::StartTls), user),
            ),
            (
                "smtps://mail.example.org",
                Transport::Smtp(server("mail.example.org", 465, Tls::Implicit), None),
            ),
            ("sendmail:", Transport::Sendmail("/usr/sbin/sendmail".into())),
            ("sendmail:/usr/bin/msmtp", Transport::Sendmail("/usr/bin/msmtp".into())),
            ("directory:out/mails", Transport::Directory("out/mails".into())),
            ("inbox:", Transport::Inbox),
        ] {
            assert_eq!(Transport::parse(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn a_wrong_transport_is_named_with_its_remedy_and_without_its_password() {
        for (text, remedy) in [
            ("mail.example.org", "smtp://"),
            ("smtp://", "host"),
            ("smtp://user:hunter2@mail.example.org", "password = {"),
            ("smtp://mail.example.org/path", "after the port"),
            ("smtp://mail.example.org?tls=none", "?tls=required"),
            ("http://mail.example.org", "use smtp://"),
            ("sendmail:msmtp", "whole path"),
            ("directory:", "name the folder"),
            ("inbox:here", "nothing comes after"),
        ] {
            let error = Transport::parse(text).unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_relative_folder_is_taken_from_the_config() {
        let transport =
            Transport::parse("directory:out").unwrap().relative_to(Path::new("/etc/gazetted"));

        assert_eq!(transport.to_string(), "directory:/etc/gazetted/out");
    }

    #[test]
    fn twenty_connections_are_the_default() {
        assert_eq!(Relay::of(Transport::Inbox).limits.connections, Some(20));
        assert_eq!(DeliverySettings::default().on_uncertain, OnUncertain::Resend);
    }
}
