//! `gazetted feedback`: one bounce, complaint or unsubscribe mail from stdin.

use std::io::Read;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::{Global, opening, print};
use crate::feedback::{Blame, Kind};
use crate::flow::feedback::{self, Effect, Taken};

/// The largest message that is read.
const LARGEST: u64 = 5 * 1024 * 1024;

/// Take in one bounce, complaint or unsubscribe mail from stdin.
#[derive(Debug, Args)]
pub struct Feedback {
    /// The envelope's recipient, if the mail server tells it
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
}

impl Feedback {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let (house, _) = opening::open(global).await?;
        let mut message = vec![];
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut message)?;
        if message.len() as u64 > LARGEST {
            bail!("the message is larger than 5 MiB");
        }
        let taken = feedback::take_in(&house, "stdin", self.recipient.as_deref(), &message).await?;
        if global.json {
            print::json(&Line {
                kind: taken.kind.as_str(),
                subscriber: taken.who.as_deref(),
                effect: taken.effect.as_str(),
            })?;
        } else {
            print::line(words(&taken))?;
        }
        house.store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'a str,
    subscriber: Option<&'a str>,
    effect: &'a str,
}

fn words(taken: &Taken) -> String {
    let what = match taken.kind {
        Kind::Bounce(Blame::Hard) => "A bounce: the mailbox is gone",
        Kind::Bounce(Blame::Soft) => "A bounce: the mailbox is in trouble",
        Kind::Bounce(Blame::Sender) => {
            "A bounce: refused for our own fault, no reader suffers for it"
        }
        Kind::Progress => "A report that changes nothing",
        Kind::Complaint => "A complaint",
        Kind::Unsubscribe => "An unsubscribe mail",
        Kind::Reply => "Neither a bounce nor a complaint",
    };
    let Some(who) = &taken.who else {
        return format!("{what}. Nothing in it is about a mail of ours.");
    };
    let done = match taken.effect {
        Effect::None => "noted",
        Effect::Again => "it was here before",
        Effect::Counted => "counted",
        Effect::Suppressed => "they get no more mail",
        Effect::Left => "the reader left",
    };
    format!("{what}. {who}: {done}.")
}
