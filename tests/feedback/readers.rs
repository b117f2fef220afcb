//! A site with readers to whom an edition went, so that their mails can come
//! back.

use chrono::TimeDelta;
use gazetted::delivery::message;
use gazetted::feedback::verp::{Delivery, Verp};
use gazetted::flow::feedback::{self, Taken};
use gazetted::store::{deliveries, editions, feedback as reports};
use gazetted::subscriber::token::{Claim, Purpose};
use gazetted::subscriber::{Standing, Subscriber};

use super::corpus::About;
use crate::support::Database;
use crate::web::place::Place;

/// A site, its edition, and what stands in the mails of its readers.
pub struct Readers {
    pub place: Place,
    pub edition: i64,
}

impl Readers {
    /// A site with one edition and no reader yet.
    pub async fn new() -> Self {
        Self::at(Place::configured("", None).await).await
    }

    /// The same over this store.
    pub async fn over(database: Database) -> Self {
        Self::at(Place::over(database).await).await
    }

    /// The same over a site that is there.
    pub async fn at(place: Place) -> Self {
        place.compile().await;
        let mut tx = place.house.store.read().await.unwrap();
        let edition = editions::latest(&mut tx, None, 1).await.unwrap()[0].id;
        drop(tx);
        Self { place, edition }
    }

    /// A reader, and what their mail holds.
    pub async fn reader(&self, email: &str) -> (Subscriber, About) {
        let person = self.place.reader(email, Standing::Active).await;
        let about = self.mail_of(&person).await;
        (person, about)
    }

    /// What the mail of a reader holds.
    pub async fn mail_of(&self, person: &Subscriber) -> About {
        self.mail_in(person, self.edition).await
    }

    /// What their mail of an edition holds.
    pub async fn mail_in(&self, person: &Subscriber, edition: i64) -> About {
        let house = &self.place.house;
        let mut tx = house.store.read().await.unwrap();
        let frozen = editions::get(&mut tx, self.edition).await.unwrap().unwrap().frozen;
        let verp = Verp::new("digest@news.example.org", &house.salt).unwrap();
        let host = house.settings().site.host().to_owned();
        About {
            recipient: person.address.as_str().to_owned(),
            return_path: verp.address(Delivery { edition, subscriber: person.id }),
            message_id: message::message_id(edition, person.id, frozen, &host),
            unsubscribe: house
                .keys
                .sign_claim(Purpose::Unsubscribe, &Claim::lasting(person.uid, Some(edition))),
            bystander: About::default().bystander,
        }
    }

    /// A message comes in through standard input.
    pub async fn take(&self, message: &[u8]) -> Taken {
        feedback::take_in(&self.place.house, "stdin", None, message).await.unwrap()
    }

    /// Where somebody stands.
    pub async fn standing(&self, email: &str) -> Standing {
        self.place.standing(email).await.unwrap()
    }

    /// Kinds and effects of what is known about somebody, newest first.
    pub async fn known(&self, person: &Subscriber) -> Vec<(String, String)> {
        let mut tx = self.place.house.store.read().await.unwrap();
        let kept = reports::about(&mut tx, person.id, 100).await.unwrap();
        kept.into_iter().map(|report| (report.kind, report.effect)).collect()
    }

    /// Queued mails of the edition.
    pub async fn queued(&self) -> i64 {
        let mut tx = self.place.house.store.read().await.unwrap();
        let counts = deliveries::counts(&mut tx, self.edition).await.unwrap();
        counts
            .into_iter()
            .filter(|(state, _)| *state == gazetted::delivery::State::Queued)
            .map(|(_, mails)| mails)
            .sum()
    }

    /// Days go by.
    pub fn days(&self, days: i64) {
        self.place.later(TimeDelta::days(days));
    }
}
