//! Serves a router so that slow clients hold nothing.
//!
//! `axum::serve` keeps a half-sent header for ever; here every wait on a
//! client has an end: for the header, for the body, for taking the answer.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Request, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt;

use super::Site;
use super::again::Again;
use super::express::{self, Bounds, Leaves};
use super::headers;
use super::patience::Patient;
use super::wire::Tails;

/// Requests at a time on one connection of HTTP/2.
const HTTP2_STREAMS: u32 = 32;
/// Bytes that wait for a slow client of HTTP/2, for each request.
const HTTP2_SEND_BYTES: usize = 256 * 1024;

/// What a client may cost us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Until a whole header is there; also how long a kept-alive connection
    /// may lie idle before the next one.
    pub header: Duration,
    /// Until a whole body is there.
    pub body: Duration,
    /// How long a client may take nothing of its answer.
    pub stall: Duration,
    /// How long open requests are waited for when stopping.
    pub drain: Duration,
    /// Connections at a time; further ones wait in the kernel's queue.
    pub connections: usize,
    /// The largest header, in bytes.
    pub header_bytes: usize,
    /// Lines in a header.
    pub header_lines: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            connections: 4096,
            header_bytes: 16 * 1024,
            header_lines: 100,
            body_bytes: 1024 * 1024,
        }
    }
}

/// A bound socket, ours or one that systemd handed over.
#[derive(Debug)]
pub enum Listener {
    /// Known to the runtime already.
    Ready(TcpListener),
    /// As the system gives it.
    System(std::net::TcpListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Ready(listener)
    }
}

impl From<std::net::TcpListener> for Listener {
    fn from(listener: std::net::TcpListener) -> Self {
        Self::System(listener)
    }
}

impl Listener {
    fn ready(self) -> io::Result<TcpListener> {
        match self {
            Self::Ready(listener) => Ok(listener),
            Self::System(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            }
        }
    }
}

/// Serves `router` on `listener` until `stop` is done, then waits for open
/// requests, but not longer than ten seconds. Handlers find the peer's address
/// as [`ConnectInfo<SocketAddr>`] and a body that is all there.
///
/// # Errors
/// If the socket cannot be used at all.
pub async fn serve(
    listener: impl Into<Listener>,
    site: impl Into<Site>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(listener, site, stop, Limits::default()).await
}

