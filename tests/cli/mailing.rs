//! Previews, test mails, editions.

use super::Magazine;

#[test]
fn a_preview_writes_nothing_and_a_test_mail_touches_no_ledger() {
    let magazine = Magazine::new().ingested();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    run(&["subscribers", "add", "anna@example.org", "--regions", "europe"]).good();

    let text = run(&["digest", "preview", "weekly"]).good().out;
    assert!(
        text.contains("The dam and the silt") && text.contains("A ferry on the Rhine"),
        "{text}"
    );
    let hers = run(&["digest", "preview", "weekly", "--as", "anna@example.org"]).good().out;
    assert!(
        !hers.contains("The dam and the silt") && hers.contains("A ferry on the Rhine"),
        "{hers}"
    );
    let html = run(&["digest", "preview", "weekly", "--format", "html"]).good().out;
    assert!(
        html.trim_start().starts_with("<!DOCTYPE html>")
            || html.trim_start().starts_with("<!doctype html>"),
        "{html}"
    );
    let eml = run(&["digest", "preview", "weekly", "--format", "eml"]).good().out;
    assert!(eml.contains("Subject: ") && eml.contains("multipart/alternative"), "{eml}");
    assert_eq!(run(&["digest", "preview", "weekly", "--as", "nobody@example.org"]).code, 1);
    assert_eq!(run(&["digest", "preview", "weekly", "--at", "soon"]).code, 1);

    run(&["digest", "send", "weekly", "--to", "editor@example.org"]).good();
    assert_eq!(magazine.postbox.mails_to("editor@example.org").len(), 1);
    assert_eq!(magazine.postbox.count(), 1);
    assert!(run(&["editions", "list", "--json"]).good().json().is_empty(), "no edition was made");
}

#[test]
fn an_edition_is_sent_listed_shown_and_its_failures_retried() {
    let magazine = Magazine::new().ingested();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    for name in ["anna", "bert", "refuse-body-1"] {
        run(&["subscribers", "add", &format!("{name}@example.org")]).good();
    }

    let sent = run(&["digest", "send", "weekly", "--json"]);
    assert_eq!(sent.code, 1, "somebody was not reached: {sent:?}");
    let line = sent.object();
    assert_eq!((&line["sent"], &line["failed"]), (&2.into(), &1.into()));
    let id = line["edition"].to_string();

    let shown = run(&["editions", "show", &id, "--json"]).good().object();
    assert_eq!((&shown["state"], &shown["pieces"]), (&"done".into(), &3.into()));
    for (state, count) in [("sent", 2), ("refused", 1), ("queued", 0), ("handing", 0), ("held", 0)]
    {
        assert_eq!(shown["counts"][state], count, "{state}: {shown}");
    }
    assert_eq!(shown["trouble"][0]["email"], "refuse-body-1@example.org");
    assert!(shown["trouble"][0]["reply"].as_str().unwrap().contains("554 5.7.1"));
    assert_eq!(run(&["editions", "list", "--json"]).good().json().len(), 1);

    assert_eq!(run(&["editions", "pause", &id]).code, 1, "it is done");
    run(&["editions", "retry", &id]).good();
    run(&["editions", "pause", &id]).good();
    run(&["editions", "resume", &id]).good();
    run(&["editions", "cancel", &id]).good();
    let shown = run(&["editions", "show", &id, "--json"]).good().object();
    assert_eq!((&shown["state"], &shown["counts"]["cancelled"]), (&"cancelled".into(), &1.into()));

    let again = run(&["digest", "send", "weekly", "--json"]).good().object();
    assert!(again["edition"].is_null(), "nothing is new: {again}");
    assert_eq!(magazine.postbox.count(), 2);
}

#[test]
fn the_status_counts_and_a_backup_is_a_store() {
    let magazine = Magazine::new().ingested();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    run(&["subscribers", "add", "anna@example.org"]).good();

    let status = run(&["status", "--json"]).good().object();
    assert_eq!((&status["articles"], &status["subscribers"]["active"]), (&3.into(), &1.into()));
    assert_eq!(status["sources"][0]["name"], "magazine");
    assert!(status["digests"][0]["next"].is_string(), "{status}");

    run(&["database", "backup", "copy.db"]).good();
    assert_eq!(run(&["database", "backup", "copy.db"]).code, 1, "it is not overwritten");
    let output = magazine
        .program
        .command()
        .args(["status", "--json"])
        .env("GAZETTED__STORE__URL", "sqlite:copy.db")
        .output()
        .unwrap();
    let copy: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&copy["articles"], &copy["subscribers"]["active"]), (&3.into(), &1.into()));
}

#[test]
fn a_reader_is_shown_with_the_address_of_their_own_feed() {
    let magazine = Magazine::new().ingested();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    for name in ["anna", "bela"] {
        run(&["subscribers", "add", &format!("{name}@example.org")]).good();
    }
    let shown = |name: &str| {
        let said = run(&["subscribers", "show", &format!("{name}@example.org"), "--json"]);
        said.good().object()["feed"].as_str().unwrap().to_owned()
    };

    let feed = shown("anna");

    assert!(feed.starts_with("http") && feed.contains("/feeds/my/"), "{feed}");
    assert!(!feed.contains("anna"), "{feed}");
    assert_eq!(feed, shown("anna"));
    assert_ne!(feed, shown("bela"));
    assert!(run(&["subscribers", "show", "anna@example.org"]).good().out.contains(&feed));
}

#[test]
fn an_unsubscribe_mail_on_stdin_takes_its_reader_out() {
    let magazine = Magazine::new().ingested();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    run(&["subscribers", "add", "anna@example.org"]).good();
    run(&["digest", "send", "weekly"]).good();
    let header = magazine.postbox.mails()[0].header("List-Unsubscribe");
    let subject =
        header.split("subject=").nth(1).unwrap().split('>').next().unwrap().replace("%20", " ");
    let standing = || {
        run(&["subscribers", "show", "anna@example.org", "--json"]).good().object()["standing"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    let mail = |subject: &str| {
        format!("From: anna@example.org\r\nTo: x@y.example\r\nSubject: {subject}\r\n\r\n\r\n")
    };
    magazine.program.run_with(&["feedback"], &mail(&subject[..subject.len() - 2]));
    assert_eq!(standing(), "active", "a token that is cut does nothing");
    magazine.program.run_with(&["feedback"], &mail(&subject)).good();
    assert_eq!(standing(), "left");
}
