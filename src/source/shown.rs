//! Addresses as they may stand in logs and on screens: without what is secret.

use std::fmt;

use url::Url;

/// Parameters that hold secrets, by parts of their names.
const SECRETS: [&str; 8] =
    ["key", "token", "auth", "pass", "secret", "sig", "session", "credential"];

/// An address without its user and password and without the values of
/// parameters that look like keys.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a Url);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        let query = url.query().unwrap_or_default();
        let login = !url.username().is_empty() || url.password().is_some();
        if !login && !query.split('&').any(is_secret) {
            return fmt::Display::fmt(url, f);
        }
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        write!(f, "{scheme}://{}{host}", if login { "…@" } else { "" })?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        for (at, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            f.write_str(if at == 0 { "?" } else { "&" })?;
            match pair.split_once('=').filter(|_| is_secret(pair)) {
                Some((name, _)) => write!(f, "{name}=…")?,
                None => f.write_str(pair)?,
            }
        }
        url.fragment().map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

fn is_secret(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    !value.is_empty() && SECRETS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_an_address_are_not_shown() {
        for (url, shown) in [
            ("https://e.example/feed?page=2#x", "https://e.example/feed?page=2#x"),
            ("https://desk:s3cret@e.example:8443/feed", "https://…@e.example:8443/feed"),
            ("https://desk@e.example/feed", "https://…@e.example/feed"),
            (
                "https://e.example/f?a=1&api_key=s3cret&b=2#c",
                "https://e.example/f?a=1&api_key=…&b=2#c",
            ),
            ("https://e.example/f?Token=s3cret", "https://e.example/f?Token=…"),
            ("file:///srv/feed.xml", "file:///srv/feed.xml"),
        ] {
            assert_eq!(Shown(&Url::parse(url).unwrap()).to_string(), shown);
        }
    }
}
