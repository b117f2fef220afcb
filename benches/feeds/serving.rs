//! A feed of 100 KB beside nginx: the same bytes, the same core, the same load.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{magazine, median};

const GAZETTED: &str = env!("CARGO_BIN_EXE_gazetted");
const ROUNDS: usize = 3;
const SECONDS: u64 = 4;

/// A server that is ended with us.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

pub fn run() {
    let needed = ["nginx", "wrk", "taskset"];
    let is_there = |tool: &&str| {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        found.is_ok_and(|out| out.status.success())
    };
    if !needed.iter().all(is_there) {
        println!("serving: needs {}", needed.join(", "));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ours = free_port();
    let theirs = free_port();
    lay_out(folder.path(), ours);
    gazetted(folder.path(), &["ingest"]);
    gazetted(folder.path(), &["feeds", "build", "--out", "files"]);
    let _gazetted = Running(
        pinned(GAZETTED)
            .args(["serve", "--config", "gazetted.toml"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let conf = nginx_conf(folder.path(), theirs);
    let _nginx = Running(pinned("nginx").args(["-c", &conf]).spawn().unwrap());
    wait_for(ours);
    wait_for(theirs);
    let size = fs::metadata(folder.path().join("files/feeds/all.rss")).unwrap().len();
    println!(
        "a feed of {size} bytes, 64 connections, one core each, {ROUNDS} rounds of {SECONDS} s"
    );
    let cases: [(&str, &[&str], bool); 3] = [
        ("200, as it is", &[], false),
        ("200, gzip", &["Accept-Encoding: gzip"], false),
        ("304", &[], true),
    ];
    for (name, lines, conditional) in cases {
        let (mut here, mut there) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            here.push(load(ours, lines, conditional));
            there.push(load(theirs, lines, conditional));
        }
        report(name, &here, &there);
    }
    ingesting(folder.path(), ours);
}

/// The same load while 100 articles a second come in.
fn ingesting(folder: &Path, port: u16) {
    let (mut calm, mut busy) = (vec![], vec![]);
    for round in 0..ROUNDS {
        calm.push(load(port, &[], false).0);
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (stop, folder) = (Arc::clone(&stop), folder.to_owned());
            std::thread::spawn(move || {
                for number in 0..10_000 {
                    if stop.load(Ordering::Relaxed) {
                        return number;
                    }
                    write_piece(&folder, 100_000 + u64::try_from(round).unwrap() * 10_000 + number);
                    std::thread::sleep(Duration::from_millis(10));
                }
                10_000
            })
        };
        busy.push(load(port, &[], false).0);
        stop.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        println!("  {written} articles came in meanwhile");
    }
    let (calm, busy) = (median(calm), median(busy));
    println!("  while articles come in  {busy:9.0}/s, {:.2} of {calm:.0}/s", busy / calm);
}

fn report(name: &str, here: &[(f64, f64)], there: &[(f64, f64)]) {
    let rate = |all: &[(f64, f64)]| median(all.iter().map(|one| one.0).collect());
    let slow = |all: &[(f64, f64)]| median(all.iter().map(|one| one.1).collect());
    println!(
        "  {name:14} {:9.0}/s, nginx {:9.0}/s: {:.2}; p99 {:.2} ms, nginx {:.2} ms",
        rate(here),
        rate(there),
        rate(here) / rate(there),
        slow(here),
        slow(there)
    );
}

/// Requests a second, and the 99th percentile in milliseconds.
fn load(port: u16, lines: &[&str], conditional: bool) -> (f64, f64) {
    let url = format!("http://127.0.0.1:{port}/feeds/all.rss");
    let mut command = Command::new("taskset");
    command.args(["-c", "1", "wrk", "-t1", "-c64", "--latency", "-d", &format!("{SECONDS}s")]);
    for line in lines {
        command.args(["-H", line]);
    }
    if conditional {
        command.args(["-H", &format!("If-None-Match: {}", etag(port))]);
    }
    let out = command.arg(&url).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let after = |mark: &str| {
        let rest = &text[text.find(mark).unwrap_or_else(|| panic!("{text}")) + mark.len()..];
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let bad = text.contains("Non-2xx") || text.contains("Socket errors");
    assert!(!bad || conditional, "{text}");
    (after("Requests/sec:").parse().unwrap(), millis(&after("99%")))
}

fn millis(text: &str) -> f64 {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap());
    let factor = match unit {
        "us" => 0.001,
        "ms" => 1.0,
        _ => 1000.0,
    };
    number.parse::<f64>().unwrap() * factor
}

fn etag(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"HEAD /feeds/all.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("etag:")).unwrap();
    line[5..].trim().to_owned()
}

fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0", program]);
    command
}

fn gazetted(folder: &Path, arguments: &[&str]) {
    let out = Command::new(GAZETTED)
        .args(arguments)
        .args(["--config", "gazetted.toml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn lay_out(folder: &Path, port: u16) {
    fs::create_dir(folder.join("articles")).unwrap();
    let config = format!(
        "[site]\ntitle = \"The Meridian Review\"\nurl = \"http://127.0.0.1:{port}\"\n\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\n\n[feeds]\nitems = 34\n\n\
         [[source]]\nname = \"magazine\"\nkind = \"directory\"\npath = \"articles\"\n"
    );
    fs::write(folder.join("gazetted.toml"), config).unwrap();
    for number in 0..34 {
        write_piece(folder, number);
    }
}

fn write_piece(folder: &Path, number: u64) {
    let text: String =
        (0..6).map(|part| format!("{}.\n\n", magazine::words(number * 7 + part, 65))).collect();
    let date = magazine::published(number).to_rfc3339();
    let piece = format!(
        "---\ntitle: \"{}\"\ndate: {date}\nauthor: Desk {}\nlanguage: en\ncategories: [Kenya]\n---\n\n{text}",
        magazine::words(number, 8),
        number % 20
    );
    let path = folder.join("articles").join(format!("{number}.md"));
    let beside = folder.join(format!("{number}.new"));
    fs::write(&beside, piece).unwrap();
    fs::rename(beside, path).unwrap();
}

fn nginx_conf(folder: &Path, port: u16) -> String {
    let here = folder.display();
    let conf = format!(
        "user root; daemon off; worker_processes 1; pid {here}/nginx.pid; error_log {here}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n\
         types {{ application/rss+xml rss; }} client_body_temp_path {here}/t1; proxy_temp_path {here}/t2;\n\
         fastcgi_temp_path {here}/t3; uwsgi_temp_path {here}/t4; scgi_temp_path {here}/t5;\n\
         open_file_cache max=100;\n\
         server {{ listen 127.0.0.1:{port}; root {here}/files; gzip_static on;\n\
         add_header Cache-Control \"public, max-age=900\"; }} }}\n"
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, conf).unwrap();
    path.display().to_string()
}

/// A port that nobody listens at now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "no server at port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
