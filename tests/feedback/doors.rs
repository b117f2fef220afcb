//! The listener and the Maildir, as a mail server and a mail program see them.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use gazetted::incoming;
use gazetted::subscriber::Standing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::corpus;
use super::readers::Readers;
use crate::web::place::Place;

/// Doors that are open until they are shut.
struct Open {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Open {
    fn of(site: &Readers) -> Self {
        let listener = incoming::open(Some("127.0.0.1:0".parse().unwrap())).unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let house = Arc::clone(&site.place.house);
        Self { address, stop, running: tokio::spawn(incoming::run(house, Some(listener), stopped)) }
    }

    /// Says all of it at once and gives all that is answered.
    async fn say(&self, words: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(words).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    }

    async fn shut(self) {
        self.stop.send_replace(true);
        self.running.await.unwrap();
    }
}

/// A message as it goes over the wire, with its dots doubled.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(message).replace("\r\n.", "\r\n..");
    format!("{text}\r\n.\r\n").into_bytes()
}

#[tokio::test]
async fn a_mail_server_hands_over_a_bounce_by_lmtp_or_smtp() {
    let site = Readers::new().await;
    let door = Open::of(&site);
    for (hello, email) in [("LHLO", "one@recipient.example"), ("EHLO", "two@recipient.example")] {
        let (_, about) = site.reader(email).await;
        // Nothing in the message itself tells whose it is.
        let anonymous = corpus::About { recipient: email.to_owned(), ..corpus::About::default() };
        let message = corpus::bounce("qmail", "hard", &anonymous);
        let head =
            format!("{hello} relay\r\nMAIL FROM:<>\r\nRCPT TO:<{}>\r\nDATA\r\n", about.return_path);

        let said = door.say(&[head.as_bytes(), &stuffed(&message), b"QUIT\r\n"].concat()).await;

        assert!(said.contains("\r\n250 2.0.0 Taken\r\n221 "), "{said}");
        assert_eq!(site.standing(email).await, Standing::Bounced);
    }
    door.shut().await;
}

#[tokio::test]
async fn nothing_is_relayed_and_no_forged_return_path_is_taken() {
    let site = Readers::new().await;
    let (_, about) = site.reader("reader@recipient.example").await;
    let door = Open::of(&site);
    let forged = about.return_path.replace("digest+", "digest+a");

    let said = door
        .say(
            format!(
                "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<friend@elsewhere.example>\r\nRCPT TO:<{forged}>\r\nRCPT TO:<reader@recipient.example>\r\nRCPT TO:<Digest@News.example.org>\r\nQUIT\r\n"
            )
            .as_bytes(),
        )
        .await;

    let codes: Vec<&str> = said.lines().skip(8).map(|line| &line[..3]).collect();
    assert_eq!(codes, ["550", "550", "550", "250", "221"], "{said}");
    door.shut().await;
}

#[tokio::test]
async fn each_recipient_of_lmtp_gets_an_answer_and_a_message_too_large_is_refused() {
    let site = Readers::at(Place::configured("\n[feedback]\nmax_bytes = 2000\n", None).await).await;
    let (_, one) = site.reader("one@recipient.example").await;
    let (_, two) = site.reader("two@recipient.example").await;
    let door = Open::of(&site);
    let head = format!(
        "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n",
        one.return_path, two.return_path
    );
    let small = b"From: mailer-daemon@x\r\n\r\nno such user\r\n.\r\n";
    let large = format!("Subject: x\r\n\r\n{}.\r\n", "text\r\n".repeat(1_000));

    let taken = door.say(&[head.as_bytes(), small, b"QUIT\r\n"].concat()).await;
    let refused = door.say(&[head.as_bytes(), large.as_bytes(), b"QUIT\r\n"].concat()).await;

    assert_eq!(taken.matches("250 2.0.0 Taken").count(), 2, "{taken}");
    assert_eq!(refused.matches("552 5.3.4").count(), 2, "{refused}");
    assert_eq!(site.standing("two@recipient.example").await, Standing::Bounced);
    door.shut().await;
}

#[tokio::test]
async fn a_maildir_is_read_and_nothing_foreign_is_deleted() {
    for delete in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        for name in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let config = format!(
            "\n[feedback]\nmaildirs = [\"{}\"]\ndelete = {delete}\n",
            folder.path().display()
        );
        let site = Readers::at(Place::configured(&config, None).await).await;
        let (_, about) = site.reader("reader@recipient.example").await;
        let new = folder.path().join("new");
        fs::write(new.join("1.bounce"), corpus::bounce("domino", "hard", &about)).unwrap();
        fs::write(new.join("2.letter"), "Subject: hello\n\nA letter to the editor.\n").unwrap();

        let door = Open::of(&site);
        while fs::read_dir(&new).unwrap().count() > 0 {
            tokio::task::yield_now().await;
        }
        door.shut().await;

        assert_eq!(site.standing("reader@recipient.example").await, Standing::Bounced);
        let cur = folder.path().join("cur");
        assert!(cur.join("2.letter:2,S").exists());
        assert_eq!(cur.join("1.bounce:2,S").exists(), !delete);
    }
}
