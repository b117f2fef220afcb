//! The socket: writes that say how far they came, and replies one by one.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reply::{Reply, end_of_reply};

/// A connection to a relay.
pub(super) struct Wire {
    stream: Stream,
    /// Read, but not yet taken as a reply.
    unread: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A write that did not come to its end.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// So many bytes may have left.
    pub(super) left: usize,
    pub(super) error: io::Error,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: Stream::Plain(stream), unread: Vec::with_capacity(1024) }
    }

    /// Begins TLS and verifies that the other side is `host`.
    pub(super) async fn secured(
        self,
        host: &str,
        config: Arc<ClientConfig>,
        wait: Duration,
    ) -> io::Result<Self> {
        let Stream::Plain(stream) = self.stream else { return Ok(self) };
        // What was sent ahead of the handshake may come from somebody between
        // us and the relay.
        if !self.unread.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the relay said something between STARTTLS and TLS",
            ));
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connecting = TlsConnector::from(config).connect(name, stream);
        let stream = within(wait, connecting).await?;
        Ok(Self { stream: Stream::Tls(Box::new(stream)), unread: self.unread })
    }

    /// Writes a command.
    pub(super) async fn say(&mut self, command: &[u8], wait: Duration) -> io::Result<()> {
        self.write([command, b""], wait).await.map_err(|unwritten| unwritten.error)
    }

    /// Writes two parts as one. `wait` is for each block, not for the whole.
    pub(super) async fn write(
        &mut self,
        parts: [&[u8]; 2],
        wait: Duration,
    ) -> Result<(), Unwritten> {
        let mut left = 0;
        let mut slices = parts.map(IoSlice::new);
        let mut rest = &mut slices[..];
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let written = match &mut self.stream {
                Stream::Plain(stream) => within(wait, stream.write_vectored(rest)).await,
                Stream::Tls(stream) => within(wait, stream.write_vectored(rest)).await,
            };
            match written {
                Ok(0) => return Err(Unwritten { left, error: io::ErrorKind::WriteZero.into() }),
                Ok(count) => {
                    left += count;
                    IoSlice::advance_slices(&mut rest, count);
                }
                Err(error) => return Err(Unwritten { left, error }),
            }
        }
        if let Stream::Tls(stream) = &mut self.stream {
            within(wait, stream.flush()).await.map_err(|error| Unwritten { left, error })?;
        }
        Ok(())
    }

    /// The next reply.
    pub(super) async fn reply(&mut self, wait: Duration) -> io::Result<Reply> {
        if let Some(reply) = self.taken()? {
            return Ok(reply);
        }
        within(wait, async {
            loop {
                let count = match &mut self.stream {
                    Stream::Plain(stream) => stream.read_buf(&mut self.unread).await?,
                    Stream::Tls(stream) => stream.read_buf(&mut self.unread).await?,
                };
                if count == 0 {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the relay closed the connection",
                    ));
                }
                if let Some(reply) = self.taken()? {
                    return Ok(reply);
                }
            }
        })
        .await
    }

    /// A reply that has been read already.
    fn taken(&mut self) -> io::Result<Option<Reply>> {
        let Some(end) = end_of_reply(&self.unread)? else { return Ok(None) };
        let reply = Reply::parse(&self.unread[..end])?;
        self.unread.drain(..end);
        Ok(Some(reply))
    }
}

/// `work`, or an error that says how long was waited.
pub(super) async fn within<T>(
    wait: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    timeout(wait, work).await.unwrap_or_else(|_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {} s", wait.as_secs_f32()),
        ))
    })
}
