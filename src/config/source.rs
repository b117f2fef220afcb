//! `[[source]]`: where articles come from.

use url::Url;

use super::document::Value;
use super::form;
use super::problem::Fault;
use super::reader::{Reading, Section};
use super::site::is_private;
use crate::source::{Kind, Settings};

/// The names of the kinds.
#[derive(Debug, Clone, Copy)]
enum Word {
    Directory,
    Feed,
    Wordpress,
    Site,
}

const KINDS: [(&str, Word); 4] = [
    ("directory", Word::Directory),
    ("feed", Word::Feed),
    ("wordpress", Word::Wordpress),
    ("site", Word::Site),
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
        let _ = (section.maybe("path", form::words), section.maybe("url", form::words));
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
    let kind = match word {
        Word::Directory => Kind::Directory { path: path(section)? },
        Word::Feed => Kind::Feed { url: section.must("url", example, feed(section.reading()))? },
        Word::Wordpress => Kind::Wordpress { url: section.must("url", example, form::url(web))? },
        Word::Site => Kind::Site { url: section.must("url", example, form::url(web))? },
    };
    let (spare, wanted) = match &kind {
        Kind::Directory { .. } => ("url", "path"),
        _ => ("path", "url"),
    };
    if section.maybe(spare, form::words).is_some() {
        section.problem(
            spare,
            Fault::new(
                format!("a source of this kind takes no `{spare}`"),
                format!("leave it out, or change `kind`; it has its `{wanted}`"),
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
        Kind::Feed { url } | Kind::Wordpress { url } | Kind::Site { url }
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
