//! Documents over HTTP, and `file:` addresses.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, StatusCode, redirect};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::Trouble;
use super::fetch::{
    Answer, Fetch, Fetched, Hope, Refusals, Request, Response, Said, later, operator,
};
use super::guard::{self, Guard, Private};
use super::shown::Shown;

/// All of a visit, redirects and body included.
const DEADLINE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: u8 = 5;
const TYPES: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, \
                     application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";
const PAGES: &str = "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8";
/// Hosts whose last question is remembered; beyond that, those that may be
/// asked again are forgotten.
const HOSTS: usize = 4096;

/// Headers that are handed on with a document.
const TELLING: [&str; 4] = ["cache-control", "link", "x-wp-total", "x-wp-totalpages"];

/// A document beyond this many bytes is large.
const LARGE: usize = 1 << 20;
/// So many large documents come in at one time: a bound for the memory.
const LARGE_AT_ONCE: usize = 8;

/// Fetches over the network and from files.
#[derive(Debug)]
pub struct HttpFetch {
    agent: String,
    large: Semaphore,
    /// From when on each host may be asked again by those who wait their turn.
    turns: Mutex<HashMap<String, Instant>>,
    guarded: OnceLock<Result<Client, String>>,
    open: OnceLock<Result<Client, String>>,
}

impl HttpFetch {
    /// Introduces itself with the address of the site it works for.
    #[must_use]
    pub fn new(site: Option<&Url>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let agent = site.map_or_else(
            || format!("gazetted/{version}"),
            |site| format!("gazetted/{version} (+{site})"),
        );
        Self {
            agent,
            large: Semaphore::new(LARGE_AT_ONCE),
            turns: Mutex::new(HashMap::new()),
            guarded: OnceLock::new(),
            open: OnceLock::new(),
        }
    }

    /// A client is built when it is first needed: a machine without root
    /// certificates can still watch folders.
    fn client(&self, allow_private: bool) -> Result<&Client, Trouble> {
        let slot = if allow_private { &self.open } else { &self.guarded };
        let built = slot.get_or_init(|| {
            let builder = Client::builder()
                .user_agent(&self.agent)
                .connect_timeout(CONNECT)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(Duration::from_secs(20));
            let builder = if allow_private { builder } else { builder.dns_resolver(Guard) };
            builder.build().map_err(|error| chain(&error))
        });
        built.as_ref().map_err(|error| {
            operator(format!("no secure connections can be made ({error}); install the system's root certificates (ca-certificates)"))
        })
    }

    /// Waits until the host may be asked, and takes that turn.
    async fn turn(&self, url: &Url, spacing: Duration) {
        let (Some(host), false) = (url.host_str(), spacing.is_zero()) else { return };
        let now = Instant::now();
        let mine = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= HOSTS {
                turns.retain(|_, next| *next > now);
            }
            let mine = turns.get(host).map_or(now, |next| now.max(*next));
            turns.insert(host.to_owned(), mine + spacing);
            mine
        };
        sleep_until(mine).await;
    }

    async fn ask(&self, request: Request) -> Result<Response, Trouble> {
        let client = self.client(request.allow_private)?;
        let mut url = request.url.clone();
        let types = match request.hope {
            Hope::Feed => TYPES,
            Hope::Page => PAGES,
        };
        // Whether every step so far was a move for good.
        let mut permanent = true;
        for _ in 0..=MAX_REDIRECTS {
            if !request.allow_private {
                guard::check(&url).map_err(|private| operator(private.to_string()))?;
            }
            let mut asked = client.get(url.clone()).header(ACCEPT, types);
            for (name, value) in
                [(IF_NONE_MATCH, &request.etag), (IF_MODIFIED_SINCE, &request.last_modified)]
            {
                if let Some(value) = value {
                    asked = asked.header(name, value);
                }
            }
            if let Some(secret) = request.authorization.as_ref()
                && url.origin() == request.url.origin()
            {
                let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
                    operator(format!(
                        "the login for {} holds characters that no header may; check the secret",
                        Shown(&url)
                    ))
                })?;
                value.set_sensitive(true);
                asked = asked.header(AUTHORIZATION, value);
            }
            let response = asked.send().await.map_err(|error| failed(&url, &error))?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                let moved = moved(&request.url, &url, permanent);
                return Ok(Response::NotModified(said(response.headers(), moved)));
            }
            if status.is_redirection() {
                let Some(next) =
                    header(response.headers(), &LOCATION).and_then(|to| url.join(&to).ok())
                else {
                    return Err(operator(format!(
                        "{} answers {status} without saying where to go; check the address",
                        Shown(&url)
                    )));
                };
                if !matches!(next.scheme(), "http" | "https") {
                    return Err(operator(format!(
                        "{} redirects to {}, which is no web address; check the address",
                        Shown(&url),
                        Shown(&next)
                    )));
                }
                permanent &= matches!(status.as_u16(), 301 | 308);
                url = next;
                continue;
            }
            if !status.is_success() {
                let trouble = refused(&url, status, response.headers());
                if request.refusals == Refusals::Trouble || matches!(trouble, Trouble::Later { .. })
                {
                    return Err(trouble);
                }
                let document = self.take(url, None, response, request.max_bytes).await?;
                return Ok(Response::Refused { status: status.as_u16(), document });
            }
            let moved = moved(&request.url, &url, permanent);
            return self
                .take(url, moved, response, request.max_bytes)
                .await
                .map(Response::Document);
        }
        Err(operator(format!(
            "{} redirects more than {MAX_REDIRECTS} times; enter the final address",
            Shown(&request.url)
        )))
    }

    /// Reads a body, and stops as soon as it is too large.
    async fn take(
        &self,
        url: Url,
        moved: Option<Url>,
        mut response: reqwest::Response,
        max_bytes: u64,
    ) -> Result<Fetched, Trouble> {
        let headers = response.headers();
        let said = said(headers, moved);
        let (content_type, etag, last_modified) = (
            header(headers, &CONTENT_TYPE),
            header(headers, &ETAG),
            header(headers, &LAST_MODIFIED),
        );
        if header(headers, &CONTENT_LENGTH)
            .and_then(|length| length.parse::<u64>().ok())
            .is_some_and(|length| length > max_bytes)
        {
            return Err(too_large(&Shown(&url).to_string(), max_bytes));
        }
        let mut bytes = Vec::new();
        let mut place = None;
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&url, &error))? {
            if (bytes.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large(&Shown(&url).to_string(), max_bytes));
            }
            if bytes.len() + chunk.len() > LARGE && place.is_none() {
                // It is never closed.
                place = self.large.acquire().await.ok();
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Fetched { bytes, content_type, final_url: url, etag, last_modified, said })
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            if request.url.scheme() == "file" {
                return file(&request).await;
            }
            let url = Shown(&request.url).to_string();
            self.turn(&request.url, request.spacing).await;
            tokio::time::timeout(DEADLINE, self.ask(request)).await.unwrap_or_else(|_| {
                Err(later(
                    format!(
                        "{url} did not answer in full within {} seconds; it is asked again later",
                        DEADLINE.as_secs()
                    ),
                    None,
                ))
            })
        })
    }
}

