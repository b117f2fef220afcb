use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::clock::from_millis;
use crate::source::fetch::{Answer, Said};

/// Gives the answers it was told, and keeps what it was asked.
#[derive(Default)]
struct Scripted {
    answers: Mutex<Vec<Result<Response, Trouble>>>,
    asked: Mutex<Vec<Request>>,
}

impl Fetch for Scripted {
    fn fetch(&self, request: Request) -> Answer<'_> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().remove(0);
        Box::pin(async move { answer })
    }
}

fn now() -> Time {
    from_millis(1_720_000_000_000)
}

fn url() -> Url {
    Url::parse("https://news.example/feed").unwrap()
}

fn source(kind: Kind, answers: Vec<Result<Response, Trouble>>) -> (Source, Arc<Scripted>) {
    let fetch = Arc::new(Scripted { answers: Mutex::new(answers), ..Scripted::default() });
    let settings = Settings {
        name: "s".to_owned(),
        kind,
        every: Duration::from_mins(15),
        max_bytes: 1000,
        language: Some("de".to_owned()),
        home: None,
        allow_private: false,
    };
    (Source::new(settings, fetch.clone()), fetch)
}

#[expect(clippy::unnecessary_wraps, reason = "an answer among others")]
fn found(body: &str) -> Result<Response, Trouble> {
    let etag = Some("\"1\"".to_owned());
    Ok(Response::Document(Fetched {
        bytes: body.into(),
        content_type: None,
        final_url: url(),
        etag,
        last_modified: None,
        said: Said::default(),
    }))
}

#[tokio::test]
async fn a_feed_is_taken_in_once_and_then_unchanged() {
    let body = "<rss><item><guid>1</guid><title>A</title><pubDate>2099-01-01</pubDate></item><item/></rss>";
    let (mut source, fetch) = source(
        Kind::Feed { url: url() },
        vec![found(body), found(body), Ok(Response::NotModified(Said::default()))],
    );

    let Haul::Drafts { drafts, present, memory, failures } =
        source.visit(&Memory::default(), now()).await.unwrap()
    else {
        panic!()
    };
    let same = source.visit(&memory, now()).await.unwrap();
    let not_modified = source.visit(&memory, now()).await.unwrap();

    assert_eq!((drafts.len(), present, failures.len()), (1, None, 1));
    assert_eq!((drafts[0].language.as_deref(), drafts[0].published), (Some("de"), None));
    assert_eq!((same, not_modified), (Haul::Unchanged, Haul::Unchanged));
    assert_eq!(fetch.asked.lock().unwrap()[1].etag.as_deref(), Some("\"1\""));
}

/// The memory after a good visit.
async fn remembered(source: &mut Source, memory: Memory) -> Memory {
    match source.visit(&memory, now()).await.unwrap() {
        Haul::Drafts { memory, .. } => memory,
        Haul::Unchanged | Haul::Part(_) => memory,
    }
}

#[tokio::test]
async fn what_the_publisher_wishes_is_remembered() {
    let body = "<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour>\
                <hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays><a:link rel='hub' href='https://hub.example/'/>\
                <a:link rel='self' href='/own'/><item><guid>1</guid><title>A</title></item></channel></rss>";
    let Ok(Response::Document(mut document)) = found(body) else { panic!() };
    document.said.headers.push(("cache-control".to_owned(), "max-age=600".to_owned()));
    let (mut source, _) = source(Kind::Feed { url: url() }, vec![Ok(Response::Document(document))]);

    let manners = remembered(&mut source, Memory::default()).await.manners;

    let wishes = Wishes { max_age: 600, ttl: 5400, skip_hours: 0b1001, skip_days: 1 << 6 };
    assert_eq!(manners.wishes, wishes);
    let hub = manners.hub.unwrap();
    assert_eq!(
        (hub.hub.as_str(), hub.topic.as_str()),
        ("https://hub.example/", "https://news.example/own")
    );
}

#[tokio::test]
async fn a_move_for_good_is_followed_once_it_repeats() {
    let new = Url::parse("https://new.example/feed").unwrap();
    let moved =
        || Ok(Response::NotModified(Said { moved: Some(new.clone()), headers: Vec::new() }));
    let stays = || Ok(Response::NotModified(Said::default()));
    let (mut source, fetch) =
        source(Kind::Feed { url: url() }, vec![moved(), moved(), moved(), stays(), stays()]);

    let mut memory = Memory::default();
    for _ in 0..5 {
        memory = remembered(&mut source, memory).await;
    }

    let asked: Vec<_> = fetch.asked.lock().unwrap().iter().map(|r| r.url.to_string()).collect();
    assert_eq!(asked[2], url().as_str());
    assert_eq!(&asked[3..], [new.as_str(), new.as_str()]);
}

#[tokio::test]
async fn what_is_known_of_one_address_is_not_told_to_another() {
    let (mut source, fetch) =
        source(Kind::Feed { url: url() }, vec![found("<rss><item><title>A</title></item></rss>")]);
    let manners = Manners { address: "https://old.example/".to_owned(), ..Manners::default() };
    let old = Memory {
        etag: Some("\"old\"".to_owned()),
        manners: Box::new(manners),
        ..Memory::default()
    };

    let memory = remembered(&mut source, old).await;

    assert_eq!(fetch.asked.lock().unwrap()[0].etag, None);
    assert_eq!(memory.manners.address, url().as_str());
}

#[tokio::test]
async fn a_guid_at_two_addresses_names_no_piece() {
    let item = |n: u8| {
        format!(
            "<item><guid isPermaLink='false'>same</guid><link>https://news.example/{n}</link></item>"
        )
    };
    let (mut source, _) = source(
        Kind::Feed { url: url() },
        vec![
            found(&format!("<rss>{}{}</rss>", item(1), item(2))),
            found(&format!("<rss>{}</rss>", item(3))),
        ],
    );

    let mut guids = Vec::new();
    let mut memory = Memory::default();
    for _ in 0..2 {
        let Haul::Drafts { drafts, memory: fresh, .. } =
            source.visit(&memory, now()).await.unwrap()
        else {
            panic!()
        };
        guids.extend(drafts.into_iter().map(|draft| draft.guid));
        memory = fresh;
    }

    assert_eq!(
        guids,
        ["https://news.example/1", "https://news.example/2", "https://news.example/3"]
    );
}

#[tokio::test]
async fn a_login_page_is_trouble_for_the_operator() {
    let (mut source, _) =
        source(Kind::Feed { url: url() }, vec![found("<html><title>Log in</title></html>")]);

    let trouble = source.visit(&Memory::default(), now()).await.unwrap_err();

    assert!(
        matches!(&trouble, Trouble::Operator { message } if message.contains("news.example") && message.contains("Log in"))
    );
}

#[tokio::test]
async fn a_folder_is_visited_without_the_network() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.md"), "# A\n\nText.").unwrap();
    let (mut source, _) = source(Kind::Directory { path: dir.path().to_path_buf() }, vec![]);

    let haul = source.visit(&Memory::default(), now()).await.unwrap();

    assert!(
        matches!(haul, Haul::Drafts { drafts, present, .. } if drafts[0].title == "A" && present == Some(vec!["a.md".to_owned()]))
    );
}
