//! A sink that does not itself cap the rate: it takes mails on as many
//! connections as come, looks for the final dot, forgets the rest, and counts.
//!
//! It runs in a process of its own (`sink` as first argument), so that its
//! processor time is not ours. It says its port on the first line, then every
//! second how many mails came, and once more after its standard input has been
//! closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use memchr::memmem::Finder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BUFFER: usize = 256 * 1024;

/// A sink in its own process.
pub struct Sink {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Where it listens on loopback.
    pub port: u16,
}

impl Sink {
    /// Starts one.
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started again");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("the sink says its port");
        let port = line.trim().parse().expect("a port is a number");
        Self { child, input, output, port }
    }

    /// Ends it; how many mails it has taken.
    pub fn stop(mut self) -> u64 {
        self.input = None;
        let mut text = String::new();
        self.output.read_to_string(&mut text).expect("the sink says what it has seen");
        let _ = self.child.wait();
        text.lines().last().and_then(|line| line.parse().ok()).unwrap_or(0)
    }

    /// Waits for the next second; how many mails it has taken.
    pub fn seen(&mut self) -> u64 {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the sink says what it has seen");
        line.trim().parse().expect("a number")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// The process itself: serves until standard input ends.
pub fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sink")
        .enable_all()
        .build()
        .expect("a runtime starts");
    let mails = Arc::new(AtomicU64::new(0));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    println!("{}", listener.local_addr().expect("a listener has an address").port());
    std::io::stdout().flush().expect("standard output is open");
    let counting = Arc::clone(&mails);
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mails = Arc::clone(&counting);
            tokio::spawn(async move {
                // A client that goes away ends its connection, and nothing else.
                let _ = serve(stream, &mails).await;
            });
        }
    });
    let seen = Arc::clone(&mails);
    let telling = runtime.spawn(async move {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            println!("{}", seen.load(Ordering::Relaxed));
        }
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    telling.abort();
    println!("{}", mails.load(Ordering::Relaxed));
}

async fn serve(mut stream: TcpStream, mails: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.example.org ESMTP\r\n").await?;
    let end = Finder::new(b"\r\n.\r\n");
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    let mut in_body = false;
    let mut answers = Vec::with_capacity(1024);
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let mut start = 0;
        loop {
            let rest = &buffer[start..filled];
            if in_body {
                if let Some(position) = end.find(rest) {
                    mails.fetch_add(1, Ordering::Relaxed);
                    answers.extend_from_slice(b"250 2.0.0 Ok: taken\r\n");
                    start += position + 5;
                    in_body = false;
                } else {
                    // The end may be cut: its first four bytes stay.
                    start += rest.len().saturating_sub(4);
                    break;
                }
            } else if let Some(length) = memchr::memchr(b'\n', rest) {
                let answer: &[u8] = match rest.get(..4).unwrap_or_default() {
                    b"EHLO" => {
                        b"250-sink.example.org\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
                    }
                    b"DATA" => b"354 Go on\r\n",
                    b"QUIT" => b"221 2.0.0 Bye\r\n",
                    _ => b"250 2.0.0 Ok\r\n",
                };
                in_body = answer.starts_with(b"354");
                let over = answer.starts_with(b"221");
                answers.extend_from_slice(answer);
                start += length + 1;
                if over {
                    stream.write_all(&answers).await?;
                    return Ok(());
                }
            } else {
                break;
            }
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        if !answers.is_empty() {
            stream.write_all(&answers).await?;
            answers.clear();
        }
    }
}
