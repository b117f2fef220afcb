//! The walk through the files of a sitemap: bounded in depth, number and size.

use std::collections::{BTreeMap, HashSet, VecDeque};

use url::Url;

use super::super::fetch::Hope;
use super::super::parse;
use super::super::shown::Shown;
use super::super::{Trouble, fetch::operator};
use super::ask::{Asker, Reply};
use super::memory::{File, mark};
use super::sitemap::{self, Entry, Sitemap};
use crate::clock::Time;

/// Files that are read at a visit.
const FILES: usize = 100;
/// Indexes may name indexes so deep.
const DEPTH: u8 = 3;
/// Addresses that are read at a visit.
const ADDRESSES: usize = 200_000;
/// A site with more files than this is asked only for those that changed by
/// its index, and for the others once a day.
const FEW: usize = 20;
/// A day, in seconds.
const DAY: i64 = 86_400;
/// Where a sitemap mostly is that no robots.txt names.
const USUAL: [&str; 5] =
    ["sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "sitemap-index.xml", "sitemap.xml.gz"];

/// What the sitemap of a site lists now.
#[derive(Debug, Default)]
pub struct Listing {
    /// Pages of files that were read anew, with the mark of their file.
    pub pages: Vec<(Entry, String)>,
    /// Marks of files that are what they were.
    pub unchanged: HashSet<String>,
    /// The files, to remember.
    pub files: BTreeMap<String, File>,
    /// Whether this is all of it, so that absence says something.
    pub complete: bool,
    /// Files that could not be read, in words.
    pub failures: Vec<String>,
}

/// A file that is still to be read.
struct Next {
    url: Url,
    changed: i64,
    depth: u8,
}

/// Reads the sitemap of the site at `front`; `known` are its files as they
/// were last read.
///
/// # Errors
/// If there is none, or the site is in trouble.
pub async fn read(
    asker: &mut Asker<'_>,
    front: &Url,
    known: &BTreeMap<String, File>,
    now: Time,
) -> Result<Listing, Trouble> {
    let mut walk = Walk { asker, known, now: now.timestamp(), found: Listing::default() };
    walk.found.complete = true;
    walk.run(front).await?;
    Ok(walk.found)
}

struct Walk<'a, 'b> {
    asker: &'a mut Asker<'b>,
    known: &'a BTreeMap<String, File>,
    now: i64,
    found: Listing,
}

impl Walk<'_, '_> {
    async fn run(&mut self, front: &Url) -> Result<(), Trouble> {
        let (mut queue, certain) = self.beginnings(front).await?;
        let mut done: HashSet<String> = HashSet::new();
        let mut any = false;
        while let Some(next) = queue.pop_front() {
            if !done.insert(next.url.to_string()) {
                continue;
            }
            if done.len() > FILES || self.found.pages.len() >= ADDRESSES {
                self.found.complete = false;
                break;
            }
            let many = queue.len() + done.len() > FEW;
            let sitemap = self.file(&next, many, certain || any).await?;
            let here = sitemap.is_some() || self.found.unchanged.contains(&mark(next.url.as_str()));
            any |= here;
            // Of the usual places the first that is there is enough.
            if here && !certain && next.depth == 0 {
                queue.clear();
            }
            if let Some(sitemap) = sitemap {
                self.take(sitemap, &next, &mut queue);
            }
        }
        if !any {
            return Err(operator(format!(
                "{} has no sitemap; enter its address as `url`, or use kind = \"feed\"",
                Shown(front)
            )));
        }
        Ok(())
    }

    /// Where to begin, and whether a sitemap is certain to be there.
    async fn beginnings(&mut self, front: &Url) -> Result<(VecDeque<Next>, bool), Trouble> {
        let begin = |url: Url| Next { url, changed: 0, depth: 0 };
        if is_file(front) {
            return Ok((VecDeque::from([begin(front.clone())]), true));
        }
        let rules = self.asker.rules(front).await?;
        let named: VecDeque<Next> = rules
            .sitemaps
            .iter()
            .filter_map(|named| front.join(named).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .map(begin)
            .collect();
        if !named.is_empty() {
            return Ok((named, true));
        }
        let folder = USUAL.iter().filter_map(|name| front.join(name).ok());
        let root = USUAL.iter().filter_map(|name| front.join(&format!("/{name}")).ok());
        Ok((folder.chain(root).map(begin).collect(), false))
    }

    /// Reads one file; `None` if it is what it was, or no sitemap.
    async fn file(
        &mut self,
        next: &Next,
        many: bool,
        certain: bool,
    ) -> Result<Option<Sitemap>, Trouble> {
        let name = mark(next.url.as_str());
        let known = self.known.get(&name).filter(|file| !file.hash.is_empty());
        if let Some(file) = known
            && many
            && next.changed != 0
            && next.changed == file.changed
            && self.now - file.read < DAY
        {
            self.unchanged(&name, file.clone());
            return Ok(None);
        }
        let validators =
            known.map(|file| (file.etag.clone(), file.last_modified.clone())).unwrap_or_default();
        let document = match self.asker.ask(&next.url, Hope::Feed, validators).await {
            Ok(Reply::NotModified) => {
                if let Some(file) = known {
                    let file = File { read: self.now, changed: next.changed, ..file.clone() };
                    self.unchanged(&name, file);
                }
                return Ok(None);
            }
            Ok(Reply::Document(document)) => document,
            Ok(Reply::Refused(status)) => {
                self.failed(next, certain, &format!("it answers {status}"));
                return Ok(None);
            }
            Ok(Reply::Forbidden) => {
                self.failed(next, certain, "its own robots.txt keeps programs out of it");
                return Ok(None);
            }
            Err(trouble @ Trouble::Later { .. }) => return Err(trouble),
            Err(trouble) => {
                self.failed(next, certain, &trouble.to_string());
                return Ok(None);
            }
        };
        let hash = parse::guid::hex(&document.bytes)[..16].to_owned();
        let fresh = File {
            url: next.url.to_string(),
            etag: document.etag.clone(),
            last_modified: document.last_modified.clone(),
            changed: next.changed,
            read: self.now,
            hash,
            passed: known.map(|file| file.passed.clone()).unwrap_or_default(),
        };
        if known.is_some_and(|file| file.hash == fresh.hash) {
            self.unchanged(&name, fresh);
            return Ok(None);
        }
        let (base, kind) = (document.final_url.clone(), document.content_type.clone());
        let read = tokio::task::spawn_blocking(move || {
            let bytes = parse::unpack(&document.bytes).map_err(|error| error.to_string())?;
            let text = parse::encoding::decode(&bytes, kind.as_deref(), base.domain());
            Ok::<_, String>(sitemap::read(&text, &base))
        });
        let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
        match read {
            Ok(Some(sitemap)) => {
                // An index is read each time: it is short, and leads to the others.
                let is_index = !sitemap.files.is_empty();
                let file = if is_index {
                    File { hash: String::new(), etag: None, last_modified: None, ..fresh }
                } else {
                    fresh
                };
                self.found.files.insert(name, file);
                Ok(Some(sitemap))
            }
            Ok(None) => {
                self.failed(next, certain, "it is no sitemap");
                Ok(None)
            }
            Err(words) => {
                self.failed(next, certain, &words);
                Ok(None)
            }
        }
    }

    fn unchanged(&mut self, name: &str, file: File) {
        self.found.unchanged.insert(name.to_owned());
        self.found.files.insert(name.to_owned(), file);
    }

    /// A file that should be there is not: then absence says nothing.
    fn failed(&mut self, next: &Next, certain: bool, why: &str) {
        if certain {
            self.found.complete = false;
            self.found.failures.push(format!(
                "the sitemap {} cannot be read: {why}; the site has to mend it",
                Shown(&next.url)
            ));
        }
    }

    /// Takes in what a file holds.
    fn take(&mut self, sitemap: Sitemap, next: &Next, queue: &mut VecDeque<Next>) {
        let name = mark(next.url.as_str());
        self.found.complete &= !sitemap.cut_off;
        let room = ADDRESSES.saturating_sub(self.found.pages.len());
        self.found.complete &= sitemap.pages.len() <= room;
        let pages = sitemap.pages.into_iter().take(room).map(|page| (page, name.clone()));
        self.found.pages.extend(pages);
        if next.depth >= DEPTH {
            self.found.complete &= sitemap.files.is_empty();
            return;
        }
        let mut files: Vec<Entry> =
            sitemap.files.into_iter().filter(|file| !sitemap::is_beside(&file.url)).collect();
        // The newest first: by its date, else by the numbers in its name.
        files.sort_by_key(|file| {
            std::cmp::Reverse((file.changed.map(|at| at.timestamp()), numbers(&file.url)))
        });
        queue.extend(files.into_iter().map(|file| Next {
            url: file.url,
            changed: file.changed.map_or(0, |at| at.timestamp()),
            depth: next.depth + 1,
        }));
    }
}

/// Is an address that of a sitemap, and not of a front page?
#[must_use]
pub fn is_file(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let path = path.strip_suffix(".gz").unwrap_or(&path);
    path.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "xml" | "txt"))
}

/// The numbers in an address, in their order.
fn numbers(url: &Url) -> Vec<u64> {
    url.as_str()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .take(8)
        .collect()
}
