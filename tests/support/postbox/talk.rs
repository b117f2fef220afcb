//! One conversation of the server (RFC 5321), with the acts of its scripts.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::script::{self, Act};
use super::{Mail, Mood, Pipelining, Shared};

/// Longer than any mail or line of a test.
const MOST: usize = 4 * 1024 * 1024;

struct Talk {
    input: BufReader<OwnedReadHalf>,
    output: OwnedWriteHalf,
    shared: Arc<Shared>,
    number: u64,
}

/// What comes after a step.
enum Then {
    GoOn,
    Close,
}

/// Talks to one client until it goes or the script breaks off.
pub async fn talk(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    {
        let mut book = shared.book();
        book.open += 1;
        book.most_open = book.most_open.max(book.open);
    }
    let mut number = 0;
    shared.connections.send_modify(|connections| {
        *connections += 1;
        number = *connections;
    });
    let open = Open(Arc::clone(&shared));
    let (input, output) = stream.into_split();
    let talk = Talk { input: BufReader::new(input), output, shared, number };
    // A client that goes without a word ends its own conversation only.
    let _ = talk.run().await;
    drop(open);
}

/// Counts the connection out, also when the task is ended.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.book().open -= 1;
    }
}

/// Counts a mail to a domain while it is handed over.
struct UnderWay(Arc<Shared>, String);

impl UnderWay {
    fn begin(shared: &Arc<Shared>, domain: &str) -> Self {
        let mut book = shared.book();
        let (open, most) = book.under_way.entry(domain.to_owned()).or_default();
        *open += 1;
        *most = (*most).max(*open);
        drop(book);
        Self(Arc::clone(shared), domain.to_owned())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some((open, _)) = self.0.book().under_way.get_mut(&self.1) {
            *open -= 1;
        }
    }
}

impl Talk {
    async fn run(mut self) -> io::Result<()> {
        let mood = *self.shared.mood.lock().unwrap();
        match mood {
            Mood::Open | Mood::BrokenTls => {}
            Mood::Closed => return self.say("421 4.3.2 Closed, come back later").await,
            Mood::Silent => return self.until_gone().await,
            Mood::Garbage => return self.babble().await,
        }
        self.say("220 postbox.example ESMTP").await?;
        let (mut from, mut to) = (None::<String>, None::<String>);
        while let Some(line) = self.line().await? {
            let command = line.to_ascii_uppercase();
            if command.starts_with("EHLO") || command.starts_with("HELO") {
                self.hello(mood).await?;
            } else if command == "STARTTLS" && mood == Mood::BrokenTls {
                self.say("220 2.0.0 Ready to start TLS").await?;
                return self.say("What is a handshake?").await;
            } else if command.starts_with("MAIL FROM:") {
                (from, to) = (Some(address(&line)), None);
                self.alone(&line);
                self.say("250 2.1.0 Sender ok").await?;
            } else if command.starts_with("RCPT TO:") {
                self.alone(&line);
                let wanted = address(&line);
                match self.recipient(&wanted, from.is_some()).await? {
                    (Then::Close, _) => return Ok(()),
                    (Then::GoOn, taken) => to = taken.then_some(wanted),
                }
            } else if command == "DATA" {
                let (Some(sender), Some(recipient)) = (&from, &to) else {
                    self.say("554 5.5.1 No valid recipients").await?;
                    continue;
                };
                let under_way = UnderWay::begin(&self.shared, domain(recipient));
                let then = self.data(sender, recipient).await?;
                drop(under_way);
                if let Then::Close = then {
                    return Ok(());
                }
                (from, to) = (None, None);
            } else if command == "RSET" {
                (from, to) = (None, None);
                self.say("250 2.0.0 Forgotten").await?;
            } else if command == "NOOP" {
                self.say("250 2.0.0 Yes").await?;
            } else if command == "QUIT" {
                return self.say("221 2.0.0 Bye").await;
            } else {
                self.shared.book().rude.push(format!("unknown command {line:?}"));
                self.say("500 5.5.2 What?").await?;
            }
        }
        Ok(())
    }

    /// Reads, and says nothing.
    async fn until_gone(&mut self) -> io::Result<()> {
        while self.line().await?.is_some() {}
        Ok(())
    }

    /// One line that never ends, as far as anybody listens.
    async fn babble(&mut self) -> io::Result<()> {
        for _ in 0..MOST / 1024 {
            self.output.write_all(&[b'2'; 1024]).await?;
        }
        Ok(())
    }

