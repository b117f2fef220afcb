//! From articles to mails, slot by slot.

use chrono::TimeDelta;
use gazetted::delivery::transition::State;
use gazetted::store::editions::EditionState;

use crate::support::newsroom::Item;
use crate::support::postbox::Mail;
use crate::support::world::{USUAL, WIRE, at};
use crate::support::{Database, World, on_both_engines};

on_both_engines!(
    each_reader_gets_one_mail_in_a_slot,
    an_edit_mails_nobody,
    nothing_new_means_no_mail,
    what_does_not_fit_goes_into_the_next_edition,
    a_piece_dated_later_waits_for_its_day,
    an_old_piece_is_not_news_for_a_first_edition,
    of_three_missed_slots_the_latest_makes_up_for_all,
    three_missed_slots_make_an_edition_each_if_the_operator_wants,
    missed_slots_are_let_go_if_the_operator_wants,
    a_slot_older_than_stale_after_is_not_mailed_and_its_pieces_come_next,
    an_edition_that_waited_too_long_is_not_mailed_any_more,
    each_digest_has_its_own_pieces_readers_and_language,
    a_reader_gets_only_the_regions_they_chose,
    who_comes_after_the_edition_is_made_waits_for_the_next,
);

/// What there is to tell from each place: nothing that would stand beside
/// the news of another.
const STORIES: [(&str, &str); 10] = [
    ("Peru", "Llamas carry salt across the pass"),
    ("Chile", "Copper ships wait outside the harbour"),
    ("Kenya", "Flamingos leave a soda lake"),
    ("Austria", "Avalanche wardens measure powder"),
    ("Egypt", "Engineers dredge silt behind turbines"),
    ("France", "Bakers strike over flour"),
    ("Switzerland", "Clockmakers lose an apprentice"),
    ("Fiji", "Coral grows on sunken trams"),
    ("Brazil", "Rubber tappers vote again"),
    ("Bolivia", "Cable cars climb to classrooms"),
];

/// A piece from a place.
fn piece(day: u32, hour: u32, region: &str) -> Item {
    let date = format!("2026-03-{day:02}T{hour:02}:00:00Z");
    let (_, story) = STORIES.iter().find(|(place, _)| *place == region).unwrap();
    let guid = format!("{day}-{hour}-{region}");
    let mut item =
        Item::new(&guid, &format!("{story}, {region}, no. {day}/{hour}."), region, &date);
    item.text = format!("{story}.");
    item
}

/// Turns to this moment, makes what is due, and sends it.
async fn run_at(world: &mut World, moment: &str) {
    world.turn_to(moment);
    world.visit().await;
    world.compile().await;
    world.deliver().await;
}

async fn each_reader_gets_one_mail_in_a_slot(database: Database) {
    let mut world = World::new(database).await;
    world.readers("email\nanna@example.org\nbert@example.org\n").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Switzerland")]);

    run_at(&mut world, "2026-03-03T06:59:59Z").await;
    assert_eq!(world.postbox.count(), 0, "not before its hour");
    for moment in ["2026-03-03T07:00:00Z", "2026-03-03T07:00:00Z", "2026-03-03T07:30:00Z"] {
        run_at(&mut world, moment).await;
    }
    world.restart().await;
    run_at(&mut world, "2026-03-03T07:31:00Z").await;

    assert_eq!(world.postbox.count(), 2);
    let mail = &world.postbox.mails_to("anna@example.org")[0];
    assert!(mail.header("Subject").contains("Clockmakers"));
    assert!(mail.text().contains("Clockmakers"));
    assert!(mail.from.contains("digest") && mail.from.contains("news.example.org"));
    assert_eq!(world.ledger().await, [(State::Sent, 2)].into());
    assert_eq!(world.editions().await[0].state, EditionState::Done);
    assert_eq!(world.postbox.rude(), Vec::<String>::new());
}

