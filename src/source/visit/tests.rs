use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::clock::from_millis;
use crate::source::fetch::Answer;

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
        headers: Vec::new(),
    }))
}

#[tokio::test]
async fn a_feed_is_taken_in_once_and_then_unchanged() {
    let body = "<rss><item><guid>1</guid><title>A</title><pubDate>2099-01-01</pubDate></item><item/></rss>";
    let (mut source, fetch) = source(
        Kind::Feed { url: url() },
        vec![found(body), found(body), Ok(Response::NotModified)],
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
async fn kinds_to_come_name_the_way_that_works_now() {
    for kind in [Kind::Wordpress { url: url() }, Kind::Site { url: url() }] {
        let trouble = source(kind, vec![]).0.visit(&Memory::default(), now()).await.unwrap_err();

        assert!(
            matches!(&trouble, Trouble::Operator { message } if message.contains("kind = \"feed\"")),
            "{trouble}"
        );
    }
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
