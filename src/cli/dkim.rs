//! `gazetted dkim`: keys that sign mail.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};

use super::{Global, print};
use crate::delivery::dkim;

/// Keys that sign mail.
#[derive(Debug, Subcommand)]
pub enum Dkim {
    /// Make a key pair; prints the DNS record
    Generate {
        /// The domain that signs: that of [mail] from
        #[arg(long, value_name = "DOMAIN")]
        domain: String,
        /// The selector under which the key is published
        #[arg(long, value_name = "NAME", default_value = "gazetted")]
        selector: String,
        /// Kind of key
        #[arg(long, value_enum, default_value_t = Algorithm::Rsa)]
        algorithm: Algorithm,
        /// Where the private key goes; an existing file is not overwritten
        #[arg(long, value_name = "FILE", default_value = "dkim.pem")]
        out: PathBuf,
    },
}

/// Kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// RSA, 2048 bits: every receiver verifies it
    Rsa,
    /// Ed25519 (RFC 8463): small and fast; sign with both
    Ed25519,
}

impl Dkim {
    pub fn run(self, _global: &Global) -> anyhow::Result<ExitCode> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let Self::Generate { domain, selector, algorithm, out } = self;
        let kind = match algorithm {
            Algorithm::Rsa => dkim::Algorithm::Rsa,
            Algorithm::Ed25519 => dkim::Algorithm::Ed25519,
        };
        let pair = dkim::generate(kind).map_err(anyhow::Error::msg)?;
        let mut file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&out)
            .with_context(|| format!("cannot make {}; --out names another file", out.display()))?;
        file.write_all(pair.private.expose().as_bytes())?;
        file.sync_all()?;
        print::line(format!("{selector}._domainkey.{domain}. IN TXT {}", pair.record))?;
        print::complain(&format!(
            "The private key is in {}. In the configuration:\n\n[[mail.dkim]]\ndomain = \"{domain}\"\nselector = \"{selector}\"\nkey = {{ file = \"{}\" }}",
            out.display(),
            out.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}