async fn an_edit_mails_nobody(database: Database) {
    let mut world = World::new(database).await;
    world.reader("anna@example.org").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Switzerland")]);
    run_at(&mut world, "2026-03-03T07:00:00Z").await;

    let mut edited = piece(3, 5, "Switzerland");
    edited.title = "Another title altogether".into();
    edited.text = "Another text.".into();
    world.newsroom.feed(WIRE, &[edited]);
    run_at(&mut world, "2026-03-04T07:00:00Z").await;
    run_at(&mut world, "2026-03-05T07:00:00Z").await;

    assert_eq!(world.titles().await, ["Another title altogether"]);
    assert_eq!(world.postbox.count(), 1);
    assert_eq!(world.editions().await.len(), 1);
}

async fn nothing_new_means_no_mail(database: Database) {
    let mut world = World::new(database).await;
    world.reader("anna@example.org").await;

    run_at(&mut world, "2026-03-03T07:00:00Z").await;
    world.newsroom.feed(WIRE, &[piece(3, 12, "Peru")]);
    run_at(&mut world, "2026-03-04T06:59:00Z").await;

    assert_eq!(world.postbox.count(), 0);
    run_at(&mut world, "2026-03-04T07:00:00Z").await;
    assert_eq!(world.postbox.count(), 1);
}

async fn what_does_not_fit_goes_into_the_next_edition(database: Database) {
    let mut world = World::with(database, &format!("{USUAL}limit = 4\n")).await;
    world.reader("anna@example.org").await;
    let items: Vec<Item> = (1..=10).map(|hour| piece(2, hour, "Peru")).collect();
    world.newsroom.feed(WIRE, &items);

    for day in 3..=6 {
        run_at(&mut world, &format!("2026-03-{day:02}T07:00:00Z")).await;
    }

    let texts: Vec<String> = world.postbox.mails().iter().map(Mail::text).collect();
    assert_eq!(texts.len(), 3, "4, 4 and 2; then there is nothing");
    for item in &items {
        let title = &item.title;
        assert!(texts.iter().any(|text| text.contains(title.as_str())), "{title} came");
    }
    let pieces: Vec<usize> = counts_of_pieces(&world).await;
    assert_eq!(pieces, [4, 4, 2]);
}

async fn counts_of_pieces(world: &World) -> Vec<usize> {
    let mut counts = vec![];
    for edition in world.editions().await {
        let mut tx = world.house.store.read().await.unwrap();
        let pieces = gazetted::store::editions::pieces(&mut tx, edition.id).await.unwrap();
        counts.push(pieces.len());
    }
    counts
}

async fn a_piece_dated_later_waits_for_its_day(database: Database) {
    let mut world = World::new(database).await;
    world.reader("anna@example.org").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Peru"), piece(4, 5, "Chile")]);

    run_at(&mut world, "2026-03-03T07:00:00Z").await;
    run_at(&mut world, "2026-03-04T07:00:00Z").await;

    let texts: Vec<String> = world.postbox.mails().iter().map(Mail::text).collect();
    assert_eq!(counts_of_pieces(&world).await, [1, 1]);
    assert!(texts[0].contains("Peru") && !texts[0].contains("Chile"), "{}", texts[0]);
    assert!(texts[1].contains("Chile"), "{}", texts[1]);
}

async fn an_old_piece_is_not_news_for_a_first_edition(database: Database) {
    let mut world = World::with(database, &format!("{USUAL}first_covers = \"1d\"\n")).await;
    world.reader("anna@example.org").await;
    world.newsroom.feed(WIRE, &[piece(1, 5, "Peru"), piece(2, 8, "Chile")]);

    run_at(&mut world, "2026-03-03T07:00:00Z").await;
    world.newsroom.feed(WIRE, &[piece(1, 6, "Brazil"), piece(3, 8, "Bolivia")]);
    run_at(&mut world, "2026-03-04T07:00:00Z").await;

    assert_eq!(counts_of_pieces(&world).await, [1, 1]);
    let last = world.postbox.mails().pop().unwrap().text();
    assert!(last.contains("Bolivia") && !last.contains("Brazil"), "{last}");
}

