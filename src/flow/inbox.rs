//! The built-in inbox: mails that would leave are kept for a page instead.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::House;
use crate::delivery::Envelope;
use crate::delivery::inbox::Accept;
use crate::store::{Result, inbox};

/// Keeps mails in the store.
pub struct Keeper(pub Arc<House>);

impl Accept for Keeper {
    fn accept<'a>(
        &'a self,
        envelope: &'a Envelope,
        mail: &'a [u8],
    ) -> BoxFuture<'a, std::result::Result<(), String>> {
        async move { keep(&self.0, envelope, mail).await.map_err(|error| error.to_string()) }
            .boxed()
    }
}

async fn keep(house: &House, envelope: &Envelope, mail: &[u8]) -> Result<()> {
    let id = message_id(mail).unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let mut tx = house.store.write().await?;
    inbox::put(&mut tx, &id, envelope.from(), envelope.to(), mail, house.now()).await?;
    tx.commit().await
}

fn message_id(mail: &[u8]) -> Option<String> {
    let head =
        mail.windows(4).position(|bytes| bytes == b"\r\n\r\n").and_then(|end| mail.get(..end))?;
    let head = String::from_utf8_lossy(head);
    let line = head.lines().find_map(|line| line.strip_prefix("Message-ID:"))?;
    Some(line.trim().to_owned())
}
