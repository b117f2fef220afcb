use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use super::document::{Entry, Table, Value};
use super::*;
use crate::digest::Zone;
use crate::source::Kind;

const SMALL: &str = r#"
[site]
title = "The Review"
url = "https://news.example.org"

[[source]]
name = "magazine"
kind = "directory"
path = "."

[mail]
from = "The Review <digest@news.example.org>"

[[digest]]
name = "weekly"
schedule = "0 7 * * Mon"
"#;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read_small(more: &str) -> Result<Config, Vec<Problem>> {
    let text = format!("{more}\n{SMALL}");
    parse(&text, Path::new("/etc/gazetted/gazetted.toml"), [], None)
}

fn problems(text: &str) -> Vec<String> {
    let read = parse(text, Path::new("gazetted.toml"), [], None);
    read.unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_required_keys_are_enough() {
    let config = read_small("").unwrap();

    assert_eq!(config.site.url.as_str(), "https://news.example.org/");
    assert_eq!(config.site.timezone, chrono_tz::UTC);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.store.url, "sqlite:/etc/gazetted/gazetted.db");
    assert_eq!(config.sources[0].kind, Kind::Directory { path: "/etc/gazetted/.".into() });
    assert_eq!(config.sources[0].max_bytes, 10_000_000);
    assert_eq!(config.feeds, feed::Settings::default());
    let mail = config.mail.unwrap();
    assert_eq!(mail.from.to_string(), "The Review <digest@news.example.org>");
    assert_eq!(mail.relay.transport, "smtp://127.0.0.1:25");
    let digest = &config.digests[0];
    assert_eq!(digest.title, "The Review");
    assert_eq!(digest.zone, Zone::Fixed(chrono_tz::UTC));
    assert_eq!(digest.limit, 30);
    assert_eq!(digest.stale_after, Duration::from_hours(48));
    assert_eq!(config.admin, None);
}

#[test]
fn everything_wrong_is_told_at_once_each_with_key_line_and_remedy() {
    let found = parse(
        r#"[site]
title = "The Review"
url = "https://news.example.org"
timezome = "Europe/London"

[[source]]
name = "magazine"
kind = "directory"
path = "articles"
every = "15x"

[mail]
from = "The Review <digest@news.example.org>"
password = "hunter2"

[[digest]]
name = "weekly"
schedule = "0 25 * * Mon"
sources = ["magasine"]
limit = "30"
"#,
        Path::new("gazetted.toml"),
        [],
        None,
    )
    .unwrap_err();

    let told: Vec<(&str, Option<u32>)> =
        found.iter().map(|problem| (problem.key.as_str(), problem.line)).collect();
    assert_eq!(
        told,
        [
            ("site.timezome", Some(4)),
            ("source[0].every", Some(10)),
            ("mail.password", Some(14)),
            ("mail.password", Some(14)),
            ("digest[0].schedule", Some(18)),
            ("digest[0].sources", Some(19)),
            ("digest[0].limit", Some(20)),
        ]
    );
    for (problem, remedy) in found.iter().zip([
        "did you mean `timezone`?",
        "write one like `30s`, `15m`",
        "point to it: `{ credential",
        "add `username`",
        "`0 7 * * Mon` is every Monday",
        "did you mean `magazine`?",
        "without quotes",
    ]) {
        assert!(problem.remedy.contains(remedy), "{problem}");
        assert!(!problem.to_string().contains("hunter2"));
    }
    assert!(
        found[0]
            .to_string()
            .starts_with("gazetted.toml:4: site.timezome: there is no key `timezome` in [site]; ")
    );
}

