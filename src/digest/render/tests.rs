use proptest::prelude::*;
use scraper::{Html, Selector};

use super::print::size;
use super::*;
use crate::article::Image;
use crate::digest::sections::tests::piece;
use crate::digest::sections::{Beside, Piece, arrange};
use crate::region::Tree;

const REGIONS: [&str; 6] =
    ["africa/kenya", "americas/chile", "asia/nepal", "europe/france", "oceania", "world"];

fn templates() -> &'static Templates {
    static TEMPLATES: std::sync::OnceLock<Templates> = std::sync::OnceLock::new();
    TEMPLATES.get_or_init(|| Templates::load(None).expect("our own templates are good"))
}

fn frame() -> Frame {
    Frame {
        site_title: "The Meridian Review".to_owned(),
        site_url: "https://news.example.org/".to_owned(),
        site_description: Some("Rivers, roads and cables.".to_owned()),
        imprint: Some("14 Harbour Row\nGreenwich".to_owned()),
        title: "The week by region".to_owned(),
        date: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        zone: chrono_tz::Europe::London,
        number: 14,
        language: "en".to_owned(),
        archive_url: "https://news.example.org/archive/weekly/14".to_owned(),
        unsubscribe_url: Blank::UnsubscribeUrl.marker().to_owned(),
        preferences_url: None,
        preheader: String::new(),
        why: String::new(),
    }
}

/// A piece with everything a piece can have.
fn rich(id: i64) -> Piece {
    let region = REGIONS[usize::try_from(id).unwrap() % REGIONS.len()];
    let beside = |n: i64| Beside {
        title: format!("What became of the ferry at mile {n}"),
        url: format!("https://news.example.org/before/{id}?a=1&b={n}"),
        teaser: "The boat was sold upriver, and the landing is a market on two days.".to_owned(),
    };
    let image = Image {
        url: format!("https://news.example.org/media/{id}.jpg"),
        alt: "A landing at low water".to_owned(),
        width: Some(1200),
        height: Some(800),
        ..Image::default()
    };
    Piece {
        teaser: "Two towns share a river and a clock, and for a year now a bridge. ".repeat(4),
        beside: vec![beside(1), beside(2), beside(3)],
        copies: vec![],
        image: Some(image),
        ..piece(id, region)
    }
}

fn rendered(frame: &Frame, pieces: &[Piece]) -> Rendered {
    let layout = arrange(pieces, &Tree::default(), &frame.language);
    render(templates(), frame, &layout).unwrap()
}

fn html_links(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let anchors = Selector::parse("a[href]").unwrap();
    let mut links: Vec<_> =
        page.select(&anchors).map(|a| a.value().attr("href").unwrap().to_owned()).collect();
    links.sort();
    links.dedup();
    links
}

/// How many links say the title of a piece.
fn linked_titles(html: &str) -> usize {
    let page = Html::parse_document(html);
    let anchors = Selector::parse("a").unwrap();
    page.select(&anchors).filter(|a| a.text().any(|text| text.starts_with("Piece "))).count()
}

