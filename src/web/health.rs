//! For machines: is it alive, is it ready, and the numbers.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::office::Office;
use super::trouble::Trouble;
use crate::clock::Time;
use crate::delivery;
use crate::flow::House;
use crate::store::{Result, articles, deliveries, editions, feedback, sources, subscribers};

/// How long the store may take to answer.
const STORE_WITHIN: Duration = Duration::from_secs(2);
/// Counting a million rows is work: the numbers are at most this old.
const COUNT_AGAIN: TimeDelta = TimeDelta::seconds(5);

/// `/healthz`: the process answers.
pub async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// `/readyz`: the store answers and no loop hangs; else what does not.
pub async fn ready(State(office): State<Office>) -> Response {
    let house = &office.house;
    let store = match timeout(STORE_WITHIN, house.store.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!("Not ready: {error}");
            Some("does not answer")
        }
        Err(_) => Some("takes longer than two seconds to answer"),
    };
    let hanging = house.pulse.hanging(house.now());
    let ready = store.is_none() && hanging.is_empty();
    let mut said = serde_json::json!({ "ready": ready });
    if let Some(store) = store {
        said["store"] = store.into();
    }
    if !hanging.is_empty() {
        said["hanging"] = hanging.into();
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "application/json")];
    (status, headers, format!("{said}\n")).into_response()
}

/// The numbers that were shown last, and when they were counted.
#[derive(Debug)]
pub struct Gauges {
    last: Mutex<Option<(Time, Arc<str>)>>,
    counting: Semaphore,
}

impl Default for Gauges {
    fn default() -> Self {
        Self { last: Mutex::default(), counting: Semaphore::new(1) }
    }
}

impl Gauges {
    fn fresh(&self, now: Time) -> Option<Arc<str>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, text) = last.as_ref().filter(|(at, _)| (now - *at).abs() < COUNT_AGAIN)?;
        Some(Arc::clone(text))
    }

    async fn read(&self, house: &House) -> Result<Arc<str>> {
        if let Some(text) = self.fresh(house.now()) {
            return Ok(text);
        }
        // Never closed, so there is always a permit in the end.
        let _turn = self.counting.acquire().await;
        if let Some(text) = self.fresh(house.now()) {
            return Ok(text);
        }
        let text: Arc<str> = count(house).await?.into();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((house.now(), Arc::clone(&text)));
        Ok(text)
    }
}

/// `/metrics`, in the Prometheus text format 0.0.4.
pub async fn metrics(State(office): State<Office>) -> std::result::Result<Response, Trouble> {
    let text = office.gauges.read(&office.house).await?;
    let headers =
        [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((headers, text.to_string()).into_response())
}

async fn count(house: &House) -> Result<String> {
    let now = house.now();
    let mut tx = house.store.read().await?;
    let mut page = Exposition::default();
    page.gauge("gazetted_build_info", "Which gazetted this is.");
    page.value("gazetted_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.gauge("gazetted_articles_stored", "Articles that are not withdrawn.");
    page.value("gazetted_articles_stored", &[], articles::count(&mut tx).await?);
    page.gauge("gazetted_subscribers", "Subscribers by standing.");
    for (standing, people) in subscribers::counts(&mut tx).await? {
        page.value("gazetted_subscribers", &[("standing", &standing)], people);
    }
    page.gauge("gazetted_editions_open", "Editions that are not settled.");
    let open = editions::open(&mut tx).await?.len();
    page.value("gazetted_editions_open", &[], i64::try_from(open).unwrap_or(i64::MAX));
    page.gauge("gazetted_deliveries", "Deliveries of open editions by state.");
    let counts = deliveries::open_counts(&mut tx).await?;
    // A state that holds nothing is zero, not absent: an alarm reads it.
    for state in delivery::State::ALL {
        let held = counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, mails)| *mails);
        page.value("gazetted_deliveries", &[("state", state.as_str())], held);
    }
    page.counter("gazetted_feedback_total", "What came back of mails, by kind.");
    for (kind, reports) in feedback::totals(&mut tx).await? {
        page.value("gazetted_feedback_total", &[("kind", &kind)], reports);
    }
    let sources = sources::list(&mut tx).await?;
    page.gauge(
        "gazetted_source_last_success_age_seconds",
        "Time since the last visit that reached the source.",
    );
    for source in &sources {
        if let Some(visited) = source.visited {
            let age = (now - visited).num_seconds().max(0);
            let label = [("source", source.name.as_str())];
            page.value("gazetted_source_last_success_age_seconds", &label, age);
        }
    }
    page.gauge("gazetted_source_failures", "Failed visits to the source in a row.");
    for source in &sources {
        let label = [("source", source.name.as_str())];
        page.value("gazetted_source_failures", &label, i64::from(source.failures));
    }
    Ok(page.0)
}

/// A page of numbers as Prometheus reads it.
#[derive(Debug, Default)]
struct Exposition(String);

impl Exposition {
    fn gauge(&mut self, name: &str, help: &str) {
        // Writing into a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn counter(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} counter");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: i64) {
        let label = |(key, text): &(&str, &str)| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{key}=\"{text}\"")
        };
        let labels: Vec<String> = labels.iter().map(label).collect();
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{}}} {value}", labels.join(","))
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut page = Exposition::default();

        page.value("a", &[("source", "x\"} 1\nb{\\")], 7);

        assert_eq!(page.0, "a{source=\"x\\\"} 1\\nb{\\\\\"} 7\n");
    }
}
