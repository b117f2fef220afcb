//! What arrives behind a real Postfix that refuses everybody who sends ahead
//! without leave: the mails are whole, as the RFCs want them, and signed.
//!
//! `GAZETTED_KEEP=FOLDER` keeps the mails and the DNS records for other tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gazetted::delivery::dkim::{self, Algorithm};
use gazetted::delivery::transition::State;
use serde_json::Value;

use crate::support::newsroom::Item;
use crate::support::postbox::Mail;
use crate::support::postfix::Postfix;
use crate::support::world::{USUAL, WIRE};
use crate::support::{Database, World, engines, loudly_without, postbox::Postbox};

const DOMAIN: &str = "news.example.org";

/// Title, region, text. Some have what is hard to print.
const PIECES: [(&str, &str, &str); 8] = [
    (
        "The ferry that runs on the current",
        "Germany",
        "A cable, a boat and the river: nothing else moves the ferry at the old landing, and nobody remembers a day on which it did not run. The council has now decided to keep it for another ten years.",
    ),
    (
        "Salt from a lake that was thought dead",
        "Kenya",
        "For a decade nothing was harvested here. Since the rains came back, forty families rake salt from the shallow end, and flamingos stand between them in the morning.",
    ),
    (
        "Québec’s libraries lend snowshoes — “and skis”",
        "Canada",
        "The borrowing period is a week. Whoever brings them back wet pays nothing, for the libraries have bought a drying room as well, and the librarians say that it is in use every day of the winter.",
    ),
    (
        "Who owns the silt behind the dam?",
        "Egypt",
        "Behind the dam the river stands still & the silt sinks. Farmers downstream ask for it; the engineers answer that a <pipe> of that length would need more power than the dam gives.",
    ),
    (
        ". A title that begins with a dot, and goes on for much longer than a title should, so that it has to be folded somewhere",
        "Japan",
        ".\nThe first line of this text is a dot. The second is not.\n..\nThe third line has two of them, and no mail system may lose one.",
    ),
    (
        "Trains at night again between the two capitals",
        "Norway",
        "Six sleeping cars leave at nine and arrive at seven. The timetable was drawn up by a club of enthusiasts, and the railway took it over without changing a minute.",
    ),
    (
        "Un marché flottant, deux fois par semaine",
        "Vietnam",
        "The boats come before dawn. By eight o'clock everything is sold, and the river is empty again but for the children who row home from it to their school on the other bank.",
    ),
    (
        "A census of the coast's lighthouses",
        "Chile",
        "There are more of them than the navy knew of. Three burn all night without anybody having asked them to; their keepers have been paid by the villages for thirty years.",
    ),
];

#[test]
fn every_mail_behind_a_strict_postfix_is_whole_and_its_signatures_are_good() {
    let Some(python) = python() else { return loudly_without("python3-dkim") };
    let sink = std::sync::Arc::new(Postbox::open());
    let Some(postfix) = Postfix::relaying_to(sink.address()) else { return };
    engines::run(async {
        let (world, records) = world(&postfix).await;
        let readers = readers();
        world.settle().await;
        sink.wait(|mails| mails.len() >= readers.len()).await;

        assert_eq!(
            world.ledger().await,
            [(State::Sent, i64::try_from(readers.len()).unwrap())].into(),
            "{}",
            postfix.log()
        );
        let log = postfix.log();
        assert!(!log.contains("pipelining") && !log.contains("reject:"), "{log}");
        let mails = sink.mails();
        assert_eq!(mails.len(), readers.len());
        for reader in &readers {
            let mail = mails.iter().find(|mail| mail.to == reader.email).unwrap();
            is_a_good_message(mail);
            is_whole(mail, reader.pieces);
        }
        signatures_are_good(python, &world, &mails, &records);
    });
}

/// A reader, and what is in their edition.
struct Reader {
    email: String,
    name: &'static str,
    regions: &'static str,
    pieces: usize,
}

/// Readers of all regions and of some, with plain addresses and one that is not.
fn readers() -> Vec<Reader> {
    let plain = (0..36).map(|n| format!("reader.{n}+news@example.net"));
    let emails = plain.chain(["o'brien=x@sub.example.net".to_owned()]);
    let reader = |(n, email): (usize, String)| {
        let (name, regions, pieces) = match n % 4 {
            0 => ("", "", 8),
            1 => ("Åse Öberg", "europe", 2),
            2 => ("\"Doe, Jane\"", "africa asia", 4),
            _ => ("Jane", "americas", 2),
        };
        Reader { email, name, regions, pieces }
    };
    emails.enumerate().map(reader).collect()
}

