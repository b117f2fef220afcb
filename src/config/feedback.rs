//! `[feedback]`: where what comes back is taken in.

use chrono::TimeDelta;
use url::Url;

use super::form;
use super::problem::Fault;
use super::reader::Section;
use super::secret;
use super::server::socket;
use crate::feedback::hook::{self, sendgrid};
use crate::feedback::score::Patience;
use crate::feedback::{Imap, Settings};

/// Reads `[feedback]`.
pub fn read(section: Section<'_>) -> Settings {
    let listen = section.maybe("listen", socket);
    if listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        section.warn(
            "listen",
            Fault::new(
                "others than this machine reach it, and it speaks without TLS",
                "listen on 127.0.0.1 and let the mail server of this machine hand over",
            ),
        );
    }
    let addresses = section.maybe("addresses", form::list(form::address)).unwrap_or_default();
    let maildirs = section.maybe("maildirs", form::list(form::words)).unwrap_or_default();
    let maildirs: Vec<_> = maildirs.iter().map(|path| section.reading().path(path)).collect();
    if let Some(none) = maildirs.iter().find(|path| !path.join("new").is_dir()) {
        section.problem(
            "maildirs",
            Fault::new(
                format!("{} is no Maildir: it has no folder `new`", none.display()),
                "make it with `maildirmake`, or name the folder above `new`, `cur` and `tmp`",
            ),
        );
    }
    let every = section.or("every", "1m", form::duration);
    let max_bytes = section.or("max_bytes", "5MB", form::size);
    let delete = section.or("delete", false, form::flag);
    let limit = section.or("soft_limit", 5, form::whole(1, 1_000));
    let half_life = section.or("soft_half_life", "30d", form::duration);
    let imap = section.sections("imap").into_iter().filter_map(imap).collect();
    let hooks = hook::Settings {
        ses: ses(section.section("ses")),
        postmark: one_secret(section.section("postmark"), "secret", "postmark-secret"),
        mailgun: one_secret(section.section("mailgun"), "key", "mailgun-key"),
        sendgrid: sendgrid(section.section("sendgrid")),
    };
    section.finish();
    Settings {
        listen,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        maildirs,
        imap,
        every,
        max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
        delete,
        patience: Patience {
            limit: f64::from(u16::try_from(limit).unwrap_or(u16::MAX)),
            half_life: TimeDelta::from_std(half_life).unwrap_or(TimeDelta::days(30)),
        },
        hooks,
    }
}

/// Reads one `[[feedback.imap]]`.
fn imap(section: Section<'_>) -> Option<Imap> {
    let url = section.must("url", "\"imaps://imap.example.org\"", form::url(&["imaps:", "imap:"]));
    let username = section.must("username", "\"bounce@news.example.org\"", form::words);
    let example = "{ credential = \"imap-password\" }";
    let password = section.must("password", example, secret::reference(section.reading()));
    let folder = section.or("folder", "INBOX", form::words);
    let url = url.and_then(|url| {
        let good = is_bare(&url);
        if !good {
            let remedy = "write only scheme, host and port; name and password have their own keys";
            section.problem("url", Fault::new("more than a host stands here", remedy));
        }
        good.then_some(url)
    });
    section.finish();
    let url = url?;
    let tls = url.scheme() == "imaps";
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = url.port().unwrap_or(if tls { 993 } else { 143 });
    Some(Imap { host, port, tls, username: username?, password: password?, folder })
}

fn is_bare(url: &Url) -> bool {
    url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
}

fn ses(section: Section<'_>) -> Vec<String> {
    let topics = section.maybe("topics", form::list(form::text(topic))).unwrap_or_default();
    section.finish();
    topics
}

fn topic(text: &str) -> Result<String, Fault> {
    if text.starts_with("arn:aws") && text.split(':').count() == 6 {
        Ok(text.to_owned())
    } else {
        Err(Fault::new(
            format!("`{}` is no ARN of a topic", form::short(text)),
            "write one like `arn:aws:sns:eu-west-1:123456789012:bounces`",
        ))
    }
}

fn one_secret(
    section: Section<'_>,
    key: &'static str,
    credential: &str,
) -> Option<crate::secret::Secret> {
    let example = format!("{{ credential = \"{credential}\" }}");
    let read = secret::reference(section.reading());
    let secret = if section.is_present() {
        section.must(key, &example, read)
    } else {
        section.maybe(key, read)
    };
    section.finish();
    secret
}

fn sendgrid(section: Section<'_>) -> Option<String> {
    let key = section.maybe(
        "public_key",
        form::text(|text| {
            sendgrid::public_key(text).map(|_| text.trim().to_owned()).map_err(|why| {
                Fault::new(
                    why,
                    "it stands beside `Signature Verification` in the settings of the webhook",
                )
            })
        }),
    );
    section.finish();
    key
}
