//! From nothing to a relay that takes mail: connect, TLS, EHLO, AUTH.

use std::io;
use std::net::SocketAddr;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::response::Response;
use tokio::net::{TcpStream, lookup_host};

use super::reply::Reply;
use super::verdict::wants_login;
use super::wire::{Wire, within};
use super::{Login, Smtp, Tls};
use crate::delivery::mailer::Failure;

/// Addresses of one relay that are tried.
const MOST_ADDRESSES: usize = 8;
/// Challenges of one AUTH that are answered.
const MOST_CHALLENGES: usize = 4;

/// What the relay offers (its reply to EHLO).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) pipelining: bool,
    pub(super) utf8: bool,
    pub(super) dsn: bool,
    pub(super) size: bool,
    /// The largest mail it takes, if it says.
    pub(super) largest_bytes: Option<usize>,
    starttls: bool,
    mechanisms: Vec<Mechanism>,
}

impl Abilities {
    fn of(reply: &Reply) -> Self {
        let mut found = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split([' ', '=']);
            match words.next().unwrap_or_default() {
                "PIPELINING" => found.pipelining = true,
                "SMTPUTF8" => found.utf8 = true,
                "DSN" => found.dsn = true,
                "STARTTLS" => found.starttls = true,
                "SIZE" => {
                    found.size = true;
                    found.largest_bytes =
                        words.next().and_then(|word| word.parse().ok()).filter(|size| *size > 0);
                }
                "AUTH" => found.mechanisms.extend(words.filter_map(|word| match word {
                    "PLAIN" => Some(Mechanism::Plain),
                    "LOGIN" => Some(Mechanism::Login),
                    _ => None,
                })),
                _ => {}
            }
        }
        found
    }
}

/// Opens a connection on which MAIL can be said.
pub(super) async fn connect(smtp: &Smtp) -> Result<(Wire, Abilities), Failure> {
    let name = smtp.server.to_string();
    let trouble = |error: io::Error| Failure::Passing(format!("{name}: {error}"));
    let deadlines = &smtp.deadlines;
    let (stream, address) = reach(smtp).await.map_err(trouble)?;
    let mut wire = Wire::new(stream);
    if smtp.server.tls == Tls::Implicit {
        wire = secure(smtp, wire).await?;
    }
    let greeting = wire.reply(deadlines.greeting).await.map_err(trouble)?;
    match greeting.class() {
        2 => {}
        5 => {
            return Err(Failure::Lasting(format!(
                "{name} does not want to talk to us: {greeting}"
            )));
        }
        _ => return Err(Failure::Passing(format!("{name} is not ready: {greeting}"))),
    }
    let mut abilities = hello(smtp, &mut wire).await?;
    if wants_starttls(smtp, &abilities, address) {
        if !abilities.starttls {
            return Err(Failure::Lasting(format!(
                "{name} offers no STARTTLS, and mail does not leave this machine unprotected; use smtps:// or another relay"
            )));
        }
        wire.say(b"STARTTLS\r\n", deadlines.command).await.map_err(trouble)?;
        let reply = wire.reply(deadlines.command).await.map_err(trouble)?;
        if reply.class() != 2 {
            return Err(Failure::Passing(format!("{name} does not begin TLS: {reply}")));
        }
        wire = secure(smtp, wire).await?;
        abilities = hello(smtp, &mut wire).await?;
    }
    if let Some(login) = &smtp.login {
        log_in(smtp, &mut wire, &abilities, login).await?;
    }
    Ok((wire, abilities))
}

