//! The ledger: rows, notes, counts, and what the operator does with them.

use std::collections::BTreeMap;

use gazetted::delivery::transition::State;
use gazetted::store::claim;
use gazetted::store::deliveries::{self, NewDelivery, Note, Ticket};
use gazetted::store::editions::{self, EditionState};
use gazetted::store::{Store, Tx, subscribers};
use gazetted::subscriber::Standing;

use super::samples::{self, edition, let_in, note, sending, t, variant};
use crate::support::{Database, on_both_engines};

on_both_engines!(
    a_variant_comes_back_and_is_there_once_for_a_choice,
    a_reader_has_one_row_in_an_edition_however_often_it_is_queued,
    every_note_moves_a_row_as_the_drawing_says_and_no_other,
    notes_written_together_say_of_each_row_whether_it_is_ours,
    a_note_under_an_older_claim_changes_nothing,
    nothing_is_handed_over_for_who_left_or_for_a_stopped_edition,
    a_dropped_claim_waits_again_unless_it_is_no_longer_wanted,
    tries_and_doubts_are_counted,
    troubles_are_listed_and_retried_for_the_active_only,
    what_is_queued_can_be_cancelled_and_nothing_else,
    open_editions_are_counted_together,
);

/// The rows of one edition by state.
async fn counts(tx: &mut Tx, edition: i64) -> BTreeMap<State, i64> {
    deliveries::counts(tx, edition).await.unwrap().into_iter().collect()
}

/// Claims one row.
async fn claim_one(tx: &mut Tx, edition: i64) -> Ticket {
    claim::claim(tx, edition, "here", t(1_000), 1).await.unwrap()[0].ticket
}

fn reply() -> String {
    "550 «nein» 🌍".to_owned()
}

/// Every note, with the states it moves a row from, and where to.
fn notes() -> Vec<(Note, &'static [State], State)> {
    use State::{Claimed, Expired, Handing, Held, Queued, Refused, Sent};
    const EITHER: &[State] = &[Claimed, Handing];
    let due = t(2_000);
    vec![
        (Note::Handing, &[Claimed], Handing),
        (Note::Sent { reply: reply() }, &[Handing], Sent),
        (Note::Refused { reply: reply() }, EITHER, Refused),
        (Note::Deferred { due, reply: reply() }, EITHER, Queued),
        (Note::Doubtful { due, reply: reply() }, &[Handing], Queued),
        (Note::Held { reply: reply() }, &[Handing], Held),
        (Note::Released { due }, &[Claimed], Queued),
        (Note::NotTaken { due }, EITHER, Queued),
        (Note::Expired { reply: reply() }, EITHER, Expired),
        (Note::Dropped, &[Claimed], Queued),
    ]
}

/// Brings a fresh row to `state`; gives its ticket.
async fn brought_to(store: &Store, slot: i64, state: State) -> (i64, Ticket) {
    let (edition, _) = sending(store, slot, 1).await;
    let mut tx = store.write().await.unwrap();
    let ticket = claim_one(&mut tx, edition).await;
    if state != State::Claimed {
        note(&mut tx, &ticket, &Note::Handing, t(1)).await.unwrap();
    }
    let last = match state {
        State::Claimed | State::Handing => None,
        State::Sent => Some(Note::Sent { reply: reply() }),
        State::Refused => Some(Note::Refused { reply: reply() }),
        State::Expired => Some(Note::Expired { reply: reply() }),
        State::Held => Some(Note::Held { reply: reply() }),
        State::Queued => Some(Note::NotTaken { due: t(5) }),
        State::Cancelled => unreachable!("only from queued"),
    };
    if let Some(note) = last {
        assert!(samples::note(&mut tx, &ticket, &note, t(1)).await.unwrap());
    }
    tx.commit().await.unwrap();
    (edition, ticket)
}

async fn a_variant_comes_back_and_is_there_once_for_a_choice(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let edition = edition(&mut tx, 1).await.id;
    assert_eq!(deliveries::variant_for(&mut tx, edition, "en africa").await.unwrap(), None);

    let id = variant(&mut tx, edition, "en africa").await;

    assert_eq!(
        deliveries::variant_for(&mut tx, edition, "en africa").await.unwrap(),
        Some((id, 3))
    );
    assert_eq!(deliveries::variant_for(&mut tx, edition + 1, "en africa").await.unwrap(), None);
    let stored = deliveries::variant(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.edition_id, stored.pieces), (id, edition, 3));
    assert_eq!((stored.subject.as_str(), stored.html.as_str()), ("Zürich & 東京", "<p>html</p>"));
    assert_eq!((stored.choice.as_str(), stored.body.as_str()), ("en africa", "text"));
    assert_eq!(deliveries::variant(&mut tx, 999).await.unwrap(), None);
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    let again = deliveries::add_variant(&mut tx, &stored).await.unwrap();
    assert_eq!(again, id, "one for a choice, also if two machines write it");
}

