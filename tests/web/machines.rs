//! What machines ask: health, numbers, crawlers' rules.

use chrono::TimeDelta;
use gazetted::subscriber::Standing;

use super::place::Place;

#[tokio::test]
async fn ready_means_that_the_store_answers_and_no_loop_hangs() {
    let place = Place::new().await;
    let ready = place.get("/readyz").await;

    place.house.pulse.beat("deliver", place.house.now());
    place.later(TimeDelta::minutes(5));
    let hanging = place.get("/readyz").await;
    place.house.pulse.rest("deliver");
    place.house.store.close().await;
    let storeless = place.get("/readyz").await;

    assert_eq!((ready.status.as_u16(), ready.text().trim()), (200, "{\"ready\":true}"));
    assert_eq!(hanging.status, 503);
    assert!(hanging.text().contains("\"hanging\":[\"deliver\"]"), "{}", hanging.text());
    assert_eq!(storeless.status, 503);
    assert!(storeless.text().contains("\"store\":"), "{}", storeless.text());
    assert_eq!(place.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_numbers_are_those_of_the_store_and_name_nobody() {
    let place = Place::new().await;
    place.reader("reader@example.org", Standing::Active).await;
    place.reader("other@example.org", Standing::Left).await;
    place.compile().await;

    let numbers = place.get("/metrics").await;
    let text = numbers.text();

    assert!(numbers.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "gazetted_articles_stored 3\n",
        "gazetted_subscribers{standing=\"active\"} 1\n",
        "gazetted_subscribers{standing=\"left\"} 1\n",
        "gazetted_deliveries{state=\"queued\"} 1\n",
        "gazetted_source_failures{source=\"magazine\"} 0\n",
        "gazetted_source_last_success_age_seconds{source=\"magazine\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.contains("gazetted_build_info{version="));
    assert!(!text.contains("example.org"));
}

#[tokio::test]
async fn crawlers_are_kept_from_links_with_tokens() {
    let place = Place::new().await;

    let robots = place.get("/robots.txt").await.text();

    for path in ["/confirm/", "/unsubscribe/", "/preferences/"] {
        assert!(robots.contains(&format!("Disallow: {path}\n")), "{robots}");
    }
}
