//! What comes back does to readers what it should, and no more.

use gazetted::feedback::{Blame, Kind};
use gazetted::flow::enrol::{self, Admission};
use gazetted::flow::feedback::Effect;
use gazetted::store::{feedback as reports, subscribers};
use gazetted::subscriber::roster::Row;
use gazetted::subscriber::{Address, Standing};

use super::corpus::{self, About};
use super::readers::Readers;
use crate::support::{Database, on_both_engines};

const HARD: Kind = Kind::Bounce(Blame::Hard);
const SOFT: Kind = Kind::Bounce(Blame::Soft);

on_both_engines!(
    a_mailbox_that_is_gone_is_mailed_no_more_and_it_is_known_why,
    every_form_finds_its_reader_and_hurts_nobody_else,
    a_forged_return_path_is_refused,
    clues_without_a_signature_count_as_trouble_only,
    a_mail_that_was_sent_on_in_vain_does_not_end_the_subscription,
    lasting_trouble_ends_it_and_a_new_beginning_begins_anew,
    our_own_fault_is_never_held_against_a_reader_however_often,
    a_bounce_stops_what_is_queued,
    neither_an_import_nor_an_operator_brings_back_who_bounced,
    who_is_forgotten_is_forgotten_here_too,
    the_numbers_are_shown,
    a_refusal_at_the_relay_counts_as_the_bounce_it_is,
);

async fn a_mailbox_that_is_gone_is_mailed_no_more_and_it_is_known_why(database: Database) {
    let site = Readers::over(database).await;
    let (person, about) = site.reader("reader@recipient.example").await;

    let first = site.take(&corpus::bounce("postfix", "hard", &about)).await;
    let again = site.take(&corpus::bounce("qmail", "hard", &about)).await;

    assert_eq!((first.kind, first.effect), (HARD, Effect::Suppressed));
    assert_eq!(again.effect, Effect::Again);
    assert_eq!(site.standing("reader@recipient.example").await, Standing::Bounced);
    assert_eq!(site.known(&person).await, [("hard".to_owned(), "suppressed".to_owned())]);
}

async fn every_form_finds_its_reader_and_hurts_nobody_else(database: Database) {
    let site = Readers::over(database).await;
    let (bystander, other) = site.reader("bystander@example.org").await;
    let singles = corpus::singles(&About::default()).len();
    for (number, kind) in ["hard", "sender", "soft"].into_iter().enumerate() {
        for form in corpus::names() {
            let email = format!("{form}-{number}@recipient.example");
            let (_, about) = site.reader(&email).await;
            let about = About { bystander: other.return_path.clone(), ..about };

            let taken = site.take(&corpus::bounce(form, kind, &about)).await;

            assert_eq!(taken.kind.as_str(), kind, "{form}");
            assert!(taken.who.is_some(), "{form}");
            let standing = site.standing(&email).await;
            assert_eq!(standing == Standing::Bounced, kind == "hard", "{form} {kind}");
        }
    }
    for number in 0..singles {
        let email = format!("single-{number}@recipient.example");
        let (_, about) = site.reader(&email).await;
        let about = About { bystander: other.return_path.clone(), ..about };
        let sample = &corpus::singles(&about)[number];

        site.take(&sample.message).await;

        let expected = match sample.expected.as_str() {
            "hard" => Standing::Bounced,
            "complaint" => Standing::Complained,
            "unsubscribe" => Standing::Left,
            _ => Standing::Active,
        };
        assert_eq!(site.standing(&email).await, expected, "{}", sample.name);
    }
    assert_eq!(site.standing("bystander@example.org").await, Standing::Active);
    assert_eq!(site.known(&bystander).await, []);
}

async fn a_forged_return_path_is_refused(database: Database) {
    let site = Readers::over(database).await;
    let (person, about) = site.reader("reader@recipient.example").await;
    let (mut forged, token) = (about.clone(), about.return_path.clone());
    let last = token.split('@').next().unwrap().chars().last().unwrap();
    let other = if last == 'a' { 'b' } else { 'a' };
    forged.return_path = token.replacen(&format!("{last}@"), &format!("{other}@"), 1);
    forged.unsubscribe = "AQ".repeat(60);
    "1.1.1@news.example.org".clone_into(&mut forged.message_id);

    for form in corpus::names() {
        let taken = site.take(&corpus::bounce(form, "hard", &forged)).await;
        assert_eq!(taken.who, None, "{form}");
    }
    assert_eq!(site.standing("reader@recipient.example").await, Standing::Active);
    assert_eq!(site.known(&person).await, []);
}

async fn clues_without_a_signature_count_as_trouble_only(database: Database) {
    let site = Readers::over(database).await;
    let (_, about) = site.reader("reader@recipient.example").await;
    let unsigned = About {
        return_path: "fixed@news.example.org".to_owned(),
        unsubscribe: "x".to_owned(),
        ..about
    };

    let taken = site.take(&corpus::bounce("postfix", "hard", &unsigned)).await;
    let stranger = About { recipient: "stranger@recipient.example".to_owned(), ..unsigned };
    let wrong = site.take(&corpus::bounce("postfix", "hard", &stranger)).await;

    assert_eq!((taken.kind, taken.effect), (SOFT, Effect::Counted));
    assert_eq!(wrong.who, None);
    assert_eq!(site.standing("reader@recipient.example").await, Standing::Active);
}

