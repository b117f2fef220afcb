//! The few lines that make a reader want the piece.

mod furniture;
mod sentences;
mod telling;

use super::plain::strip_controls;
use furniture::{is_byline, is_cut, is_furniture, without_dateline, without_footer};
use sentences::{is_closing, is_stop};

/// A teaser this long says enough, in characters.
const ENOUGH: usize = 120;
/// A teaser is never longer, in characters.
const MOST: usize = 240;

/// The teaser of a piece: the publisher's own excerpt if it is a real one,
/// else the first whole sentences, or where these only set a scene those that
/// tell what it is about; else as much of a sentence as fits.
#[must_use]
pub fn teaser(text: &str, excerpt: Option<&str>, title: &str) -> String {
    if let Some(excerpt) = excerpt.and_then(|excerpt| own_words(excerpt, title)) {
        return excerpt;
    }
    lead(text, title)
}

/// The publisher's excerpt, if somebody wrote it.
fn own_words(excerpt: &str, title: &str) -> Option<String> {
    let line = strip_controls(without_footer(excerpt));
    let short = line.chars().count() < 20 && !line.ends_with(is_stop);
    if is_cut(&line) || short || key(&line) == key(title) || is_furniture(&line) || is_byline(&line)
    {
        return None;
    }
    let line = without_title(&line, title);
    Some(if line.chars().count() <= MOST { line.to_owned() } else { fit(line) })
}

/// The beginning of a piece, from its first real paragraph on.
fn lead(text: &str, title: &str) -> String {
    let blocks: Vec<String> =
        text.split("\n\n").take(40).map(strip_controls).filter(|block| !block.is_empty()).collect();
    let begins = |block: &&String| !is_prelude(block, title);
    let Some(start) = blocks.iter().position(|block| begins(&block)) else {
        // Nothing but short lines: those that do not repeat the title.
        let all: Vec<_> = blocks
            .iter()
            .filter(|block| key(block) != key(title) && !is_furniture(block))
            .map(String::as_str)
            .collect();
        return fit(&all.join(" "));
    };
    let start = telling::best(&blocks, start, title, |block| !is_prelude(block, title));
    let mut lead = without_dateline(without_title(&blocks[start], title)).to_owned();
    for block in &blocks[start + 1..] {
        if lead.chars().count() >= ENOUGH || is_prelude(block, title) {
            break;
        }
        lead.push(' ');
        lead.push_str(block);
    }
    for cut in ["[…]", "[...]", "[&hellip;]"] {
        if let Some(rest) = lead.trim_end().strip_suffix(cut) {
            lead = format!("{}…", rest.trim_end_matches(['.', '…', ' ']));
        }
    }
    fit(&lead)
}

/// Whole sentences up to the limits; a sentence too long is cut.
fn fit(text: &str) -> String {
    if text.chars().count() <= MOST && text.ends_with(is_stop) && text.chars().count() <= ENOUGH {
        return text.to_owned();
    }
    let mut best = None;
    for end in sentences::ends(text) {
        let length = text[..end].chars().count();
        if length > MOST {
            break;
        }
        best = Some((end, length));
        if length >= ENOUGH {
            break;
        }
    }
    match best {
        // A short first sentence before a very long one: better some of both.
        Some((end, length)) if length >= ENOUGH / 2 || end >= text.trim_end().len() => {
            text[..end].trim_end().to_owned()
        }
        _ if text.chars().count() <= MOST => text.trim_end().to_owned(),
        _ => cut(text),
    }
}

/// As much as fits, ended at a clause or a word.
fn cut(text: &str) -> String {
    let limit = text.char_indices().nth(MOST - 1).map_or(text.len(), |(at, _)| at);
    let head = &text[..limit];
    let least = text.char_indices().nth(ENOUGH).map_or(0, |(at, _)| at);
    let clause =
        head.rfind([',', ';', ':', '–', '—', '，', '、', '；', '،', '؛']).filter(|at| *at >= least);
    let word = head.rfind(char::is_whitespace).filter(|at| *at >= least);
    let kept = head[..clause.or(word).unwrap_or(limit)].trim_end();
    format!(
        "{}…",
        kept.trim_end_matches([',', ';', ':', '–', '—', '，', '、', '；', '،', '؛', ' ', '('])
    )
}

