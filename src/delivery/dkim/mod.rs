//! DKIM signatures (RFC 6376), RSA and Ed25519 (RFC 8463), one or several on a mail.
//!
//! Signing happens in place: [`Signers::reserve`] leaves room in front of the
//! mail, whose length is known before the mail is; [`Signers::sign`] fills it.
//! The body is hashed as it stands, because [`message`](super::message) makes
//! bodies that are their own relaxed canonical form.

mod header;
mod key;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::header::{hashed_fields, relaxed};
use self::key::Key;
use crate::secret::Secret;

pub use key::{Algorithm, KeyPair, generate, record};

/// What is signed. From, To, Subject and Date stand twice, so that nobody can
/// add a second one; what a mail does not have is signed as not being there.
const SIGNED: &str = "from:from:to:to:subject:subject:date:date:reply-to:message-id:\
mime-version:content-type:list-id:list-unsubscribe:list-unsubscribe-post:feedback-id:\
auto-submitted:precedence";

/// Characters of a SHA-256 in base64.
const HASH_LENGTH: usize = 44;
/// Characters of a signature on one line of the header field.
const LINE: usize = 72;

/// All signatures that a mail gets.
#[derive(Debug, Default)]
pub struct Signers(Vec<Signer>);

/// One signature: a domain, a selector and a key.
#[derive(Debug)]
pub struct Signer {
    key: Key,
    /// The header field up to `bh=`.
    beginning: String,
    /// The same in relaxed canonical form.
    canonical: Vec<u8>,
}

impl Signers {
    /// Signs with each of `signers`.
    #[must_use]
    pub fn new(signers: Vec<Signer>) -> Self {
        Self(signers)
    }

    /// True if mails are not signed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves room for the signatures in an empty `mail`, which is then filled.
    pub fn reserve(&self, mail: &mut Vec<u8>) {
        mail.resize(self.0.iter().map(Signer::length).sum(), b' ');
    }

    /// Writes the signatures into the room that was left. What they cost is
    /// processor time: up to a quarter of a millisecond for RSA.
    ///
    /// # Errors
    /// If there is no room, or a key does not sign.
    pub fn sign(&self, mail: &mut [u8]) -> Result<(), String> {
        let room: usize = self.0.iter().map(Signer::length).sum();
        let Some((mut hole, mail)) = mail.split_at_mut_checked(room) else {
            return Err("no room was reserved for the DKIM signatures".to_owned());
        };
        let end = mail.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let Some((head, body)) = end.and_then(|end| mail.split_at_checked(end + 4)) else {
            return Err("a mail without an end of its header cannot be signed".to_owned());
        };
        if self.0.is_empty() {
            return Ok(());
        }
        let body_hash = STANDARD.encode(digest::digest(&digest::SHA256, body));
        let fields = hashed_fields(&head[..head.len() - 2], SIGNED);
        for signer in &self.0 {
            let field = signer.field(&fields, &body_hash)?;
            let (place, rest) = hole.split_at_mut(signer.length());
            place.copy_from_slice(field.as_bytes());
            hole = rest;
        }
        Ok(())
    }
}

impl Signer {
    /// Signs as `domain` with the private key `pem`, whose public half is in
    /// the DNS under `selector`.
    ///
    /// # Errors
    /// If domain or selector are no DNS names, or the key cannot be read; the
    /// message names the remedy.
    pub fn new(domain: &str, selector: &str, pem: &Secret) -> Result<Self, String> {
        for (name, value) in [("domain", domain), ("selector", selector)] {
            let label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            if value.is_empty() || value.len() > 250 || !value.chars().all(label) {
                return Err(format!("[[mail.dkim]] {name} `{value}` is not a DNS name"));
            }
        }
        let key = Key::read(pem)
            .map_err(|error| format!("[[mail.dkim]] key of `{selector}`: {error}"))?;
        let algorithm = key.algorithm().tag();
        let mut beginning = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector};\r\n h="
        );
        let mut column = 3;
        for (index, name) in SIGNED.split(':').enumerate() {
            if index > 0 {
                beginning.push(':');
                column += 1;
            }
            if column + name.len() > LINE {
                beginning.push_str("\r\n ");
                column = 1;
            }
            beginning.push_str(name);
            column += name.len();
        }
        beginning.push_str(";\r\n bh=");
        let canonical = relaxed(beginning.as_bytes());
        Ok(Self { key, beginning, canonical })
    }

    /// The text of the DNS record that the signature is verified with, under
    /// `SELECTOR._domainkey.DOMAIN`.
    #[must_use]
    pub fn record(&self) -> String {
        self.key.record()
    }

    /// The length of the header field with its signature.
    fn length(&self) -> usize {
        let signature = self.key.signature_bytes().div_ceil(3) * 4;
        let breaks = signature.div_ceil(LINE).saturating_sub(1);
        self.beginning.len() + HASH_LENGTH + ";\r\n b=".len() + signature + 3 * breaks + 2
    }

    fn field(&self, fields: &[u8], body_hash: &str) -> Result<String, String> {
        let mut hashed = Vec::with_capacity(fields.len() + self.canonical.len() + 60);
        hashed.extend_from_slice(fields);
        hashed.extend_from_slice(&self.canonical);
        hashed.extend_from_slice(body_hash.as_bytes());
        hashed.extend_from_slice(b"; b=");
        let signature = STANDARD.encode(self.key.sign(&hashed)?);
        let mut field = format!("{}{body_hash};\r\n b=", self.beginning);
        for (index, line) in signature.as_bytes().chunks(LINE).enumerate() {
            if index > 0 {
                field.push_str("\r\n ");
            }
            field.extend(line.iter().map(|byte| char::from(*byte)));
        }
        field.push_str("\r\n");
        if field.len() == self.length() {
            Ok(field)
        } else {
            Err("a DKIM signature does not have the length it should have".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
