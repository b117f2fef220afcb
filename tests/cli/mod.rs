//! The commands, run as a user runs them.

mod articles;
mod check;
mod mailing;
mod manners;
mod readers;
mod serve;

use std::fs;
use std::path::Path;

use crate::support::postbox::Postbox;
use crate::support::program::Program;

/// A magazine in a folder, and where its mails go.
struct Magazine {
    program: Program,
    postbox: Postbox,
    folder: tempfile::TempDir,
}

impl Magazine {
    /// Three pieces, a digest, nobody to read it yet.
    fn new() -> Self {
        Self::with("")
    }

    /// The same, with more lines at the end of the configuration.
    fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postbox = Postbox::open();
        let articles = folder.path().join("articles");
        fs::create_dir(&articles).unwrap();
        piece(
            &articles,
            "dam.md",
            "Egypt",
            "The dam and the silt",
            "Behind the dam at Aswan the river stands still, and the silt sinks.",
        );
        piece(
            &articles,
            "delta.md",
            "Egypt",
            "The delta without silt",
            "Since the dam at Aswan the river brings no silt, and the delta sinks.",
        );
        piece(
            &articles,
            "ferry.md",
            "Germany",
            "A ferry on the Rhine",
            "A cable, a boat and the current: nothing else moves this ferry.",
        );
        let config = format!(
            "[site]\ntitle = \"The Meridian Review\"\nurl = \"https://news.example.org\"\nimprint = \"1 Meridian Square\"\n\n\
             [server]\nlisten = \"127.0.0.1:0\"\n\n\
             [[source]]\nname = \"magazine\"\nkind = \"directory\"\npath = \"articles\"\n\n\
             [mail]\nfrom = \"digest@news.example.org\"\ntransport = \"smtp://{}\"\n\n\
             [[digest]]\nname = \"weekly\"\ntitle = \"The week\"\nschedule = \"0 7 * * Mon\"\nfirst_covers = \"3650d\"\nstale_after = \"3650d\"\n{more}",
            postbox.address()
        );
        let program = Program::new(folder.path(), &config);
        Self { program, postbox, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Visits the sources.
    fn ingested(self) -> Self {
        self.program.run(&["ingest"]).good();
        self
    }
}

fn piece(folder: &Path, name: &str, place: &str, title: &str, text: &str) {
    let date = if name.starts_with("dam") { "2026-01-05" } else { "2026-02-05" };
    let text = format!(
        "---\ntitle: {title}\nauthor: Rivers desk\ndate: {date}T06:00:00Z\nlanguage: en\ncategories: [{place}]\n---\n\n{text}\n"
    );
    fs::write(folder.join(name), text).unwrap();
}