async fn a_reader_has_one_row_in_an_edition_however_often_it_is_queued(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let edition = edition(&mut tx, 1).await.id;
    let variant = variant(&mut tx, edition, "en").await;
    // Below, at and above the eight rows that one statement writes.
    let mut readers = vec![];
    for number in 0..19 {
        readers.push(let_in(&mut tx, &format!("r{number}@example.org")).await);
    }
    let rows = |due| -> Vec<NewDelivery> {
        readers.iter().map(|&subscriber| NewDelivery { subscriber, variant, due }).collect()
    };

    deliveries::queue(&mut tx, edition, &rows(t(5))[..7], t(0)).await.unwrap();
    assert_eq!(counts(&mut tx, edition).await, [(State::Queued, 7)].into());
    deliveries::queue(&mut tx, edition, &rows(t(9)), t(0)).await.unwrap();
    deliveries::queue(&mut tx, edition, &rows(t(9)), t(0)).await.unwrap();
    deliveries::queue(&mut tx, edition, &[], t(0)).await.unwrap();

    assert_eq!(counts(&mut tx, edition).await, [(State::Queued, 19)].into());
    let claims = claim::claim(&mut tx, edition, "here", t(5), 100).await.unwrap();
    assert_eq!(claims.len(), 7, "the first due time stays");
}

async fn every_note_moves_a_row_as_the_drawing_says_and_no_other(database: Database) {
    let store = database.open().await;
    let states = [
        State::Claimed,
        State::Handing,
        State::Sent,
        State::Refused,
        State::Expired,
        State::Held,
        State::Queued,
    ];
    let mut slot = 0;
    for (note, from, to) in notes() {
        for state in states {
            slot += 1;
            let (edition, ticket) = brought_to(&store, slot, state).await;
            let mut tx = store.write().await.unwrap();
            let moved = samples::note(&mut tx, &ticket, &note, t(7)).await.unwrap();

            // Who stands where the note puts it, by the same claim, is ours as well.
            assert_eq!(moved, from.contains(&state) || state == to, "{note:?} on {state:?}");
            let expected = if moved { to } else { state };
            assert_eq!(
                counts(&mut tx, edition).await,
                [(expected, 1)].into(),
                "{note:?} on {state:?}"
            );
            drop(tx);
        }
    }
}

async fn notes_written_together_say_of_each_row_whether_it_is_ours(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 12).await;
    let mut tx = store.write().await.unwrap();
    let claims = claim::claim(&mut tx, edition, "here", t(1_000), 11).await.unwrap();
    let tickets: Vec<Ticket> = claims.iter().map(|claim| claim.ticket).collect();
    let stale = Ticket { attempt: 9, ..tickets[0] };
    let sent = Note::Sent { reply: "250 2.0.0 \"так\" \\ 🌍".to_owned() };
    let refused = Note::Refused { reply: reply() };
    let together = async |tx: &mut Tx, notes: &[(Ticket, &Note)]| -> Vec<bool> {
        deliveries::notes(tx, notes, t(7)).await.unwrap()
    };
    assert_eq!(together(&mut tx, &[]).await, Vec::<bool>::new());

    // A row of each kind, one of somebody else, and one who left meanwhile.
    let (from, to) = ([Standing::Active], Standing::Left);
    subscribers::move_standing(&mut tx, tickets[3].subscriber, &from, to, t(2)).await.unwrap();
    let first: Vec<(Ticket, &Note)> = vec![
        (tickets[1], &Note::Handing),
        (stale, &Note::Handing),
        (tickets[2], &Note::Handing),
        (tickets[3], &Note::Handing),
        (tickets[4], &refused),
        (tickets[5], &sent),
    ];
    assert_eq!(together(&mut tx, &first).await, [true, false, true, false, true, false]);
    // Written again, as after a commit of which nobody knows: what stands is ours.
    assert_eq!(together(&mut tx, &first[..5]).await, [true, false, true, false, true]);
    let second = [(tickets[1], &sent), (tickets[2], &sent), (tickets[6], &Note::Handing)];
    assert_eq!(together(&mut tx, &second).await, [true, true, true]);
    assert_eq!(together(&mut tx, &second).await, [true, true, true]);
    assert_eq!(together(&mut tx, &[(tickets[1], &Note::Handing)]).await, [false], "sent is final");

    let expected = [
        (State::Queued, 1),
        (State::Claimed, 7),
        (State::Handing, 1),
        (State::Sent, 2),
        (State::Refused, 1),
    ];
    assert_eq!(counts(&mut tx, edition).await, expected.into());
}

