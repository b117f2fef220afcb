//! What to ask a site for, by what it lists and what was seen: pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use url::Url;

use super::super::wordpress::same_site;
use super::maps::Listing;
use super::memory::{File, Remembered, Seen, Wanted, key, mark, passed};
use crate::clock::{Time, from_millis};

/// Pages that are asked for again at one visit, though nothing says that they
/// changed.
const LOOKS: usize = 30;
/// An hour, in seconds.
const HOUR: i64 = 3600;
/// A day, in seconds.
const DAY: i64 = 24 * HOUR;
/// Addresses that are remembered; beyond that those that are not listed any
/// more are forgotten.
const REMEMBERED: usize = 50_000;

/// What a comparison of listed and seen asks for.
#[derive(Debug, Default)]
pub struct Plan {
    /// Pages to ask for, the newest first.
    pub wanted: Vec<Wanted>,
    /// Addresses of pieces that are not listed any more.
    pub missing: Vec<String>,
    /// How many pages are passed over because they are too old.
    pub passed: usize,
}

/// Which pages of a site count.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The address in the configuration.
    pub url: &'a Url,
    /// So many pages are taken in at the beginning.
    pub most: usize,
}

impl Scope<'_> {
    /// Does a page belong to the site, below the folder that was named?
    #[must_use]
    pub fn holds(&self, page: &Url) -> bool {
        let folder = self.folder();
        same_site(page, self.url)
            && page.path().starts_with(folder)
            && page.path() != folder
            && !is_no_page(page)
    }

    /// Is this the front page?
    #[must_use]
    pub fn is_front(&self, page: &Url) -> bool {
        same_site(page, self.url)
            && (matches!(page.path(), "/" | "") || page.path() == self.folder())
            && page.query().is_none()
    }

    fn folder(&self) -> &str {
        let path = self.url.path();
        if super::maps::is_file(self.url) { "/" } else { &path[..=path.rfind('/').unwrap_or(0)] }
    }
}

/// Compares what is listed with what was seen, and notes what is listed where.
pub fn plan(kept: &mut Remembered, listing: Listing, scope: Scope<'_>, now: Time) -> Plan {
    let now = now.timestamp();
    let first = kept.read.is_none();
    let before = kept.read.unwrap_or(0);
    let mut plan = Plan::default();
    let (mut fresh, mut changed): (Vec<Wanted>, Vec<Wanted>) = Default::default();
    let mut listed: HashSet<String> = HashSet::new();
    let mut over: HashMap<String, String> = HashMap::new();
    {
        let known_passed = passed(&kept.files);
        for (entry, file) in listing.pages {
            let url = key(&entry.url);
            if !scope.holds(&entry.url) || !listed.insert(url.clone()) {
                continue;
            }
            let moment = entry.moment().map_or(0, |at| at.timestamp());
            let wanted = Wanted {
                url: url.clone(),
                file: file.clone(),
                changed: moment,
                published: entry.news.as_ref().and_then(|n| n.published).map(|at| at.timestamp()),
                title: entry.news.map(|news| news.title).unwrap_or_default(),
            };
            if let Some(seen) = kept.pages.get_mut(&url) {
                seen.file = file;
                if moment != 0 && moment != seen.changed && is_rested(seen, now) {
                    changed.push(wanted);
                }
            } else if known_passed.contains(mark(&url).as_str()) && moment < before - DAY {
                over.entry(file).or_default().push_str(&mark(&url));
            } else {
                fresh.push(wanted);
            }
        }
    }
    newest_first(&mut fresh);
    newest_first(&mut changed);
    for wanted in fresh.split_off(fresh.len().min(scope.most)) {
        plan.passed += usize::from(first);
        over.entry(wanted.file).or_default().push_str(&mark(&wanted.url));
    }
    plan.missing = missing(&mut kept.pages, &listed, &listing.unchanged, listing.complete, now);
    kept.files = listing
        .files
        .into_iter()
        .map(|(name, file)| {
            let passed = if listing.unchanged.contains(&name) {
                file.passed
            } else {
                over.remove(&name).unwrap_or_default()
            };
            (name, File { passed, ..file })
        })
        .collect();
    kept.read = Some(now);
    plan.wanted = fresh;
    plan.wanted.extend(changed);
    let looks = looks(&kept.pages, &plan.wanted, now);
    plan.wanted.extend(looks);
    forget(&mut kept.pages);
    plan
}

