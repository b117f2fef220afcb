//! Amazon SES through SNS: JSON signed with RSA by a key whose certificate
//! lies at an address of Amazon's.
//!
//! Three things make a message ours to believe: its topic is one of the
//! configured, the certificate comes from `sns.REGION.amazonaws.com` over
//! HTTPS, and the signature fits.

use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use url::{Host, Url};

use super::{Event, Facts, MOST_EVENTS, Refused, forged, json, text};
use crate::feedback::{Blame, Kind};

/// The largest certificate that is fetched.
pub const LARGEST_CERTIFICATE: u64 = 16 * 1024;

/// A message of SNS whose topic is ours; not yet verified.
#[derive(Debug)]
pub struct Envelope {
    post: Value,
    certificate: Url,
}

/// What a verified message is.
#[derive(Debug)]
pub enum Content {
    /// Events of SES.
    Events(Vec<Event>),
    /// Amazon asks whether we want this topic: visit the address to say yes.
    Invitation(Url),
    /// Nothing to do.
    Nothing,
}

impl Envelope {
    /// Reads a message as far as it can be read before it is verified.
    ///
    /// # Errors
    /// If its topic is none of `topics`, or its certificate would not be Amazon's.
    pub fn parse(body: &[u8], topics: &[String]) -> Result<Self, Refused> {
        let post = json(body)?;
        let topic = text(&post, "/TopicArn");
        if !topics.iter().any(|known| known == topic) {
            return Err(forged("the topic is none of `[feedback.ses] topics`"));
        }
        let certificate = amazons(text(&post, "/SigningCertURL"))
            .filter(|url| url.path().strip_suffix(".pem").is_some())
            .ok_or_else(|| forged("the certificate does not lie with Amazon SNS"))?;
        Ok(Self { post, certificate })
    }

    /// Where its certificate lies.
    #[must_use]
    pub fn certificate(&self) -> &Url {
        &self.certificate
    }

    /// Checks the signature with the certificate, PEM, and opens the message.
    ///
    /// # Errors
    /// If the signature does not fit, or the message is not understood.
    pub fn open(self, certificate: &[u8]) -> Result<Content, Refused> {
        self.verify(certificate)?;
        match text(&self.post, "/Type") {
            "SubscriptionConfirmation" => amazons(text(&self.post, "/SubscribeURL"))
                .map(Content::Invitation)
                .ok_or_else(|| forged("the address to confirm does not lie with Amazon SNS")),
            "Notification" => {
                // The text that SES sends when it is set up is no JSON.
                let message = serde_json::from_str(text(&self.post, "/Message"));
                Ok(message.map_or(Content::Nothing, |message| Content::Events(events(&message))))
            }
            _ => Ok(Content::Nothing),
        }
    }

    fn verify(&self, certificate: &[u8]) -> Result<(), Refused> {
        let parameters: &RsaParameters = match text(&self.post, "/SignatureVersion") {
            "1" => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(forged("the version of the signature is not known")),
        };
        let key = public_key(certificate).ok_or_else(|| forged("the certificate is none"))?;
        let signature = STANDARD
            .decode(text(&self.post, "/Signature"))
            .map_err(|_| forged("the signature is no base64"))?;
        UnparsedPublicKey::new(parameters, key)
            .verify(self.signed().as_bytes(), &signature)
            .map_err(|_| forged("the signature is wrong"))
    }

    /// What is signed: names and values, a line each, in an order of Amazon's.
    fn signed(&self) -> String {
        const NOTIFICATION: &[&str] =
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
        const OTHERS: &[&str] =
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        let names = if text(&self.post, "/Type") == "Notification" { NOTIFICATION } else { OTHERS };
        let mut signed = String::new();
        for name in names {
            if let Some(value) = self.post.get(*name).and_then(Value::as_str) {
                signed.push_str(&format!("{name}\n{value}\n"));
            }
        }
        signed
    }
}

