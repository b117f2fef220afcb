//! A real Postfix in a folder of its own that relays to a server of the
//! test's. As the one for PostgreSQL, a guardian starts it and ends it when the
//! test is gone, however that ended.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::loudly_without;

/// The guardian. `$1` is the folder.
const GUARDIAN: &str = r#"
PATH=$PATH:/usr/sbin
trap '' INT HUP TERM
postfix -c "$1/etc" start >"$1/said" 2>&1 || { cat "$1/said"; rm -rf "$1"; exit 1; }
echo ready
cat >/dev/null
postfix -c "$1/etc" stop >/dev/null 2>&1
rm -rf "$1"
"#;

/// `{folder}`, `{sink}` are put in. Whoever sends ahead of a reply without
/// having been told that they may is refused.
const MAIN: &str = "
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = relay.example
mydestination =
relayhost = [127.0.0.1]:{sink}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_data_restrictions = reject_unauth_pipelining
alias_maps =
alias_database =
local_recipient_maps =
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtpd_tls_security_level = none
smtp_tls_security_level = none
in_flow_delay = 0
";

const MASTER: &str = "
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// The running server. Ended when it is dropped.
pub struct Postfix {
    port: u16,
    folder: PathBuf,
    guardian: Child,
    leash: Option<ChildStdin>,
}

impl Postfix {
    /// Starts one that relays everything to `sink`. `None`, with a loud word, if
    /// there is no Postfix, or if we may not start one: only root may.
    pub fn relaying_to(sink: SocketAddr) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("gazetted-postfix-").tempdir().unwrap();
        let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
        let there = ["/usr/sbin/postfix", "/usr/local/sbin/postfix"].map(Path::new);
        if !is_root || !there.iter().any(|path| path.exists()) {
            loudly_without("postfix");
            return None;
        }
        // The guardian removes it.
        let folder = folder.keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        furnish(&folder, port, sink);
        let mut guardian = Command::new("sh")
            .args(["-c", GUARDIAN, "guardian"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let leash = guardian.stdin.take();
        let mut said = BufReader::new(guardian.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if line.trim() != "ready" {
            let _ = said.read_to_string(&mut line);
            panic!("Postfix does not start: {line}");
        }
        Some(Self { port, folder, guardian, leash })
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.guardian.wait();
    }
}

fn furnish(folder: &Path, port: u16, sink: SocketAddr) {
    let put_in = |text: &str| {
        text.replace("{folder}", &folder.display().to_string())
            .replace("{sink}", &sink.port().to_string())
            .replace("{port}", &port.to_string())
    };
    for part in ["etc", "queue", "data"] {
        fs::create_dir(folder.join(part)).unwrap();
    }
    fs::write(folder.join("etc/main.cf"), put_in(MAIN)).unwrap();
    fs::write(folder.join("etc/master.cf"), put_in(MASTER)).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let own = users.lines().find_map(|line| line.strip_prefix("postfix:")).expect("its user");
    let user = own.split(':').nth(1).and_then(|number| number.parse().ok());
    std::os::unix::fs::chown(folder.join("data"), user, None).unwrap();
}
