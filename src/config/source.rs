//! `[[source]]`: where articles come from.

use url::Url;

use super::document::Value;
use super::form;
use super::problem::Fault;
use super::reader::{Reading, Section};
use super::secret;
use super::site::is_private;
use crate::source::{Kind, Login, Settings};

/// Shorter tokens are guessed.
const SHORTEST_TOKEN: usize = 16;

/// The names of the kinds.
#[derive(Debug, Clone, Copy)]
enum Word {
    Directory,
    Feed,
    Wordpress,
    Site,
    Push,
}

const KINDS: [(&str, Word); 5] = [
    ("directory", Word::Directory),
    ("feed", Word::Feed),
    ("wordpress", Word::Wordpress),
    ("site", Word::Site),
    ("push", Word::Push),
];

/// Reads one `[[source]]`; `None` if a required key is missing or wrong.
pub fn read(section: Section<'_>) -> Option<Settings> {
    let name = section.must("name", "\"magazine\"", form::name);
    let word = section.must("kind", "\"directory\"", form::one_of(&KINDS));
    let every = section.or("every", "15m", form::duration);
    let max_bytes = section.or("max_bytes", "10MB", form::size);
    let language = section.maybe("language", form::language);
    let home = section.maybe("home", form::country);
    let allow_private = section.or("allow_private", false, form::flag);

    let kind = if let Some(word) = word {
        kind(&section, word, allow_private)
    } else {
        // Which of the two belongs here is not known; neither is a mistake.
        for key in ["path", "url", "username", "password", "token", "delay", "max_pages"] {
            let _ = section.maybe(key, |_| Ok(()));
        }
        None
    };
    section.finish();
    Some(Settings { name: name?, kind: kind?, every, max_bytes, language, home, allow_private })
}

fn kind(section: &Section<'_>, word: Word, allow_private: bool) -> Option<Kind> {
    let path = |section: &Section<'_>| {
        section.must("path", "\"articles\"", form::words).map(|path| section.reading().path(&path))
    };
    let example = "\"https://www.example.org/feed\"";
    let web: &[&str] = &["https://", "http://"];
    let secret = secret::reference(section.reading());
    let (kind, wanted): (Kind, &[&str]) = match word {
        Word::Directory => (Kind::Directory { path: path(section)? }, &["path"]),
        Word::Feed => {
            (Kind::Feed { url: section.must("url", example, feed(section.reading()))? }, &["url"])
        }
        Word::Wordpress => {
            let url = section.must("url", example, form::url(web));
            let login = login(section);
            (Kind::Wordpress { url: url?, login }, &["url", "username", "password"])
        }
        Word::Site => {
            let url = section.must("url", example, form::url(web));
            let delay = section.or("delay", "1s", form::duration);
            let most = section.or("max_pages", 1000, form::whole(1, 100_000));
            (Kind::Site { url: url?, delay, most }, &["url", "delay", "max_pages"])
        }
        Word::Push => {
            let example = "{ file = \"push-token\" }";
            (Kind::Push { token: section.must("token", example, secret)? }, &["token"])
        }
    };
    for spare in ["path", "url", "username", "password", "token", "delay", "max_pages"] {
        if !wanted.contains(&spare) && section.maybe(spare, |_| Ok(())).is_some() {
            let has = wanted[0];
            section.problem(
                spare,
                Fault::new(
                    format!("a source of this kind takes no `{spare}`"),
                    format!("leave it out, or change `kind`; it has its `{has}`"),
                ),
            );
        }
    }
    if let Kind::Push { token } = &kind
        && token.expose().len() < SHORTEST_TOKEN
    {
        section.problem(
            "token",
            Fault::new(
                format!("the token is shorter than {SHORTEST_TOKEN} characters"),
                "make one that nobody guesses, such as by `openssl rand -hex 32`",
            ),
        );
    }
    match &kind {
        Kind::Directory { path } if !path.is_dir() => section.warn(
            "path",
            Fault::new(
                format!("there is no folder {}", path.display()),
                "make it, or mend the path; relative paths begin at the config file",
            ),
        ),
        Kind::Wordpress { url, login: Some(_) } if url.scheme() == "http" && !allow_private => {
            section.warn(
                "url",
                Fault::new(
                    "a password is not sent over http",
                    "write https://, or add `allow_private = true` if the site is on this machine",
                ),
            );
        }
        Kind::Feed { url } | Kind::Wordpress { url, .. } | Kind::Site { url, .. }
            if url.scheme() != "file" && is_private(url) && !allow_private =>
        {
            section.warn(
                "url",
                Fault::new(
                    format!(
                        "{} is a private address, which is not asked",
                        url.host_str().unwrap_or_default()
                    ),
                    "add `allow_private = true` if it is meant",
                ),
            );
        }
        _ => {}
    }
    Some(kind)
}

/// A user and their password: both or neither.
fn login(section: &Section<'_>) -> Option<Login> {
    let username = section.maybe("username", form::words);
    let password = section.maybe("password", secret::reference(section.reading()));
    for (key, other) in [("username", "password"), ("password", "username")] {
        if section.says(key) && !section.says(other) {
            let remedy =
                format!("add `{other}`; WordPress calls the password an application password");
            section.problem(key, Fault::new(format!("there is no `{other}` to it"), remedy));
        }
    }
    Some(Login { username: username?, password: password? })
}

/// The address of a feed; a relative `file:` begins at the config file.
fn feed(reading: &Reading<'_>) -> impl Fn(&Value) -> Result<Url, Fault> {
    let folder = reading.folder.clone();
    move |value| {
        if let Value::Text(text) | Value::Loose(text) = value
            && let Some(path) = text.trim().strip_prefix("file:")
            && !path.starts_with('/')
        {
            return Url::from_file_path(folder.join(path)).map_err(|()| {
                Fault::new(format!("`{}` is no file", form::short(text)), "write `file:PATH`")
            });
        }
        form::url(&["https://", "http://", "file:"])(value)
    }
}
