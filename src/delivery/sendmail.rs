//! `sendmail:` and `sendmail:/path`: every mail is piped into a local program
//! with sendmail's command line, which queues it.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::mailer::{Envelope, Failure, Mailer, Offer, Outcome, Rejection, Session, Stage};

/// How long the program may take to queue one mail.
const DEADLINE: Duration = Duration::from_mins(10);
/// How much of its complaint is kept.
const COMPLAINT_BYTES: u64 = 2048;

/// Pipes mails into a program.
#[derive(Debug, Clone)]
pub struct Sendmail {
    program: PathBuf,
}

impl Sendmail {
    /// A mailer that runs `program` as `program -i -f FROM -- TO`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }
}

impl Mailer for Sendmail {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, Failure>> {
        let session = Piping { program: self.program.clone(), offered: None };
        future::ready(Ok(Box::new(session) as Box<dyn Session>)).boxed()
    }
}

struct Piping {
    program: PathBuf,
    offered: Option<Envelope>,
}

impl Session for Piping {
    fn offer<'a>(&'a mut self, envelope: &'a Envelope) -> BoxFuture<'a, Offer> {
        self.offered = Some(envelope.clone());
        future::ready(Offer::Accepted).boxed()
    }

    fn hand_over<'a>(
        &'a mut self,
        body: &'a [u8],
        _: Option<&'a Envelope>,
    ) -> BoxFuture<'a, (Outcome, Option<Offer>)> {
        async move {
            let Some(envelope) = self.offered.take() else {
                let text = "a body came before its envelope".to_owned();
                return (Outcome::Relay(Failure::Passing(text)), None);
            };
            let outcome = match tokio::time::timeout(DEADLINE, self.pipe(&envelope, body)).await {
                Ok(outcome) => outcome,
                Err(_) => Outcome::Uncertain(format!(
                    "{} did not end within {} s",
                    self.program.display(),
                    DEADLINE.as_secs()
                )),
            };
            (outcome, None)
        }
        .boxed()
    }

    fn is_spent(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        future::ready(()).boxed()
    }
}

impl Piping {
    async fn pipe(&self, envelope: &Envelope, body: &[u8]) -> Outcome {
        let from = if envelope.from().is_empty() { "<>" } else { envelope.from() };
        let child = Command::new(&self.program)
            .args(["-i", "-f", from, "--", envelope.to()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                return Outcome::Relay(Failure::Lasting(format!(
                    "cannot run {}: {error}; name the program as `sendmail:/path/to/sendmail`",
                    self.program.display()
                )));
            }
        };
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        // Programs with this command line expect the line ends of the system.
        let lines: Vec<u8> = body.iter().copied().filter(|byte| *byte != b'\r').collect();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // If it does not read on, its exit code says why.
                let _ = stdin.write_all(&lines).await;
                let _ = stdin.shutdown().await;
            }
        };
        let ((), complaint) = tokio::join!(feed, complaint(stderr));
        match child.wait().await {
            Ok(status) => verdict(status, &complaint),
            Err(error) => Outcome::Uncertain(format!("{}: {error}", self.program.display())),
        }
    }
}

/// The beginning of what the program says, on one line; the rest is read and dropped.
async fn complaint(stderr: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut text = Vec::new();
    let _ = (&mut stderr).take(COMPLAINT_BYTES).read_to_end(&mut text).await;
    let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an exit code of `sysexits.h` means for this mail.
fn verdict(status: ExitStatus, complaint: &str) -> Outcome {
    let refused = |code, enhanced| {
        Outcome::Refused(Rejection {
            code,
            enhanced: Some(enhanced),
            text: complaint.to_owned(),
            stage: Stage::Body,
        })
    };
    match status.code() {
        Some(0) => Outcome::Sent("queued by sendmail".to_owned()),
        Some(65) => refused(554, [5, 6, 0]),
        Some(67) => refused(550, [5, 1, 1]),
        Some(68) => refused(550, [5, 1, 2]),
        Some(code @ (64 | 77 | 78 | 126 | 127)) => Outcome::Relay(Failure::Lasting(format!(
            "sendmail ended with {code} ({complaint}); its set-up needs a look"
        ))),
        Some(code) => Outcome::Relay(Failure::Passing(format!(
            "sendmail ended with {code} ({complaint}); it did not take the mail"
        ))),
        None => Outcome::Uncertain(format!("sendmail was killed ({complaint})")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// A program that keeps what it gets in `folder` and ends with `code`.
    fn program(folder: &Path, code: i32) -> PathBuf {
        let file = folder.join(format!("sendmail-{code}"));
        let script = format!(
            "#!/bin/sh\necho \"$@\" > {0}/args\ncat > {0}/mail\necho 'no such user' >&2\nexit {code}\n",
            folder.display()
        );
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    async fn deliver(program: &Path) -> Outcome {
        let envelope = Envelope::new("bounce@example.org", "-oops@example.org").unwrap();
        let mut session = Sendmail::new(program).open().await.unwrap();
        assert_eq!(session.offer(&envelope).await, Offer::Accepted);
        session.hand_over(b"Subject: x\r\n\r\nbody\r\n", None).await.0
    }

    #[tokio::test]
    async fn the_program_gets_the_mail_and_no_address_is_taken_for_an_option() {
        let folder = tempfile::tempdir().unwrap();

        let outcome = deliver(&program(folder.path(), 0)).await;

        assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
        let args = fs::read_to_string(folder.path().join("args")).unwrap();
        assert_eq!(args, "-i -f bounce@example.org -- -oops@example.org\n");
        let mail = fs::read_to_string(folder.path().join("mail")).unwrap();
        assert_eq!(mail, "Subject: x\n\nbody\n");
    }

    #[tokio::test]
    async fn exit_codes_tell_the_mailbox_from_the_set_up() {
        let folder = tempfile::tempdir().unwrap();

        let user = deliver(&program(folder.path(), 67)).await;
        assert!(
            matches!(user, Outcome::Refused(no) if no.code == 550 && no.text == "no such user")
        );
        let later = deliver(&program(folder.path(), 75)).await;
        assert!(matches!(later, Outcome::Relay(Failure::Passing(_))));
        let config = deliver(&program(folder.path(), 78)).await;
        assert!(matches!(config, Outcome::Relay(Failure::Lasting(_))));
        let missing = deliver(&folder.path().join("nothing")).await;
        assert!(
            matches!(missing, Outcome::Relay(Failure::Lasting(text)) if text.contains("sendmail:/path"))
        );
    }
}