/// Down from the third at noon until the sixth at noon, with a piece each day.
async fn three_days_down(database: Database, digest: &str) -> World {
    let mut world = World::with(database, &format!("{USUAL}{digest}\n")).await;
    world.readers("email\nanna@example.org\nbert@example.org\n").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Peru")]);
    run_at(&mut world, "2026-03-03T07:00:00Z").await;
    assert_eq!(world.postbox.count(), 2);
    world.postbox.empty();
    world
        .newsroom
        .feed(WIRE, &[piece(3, 12, "Peru"), piece(4, 12, "Chile"), piece(5, 12, "Kenya")]);
    world.turn_to("2026-03-06T12:00:00Z");
    world.restart().await;
    world.visit().await;
    world.compile().await;
    world.deliver().await;
    world
}

async fn of_three_missed_slots_the_latest_makes_up_for_all(database: Database) {
    let mut world = three_days_down(database, "").await;
    world.compile().await;
    world.deliver().await;

    let mails = world.postbox.mails_to("anna@example.org");
    assert_eq!(mails.len(), 1);
    for region in ["Peru", "Chile", "Kenya"] {
        assert!(mails[0].text().contains(region), "{}", mails[0].text());
    }
    assert_eq!(world.postbox.count(), 2);
    assert_eq!(world.editions().await.len(), 2);
    world.newsroom.feed(WIRE, &[piece(6, 20, "Fiji")]);
    run_at(&mut world, "2026-03-07T07:00:00Z").await;
    assert_eq!(world.postbox.count(), 4, "and the schedule goes on");
}

async fn three_missed_slots_make_an_edition_each_if_the_operator_wants(database: Database) {
    let world = three_days_down(database, "catch_up = \"all\"\nstale_after = \"9d\"").await;

    let mails = world.postbox.mails_to("anna@example.org");
    assert_eq!(mails.len(), 3);
    assert_eq!(world.postbox.count(), 6);
    assert_eq!(counts_of_pieces(&world).await, [1, 1, 1, 1]);
    // Several connections: they need not arrive in the order of their slots.
    let subjects: Vec<String> = mails.iter().map(|mail| mail.header("Subject")).collect();
    for region in ["Peru", "Chile", "Kenya"] {
        let about = subjects.iter().filter(|subject| subject.contains(region)).count();
        assert_eq!(about, 1, "{region}: {subjects:?}");
    }
}

async fn missed_slots_are_let_go_if_the_operator_wants(database: Database) {
    let mut world = three_days_down(database, "catch_up = \"none\"").await;
    assert_eq!(world.postbox.count(), 0);

    run_at(&mut world, "2026-03-07T07:00:00Z").await;

    assert_eq!(world.postbox.count(), 2);
    assert_eq!(counts_of_pieces(&world).await, [1, 3], "no piece is lost");
}

async fn a_slot_older_than_stale_after_is_not_mailed_and_its_pieces_come_next(database: Database) {
    let mut world = three_days_down(database, "stale_after = \"2h\"").await;
    assert_eq!(world.postbox.count(), 0);

    run_at(&mut world, "2026-03-07T07:00:00Z").await;

    assert_eq!(world.postbox.count(), 2);
    assert_eq!(counts_of_pieces(&world).await, [1, 3]);
}

async fn an_edition_that_waited_too_long_is_not_mailed_any_more(database: Database) {
    let mut world = World::with(database, &format!("{USUAL}stale_after = \"3h\"\n")).await;
    world.readers("email\nanna@example.org\nbert@example.org\n").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Peru")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;

    world.turn_to("2026-03-03T10:00:01Z");
    world.deliver().await;

    assert_eq!(world.postbox.count(), 0);
    assert_eq!(world.ledger().await, [(State::Expired, 2)].into());
    assert!(world.troubled().await[0].reply.as_deref().unwrap().contains("stale_after"));
}

