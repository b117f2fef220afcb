//! Tags, text and entities in any markup, however broken.
//!
//! One linear pass that never fails and never nests: what cannot be a tag is
//! text. It serves XML from strangers and HTML alike, and knows neither.

use std::borrow::Cow;

use web_atoms::NAMED_ENTITIES;

/// A piece of markup, borrowed from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name attributes>` or `<name attributes/>`.
    Start {
        /// As written, prefix included.
        name: &'a str,
        /// Everything between the name and the end of the tag.
        attributes: &'a str,
        /// Whether the tag closes itself.
        empty: bool,
    },
    /// `</name>`.
    End {
        /// As written, prefix included.
        name: &'a str,
    },
    /// Text with its entities still in place.
    Text(&'a str),
    /// The inside of `<![CDATA[…]]>`.
    Cdata(&'a str),
    /// A comment, processing instruction or document type.
    Other,
}

/// The tokens of a text, in order.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    source: &'a str,
    at: usize,
    /// Endings known not to lie ahead, so that no hopeless search is repeated.
    hopeless: Hopeless,
}

#[expect(clippy::struct_excessive_bools, reason = "one for each kind of ending")]
#[derive(Debug, Clone, Copy, Default)]
struct Hopeless {
    comment: bool,
    cdata: bool,
    instruction: bool,
    doctype: bool,
    quotes: u8,
    /// Neither `</script` nor `</style` comes behind here.
    raw: [Option<usize>; 2],
}

/// After so many tags with a runaway quotation mark, quotes are not believed.
const RUNAWAY_QUOTES: u8 = 32;

impl<'a> Tokens<'a> {
    /// Reads `source` from its beginning.
    #[must_use]
    pub fn of(source: &'a str) -> Self {
        Self { source, at: 0, hopeless: Hopeless::default() }
    }

    /// Where the next token begins, in bytes.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes (back) to a place that [`Tokens::at`] has given.
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Moves behind the next end tag `</name`, any case, without reading what
    /// lies between; `false`, and no move, if there is none.
    pub fn skip_past_end(&mut self, name: &str) -> bool {
        let known = ["script", "style"].iter().position(|raw| name.eq_ignore_ascii_case(raw));
        if known.is_some_and(|raw| self.hopeless.raw[raw].is_some_and(|from| from <= self.at)) {
            return false;
        }
        let bytes = self.source.as_bytes();
        let mut from = self.at;
        while let Some(found) = self.source[from..].find("</") {
            let start = from + found + 2;
            let end = start + name.len();
            let matches =
                bytes.get(start..end).is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes()));
            if matches && !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
                self.at = self.source[end..].find('>').map_or(bytes.len(), |gt| end + gt + 1);
                return true;
            }
            from = start;
        }
        if let Some(raw) = known {
            self.hopeless.raw[raw] = Some(self.at);
        }
        false
    }

    fn take(&mut self, length: usize) -> &'a str {
        let piece = &self.source[self.at..self.at + length];
        self.at += length;
        piece
    }

    /// A piece that begins with `open` and runs to `close`; without a `close`
    /// ahead, to the next `>`.
    fn delimited(&mut self, open: usize, close: &str, hopeless: bool) -> (&'a str, bool) {
        let rest = &self.source[self.at + open..];
        if !hopeless && let Some(length) = rest.find(close) {
            let inside = &rest[..length];
            self.at += open + length + close.len();
            return (inside, false);
        }
        let length = rest.find('>').map_or(rest.len(), |gt| gt + 1);
        self.at += open + length;
        (&rest[..length], true)
    }

    fn declaration(&mut self) -> Token<'a> {
        let rest = &self.source[self.at..];
        if rest.starts_with("<![CDATA[") {
            if self.hopeless.cdata || !rest.contains("]]>") {
                self.hopeless.cdata = true;
                let end = rest.find("</").unwrap_or(rest.len()).max(9);
                return Token::Cdata(&self.take(end)[9..]);
            }
            return Token::Cdata(self.delimited(9, "]]>", false).0);
        }
        if rest.starts_with("<!--") {
            self.hopeless.comment = self.delimited(4, "-->", self.hopeless.comment).1;
        } else if rest.starts_with("<?") {
            self.hopeless.instruction = self.delimited(2, "?>", self.hopeless.instruction).1;
        } else {
            let length = if self.hopeless.doctype { None } else { doctype_length(rest) };
            self.hopeless.doctype |= length.is_none();
            let length = length.or_else(|| rest.find('>').map(|gt| gt + 1)).unwrap_or(rest.len());
            self.take(length);
        }
        Token::Other
    }

    fn tag(&mut self) -> Token<'a> {
        let rest = &self.source[self.at..];
        let closing = rest.starts_with("</");
        let from = if closing { 2 } else { 1 };
        let name_length = rest[from..]
            .find(|c: char| {
                c.is_ascii_whitespace() || matches!(c, '>' | '/' | '<' | '"' | '\'' | '=')
            })
            .unwrap_or(rest.len() - from);
        let name = &rest[from..from + name_length];
        let after = from + name_length;
        let mut end = None;
        if !closing && self.hopeless.quotes < RUNAWAY_QUOTES {
            end = tag_end(&rest[after..]);
            self.hopeless.quotes += u8::from(end.is_none());
        }
        let end = end.or_else(|| rest[after..].find(['>', '<'])).map_or(rest.len(), |e| after + e);
        let closed = rest.as_bytes().get(end) == Some(&b'>');
        self.at += if closed { end + 1 } else { end };
        if closing {
            return Token::End { name };
        }
        let attributes = rest[after..end].trim_end();
        let empty = attributes.ends_with('/');
        Token::Start { name, attributes: attributes.strip_suffix('/').unwrap_or(attributes), empty }
    }
}

