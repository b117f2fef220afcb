//! Header fields: folded at 78 columns, RFC 2047 where they are not ASCII, and
//! no value can begin a field of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// RFC 5322 section 2.1.1: lines should be no longer.
const WIDTH: usize = 78;
/// RFC 2047 section 2: an encoded word is no longer.
const ENCODED_WORD: usize = 75;
/// What an encoded word needs beside its content: `=?utf-8?q?` and `?=`.
const FRAME: usize = 12;
/// A text longer than this is cut, in characters.
const LONGEST: usize = 500;

/// Writes one header field.
pub(super) struct Field<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
}

impl<'a> Field<'a> {
    /// Begins the field `name`.
    pub(super) fn begin(name: &str, out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Self { column: name.len() + 1, out }
    }

    /// Writes a word that must not be broken, on a new line if it is too long for this one.
    pub(super) fn word(mut self, word: &str) -> Self {
        if word.is_empty() {
            return self;
        }
        let fits = self.column + 1 + word.len() <= WIDTH;
        if !fits {
            self.out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        self.out.push(b' ');
        self.out
            .extend(word.bytes().map(|byte| if byte < b' ' || byte == 127 { b'?' } else { byte }));
        self.column += 1 + word.len();
        self
    }

    /// Writes free text (RFC 5322 "unstructured").
    pub(super) fn text(mut self, text: &str) -> Self {
        let text = tidy(text);
        let plain = text.is_ascii()
            && !text.contains("=?")
            && text.split(' ').all(|word| word.len() < WIDTH - 2);
        if !plain {
            return self.encoded(&text);
        }
        for word in text.split(' ') {
            self = self.word(word);
        }
        self
    }

    /// Writes a name before an address (RFC 5322 "phrase").
    pub(super) fn phrase(mut self, name: &str) -> Self {
        let name = tidy(name);
        if !name.is_ascii() || name.contains("=?") || name.len() > WIDTH - 10 {
            return self.encoded(&name);
        }
        let atom = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(c);
        if name.chars().all(atom) {
            for word in name.split(' ') {
                self = self.word(word);
            }
            return self;
        }
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        self.word(&format!("\"{escaped}\""))
    }

    /// Ends the field.
    pub(super) fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// Writes `text` in encoded words, each with whole characters.
    fn encoded(mut self, text: &str) -> Self {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let readable = ascii * 3 >= text.len() * 2;
        let mut rest = text;
        while !rest.is_empty() {
            let room = (WIDTH - 1).saturating_sub(self.column).min(ENCODED_WORD);
            // Room for at least one character, or a line of its own.
            let room = if room < FRAME + 16 { ENCODED_WORD } else { room };
            let (mut taken, mut length) = (0, 0);
            for c in rest.chars() {
                let cost = if readable { q_cost(c) } else { c.len_utf8() };
                let budget = if readable { room - FRAME } else { (room - FRAME) / 4 * 3 };
                if length + cost > budget {
                    break;
                }
                length += cost;
                taken += c.len_utf8();
            }
            let (now, later) = rest.split_at(taken);
            let word = if readable {
                format!("=?utf-8?q?{}?=", q(now))
            } else {
                format!("=?utf-8?b?{}?=", STANDARD.encode(now))
            };
            self = self.word(&word);
            rest = later;
        }
        self
    }
}

/// One line, one blank between words, no control characters, not endless.
fn tidy(text: &str) -> String {
    let clean: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// RFC 2047 section 5 (3): what may stand bare even in a phrase.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/')
}

fn q_cost(c: char) -> usize {
    if is_bare(c) || c == ' ' { 1 } else { 3 * c.len_utf8() }
}

fn q(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if is_bare(c) {
            out.push(c);
        } else if c == ' ' {
            out.push('_');
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("={byte:02X}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> String {
        let mut out = Vec::new();
        Field::begin("Subject", &mut out).text(text).end();
        String::from_utf8(out).unwrap()
    }

    fn from(name: &str) -> String {
        let mut out = Vec::new();
        Field::begin("From", &mut out).phrase(name).word("<digest@example.org>").end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stays_readable_and_is_folded() {
        assert_eq!(subject("The week by region"), "Subject: The week by region\r\n");
        let long = subject(&"region ".repeat(40));
        assert!(long.lines().count() > 2);
        assert!(long.lines().all(|line| line.len() <= 78));
    }

    #[test]
    fn a_value_cannot_begin_a_field_of_its_own() {
        let smuggled = subject("News\r\nBcc: other@example.org\n\nbody");

        assert_eq!(smuggled, "Subject: News Bcc: other@example.org body\r\n");
        assert_eq!(from("Desk\r\nBcc: x"), "From: \"Desk Bcc: x\" <digest@example.org>\r\n");
    }

    #[test]
    fn names_are_quoted_only_where_they_must_be() {
        assert_eq!(from("Africa desk"), "From: Africa desk <digest@example.org>\r\n");
        assert_eq!(
            from("Meridian, \"The\" Review"),
            "From: \"Meridian, \\\"The\\\" Review\" <digest@example.org>\r\n"
        );
        assert_eq!(
            from("Kurier für Überlingen"),
            "From: =?utf-8?q?Kurier_f=C3=BCr_=C3=9Cberlingen?= <digest@example.org>\r\n"
        );
    }

    #[test]
    fn encoded_words_are_short_and_hold_whole_characters() {
        for text in [
            "дайджест недели по регионам мира ".repeat(8),
            "é".repeat(300),
            "x".repeat(300),
            "=?utf-8?q?trick?=".into(),
        ] {
            let field = subject(&text);
            let mut decoded = String::new();
            for word in field.split_whitespace().skip(1) {
                assert!(word.len() <= 75, "{word}");
                let inner = word.strip_prefix("=?utf-8?").unwrap().strip_suffix("?=").unwrap();
                let bytes = match inner.split_at(2) {
                    ("b?", content) => STANDARD.decode(content).unwrap(),
                    (_, content) => quoted_printable::decode(
                        content.replace('_', " "),
                        quoted_printable::ParseMode::Strict,
                    )
                    .unwrap(),
                };
                decoded.push_str(&String::from_utf8(bytes).expect("whole characters"));
            }
            assert_eq!(decoded, text.trim());
            assert!(field.lines().all(|line| line.len() <= 78));
        }
    }
}
