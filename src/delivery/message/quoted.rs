//! Quoted-printable (RFC 2045 section 6.7) that needs no further care.
//!
//! On top of the RFC, no line begins with a dot (so SMTP has nothing to stuff)
//! or with `From ` (so no mailbox file mangles it), and no line has two blanks
//! in a row or one at its end (so the text is its own relaxed canonical form,
//! RFC 6376 section 3.4.4, and can be hashed as it stands).

/// Characters on a line before the soft break; the RFC allows 76 with it.
const WIDTH: usize = 75;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes text, and knows in which column it is.
#[derive(Debug, Default)]
pub(super) struct Quoter {
    column: usize,
    /// The last thing written is a bare blank.
    blank: bool,
}

impl Quoter {
    /// Writes `text`; its line ends, of whatever kind, become CRLF.
    pub(super) fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            match c {
                '\r' | '\n' => {
                    rest =
                        if c == '\r' { after.strip_prefix('\n').unwrap_or(after) } else { after };
                    self.line_end(out);
                    continue;
                }
                ' ' if self.blank || after.is_empty() || after.starts_with(['\r', '\n']) => {
                    self.encoded(b" ", out);
                }
                'F' if self.is_first() && after.starts_with("rom ") => self.encoded(b"F", out),
                c => self.one(c, out),
            }
            rest = after;
        }
    }

    /// Writes the value of a slot: line ends in it are data.
    pub(super) fn value(&mut self, value: impl Iterator<Item = char>, out: &mut Vec<u8>) {
        let mut value = value.peekable();
        while let Some(c) = value.next() {
            match c {
                ' ' if self.blank || value.peek().is_none() => self.encoded(b" ", out),
                'F' if self.is_first() => self.encoded(b"F", out),
                c => self.one(c, out),
            }
        }
    }

    /// Goes to the start of a line, invisibly if a line has been begun.
    pub(super) fn fresh_line(&mut self, out: &mut Vec<u8>) {
        if self.column > 0 {
            self.soft_break(out);
        }
    }

    /// Breaks the line; the reader does not see it.
    pub(super) fn soft_break(&mut self, out: &mut Vec<u8>) {
        out.push(b'=');
        self.line_end(out);
    }

    /// The next character stands in the first column, or is about to.
    fn is_first(&self) -> bool {
        self.column == 0 || self.column >= WIDTH
    }

    fn line_end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        *self = Self::default();
    }

    fn one(&mut self, c: char, out: &mut Vec<u8>) {
        match c {
            '=' => self.encoded(b"=", out),
            '.' if self.is_first() => self.encoded(b".", out),
            ' '..='~' => {
                if self.column >= WIDTH {
                    self.soft_break(out);
                }
                out.extend(u8::try_from(c));
                self.column += 1;
                self.blank = c == ' ';
            }
            c => self.encoded(c.encode_utf8(&mut [0; 4]).as_bytes(), out),
        }
    }

    /// One character in hexadecimal, not torn apart by a line end.
    fn encoded(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.column + 3 * bytes.len() > WIDTH {
            self.soft_break(out);
        }
        for byte in bytes {
            out.extend([b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        self.column += 3 * bytes.len();
        self.blank = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        Quoter::default().text(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_line_may_not_begin_or_end_with_is_encoded() {
        for (text, expected) in [
            (".hidden\n.\n", "=2Ehidden\r\n=2E\r\n"),
            ("From the desk\n", "=46rom the desk\r\n"),
            ("end \nnext", "end=20\r\nnext"),
            ("two  blanks", "two =20blanks"),
            ("a\tb", "a=09b"),
            ("1+1=2", "1+1=3D2"),
            ("é", "=C3=A9"),
            ("a\r\nb\rc\nd", "a\r\nb\r\nc\r\nd"),
        ] {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_and_its_lines_are_short_and_canonical(text in "(?s)[ -~\\n.é€😀=]{0,400}") {
            let out = quoted(&text);

            let decoded = quoted_printable::decode(&out, quoted_printable::ParseMode::Strict).unwrap();
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), text.replace('\n', "\r\n"));
            prop_assert!(out.is_ascii());
            for line in out.split("\r\n") {
                prop_assert!(line.len() <= 76);
                prop_assert!(!line.starts_with('.') && !line.ends_with(' ') && !line.contains("  "));
                prop_assert!(!line.starts_with("From "));
            }
        }
    }
}