/// A magazine that signs twice and mails through this Postfix, its edition due.
async fn world(postfix: &Postfix) -> (World, BTreeMap<String, String>) {
    let database = Database::sqlite();
    let mut config = USUAL.replace("{postbox}", &postfix.address().to_string());
    let mut records = BTreeMap::new();
    for (algorithm, selector) in [(Algorithm::Rsa, "r1"), (Algorithm::Ed25519, "e1")] {
        let pair = dkim::generate(algorithm).unwrap();
        let key = database.folder().join(selector);
        fs::write(&key, pair.private.expose()).unwrap();
        let text: String = pair.record.split('"').skip(1).step_by(2).collect();
        let text = if text.is_empty() { pair.record.clone() } else { text };
        records.insert(format!("{selector}._domainkey.{DOMAIN}."), text);
        config += &format!(
            "[[mail.dkim]]\ndomain = \"{DOMAIN}\"\nselector = \"{selector}\"\nkey = {{ file = \"{}\" }}\n",
            key.display()
        );
    }
    let mut world = World::with(database, &config).await;
    let rows: String = readers()
        .iter()
        .map(|reader| format!("{},{},{}\n", reader.email, reader.name, reader.regions))
        .collect();
    let admitted = world.readers(&format!("email,name,regions\n{rows}")).await;
    assert_eq!(admitted.len(), readers().len());
    let items: Vec<Item> = PIECES
        .iter()
        .enumerate()
        .map(|(n, (title, region, text))| {
            let date = format!("2026-03-02T{:02}:00:00Z", 8 + n);
            Item { text: (*text).to_owned(), ..Item::new(&n.to_string(), title, region, &date) }
        })
        .collect();
    world.newsroom.feed(WIRE, &items);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    assert_eq!(world.compile().await.len(), 1);
    (world, records)
}

/// RFC 5322 and RFC 2045, byte by byte, and what bulk mail has to have.
fn is_a_good_message(mail: &Mail) {
    let who = &mail.to;
    let text = String::from_utf8(mail.message.clone()).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{who}: a bare CR or LF");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "{who}: a line is too long");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.is_ascii() && body.is_ascii(), "{who}: 8 bits");
    for line in head.split("\r\n") {
        let starts = line.starts_with([' ', '\t'])
            || line.split(':').next().is_some_and(|name| !name.contains(' '));
        assert!(starts, "{who}: {line}");
    }
    for name in [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Auto-Submitted",
        "Feedback-ID",
    ] {
        let begins = |line: &&str| {
            line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase()))
        };
        assert_eq!(head.split("\r\n").filter(begins).count(), 1, "{who}: {name}");
    }
    assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let leave = mail.header("List-Unsubscribe").trim().to_owned();
    assert!(
        leave.starts_with("<https://news.example.org/unsubscribe/") && leave.contains("<mailto:"),
        "{leave}"
    );
}

/// What a reader sees: both parts, with all pieces, dots and accents.
fn is_whole(mail: &Mail, pieces: usize) {
    let html = [("&#x27;", "'"), ("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&amp;", "&")]
        .iter()
        .fold(mail.html(), |html, (written, meant)| html.replace(written, meant));
    for part in [mail.text(), html] {
        // A text wraps its lines.
        let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = PIECES.iter().filter(|(title, ..)| words.contains(title)).count();
        assert_eq!(told, pieces, "{}: {part}", mail.to);
        assert!(words.contains("http://wire.example/") && words.contains("nsubscribe"), "{part}");
    }
}

/// Both signatures, checked by dkimpy with the records that `dkim generate` prints.
fn signatures_are_good(
    python: &str,
    world: &World,
    mails: &[Mail],
    records: &BTreeMap<String, String>,
) {
    let folder = std::env::var_os("GAZETTED_KEEP")
        .map_or_else(|| world.folder().join("mails"), PathBuf::from);
    fs::create_dir_all(&folder).unwrap();
    let dns = folder.join("dns.json");
    fs::write(&dns, serde_json::to_string(records).unwrap()).unwrap();
    let files: Vec<PathBuf> = mails
        .iter()
        .enumerate()
        .map(|(n, mail)| {
            let file = folder.join(format!("{n:03}.eml"));
            fs::write(&file, &mail.message).unwrap();
            file
        })
        .collect();
    let verify = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postfix/verify.py");
    let output = Command::new(python).arg(verify).arg(dns).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), mails.len());
    for line in said.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let signatures = message["signatures"].as_array().unwrap();
        let algorithms: Vec<&str> =
            signatures.iter().map(|one| one["algorithm"].as_str().unwrap()).collect();
        assert_eq!(algorithms.len(), 2, "{line}");
        assert!(
            algorithms.contains(&"rsa-sha256") && algorithms.contains(&"ed25519-sha256"),
            "{line}"
        );
        for signature in signatures {
            assert_eq!(signature["good"], true, "{line}");
            assert_eq!(
                (&signature["length"], &signature["domain"]),
                (&false.into(), &DOMAIN.into())
            );
            let signed: Vec<&str> = signature["signed"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect();
            let times = |name: &str| signed.iter().filter(|signed| **signed == name).count();
            for name in ["from", "to", "subject", "date"] {
                assert_eq!(times(name), 2, "{name} cannot be added: {line}");
            }
            for name in [
                "list-unsubscribe",
                "list-unsubscribe-post",
                "list-id",
                "message-id",
                "mime-version",
                "content-type",
            ] {
                assert!(times(name) >= 1, "{name} is covered: {line}");
            }
        }
    }
}

/// A Python that has dkimpy: the first in the PATH, or that of the system.
fn python() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        let output = Command::new(python).args(["-c", "import dkim, nacl"]).output();
        output.is_ok_and(|output| output.status.success())
    })
}
