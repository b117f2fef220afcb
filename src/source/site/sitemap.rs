//! Sitemaps (sitemaps.org), their indexes and the news extension: pure.

use url::Url;

use super::super::parse::date;
use crate::article::clean::strip_controls;
use crate::article::markup::{Token, Tokens, decode};
use crate::clock::Time;

/// Addresses read of one file; the protocol allows 50,000.
pub const MOST: usize = 50_000;
/// The longest address that is taken, in bytes; the protocol allows 2,048.
const LONGEST: usize = 2048;

/// One file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Further files.
    pub files: Vec<Entry>,
    /// Pages.
    pub pages: Vec<Entry>,
    /// Whether there was more than is read.
    pub cut_off: bool,
}

/// One address in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The address.
    pub url: Url,
    /// When it last changed, by `lastmod`.
    pub changed: Option<Time>,
    /// What the news extension says of it.
    pub news: Option<News>,
}

impl Entry {
    /// When it changed, or at least appeared.
    #[must_use]
    pub fn moment(&self) -> Option<Time> {
        self.changed.or_else(|| self.news.as_ref()?.published)
    }
}

/// What the news extension says of a page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct News {
    /// The piece's title.
    pub title: String,
    /// When it appeared.
    pub published: Option<Time>,
}

/// Reads a file: an index, a list of pages, or lines of addresses. `None` if it
/// is none of these.
#[must_use]
pub fn read(source: &str, base: &Url) -> Option<Sitemap> {
    if source.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('<') {
        xml(source, base)
    } else {
        lines(source)
    }
}

/// One address a line, and nothing else.
fn lines(source: &str) -> Option<Sitemap> {
    let mut sitemap = Sitemap::default();
    for line in source.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let url = Url::parse(line).ok().filter(|url| is_web(url) && line.len() <= LONGEST)?;
        if sitemap.pages.len() == MOST {
            sitemap.cut_off = true;
            break;
        }
        sitemap.pages.push(Entry { url, changed: None, news: None });
    }
    (!sitemap.pages.is_empty()).then_some(sitemap)
}

/// An entry that is being read.
#[derive(Default)]
struct Open {
    url: Option<Url>,
    changed: Option<Time>,
    news: Option<News>,
}

fn xml(source: &str, base: &Url) -> Option<Sitemap> {
    let mut sitemap = Sitemap::default();
    let mut is_one = false;
    let mut entry: Option<Open> = None;
    let mut field = String::new();
    let mut words = String::new();
    for token in Tokens::of(source) {
        match token {
            Token::Start { name, empty, .. } => {
                let name = name.to_ascii_lowercase();
                match local(&name) {
                    "urlset" | "sitemapindex" => is_one = true,
                    // A page or a feed is no sitemap.
                    "html" | "rss" | "feed" if !is_one => return None,
                    "url" | "sitemap" if !empty => entry = Some(Open::default()),
                    _ => {}
                }
                field = if empty { String::new() } else { name };
                words.clear();
            }
            Token::Text(text) if entry.is_some() => words.push_str(&decode(text)),
            Token::Cdata(text) if entry.is_some() => words.push_str(text),
            Token::End { name } => {
                let name = name.to_ascii_lowercase();
                if let Some(entry) = &mut entry
                    && name == field
                {
                    entry.put(&name, words.trim(), base);
                }
                let list = match local(&name) {
                    "url" => Some(&mut sitemap.pages),
                    "sitemap" => Some(&mut sitemap.files),
                    _ => None,
                };
                if let Some(list) = list
                    && let Some(Open { url: Some(url), changed, news }) = entry.take()
                {
                    if list.len() < MOST {
                        list.push(Entry { url, changed, news });
                    } else {
                        sitemap.cut_off = true;
                    }
                }
                field.clear();
                words.clear();
            }
            _ => {}
        }
    }
    is_one.then_some(sitemap)
}

