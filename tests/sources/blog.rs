//! A model of a WordPress as seen over HTTP: its REST interface, its feed, its
//! pages. It behaves as the real one was seen to behave, oddities included.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use gazetted::source::Trouble;
use gazetted::source::fetch::{Answer, Fetch, Fetched, Refusals, Request, Response, Said};
use serde_json::{Value, json};
use url::Url;

use super::desk::NOW;

/// Where it lives.
pub const HOME: &str = "https://blog.example";

/// One post.
#[derive(Debug, Clone)]
pub struct Post {
    pub title: String,
    pub content: String,
    pub slug: String,
    pub guid: String,
    pub date: DateTime<Utc>,
    pub modified: DateTime<Utc>,
    pub categories: Vec<u64>,
    pub author: u64,
    pub status: &'static str,
    pub password: bool,
}

/// How its REST interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Below `/wp-json/`.
    Pretty,
    /// In `?rest_route=`.
    Plain,
    /// Answers 401 to everybody without a login.
    Members,
    /// Answers 403.
    Off,
}

/// What is wrong with the whole site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Good,
    /// The database does not answer: status 500 for everything.
    Down,
    /// A notice of maintenance, with status 200.
    Notice,
    /// The table of posts is empty, politely.
    Emptied,
}

/// Something that happens at a request's arrival.
type Event = (usize, fn(&mut Site));

/// The site.
pub struct Site {
    pub posts: BTreeMap<u64, Post>,
    pub categories: BTreeMap<u64, (String, u64)>,
    pub rest: Rest,
    pub health: Health,
    /// Hours that its zone is ahead of UTC.
    pub zone: i64,
    pub per_feed: usize,
    /// Requests so far.
    pub asked: Vec<String>,
    /// Done to the site when a request of that number comes in.
    pub at_request: Option<Event>,
    /// A post on which WordPress fails.
    pub poison: Option<u64>,
    next: u64,
}

/// The site behind a lock, as a network.
#[derive(Clone)]
pub struct Network(pub Arc<Mutex<Site>>);

impl Network {
    pub fn new() -> Self {
        let mut site = Site {
            posts: BTreeMap::new(),
            categories: BTreeMap::new(),
            rest: Rest::Pretty,
            health: Health::Good,
            zone: 0,
            per_feed: 10,
            asked: vec![],
            at_request: None,
            poison: None,
            next: 10,
        };
        for (id, name, parent) in [
            (1, "Uncategorized", 0),
            (2, "AFRICA", 0),
            (3, "Kenya", 2),
            (4, "EUROPE", 0),
            (5, "Germany", 4),
            (6, "Opinion", 0),
        ] {
            site.categories.insert(id, (name.to_owned(), parent));
        }
        Self(Arc::new(Mutex::new(site)))
    }

    /// The site, to change it.
    pub fn site(&self) -> std::sync::MutexGuard<'_, Site> {
        self.0.lock().unwrap()
    }
}

fn moment(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(NOW).unwrap() + TimeDelta::minutes(minutes)
}

impl Site {
    /// A post that appeared so many minutes from now; gives its id.
    pub fn publish(&mut self, title: &str, minutes: i64, categories: &[u64]) -> u64 {
        let id = self.next;
        self.next += 1;
        let slug = title.to_lowercase().replace(' ', "-");
        let post = Post {
            title: title.to_owned(),
            content: format!(
                "<p>The first words of {title}, which go on for a while so that there is something to read.</p>\n\
                 <p>A second paragraph follows the first, as it does in most pieces of number {id}.</p>"
            ),
            guid: format!("{HOME}/?p={id}"),
            slug,
            date: moment(minutes),
            modified: moment(minutes),
            categories: categories.to_vec(),
            author: 7,
            status: "publish",
            password: false,
        };
        self.posts.insert(id, post);
        id
    }

    /// So many posts, in Kenya and Germany by turns.
    pub fn publish_many(&mut self, count: i64) {
        for nth in 0..count {
            let category = if nth % 2 == 0 { 3 } else { 5 };
            self.publish(&format!("Piece {nth:03}"), -1000 * 60 + nth * 30, &[category]);
        }
    }

    /// An edit, at so many minutes from now.
    pub fn edit(&mut self, id: u64, minutes: i64, change: impl FnOnce(&mut Post)) {
        let post = self.posts.get_mut(&id).unwrap();
        change(post);
        post.modified = moment(minutes);
    }

    fn link(&self, post: &Post) -> String {
        let category = post.categories.first().and_then(|id| self.categories.get(id));
        let folder = category.map_or_else(|| "none".to_owned(), |(name, _)| name.to_lowercase());
        format!("{HOME}/{folder}/{}/", post.slug)
    }

