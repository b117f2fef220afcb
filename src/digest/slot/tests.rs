use chrono::NaiveDate;
use chrono_tz::{America, Asia, Australia, Europe, Pacific, UTC};
use proptest::prelude::*;

use super::*;

fn schedule(line: &str) -> Schedule {
    Schedule::parse(line).unwrap()
}

fn time(text: &str) -> Time {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn slot(text: &str) -> Slot {
    Slot { local: NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap() }
}

/// A digest known since long ago, in a daemon that has been up since then.
fn known(last: Option<Slot>) -> Past {
    let since = time("2020-01-01T00:00:00Z");
    Past { last, since, started: since }
}

fn freezes(found: &[DueSlot]) -> Vec<String> {
    found.iter().map(|due| due.freeze_at.to_rfc3339()).collect()
}

#[test]
fn a_slot_is_due_at_its_hour_in_a_fixed_zone_and_not_before() {
    let (monday, zone) = (schedule("0 7 * * Mon"), Zone::Fixed(Europe::London));
    let past = known(Some(slot("2024-07-01 07:00")));
    let early = due(&monday, zone, CatchUp::Latest, past, time("2024-07-08T05:59:59Z"), &[]);
    let late = due(&monday, zone, CatchUp::Latest, past, time("2024-07-08T06:00:00Z"), &[]);

    assert_eq!(early, []);
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].slot, slot("2024-07-08 07:00"));
    assert_eq!(late[0].freeze_at, time("2024-07-08T06:00:00Z"));
}

#[test]
fn after_a_week_down_catch_up_decides_what_goes_out() {
    let (daily, zone) = (schedule("0 7 * * *"), Zone::Fixed(UTC));
    let now = time("2024-07-08T12:00:00Z");
    let past = Past { started: now, ..known(Some(slot("2024-07-01 07:00"))) };

    let all = due(&daily, zone, CatchUp::All, past, now, &[]);
    let latest = due(&daily, zone, CatchUp::Latest, past, now, &[]);
    let none = due(&daily, zone, CatchUp::None, past, now, &[]);

    assert_eq!(all.len(), 7);
    assert_eq!(all[0].slot, slot("2024-07-02 07:00"));
    assert_eq!(latest, all[6..]);
    assert_eq!(none, []);
}

#[test]
fn a_restart_a_minute_after_the_hour_misses_nothing() {
    let (daily, zone) = (schedule("0 7 * * *"), Zone::Fixed(UTC));
    let now = time("2024-07-08T07:01:00Z");
    let past = Past { started: now, ..known(Some(slot("2024-07-01 07:00"))) };

    assert_eq!(due(&daily, zone, CatchUp::None, past, now, &[]).len(), 1);
}

#[test]
fn slots_before_the_digest_was_known_never_count() {
    let (daily, zone) = (schedule("0 7 * * *"), Zone::Fixed(UTC));
    let since = time("2024-07-08T07:00:00Z");
    let past = Past { last: None, since, started: since };

    assert_eq!(due(&daily, zone, CatchUp::All, past, time("2024-07-09T06:59:00Z"), &[]), []);
    assert_eq!(due(&daily, zone, CatchUp::All, past, time("2024-07-09T07:00:00Z"), &[]).len(), 1);
}

#[test]
fn a_slot_in_the_hour_that_spring_skips_goes_at_the_first_moment_after() {
    let zone = Zone::Fixed(Europe::Berlin);
    let past = known(Some(slot("2024-03-30 02:30")));
    let daily = schedule("30 2 * * *");
    let found = due(&daily, zone, CatchUp::All, past, time("2024-04-01T12:00:00Z"), &[]);

    // 03:00 summer time is 01:00 UTC; the day after it is 02:30 again.
    assert_eq!(freezes(&found), ["2024-03-31T01:00:00+00:00", "2024-04-01T00:30:00+00:00"]);
    assert_eq!(found[0].slot, slot("2024-03-31 02:30"));
    let before = due(&daily, zone, CatchUp::All, past, time("2024-03-31T00:59:59Z"), &[]);
    assert_eq!(before, []);
}