impl Open {
    /// Takes note of one element inside of an entry.
    fn put(&mut self, name: &str, value: &str, base: &Url) {
        if value.is_empty() {
            return;
        }
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        match local(name) {
            // An image's or a video's own address is no page.
            "loc" if !matches!(prefix, "image" | "video") && self.url.is_none() => {
                self.url = Some(value)
                    .filter(|value| value.len() <= LONGEST)
                    .and_then(|value| base.join(value).ok())
                    .filter(is_web);
            }
            "lastmod" => self.changed = date::parse(value),
            "publication_date" if !matches!(prefix, "image" | "video") => {
                self.news.get_or_insert_default().published = date::parse(value);
            }
            "title" if prefix == "news" => {
                self.news.get_or_insert_default().title =
                    strip_controls(value).chars().take(300).collect();
            }
            _ => {}
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Does a file hold other things than pieces, by its name? Generators name
/// them alike: `category-sitemap.xml`, `wp-sitemap-users-1.xml`.
#[must_use]
pub fn is_beside(file: &Url) -> bool {
    const OTHER: [&str; 24] = [
        "category",
        "categories",
        "tag",
        "tags",
        "author",
        "authors",
        "user",
        "users",
        "taxonomy",
        "taxonomies",
        "page",
        "pages",
        "image",
        "images",
        "video",
        "videos",
        "product",
        "products",
        "collections",
        "attachment",
        "archive",
        "archives",
        "misc",
        "topics",
    ];
    const PIECES: [&str; 8] =
        ["post", "posts", "article", "articles", "news", "blog", "blogs", "stories"];
    let whole = file.as_str().to_ascii_lowercase();
    let name = file.path().rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let has = |name: &str, words: &[&str]| {
        name.split(|c: char| !c.is_ascii_alphanumeric())
            .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()))
            .any(|part| words.contains(&part))
    };
    // `post_tag-sitemap.xml`, and WordPress's own list of pages.
    if whole.contains("post_tag") || whole.contains("posts-page") {
        return true;
    }
    has(&name, &OTHER) && !has(&name, &PIECES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://m.example/sitemap.xml").unwrap()
    }

    #[test]
    fn indexes_pages_and_news_are_read() {
        let source = "<?xml version='1.0'?><urlset xmlns:news='n' xmlns:image='i'>\
            <url><loc> https://m.example/a?x=1&amp;y=2 </loc><lastmod>2026-03-01T10:00:00+01:00</lastmod>\
            <image:image><image:loc>https://m.example/a.jpg</image:loc><image:title>No</image:title></image:image></url>\
            <url><news:news><news:publication><news:name>M</news:name></news:publication>\
            <news:publication_date>2026-03-02</news:publication_date><news:title>Silt &amp; sand</news:title></news:news>\
            <loc><![CDATA[/b]]></loc></url>\
            <url><loc>javascript:alert(1)</loc></url><url/><url><lastmod>2026</lastmod></url></urlset>";
        let index = "<s:sitemapindex><s:sitemap><s:loc>https://m.example/p.xml</s:loc><s:lastmod>2026-03-03</s:lastmod></s:sitemap></s:sitemapindex>";

        let pages = read(source, &base()).unwrap().pages;
        let files = read(index, &base()).unwrap().files;

        let news = pages[1].news.as_ref().unwrap();
        assert_eq!(pages.len(), 2);
        assert_eq!(pages[0].url.as_str(), "https://m.example/a?x=1&y=2");
        assert_eq!(pages[0].changed, date::parse("2026-03-01T09:00:00Z"));
        assert_eq!(pages[1].url.as_str(), "https://m.example/b");
        assert_eq!(
            (news.title.as_str(), news.published),
            ("Silt & sand", date::parse("2026-03-02"))
        );
        assert_eq!(pages[1].moment(), date::parse("2026-03-02"));
        assert_eq!(files[0].url.as_str(), "https://m.example/p.xml");
    }

    #[test]
    fn lines_are_a_sitemap_and_pages_and_feeds_are_none() {
        let lines = read("\u{feff}https://m.example/a\n\nhttps://m.example/b\r\n", &base());

        assert_eq!(lines.unwrap().pages.len(), 2);
        for other in [
            "https://m.example/a\nnothing\n",
            "",
            "Not found",
            "<html><url><loc>/a</loc></url></html>",
            "<rss><channel></channel></rss>",
        ] {
            assert_eq!(read(other, &base()), None, "{other}");
        }
    }

    #[test]
    fn a_cut_file_gives_what_it_holds_and_a_huge_one_is_cut() {
        let cut = "<urlset><url><loc>/a</loc></url><url><loc>/b</lo";
        let one = "<url><loc>/a</loc></url>";

        let huge = read(&format!("<urlset>{}", one.repeat(MOST + 1)), &base()).unwrap();

        assert_eq!(read(cut, &base()).unwrap().pages.len(), 1);
        assert_eq!((huge.pages.len(), huge.cut_off), (MOST, true));
    }

    #[test]
    fn files_of_other_things_are_told_by_their_names() {
        for (file, beside) in [
            ("wp-sitemap-posts-post-1.xml", false),
            ("wp-sitemap-posts-page-1.xml", true),
            ("wp-sitemap-taxonomies-category-1.xml", true),
            ("wp-sitemap-users-1.xml", true),
            ("post_tag-sitemap.xml", true),
            ("author-sitemap.xml", true),
            ("page-sitemap.xml", true),
            ("sitemap-pages.xml", true),
            ("post-sitemap2.xml", false),
            ("news-sitemap.xml", false),
            ("sitemap-2026-03.xml", false),
            ("sitemap.xml?page=2", false),
            ("sitemap_blogs_1.xml", false),
            ("tag/x/sitemap.xml", false),
        ] {
            assert_eq!(is_beside(&base().join(file).unwrap()), beside, "{file}");
        }
    }
}