/// An address of Amazon SNS: `https://sns.REGION.amazonaws.com/…`, and nothing
/// that only looks like it.
fn amazons(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let Some(Host::Domain(host)) = url.host() else { return None };
    let name = host.strip_suffix(".cn").unwrap_or(host);
    let region = name.strip_prefix("sns.")?.strip_suffix(".amazonaws.com")?;
    let good = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && (3..=40).contains(&region.len())
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    good.then_some(url)
}

/// The public key in a certificate: the certificate is a sequence, whose first
/// member is a sequence, in which the key follows version, serial number,
/// algorithm, issuer, validity and subject (RFC 5280 section 4.1).
fn public_key(pem: &[u8]) -> Option<Vec<u8>> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let (0x30, whole, _, _) = element(&certificate)? else { return None };
    let (0x30, mut rest, _, _) = element(whole)? else { return None };
    if let (0xa0, _, _, after) = element(rest)? {
        rest = after;
    }
    for _ in 0..5 {
        rest = element(rest)?.3;
    }
    let (0x30, _, key, _) = element(rest)? else { return None };
    Some(key.to_vec())
}

/// An element of DER: its tag, its content, all of it, and what follows.
type Element<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

/// The first element.
fn element(der: &[u8]) -> Option<Element<'_>> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, &der[..der.len() - after.len()], after))
}

/// A notification or an event of SES has one entry for each recipient.
fn events(message: &Value) -> Vec<Event> {
    let kind = match text(message, "/notificationType") {
        "" => text(message, "/eventType"),
        kind => kind,
    };
    let (list, feedback) = match kind {
        "Bounce" => ("/bounce/bouncedRecipients", text(message, "/bounce/feedbackId")),
        "Complaint" => ("/complaint/complainedRecipients", text(message, "/complaint/feedbackId")),
        _ => return vec![],
    };
    let recipients = message.pointer(list).and_then(Value::as_array);
    let headers = message.pointer("/mail/headers").and_then(Value::as_array);
    let message_id = headers
        .into_iter()
        .flatten()
        .find(|header| text(header, "/name").eq_ignore_ascii_case("message-id"))
        .map_or(text(message, "/mail/commonHeaders/messageId"), |header| text(header, "/value"));
    let event = |(at, recipient): (usize, &Value)| {
        let facts = Facts {
            id: format!("ses:{feedback}:{at}"),
            recipient: text(recipient, "/emailAddress"),
            return_path: text(message, "/mail/source"),
            message_id,
            status: text(recipient, "/status"),
            words: text(recipient, "/diagnosticCode"),
        };
        let kind = if kind == "Complaint" {
            match text(message, "/complaint/complaintFeedbackType") {
                "not-spam" => Kind::Progress,
                _ => Kind::Complaint,
            }
        } else {
            match (text(message, "/bounce/bounceType"), text(message, "/bounce/bounceSubType")) {
                ("Permanent", "Suppressed" | "OnAccountSuppressionList" | "NoEmail") => {
                    Kind::Bounce(Blame::Hard)
                }
                ("Permanent", _) => Kind::Bounce(facts.blame(Blame::Hard)),
                (_, "ContentRejected" | "AttachmentRejected" | "MessageTooLarge") => {
                    Kind::Bounce(Blame::Sender)
                }
                _ => Kind::Bounce(facts.blame(Blame::Soft)),
            }
        };
        facts.event(kind)
    };
    recipients.into_iter().flatten().take(MOST_EVENTS).enumerate().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazons_own_addresses_are_believed() {
        for good in [
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        ] {
            assert!(amazons(good).is_some(), "{good}");
        }
        for bad in [
            "http://sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
            "https://me@sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.evil.example/.amazonaws.com/x.pem",
            "https://evil-bucket.s3.amazonaws.com/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://127.0.0.1/x.pem",
            "",
        ] {
            assert!(amazons(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_certificate_cut_short_has_no_key() {
        assert_eq!(
            public_key(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
            None
        );
        assert_eq!(element(&[0x30, 0x84, 0, 0, 0, 0]), None);
        assert_eq!(element(&[0x30, 0x82, 1, 0, 1]), None);
        assert_eq!(element(&[]), None);
    }
}
