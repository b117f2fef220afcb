//! What may stand in a feed: characters, lines, addresses, tags and dates that
//! every reader accepts, whatever the article holds.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use crate::clock::Time;

/// The longest address that is written; servers refuse longer ones.
const MAX_ADDRESS_BYTES: usize = 4096;

/// The deepest nesting of text directions that is kept (UAX #9 allows 125).
const MAX_BIDI_DEPTH: usize = 60;

/// May this character stand in a feed?
///
/// XML 1.0 forbids most control characters; the second row of controls,
/// noncharacters and U+FFFD are legal there, but validators rightly take them
/// for the remains of a wrong encoding.
#[must_use]
pub fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fffd}'..='\u{ffff}' => false,
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

/// The first character that may not stand in a feed, and where it is.
#[must_use]
pub fn illegal(text: &str) -> Option<(usize, char)> {
    // Most text is plain ASCII, and the processor looks at many bytes at once.
    let plain = |bytes: &[u8]| {
        let odd = |byte: &u8| u8::from(!matches!(byte, 0x20..0x7f | b'\n' | b'\t'));
        bytes.iter().fold(0, |any, byte| any | odd(byte)) == 0
    };
    let mut at = 0;
    while at < text.len() {
        let end = text.ceil_char_boundary((at + 256).min(text.len()));
        let part = &text[at..end];
        if !plain(part.as_bytes())
            && let Some((within, c)) = part.char_indices().find(|(_, c)| !is_legal(*c))
        {
            return Some((at + within, c));
        }
        at = end;
    }
    None
}

/// The text with only the characters that may stand in a feed: line ends
/// become `\n`, a replacement character `?`, everything else illegal vanishes.
#[must_use]
pub fn legal(text: &str) -> Cow<'_, str> {
    if illegal(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' => out.push('\n'),
            '\u{fffd}' => out.push('?'),
            c if is_legal(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// One line of plain text of at most `max` characters (an ellipsis included),
/// cut between words where there are words. Directions that it opens are
/// closed, so that it cannot turn what stands after it.
#[must_use]
pub fn line(text: &str, max: usize) -> String {
    // A line of `max` characters needs no more than this, spaces included.
    let text = text.get(..text.floor_char_boundary(max.saturating_mul(16))).unwrap_or(text);
    let legal = legal(text);
    let mut out = String::with_capacity(legal.len());
    for word in legal.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    let end = out.char_indices().nth(max).map(|(at, _)| at);
    if end.is_some() {
        let keep = out.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
        let cut = cut(&out[..keep]);
        out.truncate(cut);
        out.push('…');
    }
    close_directions(&mut out);
    out
}

/// One line of plain text, as [`line()`] makes it, that nobody takes for HTML.
///
/// Titles are plain text in all three formats, but many readers look for
/// markup in them all the same, and drop what looks like it. Where a piece
/// speaks *about* markup (`</b>`, `&nbsp;`), an invisible word joiner keeps the
/// characters apart: it looks the same and is read as it stands.
#[must_use]
pub fn words(text: &str, max: usize) -> String {
    let line = line(text, max);
    if !line.contains(['<', '&']) {
        return line;
    }
    let mut out = String::with_capacity(line.len() + 16);
    for (at, c) in line.char_indices() {
        out.push(c);
        let rest = &line[at + c.len_utf8()..];
        if (c == '<' && begins_with_tag(rest)) || (c == '&' && begins_with_entity(rest)) {
            out.push('\u{2060}');
        }
    }
    out
}

/// `b>`, `/b>`, `img src…`: the name of an HTML element stands here.
fn begins_with_tag(rest: &str) -> bool {
    const TAGS: &str = " a abbr acronym address applet area article aside audio b base bdi bdo big blockquote \
        body br button canvas caption center cite code col colgroup data datalist dd del \
        details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer \
        form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd \
        label legend li link main map mark menu meta meter nav noscript object ol optgroup \
        option output p param picture pre progress q rp rt ruby s samp script section select \
        small source span strike strong style sub summary sup svg table tbody td template \
        textarea tfoot th thead time title tr track tt u ul var video wbr ";
    if rest.starts_with(['!', '?']) {
        return true;
    }
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let name = rest[..end.min(16)].to_ascii_lowercase();
    !name.is_empty() && TAGS.contains(&format!(" {name} "))
}

/// `nbsp;`, `#8217;`, `amp`: the name of an entity stands here.
fn begins_with_entity(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.starts_with('#')
        || rest
            .get(..end)
            .is_some_and(|name| quick_xml::escape::resolve_html5_entity(name).is_some())
}

/// Where to end a line that goes on: after a word, if one ends near, else
/// before the last whole character that a person would see.
fn cut(head: &str) -> usize {
    let word = head.rfind(' ').filter(|at| at + 40 >= head.len());
    let cluster = || head.grapheme_indices(true).next_back().map(|(at, _)| at);
    word.or_else(cluster).filter(|at| *at > 0).unwrap_or(head.len())
}

/// Closes the text directions that a line opens and does not close itself.
fn close_directions(line: &mut String) {
    let mut open = Vec::new();
    let mut deepest = 0;
    for c in line.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202c}' if open.last() == Some(&c) => {
                open.pop();
            }
            '\u{2069}' => {
                if let Some(at) = open.iter().rposition(|closer| *closer == c) {
                    open.truncate(at);
                }
            }
            _ => {}
        }
        deepest = deepest.max(open.len());
    }
    if deepest > MAX_BIDI_DEPTH {
        line.retain(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    } else {
        line.extend(open.into_iter().rev());
    }
}