async fn a_mail_that_was_sent_on_in_vain_does_not_end_the_subscription(database: Database) {
    let site = Readers::over(database).await;
    let (_, about) = site.reader("reader@recipient.example").await;
    let forwarded = About { recipient: "other@elsewhere.example".to_owned(), ..about };

    let taken = site.take(&corpus::bounce("postfix", "hard", &forwarded)).await;

    assert_eq!((taken.kind, taken.effect), (SOFT, Effect::Counted));
}

async fn lasting_trouble_ends_it_and_a_new_beginning_begins_anew(database: Database) {
    let site = Readers::over(database).await;
    let email = "reader@recipient.example";
    let (person, _) = site.reader(email).await;
    let mut editions = 1_000..;
    let mut bounce_after = async |days| {
        site.days(days);
        let about = site.mail_in(&person, editions.next().unwrap()).await;
        site.take(&corpus::bounce("exim", "soft", &about)).await.effect
    };

    let mut effects = vec![];
    for _ in 0..8 {
        effects.push(bounce_after(1).await);
    }
    assert_eq!(effects[..7], [Effect::Counted; 7]);
    assert_eq!(effects[7], Effect::Suppressed);
    assert_eq!(site.standing(email).await, Standing::Bounced);

    let mut tx = site.place.house.store.write().await.unwrap();
    let now = site.place.house.now();
    let from = [Standing::Bounced];
    subscribers::move_standing(&mut tx, person.id, &from, Standing::Active, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bounce_after(1).await, Effect::Counted);
    assert_eq!(site.standing(email).await, Standing::Active);
}

async fn our_own_fault_is_never_held_against_a_reader_however_often(database: Database) {
    let site = Readers::over(database).await;
    let (person, _) = site.reader("reader@recipient.example").await;

    for edition in 1_000..1_060 {
        site.days(1);
        let about = site.mail_in(&person, edition).await;
        let taken = site.take(&corpus::bounce("gmail", "sender", &about)).await;
        assert_eq!(taken.effect, Effect::None);
    }

    assert_eq!(site.standing("reader@recipient.example").await, Standing::Active);
}

async fn a_bounce_stops_what_is_queued(database: Database) {
    let place = crate::web::place::Place::over(database).await;
    let person = place.reader("reader@recipient.example", Standing::Active).await;
    let site = Readers::at(place).await;
    assert_eq!(site.queued().await, 1);

    let about = site.mail_of(&person).await;
    site.take(&corpus::bounce("sendmail", "hard", &about)).await;

    assert_eq!(site.queued().await, 0);
}

async fn neither_an_import_nor_an_operator_brings_back_who_bounced(database: Database) {
    let site = Readers::over(database).await;
    let email = "reader@recipient.example";
    let (person, about) = site.reader(email).await;
    site.take(&corpus::bounce("exchange", "hard", &about)).await;

    let row = Row::from(&person);
    let admitted = enrol::put(&site.place.house, vec![row]).await.unwrap();

    assert_eq!(admitted, [Admission::Kept]);
    assert_eq!(site.standing(email).await, Standing::Bounced);
    site.place.post("/subscribe", "email=reader%40recipient.example").await;
    assert_eq!(site.standing(email).await, Standing::Pending);
}

async fn who_is_forgotten_is_forgotten_here_too(database: Database) {
    let site = Readers::over(database).await;
    let (person, about) = site.reader("reader@recipient.example").await;
    site.take(&corpus::bounce("postfix", "soft", &about)).await;

    let address = Address::parse("reader@recipient.example").unwrap();
    enrol::forget(&site.place.house, &address).await.unwrap();

    let mut tx = site.place.house.store.read().await.unwrap();
    let kept = reports::about(&mut tx, person.id, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].words.as_str()), (1, ""));
}

async fn the_numbers_are_shown(database: Database) {
    let site = Readers::over(database).await;
    for kind in ["hard", "soft", "sender"] {
        let (_, about) = site.reader(&format!("{kind}@recipient.example")).await;
        site.take(&corpus::bounce("postfix", kind, &about)).await;
    }
    site.take(b"Subject: hello\n\nnobody's\n").await;

    let metrics = site.place.get("/metrics").await.text();

    for kind in ["hard", "soft", "sender", "reply"] {
        let line = format!("gazetted_feedback_total{{kind=\"{kind}\"}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

async fn a_refusal_at_the_relay_counts_as_the_bounce_it_is(database: Database) {
    let site = Readers::over(database).await;
    let (gone, about) = site.reader("gone@recipient.example").await;
    let (spam, _) = site.reader("spam@recipient.example").await;
    let (own, _) = site.reader("own@recipient.example").await;
    let house = &site.place.house;
    let mut tx = house.store.write().await.unwrap();

    for (person, reply) in [
        (&gone, "550 5.1.1 No such user"),
        (&spam, "554 5.7.1 Rejected as spam"),
        (&own, "the address cannot stand in an envelope"),
    ] {
        let mail = (site.edition, person.id);
        gazetted::flow::feedback::refused(house, &mut tx, mail, reply).await.unwrap();
    }
    tx.commit().await.unwrap();

    assert_eq!(site.standing("gone@recipient.example").await, Standing::Bounced);
    assert_eq!(site.standing("spam@recipient.example").await, Standing::Active);
    assert_eq!(site.known(&own).await, []);
    // The relay's own bounce about the same mail is the same bounce.
    let again = site.take(&corpus::bounce("postfix", "hard", &about)).await;
    assert_eq!(again.effect, Effect::Again);
}
