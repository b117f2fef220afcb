//! A mail server that takes mail and keeps it, and misbehaves as the
//! recipient's address tells it ([`script`]), so that a test reads as a story.
//!
//! A mail is in the log before its 250 is written: whoever got a 250 is there.

mod script;
mod talk;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::dice::Dice;

/// One mail that arrived whole.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Over which connection, counted from 1.
    pub connection: u64,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// The message, dots unstuffed.
    pub message: Vec<u8>,
    /// Whether the sender was told: false if the script broke off first.
    pub answered: bool,
}

impl Mail {
    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> String {
        use mailparse::MailHeaderMap;
        let (headers, _) = mailparse::parse_headers(&self.message).unwrap();
        headers.get_first_value(name).unwrap_or_default()
    }

    /// `Message-ID`.
    pub fn id(&self) -> String {
        self.header("Message-ID")
    }

    /// The part for people who read text.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The part for browsers.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, kind: &str) -> String {
        let mail = mailparse::parse_mail(&self.message).unwrap();
        let part = mail.parts().find(|part| part.ctype.mimetype == kind);
        part.unwrap_or_else(|| panic!("the mail has a {kind} part")).get_body().unwrap()
    }
}

/// How the server offers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipelining {
    /// Commands may come together.
    On,
    /// Each command waits for its reply; who does not wait is noted as rude.
    Off,
}

/// How the server treats who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes mail.
    Open,
    /// It greets with 421 and closes.
    Closed,
    /// It says nothing at all, and keeps the connection.
    Silent,
    /// It greets with what is no reply, without an end.
    Garbage,
    /// It offers STARTTLS, and speaks no TLS.
    BrokenTls,
}

/// The server.
pub struct Postbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// What its connections share.
struct Shared {
    pipelining: Pipelining,
    book: Mutex<Book>,
    /// Moves on with every entry.
    entries: watch::Sender<u64>,
    /// Whether answers to `slow@` mails may go.
    released: watch::Sender<bool>,
    /// How many connections there were.
    connections: watch::Sender<u64>,
    mood: Mutex<Mood>,
    thinks: Mutex<Duration>,
    /// Whose script is only chance: one mail in so many goes wrong somewhere.
    chance: Mutex<Option<(Dice, usize)>>,
}

#[derive(Default)]
struct Book {
    mails: Vec<Mail>,
    open: u64,
    most_open: u64,
    asked: Vec<String>,
    acted: HashMap<String, u32>,
    rude: Vec<String>,
    /// Mails that are being handed over, by their domains, and the most at once.
    under_way: HashMap<String, (u64, u64)>,
    /// What is said to everybody at a domain.
    moods: HashMap<String, String>,
}

impl Postbox {
    /// A server on a port that the system chooses.
    pub fn open() -> Self {
        Self::with(Pipelining::On)
    }