    /// What a visitor can read, by title.
    pub fn visible(&self) -> Vec<String> {
        let open = self.posts.values().filter(|post| is_public(post) && !post.password);
        let mut titles: Vec<String> = open.map(|post| post.title.clone()).collect();
        titles.sort();
        titles
    }

    fn answer(&mut self, url: &Url, login: bool) -> (u16, Vec<(String, String)>, String) {
        self.asked.push(url.to_string());
        if let Some((_, change)) = self.at_request.take_if(|(at, _)| *at == self.asked.len()) {
            change(self);
        }
        match self.health {
            Health::Down => {
                return (
                    500,
                    vec![],
                    "<html>Error establishing a database connection</html>".to_owned(),
                );
            }
            Health::Notice => {
                return (
                    200,
                    vec![],
                    "<!doctype html><html><title>Maintenance</title><p>Back soon.</html>"
                        .to_owned(),
                );
            }
            Health::Good | Health::Emptied => {}
        }
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let route = query.get("rest_route").cloned().or_else(|| {
            url.path()
                .strip_prefix("/wp-json")
                .filter(|_| self.rest != Rest::Plain)
                .map(str::to_owned)
        });
        match route {
            Some(route) => {
                let (status, headers, value) = self.rest(route.trim_matches('/'), &query, login);
                (status, headers, value.to_string())
            }
            None if url.path() == "/" => (200, vec![], self.front()),
            None if url.path() == "/feed/" => self.feed(&query),
            None => self.page(url.as_str()),
        }
    }

    fn front(&self) -> String {
        let root = match self.rest {
            Rest::Pretty | Rest::Members => {
                format!("<link rel='https://api.w.org/' href='{HOME}/wp-json/'>")
            }
            Rest::Plain => {
                format!("<link rel='https://api.w.org/' href='{HOME}/index.php?rest_route=/'>")
            }
            Rest::Off => String::new(),
        };
        format!(
            "<!doctype html><html lang='en-US'><head>{root}\
             <link rel='alternate' type='application/rss+xml' href='{HOME}/feed/'></head><body></body></html>"
        )
    }

    fn rest(
        &self,
        route: &str,
        query: &BTreeMap<String, String>,
        login: bool,
    ) -> (u16, Vec<(String, String)>, Value) {
        let error = |status: u16, code: &str| {
            (status, vec![], json!({"code": code, "data": {"status": status}}))
        };
        match self.rest {
            Rest::Off => return error(403, "rest_disabled"),
            Rest::Members if !login => return error(401, "rest_not_logged_in"),
            _ => {}
        }
        if let Some(id) = route.strip_prefix("wp/v2/posts/") {
            let found = id.parse().ok().and_then(|id: u64| Some((id, self.posts.get(&id)?)));
            return match found.filter(|_| self.health != Health::Emptied) {
                None => error(404, "rest_post_invalid_id"),
                Some((_, post)) if !is_public(post) => error(401, "rest_forbidden"),
                Some((id, post)) => (200, vec![], self.row(id, post)),
            };
        }
        let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
        let size: usize = query.get("per_page").map_or(10, |size| size.parse().unwrap());
        assert!(size <= 100, "rest_invalid_param");
        let mut rows: Vec<Value> = match route {
            "wp/v2/categories" => self
                .categories
                .iter()
                .map(|(id, (name, parent))| json!({"id": id, "name": name, "slug": name.to_lowercase(), "parent": parent}))
                .collect(),
            "wp/v2/users" => vec![json!({"id": 7, "name": "Africa desk"})],
            "wp/v2/posts" => {
                if self.poison.is_some_and(|id| {
                    query.get("include").is_some_and(|ids| ids.split(',').any(|one| one == id.to_string()))
                }) {
                    return error(500, "internal_server_error");
                }
                self.select(query)
            }
            _ => return error(404, "rest_no_route"),
        };
        let total = rows.len();
        let pages = total.div_ceil(size);
        if page > pages.max(1) {
            return error(400, "rest_post_invalid_page_number");
        }
        rows = rows.into_iter().skip((page - 1) * size).take(size).collect();
        let headers = vec![
            ("x-wp-total".to_owned(), total.to_string()),
            ("x-wp-totalpages".to_owned(), pages.to_string()),
        ];
        (200, headers, Value::Array(rows))
    }

