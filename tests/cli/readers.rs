//! Readers: in, out, out and back in as a file.

use std::fs;

use super::Magazine;

const LIST: &str = "email,name,regions,timezone,language,digests,standing,consent,plan\n\
    anna@example.org,\"Anna, \"\"A\"\"\",africa asia/japan,Asia/Tokyo,pt,weekly,active,\"form, 2026\",gold\n\
    bert@example.org,,,,,,left,,\n\
    cleo@example.org,Клео,,,,,active,,größer\n";

#[test]
fn an_export_reads_back_unchanged() {
    let first = Magazine::new();
    fs::write(first.path().join("list.csv"), LIST).unwrap();
    let said = first.program.run(&["subscribers", "import", "list.csv", "--json"]).good();
    assert!(said.out.contains("\"added\":3"), "{said:?}");
    let exported = first.program.run(&["subscribers", "export"]).good().out;

    let second = Magazine::new();
    let said = second.program.run_with(&["subscribers", "import", "-"], &exported).good();
    assert_eq!(second.program.run(&["subscribers", "export"]).good().out, exported, "{said:?}");

    let anna =
        second.program.run(&["subscribers", "show", "ANNA@example.org", "--json"]).good().object();
    assert_eq!(anna["name"], "Anna, \"A\"");
    assert_eq!(anna["regions"], serde_json::json!(["africa", "asia/japan"]));
    assert_eq!((&anna["timezone"], &anna["language"]), (&"Asia/Tokyo".into(), &"pt".into()));
    assert_eq!(
        (&anna["standing"], &anna["attributes"]["plan"]),
        (&"active".into(), &"gold".into())
    );
}

#[test]
fn a_bad_row_is_reported_with_its_line_and_the_rest_goes_in() {
    let magazine = Magazine::new();
    let list = "email,regions,timezone\nanna@example.org,,\nno address,,\nbert@example.org,atlantis,\n\
                cleo@example.org,,Mars/Olympus\n\"dora@example.org\",,\n";

    let said = magazine.program.run_with(&["subscribers", "import", "-"], list);

    for (line, word) in [("3", "no address"), ("4", "atlantis"), ("5", "Mars/Olympus")] {
        let reported = said.log.lines().chain(said.out.lines());
        let found = reported.filter(|text| text.contains(&format!("line {line}"))).count();
        assert_eq!(found, 1, "line {line}, {word}: {said:?}");
    }
    let exported = magazine.program.run(&["subscribers", "export"]).good().out;
    assert_eq!(exported.lines().count(), 3, "{exported}");
    let headless = magazine.program.run_with(&["subscribers", "import", "-"], "name\nanna\n");
    assert_eq!(headless.code, 1, "{headless:?}");
    assert!(headless.log.contains("`email`"), "{headless:?}");
}

#[test]
fn who_is_removed_or_forgotten_stays_out() {
    let magazine = Magazine::new();
    let run = |arguments: &[&str]| magazine.program.run(arguments);
    for name in ["anna", "bert", "cleo"] {
        run(&["subscribers", "add", &format!("{name}@example.org")]).good();
    }
    run(&["subscribers", "remove", "anna@example.org"]).good();
    run(&["subscribers", "forget", "bert@example.org"]).good();
    run(&["suppressions", "add", "cleo@example.org", "--reason", "a letter"]).good();
    assert_eq!(run(&["subscribers", "remove", "nobody@example.org"]).code, 1);

    let list = "email\nanna@example.org\nbert@example.org\ncleo@example.org\n";
    let said = magazine.program.run_with(&["subscribers", "import", "-", "--json"], list);
    let counts = said.json().pop().unwrap();
    assert_eq!(
        (&counts["kept"], &counts["suppressed"], &counts["added"]),
        (&1.into(), &2.into(), &0.into())
    );

    let exported = run(&["subscribers", "export"]).good().out;
    assert!(!exported.contains("bert"), "nothing personal is left: {exported}");
    let listed = run(&["suppressions", "list", "--json"]).good();
    assert!(!listed.out.contains("bert") && listed.out.contains("a letter"), "{listed:?}");
    assert_eq!(listed.json().len(), 2);
    run(&["suppressions", "remove", "cleo@example.org"]).good();
    assert_eq!(run(&["suppressions", "remove", "cleo@example.org"]).code, 1);
    assert!(
        !fs::read(magazine.path().join("gazetted.db"))
            .unwrap()
            .windows(16)
            .any(|bytes| bytes == b"bert@example.org")
    );
}