/// Where a document moved for good, if it did.
fn moved(asked: &Url, found: &Url, permanent: bool) -> Option<Url> {
    (permanent && asked != found).then(|| found.clone())
}

fn said(headers: &HeaderMap, moved: Option<Url>) -> Said {
    let lines = TELLING
        .iter()
        .flat_map(|name| headers.get_all(*name).iter().take(20).map(move |value| (*name, value)))
        .filter_map(|(name, value)| Some((name.to_owned(), value.to_str().ok()?.to_owned())))
        .filter(|(_, value)| value.len() < 4000)
        .collect();
    Said { moved, headers: lines }
}

/// Reads a `file:` address.
async fn file(request: &Request) -> Result<Response, Trouble> {
    let url = &request.url;
    let path = url.to_file_path().map_err(|()| {
        operator(format!("{url} is no file address; write file:///path/to/feed.xml"))
    })?;
    let wrong = |error: std::io::Error| {
        operator(format!(
            "{} cannot be read ({error}); check the path and who may read it",
            path.display()
        ))
    };
    let file = tokio::fs::File::open(&path).await.map_err(wrong)?;
    if !file.metadata().await.map_err(wrong)?.is_file() {
        return Err(operator(format!(
            "{} is no file; for a folder use kind = \"directory\"",
            path.display()
        )));
    }
    let mut bytes = Vec::new();
    file.take(request.max_bytes.saturating_add(1)).read_to_end(&mut bytes).await.map_err(wrong)?;
    if bytes.len() as u64 > request.max_bytes {
        return Err(too_large(&path.display().to_string(), request.max_bytes));
    }
    Ok(Response::Document(Fetched {
        bytes,
        content_type: None,
        final_url: url.clone(),
        etag: None,
        last_modified: None,
        said: Said::default(),
    }))
}

fn too_large(thing: &str, max_bytes: u64) -> Trouble {
    operator(format!(
        "{thing} is larger than max_bytes ({max_bytes} bytes); raise it in [[source]] or check the address"
    ))
}

/// What a status other than success means for the next visit.
fn refused(url: &Url, status: StatusCode, headers: &HeaderMap) -> Trouble {
    let url = Shown(url);
    match status.as_u16() {
        401 | 403 | 407 => operator(format!(
            "{url} refuses access ({status}); the feed has to be public, or the site has to let this server in"
        )),
        404 => operator(format!(
            "{url} does not exist ({status}); look for the feed's address on the site"
        )),
        410 => Trouble::Gone {
            message: format!(
                "{url} is gone for good ({status}) and is not asked any more; remove the source or enter its new address"
            ),
        },
        408 | 425 | 429 | 500..=599 => later(
            format!("{url} is not available now ({status}); it is asked again later"),
            retry_after(headers),
        ),
        _ => operator(format!("{url} answers {status}; check the address")),
    }
}

/// Seconds, or a date, which is read against the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = header(headers, &RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value.trim()).ok()?;
    let now = httpdate::parse_http_date(&header(headers, &DATE)?).ok()?;
    until.duration_since(now).ok()
}

fn failed(url: &Url, error: &reqwest::Error) -> Trouble {
    let url = Shown(url);
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(private) = inner.downcast_ref::<Private>() {
            return operator(private.to_string());
        }
        cause = inner.source();
    }
    if error.is_builder() {
        return operator(format!("{url} is no address that can be asked; check it"));
    }
    let what = if error.is_timeout() {
        "does not answer in time"
    } else if error.is_connect() {
        "cannot be reached"
    } else {
        "broke off"
    };
    later(format!("{url} {what} ({}); it is asked again later", chain(error)), None)
}

/// The innermost cause says most.
fn chain(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    let text = value
        .to_str()
        .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()).into_owned(), str::to_owned);
    Some(text).filter(|text| !text.is_empty() && text.len() < 2000)
}

#[cfg(test)]
mod tests;