/// The address as RFC 3986 spells it: absolute, `http` or `https`, ASCII only.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    if text.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    let url = Url::parse(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let spelled = url.as_str();
    let host_end = spelled.find("://").map_or(0, |at| at + 3);
    let path = spelled[host_end..].find('/').map_or(spelled.len(), |at| host_end + at);
    let mut out = String::with_capacity(spelled.len());
    out.push_str(&spelled[..path]);
    let rest = &spelled.as_bytes()[path..];
    let mut fragment = false;
    for (at, &byte) in rest.iter().enumerate() {
        let kept = match byte {
            b'%' => {
                matches!(rest.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
            }
            b'#' => !std::mem::replace(&mut fragment, true),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(&byte),
        };
        if kept {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    (out.len() <= MAX_ADDRESS_BYTES).then_some(out)
}

/// The language tag, if it is one (BCP 47 in form) and says anything.
#[must_use]
pub fn language(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let first = parts.next()?;
    let good = (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    (good && tag.len() <= 35 && !first.eq_ignore_ascii_case("und")).then_some(tag)
}

/// The media type, if it is one; parameters are dropped.
#[must_use]
pub fn media_type(text: &str) -> Option<String> {
    let bare = text.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, sub) = bare.split_once('/')?;
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    (bare.len() <= 127 && token(kind) && token(sub)).then_some(bare)
}

/// The moment held within the years that both date formats of feeds can say:
/// RFC 5322 knows none before 1900, RFC 3339 none of five digits.
#[must_use]
pub fn moment(time: Time) -> Time {
    let seconds = time.timestamp().clamp(-2_208_988_800, 253_402_300_799);
    let nanos = if seconds == time.timestamp() { time.timestamp_subsec_nanos() } else { 0 };
    DateTime::from_timestamp(seconds, nanos).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A moment as RSS and HTTP write it: `Tue, 03 Mar 2026 09:00:00 GMT`.
#[must_use]
pub fn rfc2822(time: Time) -> String {
    moment(time).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A moment as Atom and JSON Feed write it: `2026-03-03T09:00:00Z`.
#[must_use]
pub fn rfc3339(time: Time) -> String {
    moment(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Plain text as HTML that shows it; for use between tags.
#[must_use]
pub fn as_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_characters_remain() {
        let table = [
            ("plain 😀 漢字 שלום", "plain 😀 漢字 שלום"),
            ("a\u{0}b\u{b}c\u{1b}d\u{7f}e\u{9b}f", "abcdef"),
            ("a\r\nb\rc\u{85}d\te", "a\nb\nc\nd\te"),
            ("\u{ffff}\u{fffe}\u{fdd0}\u{1fffe}x\u{fffd}", "x?"),
        ];
        for (dirty, clean) in table {
            assert_eq!(legal(dirty), clean);
        }
    }

    #[test]
    fn a_line_is_cut_between_words_and_between_whole_characters() {
        assert_eq!(line("  one\n two\tthree ", 20), "one two three");
        assert_eq!(line("one two three", 9), "one two…");
        assert_eq!(line("漢字漢字漢字", 4), "漢字…");
        assert_eq!(line("👩‍🚀👩‍🚀👩‍🚀", 6), "👩‍🚀…");
        assert_eq!(line("abc", 3), "abc");
        assert_eq!(line("", 3), "");
        let long = line(&"word ".repeat(200_000), 300);
        assert!(long.chars().count() <= 300 && long.ends_with("word…"), "{long}");
        assert!(line(&"x".repeat(1_000_000), 300).chars().count() <= 300);
    }

    #[test]
    fn words_about_markup_are_not_taken_for_it() {
        let table = [
            ("a < b & c > d, R&D, AT&T, <3, <today>", "a < b & c > d, R&D, AT&T, <3, <today>"),
            ("the </b> tag", "the <\u{2060}/b> tag"),
            ("<script>x", "<\u{2060}script>x"),
            (
                "&nbsp; &#8217; &amp;lt; &bogus;",
                "&\u{2060}nbsp; &\u{2060}#8217; &\u{2060}amp;lt; &bogus;",
            ),
            ("]]> <![CDATA[", "]]> <\u{2060}![CDATA["),
        ];
        for (given, written) in table {
            assert_eq!(words(given, 300), written);
        }
    }

    #[test]
    fn a_line_closes_the_directions_it_opens() {
        assert_eq!(line("a\u{202e}b", 9), "a\u{202e}b\u{202c}");
        assert_eq!(line("a\u{2067}\u{202b}b\u{2069}", 9), "a\u{2067}\u{202b}b\u{2069}");
        assert_eq!(line("\u{202c}a\u{2068}b", 9), "\u{202c}a\u{2068}b\u{2069}");
        assert_eq!(line(&format!("a{}", "\u{202e}".repeat(99)), 200), "a");
    }

    #[test]
    fn an_address_is_absolute_ascii_and_harmless() {
        let table = [
            ("https://Example.org", Some("https://example.org/")),
            (
                "https://münchen.example/ä?ö=|[x]#a#b",
                Some("https://xn--mnchen-3ya.example/%C3%A4?%C3%B6=%7C%5Bx%5D#a%23b"),
            ),
            ("http://[::1]:8080/a%zz%20", Some("http://[::1]:8080/a%25zz%20")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("/relative", None),
            ("http://", None),
            ("", None),
        ];
        for (given, spelled) in table {
            assert_eq!(address(given).as_deref(), spelled, "{given}");
        }
        assert_eq!(address(&format!("https://a.example/{}", "ä".repeat(2000))), None);
    }

    #[test]
    fn a_language_or_media_type_that_is_none_is_dropped() {
        assert_eq!(language("pt_BR").as_deref(), Some("pt-BR"));
        for bad in ["und", "", "x", "en-", "english language", "e\"n"] {
            assert_eq!(language(bad), None, "{bad}");
        }
        assert_eq!(media_type("Image/PNG; q=1").as_deref(), Some("image/png"));
        for bad in ["image", "image/", "im age/png", "a/b/c", ""] {
            assert_eq!(media_type(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_date_beyond_the_formats_is_held_at_their_ends() {
        assert_eq!(rfc2822(Time::MIN_UTC), "Mon, 01 Jan 1900 00:00:00 GMT");
        assert_eq!(rfc3339(Time::MAX_UTC), "9999-12-31T23:59:59Z");
        let ancient = DateTime::parse_from_rfc3339("1900-06-01T12:00:00.250Z").unwrap();
        assert_eq!(rfc3339(ancient.to_utc()), "1900-06-01T12:00:00.250Z");
    }
}
