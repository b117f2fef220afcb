//! Claiming, and taking back what the dead left.

use std::collections::{BTreeMap, BTreeSet};

use gazetted::delivery::transition::State;
use gazetted::store::claim::{self, InDoubt, Swept};
use gazetted::store::deliveries::{self, Note};
use gazetted::store::{Engine, keys, subscribers};
use gazetted::subscriber::Standing;

use super::samples::{note, sending, t};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    claims_are_what_is_due_in_its_order_and_no_more_than_asked_for,
    a_claim_has_all_that_is_needed_to_send,
    two_that_claim_together_never_get_one_row,
    the_living_keep_their_rows_and_the_dead_lose_them,
    a_row_in_doubt_is_held_if_the_operator_wants,
    a_row_in_doubt_is_given_up_when_its_tries_are_used_up,
);

async fn claims_are_what_is_due_in_its_order_and_no_more_than_asked_for(database: Database) {
    let store = database.open().await;
    let (edition, readers) = sending(&store, 1, 6).await;
    let (other, _) = sending(&store, 2, 1).await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(claim::next_due(&mut tx, edition).await.unwrap(), Some(t(0)));
    assert!(claim::claim(&mut tx, edition, "here", t(-1), 9).await.unwrap().is_empty());
    assert!(claim::claim(&mut tx, edition, "here", t(9), 0).await.unwrap().is_empty());

    let first = claim::claim(&mut tx, edition, "here", t(3), 2).await.unwrap();
    let rest = claim::claim(&mut tx, edition, "here", t(3), 9).await.unwrap();

    let rows = |claims: &[claim::Claim]| -> Vec<i64> {
        claims.iter().map(|claim| claim.ticket.subscriber).collect()
    };
    assert_eq!(rows(&first), readers[..2]);
    assert_eq!(rows(&rest), readers[2..4], "what is due at this very moment is in");
    assert_eq!(claim::next_due(&mut tx, edition).await.unwrap(), Some(t(4)));
    assert_eq!(claim::next_due(&mut tx, other).await.unwrap(), Some(t(0)));
    assert_eq!(claim::next_due(&mut tx, 999).await.unwrap(), None);
}

async fn a_claim_has_all_that_is_needed_to_send(database: Database) {
    let store = database.open().await;
    let (edition, readers) = sending(&store, 1, 2).await;
    let mut tx = store.write().await.unwrap();
    let (from, to) = ([Standing::Active], Standing::Bounced);
    subscribers::move_standing(&mut tx, readers[1], &from, to, t(1)).await.unwrap();

    let claims = claim::claim(&mut tx, edition, "here", t(9), 9).await.unwrap();

    let person = subscribers::by_id(&mut tx, readers[0]).await.unwrap().unwrap();
    let mine = &claims[0];
    assert_eq!((mine.ticket.edition, mine.ticket.attempt, mine.tries), (edition, 1, 0));
    assert_eq!((mine.due, mine.subscriber_uid), (t(0), person.uid));
    assert_eq!((mine.address.as_str(), &mine.name), (person.address.as_str(), &person.name));
    assert_eq!(deliveries::variant(&mut tx, mine.variant).await.unwrap().unwrap().choice, "en");
    assert_eq!((claims[0].active, claims[1].active), (true, false));
}

async fn two_that_claim_together_never_get_one_row(database: Database) {
    let store = database.open().await;
    let (edition, readers) = sending(&store, 1, 60).await;
    let mut claimers = tokio::task::JoinSet::new();
    for number in 0..4 {
        // Each on connections of its own, as on four machines.
        let store = database.open().await;
        claimers.spawn(async move {
            let mut mine = vec![];
            loop {
                let mut tx = store.write().await.unwrap();
                let name = format!("machine-{number}");
                let claims = claim::claim(&mut tx, edition, &name, t(1_000), 3).await.unwrap();
                tx.commit().await.unwrap();
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| claim.ticket.subscriber));
            }
        });
    }

    let mut all = vec![];
    while let Some(mine) = claimers.join_next().await {
        all.extend(mine.unwrap());
    }

    let distinct: BTreeSet<i64> = all.iter().copied().collect();
    assert_eq!(all.len(), distinct.len(), "no row was claimed twice");
    // PostgreSQL steps over rows that another has in hand, so the last look of
    // a claimer may come up empty while rows are being claimed; none is lost.
    assert!(distinct.is_subset(&readers.iter().copied().collect()));
    if database.engine == Engine::Sqlite {
        assert_eq!(distinct.len(), readers.len());
    }
    let mut tx = store.read().await.unwrap();
    let counts: BTreeMap<State, i64> =
        deliveries::counts(&mut tx, edition).await.unwrap().into_iter().collect();
    assert_eq!(counts.values().sum::<i64>(), 60);
    assert_eq!(
        counts.get(&State::Claimed).copied().unwrap_or(0),
        i64::try_from(all.len()).unwrap()
    );
}

