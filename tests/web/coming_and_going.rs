//! People come and go: what a visitor, a mail program and a stranger can do.

use gazetted::subscriber::Standing;
use gazetted::subscriber::token::{Claim, Purpose};
use http::Method;

use super::place::{Place, SITE};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// The token of a link to `/PURPOSE/…` in a mail.
fn token(mail: &str, purpose: &str) -> String {
    let text = mail.replace("=\r\n", "").replace("=3D", "=");
    let start = text.find(&format!("{SITE}/{purpose}/")).expect("the mail has a link");
    let rest = &text[start + SITE.len() + purpose.len() + 2..];
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

#[tokio::test]
async fn who_asks_and_confirms_is_in_and_nobody_before() {
    let place = Place::new().await;

    let asked =
        place.post("/subscribe", "email=Reader%40example.org&region=africa&timezone=Asia%2FTokyo");
    assert_eq!(asked.await.status, 200);
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Pending));
    let (_, mail) = place.mail_to("Reader@example.org").await;
    let link = format!("/confirm/{}", token(&mail, "confirm"));

    let page = place.get(&link).await;
    place.ask(Method::HEAD, &link, &[], "").await;
    assert!(page.text().contains("method=\"post\""));
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Pending));

    assert_eq!(place.post(&link, "").await.status, 200);
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Active));
    assert_eq!(place.post(&link, "").await.status, 200);
}

#[tokio::test]
async fn one_click_unsubscribes_without_cookie_or_origin_and_twice() {
    let place = Place::new().await;
    let reader = place.reader("reader@example.org", Standing::Active).await;
    let token =
        place.house.keys.sign_claim(Purpose::Unsubscribe, &Claim::lasting(reader.uid, Some(1)));
    let link = format!("/unsubscribe/{token}");

    let page = place.get(&link).await;
    place.ask(Method::HEAD, &link, &[], "").await;
    assert_eq!(page.status, 200);
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Active));

    for _ in 0..2 {
        let foreign = [("origin", "https://mail.example"), ("sec-fetch-site", "cross-site")];
        let left = place.post_with(&link, ONE_CLICK, &foreign).await;
        assert_eq!(left.status, 200);
        assert_eq!(place.standing("reader@example.org").await, Some(Standing::Left));
    }
}

#[tokio::test]
async fn the_form_of_a_mail_program_may_be_multipart_too() {
    let place = Place::new().await;
    let reader = place.reader("reader@example.org", Standing::Active).await;
    let token =
        place.house.keys.sign_claim(Purpose::Unsubscribe, &Claim::lasting(reader.uid, None));
    let body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";

    let kind = [("content-type", "multipart/form-data; boundary=x")];
    let left = place.ask(Method::POST, &format!("/unsubscribe/{token}"), &kind, body).await;

    assert_eq!(left.status, 200);
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Left));
}

