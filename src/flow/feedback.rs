//! What comes back by mail. So far: a mail that unsubscribes.

use super::House;
use super::enrol::{self, Followed};
use crate::store::Result;

/// What a message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The reader left.
    Unsubscribed,
    /// It is about no mail of ours.
    Nothing,
}

/// Takes in one message. An unsubscribe mail has the token that stood in
/// `List-Unsubscribe` in its subject; without a good token nothing happens.
///
/// # Errors
/// If the store does not answer.
pub async fn take_in(house: &House, message: &[u8]) -> Result<Taken> {
    let head = String::from_utf8_lossy(&message[..message.len().min(64 * 1024)]).into_owned();
    let head = head.replace("\r\n", "\n");
    let head = head.split("\n\n").next().unwrap_or_default().replace("\n ", "").replace("\n\t", "");
    let subject = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("subject").then(|| value.trim())
    });
    let token = subject.and_then(|subject| {
        subject
            .split_whitespace()
            .skip_while(|word| !word.eq_ignore_ascii_case("unsubscribe"))
            .nth(1)
    });
    match token {
        Some(token) if enrol::leave(house, token).await? == Followed::Done => {
            Ok(Taken::Unsubscribed)
        }
        _ => Ok(Taken::Nothing),
    }
}
