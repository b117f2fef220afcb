//! A mail is a folder with exactly three files: `subject.txt`, `body.html`,
//! `body.txt`. What stands in them is a context; what can go wrong shows in
//! the context's samples, before anything is sent.

use css_inline::CSSInliner;
use serde::Serialize;

use super::Templates;
use super::error::TemplateError;
use super::story::{Shelf, Story};

/// The longest subject, in characters.
const MAX_SUBJECT: usize = 140;

/// A kind of mail: what its templates can say.
pub trait Mail: Serialize + Sized {
    /// The folder of its three templates.
    const FOLDER: &'static str;

    /// Contexts that show the templates at their best and at their worst; the
    /// first is the shortest mail there can be.
    fn samples() -> Vec<Self>;

    /// Texts without which the mail would be useless or unlawful; they have
    /// to stand in both bodies.
    fn duties(&self) -> Vec<&str>;
}

/// A mail in words, before it becomes a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// A whole HTML document, its CSS inlined.
    pub html: String,
    /// The same for people who read text.
    pub text: String,
}

/// An edition of a digest.
#[derive(Debug, Clone, Serialize)]
pub struct DigestMail {
    /// BCP 47 tag of the frame.
    pub lang: String,
    /// Name of the publication.
    pub site_title: String,
    /// Its address.
    pub site_url: String,
    /// What it is; may be empty.
    pub site_description: String,
    /// Postal address; may be empty.
    pub imprint: String,
    /// Title of the digest.
    pub title: String,
    /// The edition's day, `2026-11-23`.
    pub date: String,
    /// The edition's number; 0 if it has none.
    pub number: i64,
    /// What mail programs show beside the subject.
    pub preheader: String,
    /// Why this person gets this mail; empty: the words for it.
    pub why: String,
    /// Whom it goes to.
    pub address: String,
    /// The edition as a web page.
    pub archive_url: String,
    /// Where it ends.
    pub unsubscribe_url: String,
    /// Where choices are changed; may be empty.
    pub preferences_url: String,
    /// Pieces in the whole edition.
    pub count: usize,
    /// The piece on top.
    pub lead: Option<Story>,
    /// The others, by region.
    pub shelves: Vec<Shelf>,
    /// Pieces that found no room here and stand in the archive only.
    pub rest: usize,
}

impl Mail for DigestMail {
    const FOLDER: &'static str = "digest";

    fn samples() -> Vec<Self> {
        super::samples::digests()
    }

    fn duties(&self) -> Vec<&str> {
        let mut duties = vec![self.unsubscribe_url.as_str(), self.archive_url.as_str()];
        duties.extend(self.lead.iter().map(|story| story.url.as_str()));
        duties
    }
}

/// The mail that asks whether an address really wants digests.
#[derive(Debug, Clone, Serialize)]
pub struct Confirmation {
    /// BCP 47 tag.
    pub lang: String,
    /// Name of the publication.
    pub site_title: String,
    /// The one link.
    pub confirm_url: String,
}

impl Mail for Confirmation {
    const FOLDER: &'static str = "confirm";

    fn samples() -> Vec<Self> {
        super::samples::confirmations()
    }

    fn duties(&self) -> Vec<&str> {
        vec![&self.confirm_url]
    }
}

impl Templates {
    /// Renders a mail and inlines its CSS; rules that start with `@` (dark
    /// mode, phones) stay in a `<style>`.
    ///
    /// # Errors
    /// The file and line of the template that does not work.
    pub fn render_mail<M: Mail>(&self, mail: &M) -> Result<Rendered, TemplateError> {
        let part = |file: &str| self.render(&format!("{}/{file}", M::FOLDER), mail);
        let subject = part("subject.txt")?;
        Ok(Rendered {
            subject: one_line(&subject),
            html: inline(M::FOLDER, &part("body.html")?)?,
            text: tidy(&part("body.txt")?),
        })
    }
}

fn inline(folder: &str, html: &str) -> Result<String, TemplateError> {
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_at_rules(true)
        .minify_css(true)
        .build();
    inliner.inline(html).map_err(|error| {
        TemplateError::of_file(
            &format!("{folder}/body.html"),
            format!("its CSS cannot be inlined: {error}"),
            "correct `parts/mail.css` or the <style> in the template",
        )
    })
}

/// A subject as it fits a header: one line, not endless.
fn one_line(subject: &str) -> String {
    let line = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: Vec<char> = line.chars().filter(|c| !c.is_control()).collect();
    if line.len() <= MAX_SUBJECT {
        return line.into_iter().collect();
    }
    let cut: String = line[..MAX_SUBJECT - 1].iter().collect();
    format!("{}\u{2026}", cut.trim_end())
}

/// Text as it leaves the house: no blanks at line ends, never two empty lines.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 2;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_that_ends() {
        assert_eq!(one_line(" a\r\nBcc: b\u{7}  c "), "a Bcc: b c");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), MAX_SUBJECT);
    }

    #[test]
    fn text_has_no_gaps_that_loops_leave() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n\n"), "a\n\nb\n");
    }
}
