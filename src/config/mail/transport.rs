//! How a way out is written: `smtp://127.0.0.1:25`.

use std::path::Path;

use url::Url;

use super::super::document::Value;
use super::super::form;
use super::super::problem::Fault;
use super::super::reader::Reading;

/// A way out, its path resolved.
pub fn form(reading: &Reading<'_>) -> impl Fn(&Value) -> Result<String, Fault> {
    let folder = reading.folder.clone();
    move |value| form::text(|text| read(text, &folder))(value)
}

fn read(text: &str, folder: &Path) -> Result<String, Fault> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    match scheme.as_deref() {
        Some("smtp" | "smtps") => smtp(text),
        Some("sendmail") if rest.is_empty() => Ok("sendmail:".to_owned()),
        Some("sendmail") => Ok(format!("sendmail:{}", folder.join(plain(rest)).display())),
        Some("directory") if plain(rest).is_empty() => {
            Err(fault(text, "no folder follows", "write `directory:PATH`"))
        }
        Some("directory") => Ok(format!("directory:{}", folder.join(plain(rest)).display())),
        Some("inbox") if rest.is_empty() => Ok("inbox:".to_owned()),
        _ => Err(fault(
            text,
            "it is not known",
            "write `smtp://HOST:PORT`, `smtps://HOST:PORT`, `sendmail:`, `directory:PATH` or `inbox:`",
        )),
    }
}

fn smtp(text: &str) -> Result<String, Fault> {
    const REMEDY: &str = "write one like `smtp://127.0.0.1:25` or `smtps://relay.example.org:465`";
    let url = Url::parse(text).map_err(|error| fault("", &error.to_string(), REMEDY))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::new(
            "a login stands in the address of the relay",
            "use the keys `username` and `password = { credential = \"smtp-password\" }`",
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(fault(text, "there is no host", REMEDY));
    }
    let option =
        url.query().is_none_or(|option| option == "tls=required" && url.scheme() == "smtp");
    if !matches!(url.path(), "" | "/") || !option || url.fragment().is_some() {
        return Err(fault(text, "something follows the port", REMEDY));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A path as it may stand after the scheme: `PATH`, or `//` and an absolute one.
fn plain(rest: &str) -> &str {
    if rest.starts_with("///") { &rest[2..] } else { rest }
}

fn fault(text: &str, what: &str, remedy: &str) -> Fault {
    // An address that is wrong may hold a password before its `@`.
    let shown = text.rsplit_once('@').map_or(text, |(_, after)| after);
    Fault::new(format!("`{}` is no way out: {what}", form::short(shown)), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_out_is_read() {
        for (text, kept) in [
            ("smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
            ("smtp://[::1]:2525/", "smtp://[::1]:2525"),
            ("smtps://relay.example.org", "smtps://relay.example.org"),
            ("smtp://localhost:25?tls=required", "smtp://localhost:25?tls=required"),
            ("sendmail:", "sendmail:"),
            ("sendmail:/usr/sbin/sendmail", "sendmail:/usr/sbin/sendmail"),
            ("directory:out", "directory:/etc/gazetted/out"),
            ("directory:///srv/out", "directory:/srv/out"),
            ("inbox:", "inbox:"),
        ] {
            assert_eq!(read(text, Path::new("/etc/gazetted")).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn a_wrong_way_out_is_refused_and_no_password_is_shown() {
        for bad in [
            "",
            "127.0.0.1:25",
            "http://relay.example.org",
            "smtp://",
            "smtp://relay.example.org/path",
            "smtp://relay.example.org:99999",
            "smtp://localhost?tls=none",
            "directory:",
            "inbox:x",
            "smtp://me:hunter2@relay.example.org",
            "http://me:hunter2@relay.example.org",
        ] {
            let fault = read(bad, Path::new("/")).unwrap_err();
            assert!(!format!("{fault:?}").contains("hunter2"), "{bad}");
        }
    }
}