    fn select(&self, query: &BTreeMap<String, String>) -> Vec<Value> {
        let mut posts: Vec<(&u64, &Post)> =
            self.posts.iter().filter(|(_, post)| is_public(post)).collect();
        if self.health == Health::Emptied {
            posts.clear();
        }
        if let Some(ids) = query.get("include") {
            let wanted: Vec<u64> = ids.split(',').map(|id| id.parse().unwrap()).collect();
            posts.retain(|(id, _)| wanted.contains(id));
        }
        if let Some(after) = query.get("modified_after") {
            // Without a Z, it is the site's own time.
            let naive = chrono::NaiveDateTime::parse_from_str(
                after.trim_end_matches('Z'),
                "%Y-%m-%dT%H:%M:%S",
            )
            .unwrap();
            let shift = if after.ends_with('Z') { 0 } else { self.zone };
            let after = naive.and_utc() - TimeDelta::hours(shift);
            posts.retain(|(_, post)| post.modified > after);
        }
        match query.get("orderby").map(String::as_str) {
            Some("modified") => posts.sort_by_key(|(_, post)| post.modified),
            Some("id") => {}
            _ => posts.sort_by_key(|(_, post)| post.date),
        }
        if query.get("order").is_none_or(|order| order == "desc") {
            posts.reverse();
        }
        posts.into_iter().map(|(id, post)| self.row(*id, post)).collect()
    }

    fn row(&self, id: u64, post: &Post) -> Value {
        let stamp = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S").to_string();
        let local = |time: DateTime<Utc>| stamp(time + TimeDelta::hours(self.zone));
        let content = if post.password { "" } else { post.content.as_str() };
        json!({
            "id": id, "status": post.status, "type": "post", "slug": post.slug, "link": self.link(post),
            "guid": {"rendered": post.guid.replace('&', "&#038;")},
            "date": local(post.date), "date_gmt": stamp(post.date),
            "modified": local(post.modified), "modified_gmt": stamp(post.modified),
            "title": {"rendered": post.title.replace('&', "&#038;")},
            "content": {"rendered": content, "protected": post.password},
            "excerpt": {"rendered": "", "protected": post.password},
            "author": post.author, "categories": post.categories, "tags": [], "featured_media": 9,
            "_embedded": {
                "author": [{"id": 7, "name": "Africa desk"}],
                "wp:featuredmedia": [{
                    "source_url": format!("{HOME}/up/{}.jpg", post.slug), "alt_text": "A lake &amp; a shore", "mime_type": "image/jpeg",
                    "caption": {"rendered": "<p>Photo: An agency</p>"},
                    "media_details": {"width": 1200, "height": 630, "filesize": 4321, "sizes": {}}
                }],
                "wp:term": [[], [{"taxonomy": "post_tag", "name": "Water"}]]
            }
        })
    }

    fn feed(&self, query: &BTreeMap<String, String>) -> (u16, Vec<(String, String)>, String) {
        let page: usize = query.get("paged").map_or(1, |page| page.parse().unwrap());
        let mut posts: Vec<&Post> = self.posts.values().filter(|post| is_public(post)).collect();
        posts.sort_by_key(|post| std::cmp::Reverse(post.date));
        let items: String = posts
            .into_iter()
            .skip((page - 1) * self.per_feed)
            .take(self.per_feed)
            .map(|post| {
                let (title, body) = if post.password {
                    (format!("Protected: {}", post.title), "<form action='/wp-login.php?action=postpass'>Password:</form>".to_owned())
                } else {
                    (post.title.clone(), post.content.clone())
                };
                let category = post.categories.first().map_or("", |id| self.categories[id].0.as_str());
                format!(
                    "<item><title>{title}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid>\
                     <pubDate>{}</pubDate><dc:creator>Africa desk</dc:creator><category>{category}</category>\
                     <content:encoded><![CDATA[{body}]]></content:encoded></item>",
                    self.link(post),
                    post.guid,
                    post.date.to_rfc2822()
                )
            })
            .collect();
        if items.is_empty() && page > 1 {
            return (404, vec![], "<html>Not found</html>".to_owned());
        }
        let feed = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Blog</title>{items}</channel></rss>"
        );
        (200, vec![], feed)
    }

    fn page(&self, url: &str) -> (u16, Vec<(String, String)>, String) {
        let known = self.posts.values().any(|post| is_public(post) && self.link(post) == url);
        let status = if known && self.health != Health::Emptied { 200 } else { 404 };
        (status, vec![], "<html></html>".to_owned())
    }
}

fn is_public(post: &Post) -> bool {
    post.status == "publish"
}

impl Fetch for Network {
    fn fetch(&self, request: Request) -> Answer<'_> {
        let (status, headers, body) =
            self.site().answer(&request.url, request.authorization.is_some());
        let document = Fetched {
            bytes: body.into_bytes(),
            content_type: None,
            final_url: request.url.clone(),
            etag: None,
            last_modified: None,
            said: Said { headers, ..Said::default() },
        };
        let answer = match status {
            200 => Ok(Response::Document(document)),
            400..=499 if request.refusals == Refusals::Answer => {
                Ok(Response::Refused { status, document })
            }
            _ => Err(Trouble::Later { message: format!("status {status}"), retry_after: None }),
        };
        Box::pin(async move { answer })
    }
}