    async fn hello(&mut self, mood: Mood) -> io::Result<()> {
        let mut lines = String::from("250-postbox.example\r\n250-SIZE 4194304\r\n250-8BITMIME\r\n");
        if mood == Mood::BrokenTls {
            lines.push_str("250-STARTTLS\r\n");
        }
        if self.shared.pipelining == Pipelining::On {
            lines.push_str("250-PIPELINING\r\n");
        }
        lines.push_str("250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES");
        self.say(&lines).await
    }

    async fn recipient(&mut self, to: &str, begun: bool) -> io::Result<(Then, bool)> {
        if !begun {
            self.say("503 5.5.1 MAIL first").await?;
            return Ok((Then::GoOn, false));
        }
        self.shared.book().asked.push(to.to_owned());
        let mood = self.shared.book().moods.get(domain(to)).cloned();
        if let Some(reply) = mood {
            self.say(&reply).await?;
            let then = if reply.starts_with("421") { Then::Close } else { Then::GoOn };
            return Ok((then, false));
        }
        let early = [Act::TempFail, Act::Refuse, Act::Busy, Act::Garbage];
        match self.act(to, &early) {
            Some(Act::TempFail) => self.say("451 4.2.1 Come back later").await?,
            Some(Act::Refuse) => self.say("550 5.1.1 Nobody of that name").await?,
            Some(Act::Busy) => {
                self.say("421 4.3.2 Closing").await?;
                return Ok((Then::Close, false));
            }
            Some(_) => {
                self.say("\u{1}what is this").await?;
                return Ok((Then::Close, false));
            }
            None => {
                self.say("250 2.1.5 Recipient ok").await?;
                return Ok((Then::GoOn, true));
            }
        }
        Ok((Then::GoOn, false))
    }

    async fn data(&mut self, from: &str, to: &str) -> io::Result<Then> {
        let act = self.act(
            to,
            &[
                Act::DropBeforeData,
                Act::DropInBody,
                Act::DropAfterDot,
                Act::TempFailBody,
                Act::RefuseBody,
                Act::Slow,
            ],
        );
        if act == Some(Act::DropBeforeData) {
            return Ok(Then::Close);
        }
        self.say("354 Go ahead").await?;
        let lines = if act == Some(Act::DropInBody) { 3 } else { usize::MAX };
        let Some(message) = self.body(lines).await? else { return Ok(Then::Close) };
        match act {
            Some(Act::TempFailBody) => self.say("451 4.3.0 Come back later").await?,
            Some(Act::RefuseBody) => self.say("554 5.7.1 Not this mail").await?,
            _ => {
                let answered = act != Some(Act::DropAfterDot);
                self.shared.write(Mail {
                    connection: self.number,
                    from: from.to_owned(),
                    to: to.to_owned(),
                    message,
                    answered,
                });
                if !answered {
                    return Ok(Then::Close);
                }
                let thinks = *self.shared.thinks.lock().unwrap();
                if !thinks.is_zero() {
                    tokio::time::sleep(thinks).await;
                }
                if act == Some(Act::Slow) {
                    let mut released = self.shared.released.subscribe();
                    let _ = released.wait_for(|released| *released).await;
                }
                self.say("250 2.0.0 Taken").await?;
            }
        }
        Ok(Then::GoOn)
    }

    /// The message; `None` if the client went before its end, or after so many lines.
    async fn body(&mut self, lines: usize) -> io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        for _ in 0..lines {
            let mut line = Vec::new();
            if self.input.read_until(b'\n', &mut line).await? == 0 || message.len() > MOST {
                return Ok(None);
            }
            if line == b".\r\n" {
                return Ok(Some(message));
            }
            if !line.ends_with(b"\r\n") {
                self.shared.book().rude.push("a bare line feed in a body".to_owned());
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        Ok(None)
    }

    /// The act of this address, if it is one of these and it is its turn; for
    /// an address without a script it is up to chance.
    fn act(&self, address: &str, among: &[Act]) -> Option<Act> {
        if let Some((act, times)) = script::read(address) {
            return (among.contains(&act) && self.shared.acts_before(address) < times)
                .then_some(act);
        }
        let chance = self.shared.chance.lock().unwrap();
        let (dice, times) = chance.as_ref()?;
        let passing: Vec<Act> = among.iter().copied().filter(|act| act.passes()).collect();
        dice.once_in(*times).then(|| *dice.pick(&passing))
    }

    /// Notes who sends more before this is answered, though nobody said they may.
    fn alone(&self, line: &str) {
        if self.shared.pipelining == Pipelining::Off && !self.input.buffer().is_empty() {
            self.shared.book().rude.push(format!("more came before the reply to {line:?}"));
        }
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line).await? == 0 || line.len() > MOST {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, words: &str) -> io::Result<()> {
        self.output.write_all(format!("{words}\r\n").as_bytes()).await
    }
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}