/// Does what [`serve`] does, within other limits.
///
/// # Errors
/// If the socket cannot be used at all.
pub async fn serve_within(
    listener: impl Into<Listener>,
    site: impl Into<Site>,
    stop: impl Future<Output = ()>,
    limits: Limits,
) -> io::Result<()> {
    let listener = listener.into().ready()?;
    let site = site.into();
    let tails = Arc::new(Tails::default());
    let seats = Arc::new(Semaphore::new(limits.connections));
    let limits = Arc::new(limits);
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            arrived = arrive(&listener, &seats) => {
                let Some((seat, stream, peer)) = arrived else { continue };
                let guest = Guest {
                    peer,
                    site: site.clone(),
                    tails: tails.clone(),
                    limits: limits.clone(),
                };
                connections.spawn(guest.attend(stream, seat, closed.clone()));
            }
        }
    }
    drop(listener);
    closing.send_replace(());
    let all_left = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain, all_left).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "Stopped with {} requests still open",
            connections.len()
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// Waits for a free seat, then for a client.
async fn arrive(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let seat = seats.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((seat, stream, peer)),
        Err(error) if is_the_clients_doing(&error) => None,
        Err(error) => {
            // Mostly: no file descriptors left. Asking again at once would spin.
            tracing::warn!("Cannot accept connections: {error}; raise LimitNOFILE");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

fn is_the_clients_doing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// One connection's share of the server.
struct Guest {
    peer: SocketAddr,
    site: Site,
    tails: Arc<Tails>,
    limits: Arc<Limits>,
}

impl Guest {
    async fn attend(
        self,
        stream: TcpStream,
        _seat: OwnedSemaphorePermit,
        mut closed: watch::Receiver<()>,
    ) {
        let _ = stream.set_nodelay(true);
        let (peer, limits) = (self.peer, self.limits.clone());
        let stream = Patient::new(stream, limits.stall);
        let (stream, read) = match self.express(stream, &mut closed).await {
            Ok(Leaves::HandedOn(stream, read)) => (stream, read),
            Ok(Leaves::Closed) => return,
            Err(error) => {
                tracing::debug!("A connection from {peer} ended early: {error}");
                return;
            }
        };
        let is_http2 = read.starts_with(b"PRI ");
        let stream = TokioIo::new(Again::new(read, stream));
        let guest = Arc::new(self);
        let service = service_fn(move |request| {
            let guest = Arc::clone(&guest);
            async move { guest.answer(request).await }
        });
        // HTTP/2 without TLS, for proxies that speak it (RFC 9113 section 3.3).
        let ended = if is_http2 {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
                .max_concurrent_streams(HTTP2_STREAMS)
                .max_send_buf_size(HTTP2_SEND_BYTES)
                .keep_alive_interval(limits.header)
                .keep_alive_timeout(limits.stall)
                .serve_connection(stream, service);
            until_closed(connection, closed).await
        } else {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.header)
                .max_header_size(limits.header_bytes)
                .max_headers(limits.header_lines)
                .serve_connection(stream, service);
            until_closed(connection, closed).await
        };
        if let Err(error) = ended {
            tracing::debug!("A connection from {peer} ended early: {error}");
        }
    }

    /// Serves feeds the short way, until something else is asked for.
    async fn express(
        &self,
        stream: Patient<TcpStream>,
        closed: &mut watch::Receiver<()>,
    ) -> io::Result<Leaves<Patient<TcpStream>>> {
        let bounds = Bounds { header: self.limits.header, header_bytes: self.limits.header_bytes };
        match &self.site.express {
            Some(office) => express::attend(stream, office, &self.tails, bounds, closed).await,
            None => Ok(Leaves::HandedOn(stream, vec![])),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(ConnectInfo(self.peer));
        let body = match self.receive(&parts.headers, body).await {
            Ok(body) => body,
            Err(status) => return Ok(refuse(status)),
        };
        self.site.router().oneshot(Request::from_parts(parts, body)).await
    }

    /// Takes the whole body in before a handler sees it, so that no handler
    /// waits on a client.
    async fn receive(&self, header: &http::HeaderMap, body: Incoming) -> Result<Body, StatusCode> {
        if body.is_end_stream() {
            return Ok(Body::empty());
        }
        let most = self.limits.body_bytes;
        let said = header.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if said.is_some_and(|length: u64| length > most as u64) {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        match timeout(self.limits.body, axum::body::to_bytes(Body::new(body), most)).await {
            Ok(Ok(bytes)) => Ok(Body::from(bytes)),
            Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }
}

/// Serves a connection to its end; after `closed`, to the end of what is asked.
async fn until_closed<C: GracefulConnection>(
    connection: C,
    mut closed: watch::Receiver<()>,
) -> Result<(), C::Error> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = &mut connection => ended,
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

fn refuse(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(format!("{status}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    headers::secure_headers(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        served: JoinHandle<io::Result<()>>,
    }

    fn run(router: Router, limits: Limits) -> Running {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let served = tokio::spawn(serve_within(listener, router, stopped, limits));
        Running { address, stop, served }
    }

    /// Sends `bytes` and reads until the server closes; a server that never
    /// does fails the test.
    async fn say(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        read.expect("the server closes the connection").ok();
        String::from_utf8(answer).unwrap()
    }

    fn short() -> Limits {
        let short = Duration::from_millis(50);
        Limits { header: short, body: short, ..Limits::default() }
    }

    fn echo() -> Router {
        Router::new().route("/", get(|| async { "hello" }).post(|body: String| async { body }))
    }

    #[tokio::test]
    async fn a_half_sent_header_is_dropped() {
        let server = run(echo(), short());

        let answer = say(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;

        assert!(!answer.contains("200 OK"), "{answer}");
    }

    #[tokio::test]
    async fn a_half_sent_body_is_refused_in_time() {
        let server = run(echo(), short());

        let answer =
            say(server.address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
                .await;

        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed_after_its_answer() {
        let server = run(echo(), short());

        let answer = say(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;

        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn too_large_a_body_or_header_is_refused() {
        let limits = Limits { body_bytes: 4, header_bytes: 8192, ..short() };
        let server = run(echo(), limits);
        let told = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345";
        let chunked =
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n";
        let fits = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n1234";
        let header = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(20_000));

        assert!(say(server.address, told).await.starts_with("HTTP/1.1 413 "));
        assert!(say(server.address, chunked).await.starts_with("HTTP/1.1 413 "));
        assert!(say(server.address, fits).await.ends_with("1234"));
        assert!(!say(server.address, header.as_bytes()).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn one_seat_serves_everybody_in_turn() {
        let server = run(echo(), Limits { connections: 1, ..short() });
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

        let (one, two, three) = tokio::join!(
            say(server.address, request),
            say(server.address, request),
            say(server.address, request)
        );

        assert!([one, two, three].iter().all(|answer| answer.ends_with("hello")));
    }

    #[tokio::test]
    async fn stopping_waits_for_the_request_that_is_open() {
        let (began, begins) = oneshot::channel();
        let (finish, finished) = oneshot::channel::<()>();
        let once = Arc::new(std::sync::Mutex::new(Some((began, finished))));
        let slow = move || async move {
            let (began, finished) = once.lock().unwrap().take().unwrap();
            began.send(()).unwrap();
            finished.await.unwrap();
            "done"
        };
        let server = run(Router::new().route("/", post(slow)), Limits::default());
        let asked = tokio::spawn(say(server.address, b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"));

        begins.await.unwrap();
        server.stop.send(()).unwrap();
        finish.send(()).unwrap();

        assert!(asked.await.unwrap().ends_with("done"));
        server.served.await.unwrap().unwrap();
        assert!(TcpStream::connect(server.address).await.is_err());
    }

    #[tokio::test]
    async fn stopping_does_not_wait_for_ever() {
        let (began, begins) = oneshot::channel();
        let once = Arc::new(std::sync::Mutex::new(Some(began)));
        let hangs = move || async move {
            once.lock().unwrap().take().unwrap().send(()).unwrap();
            std::future::pending::<&str>().await
        };
        let limits = Limits { drain: Duration::from_millis(20), ..Limits::default() };
        let server = run(Router::new().route("/", get(hangs)), limits);
        let asked = tokio::spawn(say(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"));

        begins.await.unwrap();
        server.stop.send(()).unwrap();

        server.served.await.unwrap().unwrap();
        assert_eq!(asked.await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_handler_knows_its_peer() {
        let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let server = run(Router::new().route("/", get(who)), short());

        let answer = say(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;

        assert!(answer.ends_with("127.0.0.1"), "{answer}");
    }
}