#[test]
fn every_kind_of_mistake_is_named() {
    for (more, says) in [
        ("[sit]\n", "there is no section `sit`; did you mean `site`?"),
        ("[server]\nlisten = 8080\n", "server.listen: a number stands where a text belongs"),
        ("[server]\nlisten = \"here\"\n", "`here` is no address and port"),
        ("[server]\ntrusted_proxies = [\"me\"]\n", "`me` is no network"),
        ("[store]\nurl = \"mysql://host/db\"\n", "`mysql:` is not known"),
        ("[feeds]\nitems = 0\n", "`0` is no whole number from 1"),
        ("[feeds]\nfull_text = \"yes\"\n", "`yes` is neither true nor false"),
        ("[regions]\ndepth = 4\n", "`4` is no whole number from 2 to 3"),
        ("[[region]]\npath = \"no where\"\n", "`no where` is not a region path"),
        ("[[region]]\nname = \"Mena\"\n", "region[0].path: it is missing"),
        ("[delivery]\non_uncertain = \"pray\"\n", "write one of resend, hold"),
        ("[admin]\nlisten = \"127.0.0.1:8080\"\n", "is where [server] listens"),
        ("[templates]\npath = \"/no/such/folder\"\n", "there is no folder /no/such/folder"),
        ("[source]\nname = \"x\"\n", "this is not TOML"),
        ("[[feeds]]\nitems = 1\n", "a list stands where a section belongs"),
        (
            "[[region]]\npath = \"levant\"\ncountries = [\"SY\"]\n[[region]]\npath = \"levant\"\n",
            "region: [[region]] `levant` is declared twice; join the two into one",
        ),
        ("[[region]]\npath = \"x\"\ncountries = [\"XQ\"]\n", "`XQ` is no country's code"),
        (
            "[[digest]]\nname = \"b\"\nschedule = \"@daily\"\nregions = [\"erope\"]\n",
            "digest[0].regions: there is no region `erope`; did you mean `europe`?",
        ),
        ("[[mail.relay]]\nconnections = 1\n", "mail.relay[0].transport: it is missing"),
        ("[[mail.dkim]]\ndomain = \"x y\"\n", "`x y` is no domain"),
        (
            "[[mail.dkim]]\nkey = { file = \"/no/such/key\" }\n",
            "the secret in /no/such/key cannot be read",
        ),
        ("[[mail.dkim]]\nkey = { credential = \"dkim\" }\n", "LoadCredential=dkim:"),
        ("[[mail.dkim]]\nkey = { credential = \"../x\" }\n", "no name of a credential"),
        ("[[mail.dkim]]\nkey = { env = \"NOPE\" }\n", "`NOPE` is not set"),
        ("[[mail.dkim]]\nkey = { flie = \"x\" }\n", "did you mean `file`?"),
        (
            "[[mail.relay]]\ntransport = \"inbox:\"\nusername = \"me\"\n",
            "mail.relay[0].username: there is no `password` to it",
        ),
        ("[[mail.domain]]\nname = \"example.org\"\nmax_rate = \"x\"\n", "`x` is no rate"),
        (
            "[[source]]\nname = \"magazine\"\nkind = \"feed\"\nurl = \"https://example.org\"\n",
            "there are two with the name `magazine`",
        ),
        (
            "[[source]]\nname = \"b\"\nkind = \"feed\"\nurl = \"example.org/feed\"\n",
            "begins with https://",
        ),
        (
            "[[source]]\nname = \"b\"\nkind = \"feed\"\npath = \"x\"\n",
            "source[0].url: it is missing",
        ),
        (
            "[[source]]\nname = \"b\"\nkind = \"directory\"\nurl = \"x\"\npath = \"x\"\n",
            "takes no `url`",
        ),
        ("[[source]]\nname = \"b\"\nkind = \"ftp\"\n", "write one of directory, feed"),
        ("[[digest]]\nname = \"a b\"\nschedule = \"@daily\"\n", "`a b` is no name"),
        (
            "[[digest]]\nname = \"b\"\nschedule = \"@daily\"\ntimezone = \"Europe/Lodnon\"\n",
            "did you mean `Europe/London`?",
        ),
        (
            "[[digest]]\nname = \"b\"\nschedule = \"@daily\"\nstale_after = 2\n",
            "a number stands where a text belongs",
        ),
    ] {
        let told: Vec<String> = match read_small(more) {
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
            Ok(_) => vec![],
        };
        assert!(told.iter().any(|line| line.contains(says)), "{more}: {told:#?}");
    }
}

#[test]
fn a_digest_without_mail_is_missing_its_sender() {
    let text = SMALL.replace("[mail]\nfrom = \"The Review <digest@news.example.org>\"\n", "");

    let told = problems(&text);
    let feeds_only = text.split("[[digest]]").next().unwrap();

    assert_eq!(told.len(), 1);
    assert!(told[0].contains("mail.from: it is missing"), "{}", told[0]);
    assert!(parse(feeds_only, Path::new("x.toml"), [], None).unwrap().mail.is_none());
}

