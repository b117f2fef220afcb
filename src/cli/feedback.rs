//! `gazetted feedback`: one bounce, complaint or unsubscribe mail from stdin.

use std::io::Read;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::{Global, opening, print};
use crate::flow::feedback::{self, Taken};

/// The largest message that is read.
const LARGEST: u64 = 5 * 1024 * 1024;

/// Take in one bounce, complaint or unsubscribe mail from stdin.
#[derive(Debug, Args)]
pub struct Feedback {}

impl Feedback {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let mut message = vec![];
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut message)?;
        if message.len() as u64 > LARGEST {
            bail!("the message is larger than 5 MiB");
        }
        let taken = feedback::take_in(&house, &message).await?;
        print::line(match taken {
            Taken::Unsubscribed => "An unsubscribe mail: the reader left.",
            Taken::Nothing => "Nothing in it is about a mail of ours.",
        })?;
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