async fn each_digest_has_its_own_pieces_readers_and_language(database: Database) {
    let config = format!(
        "{USUAL}regions = [\"africa\"]\n\n[[digest]]\nname = \"woche\"\ntitle = \"Die Woche\"\n\
         schedule = \"0 8 * * Tue\"\nlanguage = \"de\"\nregions = [\"europe\"]\n"
    );
    let mut world = World::with(database, &config).await;
    world
        .readers(
            "email,digests,language\nanna@example.org,,\nbert@example.org,daily,\n\
             cleo@example.org,woche,\ndora@example.org,woche,fr\n",
        )
        .await;
    world.newsroom.feed(WIRE, &[piece(2, 5, "Kenya"), piece(2, 6, "Austria")]);

    run_at(&mut world, "2026-03-03T07:00:00Z").await;
    let at_seven = world.postbox.mails();
    world.postbox.empty();
    run_at(&mut world, "2026-03-03T08:00:00Z").await;

    let to: Vec<&str> = at_seven.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(sorted(to), ["anna@example.org", "bert@example.org"]);
    for mail in &at_seven {
        assert!(mail.text().contains("Kenya") && !mail.text().contains("Austria"));
        assert!(mail.text().contains("Unsubscribe"), "{}", mail.text());
    }
    let at_eight = world.postbox.mails();
    let to: Vec<&str> = at_eight.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(sorted(to), ["anna@example.org", "cleo@example.org", "dora@example.org"]);
    for mail in &at_eight {
        let text = mail.text();
        assert!(text.contains("Austria") && !text.contains("Kenya"), "{text}");
        let (frame, other) = if mail.to.starts_with("dora") {
            ("3 mars 2026", "März")
        } else {
            ("3. März 2026", "mars")
        };
        assert!(text.contains(frame) && !text.contains(other), "{text}");
    }
}

fn sorted(mut list: Vec<&str>) -> Vec<&str> {
    list.sort_unstable();
    list
}

async fn a_reader_gets_only_the_regions_they_chose(database: Database) {
    let mut world = World::new(database).await;
    world
        .readers(
            "email,regions\nall@example.org,\nafrica@example.org,africa\n\
             some@example.org,europe/austria africa/kenya\nnone@example.org,oceania\n",
        )
        .await;
    world.newsroom.feed(
        WIRE,
        &[
            piece(2, 5, "Kenya"),
            piece(2, 6, "Austria"),
            piece(2, 7, "Egypt"),
            piece(2, 8, "France"),
        ],
    );

    run_at(&mut world, "2026-03-03T07:00:00Z").await;

    for (who, wanted) in [
        ("all", &["Kenya", "Austria", "Egypt", "France"][..]),
        ("africa", &["Kenya", "Egypt"]),
        ("some", &["Kenya", "Austria"]),
    ] {
        let mails = world.postbox.mails_to(&format!("{who}@example.org"));
        assert_eq!(mails.len(), 1, "{who}");
        for region in ["Kenya", "Austria", "Egypt", "France"] {
            for part in [mails[0].text(), mails[0].html()] {
                let there = part.contains(&format!(", {region}"));
                assert_eq!(there, wanted.contains(&region), "{region} for {who}: {part}");
            }
        }
    }
    assert!(world.postbox.mails_to("none@example.org").is_empty(), "no piece, no mail");
    assert_eq!(world.ledger().await, [(State::Sent, 3)].into());
}

async fn who_comes_after_the_edition_is_made_waits_for_the_next(database: Database) {
    let mut world = World::new(database).await;
    world.reader("anna@example.org").await;
    world.newsroom.feed(WIRE, &[piece(3, 5, "Peru")]);
    world.turn_to("2026-03-03T07:00:00Z");
    world.visit().await;
    world.compile().await;

    world.reader("late@example.org").await;
    world.deliver().await;
    assert_eq!(world.postbox.count(), 1);

    world.newsroom.feed(WIRE, &[piece(3, 12, "Peru")]);
    run_at(&mut world, "2026-03-04T07:00:00Z").await;
    assert_eq!(world.postbox.mails_to("late@example.org").len(), 1);
    assert!(world.now() - at("2026-03-04T07:00:00Z") < TimeDelta::seconds(1));
}
