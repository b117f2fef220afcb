//! `smtp://` and `smtps://`: mails go to a relay over connections of our own.
//!
//! The socket is ours: lettre's connection neither shows what the relay offers
//! beside AUTH and STARTTLS, nor groups commands, nor sets `TCP_NODELAY`. Its
//! AUTH and its parsing of replies are used. If the relay offers PIPELINING
//! (RFC 2920), the body and the next envelope go out in one write, and a mail
//! costs one round trip; else we go step by step.
//!
//! TLS is required unless the relay is on this machine; a certificate is
//! always verified. A deadline stands on every reply.

mod deadlines;
mod greeting;
mod reply;
mod session;
mod verdict;
mod wire;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::mailer::{Failure, Mailer, Session};
use super::message::dotted;
use crate::secret::Secret;

pub use deadlines::Deadlines;

/// Where a relay is and how the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an address (IPv6 without brackets).
    pub host: String,
    /// The port.
    pub port: u16,
    /// When TLS begins.
    pub tls: Tls,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// With the connection: `smtps://`.
    Implicit,
    /// With STARTTLS, which a relay elsewhere must offer. On this machine it
    /// is used only if the relay will not let us log in without: what stands
    /// there often has a certificate that names nobody.
    StartTls,
    /// With STARTTLS wherever it is: `smtp://…?tls=required`.
    StartTlsEvenOnLoopback,
}

/// Who we are to the relay.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Opens connections to one relay.
pub struct Smtp {
    server: Server,
    login: Option<Login>,
    hello: String,
    deadlines: Deadlines,
    roots: Vec<CertificateDer<'static>>,
    tls: OnceLock<Result<Arc<ClientConfig>, Failure>>,
}

impl Smtp {
    /// A mailer for the relay `server`. We introduce ourselves as `hello`.
    #[must_use]
    pub fn new(server: Server, login: Option<Login>, hello: &str) -> Self {
        Self {
            server,
            login,
            hello: introduction(hello),
            deadlines: Deadlines::default(),
            roots: Vec::new(),
            tls: OnceLock::new(),
        }
    }

    /// With other deadlines than those of RFC 5321.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Trusts `root` instead of the machine's certificates.
    #[must_use]
    pub fn trusting(mut self, root: CertificateDer<'static>) -> Self {
        self.roots.push(root);
        self
    }

    /// The TLS set-up, made when it is first needed.
    fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        self.tls.get_or_init(|| self.make_tls()).clone()
    }

    fn make_tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut store = RootCertStore::empty();
        if self.roots.is_empty() {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        } else {
            store.add_parsable_certificates(self.roots.iter().cloned());
        }
        if store.is_empty() {
            return Err(Failure::Lasting(
                "this machine has no certificates to verify a relay with; install ca-certificates or set SSL_CERT_FILE"
                    .to_owned(),
            ));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Lasting(format!("TLS cannot be set up: {error}")))?;
        Ok(Arc::new(config.with_root_certificates(store).with_no_client_auth()))
    }
}

impl Mailer for Smtp {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, Failure>> {
        async move {
            let (wire, abilities) = greeting::connect(self).await?;
            let session = session::Conversation::new(wire, abilities, self.deadlines);
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({})", self.server)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == Tls::Implicit { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// RFC 5321 section 4.1.4: a full name, or an address in brackets.
fn introduction(host: &str) -> String {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => dotted(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_introduce_ourselves_with_a_full_name_or_an_address() {
        for (host, hello) in [
            ("news.example.org", "news.example.org"),
            ("localhost", "localhost.invalid"),
            ("127.0.0.1", "[127.0.0.1]"),
            ("[::1]", "[IPv6:::1]"),
            ("a\r\nMAIL FROM:<x>", "a--MAIL-FROM--x-.invalid"),
        ] {
            assert_eq!(introduction(host), hello);
        }
    }
}
