//! From markup to plain text.

use super::clean::SafeHtml;
use super::markup::{Token, Tokens, decode, is_legal};

/// The text of a piece: a blank line between blocks, entities decoded, no
/// markup. Captions stay with their images and are left out.
#[must_use]
pub fn plain(html: &SafeHtml) -> String {
    let mut page = Page::default();
    let mut captions = 0_usize;
    for token in Tokens::of(html.as_str()) {
        match token {
            Token::Start { name: "figcaption", empty: false, .. } => captions += 1,
            Token::End { name: "figcaption" } => captions = captions.saturating_sub(1),
            _ if captions > 0 => {}
            Token::Text(text) => page.text(&decode(text)),
            Token::Start { name: "br", .. } => page.line(),
            Token::Start { name: "td" | "th", .. } => page.space(),
            Token::Start { name, .. } | Token::End { name } if is_block(name) => page.block(),
            _ => {}
        }
    }
    page.out
}

/// The words of a title or name that may contain markup and entities, on one line.
#[must_use]
pub fn inline_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut tokens = Tokens::of(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => out.push_str(&decode(text)),
            Token::Cdata(text) => out.push_str(text),
            Token::Start { name, empty: false, .. }
                if name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style") =>
            {
                tokens.skip_past_end(name);
            }
            Token::Start { name, .. } | Token::End { name }
                if is_block(&name.to_ascii_lowercase()) =>
            {
                out.push(' ');
            }
            _ => {}
        }
    }
    strip_controls(&out)
}

/// Plain text fit for one line: characters that XML forbids are gone, white
/// space is single and nowhere at the ends.
#[must_use]
pub fn strip_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_legal(c) && !is_invisible(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Marks that show nothing and only make equal titles differ. Joiners are not
/// among them: several scripts need those.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{2060}' | '\u{fffc}')
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "li"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "blockquote"
            | "pre"
            | "table"
            | "tr"
            | "figure"
            | "hr"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "caption"
            | "br"
    )
}

/// Text that is being set: white space collapses, breaks wait for words.
#[derive(Default)]
struct Page {
    out: String,
    gap: &'static str,
}

impl Page {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.space();
            } else if is_legal(c) {
                if !self.out.is_empty() {
                    self.out.push_str(self.gap);
                }
                self.gap = "";
                self.out.push(c);
            }
        }
    }

    fn space(&mut self) {
        if self.gap.is_empty() {
            self.gap = " ";
        }
    }

    fn line(&mut self) {
        if self.gap != "\n\n" {
            self.gap = "\n";
        }
    }

    fn block(&mut self) {
        self.gap = "\n\n";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::clean::clean;

    #[test]
    fn blocks_are_parted_by_a_blank_line_and_entities_are_words() {
        let html = clean(
            "<h2>Head</h2><p>One &amp; <b>two</b>,\n three.<br>Next</p><ul><li>a</li><li>b</li></ul>\
             <figure><img src='https://e.example/i.png'><figcaption>Seen</figcaption></figure>End",
            None,
        );

        assert_eq!(plain(&html), "Head\n\nOne & two, three.\nNext\n\na\n\nb\n\nEnd");
    }

    #[test]
    fn a_title_is_one_clean_line() {
        assert_eq!(inline_text(" A <em>B</em> &amp; C &lt;3<br>D\u{b} "), "A B & C <3 D");
        assert_eq!(strip_controls("\u{feff}a\u{0}b \t\n\u{a0}c\u{200b} "), "ab c");
    }
}