#[test]
fn skipped_slots_of_a_frequent_schedule_do_not_pile_up_after_the_gap() {
    let zone = Zone::Fixed(Europe::Berlin);
    let past = known(Some(slot("2024-03-31 01:30")));
    let found =
        due(&schedule("*/30 * * * *"), zone, CatchUp::All, past, time("2024-03-31T01:30:00Z"), &[]);

    assert_eq!(freezes(&found), ["2024-03-31T01:00:00+00:00", "2024-03-31T01:30:00+00:00"]);
    assert_eq!(found[0].slot, slot("2024-03-31 03:00"));
}

#[test]
fn a_slot_in_the_hour_that_autumn_repeats_goes_once_the_first_time() {
    let zone = Zone::Fixed(Europe::Berlin);
    let daily = schedule("30 2 * * *");
    let past = known(Some(slot("2024-10-26 02:30")));
    let first = due(&daily, zone, CatchUp::All, past, time("2024-10-27T00:30:00Z"), &[]);
    // Between the two 02:30s, when the clock shows 02:10 for the second time.
    let between = due(&daily, zone, CatchUp::All, past, time("2024-10-27T01:10:00Z"), &[]);
    let taken = known(Some(first[0].slot));
    let second = due(&daily, zone, CatchUp::All, taken, time("2024-10-27T01:30:00Z"), &[]);

    assert_eq!(freezes(&first), ["2024-10-27T00:30:00+00:00"]);
    assert_eq!(between, first);
    assert_eq!(second, []);
}

#[test]
fn a_day_that_a_zone_left_out_goes_when_the_next_begins() {
    // Samoa went from 29 to 31 December 2011.
    let moment = due_at(slot("2011-12-30 07:00"), Pacific::Apia);

    assert_eq!(moment, time("2011-12-30T10:00:00Z"));
    assert_eq!(Slot::at(moment, Pacific::Apia), slot("2011-12-31 00:00"));
}

#[test]
fn with_readers_everywhere_an_edition_freezes_in_the_first_zone_that_has_readers() {
    let (monday, zone) = (schedule("0 7 * * Mon"), Zone::Subscriber(Europe::London));
    let past = known(Some(slot("2024-01-01 07:00")));
    let readers = [Some(America::New_York), Some(Asia::Tokyo), None];
    let found = due(&monday, zone, CatchUp::Latest, past, time("2024-01-07T22:00:00Z"), &readers);

    assert_eq!(freezes(&found), ["2024-01-07T22:00:00+00:00"]);
    assert_eq!(found[0].slot, slot("2024-01-08 07:00"));
    assert_eq!(due_at(found[0].slot, Asia::Tokyo), time("2024-01-07T22:00:00Z"));
    assert_eq!(due_at(found[0].slot, Europe::London), time("2024-01-08T07:00:00Z"));
    assert_eq!(due_at(found[0].slot, America::New_York), time("2024-01-08T12:00:00Z"));
}

#[test]
fn readers_in_the_west_alone_wait_for_their_own_morning() {
    let (monday, zone) = (schedule("0 7 * * Mon"), Zone::Subscriber(Europe::London));
    let past = known(Some(slot("2024-01-01 07:00")));
    let at = |text, readers: &[Option<Tz>]| {
        due(&monday, zone, CatchUp::Latest, past, time(text), readers).len()
    };

    assert_eq!(at("2024-01-08T07:00:00Z", &[Some(America::New_York)]), 0);
    assert_eq!(at("2024-01-08T12:00:00Z", &[Some(America::New_York)]), 1);
    assert_eq!(at("2024-01-08T07:00:00Z", &[]), 1);
}

