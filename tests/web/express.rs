//! The short way and the router say the same; what the short way does not
//! take is handed on whole.

use gazetted::web::server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::place::{Answer, Place};

/// Serves the place on a real socket and says where.
async fn served(place: &Place) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = place.site.clone();
    tokio::spawn(async move { server::serve(listener, site, std::future::pending()).await });
    address
}

/// Sends bytes on a connection of their own and reads all that comes.
async fn say(address: std::net::SocketAddr, bytes: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

/// An answer without its date, its lines in order.
fn split(answer: &[u8]) -> (String, Vec<String>, Vec<u8>) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap();
    let mut lines: Vec<String> = lines
        .filter(|line| !line.starts_with("date: ") && !line.starts_with("connection: "))
        .collect();
    lines.sort();
    (status, lines, answer[end + 4..].to_vec())
}

fn lines_of(answer: &Answer) -> Vec<String> {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}", value.to_str().unwrap())
    };
    let mut lines: Vec<String> = answer.headers.iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn the_short_way_says_what_the_router_says() {
    let place = Place::new().await;
    let address = served(&place).await;
    let etag = place.get("/feeds/all.rss").await.header("etag").to_owned();
    let date = place.get("/feeds/all.rss").await.header("last-modified").to_owned();
    let requests: [(&str, &[(&str, &str)]); 12] = [
        ("/feeds/all.rss", &[]),
        ("/feeds/region/africa.atom", &[("accept-encoding", "gzip, br")]),
        ("/feeds/author/redaktion-s%C3%A3o-tom%C3%A9.json", &[("accept-encoding", "zstd")]),
        ("/feeds.opml", &[("accept-encoding", "gzip")]),
        ("/feeds/all.rss", &[("if-none-match", &etag)]),
        ("/feeds/all.rss", &[("if-none-match", &etag), ("accept-encoding", "gzip")]),
        ("/feeds/all.rss", &[("if-modified-since", &date)]),
        ("/feeds/all.rss", &[("accept", "application/rss+xml, */*;q=0.1")]),
        ("/feeds/all.rss", &[("accept", "text/html,application/xml;q=0.9,*/*;q=0.8")]),
        ("/feeds/nothing.rss", &[]),
        ("/feeds/author/nobody.rss", &[]),
        ("/feeds/all.rss", &[("range", "bytes=0-5")]),
    ];
    for (path, headers) in requests {
        for method in ["GET", "HEAD"] {
            let lines: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let request =
                format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");

            let routed = place.ask(method.parse().unwrap(), path, headers, "").await;
            let (status, lines, body) = split(&say(address, &request).await);

            let words = format!("{method} {path} {headers:?}");
            assert!(
                status.starts_with(&format!("HTTP/1.1 {}", routed.status)),
                "{words}: {status}"
            );
            let without_length = |lines: Vec<String>| -> Vec<String> {
                lines.into_iter().filter(|line| !line.starts_with("content-length")).collect()
            };
            assert_eq!(without_length(lines), without_length(lines_of(&routed)), "{words}");
            assert_eq!(body, if method == "HEAD" { vec![] } else { routed.body }, "{words}");
        }
    }
}

#[tokio::test]
async fn one_connection_takes_many_requests_even_at_once_and_of_every_kind() {
    let place = Place::new().await;
    let address = served(&place).await;
    let feed = place.get("/feeds/all.rss").await;
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    let many = [
        get("/feeds/all.rss", ""),
        get("/feeds/all.rss", &format!("If-None-Match: {}\r\n", feed.header("etag"))),
        get("/robots.txt", ""),
        get("/feeds/all.rss", "Connection: close\r\n"),
    ]
    .concat();

    let answer = String::from_utf8(say(address, &many).await).unwrap();

    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 304 Not Modified").count(), 1);
    assert_eq!(answer.matches("</rss>").count(), 2);
    assert_eq!(answer.matches("User-agent: *").count(), 1);
}

#[tokio::test]
async fn a_request_that_comes_in_drops_is_answered_like_any_other() {
    let place = Place::new().await;
    let address = served(&place).await;
    let mut stream = TcpStream::connect(address).await.unwrap();

    for byte in b"GET /feeds/all.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("</rss>\n"), "{answer}");
}

#[tokio::test]
async fn what_is_unusual_is_for_the_router() {
    let place = Place::new().await;
    let address = served(&place).await;
    let table = [
        ("GET /feeds/all.rss HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"),
        ("GET /feeds/all.rss HTTP/1.0\r\n\r\n", "HTTP/1.0 200"),
        (
            "POST /feeds/all.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 405",
        ),
        (
            "GET /feeds/all.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
            "HTTP/1.1 200",
        ),
        ("GET /feeds/all.rss HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP/1.1 400"),
        ("nonsense\r\n\r\n", "HTTP/1.1 400"),
    ];
    for (request, status) in table {
        let answer = String::from_utf8_lossy(&say(address, request).await).into_owned();
        assert!(answer.starts_with(status), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn http_2_without_tls_is_understood() {
    let place = Place::new().await;
    let address = served(&place).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();

    let answer = client.get(format!("http://{address}/feeds/all.rss")).send().await.unwrap();

    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), place.get("/feeds/all.rss").await.text());
}
