//! `gazetted suppressions`: addresses that are never mailed.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;

use super::{Global, opening, print};
use crate::flow::enrol;
use crate::store::suppressions;
use crate::subscriber::Address;

/// Addresses that are never mailed.
#[derive(Debug, Subcommand)]
pub enum Suppressions {
    /// List them
    List,
    /// Never mail this address
    Add {
        /// The address
        email: String,
        /// Why
        #[arg(long, default_value = "operator")]
        reason: String,
    },
    /// Take an address off the list
    Remove {
        /// The address
        email: String,
    },
}

#[derive(Serialize)]
struct Line {
    email: Option<String>,
    hash: String,
    reason: String,
    since: String,
}

impl Suppressions {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        match self {
            Self::List => {
                let mut after = String::new();
                loop {
                    let mut tx = house.store.read().await?;
                    let page = suppressions::list(&mut tx, &after, 1_000).await?;
                    drop(tx);
                    let Some(last) = page.last() else { break };
                    after.clone_from(&last.hash);
                    for one in page {
                        let line = Line {
                            email: one.email,
                            hash: one.hash,
                            reason: one.reason,
                            since: print::moment(one.created),
                        };
                        if global.json {
                            print::json(&line)?;
                        } else {
                            let who = line.email.unwrap_or_else(|| {
                                format!("(forgotten, {}…)", &line.hash[..line.hash.len().min(12)])
                            });
                            print::line(format!("{who}  {}  since {}", line.reason, line.since))?;
                        }
                    }
                }
            }
            Self::Add { email, reason } => {
                let address = Address::parse(&email)?;
                enrol::suppress(&house, &address, &reason).await?;
                print::line(format!("{address} is never mailed from now on."))?;
            }
            Self::Remove { email } => {
                let address = Address::parse(&email)?;
                if !enrol::unsuppress(&house, &address).await? {
                    bail!("{address} is not on the suppression list");
                }
                print::line(format!("{address} is off the suppression list."))?;
            }
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