#[test]
fn the_next_slot_is_told() {
    let monday = schedule("0 7 * * Mon");
    let now = time("2024-07-08T06:00:00Z");

    let fixed = next(&monday, Zone::Fixed(Europe::London), &[], now).unwrap();
    let own = Zone::Subscriber(Europe::London);
    let sydney = next(&monday, own, &[None, Some(Australia::Sydney)], now).unwrap();

    assert_eq!(fixed.freeze_at, time("2024-07-15T06:00:00Z"));
    assert_eq!(sydney.freeze_at, time("2024-07-14T21:00:00Z"));
}

#[test]
fn a_daemon_down_for_years_looks_at_a_bounded_number_of_slots() {
    let every_second = schedule("* * * * * *");
    let past = known(None);
    let now = time("2024-07-08T12:00:00Z");

    let found = due(&every_second, Zone::Fixed(UTC), CatchUp::All, past, now, &[]);

    assert_eq!(found.len(), MOST_SLOTS);
    assert_eq!(found.last().unwrap().freeze_at, now);
}

#[test]
fn a_slot_is_read_back_from_its_key() {
    let slot = slot("2024-03-31 02:30");

    assert_eq!(Slot::from_key(slot.key()), Some(slot));
    assert_eq!(Slot::from_key(i64::MAX), None);
}

#[test]
fn a_schedule_says_which_field_is_wrong() {
    for (line, names) in [
        ("0 25 * * Mon", "hour `25`"),
        ("60 7 * * Mon", "minute `60`"),
        ("61 0 7 * * Mon", "second `61`"),
        ("0 7 32 * *", "day of month `32`"),
        ("0 7 * Foo *", "month `Foo`"),
        ("0 7 * * Monday", "day of week `Monday`"),
        ("Mon 7 * * *", "minute `Mon`"),
        ("0 7 , * *", "day of month `,`"),
        ("0 7 * *", "4 fields"),
        ("", "0 fields"),
        ("0 7 30 Feb *", "never comes"),
        ("@fortnightly", "`@fortnightly`"),
        ("*/0 * * * *", "minute `*/0`"),
    ] {
        let message = Schedule::parse(line).unwrap_err();
        assert!(message.contains(names), "{line}: {message}");
        assert!(message.contains("0 7 * * Mon"), "{line}: {message}");
    }
}

#[test]
fn the_usual_schedules_are_taken() {
    for line in [
        "0 7 * * Mon",
        "0 7 * * mon-fri",
        "30 0 7 * * 1",
        "*/15 6-22 * * *",
        "0 7 L * *",
        "0 7 1,15 Jan-Jun *",
        "0 7 * * 5#1",
        "0 7 29 2 *",
        "@daily",
    ] {
        assert_eq!(schedule(line).as_str(), line);
    }
}

#[test]
fn the_modes_of_catching_up_are_read_back() {
    for way in [CatchUp::Latest, CatchUp::All, CatchUp::None] {
        assert_eq!(CatchUp::parse(way.as_str()), Some(way));
    }
    assert_eq!(CatchUp::parse("some"), None);
}

fn lines() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0 7 * * *", "30 2 * * *", "*/20 * * * *", "0 0,2,3 * * Sun"])
}

fn some_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Europe::Berlin,
        America::New_York,
        America::St_Johns,
        Australia::Lord_Howe,
        Asia::Kolkata,
        Pacific::Kiritimati,
    ])
}

fn zone_and_readers() -> impl Strategy<Value = (Zone, Vec<Option<Tz>>)> {
    prop_oneof![
        some_zone().prop_map(|tz| (Zone::Fixed(tz), vec![])),
        (some_zone(), prop::collection::vec(prop::option::of(some_zone()), 0..4))
            .prop_map(|(tz, readers)| (Zone::Subscriber(tz), readers)),
    ]
}

