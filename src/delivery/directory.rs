//! `directory:PATH`: every mail becomes a file, for looking at, for tests, and
//! for handing over to something else.
//!
//! The file's name is made from the Message-ID, so a mail that is sent again
//! replaces itself. It appears under that name only when it is whole and on disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};

use super::mailer::{Envelope, Failure, Mailer, Offer, Outcome, Session};

/// Writes mails into a folder.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// A mailer that writes into `path`, which is made if it is not there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Mailer for Directory {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, Failure>> {
        async move {
            tokio::fs::create_dir_all(&self.path)
                .await
                .map_err(|error| failure(&self.path, &error))?;
            Ok(Box::new(Writing { path: self.path.clone() }) as Box<dyn Session>)
        }
        .boxed()
    }
}

struct Writing {
    path: PathBuf,
}

impl Session for Writing {
    fn offer<'a>(&'a mut self, _: &'a Envelope) -> BoxFuture<'a, Offer> {
        future::ready(Offer::Accepted).boxed()
    }

    fn hand_over<'a>(
        &'a mut self,
        body: &'a [u8],
        _: Option<&'a Envelope>,
    ) -> BoxFuture<'a, (Outcome, Option<Offer>)> {
        let (folder, mail) = (self.path.clone(), body.to_vec());
        async move {
            let name = file_name(&mail);
            let file = folder.join(&name);
            let written = tokio::task::spawn_blocking(move || write(&folder, &name, &mail)).await;
            let outcome = match written {
                Ok(Ok(())) => Outcome::Sent(format!("written to {}", file.display())),
                // Even if the file is there: sending again replaces it.
                Ok(Err(error)) => Outcome::Relay(failure(&file, &error)),
                Err(_) => Outcome::Uncertain(format!("writing {} was cut short", file.display())),
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

/// Writes under another name, syncs, renames, syncs the folder.
fn write(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = File::create(&unfinished)?;
    file.write_all(mail)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// The Message-ID as a file name; without one, a hash of the mail.
fn file_name(mail: &[u8]) -> String {
    let head = String::from_utf8_lossy(&mail[..mail.len().min(16 * 1024)]);
    let id = head
        .split("\r\n\r\n")
        .next()
        .and_then(|head| {
            let start =
                head.to_ascii_lowercase().find("\r\nmessage-id:")? + "\r\nmessage-id:".len();
            head[start..].split_once('<')?.1.split_once('>').map(|(id, _)| id.to_owned())
        })
        .unwrap_or_default();
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@' | '.' | '+');
    if !id.is_empty() && id.len() <= 200 && !id.starts_with('.') && id.chars().all(safe) {
        return format!("{id}.eml");
    }
    let seed = if id.is_empty() { mail } else { id.as_bytes() };
    let hash = digest::digest(&digest::SHA256, seed);
    let hex: Vec<String> =
        hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}.eml", hex.concat())
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    let text = format!(
        "cannot write {}: {error}; check that the folder of `directory:` can be written and has room",
        path.display()
    );
    match error.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::ReadOnlyFilesystem => Failure::Lasting(text),
        _ => Failure::Passing(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] =
        b"From: <a@example.org>\r\nMessage-ID: <1.2.3@news.example.org>\r\n\r\nbody\r\n";

    async fn deliver(directory: &Directory, mail: &[u8]) -> Outcome {
        let envelope = Envelope::new("", "reader@example.org").unwrap();
        let mut session = directory.open().await.unwrap();
        assert_eq!(session.offer(&envelope).await, Offer::Accepted);
        session.hand_over(mail, None).await.0
    }

    #[tokio::test]
    async fn a_mail_sent_again_replaces_itself() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path().join("out"));

        for _ in 0..2 {
            assert!(matches!(deliver(&directory, MAIL).await, Outcome::Sent(_)));
        }

        let names: Vec<_> = fs::read_dir(folder.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, ["1.2.3@news.example.org.eml"]);
        assert_eq!(fs::read(folder.path().join("out").join(&names[0])).unwrap(), MAIL);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_the_operators_business() {
        let file = tempfile::NamedTempFile::new().unwrap();

        let opened = Directory::new(file.path().join("out")).open().await;

        assert!(
            matches!(opened.err(), Some(Failure::Lasting(text)) if text.contains("directory:"))
        );
    }

    #[test]
    fn a_message_id_cannot_lead_out_of_the_folder() {
        for id in ["../../etc/passwd@x.y", "a/b@x.y", ".hidden@x.y", "", "a\0b@x.y"] {
            let name = file_name(format!("A: b\r\nMessage-ID: <{id}>\r\n\r\n").as_bytes());
            assert!(!name.contains('/') && !name.starts_with('.') && name.len() == 36, "{name}");
        }
        assert_ne!(file_name(b"one"), file_name(b"two"));
    }
}