fn text_links(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let is_link = |line: &&str| line.starts_with("http") || line.starts_with("gz-blank-uns");
    let mut found: Vec<_> = lines.filter(is_link).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn any_number_of_pieces_stays_under_the_cut_and_can_be_left() {
    for count in [0, 1, 12, 13, 30, 200, 1000] {
        let pieces: Vec<_> = (0..count).map(rich).collect();

        let mail = rendered(&frame(), &pieces);

        assert!(mail.html.len() <= MAX_HTML_BYTES, "{count}: {}", mail.html.len());
        for body in [&mail.html, &mail.text] {
            assert!(body.contains(Blank::UnsubscribeUrl.marker()), "{count}");
            assert!(body.contains(Blank::Address.marker()), "{count}");
            assert!(body.contains("Greenwich"), "{count}");
        }
    }
}

#[test]
fn an_edition_of_the_usual_size_shows_every_piece_with_its_teaser() {
    let pieces: Vec<_> = (0..20).map(rich).collect();

    let mail = rendered(&frame(), &pieces);

    assert_eq!(mail.html.matches("media/").count(), 20);
    assert!(!mail.html.contains("in the archive"));
}

#[test]
fn what_has_no_room_is_a_line_and_then_a_number() {
    let pieces: Vec<_> = (0..60).map(rich).collect();
    let mail = rendered(&frame(), &pieces);
    let titles = linked_titles(&mail.html);
    assert_eq!(titles, 60, "all are there, if only as a line");
    let full = mail.html.matches("media/").count();
    assert!((13..60).contains(&full), "{full}");

    let pieces: Vec<_> = (0..1000).map(rich).collect();
    let mail = rendered(&frame(), &pieces);
    let titles = linked_titles(&mail.html);
    let words = format!("{} more pieces in the archive", 1000 - titles);
    assert!(mail.html.contains(&words) && mail.text.contains(&words), "{words}");
    assert!(titles > 60);
    assert_eq!(mail.html.matches("media/").count(), FULL_AT_LEAST + 1);
}

#[test]
fn room_is_shared_between_regions() {
    let mut pieces: Vec<_> =
        (0..200).map(|id| Piece { region: "asia".parse().unwrap(), ..rich(id) }).collect();
    pieces.push(Piece { region: "world".parse().unwrap(), ..rich(300) });

    let mail = rendered(&frame(), &pieces);

    assert!(mail.html.contains("media/300.jpg"));
}

#[test]
fn every_link_of_the_html_is_in_the_text_and_the_other_way_round() {
    for count in [0, 1, 9, 60] {
        let pieces: Vec<_> = (0..count).map(rich).collect();

        let mail = rendered(&frame(), &pieces);

        assert_eq!(html_links(&mail.html), text_links(&mail.text), "{count}");
    }
}

#[test]
fn a_title_cannot_become_markup_or_a_header() {
    let hostile = Piece {
        title: "</title><script>alert(1)</script>\r\nBcc: x@example.org {{ 7*7 }}".to_owned(),
        teaser: "\" onload=\"alert(1) <img src=x>".to_owned(),
        authors: vec!["<b>Desk</b>".to_owned()],
        url: "javascript:alert(1)".to_owned(),
        ..rich(0)
    };

    let mail = rendered(&frame(), &[hostile]);

    assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"));
    assert!(!mail.html.contains("javascript:") && !mail.text.contains("javascript:"));
    assert!(!mail.html.contains("<img src=x"));
    assert!(mail.html.contains("{{ 7*7 }}"));
    assert!(!mail.subject.contains(['\r', '\n']));
    assert!(mail.text.contains("</title><script>"), "text is text");
}

#[test]
fn a_piece_cannot_forge_a_blank() {
    let marker = Blank::UnsubscribeUrl.marker();
    let forger = Piece {
        title: format!("Read {marker}"),
        teaser: Blank::Address.marker().to_owned(),
        url: format!("https://evil.example/?{}", Blank::Address.marker()),
        source: marker.to_owned(),
        ..rich(0)
    };
    let count = |mail: &Rendered, blank: Blank| {
        mail.html.matches(blank.marker()).count() + mail.text.matches(blank.marker()).count()
    };
    let honest = rendered(&frame(), &[rich(0)]);

    let mail = rendered(&frame(), &[forger]);

    for blank in Blank::ALL {
        assert_eq!(count(&mail, blank), count(&honest, blank), "{blank:?}");
    }
    assert!(!mail.subject.contains(marker));
}

#[test]
fn structure_is_what_mail_programs_want() {
    let pieces: Vec<_> = (0..9).map(rich).collect();

    let mail = rendered(&frame(), &pieces);

    let page = Html::parse_document(&mail.html);
    let all = |css: &str| page.select(&Selector::parse(css).unwrap()).count();
    assert_eq!(all("html[lang=en][dir=ltr]"), 1);
    assert_eq!(all("h1"), 1);
    assert_eq!(all("table:not([role=presentation])"), 0);
    assert_eq!(all("img"), 9);
    assert_eq!(all("img[alt][width][height]"), 9);
    assert_eq!(all("script, iframe, form, link, object"), 0);
    assert!(mail.html.contains("@media (prefers-color-scheme: dark)"));
    assert!(!mail.html.contains("url(") && !mail.html.contains("@import"));
    let styled = Selector::parse("[style]").unwrap();
    assert!(page.select(&styled).all(|e| !e.value().attr("style").unwrap().contains("!important")));
    assert!(mail.text.lines().filter(|l| !l.contains("http")).all(|l| l.chars().count() <= 72));
    assert!(!mail.text.contains("&amp;") && !mail.text.contains("</"));
}

#[test]
fn images_that_a_mail_program_would_not_show_are_left_out() {
    let image = |url: &str, side| Image {
        url: url.to_owned(),
        width: side,
        height: side,
        ..Image::default()
    };
    let show = |frame: &Frame, image: Image| {
        let mail = rendered(frame, &[Piece { image: Some(image), ..rich(0) }]);
        mail.html.contains("<img")
    };
    let demo = Frame { site_url: "http://127.0.0.1:8080/".to_owned(), ..frame() };

    assert!(show(&frame(), image("https://example.org/a.jpg", None)));
    assert!(!show(&frame(), image("http://example.org/a.jpg", None)));
    assert!(show(&demo, image("http://127.0.0.1:8080/media/a.jpg", None)));
    assert!(!show(&frame(), image("data:image/png;base64,AAAA", None)));
    assert!(!show(&frame(), image("https://example.org/pixel.gif", Some(1))));
}

#[test]
fn an_image_keeps_its_shape_and_its_place() {
    let of = |width, height| size(&Image { width, height, ..Image::default() }, 576);

    assert_eq!(of(Some(1200), Some(800)), (576, 384));
    assert_eq!(of(Some(300), Some(200)), (300, 200));
    assert_eq!(of(Some(800), Some(1600)), (288, 576));
    assert_eq!(of(None, None), (576, 0));
    assert_eq!(of(Some(100), None), (100, 0));
    let (width, height) = of(Some(u32::MAX), Some(u32::MAX));
    assert_eq!((width, height), (576, 576));
    assert_eq!(of(Some(64), Some(u32::MAX)).0, 1);
}

#[test]
fn the_frame_speaks_the_readers_language_and_a_piece_keeps_its_own() {
    let arabic =
        Piece {
            title: "من يملك ماء النهر؟".to_owned(), language: "ar".to_owned(), ..rich(1)
        };
    let french = Frame { language: "fr".to_owned(), ..frame() };

    let mail = rendered(&french, &[Piece { language: "fr".to_owned(), ..rich(0) }, arabic]);

    assert!(mail.html.contains("23 novembre 2026") && mail.text.contains("Se désabonner"));
    let page = Html::parse_document(&mail.html);
    let foreign = Selector::parse("[lang=ar][dir=rtl]").unwrap();
    assert_eq!(page.select(&foreign).count(), 1);
}

#[test]
fn the_same_edition_makes_the_same_bytes() {
    let pieces: Vec<_> = (0..14).map(rich).collect();
    let turned: Vec<_> = pieces.iter().rev().cloned().collect();

    assert_eq!(rendered(&frame(), &pieces), rendered(&frame(), &turned));
}

#[test]
fn a_confirmation_has_one_link_and_nothing_else_to_press() {
    let url = "https://news.example.org/confirm/abc";

    let mail = render_confirmation(templates(), "The <Review>", "en", url).unwrap();

    assert_eq!(html_links(&mail.html), [url]);
    assert_eq!(text_links(&mail.text), [url]);
    assert_eq!(mail.subject, "Please confirm: The <Review>");
    assert!(!mail.html.contains("<Review>"));
}

#[test]
fn a_page_of_an_edition_has_all_its_pieces() {
    let pieces: Vec<_> = (0..60).map(rich).collect();
    let layout = arrange(&pieces, &Tree::default(), "en");

    let (lead, shelves) = shelves(&frame(), &layout);

    let stories: usize = shelves.iter().map(|shelf| shelf.stories.len()).sum();
    assert_eq!(stories + usize::from(lead.is_some()), 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_a_piece_says_the_mail_holds(
        title in "\\PC{0,400}",
        teaser in ".{0,2000}",
        url in "\\PC{0,60}",
        authors in prop::collection::vec("\\PC{0,90}", 0..5),
        language in "[a-zA-Z-]{0,12}",
        count in 1..8_i64,
    ) {
        let odd = |id| Piece {
            title: title.clone(),
            teaser: teaser.clone(),
            url: format!("https://example.org/{url}"),
            authors: authors.clone(),
            language: language.clone(),
            ..rich(id)
        };
        let pieces: Vec<_> = (0..count).map(odd).collect();

        let mail = rendered(&frame(), &pieces);

        prop_assert!(mail.html.len() <= MAX_HTML_BYTES);
        prop_assert_eq!(html_links(&mail.html), text_links(&mail.text));
        prop_assert!(!mail.subject.contains(['\r', '\n']));
    }
}
