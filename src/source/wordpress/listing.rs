//! The list of all posts: asked for, and compared with what was seen.

use std::collections::BTreeMap;

use url::Url;

use super::memory::Seen;
use super::post::{self, Names};
use super::rest::{Failure, List, Site};

/// Rows on a page; WordPress gives no more.
const ROWS: u64 = 100;
/// Pages of one list; more posts than that are cut off at the oldest.
const MAX_PAGES: u64 = 1000;
/// Categories are few; whoever has more than this has no tree of regions.
const MAX_NAMES: u64 = 30;
/// A list that moves while it is read is read anew so often.
const TRIES: usize = 3;

/// Every post that the site shows now.
#[derive(Debug, Default)]
pub struct Listing {
    /// By guid.
    pub posts: BTreeMap<String, Seen>,
    /// Whether the oldest were cut off, so that absence says nothing.
    pub cut_off: bool,
}

/// What a comparison asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Posts to fetch, newest first.
    pub wanted: Vec<u64>,
    /// Posts that were there and are not listed any more.
    pub missing: Vec<String>,
}

/// Asks for the ids of all posts. Pages drift while they are read: a post that
/// goes shifts the others, so a list whose total moves is asked for again.
pub async fn all(site: &Site<'_>, root: &Url, names: &Names) -> Result<Listing, Failure> {
    let mut listing = Listing::default();
    for _ in 0..TRIES {
        let (found, still) = once(site, root, names).await?;
        listing = found;
        if still {
            break;
        }
    }
    Ok(listing)
}

/// One reading of the list, and whether it held still meanwhile.
async fn once(site: &Site<'_>, root: &Url, names: &Names) -> Result<(Listing, bool), Failure> {
    let mut rows: BTreeMap<u64, (String, Seen)> = BTreeMap::new();
    let mut first_total = None;
    let mut still = true;
    let mut cut_off = true;
    for page in 1..=MAX_PAGES {
        let number = page.to_string();
        let query = [
            ("per_page", "100"),
            ("page", number.as_str()),
            ("orderby", "id"),
            ("order", "desc"),
            ("_fields", "id,guid,modified_gmt,link,status,author,categories,content.protected"),
        ];
        let List::Rows { rows: found, total, pages } =
            site.list(root, "wp/v2/posts", &query).await?
        else {
            // It has become shorter than it was.
            still &= page == 1;
            cut_off = false;
            break;
        };
        still &= *first_total.get_or_insert(total) == total;
        let full = found.len() as u64 >= ROWS;
        let before = rows.len();
        for row in found.iter().filter_map(|row| post::row(row, names)) {
            rows.insert(row.1.id, row);
        }
        let ends = pages.map_or(!full, |pages| page >= pages);
        // A site that ignores `page` would give the same for ever.
        if ends || rows.len() == before {
            cut_off = false;
            break;
        }
    }
    let complete = first_total.flatten().is_none_or(|total| rows.len() as u64 >= total || cut_off);
    let mut listing = Listing { posts: BTreeMap::new(), cut_off };
    // Copied posts may share a guid: the oldest keeps it.
    for (id, (guid, seen)) in rows {
        let guid =
            if listing.posts.contains_key(&guid) { format!("{guid}#post-{id}") } else { guid };
        listing.posts.insert(guid, seen);
    }
    Ok((listing, still && complete))
}

/// Compares what is shown with what was seen: pure.
pub fn compare(known: &BTreeMap<String, Seen>, listing: &Listing) -> Plan {
    let mut wanted: Vec<u64> = listing
        .posts
        .iter()
        .filter(|(guid, seen)| known.get(*guid) != Some(seen))
        .map(|(_, seen)| seen.id)
        .collect();
    wanted.sort_unstable_by(|a, b| b.cmp(a));
    let missing = known
        .keys()
        .filter(|guid| !listing.cut_off && !listing.posts.contains_key(*guid))
        .cloned()
        .collect();
    Plan { wanted, missing }
}

/// The names of categories and, where the site tells them, of authors.
pub async fn names(site: &Site<'_>, root: &Url) -> Result<Names, Failure> {
    let mut names = Names::default();
    for (route, fields) in [("wp/v2/categories", "id,name,slug,parent"), ("wp/v2/users", "id,name")]
    {
        for page in 1..=MAX_NAMES {
            let number = page.to_string();
            let query = [
                ("per_page", "100"),
                ("page", number.as_str()),
                ("orderby", "id"),
                ("_fields", fields),
            ];
            let asked = site.list(root, route, &query).await;
            let List::Rows { rows, pages, .. } = (match asked {
                // Authors stand in the posts as well; many sites hide the list.
                Err(Failure::Closed(_)) if route.ends_with("users") => break,
                asked => asked?,
            }) else {
                break;
            };
            if route.ends_with("users") {
                names.authors(&rows);
            } else {
                names.categories(&rows);
            }
            if pages.map_or((rows.len() as u64) < ROWS, |pages| page >= pages) {
                break;
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: u64, modified: i64, link: &str, mark: &str) -> Seen {
        Seen { id, modified, link: link.to_owned(), mark: mark.to_owned(), closed: false }
    }

    #[test]
    fn whatever_is_not_as_it_was_is_fetched_and_absence_is_told() {
        let known = BTreeMap::from([
            ("same".to_owned(), seen(1, 10, "/1", "m")),
            ("edited".to_owned(), seen(2, 10, "/2", "m")),
            ("moved".to_owned(), seen(3, 10, "/3", "m")),
            ("renamed".to_owned(), seen(4, 10, "/4", "m")),
            ("gone".to_owned(), seen(5, 10, "/5", "m")),
        ]);
        let posts = BTreeMap::from([
            ("same".to_owned(), seen(1, 10, "/1", "m")),
            ("edited".to_owned(), seen(2, 11, "/2", "m")),
            ("moved".to_owned(), seen(3, 10, "/new", "m")),
            ("renamed".to_owned(), seen(4, 10, "/4", "n")),
            ("backdated".to_owned(), seen(6, 1, "/6", "m")),
        ]);

        let plan = compare(&known, &Listing { posts: posts.clone(), cut_off: false });
        let cut = compare(&known, &Listing { posts, cut_off: true });

        assert_eq!(plan, Plan { wanted: vec![6, 4, 3, 2], missing: vec!["gone".to_owned()] });
        assert!(cut.missing.is_empty());
    }
}
