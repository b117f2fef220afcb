use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::*;

/// A server that gives its answers one after the other and keeps what it was asked.
async fn server(answers: Vec<String>) -> (Url, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/feed", listener.local_addr().unwrap())).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(socket.read_u8().await.unwrap());
            }
            log.lock().unwrap().push(String::from_utf8(request).unwrap());
            // A client that has seen enough may hang up first.
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

fn request(url: &Url) -> Request {
    Request::to(url.clone(), 1000, true)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}")
}

#[tokio::test]
async fn a_document_is_found_behind_redirects_and_asked_for_conditionally() {
    let (url, asked) = server(vec![
        answer("301 Moved", "location: /new\r\n", ""),
        answer(
            "200 OK",
            "etag: \"1\"\r\nlast-modified: then\r\ncache-control: max-age=60\r\ncontent-type: text/xml\r\n",
            "<rss/>",
        ),
        answer("304 Not Modified", "", ""),
    ])
    .await;
    let fetch = HttpFetch::new(Some(&Url::parse("https://news.example/").unwrap()));

    let Response::Document(found) = fetch.fetch(request(&url)).await.unwrap() else {
        panic!("no document")
    };
    let known = Request {
        etag: found.etag.clone(),
        last_modified: found.last_modified.clone(),
        ..request(&url)
    };
    let again = fetch.fetch(known).await.unwrap();

    assert_eq!((found.bytes.as_slice(), found.final_url.path()), (&b"<rss/>"[..], "/new"));
    assert!(matches!(&again, Response::NotModified(said) if said.moved.is_none()));
    assert_eq!(found.said.moved, Some(found.final_url.clone()));
    assert_eq!(found.header("cache-control").collect::<Vec<_>>(), ["max-age=60"]);
    let asked = asked.lock().unwrap();
    assert!(asked[0].contains(concat!(
        "user-agent: gazetted/",
        env!("CARGO_PKG_VERSION"),
        " (+https://news.example/)"
    )));
    assert!(
        asked[2].contains("if-none-match: \"1\"") && asked[2].contains("if-modified-since: then")
    );
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_allowed() {
    let fetch = HttpFetch::new(None);
    for url in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::ffff:10.0.0.1]/"] {
        let request = Request { allow_private: false, ..request(&Url::parse(url).unwrap()) };

        let trouble = fetch.fetch(request).await.unwrap_err();

        assert!(
            matches!(&trouble, Trouble::Operator { message } if message.contains("allow_private")),
            "{trouble}"
        );
    }
}

#[tokio::test]
async fn a_document_that_is_too_large_is_left_whether_or_not_it_says_so() {
    let long = "x".repeat(5000);
    let (url, _) = server(vec![
        answer("200 OK", "content-length: 5000\r\n", &long),
        answer("200 OK", "", &long),
    ])
    .await;
    let fetch = HttpFetch::new(None);

    for _ in 0..2 {
        let trouble = fetch.fetch(request(&url)).await.unwrap_err();

        assert!(
            matches!(&trouble, Trouble::Operator { message } if message.contains("max_bytes")),
            "{trouble}"
        );
    }
}

#[tokio::test]
async fn a_refusal_says_whether_another_try_is_worth_it() {
    let (url, _) = server(vec![
        answer("503 Busy", "retry-after: 120\r\n", ""),
        answer(
            "429 Slow",
            "date: Thu, 01 Jan 2004 00:00:00 GMT\r\nretry-after: Thu, 01 Jan 2004 00:01:00 GMT\r\n",
            "",
        ),
        answer("404 Not Found", "", ""),
        answer("403 Forbidden", "", ""),
        answer("410 Gone", "", ""),
    ])
    .await;
    let fetch = HttpFetch::new(None);
    let mut troubles = Vec::new();
    for _ in 0..5 {
        troubles.push(fetch.fetch(request(&url)).await.unwrap_err());
    }

    let waits: Vec<_> = troubles
        .iter()
        .map(|trouble| match trouble {
            Trouble::Later { retry_after, .. } => retry_after.map(|wait| wait.as_secs()),
            Trouble::Operator { .. } => Some(0),
            Trouble::Gone { .. } => Some(1),
        })
        .collect();
    assert_eq!(waits, [Some(120), Some(60), Some(0), Some(0), Some(1)]);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let (url, asked) = server(vec![answer("302 Found", "location: /feed\r\n", ""); 10]).await;

    let trouble = HttpFetch::new(None).fetch(request(&url)).await.unwrap_err();

    assert!(trouble.to_string().contains("redirects more than 5 times"), "{trouble}");
    assert_eq!(asked.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn a_file_is_read_like_a_feed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    std::fs::write(&path, "<rss/>").unwrap();
    let fetch = HttpFetch::new(None);

    let found = fetch.fetch(request(&Url::from_file_path(&path).unwrap())).await.unwrap();
    let missing = fetch
        .fetch(request(&Url::from_file_path(folder.path().join("no.xml")).unwrap()))
        .await
        .unwrap_err();

    assert!(matches!(found, Response::Document(found) if found.bytes == b"<rss/>"));
    assert!(missing.to_string().contains("no.xml"));
}

#[tokio::test]
async fn a_login_stays_with_the_host_it_was_given_for_and_a_refusal_can_be_an_answer() {
    let (elsewhere, asked_there) = server(vec![answer("200 OK", "", "[]")]).await;
    let (url, asked) = server(vec![
        answer("404 Not Found", "x-wp-total: 7\r\n", "{\"code\":\"none\"}"),
        answer("302 Found", &format!("location: {elsewhere}\r\n"), ""),
    ])
    .await;
    let fetch = HttpFetch::new(None);
    let with_login = Request {
        authorization: Some(crate::secret::Secret::new("Basic eDp5")),
        refusals: Refusals::Answer,
        ..request(&url)
    };

    let refused = fetch.fetch(with_login.clone()).await.unwrap();
    fetch.fetch(with_login).await.unwrap();

    let Response::Refused { status, document } = refused else { panic!("no refusal") };
    assert_eq!((status, document.header("x-wp-total").next()), (404, Some("7")));
    assert_eq!(document.bytes, b"{\"code\":\"none\"}");
    assert!(asked.lock().unwrap().iter().all(|asked| asked.contains("authorization: Basic eDp5")));
    assert!(!asked_there.lock().unwrap()[0].contains("authorization"));
}

#[tokio::test]
async fn a_detour_is_no_move_and_secrets_stay_out_of_what_is_said() {
    let (url, _) = server(vec![
        answer("301 Moved", "location: /b\r\n", ""),
        answer("302 Found", "location: /c\r\n", ""),
        answer("200 OK", "", "<rss/>"),
        answer("404 Not Found", "", ""),
    ])
    .await;
    let fetch = HttpFetch::new(None);
    let mut secret = url.clone();
    secret.set_password(Some("s3cret")).unwrap();
    secret.set_query(Some("token=s3cret"));

    let Response::Document(found) = fetch.fetch(request(&url)).await.unwrap() else {
        panic!("no document")
    };
    let trouble = fetch.fetch(request(&secret)).await.unwrap_err();

    assert_eq!(found.said.moved, None);
    assert!(!trouble.to_string().contains("s3cret"), "{trouble}");
}
