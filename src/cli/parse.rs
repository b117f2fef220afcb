//! `gazetted parse`: how a file is read; nothing is stored.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Global, print};
use crate::source::parse;

/// The largest file that is read.
const LARGEST: u64 = 50 * 1024 * 1024;

/// Show how feed or page files are read; nothing is stored.
#[derive(Debug, Args)]
pub struct Parse {
    /// The files
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Where the files were found: addresses in them are resolved against it
    #[arg(long, value_name = "URL")]
    base: Option<url::Url>,

    /// The Content-Type they were served with
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Read {
    file: String,
    ok: bool,
    n: usize,
    title: String,
    link: String,
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    title: String,
    link: String,
    id: String,
    published: Option<i64>,
}

impl Parse {
    pub fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let mut all = true;
        for file in &self.files {
            let read = self.read(file);
            all &= read.ok;
            if global.json {
                print::json(&read)?;
                continue;
            }
            match &read.error {
                Some(error) => print::line(format!("{}: {error}", read.file))?,
                None => print::line(format!(
                    "{}: {} ({}), {} entries",
                    read.file, read.title, read.link, read.n
                ))?,
            }
            for entry in &read.entries {
                print::line(format!("  {}  {}", entry.title, entry.link))?;
            }
        }
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn read(&self, path: &std::path::Path) -> Read {
        let file = path.to_string_lossy().into_owned();
        let name = file.clone();
        let outcome = bounded(path)
            .map_err(|error| format!("cannot be read: {error}"))
            .and_then(|bytes| self.document(path, &bytes).map_err(|error| error.to_string()));
        match outcome {
            Err(error) => Read { file, error: Some(error), ..Read::default() },
            Ok(document) => Read {
                file,
                ok: true,
                n: document.drafts.len(),
                title: document.title.unwrap_or_default(),
                link: document.link.unwrap_or_default(),
                entries: document
                    .drafts
                    .into_iter()
                    .map(|draft| Entry {
                        title: draft.title,
                        link: draft.url.unwrap_or_default(),
                        // A file that gives no id is known by its name.
                        id: if draft.guid.is_empty() { name.clone() } else { draft.guid },
                        published: draft.published.map(|at| at.timestamp()),
                    })
                    .collect(),
                error: None,
            },
        }
    }

    /// Pages and texts by their ending, everything else as a feed.
    fn document(
        &self,
        path: &std::path::Path,
        bytes: &[u8],
    ) -> Result<parse::Document, parse::ParseError> {
        let name = path.to_string_lossy();
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "md" | "markdown" | "html" | "htm" | "txt" | "eml" | "mbox" => {
                parse::file(&name, bytes, self.base.as_ref())
            }
            _ => parse::document(bytes, self.content_type.as_deref(), self.base.as_ref()),
        }
    }
}

fn bounded(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = vec![];
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other("it is larger than 50 MiB"));
    }
    Ok(bytes)
}