#[test]
fn syntax_errors_are_told_with_their_lines_and_hide_no_other_mistakes() {
    let told = problems(
        "[site]\ntitle = \"The Review\nurl = \"https://news.example.org\"\n\n[feeds]\nitems = 0\n\n[server]\nlisten = = 1\n",
    );

    assert!(
        told.iter().any(|line| line.starts_with("gazetted.toml:2: this is not TOML")),
        "{told:#?}"
    );
    assert!(told.iter().any(|line| line.starts_with("gazetted.toml:6: feeds.items")), "{told:#?}");
    assert!(
        told.iter().any(|line| line.starts_with("gazetted.toml:9: this is not TOML")),
        "{told:#?}"
    );
    assert!(!told.iter().any(|line| line.contains("is missing")), "{told:#?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let config = parse(
        SMALL,
        Path::new("gazetted.toml"),
        env(&[
            ("GAZETTED__SITE__TITLE", "Another"),
            ("GAZETTED__FEEDS__ITEMS", "7"),
            ("GAZETTED__FEEDS__FULL_TEXT", "false"),
            ("GAZETTED__SOURCE__1__NAME", "wire"),
            ("GAZETTED__SOURCE__1__KIND", "feed"),
            ("GAZETTED__SOURCE__1__URL", "https://wire.example.org/feed"),
            ("GAZETTED__DIGEST__0__SOURCES", "wire,magazine"),
            ("GAZETTED__MAIL__USERNAME", "me"),
            ("GAZETTED__MAIL__PASSWORD__ENV", "SMTP_PASSWORD"),
            ("SMTP_PASSWORD", "hunter2\n"),
            ("GAZETTED_CONFIG", "is not one of them"),
            ("HOME", "nor is this"),
        ]),
        None,
    )
    .unwrap();

    assert_eq!(config.site.title, "Another");
    assert_eq!((config.feeds.items, config.feeds.full_text), (7, false));
    assert_eq!(config.sources[1].name, "wire");
    assert_eq!(config.digests[0].sources, ["wire", "magazine"]);
    assert_eq!(config.mail.as_ref().unwrap().relay.password.as_ref().unwrap().expose(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    let told: Vec<String> = parse(
        SMALL,
        Path::new("gazetted.toml"),
        env(&[
            ("GAZETTED__FEEDS__ITEMS", "many"),
            ("GAZETTED__FEEDS__ITEM", "1"),
            ("GAZETTED__SOURCE__7__URL", "https://example.org"),
            ("GAZETTED__SOURCE__URL", "https://example.org"),
            ("GAZETTED__0", "x"),
            ("GAZETTED__MAIL__PASSWORD", "hunter2"),
        ]),
        None,
    )
    .unwrap_err()
    .iter()
    .map(ToString::to_string)
    .collect();

    for says in [
        "environment variable GAZETTED__FEEDS__ITEMS: feeds.items: `many` is no whole number",
        "environment variable GAZETTED__FEEDS__ITEM: feeds.item: there is no key `item`",
        "environment variable GAZETTED__SOURCE__7__URL: there is no entry 7: the list has 1",
        "environment variable GAZETTED__SOURCE__URL: `source` is a list",
        "environment variable GAZETTED__0: a key is missing",
        "environment variable GAZETTED__MAIL__PASSWORD: mail.password: a secret itself",
    ] {
        assert!(told.iter().any(|line| line.starts_with(says)), "{says}: {told:#?}");
    }
    assert!(!told.iter().any(|line| line.contains("hunter2")), "{told:#?}");
}

#[test]
fn secrets_are_read_from_credentials_and_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("smtp-password"), "from systemd\n").unwrap();
    fs::write(folder.path().join("key.pem"), "from a file").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    let file = folder.path().join("gazetted.toml");
    let with = |key: &str| {
        let mail = "[mail]\nusername = \"me\"\npassword = { credential = \"smtp-password\" }";
        let dkim =
            format!("[[mail.dkim]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = {key}\n");
        format!("{}\n{dkim}", SMALL.replace("[mail]", mail))
    };

    fs::write(&file, with("{ file = \"key.pem\" }")).unwrap();
    let mail = load(&file, [], Some(folder.path())).unwrap().mail.unwrap();
    fs::write(&file, with("{ file = \"empty\" }")).unwrap();
    let told = load(&file, [], Some(folder.path())).unwrap_err();

    assert_eq!(mail.relay.password.unwrap().expose(), "from systemd");
    assert_eq!(mail.dkim[0].key.expose(), "from a file");
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("is empty"));
}

#[test]
fn what_will_be_regretted_is_a_warning() {
    let config = parse(
        &SMALL.replace("https://", "http://").replace("path = \".\"", "path = \"/no/such/folder\""),
        Path::new("/tmp/gazetted.toml"),
        env(&[("GAZETTED__ADMIN__LISTEN", "0.0.0.0:8081")]),
        None,
    )
    .unwrap();
    let told: Vec<&str> = config.warnings.iter().map(|warning| warning.key.as_str()).collect();

    for key in ["site.imprint", "site.url", "store.url", "source[0].path", "admin.listen"] {
        assert!(told.contains(&key), "{key}: {told:?}");
    }
    let local = parse(
        &SMALL.replace("news.example.org\"", "localhost:8080\"").replace("https://", "http://"),
        Path::new("x"),
        [],
        None,
    );
    assert!(!local.unwrap().warnings.iter().any(|warning| warning.key == "site.url"));
}

