//! A web server of feeds and pages whose content and manners the test sets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How a path answers.
#[derive(Debug, Clone)]
pub enum Page {
    /// 200 with this body and its `ETag`; 304 to who has it.
    Body(String),
    /// This status, with nothing.
    Status(u16),
    /// Takes the request and says nothing.
    Hang,
    /// Promises this body and breaks off in the middle of it.
    Cut(String),
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// Its `If-None-Match`.
    pub has: Option<String>,
    /// What it was answered with; 0 for nothing.
    pub status: u16,
}

/// The server.
pub struct Newsroom {
    address: SocketAddr,
    desk: Arc<Desk>,
    runtime: Option<tokio::runtime::Runtime>,
}

struct Desk {
    pages: Mutex<HashMap<String, Page>>,
    asked: watch::Sender<Vec<Asked>>,
}

impl Newsroom {
    /// A server without pages, on a port that the system chooses.
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener).unwrap()
        };
        let desk = Arc::new(Desk { pages: Mutex::default(), asked: watch::channel(vec![]).0 });
        runtime.spawn(serve(listener, Arc::clone(&desk)));
        Self { address, desk, runtime: Some(runtime) }
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets how a path answers from now on.
    pub fn put(&self, path: &str, page: Page) {
        self.desk.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// Sets the feed at a path.
    pub fn feed(&self, path: &str, items: &[Item]) {
        self.put(path, Page::Body(rss(items)));
    }

    /// Takes a path away: 404.
    pub fn remove(&self, path: &str) {
        self.desk.pages.lock().unwrap().remove(path);
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.desk.asked.borrow().clone()
    }

    /// Waits until a path was asked for so many times.
    pub async fn wait(&self, path: &str, times: usize) {
        let mut asked = self.desk.asked.subscribe();
        let enough =
            |all: &Vec<Asked>| all.iter().filter(|asked| asked.path == path).count() >= times;
        asked.wait_for(enough).await.unwrap();
    }
}

impl Drop for Newsroom {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut talks = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while talks.try_join_next().is_some() {}
        talks.spawn(answer(stream, Arc::clone(&desk)));
    }
}

async fn answer(stream: TcpStream, desk: Arc<Desk>) -> io::Result<()> {
    let (input, mut output) = stream.into_split();
    let mut lines = BufReader::new(input).lines();
    let first = lines.next_line().await?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut has = None;
    while let Some(line) = lines.next_line().await?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("if-none-match")
        {
            has = Some(value.trim().to_owned());
        }
    }
    let page = desk.pages.lock().unwrap().get(&path).cloned().unwrap_or(Page::Status(404));
    let (status, head, body) = match page {
        Page::Hang => (0, String::new(), String::new()),
        Page::Status(status) => (status, "Content-Length: 0\r\n".to_owned(), String::new()),
        Page::Body(body) => {
            let etag = etag(&body);
            if has.as_ref() == Some(&etag) {
                (304, format!("ETag: {etag}\r\n"), String::new())
            } else {
                let length = body.len();
                let head = format!(
                    "ETag: {etag}\r\nContent-Type: application/rss+xml\r\nContent-Length: {length}\r\n"
                );
                (200, head, body)
            }
        }
        Page::Cut(body) => {
            let head = format!("Content-Length: {}\r\n", body.len());
            let middle = (0..=body.len() / 2).rev().find(|at| body.is_char_boundary(*at));
            (200, head, body[..middle.unwrap_or(0)].to_owned())
        }
    };
    desk.asked.send_modify(|asked| asked.push(Asked { path, has, status }));
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let head = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{head}\r\n");
    output.write_all(head.as_bytes()).await?;
    output.write_all(body.as_bytes()).await?;
    output.shutdown().await
}

fn etag(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// One item of a feed.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its guid.
    pub guid: String,
    /// Its title.
    pub title: String,
    /// Its category: the region it is filed under.
    pub region: String,
    /// Its text.
    pub text: String,
    /// When it appeared, as RFC 3339.
    pub date: String,
}

impl Item {
    /// An item whose text is about nothing but its title.
    pub fn new(guid: &str, title: &str, region: &str, date: &str) -> Self {
        Self {
            guid: guid.to_owned(),
            title: title.to_owned(),
            region: region.to_owned(),
            text: format!("What there is to say about {title}, in one sentence or two."),
            date: date.to_owned(),
        }
    }
}

fn rss(items: &[Item]) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>The wire</title>\
         <link>http://wire.example/</link><description>All there is</description><language>en</language>\n",
    );
    for item in items {
        let date = chrono::DateTime::parse_from_rfc3339(&item.date).unwrap().to_rfc2822();
        let _ = writeln!(
            feed,
            "<item><guid isPermaLink=\"false\">{}</guid><title>{}</title><link>http://wire.example/{}</link>\
             <category>{}</category><pubDate>{date}</pubDate><description>{}</description></item>",
            escaped(&item.guid),
            escaped(&item.title),
            escaped(&item.guid),
            escaped(&item.region),
            escaped(&item.text),
        );
    }
    feed + "</channel></rss>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
