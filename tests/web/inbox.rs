//! The inbox page of `demo`.

use super::place::Place;

#[tokio::test]
async fn a_mail_is_listed_framed_and_shown_as_it_went_out() {
    let place = Place::new().await;
    place.post("/subscribe", "email=reader%40example.org").await;
    let (id, message) = place.mail_to("reader@example.org").await;

    let list = place.get("/inbox").await;
    let page = place.get(&format!("/inbox/{id}")).await;
    let html = place.get(&format!("/inbox/{id}/html")).await;
    let text = place.get(&format!("/inbox/{id}?view=text")).await;
    let headers = place.get(&format!("/inbox/{id}?view=headers")).await;
    let source = place.get(&format!("/inbox/{id}/source")).await;

    assert!(list.text().contains(&format!("href=\"/inbox/{id}\"")));
    assert!(list.text().contains("reader@example.org"));
    assert!(page.text().contains(&format!("src=\"/inbox/{id}/html\" sandbox=")));
    assert!(page.header("content-security-policy").contains("frame-src 'self'"));
    assert!(html.header("content-security-policy").contains("sandbox"));
    assert_eq!(html.header("x-frame-options"), "SAMEORIGIN");
    assert!(html.text().contains("/confirm/"));
    assert!(text.text().contains("/confirm/"));
    assert!(headers.text().contains("<dt>Subject</dt>"));
    assert_eq!(source.text(), message);
    assert_eq!(source.header("content-type"), "text/plain; charset=utf-8");
    for answer in [&list, &page, &html, &source] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(place.get("/inbox/999").await.status, 404);
    assert_eq!(place.get("/inbox/x").await.status, 404);
    assert_eq!(place.get(&format!("/inbox/{id}?view=x")).await.status, 404);
}

#[tokio::test]
async fn where_mail_really_leaves_there_is_no_inbox() {
    let place = Place::without_mail().await;

    for path in ["/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/source"] {
        assert_eq!(place.get(path).await.status, 404, "{path}");
    }
    assert!(!place.get("/").await.text().contains("/inbox"));
}
