//! The inbox page: what would have been mailed, to look at without a mail program.

use serde::Serialize;

use super::{Page, Shell};

/// The list of mails. `inbox.html`
#[derive(Debug, Clone, Serialize)]
pub struct Inbox {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Newest first.
    pub mails: Vec<InboxEntry>,
    /// How many there are in all.
    pub count: usize,
    /// Where older mails are; empty if these are all.
    pub older_url: String,
}

/// A mail in the list; it is linked as `/inbox/ID`.
#[derive(Debug, Clone, Serialize)]
pub struct InboxEntry {
    /// Its id.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Whom it is from.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// When it came, ready to print.
    pub at: String,
    /// The first words of its text.
    pub preview: String,
}

/// One mail. `inbox-mail.html`
///
/// Tabs are links: `/inbox/ID` (HTML), `/inbox/ID?view=text`, `?view=source`,
/// `?view=headers`. The HTML itself is framed from `/inbox/ID/html`.
#[derive(Debug, Clone, Serialize)]
pub struct InboxMail {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// The mail.
    pub mail: InboxEntry,
    /// The tab that is open.
    pub view: View,
    /// For text and source.
    pub text: String,
    /// For headers.
    pub headers: Vec<Header>,
    /// Size of the whole message in bytes.
    pub size_bytes: usize,
}

/// A tab of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// As mail programs show it.
    Html,
    /// The text part.
    Text,
    /// The message as it went out.
    Source,
    /// Its headers.
    Headers,
}

/// A header field, unfolded and decoded.
#[derive(Debug, Clone, Serialize)]
pub struct Header {
    /// `List-Unsubscribe`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl InboxEntry {
    fn sample(id: &str, subject: &str) -> Self {
        Self {
            id: id.to_owned(),
            subject: subject.to_owned(),
            from: "The Meridian Review <digest@news.example.org>".to_owned(),
            to: "reader@example.org".to_owned(),
            at: "23 November 2026, 07:00".to_owned(),
            preview: "What the mangroves of Lamu are worth, and to whom".to_owned(),
        }
    }
}

impl Page for Inbox {
    const FILE: &'static str = "inbox.html";

    fn samples() -> Vec<Self> {
        let mails = vec![
            InboxEntry::sample("2", "The week by region: What the mangroves of Lamu are worth"),
            InboxEntry::sample("1", "<b>Please confirm</b> & more"),
        ];
        vec![
            Self {
                shell: Shell::sample(),
                mails,
                count: 2,
                older_url: "/inbox?before=1".to_owned(),
            },
            Self { shell: Shell::sample(), mails: vec![], count: 0, older_url: String::new() },
        ]
    }
}

impl Page for InboxMail {
    const FILE: &'static str = "inbox-mail.html";

    fn samples() -> Vec<Self> {
        let page = |view| Self {
            shell: Shell::sample(),
            mail: InboxEntry::sample("2", "The week by region: <Lamu>"),
            view,
            text: "A line of text.\n\n<not a tag> and a very long line ".repeat(40),
            headers: vec![Header {
                name: "List-Unsubscribe-Post".to_owned(),
                value: "List-Unsubscribe=One-Click".to_owned(),
            }],
            size_bytes: 41_200,
        };
        [View::Html, View::Text, View::Source, View::Headers].map(page).into()
    }
}
