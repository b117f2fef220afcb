//! As much of an IMAP client as reading a mailbox takes: each answer bounded,
//! each wait with an end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::feedback::Imap;
use crate::incoming::wire;

const CONNECT: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_mins(1);
const LONGEST_LINE: usize = 1024 * 1024;
/// Lines of one answer.
const MOST_LINES: usize = 10_000;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// A session in which a mailbox can be read.
pub(super) struct Session {
    wire: BufStream<Box<dyn Socket>>,
    number: u32,
    can_expunge_one: bool,
}

/// The lines of an answer, each with the literal that it announced.
type Answer = Vec<(String, Option<Vec<u8>>)>;

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// If the server does not answer or does not let us in.
    pub(super) async fn open(mailbox: &Imap) -> anyhow::Result<Self> {
        let connecting = TcpStream::connect((mailbox.host.as_str(), mailbox.port));
        let stream = timeout(CONNECT, connecting).await.context("no connection in time")??;
        stream.set_nodelay(true)?;
        let socket: Box<dyn Socket> = if mailbox.tls {
            let name = ServerName::try_from(mailbox.host.clone())?;
            let connecting = TlsConnector::from(tls()?).connect(name, stream);
            Box::new(timeout(CONNECT, connecting).await.context("no TLS in time")??)
        } else if stream.peer_addr()?.ip().to_canonical().is_loopback() {
            Box::new(stream)
        } else {
            bail!("a password does not leave this machine unprotected; use imaps://");
        };
        let mut session = Self { wire: BufStream::new(socket), number: 0, can_expunge_one: false };
        let (greeting, _) = session.line().await?;
        if !greeting.starts_with("* OK") {
            bail!("the server is not ready: {}", shown(&greeting));
        }
        session.log_in(mailbox).await?;
        let abilities = session.ask("CAPABILITY").await?;
        session.can_expunge_one = abilities
            .iter()
            .any(|(line, _)| line.to_ascii_uppercase().split(' ').any(|word| word == "UIDPLUS"));
        Ok(session)
    }

    /// Name and password go as literals: any byte may stand in them.
    async fn log_in(&mut self, mailbox: &Imap) -> anyhow::Result<()> {
        let (user, password) = (mailbox.username.as_bytes(), mailbox.password.expose().as_bytes());
        let tag = self.tag();
        self.say(format!("{tag} LOGIN {{{}}}\r\n", user.len()).as_bytes()).await?;
        self.go_on().await?;
        let next = format!(" {{{}}}\r\n", password.len());
        self.say(&[user, next.as_bytes()].concat()).await?;
        self.go_on().await?;
        self.say(&[password, b"\r\n"].concat()).await?;
        self.answer(&tag)
            .await
            .context("the server does not let us in; check `username` and `password`")?;
        Ok(())
    }

    async fn go_on(&mut self) -> anyhow::Result<()> {
        loop {
            let (line, _) = self.line().await?;
            if line.starts_with('+') {
                return Ok(());
            }
            if !line.starts_with("* ") {
                bail!("the server does not let us in: {}", shown(&line));
            }
        }
    }

    /// Opens a folder; gives its UIDVALIDITY.
    ///
    /// # Errors
    /// If there is no such folder.
    pub(super) async fn select(&mut self, folder: &str, writing: bool) -> anyhow::Result<i64> {
        let verb = if writing { "SELECT" } else { "EXAMINE" };
        let answer = self
            .ask(&format!("{verb} {}", quoted(folder)?))
            .await
            .with_context(|| format!("the folder `{folder}` does not open"))?;
        let validity = answer.iter().find_map(|(line, _)| number_after(line, "[UIDVALIDITY "));
        validity.context("the server tells no UIDVALIDITY, so nothing could be remembered")
    }

    /// UIDs above `last`, in order.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) async fn uids_after(&mut self, last: i64) -> anyhow::Result<Vec<i64>> {
        let answer = self.ask(&format!("UID SEARCH UID {}:*", last + 1)).await?;
        let found = answer.iter().filter_map(|(line, _)| line.strip_prefix("* SEARCH"));
        let mut uids: Vec<i64> = found
            .flat_map(str::split_whitespace)
            .filter_map(|word| word.parse().ok())
            // `N:*` always names the last message, however low its UID is.
            .filter(|uid| *uid > last)
            .collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// A message, or its first `largest` bytes; `None` if it is gone.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) async fn message(
        &mut self,
        uid: i64,
        largest: usize,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let tag = self.tag();
        self.say(format!("{tag} UID FETCH {uid} (BODY.PEEK[]<0.{largest}>)\r\n").as_bytes())
            .await?;
        let answer = self.answer_within(&tag, largest + 1_024).await?;
        let fetched = |line: &str| line.to_ascii_uppercase().contains(" FETCH ");
        Ok(answer.into_iter().filter(|(line, _)| fetched(line)).find_map(|(_, literal)| literal))
    }

    /// Deletes one message. Without UIDPLUS it is only marked: expunging would
    /// take along what others marked.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) async fn delete(&mut self, uid: i64) -> anyhow::Result<()> {
        self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)")).await?;
        if self.can_expunge_one {
            self.ask(&format!("UID EXPUNGE {uid}")).await?;
        }
        Ok(())
    }

    /// Says good-bye; whether the server answers does not matter.
    pub(super) async fn close(mut self) {
        let _ = self.ask("LOGOUT").await;
    }

    fn tag(&mut self) -> String {
        self.number += 1;
        format!("g{}", self.number)
    }

    async fn ask(&mut self, command: &str) -> anyhow::Result<Answer> {
        let tag = self.tag();
        self.say(format!("{tag} {command}\r\n").as_bytes()).await?;
        self.answer(&tag).await
    }

    async fn answer(&mut self, tag: &str) -> anyhow::Result<Answer> {
        self.answer_within(tag, LONGEST_LINE).await
    }

    /// Everything up to the line with our tag, which must say OK.
    async fn answer_within(&mut self, tag: &str, largest: usize) -> anyhow::Result<Answer> {
        let (mut lines, mut literals) = (vec![], 0);
        loop {
            let (line, length) = self.line().await?;
            if let Some(said) = line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                if said.get(..2).is_some_and(|ok| ok.eq_ignore_ascii_case("OK")) {
                    return Ok(lines);
                }
                bail!("the server says: {}", shown(said));
            }
            let literal = match length {
                None => None,
                Some(length) => {
                    literals += length;
                    if literals > largest {
                        bail!("the server sends more than was asked for");
                    }
                    Some(self.literal(length).await?)
                }
            };
            lines.push((line, literal));
            if lines.len() > MOST_LINES {
                bail!("the server's answer does not end");
            }
        }
    }

    /// One line, and the length of the literal that follows it.
    async fn line(&mut self) -> io::Result<(String, Option<usize>)> {
        let line = wire::line(&mut self.wire, LONGEST_LINE, ANSWER).await?;
        let line = line.ok_or(io::ErrorKind::UnexpectedEof)?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let inner = line.strip_suffix('}').and_then(|line| line.rsplit_once('{'));
        let length = inner.and_then(|(_, length)| length.parse().ok());
        Ok((line, length))
    }

    async fn literal(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut literal = vec![];
        let mut reader = (&mut self.wire).take(length as u64);
        timeout(ANSWER, reader.read_to_end(&mut literal))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        if literal.len() == length { Ok(literal) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    async fn say(&mut self, words: &[u8]) -> io::Result<()> {
        let saying = async {
            self.wire.write_all(words).await?;
            self.wire.flush().await
        };
        timeout(ANSWER, saying).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

fn tls() -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        bail!("this machine has no certificates to verify a server with; install ca-certificates");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// A name between quotes (RFC 3501 section 4.3).
fn quoted(name: &str) -> anyhow::Result<String> {
    if !name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        bail!("write the folder `{name}` as the server lists it, in modified UTF-7");
    }
    Ok(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn number_after(line: &str, words: &str) -> Option<i64> {
    let (_, rest) = line.split_once(words)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn shown(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