    /// A server that does or does not offer pipelining.
    pub fn with(pipelining: Pipelining) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            pipelining,
            book: Mutex::default(),
            entries: watch::channel(0).0,
            released: watch::channel(false).0,
            connections: watch::channel(0).0,
            mood: Mutex::new(Mood::Open),
            thinks: Mutex::default(),
            chance: Mutex::default(),
        });
        let postbox = Self {
            address: listener.local_addr().unwrap(),
            shared,
            accepting: Mutex::default(),
            runtime: Some(runtime),
        };
        postbox.accept_from(listener);
        postbox
    }

    fn accept_from(&self, listener: std::net::TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let runtime = self.runtime.as_ref().unwrap();
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener).unwrap();
        let accepting = runtime.spawn(accept(listener, Arc::clone(&self.shared)));
        *self.accepting.lock().unwrap() = Some(accepting);
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that arrived, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.book().mails.clone()
    }

    /// How many people got something.
    pub fn reached(&self) -> usize {
        let book = self.shared.book();
        book.mails.iter().map(|mail| &mail.to).collect::<HashSet<_>>().len()
    }

    /// How many mails arrived.
    pub fn count(&self) -> usize {
        self.shared.book().mails.len()
    }

    /// What arrived for one person.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// How often the server was asked to take mail for one person.
    pub fn asked_for(&self, address: &str) -> usize {
        self.shared.book().asked.iter().filter(|asked| *asked == address).count()
    }

    /// How often the server was asked to take mail for anybody at a domain.
    pub fn asked_at(&self, domain: &str) -> usize {
        let at = format!("@{domain}");
        self.shared.book().asked.iter().filter(|asked| asked.ends_with(&at)).count()
    }

    /// How many mails to a domain were under way together at most.
    pub fn most_under_way(&self, domain: &str) -> u64 {
        self.shared.book().under_way.get(domain).map_or(0, |(_, most)| *most)
    }

    /// Answers every recipient at a domain with `reply` from now on.
    pub fn puts_off(&self, domain: &str, reply: &str) {
        self.shared.book().moods.insert(domain.to_owned(), reply.to_owned());
    }

    /// Takes mail for a domain again.
    pub fn takes(&self, domain: &str) {
        self.shared.book().moods.remove(domain);
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        *self.shared.connections.borrow()
    }

    /// How many connections were open together at most.
    pub fn most_open(&self) -> u64 {
        self.shared.book().most_open
    }

    /// What was done against the protocol.
    pub fn rude(&self) -> Vec<String> {
        self.shared.book().rude.clone()
    }

    /// Throws away what arrived so far.
    pub fn empty(&self) {
        self.shared.book().mails.clear();
    }

    /// Throws away what arrived so far, and plays all scripts from their beginning.
    pub fn begin_again(&self) {
        let mut book = self.shared.book();
        book.mails.clear();
        book.acted.clear();
    }

    /// Waits until the mails are as `good` wants them.
    pub async fn wait(&self, good: impl Fn(&[Mail]) -> bool) {
        let mut entries = self.shared.entries.subscribe();
        while !good(&self.shared.book().mails) {
            entries.changed().await.unwrap();
        }
    }

    /// Lets everybody go who waits for an answer to a `slow@` mail.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Waits until there were so many connections.
    pub async fn wait_for_connections(&self, times: u64) {
        let mut connections = self.shared.connections.subscribe();
        connections.wait_for(|so_far| *so_far >= times).await.unwrap();
    }

    /// Thinks so long about every mail before its 250.
    pub fn answer_after(&self, thinks: Duration) {
        *self.shared.thinks.lock().unwrap() = thinks;
    }

    /// From now on one step in so many goes wrong in some passing way,
    /// whoever the mail is for; never with 0.
    pub fn err_once_in(&self, times: usize, seed: u64) {
        let chance = (times > 0).then(|| (Dice::seeded(seed), times));
        *self.shared.chance.lock().unwrap() = chance;
    }

    /// Treats everybody who connects from now on like this.
    pub fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Greets everybody with 421 from now on.
    pub fn close_shop(&self) {
        self.be(Mood::Closed);
    }

    /// Takes mail again.
    pub fn open_shop(&self) {
        self.be(Mood::Open);
    }

    /// Is gone: connections break, and new ones are refused.
    pub async fn vanish(&self) {
        let accepting = self.accepting.lock().unwrap().take();
        if let Some(accepting) = accepting {
            accepting.abort();
            let _ = accepting.await;
        }
    }

    /// Is there again, where it was.
    pub fn come_back(&self) {
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        self.accept_from(listener);
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    fn write(&self, mail: Mail) {
        self.book().mails.push(mail);
        self.entries.send_modify(|entries| *entries += 1);
    }

    /// Counts an act of the script of this address; gives how many came before.
    fn acts_before(&self, address: &str) -> u32 {
        let mut book = self.book();
        let acted = book.acted.entry(address.to_owned()).or_default();
        *acted += 1;
        *acted - 1
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and all connections with it.
    let mut talks = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while talks.try_join_next().is_some() {}
        talks.spawn(talk::talk(stream, Arc::clone(&shared)));
    }
}
