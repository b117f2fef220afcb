//! Names of log fields and metrics, and how logs are written.
//!
//! Logs always go to stderr: for people with time and colour, for the journal
//! with its priorities and without what it adds itself.

mod journal;
mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

pub use metrics::{Metric, Metrics};

/// Names of log fields, so that one query finds all of a thing.
pub mod field {
    /// Name of a source.
    pub const SOURCE: &str = "source.name";
    /// Row number of an article.
    pub const ARTICLE: &str = "article.id";
    /// Name of a digest.
    pub const DIGEST: &str = "digest.name";
    /// Row number of an edition.
    pub const EDITION: &str = "edition.id";
    /// Row number of a delivery.
    pub const DELIVERY: &str = "delivery.id";
    /// Masked address of a subscriber.
    pub const SUBSCRIBER: &str = "subscriber.address";
    /// A relay, without its login.
    pub const RELAY: &str = "relay.host";
    /// Domain of a recipient.
    pub const DOMAIN: &str = "recipient.domain";
    /// Status code of an answer, HTTP or SMTP.
    pub const STATUS: &str = "status";
    /// How long it took, in milliseconds.
    pub const ELAPSED: &str = "elapsed_ms";
    /// What went wrong.
    pub const ERROR: &str = "error";
}

/// How logs are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// For whom.
    pub form: Form,
    /// What is told: the directives of `RUST_LOG`.
    pub filter: String,
    /// Whether modules are named.
    pub modules: bool,
}

/// For whom logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The systemd journal: a priority before each line, no time, no colour.
    Journal,
    /// People: with the time.
    Human {
        /// Whether levels are coloured.
        colours: bool,
    },
}

impl Logging {
    /// Decides how logs are written. `louder` counts `-v` less `-q`;
    /// `variable` reads the environment; `stderr` tells what stderr is.
    #[must_use]
    pub fn decide(louder: i8, variable: impl Fn(&str) -> Option<String>, stderr: &Stderr) -> Self {
        let said = |name| variable(name).filter(|value| !value.is_empty());
        let journal = said("JOURNAL_STREAM").is_some_and(|stream| Some(stream) == stderr.stream);
        let colours = stderr.terminal
            && said("NO_COLOR").is_none()
            && said("TERM").is_none_or(|terminal| terminal != "dumb");
        let by_level = match louder {
            ..=-2 => "error",
            -1 => "warn",
            0 => "warn,gazetted=info",
            1 => "info,gazetted=debug",
            2.. => "debug,gazetted=trace",
        };
        Self {
            form: if journal { Form::Journal } else { Form::Human { colours } },
            filter: said("RUST_LOG").unwrap_or_else(|| by_level.to_owned()),
            modules: louder > 0,
        }
    }

    /// A subscriber that writes so into `writer`; the message says why the
    /// filter could not be used, if it could not.
    fn subscriber<W>(
        &self,
        writer: W,
    ) -> (Box<dyn tracing::Subscriber + Send + Sync>, Option<String>)
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let (filter, complaint) = match EnvFilter::try_new(&self.filter) {
            Ok(filter) => (filter, None),
            Err(error) => (
                EnvFilter::new("warn,gazetted=info"),
                Some(format!("RUST_LOG=`{}` is not understood: {error}", self.filter)),
            ),
        };
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
        let subscriber: Box<dyn tracing::Subscriber + Send + Sync> = match self.form {
            Form::Journal => {
                Box::new(builder.with_ansi(false).event_format(journal::Lines).finish())
            }
            Form::Human { colours } => {
                Box::new(builder.with_ansi(colours).with_target(self.modules).finish())
            }
        };
        (subscriber, complaint)
    }
}

/// What stderr is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stderr {
    /// A terminal?
    pub terminal: bool,
    /// Device and inode as `$JOURNAL_STREAM` writes them: a variable that was
    /// inherited by a process whose stderr goes elsewhere means nothing.
    pub stream: Option<String>,
}

