use super::*;
use crate::article::Body;

/// The smallest picture: one pixel.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let folder = Folder::at(dir.path(), 10_000);
    (dir, folder)
}

/// Long after every file here was written.
fn later() -> Time {
    from_millis(4_000_000_000_000)
}

struct Brought {
    drafts: Vec<Draft>,
    present: Vec<String>,
    failures: Vec<String>,
    memory: Memory,
}

fn visit(folder: &mut Folder, memory: &Memory) -> Brought {
    match folder.visit(memory, later()).unwrap() {
        Haul::Unchanged | Haul::Part(_) => panic!("unchanged"),
        Haul::Drafts { drafts, present, memory, failures } => {
            Brought { drafts, present: present.unwrap(), failures, memory }
        }
    }
}

#[test]
fn texts_are_found_at_any_depth_and_filed_by_their_folders() {
    let (_dir, mut folder) = folder(&[
        ("africa/kenya/port.md", b"# Port\n\nText."),
        ("a.txt", b"Title\n\nText."),
        (".hidden.md", b"# No"),
        (".git/x.md", b"# No"),
        ("notes.docx", b"no"),
    ]);

    let brought = visit(&mut folder, &Memory::default());

    assert_eq!(brought.present, ["a.txt", "africa/kenya/port.md"]);
    assert_eq!(
        brought.drafts[1].labels[0],
        Label { kind: LabelKind::Breadcrumb, path: vec!["africa".into(), "kenya".into()] }
    );
    assert!(
        brought.drafts[0].labels.is_empty()
            && brought.drafts[0].published.is_some()
            && brought.failures.is_empty()
    );
}

