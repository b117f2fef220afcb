//! Whose a report is: the clues, strongest first, each checked.

use crate::delivery::message;
use crate::feedback::verp::Verp;
use crate::feedback::{Clues, Report};
use crate::flow::House;
use crate::store::{Result, Tx, editions, subscribers};
use crate::subscriber::token::Purpose;
use crate::subscriber::{Address, Subscriber};

/// Clues of one kind that are tried.
const MOST: usize = 20;

/// Whose a report is.
#[derive(Debug)]
pub struct Whose {
    /// Who.
    pub person: Subscriber,
    /// About which edition, if that is known.
    pub edition: Option<i64>,
    /// Why we believe it.
    pub proof: Proof,
}

/// Why we believe a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A signature of ours came back with it.
    Signed,
    /// A mail service signed it.
    Service,
    /// Message-ID and address belong together. Anybody who got the edition and
    /// knows the address could have written it.
    Matched,
}

/// Finds whose a report is; `is_signed` if a mail service signed it.
///
/// # Errors
/// If the store does not answer.
pub async fn find(
    house: &House,
    tx: &mut Tx,
    report: &Report,
    is_signed: bool,
) -> Result<Option<Whose>> {
    let clues = &report.clues;
    if let Some(whose) = by_return_path(house, tx, clues).await? {
        return Ok(Some(whose));
    }
    if let Some(whose) = by_token(house, tx, clues).await? {
        return Ok(Some(whose));
    }
    let proof = if is_signed { Proof::Service } else { Proof::Matched };
    if let Some(whose) = by_message_id(house, tx, clues, proof).await? {
        return Ok(Some(whose));
    }
    if is_signed {
        for address in addresses(clues) {
            if let Some(person) = subscribers::by_address(tx, &address).await? {
                return Ok(Some(Whose { person, edition: None, proof }));
            }
        }
    }
    Ok(None)
}

async fn by_return_path(house: &House, tx: &mut Tx, clues: &Clues) -> Result<Option<Whose>> {
    let settings = house.settings();
    let Some(mail) = &settings.mail else { return Ok(None) };
    let Ok(verp) = Verp::new(mail.bounce_address(), &house.salt) else { return Ok(None) };
    let Some(delivery) = clues.return_paths.iter().take(MOST * 2).find_map(|path| verp.read(path))
    else {
        return Ok(None);
    };
    let person = subscribers::by_id(tx, delivery.subscriber).await?;
    let edition = Some(delivery.edition).filter(|edition| *edition > 0);
    Ok(person.map(|person| Whose { person, edition, proof: Proof::Signed }))
}

async fn by_token(house: &House, tx: &mut Tx, clues: &Clues) -> Result<Option<Whose>> {
    let now = house.now();
    let mut claims = clues
        .unsubscribe
        .iter()
        .take(MOST)
        .filter_map(|token| house.keys.claim(Purpose::Unsubscribe, token, now));
    let Some(claim) = claims.next() else { return Ok(None) };
    let person = subscribers::by_uid(tx, claim.subscriber).await?;
    Ok(person.map(|person| Whose { person, edition: claim.about, proof: Proof::Signed }))
}

async fn by_message_id(
    house: &House,
    tx: &mut Tx,
    clues: &Clues,
    proof: Proof,
) -> Result<Option<Whose>> {
    let Some(id) = &clues.message_id else { return Ok(None) };
    let Some((edition, subscriber)) = message::delivery_of(id) else { return Ok(None) };
    let Some(row) = editions::get(tx, edition).await? else { return Ok(None) };
    let settings = house.settings();
    if message::message_id(edition, subscriber, row.frozen, settings.site.host()) != *id {
        return Ok(None);
    }
    let Some(person) = subscribers::by_id(tx, subscriber).await? else { return Ok(None) };
    let is_theirs = addresses(clues).any(|address| address == person.address);
    Ok(is_theirs.then_some(Whose { person, edition: Some(edition), proof }))
}

fn addresses(clues: &Clues) -> impl Iterator<Item = Address> {
    clues.recipients.iter().take(MOST).filter_map(|address| Address::parse(address).ok())
}