impl Stderr {
    /// Looks at this process's.
    #[must_use]
    pub fn look() -> Self {
        #[cfg(unix)]
        let stream = {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata("/dev/fd/2")
                .or_else(|_| std::fs::metadata("/proc/self/fd/2"))
                .ok()
                .map(|stat| format!("{}:{}", stat.dev(), stat.ino()))
        };
        #[cfg(not(unix))]
        let stream = None;
        Self { terminal: std::io::stderr().is_terminal(), stream }
    }
}

/// Begins to write logs to stderr; once per process, a second call does nothing.
pub fn init(louder: i8) {
    let logging = Logging::decide(louder, |name| std::env::var(name).ok(), &Stderr::look());
    let (subscriber, complaint) = logging.subscriber(std::io::stderr);
    let first = subscriber.try_init().is_ok();
    if let Some(complaint) = complaint.filter(|_| first) {
        tracing::warn!("{complaint}; the usual log is written");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    fn decide(louder: i8, variables: &[(&str, &str)], stderr: &Stderr) -> Logging {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
        };
        Logging::decide(louder, variable, stderr)
    }

    fn terminal() -> Stderr {
        Stderr { terminal: true, stream: Some("8:42".to_owned()) }
    }

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(logging: &Logging, tell: impl FnOnce()) -> String {
        let page = Page::default();
        let copy = page.clone();
        let (subscriber, _) = logging.subscriber(move || copy.clone());
        tracing::subscriber::with_default(subscriber, tell);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn colours_are_for_terminals_whose_owner_wants_them() {
        let human = |colours| Form::Human { colours };

        assert_eq!(decide(0, &[], &terminal()).form, human(true));
        assert_eq!(decide(0, &[("NO_COLOR", "1")], &terminal()).form, human(false));
        assert_eq!(decide(0, &[("NO_COLOR", "")], &terminal()).form, human(true));
        assert_eq!(decide(0, &[("TERM", "dumb")], &terminal()).form, human(false));
        assert_eq!(decide(0, &[], &Stderr::default()).form, human(false));
    }

    #[test]
    fn the_journal_is_recognised_by_its_own_stream_only() {
        let journal = decide(0, &[("JOURNAL_STREAM", "8:42")], &terminal());
        let elsewhere = decide(0, &[("JOURNAL_STREAM", "8:43")], &Stderr::default());

        assert_eq!(journal.form, Form::Journal);
        assert_eq!(elsewhere.form, Form::Human { colours: false });
    }

    #[test]
    fn more_v_tell_more_and_rust_log_decides() {
        let filter = |louder, variables: &[(&str, &str)]| {
            decide(louder, variables, &Stderr::default()).filter
        };

        assert_eq!(filter(0, &[]), "warn,gazetted=info");
        assert_eq!(filter(1, &[]), "info,gazetted=debug");
        assert_eq!(filter(-1, &[]), "warn");
        assert_eq!(filter(-9, &[]), "error");
        assert_eq!(filter(2, &[("RUST_LOG", "off")]), "off");
        assert_eq!(filter(0, &[("RUST_LOG", "")]), "warn,gazetted=info");
    }

    #[test]
    fn a_journal_line_has_its_priority_and_nothing_that_the_journal_adds() {
        let logging = decide(1, &[("JOURNAL_STREAM", "8:42")], &terminal());
        let text = written(&logging, || {
            tracing::error!("The store is gone");
            tracing::warn!(source.name = "wire", tries = 3, "Source wire failed:\nno answer");
            tracing::info!("Compiled");
            tracing::debug!("Looked");
        });

        assert_eq!(
            text,
            "<3>The store is gone\n\
             <4>Source wire failed:\n\
             <4>no answer source.name=\"wire\" tries=3\n\
             <6>Compiled\n\
             <7>Looked\n"
        );
    }

    #[test]
    fn a_filter_that_is_not_understood_is_told_and_the_usual_one_used() {
        let logging = decide(0, &[("RUST_LOG", "gazetted=loud")], &Stderr::default());
        let (_, complaint) = logging.subscriber(std::io::sink);
        let text = written(&logging, || tracing::info!(target: "gazetted", "Hello"));

        assert!(complaint.unwrap().contains("gazetted=loud"));
        assert!(text.contains("Hello"));
    }
}
