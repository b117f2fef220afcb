//! The doors through which mail comes back: a listener for LMTP and SMTP,
//! Maildirs, IMAP mailboxes. What a message means is `flow/feedback`'s.
//!
//! A message is only let go (answered 250, moved, its UID noted) when what it
//! did is durable; taken in twice, it does nothing.

mod conversation;
mod imap;
mod listener;
mod maildir;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, warn};

use crate::flow::House;
use crate::flow::feedback::{self, Effect};
use crate::store::Result;

/// Opens the listener, if the configuration wants one.
///
/// # Errors
/// If the address cannot be used; the message names it.
pub fn open(listen: Option<SocketAddr>) -> std::result::Result<Option<TcpListener>, String> {
    let Some(address) = listen else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map(Some).map_err(|error| {
        format!("cannot listen on {address}: {error}; [feedback] listen names another address")
    })
}

/// Takes in what comes back, until told to stop.
pub async fn run(house: Arc<House>, door: Option<TcpListener>, stop: watch::Receiver<bool>) {
    let listening = async {
        if let Some(door) = door
            && let Err(error) = listener::run(&house, door, stop.clone()).await
        {
            tracing::error!("What comes back cannot be listened for: {error}");
        }
    };
    tokio::join!(listening, look(&house, stop.clone()));
}

/// Looks into Maildirs and mailboxes, again and again. A reload is heeded at
/// the next look.
async fn look(house: &House, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let settings = house.settings();
        let feedback = &settings.feedback;
        for folder in &feedback.maildirs {
            if let Err(error) = maildir::look(house, folder, feedback).await {
                warn!("The Maildir {} cannot be looked into: {error}", folder.display());
            }
        }
        for mailbox in &feedback.imap {
            let looked = tokio::select! {
                looked = tokio::time::timeout(imap::WHOLE, imap::look(house, mailbox, feedback)) => looked,
                _ = stop.changed() => return,
            };
            match looked {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!("The mailbox {} cannot be read: {error}", mailbox.name()),
                Err(_) => warn!("The mailbox {} was not read in time", mailbox.name()),
            }
        }
        pause(feedback.every, &mut stop).await;
    }
}

async fn pause(length: Duration, stop: &mut watch::Receiver<bool>) {
    if *stop.borrow() {
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        _ = stop.changed() => {}
    }
}

/// Takes in one message; true if it was about a mail of ours.
async fn take(house: &House, via: &str, recipient: Option<&str>, message: &[u8]) -> Result<bool> {
    let taken = feedback::take_in(house, via, recipient, message).await?;
    let who = taken.who.as_deref().unwrap_or("nobody");
    debug!(
        via,
        kind = taken.kind.as_str(),
        effect = taken.effect.as_str(),
        "A message about {who}"
    );
    Ok(taken.who.is_some() || taken.effect != Effect::None)
}
