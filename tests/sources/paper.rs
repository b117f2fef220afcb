//! A model of a website as seen over HTTP: its robots.txt, its sitemap, its
//! pages with their validators.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gazetted::source::Trouble;
use gazetted::source::fetch::{Answer, Fetch, Fetched, Refusals, Request, Response, Said};
use url::Url;

/// Where it lives.
pub const HOME: &str = "https://paper.example";

/// One page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub body: String,
    /// Its last change by the sitemap.
    pub changed: Option<String>,
    /// Whether the sitemap lists it.
    pub listed: bool,
    /// Where it leads instead.
    pub moved: Option<String>,
    /// What it answers instead of 200.
    pub status: Option<u16>,
}

/// The site.
#[derive(Default)]
pub struct Site {
    pub pages: BTreeMap<String, Page>,
    pub robots: Option<String>,
    /// Other documents, by path and query: they go before pages.
    pub documents: BTreeMap<String, Vec<u8>>,
    /// Statuses of documents and of everything, instead of what is there.
    pub refused: BTreeMap<String, (u16, Option<u64>)>,
    pub down: bool,
    /// Every page answers 404, politely.
    pub emptied: bool,
    /// Requests so far: path and query, and whether they were conditional.
    pub asked: Vec<(String, bool)>,
    /// The spacing that each asked for.
    pub spacing: Vec<Duration>,
}

/// The site behind a lock, as a network.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<Site>>);

impl Network {
    /// The site, to change it.
    pub fn site(&self) -> MutexGuard<'_, Site> {
        self.0.lock().unwrap()
    }
}

/// A page as a small magazine makes it.
pub fn article(title: &str, country: &str, date: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>{title} - The Paper</title>\
         <meta property=og:type content=article><meta property=og:site_name content='The Paper'></head><body>\
         <header><nav><a href=/>Home</a></nav></header><main><article>\
         <nav aria-label=breadcrumb><a href=/>Home</a> » <a href=/africa/>Africa</a> » <a href=/x/>{country}</a></nav>\
         <h1>{title}</h1><p class=byline>By <a rel=author href=/desk>Africa desk</a></p>\
         <time datetime='{date}'>that day</time>\
         <div class=entry-content><p>The first words of {title}, which go on for a while so that there is something to read.</p>\
         <p>A second paragraph follows the first, as it does in most pieces, and it says a little more of the same.</p>\
         <p>The third one ends {title}, for nobody reads on for ever, and the paper is short of space.</p></div>\
         <section class=related-posts><h3>Read on</h3><ul><li><a href=/other>Another piece of interest</a></ul></section>\
         </article></main><footer>Imprint</footer></body></html>"
    )
}

impl Site {
    /// A piece at `/africa/NUMBER`; gives its path.
    pub fn publish(&mut self, number: usize) -> String {
        let path = format!("/africa/piece-{number}");
        let date = format!("2026-03-{:02}T{:02}:00:00Z", 1 + number / 24 % 2, number % 24);
        let page = Page {
            body: article(&format!("Piece {number:03}"), "Kenya", &date),
            changed: Some(date),
            listed: true,
            ..Page::default()
        };
        self.pages.insert(path.clone(), page);
        path
    }

    /// Replaces words on a page; its date moves if `date` is given.
    pub fn edit(&mut self, path: &str, from: &str, to: &str, date: Option<&str>) {
        let page = self.pages.get_mut(path).unwrap();
        page.body = page.body.replace(from, to);
        if let Some(date) = date {
            page.changed = Some(date.to_owned());
        }
    }

    /// How often something whose path starts so was asked for.
    pub fn times(&self, start: &str) -> usize {
        self.asked.iter().filter(|(path, _)| path.starts_with(start)).count()
    }

    fn sitemap(&self) -> String {
        let urls: String = self
            .pages
            .iter()
            .filter(|(_, page)| page.listed)
            .map(|(path, page)| {
                let changed = page
                    .changed
                    .as_ref()
                    .map(|at| format!("<lastmod>{at}</lastmod>"))
                    .unwrap_or_default();
                format!("<url><loc>{HOME}{path}</loc>{changed}</url>")
            })
            .collect();
        format!("<?xml version=\"1.0\"?><urlset>{urls}</urlset>")
    }

    fn answer(&mut self, request: &Request) -> Result<Response, Trouble> {
        let mut path = request.url.path().to_owned();
        if let Some(query) = request.url.query() {
            path = format!("{path}?{query}");
        }
        self.asked.push((path.clone(), request.etag.is_some()));
        self.spacing.push(request.spacing);
        let later = |retry_after: Option<u64>| {
            Err(Trouble::Later {
                message: format!("{path} is not available now"),
                retry_after: retry_after.map(Duration::from_secs),
            })
        };
        if self.down {
            return later(None);
        }
        if let Some((status, wish)) = self.refused.get(&path) {
            return if *status >= 500 || *status == 429 {
                later(*wish)
            } else {
                refused(*status, request)
            };
        }
        let mut place = request.url.clone();
        let body = if path == "/robots.txt" {
            self.robots.clone().map(String::into_bytes)
        } else if let Some(document) = self.documents.get(&path) {
            Some(document.clone())
        } else if path == "/sitemap.xml" {
            Some(self.sitemap().into_bytes())
        } else if self.emptied {
            None
        } else {
            let mut page = self.pages.get(&path);
            if let Some(to) = page.and_then(|page| page.moved.clone()) {
                place = place.join(&to).unwrap();
                page = self.pages.get(place.path());
            }
            if let Some(status) = page.and_then(|page| page.status) {
                return refused(status, request);
            }
            page.map(|page| page.body.clone().into_bytes())
        };
        let Some(bytes) = body else { return refused(404, request) };
        let etag = format!(
            "\"{:x}\"",
            bytes.iter().fold(7_u64, |hash, b| hash.wrapping_mul(31) ^ u64::from(*b))
        );
        if request.etag.as_ref() == Some(&etag) {
            return Ok(Response::NotModified(Said::default()));
        }
        Ok(Response::Document(document(bytes, place, Some(etag))))
    }
}

fn document(bytes: Vec<u8>, place: Url, etag: Option<String>) -> Fetched {
    Fetched {
        bytes,
        content_type: None,
        final_url: place,
        etag,
        last_modified: None,
        said: Said::default(),
    }
}

fn refused(status: u16, request: &Request) -> Result<Response, Trouble> {
    match request.refusals {
        Refusals::Answer => {
            let document = document(b"<h1>Not here</h1>".to_vec(), request.url.clone(), None);
            Ok(Response::Refused { status, document })
        }
        Refusals::Trouble => Err(Trouble::Operator { message: format!("status {status}") }),
    }
}

impl Fetch for Network {
    fn fetch(&self, request: Request) -> Answer<'_> {
        let answer = self.site().answer(&request);
        Box::pin(async move { answer })
    }
}