#[tokio::test]
async fn a_token_for_another_purpose_or_cut_short_does_nothing() {
    let place = Place::new().await;
    let reader = place.reader("reader@example.org", Standing::Active).await;
    let claim = Claim::lasting(reader.uid, None);
    let confirm = place.house.keys.sign_claim(Purpose::Confirm, &claim);
    let whole = place.house.keys.sign_claim(Purpose::Unsubscribe, &claim);

    for wrong in [confirm.as_str(), &whole[..whole.len() - 1], "x"] {
        let path = format!("/unsubscribe/{wrong}");
        for answer in [place.get(&path).await, place.post(&path, ONE_CLICK).await] {
            assert_eq!(answer.status, 410, "{wrong}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.text().contains("newest mail"), "the page names a remedy");
        }
    }
    let path = format!("/confirm/{whole}");
    assert_eq!(place.get(&path).await.status, 410);
    assert_eq!(place.post(&path, "").await.status, 410);
    assert_eq!(place.standing("reader@example.org").await, Some(Standing::Active));
}

#[tokio::test]
async fn nobody_keeps_or_passes_on_a_page_with_a_token() {
    let place = Place::new().await;
    let reader = place.reader("reader@example.org", Standing::Pending).await;
    let claim = Claim::to_confirm(reader.uid, place.house.now());
    let confirm = place.house.keys.sign_claim(Purpose::Confirm, &claim);
    let leave = place.house.keys.sign_claim(Purpose::Unsubscribe, &claim);

    for path in [format!("/confirm/{confirm}"), format!("/unsubscribe/{leave}")] {
        let page = place.get(&path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn the_answer_tells_nothing_about_an_address() {
    let place = Place::new().await;
    place.reader("active@example.org", Standing::Active).await;
    place.reader("left@example.org", Standing::Left).await;
    place.reader("complained@example.org", Standing::Complained).await;

    let unknown = place.post("/subscribe", "email=unknown%40example.org").await;

    assert_eq!(unknown.status, 200);
    for name in ["active", "left", "complained", "unknown"] {
        let answer = place.post("/subscribe", &format!("email={name}%40example.org")).await;
        assert_eq!(answer.status, unknown.status, "{name}");
        assert_eq!(answer.headers, unknown.headers, "{name}");
        assert_eq!(answer.text(), unknown.text(), "{name}");
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let place = Place::new().await;

    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let answer = place.post_with("/subscribe", "email=reader%40example.org", &[foreign]).await;
        assert_eq!(answer.status, 403);
    }
    let ours = [("origin", SITE)];
    let own = place.post_with("/subscribe", "email=other%40example.org", &ours).await;

    assert_eq!(own.status, 200);
    assert_eq!(place.standing("reader@example.org").await, None);
}

#[tokio::test]
async fn the_form_lets_the_browser_say_that_it_is_ours() {
    let place = Place::new().await;

    let form = place.get("/subscribe").await;

    // Under `no-referrer` browsers would post it with `Origin: null`.
    assert_eq!(form.header("referrer-policy"), "same-origin");
    assert!(form.text().contains("value=\"africa\""));
    assert!(form.text().contains("value=\"Europe/London\" selected"));
}

#[tokio::test]
async fn a_program_that_fills_in_everything_is_thanked_and_dropped() {
    let place = Place::new().await;

    let answer =
        place.post("/subscribe", "email=robot%40example.org&website=http%3A%2F%2Fspam").await;

    assert_eq!(answer.status, 200);
    assert_eq!(place.standing("robot@example.org").await, None);
}

#[tokio::test]
async fn a_bad_form_comes_back_with_what_was_typed_and_stores_nothing() {
    let place = Place::new().await;

    let typed = place.post("/subscribe", "email=%3Cb%3Ereader&region=asia").await;
    let region = place.post("/subscribe", "email=reader%40example.org&region=atlantis").await;
    let endless = place.post("/subscribe", &format!("email={}", "a".repeat(20_000))).await;
    let json = [("content-type", "application/json")];
    let json = place.ask(Method::POST, "/subscribe", &json, "{}").await;

    assert_eq!(typed.status, 422);
    assert!(typed.text().contains("value=\"&lt;b&gt;reader\""), "{}", typed.text());
    assert!(typed.text().contains("value=\"asia\" checked"));
    assert_eq!(region.status, 422);
    assert!(region.text().contains("no region `atlantis`"));
    assert_eq!((endless.status.as_u16(), json.status.as_u16()), (413, 415));
    assert_eq!(place.standing("reader@example.org").await, None);
}

#[tokio::test]
async fn without_mail_there_is_no_form() {
    let place = Place::without_mail().await;

    assert_eq!(place.get("/subscribe").await.status, 404);
    assert_eq!(place.post("/subscribe", "email=reader%40example.org").await.status, 404);
    assert!(!place.get("/").await.text().contains("/subscribe"));
    assert_eq!(place.standing("reader@example.org").await, None);
}
