//! `[site]`: the publication itself.

use url::Url;

use super::form;
use super::problem::Fault;
use super::reader::Section;
use crate::site::Site;

/// Reads `[site]`; `None` if a required key is missing or wrong.
pub fn read(section: Section<'_>) -> Option<Site> {
    let title = section.must("title", "\"The Meridian Review\"", form::words);
    let url =
        section.must("url", "\"https://news.example.org\"", form::url(&["https://", "http://"]));
    let language = section.or("language", "en", form::language);
    let timezone = section.or("timezone", "UTC", form::zone);
    let imprint = section.maybe("imprint", form::words);
    let description = section.maybe("description", form::words);

    if imprint.is_none() {
        section.warn(
            "imprint",
            Fault::new(
                "mails will have no postal address in their footer",
                "many countries require one: add `imprint = \"Street 1, City\"` to [site]",
            ),
        );
    }
    let url = url.and_then(|url| public(&section, url));
    section.finish();
    Some(Site { title: title?, url: url?, language, timezone, imprint, description })
}

/// The public address, ending in `/`.
fn public(section: &Section<'_>, mut url: Url) -> Option<Url> {
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        section.problem(
            "url",
            Fault::new(
                format!("`{url}` has more than a host and a path"),
                "write only what readers' links begin with, such as `https://news.example.org`",
            ),
        );
        return None;
    }
    if url.scheme() == "http" && !is_private(&url) {
        section.warn(
            "url",
            Fault::new(
                format!(
                    "`{url}` is not encrypted, and mail providers refuse such unsubscribe links"
                ),
                "put a web server with a certificate in front and write https://",
            ),
        );
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// Does an address by its form belong to this machine or a private network?
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Some(url::Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
