//! The lines under a piece that belong around it: who signed it, whom its main
//! image is credited to, and the empty space between.

use super::text;
use crate::article::clean::inline_text;
use crate::article::markup::{Token, Tokens};

/// What the lines said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// `– Name`.
    pub byline: Option<String>,
    /// `(Featured Image: An agency)`.
    pub credit: Option<String>,
}

/// Lines that are looked at from the end.
const LINES: usize = 6;

/// Cuts the last paragraphs off as long as they are such lines.
pub fn cut(html: &mut String) -> Tail {
    let mut tail = Tail::default();
    let paragraphs = last_paragraphs(html);
    for (at, (start, end)) in paragraphs.iter().rev().enumerate() {
        let words = inline_text(&html[*start..*end]);
        // The first paragraph is the piece, whatever it says.
        if at + 1 == paragraphs.len() && paragraphs.len() < LINES {
            break;
        }
        if words.is_empty() && !html[*start..*end].contains("<img") {
            continue;
        } else if let Some(credit) = text::credit(&words) {
            tail.credit.get_or_insert(credit);
        } else if let Some(name) = text::byline(&words).filter(|_| tail.byline.is_none()) {
            tail.byline = Some(name);
        } else {
            break;
        }
        html.replace_range(start..end, "");
    }
    tail
}

/// Where the last few paragraphs stand that nothing but space follows.
fn last_paragraphs(html: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut open = None;
    let mut tokens = Tokens::of(html);
    loop {
        let from = tokens.at();
        let Some(token) = tokens.next() else { return found };
        match token {
            Token::Start { name, empty: false, .. } if name.eq_ignore_ascii_case("p") => {
                open = Some(from);
            }
            Token::End { name } if name.eq_ignore_ascii_case("p") => {
                if let Some(start) = open.take() {
                    if found.len() == LINES {
                        found.remove(0);
                    }
                    found.push((start, tokens.at()));
                }
            }
            // Words outside of paragraphs: what was before them is no tail.
            Token::Text(words) if open.is_none() && !words.trim().is_empty() => found.clear(),
            Token::Start { name, .. }
                if open.is_none()
                    && ["img", "iframe", "video", "table", "figure"]
                        .iter()
                        .any(|thing| name.eq_ignore_ascii_case(thing)) =>
            {
                found.clear();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_and_a_credit_go_and_the_piece_stays() {
        let mut html = "<p>One.</p>\n<p>Two.</p><p>– Africa desk</p>\n<p>&nbsp;</p><p><em>(Featured Image: An agency)</em></p>\n".to_owned();

        let tail = cut(&mut html);

        assert_eq!(html, "<p>One.</p>\n<p>Two.</p>\n<p>&nbsp;</p>\n");
        assert_eq!(tail.byline.as_deref(), Some("Africa desk"));
        assert_eq!(tail.credit.as_deref(), Some("An agency"));
    }

    #[test]
    fn nothing_goes_from_the_middle_and_a_piece_of_one_line_stays() {
        for text in [
            "<p>One.</p><p>– Africa desk</p><p>Two goes on.</p>",
            "<p>– Africa desk</p>",
            "<p>One.</p><p>– Africa desk</p><ul><li>Two</li></ul>",
            "<p>One.</p><p>– she said so.</p>",
        ] {
            let mut html = text.to_owned();
            assert_eq!(cut(&mut html), Tail::default(), "{text}");
            assert_eq!(html, text);
        }
    }
}
