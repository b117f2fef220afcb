//! Private keys: read, made, used.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::secret::Secret;

/// How a mail is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with 2048 bits: everybody verifies it.
    Rsa,
    /// Ed25519: small and fast, not verified everywhere. List it beside RSA.
    Ed25519,
}

/// A new key.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The private key in PEM (PKCS #8).
    pub private: Secret,
    /// The text of the DNS record.
    pub record: String,
}

/// Makes a key.
///
/// # Errors
/// If the machine has no randomness to give.
pub fn generate(algorithm: Algorithm) -> Result<KeyPair, String> {
    let failed = |_| "no key could be made: the machine gives no randomness".to_owned();
    let der: Vec<u8> = match algorithm {
        Algorithm::Rsa => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(failed)?.as_ref().to_vec()
        }
        Algorithm::Ed25519 => {
            let key = Ed25519KeyPair::generate().map_err(failed)?;
            key.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()
        }
    };
    let private = Secret::new(pem(&der));
    let record = Key::read(&private)?.record();
    Ok(KeyPair { private, record })
}

/// The text of the DNS record that belongs to a private key.
///
/// # Errors
/// If it is no key we can sign with; the message says what to do.
pub fn record(private: &Secret) -> Result<String, String> {
    Ok(Key::read(private)?.record())
}

/// A private key that signs.
#[derive(Debug)]
pub(super) enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// Reads PEM: PKCS #8, or PKCS #1 for RSA.
    pub(super) fn read(pem: &Secret) -> Result<Self, String> {
        let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| {
            "it is not a private key in PEM; make one with `gazetted dkim generate`".to_owned()
        })?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs8(der) => {
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                {
                    return Ok(Self::Ed25519(key));
                }
                RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            }
            other => RsaKeyPair::from_der(other.secret_der()),
        };
        rsa.map(|key| Self::Rsa(Box::new(key))).map_err(|_| {
            "it is neither RSA (2048 bits or more) nor Ed25519; make one with `gazetted dkim generate`"
                .to_owned()
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rsa,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The length of a signature, always the same for one key.
    pub(super) fn signature_bytes(&self) -> usize {
        match self {
            Self::Rsa(key) => key.public_modulus_len(),
            Self::Ed25519(_) => 64,
        }
    }

    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .map_err(|_| "the RSA key does not sign".to_owned())?;
                Ok(signature)
            }
            // RFC 8463 section 3: what is signed is the hash.
            Self::Ed25519(key) => {
                Ok(key.sign(digest::digest(&digest::SHA256, text).as_ref()).as_ref().to_vec())
            }
        }
    }

    /// The DNS record's text (RFC 6376 section 3.6.1, RFC 8463 section 4).
    pub(super) fn record(&self) -> String {
        match self {
            Self::Rsa(key) => {
                let der = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key());
                let public = der.map_or(String::new(), |der| STANDARD.encode(der.as_ref()));
                format!("v=DKIM1; k=rsa; p={public}")
            }
            Self::Ed25519(key) => {
                format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key()))
            }
        }
    }
}

impl Algorithm {
    /// What stands in `a=`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }
}

fn pem(der: &[u8]) -> String {
    let mut out = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str("-----END PRIVATE KEY-----\n");
    out
}
