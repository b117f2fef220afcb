//! From an edition and a person to the bytes that leave: letter, envelope,
//! the few values that differ. Also one mail at a time, for tests and
//! confirmations.

use uuid::Uuid;

use crate::clock::Time;
use crate::delivery::dkim::{Signer, Signers};
use crate::delivery::message::{self, Assembled, Letter, Person};
use crate::delivery::relay::MailSettings;
use crate::delivery::{Envelope, Mailer, Offer, Outcome};
use crate::digest::blank::Blank;
use crate::feedback::verp::{Delivery, Verp};
use crate::flow::{House, Settings};
use crate::store::deliveries::Variant;
use crate::store::editions::EditionRow;
use crate::subscriber::Address;
use crate::subscriber::token::{Claim, Purpose};

/// The letter of a variant: what all who get it have in common.
#[must_use]
pub fn letter(
    settings: &Settings,
    mail: &MailSettings,
    edition: &EditionRow,
    variant: &Variant,
) -> Letter {
    let host = settings.site.host();
    Letter {
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        subject: variant.subject.clone(),
        html: variant.html.clone(),
        text: variant.body.clone(),
        list_name: edition.title.clone(),
        list_id: format!("{}.{}", edition.digest, message::dotted(host)),
        feedback_id: message::feedback_id(edition.id, &edition.digest, host),
        date: edition.frozen,
        extra: vec![],
        blanks: Blank::ALL.iter().map(|blank| blank.marker().to_owned()).collect(),
    }
}

/// Who signs, for the settings in force.
///
/// # Errors
/// If a key cannot be read; the message names it.
pub fn signers(mail: &MailSettings) -> Result<Signers, String> {
    let signers: Result<Vec<Signer>, String> =
        mail.dkim.iter().map(|dkim| Signer::new(&dkim.domain, &dkim.selector, &dkim.key)).collect();
    Ok(Signers::new(signers?))
}

/// Whom a mail goes to.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Permanent identity of the person.
    pub uid: Uuid,
    /// Row number, 0 for nobody in particular.
    pub row: i64,
    /// Where it goes.
    pub address: &'a str,
    /// How they want to be called.
    pub name: &'a str,
}

/// Fills a letter for one person and signs it; gives its Message-ID.
///
/// # Errors
/// If a key does not sign.
pub fn fill(
    house: &House,
    host: &str,
    (assembled, signers): (&Assembled, &Signers),
    (edition, frozen): (i64, Time),
    reader: &Reader<'_>,
    out: &mut Vec<u8>,
) -> Result<String, String> {
    let settings = house.settings();
    let token =
        house.keys.sign_claim(Purpose::Unsubscribe, &Claim::lasting(reader.uid, Some(edition)));
    let url = settings.site.address(&format!("/unsubscribe/{token}"));
    let id = message::message_id(edition, reader.row, frozen, host);
    let mailto =
        settings.mail.as_ref().map_or_else(String::new, |mail| unsubscribe_mailto(mail, &token));
    let values: Vec<&str> = Blank::ALL
        .iter()
        .map(|blank| match blank {
            Blank::UnsubscribeUrl => url.as_str(),
            Blank::PreferencesUrl => "",
            Blank::Address => reader.address,
            Blank::Name => reader.name,
        })
        .collect();
    out.clear();
    signers.reserve(out);
    assembled.fill(
        &Person {
            address: reader.address,
            message_id: &id,
            unsubscribe_url: &url,
            unsubscribe_mailto: &mailto,
            blanks: &values,
        },
        out,
    );
    signers.sign(out)?;
    Ok(id)
}

/// `mailto:` for programs that unsubscribe by mail: the subject holds the token.
fn unsubscribe_mailto(mail: &MailSettings, token: &str) -> String {
    format!("mailto:{}?subject=unsubscribe%20{token}", mail.bounce_address())
}

/// The envelope to a person, its sender carrying the delivery's identity (VERP).
///
/// # Errors
/// If an address cannot stand in an envelope.
pub fn envelope(
    house: &House,
    mail: &MailSettings,
    edition: i64,
    reader: &Reader<'_>,
) -> Result<Envelope, String> {
    let verp = Verp::new(mail.bounce_address(), &house.salt)?;
    let from = verp.address(Delivery { edition, subscriber: reader.row });
    Envelope::new(&from, reader.address).map_err(|error| error.to_string())
}

/// The whole message of an edition that need not be in the store.
///
/// # Errors
/// If the config has no `[mail]`, or a key does not sign.
pub fn preview(
    house: &House,
    edition: &EditionRow,
    variant: &Variant,
    address: &Address,
) -> Result<Vec<u8>, String> {
    let settings = house.settings();
    let mail = settings.mail.as_ref().ok_or("the configuration has no [mail] section")?;
    let assembled = Assembled::new(&letter(&settings, mail, edition, variant));
    let reader = Reader { uid: Uuid::nil(), row: 0, address: address.as_str(), name: "" };
    let mut message = vec![];
    fill(
        house,
        settings.site.host(),
        (&assembled, &signers(mail)?),
        (edition.id, edition.frozen),
        &reader,
        &mut message,
    )?;
    Ok(message)
}

/// A rendered part with its blanks filled as for `address`.
#[must_use]
pub fn filled(house: &House, part: &str, address: &Address) -> String {
    let token = house.keys.sign_claim(Purpose::Unsubscribe, &Claim::lasting(Uuid::nil(), None));
    let url = house.settings().site.address(&format!("/unsubscribe/{token}"));
    part.replace(Blank::UnsubscribeUrl.marker(), &url)
        .replace(Blank::Address.marker(), address.as_str())
        .replace(Blank::PreferencesUrl.marker(), "")
        .replace(Blank::Name.marker(), "")
}

/// Sends one mail now and waits for the answer; no ledger knows of it.
///
/// # Errors
/// Why it did not go out, in words.
pub async fn send_one(
    mailer: &dyn Mailer,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), String> {
    let mut session = mailer.open().await.map_err(|failure| failure.to_string())?;
    let offer = session.offer(envelope).await;
    let outcome = match offer {
        Offer::Accepted => session.hand_over(message, None).await.0,
        Offer::Refused(rejection) | Offer::Deferred(rejection) => return Err(rejection.to_string()),
        Offer::Relay(failure) => return Err(failure.to_string()),
    };
    session.close().await;
    match outcome {
        Outcome::Sent(_) => Ok(()),
        Outcome::Refused(rejection) | Outcome::Deferred(rejection) => Err(rejection.to_string()),
        Outcome::Relay(failure) => Err(failure.to_string()),
        Outcome::Uncertain(reason) => Err(format!("no answer came: {reason}")),
    }
}

/// An edition and a variant around a mail that belongs to no digest.
#[must_use]
pub fn single(
    now: Time,
    title: &str,
    rendered: crate::template::Rendered,
) -> (EditionRow, Variant) {
    let edition = EditionRow {
        id: 0,
        uid: Uuid::nil(),
        digest: "confirm".to_owned(),
        slot: 0,
        number: 0,
        state: crate::store::editions::EditionState::Done,
        frozen: now,
        settled: None,
        title: title.to_owned(),
        frame: String::new(),
        compiled_to: 0,
    };
    let variant = Variant {
        id: 0,
        edition_id: 0,
        choice: String::new(),
        pieces: 0,
        subject: rendered.subject,
        html: rendered.html,
        body: rendered.text,
    };
    (edition, variant)
}
