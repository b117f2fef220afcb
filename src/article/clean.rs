//! The only door through which HTML from outside comes in.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::markup::{Token, Tokens, escape_into, is_legal};
pub use super::plain::{inline_text, plain, strip_controls};
use super::tame::{ALLOWED, Place, tame};

/// HTML that is safe to show anywhere: allow-listed, balanced, absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// The HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes back what [`clean`] once made and the store kept.
    #[must_use]
    pub fn from_store(html: String) -> Self {
        Self(html)
    }
}

/// Makes HTML of unknown virtue safe; relative addresses are resolved against
/// `base`, and dropped without one.
#[must_use]
pub fn clean(html: &str, base: Option<&Url>) -> SafeHtml {
    clean_placing(html, base, &|_| None)
}

/// Like [`clean`], for a draft that brought images: `place` gives the address
/// at which the image with that reference is served.
#[must_use]
pub fn clean_placing(html: &str, base: Option<&Url>, place: Place) -> SafeHtml {
    let tamed = tame(html, base, place);
    let mut safe = SANITISER.clean(&tamed).to_string();
    if !safe.chars().all(is_legal) {
        safe.retain(is_legal);
    }
    // `&#13;` would be a line break when it is read again.
    if safe.contains('\r') {
        safe = safe.replace("\r\n", "\n").replace('\r', "\n");
    }
    SafeHtml(without_empty(&safe))
}

/// Sets plain text: a blank line ends a paragraph, a short line of its own
/// without a full stop is a section heading.
#[must_use]
pub fn from_text(text: &str) -> SafeHtml {
    let blocks = blocks(text);
    let mut out = String::with_capacity(text.len() + 16 * blocks.len());
    for (at, block) in blocks.iter().enumerate() {
        let next = blocks.get(at + 1).map(String::as_str);
        let element = if is_heading(block, next) { "h2" } else { "p" };
        out.push('<');
        out.push_str(element);
        out.push('>');
        escape_into(&mut out, block);
        out.push_str("</");
        out.push_str(element);
        out.push('>');
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    SafeHtml(out)
}

/// Is a block of plain text a section heading, seen before `next`?
#[must_use]
pub fn is_heading(block: &str, next: Option<&str>) -> bool {
    let length = block.chars().count();
    let ends_open = block.chars().next_back().is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, ')' | '?' | '؟' | '？' | '!' | '’' | '”' | '"' | '%')
    });
    // A list of short lines, or a verse, is no row of headings.
    (2..=100).contains(&length)
        && !block.contains('\n')
        && ends_open
        && block
            .chars()
            .next()
            .is_some_and(|c| !c.is_lowercase() && !matches!(c, '-' | '–' | '—' | '*' | '•' | '('))
        && !block.contains(". ")
        && next.is_some_and(|next| next.chars().count() > length.max(60))
}

/// The paragraphs of plain text. Where no line is blank, a text of long lines
/// has one paragraph a line.
fn blocks(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2029}', '\u{b}', '\u{c}'], "\n");
    let lines = || text.lines().map(strip_controls);
    let filled = lines().filter(|line| !line.is_empty()).count().max(1);
    let unparted = !lines().any(|line| line.is_empty());
    let one_a_line = unparted && text.chars().count() / filled > 90;
    let mut blocks = vec![String::new()];
    for line in lines() {
        match blocks.last_mut() {
            Some(last) if !line.is_empty() && !one_a_line => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(&line);
            }
            _ => blocks.push(line),
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// What can hold a piece's words; empty ones are dropped.
fn is_vessel(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "span"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "figure"
            | "figcaption"
            | "ul"
            | "ol"
            | "li"
            | "blockquote"
            | "a"
            | "b"
            | "i"
            | "em"
            | "strong"
            | "small"
            | "u"
            | "pre"
    )
}

