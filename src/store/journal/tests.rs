//! The file against failing disks and power cuts.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::ring::{self, Disk, Header, NoHeader, Ring};
use super::slot::{Entry, Fact, SLOT};
use super::*;
use crate::store::deliveries::Ticket;

/// A disk that holds back what was written until it is synced, and fails when
/// it is told to.
#[derive(Clone, Default)]
struct Faulty {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What a power cut leaves for sure.
    durable: Vec<u8>,
    /// Writes that were not synced yet: each 512 bytes of them may be there or not.
    pending: Vec<(usize, Vec<u8>)>,
    failing: bool,
}

impl Disk for Faulty {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        // Half of it is written before the disk is full.
        let taken = if state.failing { bytes.len() / 2 } else { bytes.len() };
        let offset = usize::try_from(offset).unwrap();
        for (place, sector) in bytes[..taken].chunks(SLOT).enumerate() {
            state.pending.push((offset + place * SLOT, sector.to_vec()));
        }
        if state.failing { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let pending = std::mem::take(&mut state.pending);
        for (offset, bytes) in pending {
            state.durable[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(())
    }
}

impl Faulty {
    /// What is on the disk after a power cut, if of the sectors that were not
    /// synced those are there whose bit is set.
    fn after_a_cut(&self, there: u64) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        let mut bytes = state.durable.clone();
        for (number, (offset, sector)) in state.pending.iter().enumerate() {
            if there >> (number % 64) & 1 == 1 {
                bytes[*offset..*offset + sector.len()].copy_from_slice(sector);
            }
        }
        bytes
    }
}

fn header(slots: u64) -> Header {
    Header { store: [1; 16], epoch: [2; 16], slots, instance: "one".to_owned() }
}

fn ring(slots: u64) -> (Ring<Faulty>, Faulty, Arc<AtomicU64>) {
    let disk = Faulty::default();
    disk.state.lock().unwrap().durable = ring::blank(&header(slots));
    let folded = Arc::new(AtomicU64::new(0));
    (Ring::new(disk.clone(), &header(slots), Arc::clone(&folded)), disk, folded)
}

fn entry(subscriber: i64, fact: Fact) -> Entry {
    Entry { ticket: Ticket { edition: 7, subscriber, attempt: 1 }, fact, at: 1_000 + subscriber }
}

fn handed(subscribers: std::ops::Range<i64>) -> Vec<Entry> {
    subscribers.map(|subscriber| entry(subscriber, Fact::Handing)).collect()
}

fn scan(slots: u64, bytes: &[u8], folded: u64) -> ring::Found {
    ring::scan(&Header::read(bytes).unwrap_or_else(|_| header(slots)), bytes, folded)
}

#[test]
fn what_was_appended_reads_back_however_long_the_servers_words_are() {
    let (mut ring, disk, _) = ring(64);
    let long = "250 2.6.0 ".to_owned() + &"静かな川 ".repeat(40);
    let entries = vec![
        entry(1, Fact::Handing),
        entry(1, Fact::Sent("250 2.0.0 Ok: queued as 4XYZ".to_owned())),
        entry(2, Fact::Sent(long.clone())),
        entry(3, Fact::Sent(String::new())),
        entry(4, Fact::Declined),
    ];

    let ends = ring.append(&entries).unwrap();

    let found = scan(64, &disk.after_a_cut(0), 0);
    assert_eq!(found.entries.len(), 5);
    assert_eq!(found.last, *ends.last().unwrap());
    assert_eq!((found.damaged, found.ahead), (false, false));
    for (found, entry) in
        found.entries.iter().zip(&entries).filter(|(_, e)| e.ticket.subscriber != 2)
    {
        assert_eq!(found, entry);
    }
    // Longer than eight slots: cut, and never within a character.
    let Fact::Sent(words) = &found.entries[2].fact else { panic!("it was sent") };
    assert!(words.len() > 500 && long.starts_with(words.as_str()), "{words}");
}

#[test]
fn a_power_cut_takes_nothing_that_was_durable_and_a_torn_tail_is_cut() {
    for there in 0..256 {
        let (mut ring, disk, _) = ring(16);
        ring.append(&handed(0..5)).unwrap();
        // The next eight are written when the power goes, before they are synced.
        let next = handed(5..13);
        let mut bytes = vec![];
        for (number, entry) in (6..).zip(&next) {
            entry.write(&[2; 16], number, 5, &mut bytes);
        }
        disk.write_at(&bytes, 4096 + 5 * SLOT as u64).unwrap();

        let found = scan(16, &disk.after_a_cut(there), 0);

        let whole = there.trailing_ones() as usize;
        let all = [handed(0..5), next].concat();
        assert_eq!(found.entries, all[..5 + whole], "sectors {there:b}");
        assert_eq!((found.damaged, found.ahead), (false, false), "sectors {there:b}");
    }
}

#[test]
fn slots_are_written_over_when_they_are_folded_and_not_before() {
    let (mut ring, disk, folded) = ring(8);
    ring.append(&handed(0..6)).unwrap();

    assert_eq!(ring.append(&handed(6..9)).unwrap_err().kind(), io::ErrorKind::StorageFull);
    folded.store(5, Ordering::Release);
    let ends = ring.append(&handed(6..13)).unwrap();

    assert_eq!(ends, [7, 8, 9, 10, 11, 12, 13]);
    let found = scan(8, &disk.after_a_cut(0), 5);
    assert_eq!(found.entries, handed(5..13));
    assert!(!found.damaged && !found.ahead);
    assert_eq!(scan(8, &disk.after_a_cut(0), 13).entries, []);
}

#[test]
fn a_disk_that_was_full_has_everything_once_there_is_room() {
    let (mut ring, disk, _) = ring(32);
    ring.append(&handed(0..4)).unwrap();
    disk.state.lock().unwrap().failing = true;
    for _ in 0..3 {
        assert_eq!(ring.append(&handed(4..9)).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    assert_eq!(scan(32, &disk.after_a_cut(0), 0).entries, handed(0..4));
    disk.state.lock().unwrap().failing = false;

    ring.append(&handed(4..9)).unwrap();

    assert_eq!(scan(32, &disk.after_a_cut(0), 0).entries, handed(0..9));
}

#[test]
fn a_record_that_was_durable_and_cannot_be_read_is_no_torn_tail() {
    let (mut ring, disk, _) = ring(32);
    ring.append(&handed(0..4)).unwrap();
    ring.append(&handed(4..8)).unwrap();
    let mut bytes = disk.after_a_cut(0);
    bytes[4096 + 2 * SLOT + 60] ^= 1;

    let found = scan(32, &bytes, 0);

    assert_eq!(found.entries, handed(0..2));
    assert!(found.damaged);
}

#[test]
fn a_store_that_is_older_than_what_was_written_over_is_noticed() {
    let (mut ring, disk, folded) = ring(8);
    ring.append(&handed(0..8)).unwrap();
    folded.store(8, Ordering::Release);
    ring.append(&handed(8..12)).unwrap();

    assert!(scan(8, &disk.after_a_cut(0), 2).ahead);
    assert!(!scan(8, &disk.after_a_cut(0), 8).ahead);
}

#[test]
fn a_header_is_ours_damaged_or_foreign() {
    let good = ring::blank(&header(8));
    assert_eq!(Header::read(&good), Ok(header(8)));

    let mut other = good.clone();
    other[70] ^= 1;
    for bytes in [&[][..], &good[..100], &good[..5000], &vec![0; 8000], &other] {
        assert_eq!(Header::read(bytes), Err(NoHeader::Damaged), "{} bytes", bytes.len());
    }
    let mut newer = good.clone();
    newer[16] = 9;
    for bytes in [&newer, &b"SQLite format 3, or something else that is not ours".to_vec()] {
        assert!(matches!(Header::read(bytes), Err(NoHeader::Foreign(_))));
    }
}

#[tokio::test]
async fn folding_finds_its_rows_by_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/test.db", folder.path().display());
    let store = Store::open(&url).await.unwrap();
    for text in rows::statements() {
        let Tx::Sqlite(mut tx) = store.read().await.unwrap() else { panic!("it is on SQLite") };
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("explain query plan {text}")))
                .bind("[]")
                .fetch_all(&mut *tx)
                .await
                .unwrap();
        let plan: String = plan.into_iter().map(|row| row.3 + "\n").collect();

        assert!(
            plan.contains("SEARCH deliveries USING PRIMARY KEY (edition_id=? AND subscriber_id=?)"),
            "{text}\n{plan}"
        );
    }
}