/// Where a start tag ends: the first `>` outside of quoted values. A `<`
/// before it means that the tag was never closed.
fn tag_end(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    let mut after_equals = false;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'>' | b'<' => return Some(at),
            b'"' | b'\'' if after_equals => {
                at += 1 + bytes[at + 1..].iter().position(|&c| c == b)?;
                after_equals = false;
            }
            b'=' => after_equals = true,
            b if b.is_ascii_whitespace() => {}
            _ => after_equals = false,
        }
        at += 1;
    }
    None
}

/// The length of `<!DOCTYPE … [ … ]>`, quotes and comments respected.
fn doctype_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 2;
    let mut depth = 0_usize;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'"' | b'\'' => at += 1 + bytes[at + 1..].iter().position(|&c| c == b)?,
            b'<' if rest[at..].starts_with("<!--") => at += rest[at..].find("-->")? + 2,
            b'[' | b'<' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return Some(at + 1),
            b'>' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.source[self.at..];
        let second = rest.as_bytes().get(1).copied().unwrap_or(b' ');
        let third = rest.as_bytes().get(2).copied().unwrap_or(b' ');
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with('<') {
            if second == b'!' || second == b'?' {
                return Some(self.declaration());
            }
            if begins_name(second) || second == b'/' && begins_name(third) {
                return Some(self.tag());
            }
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = rest[first..].find('<').map_or(rest.len(), |at| at + first);
        Some(Token::Text(self.take(length)))
    }
}

fn begins_name(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

/// The attributes of a start tag: name as written, value with entities in
/// place. Bounded, because a tag can hold any number of them.
pub fn attributes(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/' || c == ',');
        if rest.is_empty() {
            return None;
        }
        let ends_name = |c: char| c.is_ascii_whitespace() || c == '=' || c == '/';
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find(ends_name).map_or(rest.len(), |at| at + first);
        let name = &rest[..end];
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else { return Some((name, "")) };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = if let Some(quote) = quote {
            value[1..].split_once(quote).unwrap_or((&value[1..], ""))
        } else {
            let end = value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len());
            value.split_at(end)
        };
        rest = after;
        Some((name, value))
    })
    .take(64)
}

/// The decoded value of the attribute `name`, any case.
#[must_use]
pub fn attribute<'a>(raw: &'a str, name: &str) -> Option<Cow<'a, str>> {
    attributes(raw).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| decode(value))
}