async fn a_note_under_an_older_claim_changes_nothing(database: Database) {
    let store = database.open().await;
    let (edition, old) = brought_to(&store, 1, State::Queued).await;
    let mut tx = store.write().await.unwrap();
    let new = claim_one(&mut tx, edition).await;
    assert_eq!((new.subscriber, new.attempt), (old.subscriber, old.attempt + 1));

    for (note, _, _) in notes() {
        assert!(!samples::note(&mut tx, &old, &note, t(7)).await.unwrap(), "{note:?}");
    }
    assert_eq!(counts(&mut tx, edition).await, [(State::Claimed, 1)].into());
    assert!(note(&mut tx, &new, &Note::Handing, t(7)).await.unwrap());
}

async fn nothing_is_handed_over_for_who_left_or_for_a_stopped_edition(database: Database) {
    let store = database.open().await;
    let (first, ticket) = brought_to(&store, 1, State::Claimed).await;
    let mut tx = store.write().await.unwrap();
    let (to, from) = (Standing::Left, [Standing::Active]);
    subscribers::move_standing(&mut tx, ticket.subscriber, &from, to, t(2)).await.unwrap();
    assert!(!note(&mut tx, &ticket, &Note::Handing, t(7)).await.unwrap());
    assert_eq!(counts(&mut tx, first).await, [(State::Claimed, 1)].into());
    drop(tx);

    for (slot, state) in [(2, EditionState::Paused), (3, EditionState::Cancelled)] {
        let (id, ticket) = brought_to(&store, slot, State::Claimed).await;
        let mut tx = store.write().await.unwrap();
        editions::move_state(&mut tx, id, EditionState::Sending, state).await.unwrap();
        assert!(!note(&mut tx, &ticket, &Note::Handing, t(7)).await.unwrap());
    }
}

async fn a_dropped_claim_waits_again_unless_it_is_no_longer_wanted(database: Database) {
    let store = database.open().await;
    for (slot, stopped, left, to) in [
        (1, None, false, State::Queued),
        (2, Some(EditionState::Paused), false, State::Queued),
        (3, Some(EditionState::Cancelled), false, State::Cancelled),
        (4, None, true, State::Cancelled),
    ] {
        let (id, ticket) = brought_to(&store, slot, State::Claimed).await;
        let mut tx = store.write().await.unwrap();
        if let Some(state) = stopped {
            editions::move_state(&mut tx, id, EditionState::Sending, state).await.unwrap();
        }
        if left {
            let from = [Standing::Active];
            subscribers::move_standing(&mut tx, ticket.subscriber, &from, Standing::Left, t(2))
                .await
                .unwrap();
        }
        assert!(note(&mut tx, &ticket, &Note::Dropped, t(7)).await.unwrap());
        assert_eq!(counts(&mut tx, id).await, [(to, 1)].into());
    }
}

async fn tries_and_doubts_are_counted(database: Database) {
    let store = database.open().await;
    let (edition, _) = sending(&store, 1, 1).await;
    let mut tx = store.write().await.unwrap();
    let steps = [
        (Note::Deferred { due: t(50), reply: reply() }, 1, 0),
        (Note::Released { due: t(51) }, 1, 0),
        (Note::NotTaken { due: t(52) }, 1, 0),
        (Note::Doubtful { due: t(53), reply: reply() }, 2, 1),
        (Note::Held { reply: reply() }, 3, 2),
    ];
    for (note, tries, doubts) in steps {
        let ticket = claim_one(&mut tx, edition).await;
        if matches!(note, Note::Doubtful { .. } | Note::Held { .. }) {
            samples::note(&mut tx, &ticket, &Note::Handing, t(7)).await.unwrap();
        }
        let due = match note {
            Note::Deferred { due, .. }
            | Note::Doubtful { due, .. }
            | Note::Released { due }
            | Note::NotTaken { due } => Some(due),
            _ => None,
        };
        assert!(samples::note(&mut tx, &ticket, &note, t(7)).await.unwrap(), "{note:?}");

        assert_eq!(claim::next_due(&mut tx, edition).await.unwrap(), due, "{note:?}");
        let line = deliveries::troubled(&mut tx, edition, 9).await.unwrap().pop();
        if let Some(line) = line {
            assert_eq!((line.tries, line.doubts), (tries, doubts), "{note:?}");
        } else {
            assert_eq!(doubts, 0, "a row in doubt is in trouble");
        }
        assert_eq!(deliveries::doubts(&mut tx, edition).await.unwrap(), i64::from(doubts > 0));
    }
}

