//! One reply of a relay: where it ends, and what it says.

use std::io;

use lettre::transport::smtp::response::Response;

use crate::delivery::mailer::{Enhanced, Rejection, Stage};

/// RFC 5321 allows 512; some write essays.
const LONGEST_LINE: usize = 4096;
const LONGEST_REPLY: usize = 64 * 1024;

/// A reply, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) enhanced: Option<Enhanced>,
    /// Without codes.
    pub(super) lines: Vec<String>,
}

/// Where the first reply in `bytes` ends; `None` if more has to be read.
pub(super) fn end_of_reply(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[start..start + length];
        if length > LONGEST_LINE || start + length > LONGEST_REPLY {
            return Err(garbage("a reply that does not end"));
        }
        if line.len() < 3 || !line[..3].iter().all(u8::is_ascii_digit) {
            return Err(garbage(&format!("`{}`", shown(line))));
        }
        start += length + 1;
        if line.get(3) != Some(&b'-') {
            return Ok(Some(start));
        }
    }
    if bytes.len() - start > LONGEST_LINE || bytes.len() > LONGEST_REPLY {
        return Err(garbage("a reply that does not end"));
    }
    Ok(None)
}

impl Reply {
    /// Parses one whole reply.
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Self> {
        let mut text = String::with_capacity(bytes.len() + 2);
        for line in String::from_utf8_lossy(bytes).lines() {
            let line = line.trim_end();
            text.push_str(line);
            // RFC 5321 section 4.2: a code without text is to be understood.
            if line.len() == 3 {
                text.push(' ');
            }
            text.push_str("\r\n");
        }
        let response: Response =
            text.parse().map_err(|_| garbage(&format!("`{}`", shown(bytes))))?;
        let code = u16::from(response.code());
        let mut lines: Vec<String> = response.message().map(str::to_owned).collect();
        let enhanced = lines.first().and_then(|line| enhanced(code, line));
        if enhanced.is_some() {
            for line in &mut lines {
                if self::enhanced(code, line) == enhanced {
                    *line = line.split_once(' ').map_or(String::new(), |(_, rest)| rest.to_owned());
                }
            }
        }
        Ok(Self { code, enhanced, lines })
    }

    /// 2 for done, 3 for go on, 4 for not now, 5 for no.
    pub(super) fn class(&self) -> u16 {
        self.code / 100
    }

    /// What it says, on one printable line of bearable length.
    pub(super) fn text(&self) -> String {
        let joined = self.lines.join(" ");
        let clean = joined.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500);
        clean.collect::<String>().trim().to_owned()
    }

    /// The reply as a refusal of one mail.
    pub(super) fn rejection(&self, stage: Stage) -> Rejection {
        Rejection { code: self.code, enhanced: self.enhanced, text: self.text(), stage }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.rejection(Stage::Recipient))
    }
}

/// The enhanced code that a line begins with (RFC 2034), if it agrees with the reply's.
fn enhanced(code: u16, line: &str) -> Option<Enhanced> {
    let word = line.split(' ').next()?;
    let mut parts = word.split('.').map(|part| {
        let digits =
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten()
    });
    let found = [parts.next()??, parts.next()??, parts.next()??];
    (parts.next().is_none() && found[0] == code / 100).then_some(found)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).escape_debug().collect()
}

fn garbage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an SMTP reply: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies_end_where_they_end() {
        for (bytes, end) in [
            (&b"250 ok\r\n"[..], Some(8)),
            (b"250 ok\r\n354 go on\r\n", Some(8)),
            (b"250-one\r\n250 two\r\n", Some(18)),
            (b"250-one\r\n", None),
            (b"250 o", None),
            (b"250\r\n", Some(5)),
            (b"", None),
        ] {
            assert_eq!(end_of_reply(bytes).unwrap(), end, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_smtp_is_an_error_and_never_endless() {
        for bytes in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\r\n", b"25\r\n", &[b'2'; 5000]] {
            assert!(end_of_reply(bytes).is_err(), "{bytes:?}");
        }
        assert!(end_of_reply(&b"250-x\r\n".repeat(20_000)).is_err());
        assert!(Reply::parse(b"250-a\r\n550 b\r\n").is_err());
        assert!(Reply::parse(b"999 a\r\n").is_err());
    }

    #[test]
    fn codes_and_words_are_told_apart() {
        let reply = Reply::parse(b"550-5.1.1 No such\r\n550 5.1.1 mailbox\r\n").unwrap();
        assert_eq!(
            (reply.code, reply.enhanced, reply.text()),
            (550, Some([5, 1, 1]), "No such mailbox".into())
        );
        assert_eq!(reply.to_string(), "550 5.1.1 No such mailbox");

        let reply = Reply::parse(b"250\r\n").unwrap();
        assert_eq!((reply.code, reply.enhanced, reply.text()), (250, None, String::new()));

        let reply = Reply::parse(b"550 4.1.1 confused\n").unwrap();
        assert_eq!(reply.enhanced, None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = end_of_reply(&bytes);
            let _ = Reply::parse(&bytes);
        }
    }
}