/// Letters and digits only, for telling whether two lines say the same.
fn key(line: &str) -> String {
    line.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Does a block stand before the piece's own words: title, byline, credit,
/// section heading, furniture?
fn is_prelude(block: &str, title: &str) -> bool {
    let length = block.chars().count();
    key(block) == key(title)
        || is_furniture(block)
        || is_byline(block)
        || length < 120 && !block.contains(is_stop)
        || length < 40 && !block.ends_with(|c| is_stop(c) || is_closing(c))
}

/// The text behind a repeated title at its start.
fn without_title<'a>(line: &'a str, title: &str) -> &'a str {
    let rest = if title.is_empty() { None } else { line.strip_prefix(title) };
    rest.filter(|rest| !rest.starts_with(char::is_alphanumeric))
        .map(|rest| rest.trim_start_matches([' ', ':', '–', '—', '-', '.', '|']))
        .filter(|rest| rest.chars().count() >= ENOUGH / 2)
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: &str = "The harbour of the capital has been closed since the spring, and the ships wait outside. \
                        Mr. Speaker of the U.S. House said on Monday that 3.5 million tonnes of grain were affected. \
                        Nobody there expects it to open soon.";

    #[test]
    fn a_publishers_own_excerpt_is_taken_and_a_cut_one_is_not() {
        let own = "Why the port matters more than the treaty that was meant to save it.";

        assert_eq!(teaser(LEAD, Some(own), "T"), own);
        for cut in [
            "The harbour of the capital has been […]",
            "The harbour of the capital has been [...]",
            "The harbour of the capital…",
            "The harbour of the capital has been closed. Continue reading →",
            "Read more",
            "Ships wait outside the harbour",
            "",
        ] {
            assert!(
                teaser(LEAD, Some(cut), "Ships wait outside the harbour")
                    .starts_with("The harbour of the capital has been closed since"),
                "{cut}"
            );
        }
    }

    #[test]
    fn whole_sentences_are_given_and_abbreviations_do_not_end_them() {
        assert_eq!(
            teaser(LEAD, None, "T"),
            "The harbour of the capital has been closed since the spring, and the ships wait outside. \
             Mr. Speaker of the U.S. House said on Monday that 3.5 million tonnes of grain were affected."
        );
    }

    #[test]
    fn title_byline_credit_and_heading_do_not_open_a_teaser() {
        let text = format!(
            "A title\n\nBy the Africa desk\n\n(Featured Image: an agency)\n\nWhat the port needs\n\n{LEAD}"
        );

        assert!(teaser(&text, None, "A title").starts_with("The harbour"));
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_clause_or_word() {
        let long = format!("{}, and {}", "word ".repeat(30).trim_end(), "more ".repeat(60));

        let cut = teaser(&long, None, "T");

        assert_eq!(cut, format!("{}…", "word ".repeat(30).trim_end()));
        let cut = teaser(&"word ".repeat(100), None, "T");
        assert!(cut.ends_with("word…") && cut.chars().count() <= 240, "{cut}");
    }

    #[test]
    fn scripts_without_spaces_or_capitals_have_sentences_too() {
        let chinese = "港口自春天以来一直关闭，没有人指望它很快重新开放。".repeat(12);
        let arabic = "الميناء مغلق منذ الربيع، ولا يتوقع أحد أن يفتح قريبا أمام السفن التي تنتظر في الخارج منذ أشهر. هل سيفتح الميناء أبوابه قبل نهاية العام كما وعدت الحكومة؟ لا أحد يعرف.";

        let teased = teaser(&chinese, None, "港口");
        assert!(
            teased.ends_with('。') && (120..=240).contains(&teased.chars().count()),
            "{teased}"
        );
        let teased = teaser(arabic, None, "الميناء");
        assert!(teased.ends_with('؟'), "{teased}");
    }

    #[test]
    fn little_text_gives_a_little_teaser() {
        assert_eq!(teaser("", None, "T"), "");
        assert_eq!(teaser("Short.", None, "T"), "Short.");
        assert_eq!(teaser("T", None, "T"), "");
        assert_eq!(teaser("Only a line without a stop", None, "T"), "Only a line without a stop");
    }

    proptest::proptest! {
        #[test]
        fn a_teaser_is_never_longer_than_promised(text in "([A-Za-z.。é, \n]{0,30}|\n\n|U\\.S\\. ){0,40}", title in ".{0,10}") {
            assert!(teaser(&text, None, &title).chars().count() <= MOST);
        }
    }
}