/// Pieces that are not listed any more. A page without a piece is forgotten.
fn missing(
    pages: &mut BTreeMap<String, Seen>,
    listed: &HashSet<String>,
    unchanged: &HashSet<String>,
    complete: bool,
    now: i64,
) -> Vec<String> {
    if !complete {
        return Vec::new();
    }
    let is_listed = |url: &str, seen: &Seen| listed.contains(url) || unchanged.contains(&seen.file);
    pages.retain(|url, seen| seen.is_piece() || is_listed(url, seen));
    let mut missing = Vec::new();
    for (url, seen) in pages.iter_mut().filter(|(url, seen)| !is_listed(url, seen)) {
        // Who only scrolls off is still there: that is asked at once, then ever less.
        if !seen.file.is_empty() {
            seen.file.clear();
            seen.idle = 0;
            missing.push(url.clone());
        } else if is_rested(seen, now) {
            missing.push(url.clone());
        }
    }
    missing
}

/// Pages that are looked at again though nothing says that they changed: many
/// sitemaps have no dates, and some wrong ones. The younger a piece, the sooner.
fn looks(pages: &BTreeMap<String, Seen>, wanted: &[Wanted], now: i64) -> Vec<Wanted> {
    let wanted: HashSet<&str> = wanted.iter().map(|wanted| wanted.url.as_str()).collect();
    let mut due: Vec<(i64, &String, &Seen)> = pages
        .iter()
        .filter(|(url, seen)| !seen.file.is_empty() && !wanted.contains(url.as_str()))
        .filter_map(|(url, seen)| {
            let age = (now - seen.born).max(0);
            let wait = match (seen.is_piece(), seen.changed) {
                _ if seen.absent || seen.failed => rest(seen),
                (true, 0) => (age / 4).clamp(HOUR, 7 * DAY),
                (true, _) => (age / 2).clamp(DAY, 30 * DAY),
                (false, _) => 30 * DAY,
            };
            let late = now - seen.asked - wait;
            (late >= 0).then_some((late, url, seen))
        })
        .collect();
    due.sort_by_key(|(late, url, _)| (std::cmp::Reverse(*late), *url));
    due.into_iter()
        .take(LOOKS)
        .map(|(_, url, seen)| Wanted {
            url: url.clone(),
            file: seen.file.clone(),
            changed: seen.changed,
            ..Wanted::default()
        })
        .collect()
}

/// Whether a page that had nothing new when it was last asked for may be asked
/// for again: after a quarter of an hour, and twice as long each time.
#[must_use]
pub fn is_rested(seen: &Seen, now: i64) -> bool {
    now - seen.asked >= rest(seen)
}

fn rest(seen: &Seen) -> i64 {
    match seen.idle {
        0 => 0,
        idle => (900_i64 << (idle - 1).min(10)).min(7 * DAY),
    }
}

/// By date; what has none is newer the later it is listed.
fn newest_first(wanted: &mut [Wanted]) {
    wanted.reverse();
    wanted.sort_by_key(|wanted| std::cmp::Reverse(wanted.changed));
}

fn forget(pages: &mut BTreeMap<String, Seen>) {
    if pages.len() > REMEMBERED {
        let mut spare: Vec<(i64, String)> = pages
            .iter()
            .filter(|(_, seen)| seen.file.is_empty())
            .map(|(url, seen)| (seen.born, url.clone()))
            .collect();
        spare.sort();
        for (_, url) in spare.into_iter().take(pages.len() - REMEMBERED) {
            pages.remove(&url);
        }
    }
}

/// Does an address name something that is no page?
fn is_no_page(url: &Url) -> bool {
    const ENDINGS: [&str; 22] = [
        "xml", "gz", "pdf", "jpg", "jpeg", "png", "gif", "webp", "svg", "avif", "mp3", "mp4",
        "webm", "m4a", "zip", "css", "js", "json", "rss", "atom", "doc", "docx",
    ];
    let name = url.path().rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A moment from Unix seconds.
#[must_use]
pub fn moment(seconds: i64) -> Time {
    from_millis(seconds.saturating_mul(1000))
}
