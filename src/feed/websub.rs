//! WebSub (W3C Recommendation of 2018), the part of a hub that needs no
//! network: what a subscriber may ask for, how a parcel is signed, and when a
//! failed one is tried again.

use std::time::Duration;

use aws_lc_rs::hmac;
use chrono::TimeDelta;
use url::Url;

/// The longest address of a topic or callback.
const LONGEST: usize = 2048;
/// The longest secret (section 5.1: less than 200 bytes).
const SECRET_BYTES: usize = 200;
const LEASE: Duration = Duration::from_hours(10 * 24);
const LEASE_LEAST: Duration = Duration::from_mins(1);
const LEASE_MOST: Duration = Duration::from_hours(30 * 24);
/// Seconds until a parcel that could not be handed over is tried again.
const RETRY_SECONDS: [i64; 7] = [10, 60, 300, 1_800, 7_200, 21_600, 43_200];

/// What a subscriber wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To be told of changes.
    Subscribe,
    /// Not to be told any more.
    Unsubscribe,
}

impl Mode {
    /// The value of `hub.mode`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A request to a hub, before it is known whether the callback agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What is wanted.
    pub mode: Mode,
    /// The feed's address.
    pub topic: String,
    /// Where parcels go.
    pub callback: Url,
    /// With what they are signed.
    pub secret: Option<String>,
    /// For how long.
    pub lease: Duration,
}

impl Wish {
    /// Reads the fields of a subscriber's form.
    ///
    /// # Errors
    /// What is wrong with it, in words for the subscriber's developer.
    pub fn read(fields: &[(String, String)]) -> Result<Self, &'static str> {
        let get = |name: &str| {
            let mut found = fields.iter().filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value.as_str())
        };
        let mode = match get("hub.mode") {
            Some("subscribe") => Mode::Subscribe,
            Some("unsubscribe") => Mode::Unsubscribe,
            _ => return Err("hub.mode must be `subscribe` or `unsubscribe`"),
        };
        let topic = get("hub.topic").unwrap_or_default();
        if topic.is_empty() || topic.len() > LONGEST {
            return Err("hub.topic must be the address of a feed");
        }
        let callback = get("hub.callback").filter(|callback| callback.len() <= LONGEST);
        let callback = callback.and_then(|callback| Url::parse(callback).ok());
        let callback = callback
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or("hub.callback must be an https: or http: address without a password")?;
        let secret = get("hub.secret").filter(|secret| !secret.is_empty());
        if secret.is_some_and(|secret| secret.len() >= SECRET_BYTES) {
            return Err("hub.secret must be shorter than 200 bytes");
        }
        let lease = match get("hub.lease_seconds").filter(|lease| !lease.is_empty()) {
            None => LEASE,
            Some(lease) => {
                let seconds = lease.parse().map_err(|_| "hub.lease_seconds must be a number")?;
                Duration::from_secs(seconds).clamp(LEASE_LEAST, LEASE_MOST)
            }
        };
        let secret = secret.map(str::to_owned);
        Ok(Self { mode, topic: topic.to_owned(), callback, secret, lease })
    }

    /// The address that is asked whether the subscriber means it.
    #[must_use]
    pub fn question(&self, challenge: &str) -> Url {
        let mut url = self.callback.clone();
        url.set_fragment(None);
        let mut query = url.query_pairs_mut();
        query
            .append_pair("hub.mode", self.mode.as_str())
            .append_pair("hub.topic", &self.topic)
            .append_pair("hub.challenge", challenge);
        if self.mode == Mode::Subscribe {
            query.append_pair("hub.lease_seconds", &self.lease.as_secs().to_string());
        }
        drop(query);
        url
    }
}

/// The value of `X-Hub-Signature` (section 7.1).
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body);
    tag.as_ref().iter().fold("sha256=".to_owned(), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How long to wait before a parcel is tried again that could not be handed
/// over for the `failures`th time; `None`: not for this change.
#[must_use]
pub fn retry(failures: i64) -> Option<TimeDelta> {
    let at = usize::try_from(failures.checked_sub(1)?).ok()?;
    RETRY_SECONDS.get(at).map(|seconds| TimeDelta::seconds(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<Wish, &'static str> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Wish::read(&fields.iter().map(owned).collect::<Vec<_>>())
    }

    const GOOD: [(&str, &str); 3] = [
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://news.example.org/feeds/all.atom"),
        ("hub.callback", "https://reader.example.net/push?id=7#x"),
    ];

    #[test]
    fn a_wish_is_read_and_put_to_the_callback() {
        let wish = read(&[&GOOD[..], &[("hub.lease_seconds", "3600")]].concat()).unwrap();

        assert_eq!(wish.lease, Duration::from_hours(1));
        assert_eq!(wish.secret, None);
        assert_eq!(
            wish.question("abc").as_str(),
            "https://reader.example.net/push?id=7&hub.mode=subscribe\
             &hub.topic=https%3A%2F%2Fnews.example.org%2Ffeeds%2Fall.atom\
             &hub.challenge=abc&hub.lease_seconds=3600"
        );
    }

    #[test]
    fn a_lease_is_bounded_and_has_a_default() {
        let lease =
            |seconds| read(&[&GOOD[..], &[("hub.lease_seconds", seconds)]].concat()).unwrap().lease;

        assert_eq!(read(&GOOD).unwrap().lease, LEASE);
        assert_eq!(lease("0"), LEASE_LEAST);
        assert_eq!(lease("99999999999"), LEASE_MOST);
    }

    #[test]
    fn what_is_no_wish_is_refused_with_a_word() {
        let long = "x".repeat(200);
        let bad: [(&str, &str); 8] = [
            ("hub.mode", "publish"),
            ("hub.topic", ""),
            ("hub.callback", "ftp://reader.example.net/"),
            ("hub.callback", "https://a:b@reader.example.net/"),
            ("hub.callback", "/relative"),
            ("hub.callback", ""),
            ("hub.secret", &long),
            ("hub.lease_seconds", "-1"),
        ];
        for (key, value) in bad {
            let rest = GOOD.iter().filter(|(name, _)| *name != key).copied();
            let fields: Vec<_> = rest.chain([(key, value)]).collect();
            assert!(read(&fields).unwrap_err().contains(key), "{key}={value}");
        }
    }

    #[test]
    fn a_signature_is_the_one_of_rfc_4231() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn tries_are_spaced_out_and_end() {
        let waits: Vec<_> = (1..).map_while(retry).collect();

        assert_eq!(waits.len(), RETRY_SECONDS.len());
        assert!(waits.is_sorted());
        assert_eq!(retry(0), None);
    }
}
