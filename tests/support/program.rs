//! The built program, run as a user runs it: commands that end, and the
//! daemon, which can be stopped in order or killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};

/// The program with one configuration.
#[derive(Debug, Clone)]
pub struct Program {
    folder: PathBuf,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it logged.
    pub log: String,
}

impl Said {
    /// What it printed, a JSON object a line.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
        };
        self.out.lines().map(parse).collect()
    }

    /// The only JSON object it printed.
    pub fn object(&self) -> serde_json::Value {
        let mut all = self.json();
        assert_eq!(all.len(), 1, "{self:?}");
        all.remove(0)
    }

    /// That it went well.
    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

impl Program {
    /// The program in a folder with this configuration.
    pub fn new(folder: &Path, config: &str) -> Self {
        std::fs::write(folder.join("gazetted.toml"), config).unwrap();
        Self { folder: folder.to_owned() }
    }

    /// The program in a folder that has its configuration.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        use std::io::Write;
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // One that does not read its input may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The program in its folder, in an environment that is ours.
    pub fn command(&self) -> Command {
        self.set_up(Command::new(env!("CARGO_BIN_EXE_gazetted")))
    }

    /// The same, started by another program.
    pub fn under(&self, starter: &str, arguments: &[String]) -> Command {
        let mut command = Command::new(starter);
        command.args(arguments).arg(env!("CARGO_BIN_EXE_gazetted"));
        self.set_up(command)
    }

    fn set_up(&self, mut command: Command) -> Command {
        command.current_dir(&self.folder).env_clear().env("PATH", "/usr/bin:/bin");
        command
    }

    /// Starts the daemon and waits until it listens.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self.command())
    }
}

/// A daemon that runs. Killed when it is dropped.
pub struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    lines: mpsc::Receiver<String>,
    /// Where its pages are.
    pub site: String,
}

impl Daemon {
    /// Starts the daemon by this command and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(vec![]));
        let (sender, lines) = mpsc::channel();
        let (kept, said) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line.clone());
                let _ = sender.send(line);
            }
        });
        let mut daemon = Self { child, log, lines, site: String::new() };
        let line = daemon.wait_for("Listening on ");
        let site = line.split("Listening on ").nth(1).unwrap();
        site.trim().clone_into(&mut daemon.site);
        daemon
    }

    /// Waits for a line in its log that holds these words.
    pub fn wait_for(&self, words: &str) -> String {
        loop {
            let line = self.lines.recv();
            let line =
                line.unwrap_or_else(|_| panic!("it ended without `{words}`: {}", self.log()));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM to a process that was started in between; waits for its end.
    pub fn stop_process(mut self, process: u32) {
        let kill = format!("kill -TERM {process}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
    }

    /// SIGTERM; gives the exit code and the log.
    pub fn stop(mut self) -> (i32, String) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code().expect("it ends by itself");
        (code, self.log())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