#[test]
fn a_password_in_the_address_of_the_database_is_warned_of_and_never_shown() {
    let more = "[store]\nurl = \"postgres://me:hunter2@db.example.org/gazetted\"\n";
    let config = read_small(more).unwrap();

    assert!(config.warnings.iter().any(|warning| warning.key == "store.url"));
    assert!(config.store.url.contains("hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_digest_may_follow_its_readers() {
    let text = SMALL.replace("schedule", "timezone = \"subscriber\"\nschedule");
    let config =
        parse(&text, Path::new("x.toml"), env(&[("GAZETTED__SITE__TIMEZONE", "asia/tokyo")]), None);

    assert_eq!(config.unwrap().digests[0].zone, Zone::Subscriber(chrono_tz::Asia::Tokyo));
}

#[test]
fn a_relative_feed_file_begins_at_the_config_file() {
    let more = "[[source]]\nname = \"b\"\nkind = \"feed\"\nurl = \"file:feeds/a b.xml\"\n";
    let Kind::Feed { url } = &read_small(more).unwrap().sources[0].kind else { panic!() };

    assert_eq!(url.as_str(), "file:///etc/gazetted/feeds/a%20b.xml");
}

#[test]
fn the_file_is_found_where_it_is_named_first() {
    let (flag, variable) = (Path::new("a.toml"), Path::new("b.toml"));

    assert_eq!(locate(Some(flag), Some(variable)).unwrap(), flag);
    assert_eq!(locate(None, Some(variable)).unwrap(), variable);
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let told = load(Path::new("/no/such/gazetted.toml"), [], None).unwrap_err();

    assert_eq!(told.len(), 1);
    assert!(told[0].to_string().starts_with("/no/such/gazetted.toml: cannot be read"));
}

const SHOWN: &str = include_str!("../../config/gazetted.toml");

/// The file that is shown, with every key and section uncommented.
fn all_keys_of_the_shown_file() -> String {
    let is_key = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    SHOWN
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) || rest.starts_with('[') => rest,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn flatten(prefix: &str, table: &Table, into: &mut Vec<(String, Value)>) {
    for (key, Entry { value, .. }) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(table) if !table.contains_key("credential") => flatten(&path, table, into),
            Value::List(list) if list.iter().any(|e| matches!(e.value, Value::Table(_))) => {
                for entry in list {
                    let Value::Table(table) = &entry.value else { continue };
                    flatten(&format!("{path}[]"), table, into);
                }
            }
            value => into.push((path, value.clone())),
        }
    }
}

#[test]
fn the_shown_file_loads_and_names_every_key_with_its_default() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "store-password",
        "smtp-password",
        "relay-password",
        "dkim-key",
        "imap-password",
        "postmark-secret",
        "mailgun-key",
    ] {
        fs::write(folder.path().join(name), "secret").unwrap();
    }
    for name in ["articles", "templates", "bounces/new"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let text = all_keys_of_the_shown_file();
    let file = folder.path().join("gazetted.toml");

    let (config, found) = read(&text, &file, [], Some(folder.path()));
    let (table, _) = document::parse(&text);
    let mut shown = vec![];
    flatten("", &table, &mut shown);

    assert_eq!(found.problems, []);
    assert!(config.is_some());
    let named: BTreeSet<&String> = shown.iter().map(|(key, _)| key).collect();
    assert_eq!(named, found.keys.keys().collect());
    for (key, default) in found.keys {
        let Some(default) = default else { continue };
        let values: Vec<_> = shown.iter().filter(|(name, _)| *name == key).collect();
        assert_eq!(values, [&(key, default)]);
    }
}

#[test]
fn the_shown_file_loads_as_it_is() {
    let config = parse(SHOWN, Path::new("/etc/gazetted/gazetted.toml"), [], None).unwrap();

    let mail = config.mail.unwrap();
    assert_eq!((mail.relays.len(), mail.dkim.len()), (0, 0));
    assert_eq!(config.sources.len(), 1);
}

#[test]
fn every_key_of_the_shown_file_has_its_sentence() {
    let lines: Vec<&str> = SHOWN.lines().collect();
    let example = lines.iter().position(|line| *line == "# [[source]]").unwrap();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let is_key = bare
            .split_once(" = ")
            .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        // The second source only shows what a feed looks like.
        if is_key && !(example..example + 3).contains(&at) {
            let above = lines[at - 1];
            assert!(above.starts_with("# ") && above.ends_with('.'), "{}: {line}", at + 1);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_upsets_the_reader(text in "[a-z\\[\\]\"=.{}#\n 0-9]{0,80}", name in "[A-Z0-9_]{0,12}") {
        let variables = env(&[(&format!("GAZETTED__{name}"), "x")]);
        let _ = parse(&format!("{SMALL}{text}"), Path::new("x.toml"), variables, None);
    }
}
