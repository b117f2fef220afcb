use super::*;
use crate::clock::from_millis;

const BLANK: &str = "gz-blank-unsubscribe-url-7f3a";

fn letter() -> Letter {
    Letter {
        from: Mailbox::parse("The Meridian Review <digest@news.example.org>").unwrap(),
        reply_to: Some(Mailbox::parse("desk@news.example.org").unwrap()),
        subject: "The week by region".into(),
        html: format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><body><p>Überblick</p><a href=\"{BLANK}\">Unsubscribe</a></body></html>\n"
        ),
        text: format!("THE WEEK\n\n.Überblick\n\nUnsubscribe: {BLANK}\n"),
        list_name: "The week by region".into(),
        list_id: "weekly.news.example.org".into(),
        feedback_id: feedback_id(7, "weekly", "news.example.org"),
        date: from_millis(1_780_000_000_000),
        extra: Vec::new(),
        blanks: vec![BLANK.into()],
    }
}

const PERSON: Person<'_> = Person {
    address: "reader@example.org",
    message_id: "abc.7.1@news.example.org",
    unsubscribe_url: "https://news.example.org/unsubscribe/TOKEN",
    unsubscribe_mailto: "mailto:bounce+TOKEN@news.example.org?subject=unsubscribe",
    blanks: &["https://news.example.org/unsubscribe/TOKEN?a=1&b=2"],
};

fn filled(letter: &Letter, person: &Person<'_>) -> String {
    let mut out = Vec::new();
    Assembled::new(letter).fill(person, &mut out);
    String::from_utf8(out).unwrap()
}

fn head(mail: &str) -> &str {
    mail.split_once("\r\n\r\n").unwrap().0
}

/// The decoded parts: text, HTML.
fn parts(mail: &str) -> Vec<String> {
    let (_, rest) = mail.split_once("boundary=\"").unwrap();
    let boundary = format!("\r\n--{}", rest.split_once('"').unwrap().0);
    mail.split(&boundary)
        .skip(1)
        .filter_map(|part| part.split_once("\r\n\r\n"))
        .map(|(_, body)| {
            let bytes =
                quoted_printable::decode(body, quoted_printable::ParseMode::Strict).unwrap();
            String::from_utf8(bytes).unwrap()
        })
        .collect()
}

#[test]
fn a_digest_has_each_header_field_once() {
    let mail = filled(&letter(), &PERSON);

    for name in &FIELDS {
        let count = head(&mail)
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))
            .count();
        let expected =
            usize::from(!matches!(*name, "content-transfer-encoding" | "dkim-signature"));
        assert_eq!(count, expected, "{name}");
    }
    assert!(head(&mail).contains("Date: Thu, 28 May 2026 20:26:40 +0000"));
    assert!(head(&mail).contains("List-Id: The week by region <weekly.news.example.org>"));
    assert!(head(&mail).lines().all(|line| line.len() <= 78 || line.starts_with(" <")));
}

#[test]
fn values_arrive_where_the_markers_stood() {
    let mail = filled(&letter(), &PERSON);

    let parts = parts(&mail);
    assert_eq!(
        parts[0],
        "THE WEEK\r\n\r\n.Überblick\r\n\r\nUnsubscribe: https://news.example.org/unsubscribe/TOKEN?a=1&b=2"
    );
    assert!(parts[1].contains(
        "<a href=\"https://news.example.org/unsubscribe/TOKEN?a=1&amp;b=2\">Unsubscribe</a>"
    ));
    assert!(!mail.contains(BLANK));
}

#[test]
fn a_marker_that_begins_with_another_is_not_mistaken_for_it() {
    let mut letter = letter();
    letter.text = "gz-name-2 gz-name gz-name-2".into();
    letter.blanks = vec!["gz-name".into(), "gz-name-2".into()];

    let mail = filled(&letter, &Person { blanks: &["one", "two"], ..PERSON });

    assert_eq!(parts(&mail)[0], "two one two");
}

#[test]
fn nothing_in_a_message_has_to_be_stuffed_or_canonicalised() {
    let mut letter = letter();
    letter.text = format!("{BLANK}{BLANK}\n.\n..\n{}\nend  \n \n", "word. ".repeat(200));
    let value = format!(".{} \r\n. ", "long value. ".repeat(40));

    let mail = filled(&letter, &Person { blanks: &[&value], ..PERSON });

    assert_eq!(
        parts(&mail)[0],
        format!("{value}{value}\r\n.\r\n..\r\n{}\r\nend  \r\n ", "word. ".repeat(200))
    );
    assert!(mail.ends_with("--\r\n"));
    for line in mail.split("\r\n") {
        assert!(line.len() <= 78, "{line}");
        assert!(!line.starts_with('.') && !line.contains(['\r', '\n']), "{line}");
    }
    let (_, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!body.contains("  ") && !body.contains(" \r\n") && !body.contains('\t'));
}

#[test]
fn without_https_there_is_no_one_click_promise() {
    let mail = filled(
        &letter(),
        &Person { unsubscribe_url: "http://127.0.0.1:8080/unsubscribe/TOKEN", ..PERSON },
    );

    assert!(!head(&mail).contains("List-Unsubscribe-Post"));
    assert!(!head(&mail).contains("http:"));
    assert!(head(&mail).contains("<mailto:"));
}

#[test]
fn no_value_can_begin_a_header_field() {
    let mut letter = letter();
    let evil = "x\r\nBcc: other@example.org\r\n\r\nbody";
    letter.from.name = evil.into();
    letter.from.address = evil.into();
    letter.subject = evil.into();
    letter.list_name = evil.into();
    letter.list_id = evil.into();
    letter.feedback_id = evil.into();
    letter.extra = vec![("X-Note".into(), evil.into()), ("Bad\r\nBcc".into(), evil.into())];

    let mail = filled(
        &letter,
        &Person {
            address: evil,
            message_id: evil,
            unsubscribe_url: "https://a\r\nBcc: x",
            unsubscribe_mailto: "mailto:a>\r\nBcc: x",
            blanks: &[evil],
        },
    );

    assert!(!head(&mail).lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")));
    assert!(head(&mail).contains("\r\nMIME-Version"), "the head ends where it should");
}

#[test]
fn an_extra_field_cannot_double_one_that_is_there() {
    let mut letter = letter();
    letter.extra = vec![
        ("subject".into(), "other".into()),
        ("X-Edition".into(), "7".into()),
        ("x-edition".into(), "8".into()),
    ];

    let mail = filled(&letter, &PERSON);

    assert!(head(&mail).contains("X-Edition: 7"));
    assert!(!head(&mail).contains("other") && !head(&mail).contains("x-edition"));
}

#[test]
fn the_same_letter_makes_the_same_bytes() {
    assert_eq!(filled(&letter(), &PERSON), filled(&letter(), &PERSON));
}

#[test]
fn a_mailbox_is_read_with_and_without_a_name() {
    let named = Mailbox::parse("\"Review, The\" <digest@example.org>").unwrap();
    assert_eq!((named.name.as_str(), named.domain()), ("Review, The", "example.org"));
    assert_eq!(Mailbox::parse("digest@example.org").unwrap().name, "");
    assert!(Mailbox::parse("digest").unwrap_err().contains("name@example.org"));
}
