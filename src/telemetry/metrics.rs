//! Counters and gauges for `/metrics`, all listed in one place.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lists the metrics: one line each, with its kind, name, label and help. All
/// of one name stand together, because the text format wants them so.
macro_rules! metrics {
    ($($metric:ident $kind:ident $name:literal $label:literal $help:literal,)*) => {
        /// Something that is counted or measured.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Metric {
            $(#[doc = $help] $metric,)*
        }

        impl Metric {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$metric),*];

            /// Name, kind, label and help.
            const fn describe(self) -> (&'static str, &'static str, &'static str, &'static str) {
                match self {
                    $(Self::$metric => ($name, stringify!($kind), $label, $help),)*
                }
            }
        }
    };
}

metrics! {
    VisitsChanged counter "gazetted_source_visits_total" "outcome=\"changed\"" "Visits to sources.",
    VisitsUnchanged counter "gazetted_source_visits_total" "outcome=\"unchanged\"" "Visits to sources.",
    VisitsFailed counter "gazetted_source_visits_total" "outcome=\"failed\"" "Visits to sources.",
    ArticlesNew counter "gazetted_articles_total" "change=\"new\"" "Articles taken in.",
    ArticlesChanged counter "gazetted_articles_total" "change=\"changed\"" "Articles taken in.",
    ArticlesRemoved counter "gazetted_articles_total" "change=\"removed\"" "Articles taken in.",
    ArticlesFailed counter "gazetted_articles_total" "change=\"failed\"" "Articles taken in.",
    EditionsCompiled counter "gazetted_editions_total" "outcome=\"compiled\"" "Editions whose slot came.",
    EditionsEmpty counter "gazetted_editions_total" "outcome=\"empty\"" "Editions whose slot came.",
    EditionsStale counter "gazetted_editions_total" "outcome=\"stale\"" "Editions whose slot came.",
    MailsSent counter "gazetted_mails_total" "outcome=\"sent\"" "Ends of attempts to hand over a mail.",
    MailsDeferred counter "gazetted_mails_total" "outcome=\"deferred\"" "Ends of attempts to hand over a mail.",
    MailsRefused counter "gazetted_mails_total" "outcome=\"refused\"" "Ends of attempts to hand over a mail.",
    MailsUncertain counter "gazetted_mails_total" "outcome=\"uncertain\"" "Ends of attempts to hand over a mail.",
    MailsExpired counter "gazetted_mails_total" "outcome=\"expired\"" "Ends of attempts to hand over a mail.",
    FeedbackBounce counter "gazetted_feedback_total" "kind=\"bounce\"" "Mails that came back.",
    FeedbackComplaint counter "gazetted_feedback_total" "kind=\"complaint\"" "Mails that came back.",
    FeedbackUnsubscribe counter "gazetted_feedback_total" "kind=\"unsubscribe\"" "Mails that came back.",
    FeedbackUnknown counter "gazetted_feedback_total" "kind=\"unknown\"" "Mails that came back.",
    SubscriptionsAsked counter "gazetted_subscriptions_total" "step=\"asked\"" "What readers did.",
    SubscriptionsConfirmed counter "gazetted_subscriptions_total" "step=\"confirmed\"" "What readers did.",
    SubscriptionsLeft counter "gazetted_subscriptions_total" "step=\"left\"" "What readers did.",
    RequestsOk counter "gazetted_http_requests_total" "class=\"2xx\"" "Requests answered.",
    RequestsElsewhere counter "gazetted_http_requests_total" "class=\"3xx\"" "Requests answered.",
    RequestsRefused counter "gazetted_http_requests_total" "class=\"4xx\"" "Requests answered.",
    RequestsFailed counter "gazetted_http_requests_total" "class=\"5xx\"" "Requests answered.",
    SourcesFailing gauge "gazetted_sources_failing" "" "Sources whose last visit failed.",
    ArticlesStored gauge "gazetted_articles_stored" "" "Articles in the store.",
    SubscribersActive gauge "gazetted_subscribers_active" "" "Subscribers who get mail.",
    DeliveriesQueued gauge "gazetted_deliveries" "state=\"queued\"" "Mails in the ledger that are not settled.",
    DeliveriesClaimed gauge "gazetted_deliveries" "state=\"claimed\"" "Mails in the ledger that are not settled.",
    DeliveriesHanding gauge "gazetted_deliveries" "state=\"handing\"" "Mails in the ledger that are not settled.",
    DeliveriesHeld gauge "gazetted_deliveries" "state=\"held\"" "Mails in the ledger that are not settled.",
    LastBeat gauge "gazetted_last_beat_seconds" "" "When the daemon last looked for work, in Unix seconds.",
}

/// The values, shared by all who count.
#[derive(Debug)]
pub struct Metrics([AtomicU64; Metric::ALL.len()]);

impl Default for Metrics {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; Metric::ALL.len()])
    }
}

impl Metrics {
    /// Counts `by` more.
    pub fn add(&self, metric: Metric, by: u64) {
        self.0[metric as usize].fetch_add(by, Ordering::Relaxed);
    }

    /// Puts a gauge at `value`.
    pub fn set(&self, metric: Metric, value: u64) {
        self.0[metric as usize].store(value, Ordering::Relaxed);
    }

    /// The present value.
    #[must_use]
    pub fn get(&self, metric: Metric) -> u64 {
        self.0[metric as usize].load(Ordering::Relaxed)
    }

    /// All values in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8 * 1024);
        let version = env!("CARGO_PKG_VERSION");
        text.push_str("# HELP gazetted_build_info Which gazetted this is.\n");
        text.push_str("# TYPE gazetted_build_info gauge\n");
        // Writing into a String cannot fail.
        let _ = writeln!(text, "gazetted_build_info{{version=\"{version}\"}} 1");
        let mut above = "";
        for &metric in Metric::ALL {
            let (name, kind, label, help) = metric.describe();
            if name != above {
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
                above = name;
            }
            let value = self.get(metric);
            let _ = if label.is_empty() {
                writeln!(text, "{name} {value}")
            } else {
                writeln!(text, "{name}{{{label}}} {value}")
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.add(Metric::MailsSent, 2);
        metrics.add(Metric::MailsSent, 3);
        metrics.set(Metric::SourcesFailing, 7);

        let text = metrics.render();

        assert!(text.contains("\ngazetted_mails_total{outcome=\"sent\"} 5\n"));
        assert!(text.contains("\ngazetted_mails_total{outcome=\"refused\"} 0\n"));
        assert!(
            text.contains("# TYPE gazetted_sources_failing gauge\ngazetted_sources_failing 7\n")
        );
    }

    #[test]
    fn every_name_is_introduced_once_and_no_series_stands_twice() {
        let text = Metrics::default().render();
        let kinds: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();

        assert_eq!(kinds.len(), kinds.iter().collect::<BTreeSet<_>>().len());
        assert_eq!(series.len(), series.iter().collect::<BTreeSet<_>>().len());
        for &metric in Metric::ALL {
            let (name, kind, ..) = metric.describe();
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        }
    }
}