#[test]
fn in_the_hour_that_autumn_repeats_the_latest_is_the_last_before_it() {
    let zone = chrono_tz::America::New_York;
    let latest = |moment| wall::latest_shown(time(moment), zone).to_string();

    assert_eq!(latest("2024-11-03T05:59:59Z"), "2024-11-03 01:59:59");
    assert_eq!(latest("2024-11-03T06:00:00Z"), "2024-11-03 01:59:59");
    assert_eq!(latest("2024-11-03T06:59:59Z"), "2024-11-03 01:59:59");
    assert_eq!(latest("2024-11-03T07:00:00Z"), "2024-11-03 02:00:00");
    assert_eq!(latest("2024-03-10T07:00:00Z"), "2024-03-10 03:00:00");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// However often the daemon looks or restarts, the same slots come, each
    /// once and in order.
    #[test]
    fn looking_often_finds_what_looking_once_finds(
        line in lines(),
        (zone, readers) in zone_and_readers(),
        // Around the turns of 2024, in minutes from 1 March on.
        start in 0i64..(300 * 24 * 60),
        steps in prop::collection::vec(1i64..600, 1..12),
    ) {
        let schedule = schedule(line);
        let since = time("2024-03-01T00:00:00Z") + TimeDelta::minutes(start);
        let end = since + TimeDelta::minutes(steps.iter().sum());
        let mut past = Past { last: None, since, started: since };
        let once = due(&schedule, zone, CatchUp::All, past, end, &readers);

        let mut often = vec![];
        let mut now = since;
        for step in steps {
            now += TimeDelta::minutes(step);
            past.started = now;
            for found in due(&schedule, zone, CatchUp::All, past, now, &readers) {
                prop_assert!(found.freeze_at <= now);
                past.last = Some(found.slot);
                often.push(found);
            }
        }

        prop_assert_eq!(&often, &once);
        prop_assert!(often.is_sorted_by(|a, b| a.slot < b.slot && a.freeze_at < b.freeze_at));
    }

    /// The latest slot is the last of all slots.
    #[test]
    fn the_latest_is_the_last_of_all(
        line in lines(),
        (zone, readers) in zone_and_readers(),
        minutes in 0i64..(300 * 24 * 60),
    ) {
        let schedule = schedule(line);
        let since = time("2024-03-01T00:00:00Z");
        let past = Past { last: None, since, started: since };
        let now = since + TimeDelta::minutes(minutes);

        let all = due(&schedule, zone, CatchUp::All, past, now, &readers);
        let latest = due(&schedule, zone, CatchUp::Latest, past, now, &readers);

        prop_assert_eq!(latest.last(), all.last());
        prop_assert!(latest.len() <= 1);
    }

    /// What comes next is not due yet, and due when its moment comes.
    #[test]
    fn the_next_slot_is_due_exactly_at_its_moment(
        line in lines(),
        (zone, readers) in zone_and_readers(),
        minutes in 0i64..(300 * 24 * 60),
    ) {
        let schedule = schedule(line);
        let since = time("2024-03-01T00:00:00Z") + TimeDelta::minutes(minutes);
        let past = Past { last: None, since, started: since };
        let coming = next(&schedule, zone, &readers, since).unwrap();
        let second = TimeDelta::seconds(1);

        let before = due(&schedule, zone, CatchUp::All, past, coming.freeze_at - second, &readers);
        let then = due(&schedule, zone, CatchUp::All, past, coming.freeze_at, &readers);

        prop_assert_eq!(before, vec![]);
        prop_assert_eq!(then.len(), 1);
        prop_assert_eq!(then[0].freeze_at, coming.freeze_at);
    }

    /// A wall-clock time comes at the first moment its clock shows it.
    #[test]
    fn a_slot_comes_when_the_clock_first_shows_it(zone in some_zone(), minute in 0i64..(366 * 24 * 60)) {
        let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let slot = Slot { local: day + TimeDelta::minutes(minute) };
        let moment = due_at(slot, zone);

        prop_assert!(wall::shown(moment, zone) >= slot.local);
        prop_assert!(wall::latest_shown(moment - TimeDelta::seconds(1), zone) < slot.local);
    }

    #[test]
    fn no_text_upsets_the_reader_of_schedules(text in "\\PC{0,40}") {
        let _ = Schedule::parse(&text);
    }
}
