//! An IMAP mailbox (RFC 3501), read from the last UID that was read before.
//!
//! Messages are only looked at (`BODY.PEEK`), so that nothing changes for
//! people who read along. What was understood is deleted if the operator
//! wants, by its UID (RFC 4315), and nothing else ever is.

mod session;

use std::time::Duration;

use crate::feedback::{Imap, Settings};
use crate::flow::House;
use crate::store::feedback as marks;
use session::Session;

/// Until a look has to end; the next one goes on where it stopped.
pub(super) const WHOLE: Duration = Duration::from_mins(10);

/// Messages of one look.
const MOST: usize = 500;

/// Takes in what is new.
///
/// # Errors
/// If the server or the store does not answer, or says what we do not
/// understand.
pub(super) async fn look(house: &House, mailbox: &Imap, settings: &Settings) -> anyhow::Result<()> {
    let name = mailbox.name();
    let mut session = Session::open(mailbox).await?;
    let validity = session.select(&mailbox.folder, settings.delete).await?;
    let mut tx = house.store.read().await?;
    let mark = marks::mailbox(&mut tx, &name).await?;
    drop(tx);
    // With another validity all UIDs are new; what was taken in before does
    // nothing the second time.
    let last = mark.filter(|(known, _)| *known == validity).map_or(0, |(_, last)| last);
    let mut uids = session.uids_after(last).await?;
    uids.truncate(MOST);
    for uid in uids {
        if let Some(message) = session.message(uid, settings.max_bytes).await? {
            let ours = super::take(house, "imap", None, &message).await?;
            if ours && settings.delete {
                session.delete(uid).await?;
            }
        }
        let mut tx = house.store.write().await?;
        marks::set_mailbox(&mut tx, &name, validity, uid).await?;
        tx.commit().await?;
    }
    session.close().await;
    Ok(())
}
