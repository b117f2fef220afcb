//! An IMAP mailbox, played by a server that knows six commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gazetted::incoming;
use gazetted::subscriber::Standing;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::corpus;
use super::readers::Readers;
use crate::web::place::Place;

/// What lies in the mailbox, and what was asked of it.
#[derive(Default)]
struct Mailbox {
    validity: i64,
    mails: BTreeMap<i64, Vec<u8>>,
    fetched: Vec<i64>,
    marked: Vec<i64>,
    logins: usize,
    closed: usize,
}

type Shared = Arc<Mutex<Mailbox>>;

async fn serve(listener: TcpListener, mailbox: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = attend(stream, &mailbox).await;
        mailbox.lock().unwrap().closed += 1;
    }
}

async fn attend(stream: TcpStream, mailbox: &Shared) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    write.write_all(b"* OK ready\r\n").await?;
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let tag = words[0];
        let mut answer = vec![];
        match words[1..] {
            ["LOGIN", ..] => {
                let mut said = vec![];
                for _ in 0..2 {
                    let length: usize = line
                        .trim_end()
                        .rsplit('{')
                        .next()
                        .unwrap()
                        .trim_end_matches('}')
                        .parse()
                        .unwrap();
                    write.write_all(b"+ go on\r\n").await?;
                    let mut literal = vec![0; length];
                    read.read_exact(&mut literal).await?;
                    said.push(String::from_utf8(literal).unwrap());
                    line.clear();
                    read.read_line(&mut line).await?;
                }
                assert_eq!(said, ["bounce", "pass \"word"]);
                mailbox.lock().unwrap().logins += 1;
                answer.extend(b"g1 OK in\r\n");
            }
            ["CAPABILITY"] => {
                answer.extend(format!("* CAPABILITY IMAP4rev1 UIDPLUS\r\n{tag} OK\r\n").bytes());
            }
            ["SELECT" | "EXAMINE", folder] => {
                assert_eq!(folder, "\"INBOX\"");
                let validity = mailbox.lock().unwrap().validity;
                answer.extend(format!("* OK [UIDVALIDITY {validity}] x\r\n{tag} OK\r\n").bytes());
            }
            ["UID", "SEARCH", "UID", range] => {
                let from: i64 = range.trim_end_matches(":*").parse().unwrap();
                let mailbox = mailbox.lock().unwrap();
                let last = mailbox.mails.keys().last().copied().unwrap_or(0);
                let found = mailbox.mails.keys().filter(|uid| **uid >= from || **uid == last);
                let found: Vec<String> = found.map(ToString::to_string).collect();
                answer.extend(format!("* SEARCH {}\r\n{tag} OK\r\n", found.join(" ")).bytes());
            }
            ["UID", "FETCH", uid, _] => {
                let uid = uid.parse().unwrap();
                let mut mailbox = mailbox.lock().unwrap();
                mailbox.fetched.push(uid);
                let mail = &mailbox.mails[&uid];
                answer.extend(
                    format!("* 1 FETCH (UID {uid} BODY[]<0> {{{}}}\r\n", mail.len()).bytes(),
                );
                answer.extend(mail);
                answer.extend(format!(")\r\n{tag} OK\r\n").bytes());
            }
            ["UID", "STORE", uid, ..] => {
                mailbox.lock().unwrap().marked.push(uid.parse().unwrap());
                answer.extend(format!("{tag} OK\r\n").bytes());
            }
            ["UID", "EXPUNGE", uid] => {
                let uid: i64 = uid.parse().unwrap();
                let mut mailbox = mailbox.lock().unwrap();
                assert!(mailbox.marked.contains(&uid));
                mailbox.mails.remove(&uid);
                answer.extend(format!("{tag} OK\r\n").bytes());
            }
            ["LOGOUT"] => {
                write.write_all(format!("* BYE\r\n{tag} OK\r\n").as_bytes()).await?;
                return Ok(());
            }
            _ => answer.extend(format!("{tag} BAD {line}\r\n").bytes()),
        }
        write.write_all(&answer).await?;
    }
}

/// Lets the daemon look once.
async fn look(site: &Readers, mailbox: &Shared) {
    let before = mailbox.lock().unwrap().closed;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(incoming::run(Arc::clone(&site.place.house), None, stopped));
    while mailbox.lock().unwrap().closed == before {
        tokio::task::yield_now().await;
    }
    stop.send_replace(true);
    running.await.unwrap();
}

async fn furnished(delete: bool) -> (Readers, Shared, tempfile::TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    std::fs::write(&secret, "pass \"word\n").unwrap();
    let config = format!(
        "\n[feedback]\ndelete = {delete}\n\n[[feedback.imap]]\nurl = \"imap://{}\"\nusername = \"bounce\"\npassword = {{ file = \"{}\" }}\n",
        listener.local_addr().unwrap(),
        secret.display()
    );
    let mailbox = Shared::default();
    mailbox.lock().unwrap().validity = 7;
    tokio::spawn(serve(listener, Arc::clone(&mailbox)));
    let site = Readers::at(Place::configured(&config, None).await).await;
    (site, mailbox, folder)
}

#[tokio::test]
async fn a_mailbox_is_read_from_where_it_was_left() {
    let (site, mailbox, _folder) = furnished(false).await;
    let (_, about) = site.reader("reader@recipient.example").await;
    let bounce = corpus::bounce("office365", "hard", &about);
    let letter = b"Subject: hello\r\n\r\nA letter.\r\n".to_vec();
    mailbox.lock().unwrap().mails = BTreeMap::from([(3, letter.clone()), (9, bounce)]);

    look(&site, &mailbox).await;
    look(&site, &mailbox).await;
    mailbox.lock().unwrap().mails.insert(10, letter);
    look(&site, &mailbox).await;

    assert_eq!(site.standing("reader@recipient.example").await, Standing::Bounced);
    let mut mailbox = mailbox.lock().unwrap();
    assert_eq!((mailbox.logins, std::mem::take(&mut mailbox.fetched)), (3, vec![3, 9, 10]));
    assert_eq!((mailbox.mails.len(), mailbox.marked.len()), (3, 0));
}

#[tokio::test]
async fn with_another_validity_it_is_read_anew_and_only_what_is_ours_is_deleted() {
    let (site, mailbox, _folder) = furnished(true).await;
    let (_, about) = site.reader("reader@recipient.example").await;
    let letter = b"Subject: hello\r\n\r\nA letter.\r\n".to_vec();
    let bounce = corpus::bounce("postfix", "soft", &about);
    mailbox.lock().unwrap().mails = BTreeMap::from([(1, letter), (2, bounce)]);

    look(&site, &mailbox).await;
    mailbox.lock().unwrap().validity = 8;
    look(&site, &mailbox).await;

    let mailbox = mailbox.lock().unwrap();
    assert_eq!(mailbox.fetched, [1, 2, 1]);
    assert_eq!(mailbox.mails.keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(mailbox.marked, [2]);
}
