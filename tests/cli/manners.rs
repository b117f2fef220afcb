//! How the program behaves as one among others: exit codes, streams, help.

use std::fs;

use super::Magazine;

#[test]
fn wrong_use_is_2_and_what_fails_is_1_and_both_say_why_on_stderr() {
    let magazine = Magazine::new();
    for (command, code) in [
        (&["no-such-command"][..], 2),
        (&["articles"], 2),
        (&["articles", "list", "--limit", "many"], 2),
        (&["--config", "nowhere.toml", "status"], 78),
        (&["articles", "show", "999"], 1),
        (&["editions", "show", "999"], 1),
        (&["digest", "preview", "no-such-digest"], 1),
        (&["subscribers", "show", "nobody@example.org"], 1),
        (&["ingest", "--source", "no-such-source"], 1),
        (&["parse", "no-such-file.xml"], 1),
    ] {
        let said = magazine.program.run(command);
        assert_eq!(said.code, code, "{command:?}: {said:?}");
        let told = if command[0] == "parse" { &said.out } else { &said.log };
        assert!(!told.is_empty(), "{command:?}: {said:?}");
    }
}

#[test]
fn json_is_one_object_a_line_and_logs_are_not_among_it() {
    let magazine = Magazine::new();
    for command in [
        &["ingest", "--json", "-v"][..],
        &["articles", "list", "--json"],
        &["related", "--all", "--json"],
        &["regions", "list", "--json"],
        &["sources", "list", "--json"],
        &["digest", "list", "--json"],
        &["editions", "list", "--json"],
        &["suppressions", "list", "--json"],
        &["status", "--json"],
        &["check", "--json"],
    ] {
        let said = magazine.program.run(command).good();
        for object in said.json() {
            assert!(object.is_object(), "{command:?}: {object}");
        }
    }
    let said = magazine.program.run(&["ingest", "--json", "-vv"]).good();
    assert!(!said.log.is_empty(), "the log is on stderr");
}

#[test]
fn help_is_on_everything() {
    let magazine = Magazine::new();
    let help = magazine.program.run(&["--help"]).good();
    let commands: Vec<&str> = help
        .out
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 15, "{commands:?}");
    for command in [
        "demo",
        "serve",
        "check",
        "ingest",
        "articles",
        "related",
        "feeds",
        "digest",
        "editions",
        "subscribers",
        "suppressions",
        "sources",
        "parse",
        "regions",
        "dkim",
        "feedback",
        "status",
        "database",
        "completions",
        "man",
    ] {
        assert!(commands.contains(&command), "{command} is promised: {commands:?}");
        let said = magazine.program.run(&[command, "--help"]).good();
        assert!(said.out.contains("Usage: gazetted"), "{command}: {said:?}");
    }
    assert!(help.out.contains("78 the configuration is wrong"));
    assert!(magazine.program.run(&["--version"]).good().out.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let magazine = Magazine::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = magazine.program.run(&["completions", shell]).good();
        assert!(said.out.contains("subscribers") && said.out.contains("gazetted"), "{shell}");
    }
    assert_eq!(magazine.program.run(&["completions", "no-shell"]).code, 2);

    magazine.program.run(&["man", "man"]).good();
    let page = fs::read_to_string(magazine.path().join("man/gazetted.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("subscribers"), "{page}");
    assert!(magazine.path().join("man/gazetted-editions.1").exists());
}

#[test]
fn the_environment_overrides_and_color_is_not_forced() {
    let magazine = Magazine::new();
    let mut command = magazine.program.command();
    let output = command
        .args(["digest", "list", "--json"])
        .env("GAZETTED__DIGEST__0__TITLE", "From outside")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("From outside"), "{text}");
    assert!(!String::from_utf8(output.stderr).unwrap().contains('\u{1b}'));

    let output = magazine
        .program
        .command()
        .arg("status")
        .env("GAZETTED__SITE__NO_SUCH", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn a_key_for_dkim_is_made_once_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let magazine = Magazine::new();
    let generate = [
        "dkim",
        "generate",
        "--domain",
        "news.example.org",
        "--algorithm",
        "ed25519",
        "--out",
        "key.pem",
    ];

    let said = magazine.program.run(&generate).good();
    let key = magazine.path().join("key.pem");
    let first = fs::read_to_string(&key).unwrap();

    assert!(said.out.starts_with("gazetted._domainkey.news.example.org. IN TXT"), "{}", said.out);
    assert!(said.out.contains("k=ed25519"), "{}", said.out);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(magazine.program.run(&generate).code, 1, "a key is not overwritten");
    assert_eq!(fs::read_to_string(&key).unwrap(), first);
}