/// The first address that answers.
async fn reach(smtp: &Smtp) -> io::Result<(TcpStream, SocketAddr)> {
    let (wait, server) = (smtp.deadlines.connect, &smtp.server);
    let addresses = within(wait, lookup_host((server.host.as_str(), server.port))).await?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses.take(MOST_ADDRESSES) {
        match within(wait, TcpStream::connect(address)).await {
            Ok(stream) => {
                // Without it every mail waits for a delayed ACK: 44 ms, measured.
                stream.set_nodelay(true)?;
                return Ok((stream, address));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn wants_starttls(smtp: &Smtp, abilities: &Abilities, address: SocketAddr) -> bool {
    match smtp.server.tls {
        Tls::Implicit => false,
        Tls::StartTlsEvenOnLoopback => true,
        Tls::StartTls if address.ip().to_canonical().is_loopback() => {
            smtp.login.is_some() && abilities.mechanisms.is_empty() && abilities.starttls
        }
        Tls::StartTls => true,
    }
}

async fn secure(smtp: &Smtp, wire: Wire) -> Result<Wire, Failure> {
    let config = smtp.tls()?;
    wire.secured(&smtp.server.host, config, smtp.deadlines.connect).await.map_err(|error| {
        let text = format!("{}: TLS: {error}", smtp.server);
        // A certificate stays wrong until somebody changes it.
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Failure::Lasting(format!(
                "{text}; the relay's certificate must name `{}` and be issued by somebody this machine trusts (SSL_CERT_FILE)",
                smtp.server.host
            )),
            _ => Failure::Passing(text),
        }
    })
}

async fn hello(smtp: &Smtp, wire: &mut Wire) -> Result<Abilities, Failure> {
    let trouble = |error: io::Error| Failure::Passing(format!("{}: {error}", smtp.server));
    let wait = smtp.deadlines.command;
    wire.say(format!("EHLO {}\r\n", smtp.hello).as_bytes(), wait).await.map_err(trouble)?;
    let reply = wire.reply(wait).await.map_err(trouble)?;
    match reply.class() {
        2 => return Ok(Abilities::of(&reply)),
        5 => {}
        _ => return Err(Failure::Passing(format!("{} is not ready: {reply}", smtp.server))),
    }
    // RFC 5321 section 3.2: a relay of the old kind.
    wire.say(format!("HELO {}\r\n", smtp.hello).as_bytes(), wait).await.map_err(trouble)?;
    let reply = wire.reply(wait).await.map_err(trouble)?;
    match reply.class() {
        2 => Ok(Abilities::default()),
        _ => Err(Failure::Lasting(format!("{} does not greet us: {reply}", smtp.server))),
    }
}

async fn log_in(
    smtp: &Smtp,
    wire: &mut Wire,
    abilities: &Abilities,
    login: &Login,
) -> Result<(), Failure> {
    let name = &smtp.server;
    let trouble = |error: io::Error| Failure::Passing(format!("{name}: {error}"));
    let wait = smtp.deadlines.command;
    let known = |mechanism: &Mechanism| abilities.mechanisms.contains(mechanism);
    let Some(mechanism) = [Mechanism::Plain, Mechanism::Login].into_iter().find(known) else {
        return Err(Failure::Lasting(format!(
            "{name} offers neither AUTH PLAIN nor LOGIN; take the user out of `transport`, or ask who runs the relay"
        )));
    };
    let who = Credentials::new(login.user.clone(), login.password.expose().to_owned());
    let odd = |_| Failure::Passing(format!("{name}: its AUTH challenge makes no sense"));
    let mut command = Auth::new(mechanism, who.clone(), None).map_err(odd)?;
    for _ in 0..MOST_CHALLENGES {
        wire.say(command.to_string().as_bytes(), wait).await.map_err(trouble)?;
        let reply = wire.reply(wait).await.map_err(trouble)?;
        match reply.code {
            200..=299 => return Ok(()),
            334 => {
                let challenge: Response =
                    format!("334 {}\r\n", reply.text()).parse().map_err(odd)?;
                command =
                    Auth::new_from_response(mechanism, who.clone(), &challenge).map_err(odd)?;
            }
            _ => return Err(wants_login(&reply)),
        }
    }
    Err(Failure::Passing(format!("{name}: AUTH does not come to an end")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_offers_is_read_in_any_case() {
        let reply = Reply::parse(
            b"250-mail.example.org\r\n250-pipelining\r\n250-SIZE 1000\r\n250-AUTH=LOGIN\r\n250-AUTH CRAM-MD5 PLAIN\r\n250-DSN\r\n250 STARTTLS\r\n",
        )
        .unwrap();

        let abilities = Abilities::of(&reply);

        assert!(abilities.pipelining && abilities.dsn && abilities.starttls && !abilities.utf8);
        assert_eq!(abilities.largest_bytes, Some(1000));
        assert_eq!(abilities.mechanisms, [Mechanism::Login, Mechanism::Plain]);
    }

    #[test]
    fn the_name_of_a_relay_is_not_taken_for_an_offer() {
        let reply = Reply::parse(b"250 PIPELINING\r\n").unwrap();

        assert_eq!(Abilities::of(&reply), Abilities::default());
    }
}