async fn troubles_are_listed_and_retried_for_the_active_only(database: Database) {
    let store = database.open().await;
    let (edition, readers) = sending(&store, 1, 6).await;
    let mut tx = store.write().await.unwrap();
    let claims = claim::claim(&mut tx, edition, "here", t(1_000), 9).await.unwrap();
    let ends = [
        Note::Refused { reply: reply() },
        Note::Expired { reply: reply() },
        Note::Held { reply: reply() },
        Note::Sent { reply: reply() },
        Note::Refused { reply: reply() },
        Note::Refused { reply: reply() },
    ];
    for (claim, end) in claims.iter().zip(&ends) {
        note(&mut tx, &claim.ticket, &Note::Handing, t(7)).await.unwrap();
        assert!(note(&mut tx, &claim.ticket, end, t(7)).await.unwrap());
    }
    let (active, left) = ([Standing::Active], Standing::Left);
    subscribers::move_standing(&mut tx, readers[4], &active, left, t(8)).await.unwrap();
    editions::settle(&mut tx, edition, t(8)).await.unwrap();

    let lines = deliveries::troubled(&mut tx, edition, 9).await.unwrap();
    let told: Vec<(&str, State)> =
        lines.iter().map(|line| (line.email.as_str(), line.state)).collect();
    assert_eq!(
        told,
        [
            ("reader-0@example.org", State::Refused),
            ("reader-1@example.org", State::Expired),
            ("reader-2@example.org", State::Held),
            ("reader-4@example.org", State::Refused),
            ("reader-5@example.org", State::Refused),
        ]
    );
    assert_eq!(lines[0].reply.as_deref(), Some("550 «nein» 🌍"));
    assert_eq!(deliveries::troubled(&mut tx, edition, 2).await.unwrap().len(), 2);

    assert_eq!(deliveries::retry_failed(&mut tx, edition, t(20)).await.unwrap(), 4);
    let expected = [(State::Queued, 4), (State::Sent, 1), (State::Refused, 1)];
    assert_eq!(counts(&mut tx, edition).await, expected.into());
    let row = editions::get(&mut tx, edition).await.unwrap().unwrap();
    assert_eq!((row.state, row.settled), (EditionState::Sending, None), "it is open again");
    assert_eq!(deliveries::retry_failed(&mut tx, edition, t(21)).await.unwrap(), 0);
    let again = claim::claim(&mut tx, edition, "here", t(20), 9).await.unwrap();
    assert!(again.len() == 4 && again.iter().all(|claim| claim.tries == 0), "tries begin anew");
}

async fn what_is_queued_can_be_cancelled_and_nothing_else(database: Database) {
    let store = database.open().await;
    let (first, readers) = sending(&store, 1, 3).await;
    let (second, _) = sending(&store, 2, 3).await;
    let mut tx = store.write().await.unwrap();
    let claimed = claim_one(&mut tx, first).await;
    assert_eq!(claimed.subscriber, readers[0]);

    assert_eq!(deliveries::cancel_for(&mut tx, readers[0], t(5)).await.unwrap(), 1);
    assert_eq!(deliveries::cancel_for(&mut tx, readers[0], t(5)).await.unwrap(), 0);
    assert_eq!(counts(&mut tx, first).await, [(State::Claimed, 1), (State::Queued, 2)].into());
    assert_eq!(counts(&mut tx, second).await, [(State::Cancelled, 1), (State::Queued, 2)].into());
    assert_eq!(deliveries::cancel_queued(&mut tx, first, t(6)).await.unwrap(), 2);
    assert_eq!(deliveries::cancel_queued(&mut tx, first, t(6)).await.unwrap(), 0);
    assert_eq!(counts(&mut tx, first).await, [(State::Claimed, 1), (State::Cancelled, 2)].into());
    assert_eq!(counts(&mut tx, second).await, [(State::Cancelled, 1), (State::Queued, 2)].into());
}

async fn open_editions_are_counted_together(database: Database) {
    let store = database.open().await;
    let (first, _) = sending(&store, 1, 2).await;
    let (second, _) = sending(&store, 2, 2).await;
    let (third, _) = sending(&store, 3, 2).await;
    let mut tx = store.write().await.unwrap();
    claim_one(&mut tx, first).await;
    editions::move_state(&mut tx, second, EditionState::Sending, EditionState::Paused)
        .await
        .unwrap();
    let cancelled = EditionState::Cancelled;
    editions::move_state(&mut tx, third, EditionState::Sending, cancelled).await.unwrap();

    let open: BTreeMap<State, i64> =
        deliveries::open_counts(&mut tx).await.unwrap().into_iter().collect();

    assert_eq!(open, [(State::Claimed, 1), (State::Queued, 3)].into());
}
