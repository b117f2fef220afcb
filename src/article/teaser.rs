//! The few lines that make a reader want the piece.

use super::plain::strip_controls;

/// A teaser this long says enough, in characters.
const ENOUGH: usize = 120;
/// A teaser is never longer, in characters.
const MOST: usize = 240;

/// The teaser of a piece: the publisher's own excerpt if it is a real one,
/// else the first whole sentences, else as much of the first as fits.
#[must_use]
pub fn teaser(text: &str, excerpt: Option<&str>, title: &str) -> String {
    if let Some(excerpt) = excerpt.and_then(|excerpt| own_words(excerpt, title)) {
        return excerpt;
    }
    lead(text, title)
}

/// The publisher's excerpt, if somebody wrote it.
fn own_words(excerpt: &str, title: &str) -> Option<String> {
    let line = strip_controls(&without_footer(excerpt));
    let bare = line.to_lowercase();
    let cut = [
        "[…]",
        "[...]",
        "[&hellip;]",
        "…",
        "...",
        "continue reading",
        "read more",
        "(more)",
        "weiterlesen",
        "lire la suite",
        "leer más",
    ]
    .iter()
    .any(|end| {
        bare.trim_end_matches(['»', '→', '>', ' ', '.', ')'])
            .ends_with(end.trim_end_matches(['.', ')']))
            && (end.len() > 3 || bare.ends_with(end))
    });
    let same = |a: &str, b: &str| key(a) == key(b);
    if cut
        || line.chars().count() < 20 && !line.ends_with(is_stop)
        || same(&line, title)
        || is_furniture(&line)
    {
        return None;
    }
    let line = without_title(&line, title);
    Some(if line.chars().count() <= MOST + 60 { line.to_owned() } else { fit(line) })
}

/// What WordPress puts under every excerpt of its feeds.
fn without_footer(excerpt: &str) -> String {
    let at = excerpt.rfind("The post ").filter(|at| excerpt[*at..].contains("appeared first on"));
    at.map_or(excerpt, |at| &excerpt[..at]).to_owned()
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
    let mut lead = without_title(&blocks[start], title).to_owned();
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
    for end in sentence_ends(text) {
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

/// Where sentences end, in bytes, the mark and its closing quotes included.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    let chars: Vec<(usize, char)> = text.char_indices().take(4 * MOST).collect();
    let whole = chars.len() < 4 * MOST;
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() {
            let (_, c) = chars[at];
            let stop = at;
            at += 1;
            if !is_stop(c) {
                continue;
            }
            while chars.get(at).is_some_and(|(_, c)| is_stop(*c) || is_closing(*c)) {
                at += 1;
            }
            let end = chars.get(at).map_or(text.len(), |(at, _)| *at);
            if matches!(c, '。' | '！' | '？' | '｡' | '।' | '።') {
                return Some(end);
            }
            match chars.get(at) {
                None if whole => return Some(end),
                Some((_, next)) if next.is_whitespace() => {
                    let follows =
                        chars[at..].iter().find(|(_, c)| !c.is_whitespace() && !is_opening(*c));
                    let goes_on = follows.is_some_and(|(_, c)| c.is_lowercase());
                    let digit = follows.is_some_and(|(_, c)| c.is_ascii_digit());
                    let abbreviated = c == '.' && is_abbreviation(&chars[..stop], digit);
                    if !goes_on && !abbreviated {
                        return Some(end);
                    }
                }
                _ => {}
            }
        }
        None
    })
}

/// Does the word before a full stop only seem to end a sentence?
fn is_abbreviation(before: &[(usize, char)], number_follows: bool) -> bool {
    let start = before
        .iter()
        .rposition(|(_, c)| c.is_whitespace() || is_opening(*c))
        .map_or(0, |at| at + 1);
    let word: String = before[start..].iter().map(|(_, c)| *c).collect();
    let lower = word.to_lowercase();
    // "U.S", "J", "e.g": single letters parted by dots.
    let initials = !word.is_empty()
        && word
            .split('.')
            .all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic));
    let short = [
        "mr", "mrs", "ms", "dr", "prof", "st", "gen", "col", "lt", "sgt", "capt", "maj", "rev",
        "hon", "sen", "rep", "gov", "pres", "jr", "sr", "vs", "etc", "inc", "ltd", "corp", "dept",
        "approx", "mt", "ft", "bzw", "ca", "evtl", "mme", "mlle", "sra", "srta", "ph.d", "z.b",
        "d.h", "u.a", "i.e", "e.g",
    ];
    let before_number = [
        "no", "nr", "art", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
        "nov", "dec", "p", "pp", "vol", "fig",
    ];
    initials
        || short.contains(&lower.as_str())
        || number_follows && before_number.contains(&lower.as_str())
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '｡' | '؟' | '۔' | '।' | '።')
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '）' | '“')
}

fn is_opening(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '‘' | '«' | '(' | '[' | '「' | '『' | '（' | '„' | '»')
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

/// "By the Africa desk", "– Africa desk", "Published: 3 May 2024".
fn is_byline(block: &str) -> bool {
    if block.chars().count() > 120 {
        return false;
    }
    let lower = block.to_lowercase();
    let begins = [
        "by ",
        "von ",
        "par ",
        "por ",
        "– ",
        "— ",
        "published",
        "updated",
        "posted",
        "last updated",
        "written by",
        "photo",
        "image:",
        "picture:",
        "credit",
        "source:",
    ];
    begins.iter().any(|begin| lower.starts_with(begin))
        && !lower.trim_end_matches('.').contains(". ")
        && (!lower.ends_with('.') || lower.len() < 40)
}

/// Lines that a site prints around every piece.
fn is_furniture(block: &str) -> bool {
    let lower = block.to_lowercase();
    let lower = lower.trim_start_matches(['(', '[', ' ']);
    let short = block.chars().count() < 200;
    let begins = [
        "continue reading",
        "read more",
        "featured image",
        "image credit",
        "photo credit",
        "photo:",
        "image:",
        "check also",
        "leave a reply",
        "your email address",
        "share this",
        "click here",
        "subscribe",
        "advertisement",
        "this article was originally",
        "this article originally",
        "this post",
        "the post ",
        "sign up",
        "related:",
    ];
    short && begins.iter().any(|begin| lower.starts_with(begin))
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
