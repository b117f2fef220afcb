use chrono::TimeDelta;

use super::*;
use crate::clock::from_millis;
use crate::delivery::mailer::Stage;

fn ticket(subscriber: i64) -> Ticket {
    Ticket { edition: 1, subscriber, attempt: 1 }
}

fn later(text: &str) -> Rejection {
    Rejection {
        code: 451,
        enhanced: Some([4, 7, 0]),
        text: text.to_owned(),
        stage: Stage::Recipient,
    }
}

fn goes(
    manners: &Manners,
    address: &str,
    subscriber: i64,
    now: Time,
) -> std::result::Result<Option<Seat>, Time> {
    match manners.admit(address, ticket(subscriber), now) {
        Admission::Go(seat) => Ok(seat),
        Admission::Full(_) => panic!("no domain has a limit here"),
        Admission::Later(due) => {
            assert!(due > now);
            Err(due)
        }
    }
}

#[test]
fn nobody_is_minded_until_somebody_asks_for_it() {
    let manners = Manners::new(&[]);
    let now = from_millis(0);

    assert!(manners.is_easy());
    assert!(goes(&manners, "a@slow.example", 1, now).unwrap().is_none());
    assert!(matches!(
        manners.refused("a@slow.example", ticket(1), &later("greylisted"), now),
        PutOff::Free(due) if due > now
    ));
    assert!(manners.is_easy(), "a mail that waits alone slows nobody down");

    manners.refused("a@slow.example", ticket(1), &later("busy"), now);
    assert!(!manners.is_easy());
    assert!(goes(&manners, "b@slow.example", 2, now).is_err());
    assert!(goes(&manners, "b@other.example", 3, now).unwrap().is_none());
}

#[test]
fn a_slow_domain_gets_one_mail_and_then_one_more_for_each_it_takes() {
    let manners = Manners::new(&[]);
    let mut now = from_millis(0);
    manners.refused("a@slow.example", ticket(1), &later("busy"), now);
    now += TimeDelta::minutes(2);

    let seat = goes(&manners, "a@slow.example", 1, now).unwrap();
    assert!(seat.is_some());
    assert!(goes(&manners, "b@slow.example", 2, now).is_err(), "one probes");
    manners.took("a@slow.example", now);
    drop(seat);

    let seats =
        [goes(&manners, "b@slow.example", 2, now), goes(&manners, "c@slow.example", 3, now)];
    assert!(seats.iter().all(std::result::Result::is_ok));
    assert!(goes(&manners, "d@slow.example", 4, now).is_err());
}

#[test]
fn a_mail_that_alone_is_refused_while_others_are_taken_is_itself_to_blame() {
    let manners = Manners::new(&[]);
    let mut now = from_millis(0);
    let refused = |now| {
        let no = later("451 content filter");
        matches!(manners.refused("bad@slow.example", ticket(1), &no, now), PutOff::Free(_))
    };
    assert!(refused(now));
    now += TimeDelta::minutes(2);
    assert!(refused(now), "nobody was taken meanwhile");
    now += TimeDelta::minutes(4);
    for _ in 0..3 {
        manners.took("good@slow.example", now);
    }

    assert!(!refused(now));
    assert!(goes(&manners, "good@slow.example", 2, now).is_ok(), "and slows nobody down");
}
