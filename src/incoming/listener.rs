//! A door for `transport_maps` or `mailbox_transport`: LMTP or SMTP, on this
//! machine. Bounded in connections, sizes and times.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, warn};

use super::conversation::{Conversation, Step};
use super::wire;
use crate::feedback::verp::Verp;
use crate::flow::House;

const CONNECTIONS: usize = 32;
const LONGEST_LINE: usize = 2_048;
/// Until a command is there, or the next bytes of a message.
const PATIENCE: Duration = Duration::from_mins(1);
/// Until a whole message is there.
const MESSAGE: Duration = Duration::from_mins(5);
/// Until a connection has to end.
const WHOLE: Duration = Duration::from_mins(30);
/// Until what we say is taken.
const ANSWER: Duration = Duration::from_secs(30);

/// Listens until told to stop; then lets open messages end.
///
/// # Errors
/// If the socket cannot be used at all.
pub(super) async fn run(
    house: &Arc<House>,
    door: std::net::TcpListener,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let door = TcpListener::from_std(door)?;
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    let mut guests = JoinSet::new();
    while !*stop.borrow() {
        let arrived = tokio::select! {
            arrived = async {
                let seat = seats.clone().acquire_owned().await;
                (seat, door.accept().await)
            } => arrived,
            Some(_) = guests.join_next() => continue,
            _ = stop.changed() => break,
        };
        match arrived {
            (Ok(seat), Ok((stream, peer))) => {
                let (house, stop) = (house.clone(), stop.clone());
                guests.spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let (read, write) = stream.into_split();
                    let attending = attend(&house, BufReader::new(read), write, stop);
                    match timeout(WHOLE, attending).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => debug!("A connection from {peer} ended early: {error}"),
                        Err(_) => debug!("A connection from {peer} took too long"),
                    }
                    drop(seat);
                });
            }
            (_, Err(error)) => {
                // Mostly: no file descriptors left.
                warn!("Cannot accept what comes back: {error}");
                super::pause(Duration::from_millis(100), &mut stop).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(door);
    while guests.join_next().await.is_some() {}
    Ok(())
}

/// Talks to one client.
///
/// # Errors
/// If the connection breaks or the client is too slow.
pub(super) async fn attend(
    house: &House,
    mut read: impl AsyncBufRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let settings = house.settings();
    let largest = settings.feedback.max_bytes;
    let mut conversation = Conversation::new(largest);
    say(&mut write, b"220 gazetted takes what comes back\r\n").await?;
    loop {
        let line = tokio::select! {
            line = wire::line(&mut read, LONGEST_LINE, PATIENCE) => line?,
            _ = stop.changed() => return say(&mut write, b"421 4.3.2 Shutting down\r\n").await,
        };
        let Some(line) = line else { return Ok(()) };
        let line = String::from_utf8_lossy(&line).into_owned();
        match conversation.hear(&line, |address| is_ours(house, address)) {
            Step::Say(words) => say(&mut write, words.as_bytes()).await?,
            Step::End(words) => return say(&mut write, words.as_bytes()).await,
            Step::Take(words) => {
                say(&mut write, words.as_bytes()).await?;
                let message = timeout(MESSAGE, body(&mut read, largest))
                    .await
                    .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
                let lmtp = conversation.is_lmtp();
                let recipients = conversation.take_recipients();
                let answers = take(house, &recipients, message.as_deref()).await;
                let kept = answers.iter().max().copied().unwrap_or(Answer::Taken);
                let answers = if lmtp { answers } else { vec![kept] };
                for answer in answers {
                    say(&mut write, answer.words().as_bytes()).await?;
                }
            }
        }
    }
}

/// What a recipient is answered after the message; the worst is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Taken,
    TooLarge,
    Later,
}

impl Answer {
    fn words(self) -> &'static str {
        match self {
            Self::Taken => "250 2.0.0 Taken\r\n",
            Self::TooLarge => "552 5.3.4 Larger than a report should be\r\n",
            Self::Later => "451 4.3.0 The store does not answer; try again\r\n",
        }
    }
}

async fn take(house: &House, recipients: &[String], message: Option<&[u8]>) -> Vec<Answer> {
    let mut answers = vec![];
    for recipient in recipients {
        let Some(message) = message else {
            answers.push(Answer::TooLarge);
            continue;
        };
        answers.push(match super::take(house, "lmtp", Some(recipient), message).await {
            Ok(_) => Answer::Taken,
            Err(error) => {
                warn!("What came back cannot be taken in now: {error}");
                Answer::Later
            }
        });
    }
    answers
}

/// Is an address one that mail comes back to: a return path that we signed,
/// the bounce address itself, or one that the operator named?
fn is_ours(house: &House, address: &str) -> bool {
    let settings = house.settings();
    let same = |known: &str| known.eq_ignore_ascii_case(address);
    if settings.feedback.addresses.iter().any(|known| same(known)) {
        return true;
    }
    settings.mail.as_ref().is_some_and(|mail| {
        let bounce = mail.bounce_address();
        same(bounce)
            || Verp::new(bounce, &house.salt).is_ok_and(|verp| verp.read(address).is_some())
    })
}

/// The message up to its dot, without the dots that were put before lines;
/// `None` if it is larger than `largest`: the rest is read over, to its end.
/// Only CRLF ends a line here, so that no message hides a second one.
async fn body(
    read: &mut (impl AsyncBufRead + Unpin),
    largest: usize,
) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut line, mut seen) = (vec![], vec![], 0_usize);
    let mut fits = true;
    loop {
        let there = timeout(PATIENCE, read.fill_buf())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        if there.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(there.len(), |end| end + 1);
        seen += taken;
        if seen > largest.saturating_mul(8) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message that does not end"));
        }
        line.extend_from_slice(&there[..taken]);
        read.consume(taken);
        if end.is_some() && line.ends_with(b"\r\n") {
            if line == b".\r\n" {
                return Ok(fits.then_some(message));
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            line.clear();
        }
        if message.len() + line.len() > largest {
            fits = false;
            message.clear();
            // What may still become the last line is kept.
            if line.len() > 3 {
                let tail = line.split_off(line.len() - 1);
                line = [b"x", tail.as_slice()].concat();
            }
        }
    }
}

async fn say(write: &mut (impl AsyncWrite + Unpin), words: &[u8]) -> io::Result<()> {
    let saying = async {
        write.write_all(words).await?;
        write.flush().await
    };
    timeout(ANSWER, saying).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], largest: usize) -> io::Result<Option<Vec<u8>>> {
        body(&mut BufReader::with_capacity(3, bytes), largest).await
    }

    #[tokio::test]
    async fn a_message_ends_at_its_dot_and_nowhere_before() {
        let whole = read(b"a\r\n..b\r\n.c\r\n\n.\nstill\r\n.\r\nQUIT\r\n", 100).await.unwrap();

        assert_eq!(whole.unwrap(), b"a\r\n.b\r\nc\r\n\n.\nstill\r\n");
        assert!(read(b"no end\r\n", 100).await.is_err());
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_read_over_to_its_end() {
        let long = format!("{}\r\n.\r\n", "abcdefg\r\n".repeat(10));
        assert_eq!(read(long.as_bytes(), 40).await.unwrap(), None);
        let line = format!("{}\r\n.\r\n", "x".repeat(100));
        assert_eq!(read(line.as_bytes(), 40).await.unwrap(), None);
        assert!(read("x".repeat(1_000).as_bytes(), 40).await.is_err());
    }
}
