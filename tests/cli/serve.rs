//! The daemon as a process: signals, reload, the lock, a feed over HTTP.

use std::fs;

use super::{Magazine, piece};

/// Every second, so that nobody waits for seven o'clock.
const OFTEN: (&str, &str) = ("\"0 7 * * Mon\"", "\"* * * * * *\"");

fn often() -> Magazine {
    let magazine = Magazine::new();
    let config = magazine.path().join("gazetted.toml");
    let text = fs::read_to_string(&config).unwrap().replace(OFTEN.0, OFTEN.1);
    fs::write(&config, text).unwrap();
    magazine
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_takes_in_serves_mails_and_stops_when_told() {
    let magazine = often();
    magazine.program.run(&["subscribers", "add", "anna@example.org"]).good();

    let daemon = magazine.program.serve();
    magazine.postbox.wait(|mails| !mails.is_empty()).await;
    let feed = reqwest::get(format!("{}/feeds/all.rss", daemon.site)).await.unwrap();
    assert_eq!(feed.status(), 200);
    assert!(feed.text().await.unwrap().contains("The dam and the silt"));
    assert_eq!(reqwest::get(format!("{}/readyz", daemon.site)).await.unwrap().status(), 200);

    // A new file is noticed, put into the feeds and mailed.
    piece(
        &magazine.path().join("articles"),
        "lake.md",
        "Kenya",
        "A lake of salt",
        "And flamingos on it.",
    );
    magazine
        .postbox
        .wait(|mails| mails.iter().any(|mail| mail.text().contains("A lake of salt")))
        .await;
    let second = magazine.program.run(&["serve"]);
    assert_eq!(second.code, 1, "one daemon for a SQLite store: {second:?}");
    assert!(second.log.contains("another gazetted serves"), "{second:?}");

    let (code, log) = daemon.stop();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("Stopped"), "{log}");
    assert_eq!(magazine.postbox.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_a_good_configuration_and_keeps_the_old_one_else() {
    let magazine = Magazine::new();
    let config = magazine.path().join("gazetted.toml");
    let good = fs::read_to_string(&config).unwrap();
    let daemon = magazine.program.serve();
    let title = async |words: &str| {
        let page = reqwest::get(format!("{}/", daemon.site)).await.unwrap().text().await.unwrap();
        assert!(page.contains(words), "{words}: {page}");
    };
    title("The Meridian Review").await;

    fs::write(
        &config,
        good.replace("The Meridian Review", "Another name").replace("0 7 *", "0 99 *"),
    )
    .unwrap();
    daemon.signal("HUP");
    daemon.wait_for("the old one stays in force");
    title("The Meridian Review").await;

    fs::write(&config, good.replace("The Meridian Review", "Another name")).unwrap();
    daemon.signal("HUP");
    daemon.wait_for("reloaded");
    title("Another name").await;

    assert_eq!(daemon.stop().0, 0);
}
