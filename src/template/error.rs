//! What can be wrong with a template, said so that its author can mend it.

use minijinja::{Error, ErrorKind};

/// A template that cannot be used: where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{file}`{}: {message}; {remedy}", Line(*line))]
pub struct TemplateError {
    /// The file as its author knows it: `digest/body.html`, or a path in the
    /// folder that overrides.
    pub file: String,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

struct Line(Option<usize>);

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, " line {line}"))
    }
}

impl TemplateError {
    /// An error of a whole file.
    pub(super) fn of_file(file: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            message: message.into(),
            remedy: remedy.to_owned(),
        }
    }

    /// An error of the engine; the innermost one counts, because a page that
    /// includes a broken part is not itself broken.
    pub(super) fn of_engine(rendered: &str, error: &Error) -> Self {
        let mut inner = error;
        let mut source = std::error::Error::source(error);
        while let Some(next) = source {
            if let Some(next) = next.downcast_ref::<Error>() {
                inner = next;
            }
            source = next.source();
        }
        let message = match inner.detail() {
            Some(detail) => format!("{}: {detail}", inner.kind()),
            None => inner.kind().to_string(),
        };
        Self {
            file: inner.name().or(error.name()).unwrap_or(rendered).to_owned(),
            line: inner.line().or(error.line()),
            message,
            remedy: remedy(inner.kind()).to_owned(),
        }
    }
}

fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => {
            "correct the template's syntax, or remove the file to use the built-in one"
        }
        ErrorKind::UndefinedError => {
            "use only names that the built-in template of the same name uses"
        }
        ErrorKind::TemplateNotFound => "check the name in `include` or `extends`",
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => {
            "check the spelling; minijinja's own and `date`, `day`, `direction`, `wrap`, \
             `underline`, `t` are known"
        }
        ErrorKind::OutOfFuel => "shorten its loops: it does far more work than a mail needs",
        _ => "compare it with the built-in template of the same name",
    }
}
