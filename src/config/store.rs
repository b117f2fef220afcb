//! `[store]`: the database.

use std::fmt;
use std::path::Path;

use url::Url;

use super::document::{Place, Value};
use super::problem::Fault;
use super::reader::{Reading, Section};
use super::{form, secret};
use crate::secret::Secret;

/// `[store]`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// `sqlite:/absolute/path` or `postgres://user@host/database`.
    pub url: String,
    /// Password of the database's user, if it needs one.
    pub password: Option<Secret>,
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if let Ok(mut url) = Url::parse(&self.url)
            && url.password().is_some()
            && url.set_password(Some("…")).is_ok()
        {
            shown = url.to_string();
        }
        f.debug_struct("StoreSettings")
            .field("url", &shown)
            .field("password", &self.password)
            .finish()
    }
}

/// Reads `[store]`.
pub fn read(section: Section<'_>) -> StoreSettings {
    let url = section.or("url", "sqlite:gazetted.db", address(section.reading()));
    let password = section.maybe("password", secret::reference(section.reading()));

    let in_file = matches!(section.place_of("url"), Place::Line(_));
    if in_file && Url::parse(&url).is_ok_and(|url| url.password().is_some()) {
        section.warn(
            "url",
            Fault::new(
                "a password stands in the file",
                "take it out and point to it: `password = { credential = \"store-password\" }`",
            ),
        );
    }
    if let Some(path) = url.strip_prefix("sqlite:")
        && ["/tmp", "/var/tmp", "/dev/shm"].iter().any(|folder| Path::new(path).starts_with(folder))
    {
        section.warn(
            "url",
            Fault::new(
                format!("the database {path} lies where files vanish"),
                "put it where it lasts, such as `sqlite:/var/lib/gazetted/gazetted.db`",
            ),
        );
    }
    section.finish();
    StoreSettings { url, password }
}

/// The address of a database, a relative path resolved.
fn address(reading: &Reading<'_>) -> impl Fn(&Value) -> Result<String, Fault> {
    let folder = reading.folder.clone();
    move |value| {
        form::text(|text| {
            let fault = |what: &str| {
                Fault::new(
                    format!("`{}` is no database: {what}", masked(text)),
                    "write one like `sqlite:gazetted.db` or `postgres://user@host/database`",
                )
            };
            if let Some(path) = text.strip_prefix("sqlite:") {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() {
                    return Err(fault("there is no path"));
                }
                if path.starts_with(":memory:") {
                    return Ok(format!("sqlite:{path}"));
                }
                return Ok(format!("sqlite:{}", folder.join(path).display()));
            }
            match Url::parse(text) {
                Ok(url) if !matches!(url.scheme(), "postgres" | "postgresql") => {
                    Err(fault(&format!("`{}:` is not known", url.scheme())))
                }
                Ok(_) => Ok(text.to_owned()),
                Err(error) => Err(fault(&error.to_string())),
            }
        })(value)
    }
}

/// The part of an address that can be shown: nothing before an `@`.
fn masked(text: &str) -> String {
    form::short(text.rsplit_once('@').map_or(text, |(_, after)| after))
}