/// Resolves numeric references and the entities of HTML. What is no entity,
/// such as a bare `&`, stays; entities that a document declares itself are
/// never expanded.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = rest[1..]
            .bytes()
            .take(34)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
            .count();
        let name = &rest[1..=length];
        let closed = rest.as_bytes().get(length + 1) == Some(&b';');
        if let Some((c, digits)) = name.strip_prefix('#').and_then(numeric) {
            out.push(c);
            let closed = rest.as_bytes().get(digits + 2) == Some(&b';');
            rest = &rest[digits + 2 + usize::from(closed)..];
        } else if let Some((first, second)) = entity(&rest[1..], length) {
            out.push(first);
            out.extend(second);
            rest = &rest[1 + length + usize::from(closed)..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The one or two characters of an entity of HTML, whose name `text` begins
/// with. The oldest of them may lack the semicolon, but not where an address
/// would look the same: `?a=1&copy=2`.
fn entity(text: &str, length: usize) -> Option<(char, Option<char>)> {
    let next = text.as_bytes().get(length);
    let name = match next {
        Some(b';') => &text[..=length],
        Some(b'=' | b'_' | b'-') => return None,
        _ => &text[..length],
    };
    let &(first, second) = NAMED_ENTITIES.get(name)?;
    let letter = |code: u32| char::from_u32(code).filter(|c| *c != '\0');
    Some((letter(first)?, letter(second)))
}

/// The character that a numeric reference means. As browsers do, 128 to 159
/// are read as Windows-1252, which is what their writers meant.
/// With how long it is, counted behind `&#`.
fn numeric(text: &str) -> Option<(char, usize)> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
    let code = u32::from_str_radix(&digits[..count], radix).ok()?;
    let length = count + usize::from(radix == 16);
    let windows = u8::try_from(code).ok().filter(|byte| (0x80..=0x9f).contains(byte));
    let letter = match windows {
        Some(byte) => {
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next()?
        }
        None => char::from_u32(code).filter(|&c| c != '\0').unwrap_or('\u{fffd}'),
    };
    Some((letter, length))
}

/// Appends `text` with `&`, `<`, `>` and `"` escaped.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// May this character stand in XML 1.0 (section 2.2), and is it fit for text?
#[must_use]
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_markup_is_read_as_far_as_it_makes_sense() {
        let tokens: Vec<_> = Tokens::of("a < b <p class='x>y'>é</p ><br/><i <b>&amp;<").collect();

        assert_eq!(
            tokens,
            [
                Token::Text("a "),
                Token::Text("< b "),
                Token::Start { name: "p", attributes: " class='x>y'", empty: false },
                Token::Text("é"),
                Token::End { name: "p" },
                Token::Start { name: "br", attributes: "", empty: true },
                Token::Start { name: "i", attributes: "", empty: false },
                Token::Start { name: "b", attributes: "", empty: false },
                Token::Text("&amp;"),
                Token::Text("<"),
            ]
        );
    }

    #[test]
    fn declarations_are_skipped_whole_and_cdata_is_kept() {
        let source = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x \"a>b\"><!-- ' -->]>\
                      <!-- <no> --><![CDATA[<b>]]>";

        let kept: Vec<_> = Tokens::of(source).filter(|t| *t != Token::Other).collect();

        assert_eq!(kept, [Token::Cdata("<b>")]);
    }

    #[test]
    fn entities_are_resolved_once_and_unknown_ones_stay() {
        assert_eq!(
            decode("AT&T &amp;amp; &eacute;&#233;&#x2014;&#150; &lol; &"),
            "AT&T &amp; éé—– &lol; &"
        );
        assert_eq!(decode("&alpha;&Omega;&OElig;&shy;&NotEqualTilde;"), "αΩŒ\u{ad}≂\u{338}");
    }

    #[test]
    fn a_missing_semicolon_is_forgiven_but_not_in_an_address() {
        assert_eq!(decode("&copy 2020 caf&eacute, it&#39s"), "© 2020 café, it's");
        assert_eq!(decode("/?a=1&copy=2&amp=3&reg_x=4"), "/?a=1&copy=2&amp=3&reg_x=4");
    }

    #[test]
    fn attributes_are_read_in_any_style() {
        let all: Vec<_> = attributes(r#" a="1" b='2' c=3 d é=5 e="un"#).collect();

        assert_eq!(all, [("a", "1"), ("b", "2"), ("c", "3"), ("d", ""), ("é", "5"), ("e", "un")]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic_or_lose_its_place(
            parts in proptest::collection::vec("[<>/!?&;=\"'\\[\\]a-cé#x0 -]{0,12}|<!--|-->|<!\\[CDATA\\[|\\]\\]>", 0..12)
        ) {
            let source = parts.concat();
            let mut tokens = Tokens::of(&source);
            let mut last = 0;
            while let Some(token) = tokens.next() {
                if let Token::Start { attributes: raw, .. } = token { attributes(raw).count(); }
                assert!(tokens.at() > last);
                last = tokens.at();
            }
            assert_eq!(last, source.len());
            let _ = decode(&source);
        }
    }
}
