use proptest::prelude::*;

use super::*;

fn read_all(text: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut bad) = (vec![], vec![]);
    for row in read(text.as_bytes()).unwrap() {
        match row {
            Ok(row) => rows.push(row),
            Err(row) => bad.push(row.to_string()),
        }
    }
    (rows, bad)
}

fn written(rows: &[Row], attributes: &[&str]) -> String {
    let mut bytes = vec![];
    let names = attributes.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = Writer::new(&mut bytes, names).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

const FULL: &str = "\
email,name,regions,timezone,language,digests,standing,consent,City,plan
one@example.org,\"Desk, \"\"One\"\"\",africa americas/united-states,Europe/London,en,weekly,active,form 2024-01-02,Accra,=1+1
two@example.org,,,,,,left,,,
";

#[test]
fn every_column_is_read_and_written_back_unchanged() {
    let (rows, bad) = read_all(FULL);

    assert_eq!(bad, [""; 0]);
    assert_eq!(rows[0].name, "Desk, \"One\"");
    assert_eq!(rows[0].regions.len(), 2);
    assert_eq!(rows[0].timezone, Some(chrono_tz::Europe::London));
    assert_eq!(rows[0].digests, ["weekly"]);
    assert_eq!(rows[0].attributes["City"], "Accra");
    assert_eq!(rows[1].standing, Standing::Left);
    assert_eq!(written(&rows, &["City", "plan"]), FULL);
}

#[test]
fn a_list_of_addresses_alone_makes_active_subscribers_of_everything() {
    let (rows, _) = read_all("email\none@example.org\n\n  \ntwo@example.org");

    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].standing, Standing::Active);
    assert!(rows[0].regions.is_empty() && rows[0].digests.is_empty());
    assert_eq!(rows[0].timezone, None);
}

#[test]
fn lists_as_spreadsheets_save_them_are_understood() {
    for text in [
        "\u{feff}Email,Name\r\none@example.org,Desk\r\n",
        "E-Mail;Name\none@example.org;Desk\n",
        "name\temail\nDesk\tone@example.org\n",
        "\"email\",\"name\"\n\"one@example.org\",\"Desk\"\n",
        "email,name,,\none@example.org,Desk,,,\n",
    ] {
        let (rows, bad) = read_all(text);
        assert_eq!(bad, [""; 0], "{text}");
        assert_eq!(rows[0].address.as_str(), "one@example.org");
        assert_eq!(rows[0].name, "Desk");
    }
}

#[test]
fn a_bad_row_is_reported_with_its_line_and_the_rest_goes_in() {
    let (rows, bad) = read_all(
        "email,timezone,standing,regions\n\
         not an address,,,\n\
         a@example.org,Europe/Lodnon,,\n\
         \n\
         b@example.org,,happy,\n\
         c@example.org,,,no!where\n\
         d@example.org,,,,more\n\
         e@example.org\n",
    );

    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].address.as_str(), "e@example.org");
    for (message, (line, names)) in bad.iter().zip([
        ("line 2: ", "has no `@`"),
        ("line 3: ", "`Europe/London`"),
        ("line 5: ", "standing `happy`"),
        ("line 6: ", "`no!where`"),
        ("line 7: ", "5 cells"),
    ]) {
        assert!(message.starts_with(line) && message.contains(names), "{message}");
    }
    assert_eq!(bad.len(), 5);
}

#[test]
fn a_stray_quotation_mark_costs_one_row_only() {
    let many = "x@example.org,Desk\n".repeat(3 * 50);
    let text = format!("email,name\na@example.org,\"Desk\nb@example.org,Desk\n{many}");
    let (rows, bad) = read_all(&text);

    assert_eq!(rows.len(), 151);
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("line 2: a quotation mark"), "{}", bad[0]);
}

#[test]
fn a_cell_may_hold_line_breaks() {
    let (rows, bad) =
        read_all("email,note\na@example.org,\"one\ntwo, \"\"three\"\"\"\nb@example.org,\n");

    assert_eq!(bad, [""; 0]);
    assert_eq!(rows[0].attributes["note"], "one\ntwo, \"three\"");
    assert_eq!(rows[1].address.as_str(), "b@example.org");
}

#[test]
fn a_file_that_is_no_list_is_refused_as_a_whole() {
    for (bytes, names) in [
        (&b""[..], "no column `email`"),
        (b"name,region\n", "no column `email`"),
        (b"email,EMAIL\n", "twice"),
        (b"\xff\xfee\0m\0", "UTF-16"),
        (b"email,\xff\n", "not UTF-8"),
    ] {
        let message = read(bytes).unwrap_err().to_string();
        assert!(message.contains(names), "{message}");
    }
}

#[test]
fn an_endless_line_is_cut_and_costs_one_row_only() {
    let text = format!("email,note\na@example.org,{}\nb@example.org,\n", "x".repeat(1_000_000));
    let (rows, bad) = read_all(&text);

    assert_eq!(rows.len(), 1);
    assert!(bad[0].starts_with("line 2: it is longer than 64 KiB"), "{}", bad[0]);
}

#[test]
fn a_row_that_is_not_utf_8_costs_itself_only() {
    let bytes = b"email,name\na@example.org,J\xfcrgen\nb@example.org,Desk\n";
    let rows: Vec<_> = read(&bytes[..]).unwrap().collect();

    assert!(rows[0].as_ref().unwrap_err().message.contains("UTF-8"));
    assert!(rows[1].is_ok());
}

fn any_row() -> impl Strategy<Value = Row> {
    let cell = "[a-z \",;\u{e9}\n=]{0,12}";
    (
        "[A-Za-z0-9+]{1,10}",
        "[a-z \",;\u{e9}=]{0,12}",
        prop::collection::vec("[a-z]{1,8}", 0..3),
        prop::option::of(prop::sample::select(vec![chrono_tz::UTC, chrono_tz::Asia::Tokyo])),
        prop::sample::select(Standing::ALL.to_vec()),
        cell,
        prop::collection::btree_map(prop::sample::select(vec!["City", "x y", "=a"]), cell, 0..3),
    )
        .prop_map(|(local, name, words, timezone, standing, consent, attributes)| Row {
            address: Address::parse(&format!("{local}@example.org")).unwrap(),
            name,
            regions: words.iter().map(|word| RegionPath::parse(word).unwrap()).collect(),
            timezone,
            language: None,
            digests: words,
            standing,
            consent,
            attributes: attributes
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(rows in prop::collection::vec(any_row(), 0..5)) {
        let text = written(&rows, &["City", "x y", "=a"]);
        let (again, bad) = read_all(&text);

        prop_assert_eq!(bad, Vec::<String>::new());
        prop_assert_eq!(&again, &rows);
        prop_assert_eq!(written(&again, &["City", "x y", "=a"]), text);
    }

    #[test]
    fn no_bytes_upset_the_reader_of_lists(bytes: Vec<u8>, text in "[a,\"\n\r;@.]{0,60}") {
        for input in [bytes, [b"email,x\n", text.as_bytes()].concat()] {
            if let Ok(rows) = read(&input[..]) {
                let _ = rows.count();
            }
        }
    }
}
