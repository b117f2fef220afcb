//! The baseline: Postfix's own load generator, and its own sink.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/lib/postfix/sbin", "/usr/local/sbin"];

/// Where a program of Postfix is, if it is on this machine.
pub fn program(name: &str) -> Option<String> {
    FOLDERS.iter().map(|folder| format!("{folder}/{name}")).find(|path| Path::new(path).exists())
}

/// `smtp-sink`, running.
pub struct Sink {
    child: Child,
    /// Where it listens on loopback.
    pub port: u16,
}

impl Sink {
    /// Starts one on a port that was free a moment ago.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        drop(listener);
        let mut command = Command::new(program("smtp-sink").expect("the caller has looked"));
        command.args(["-4", "-m", "512", "-t", "300"]);
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .arg(format!("127.0.0.1:{port}"))
            .arg("1024")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("smtp-sink starts");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status
            .lines()
            .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(1) == Some("0"))
    })
}

/// Sends `mails` copies of the message in `file` with `smtp-source` over
/// `sessions` connections that are kept open; how long it took.
pub fn source(port: u16, file: &Path, sessions: usize, mails: u32) -> Duration {
    let began = Instant::now();
    let status = Command::new(program("smtp-source").expect("the caller has looked"))
        .args(["-4", "-d", "-s", &sessions.to_string(), "-m", &mails.to_string()])
        .args(["-f", "bounce@news.example.org", "-t", "reader@example.org", "-F"])
        .arg(file)
        .arg(format!("127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .status()
        .expect("smtp-source starts");
    assert!(status.success(), "smtp-source failed: {status}");
    began.elapsed()
}