/// Drops elements that hold nothing to see. The input is the sanitiser's
/// output: balanced, lower case.
fn without_empty(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut tokens = Tokens::of(html);
    let mut from = 0;
    while let Some(token) = tokens.next() {
        let raw = &html[from..tokens.at()];
        from = tokens.at();
        let fills = match token {
            Token::Start { name, .. } if is_vessel(name) => {
                open.push((out.len(), false));
                out.push_str(raw);
                continue;
            }
            Token::End { name } if is_vessel(name) => {
                let (start, filled) = open.pop().unwrap_or((0, true));
                if filled {
                    out.push_str(raw);
                } else {
                    out.truncate(start);
                }
                filled
            }
            Token::Start { name: "br" | "wbr", .. } => false,
            Token::Text(text) => !text.replace("&nbsp;", " ").trim().is_empty(),
            _ => true,
        };
        if fills {
            for vessel in open.iter_mut().rev().take_while(|vessel| !vessel.1) {
                vessel.1 = true;
            }
        }
        if !matches!(token, Token::End { name } if is_vessel(name)) {
            out.push_str(raw);
        }
    }
    out.trim().to_owned()
}

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags: HashSet<&str> = ALLOWED.into_iter().chain(["br", "hr", "wbr", "img"]).collect();
    let attributes: HashMap<&str, HashSet<&str>> = [
        ("a", &["href"][..]),
        ("abbr", &["title"]),
        ("img", &["src", "srcset", "alt", "width", "height"]),
        ("td", &["colspan", "rowspan"]),
        ("th", &["colspan", "rowspan"]),
        ("ol", &["start"]),
        ("time", &["datetime"]),
        ("del", &["datetime"]),
        ("ins", &["datetime"]),
    ]
    .into_iter()
    .map(|(tag, names)| (tag, names.iter().copied().collect()))
    .collect();
    let mut sanitiser = Builder::empty();
    sanitiser
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["dir", "lang"]))
        .clean_content_tags(HashSet::from(["script", "style", "iframe"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    sanitiser
});

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        let base = Url::parse("https://news.example/2024/").unwrap();
        clean(html, Some(&base)).as_str().to_owned()
    }

    #[test]
    fn what_could_harm_a_reader_is_gone() {
        for bad in [
            "<script>alert(1)</script>",
            "<SCRIPT src=//e.example/x.js></SCRIPT >",
            "<style>p{}</style>",
            "<iframe src='https://e.example'></iframe>",
            "<form action=/x><input name=a><button>Go</button></form>",
            "<svg onload=alert(1)><a xlink:href='javascript:1'></a></svg>",
            "<object data=x><embed src=y></object>",
            "<img src='https://e.example/t.gif' width=1 height='1'>",
            "<img src='data:image/png;base64,AAAA'>",
            "<!-- c --><p> &nbsp;<br></p>",
        ] {
            assert_eq!(cleaned(&format!("{bad}<p>ok</p>")), "<p>ok</p>", "{bad}");
        }
        assert_eq!(cleaned("<p onclick=x style='color:red' class=c id=i>a</p>"), "<p>a</p>");
        assert_eq!(
            cleaned("<a href=' java&#x09;script:alert(1)'>a</a>"),
            "<a rel=\"noopener noreferrer\">a</a>"
        );
        assert_eq!(cleaned("<p>a\u{b}&#11;&#xFFFE;b</p>"), "<p>ab</p>");
        assert_eq!(cleaned("<p>a<script>unclosed <p>b</p>"), "<p>a</p>");
    }

    #[test]
    fn addresses_become_absolute_or_vanish() {
        let html = "<p><a href='../b?x=1&amp;y=2'>l</a><img src=i.png srcset='i.png 1x, /a,b.png 2x' alt='A \"b\"'></p>";

        assert_eq!(
            cleaned(html),
            "<p><a href=\"https://news.example/b?x=1&amp;y=2\" rel=\"noopener noreferrer\">l</a>\
             <img src=\"https://news.example/2024/i.png\" \
             srcset=\"https://news.example/2024/i.png 1x, https://news.example/a,b.png 2x\" alt=\"A &quot;b&quot;\"></p>"
        );
        assert_eq!(clean(html, None).as_str(), "<p><a rel=\"noopener noreferrer\">l</a></p>");
    }

    #[test]
    fn images_that_came_along_are_placed() {
        let place =
            |name: &str| (name == "i.png").then(|| "https://e.example/media/1.png".to_owned());

        let html = clean_placing("<img src='i.png'>", None, &place);

        assert_eq!(html.as_str(), "<img src=\"https://e.example/media/1.png\" alt=\"\">");
    }

    #[test]
    fn what_reads_well_stays() {
        let html = "<h2>H</h2><p dir=\"rtl\">a <em>b</em></p><ul><li>1</li><li>2</li></ul>\
                    <table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>";

        assert_eq!(cleaned(html), html);
        assert_eq!(
            cleaned("<p>one<p>two<xhtml:b>x</xhtml:b> a < b & c"),
            "<p>one</p><p>two<b>x</b> a &lt; b &amp; c</p>"
        );
    }

    #[test]
    fn depth_and_breadth_cost_no_more_than_length() {
        for part in [
            "<b>",
            "<div>",
            "<p><i a=1>",
            "<a x>",
            "<form>",
            "<table><tr>",
            "<!--",
            "<![CDATA[",
            "<a b='",
            "</p>",
        ] {
            let html = part.repeat(100_000);
            assert!(clean(&html, None).as_str().len() < 2 * html.len(), "{part}");
        }
        let many = format!("<p {}>x</p>", "a=1 ".repeat(100_000));
        assert_eq!(clean(&many, None).as_str(), "<p>x</p>");
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        let once = cleaned("<div><p>a<p>b<h3>c</h3><img src=/i.png><br>x &amp;lt; y</div>");

        assert_eq!(cleaned(&once), once);
    }

    #[test]
    fn short_lines_of_plain_text_are_headings() {
        let long = "The harbour has been closed since the spring, and nobody there expects it to open soon.";
        let text = format!(
            "{long}\nIt goes on.\r\n\r\nWhat the port needs\n\n{long}\n\nAsked & <said>:\n\n- one"
        );

        assert_eq!(
            from_text(&text).as_str(),
            format!(
                "<p>{long} It goes on.</p>\n<h2>What the port needs</h2>\n<p>{long}</p>\n<p>Asked &amp; &lt;said&gt;:</p>\n<p>- one</p>"
            )
        );
    }
}