async fn the_living_keep_their_rows_and_the_dead_lose_them(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 4).await;
    let mut tx = store.write().await.unwrap();
    let mut claims = vec![];
    for instance in ["living", "living", "dead", "dead"] {
        claims.extend(claim::claim(&mut tx, edition, instance, t(1_000), 1).await.unwrap());
    }
    for claim in [&claims[1], &claims[3]] {
        assert!(note(&mut tx, &claim.ticket, &Note::Handing, t(5)).await.unwrap());
    }
    keys::beat(&mut tx, "living", "serve", t(5)).await.unwrap();
    keys::beat(&mut tx, "dead", "serve", t(5)).await.unwrap();
    let resend = InDoubt::Resend { max_tries: 10 };
    assert_eq!(claim::sweep(&mut tx, resend, t(6)).await.unwrap(), Swept::default());
    keys::beat(&mut tx, "living", "serve", t(20)).await.unwrap();
    assert_eq!(keys::strike_silent(&mut tx, t(10)).await.unwrap(), 1);

    let swept = claim::sweep(&mut tx, resend, t(30)).await.unwrap();

    assert_eq!(swept, Swept { released: 1, resent: 1, ..Swept::default() });
    let expected = [(State::Queued, 2), (State::Claimed, 1), (State::Handing, 1)];
    let counts = deliveries::counts(&mut tx, edition).await.unwrap();
    assert_eq!(counts.into_iter().collect::<BTreeMap<_, _>>(), expected.into());
    assert_eq!(deliveries::doubts(&mut tx, edition).await.unwrap(), 1);
    for claim in &claims[2..] {
        let late = Note::Sent { reply: "250".to_owned() };
        assert!(!note(&mut tx, &claim.ticket, &late, t(31)).await.unwrap());
    }
    let again = claim::claim(&mut tx, edition, "living", t(1_000), 9).await.unwrap();
    let tries: BTreeSet<i64> = again.iter().map(|claim| claim.tries).collect();
    assert_eq!(tries, [0, 1].into(), "only the doubt costs a try");
}

async fn a_row_in_doubt_is_held_if_the_operator_wants(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 2).await;
    let mut tx = store.write().await.unwrap();
    let claims = claim::claim(&mut tx, edition, "dead", t(1_000), 2).await.unwrap();
    note(&mut tx, &claims[0].ticket, &Note::Handing, t(5)).await.unwrap();

    let swept = claim::sweep(&mut tx, InDoubt::Hold, t(30)).await.unwrap();

    assert_eq!(swept, Swept { released: 1, held: 1, ..Swept::default() });
    let lines = deliveries::troubled(&mut tx, edition, 9).await.unwrap();
    assert_eq!((lines.len(), lines[0].state, lines[0].doubts), (1, State::Held, 1));
    assert!(lines[0].reply.as_deref().is_some_and(|words| words.contains("handed over")));
}

async fn a_row_in_doubt_is_given_up_when_its_tries_are_used_up(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 1).await;
    let mut tx = store.write().await.unwrap();
    for round in 1..=3 {
        let claims = claim::claim(&mut tx, edition, "dead", t(1_000), 2).await.unwrap();
        assert_eq!(claims.len(), 1, "round {round}");
        note(&mut tx, &claims[0].ticket, &Note::Handing, t(5)).await.unwrap();
        let swept = claim::sweep(&mut tx, InDoubt::Resend { max_tries: 3 }, t(30)).await.unwrap();
        let expected = if round < 3 {
            Swept { resent: 1, ..Swept::default() }
        } else {
            Swept { expired: 1, ..Swept::default() }
        };
        assert_eq!(swept, expected, "round {round}");
    }
    let lines = deliveries::troubled(&mut tx, edition, 9).await.unwrap();
    assert_eq!((lines[0].state, lines[0].tries, lines[0].doubts), (State::Expired, 3, 3));
}