#[test]
fn only_what_changed_is_read_again_and_what_went_is_no_longer_present() {
    let (dir, mut folder) = folder(&[("a.md", b"# A"), ("b.md", b"# B"), ("c.md", b"# C")]);
    let first = visit(&mut folder, &Memory::default());
    assert_eq!(folder.visit(&first.memory, later()).unwrap(), Haul::Unchanged);

    fs::write(dir.path().join("b.md"), "# B, longer").unwrap();
    fs::remove_file(dir.path().join("c.md")).unwrap();
    let second = visit(&mut folder, &first.memory);

    assert_eq!(
        second.drafts.iter().map(|draft| draft.title.as_str()).collect::<Vec<_>>(),
        ["B, longer"]
    );
    assert_eq!(second.present, ["a.md", "b.md"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_stays() {
    let (dir, mut folder) = folder(&[
        ("a.md", b"---\nid: one\n---\n# A"),
        ("big.md", &vec![b'x'; 20_000]),
        ("half.md", b"---\ntitle: x\n"),
    ]);
    let first = visit(&mut folder, &Memory::default());
    fs::write(dir.path().join("a.md"), "---\nid: one\n").unwrap();

    let second = visit(&mut folder, &first.memory);

    assert_eq!((first.present.len(), first.failures.len()), (3, 2));
    assert!(
        first.failures[0].contains("big.md") && first.failures[0].contains("max_bytes"),
        "{:?}",
        first.failures
    );
    assert_eq!(second.present, ["one", "big.md", "half.md"]);
    assert!(second.failures[0].starts_with("a.md"));
    // What failed is looked at again even if nothing moved.
    assert_eq!(visit(&mut folder, &second.memory).failures.len(), 3);
}

#[test]
fn a_folder_that_is_gone_or_suddenly_empty_withdraws_nothing() {
    let (dir, mut folder) = folder(&[("a.md", b"# A")]);
    let first = visit(&mut folder, &Memory::default());
    fs::remove_file(dir.path().join("a.md")).unwrap();

    let empty = folder.visit(&first.memory, later()).unwrap_err();
    fs::write(dir.path().join(".gazetted-empty"), "").unwrap();
    let meant = visit(&mut folder, &first.memory);
    drop(dir);
    let gone = folder.visit(&first.memory, later()).unwrap_err();

    assert!(empty.to_string().contains(".gazetted-empty"), "{empty}");
    assert!(meant.present.is_empty());
    assert!(matches!(gone, Trouble::Operator { .. }));
}

#[test]
fn a_new_folder_may_be_empty() {
    let (_dir, mut folder) = folder(&[]);

    assert!(visit(&mut folder, &Memory::default()).present.is_empty());
}

#[test]
fn pictures_beside_a_text_come_along() {
    let (_dir, mut folder) = folder(&[
        ("x/a.md", b"---\ntitle: A\nimage: pics/my%20ship.gif\n---\n![s](../b.gif) ![e](https://e.example/e.png) ![out](../../secret.gif) ![no](none.gif)"),
        ("x/pics/my ship.gif", GIF),
        ("b.gif", GIF),
        ("x/t.txt", b"Title\n\nText.\n\n(Featured Image: An agency)"),
        ("x/t.gif", GIF),
        ("x/fake.md", b"# F\n\n![f](fake.png)"),
        ("x/fake.png", b"MZ this is no picture"),
    ]);

    let brought = visit(&mut folder, &Memory::default());

    let [a, fake, t] = &brought.drafts[..] else { panic!("{:?}", brought.drafts) };
    assert_eq!(
        a.media.iter().map(|media| media.name.as_str()).collect::<Vec<_>>(),
        ["pics/my%20ship.gif", "../b.gif"]
    );
    let image = a.image.as_ref().unwrap();
    assert_eq!(
        (image.mime.as_deref(), image.width, image.length),
        (Some("image/gif"), Some(1), Some(GIF.len() as u64))
    );
    assert!(fake.media.is_empty());
    assert_eq!(t.image.as_ref().unwrap().credit.as_deref(), Some("An agency"));
    assert_eq!(t.image.as_ref().unwrap().url, "t.gif");
    assert_eq!(t.body, Body::Text("Text.".to_owned()));
    assert_eq!(brought.failures.len(), 3, "{:?}", brought.failures);
}

#[test]
fn two_files_with_one_id_are_two_pieces_and_a_failure() {
    let (_dir, mut folder) =
        folder(&[("a.md", b"---\nid: x\n---\n# A"), ("b.md", b"---\nid: x\n---\n# B")]);

    let brought = visit(&mut folder, &Memory::default());

    assert_eq!(brought.present, ["x", "b.md"]);
    assert!(brought.failures[0].contains("`x`"));
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_or_run_in_circles_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (dir, mut folder) = folder(&[("x/a.md", b"# A")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "# S").unwrap();
    symlink(outside.path().join("secret.md"), dir.path().join("s.md")).unwrap();
    symlink(outside.path(), dir.path().join("out")).unwrap();
    symlink(dir.path(), dir.path().join("x/loop")).unwrap();
    symlink(dir.path().join("x/a.md"), dir.path().join("link.md")).unwrap();

    assert_eq!(visit(&mut folder, &Memory::default()).present, ["link.md", "x/a.md"]);
}

#[test]
fn a_file_written_a_moment_ago_is_taken_again_only_if_it_holds_something_else() {
    let (dir, mut folder) = folder(&[("a.md", b"# A"), ("b.md", b"# B")]);
    let path = dir.path().join("a.md");
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    let now = Time::from(written) + chrono::TimeDelta::milliseconds(500);
    let Haul::Drafts { memory, .. } = folder.visit(&Memory::default(), now).unwrap() else {
        panic!()
    };

    // The same length at the same moment: the stamp tells nothing.
    fs::write(&path, "# C").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let again = visit(&mut folder, &memory);

    assert_eq!(again.drafts.iter().map(|draft| &draft.title).collect::<Vec<_>>(), ["C"]);
    assert_eq!(again.present, ["a.md", "b.md"]);
}

#[test]
fn what_was_not_taken_in_is_given_again() {
    let (_dir, mut folder) = folder(&[("a.md", b"# A")]);

    let lost = visit(&mut folder, &Memory::default());
    let again = visit(&mut folder, &Memory::default());

    assert_eq!(again.drafts, lost.drafts);
    assert_eq!(folder.visit(&again.memory, later()).unwrap(), Haul::Unchanged);
}

#[test]
fn site_generators_are_understood() {
    let (_dir, mut folder) = folder(&[
        ("_posts/asia/2026-11-20-the-port.md", b"---\nlayout: post\n---\nText.".as_slice()),
        ("_drafts/x.md", b"# No"),
        ("africa/_index.md", b"+++\ntitle = \"Section\"\n+++\n"),
        (
            "africa/kenya/the-rail/index.md",
            b"+++\ntitle = \"T\"\n[taxonomies]\ntags = [\"rail\"]\n+++\nText.",
        ),
        (
            "hugo.md",
            b"---\nTitle: H\nPublishDate: 2026-11-01\nparams:\n  author: A desk\n---\nText.",
        ),
        ("json.md", b"{\n\"title\": \"J\", \"draft\": false\n}\nText."),
        ("eleventy.md", b"---\ntitle: E\neleventyExcludeFromCollections: true\n---\nText."),
    ]);

    let brought = visit(&mut folder, &Memory::default());

    let read: Vec<_> = brought
        .drafts
        .iter()
        .map(|draft| {
            let labels: Vec<String> = draft.labels.iter().map(|l| l.path.join("/")).collect();
            (draft.title.as_str(), labels.join(" "))
        })
        .collect();
    assert_eq!(
        read,
        [
            ("the port", "asia".to_owned()),
            ("T", "rail africa/kenya".to_owned()),
            ("H", String::new()),
            ("J", String::new()),
        ]
    );
    assert_eq!(brought.drafts[0].published, date::parse("2026-11-20"));
    assert_eq!(brought.drafts[2].published, date::parse("2026-11-01"));
    assert_eq!(brought.drafts[2].authors, ["A desk"]);
}

#[test]
fn a_box_of_mails_gives_its_pieces_and_keeps_them() {
    let mail = |n: u8| {
        format!(
            "From a@b\nFrom: A desk <a@b.example>\nMessage-ID: <{n}@b>\nSubject: S{n}\n\nText.\n\n"
        )
    };
    let (dir, mut folder) = folder(&[("news.mbox", format!("{}{}", mail(1), mail(2)).as_bytes())]);

    let first = visit(&mut folder, &Memory::default());
    fs::write(dir.path().join("news.mbox"), format!("{}{}{}", mail(1), mail(2), mail(3))).unwrap();
    let second = visit(&mut folder, &first.memory);

    assert_eq!(first.present, ["<1@b>", "<2@b>"]);
    assert_eq!(second.present, ["<1@b>", "<2@b>", "<3@b>"]);
}
