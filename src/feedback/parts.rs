//! A message taken apart: its header, and its leaves in order.
//!
//! Everything has an end: the header, the depth, the number of parts, the
//! bytes of each. What is cut off is not missed, for reports are short.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LARGEST_HEAD: usize = 64 * 1024;
const MOST_FIELDS: usize = 400;
const MOST_PARTS: usize = 40;
const DEEPEST: usize = 8;
/// Bytes of one part that are looked at.
const LARGEST_PART: usize = 64 * 1024;

/// A header: names in lower case, values unfolded and decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Head(Vec<(String, String)>);

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) head: Head,
    /// `report-type`, lower case.
    pub(super) report: String,
    pub(super) leaves: Vec<Leaf>,
}

/// A part that holds no others. Whatever is inside of a returned message
/// stays closed.
#[derive(Debug)]
pub(super) struct Leaf {
    /// Type and subtype, lower case.
    pub(super) kind: String,
    /// Its decoded text.
    pub(super) text: String,
}

impl Head {
    /// Reads what stands before the first blank line.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let head = &bytes[..end_of_head(bytes).0.min(LARGEST_HEAD)];
        let mut fields: Vec<Vec<u8>> = vec![];
        for line in head.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                if let Some(field) = fields.last_mut() {
                    field.push(b' ');
                    field.extend_from_slice(line.trim_ascii());
                }
            } else if !line.is_empty() && fields.len() < MOST_FIELDS {
                fields.push(line.to_vec());
            }
        }
        let read = |field: Vec<u8>| {
            let (header, _) = mailparse::parse_header(&field).ok()?;
            let name = header.get_key().trim().to_ascii_lowercase();
            (!name.contains(' ')).then(|| (name, header.get_value().trim().to_owned()))
        };
        Self(fields.into_iter().filter_map(read).collect())
    }

    /// The first value of a field.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Is the field there?
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

impl Message {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let head = Head::parse(bytes);
        let content = content_type(&head);
        let report = content.params.get("report-type").map(|kind| kind.to_ascii_lowercase());
        let mut leaves = vec![];
        collect(bytes, 0, &mut leaves);
        Self { head, report: report.unwrap_or_default(), leaves }
    }

    /// The header of the mail that came back, if it or its header came along.
    pub(super) fn returned(&self) -> Option<Head> {
        let leaf = self.leaves.iter().find(|leaf| leaf.is_returned())?;
        Some(Head::parse(leaf.text.as_bytes()))
    }

    /// What is written for people, before anything that came back.
    pub(super) fn notice(&self) -> String {
        let before = || self.leaves.iter().take_while(|leaf| !leaf.is_returned());
        let mut text = String::new();
        for leaf in before().filter(|leaf| leaf.kind == "text/plain") {
            text.push_str(&leaf.text);
            text.push('\n');
        }
        if text.trim().is_empty() {
            for leaf in before().filter(|leaf| leaf.kind == "text/html") {
                text.push_str(&without_tags(&leaf.text));
                text.push('\n');
            }
        }
        text
    }
}

impl Leaf {
    fn is_returned(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "message/rfc822-headers"
                | "message/global-headers"
        )
    }
}

fn collect(bytes: &[u8], depth: usize, leaves: &mut Vec<Leaf>) {
    if leaves.len() >= MOST_PARTS {
        return;
    }
    let head = Head::parse(bytes);
    let body = &bytes[end_of_head(bytes).1..];
    let content = content_type(&head);
    let kind = content.mimetype.to_ascii_lowercase();
    let boundary = content.params.get("boundary").filter(|boundary| !boundary.is_empty());
    if let (true, Some(boundary), true) =
        (kind.starts_with("multipart/"), boundary, depth < DEEPEST)
    {
        for part in split(body, boundary) {
            collect(part, depth + 1, leaves);
        }
        return;
    }
    let encoding = head.first("content-transfer-encoding").unwrap_or_default();
    let body = &body[..body.len().min(LARGEST_PART)];
    let bytes = decoded(body, encoding);
    let charset = encoding_rs::Encoding::for_label(content.charset.as_bytes());
    let text = match charset {
        Some(charset) if kind.starts_with("text/") => charset.decode(&bytes).0.into_owned(),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    };
    leaves.push(Leaf { kind, text });
}

fn content_type(head: &Head) -> mailparse::ParsedContentType {
    mailparse::parse_content_type(head.first("content-type").unwrap_or("text/plain"))
}

/// Where the header ends and where the body begins.
fn end_of_head(bytes: &[u8]) -> (usize, usize) {
    let mut start = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return (start, start + line.len());
        }
        start += line.len();
    }
    (bytes.len(), bytes.len())
}

/// What stands between the boundary lines; the last part may lack its end.
fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (mut parts, mut begun, mut at) = (vec![], None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let after = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary.as_bytes()));
        // One boundary may begin with another.
        let whole = after.filter(|rest| rest.trim_ascii().is_empty() || rest.trim_ascii() == b"--");
        if let Some(rest) = whole {
            if let Some(start) = begun.take() {
                parts.push(&body[start..at]);
            }
            if rest.starts_with(b"--") || parts.len() >= MOST_PARTS {
                return parts;
            }
            begun = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(begun.map(|start| &body[start..]));
    parts
}

fn decoded(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let lenient = GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
            let mut clean: Vec<u8> =
                body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            // It may have been cut in the middle of a group.
            clean.truncate(if clean.len() % 4 == 1 { clean.len() - 1 } else { clean.len() });
            engine.decode(&clean).unwrap_or_default()
        }
        "quoted-printable" => quoted_printable::decode(body, quoted_printable::ParseMode::Robust)
            .unwrap_or_else(|_| body.to_vec()),
        _ => body.to_vec(),
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leaves_come_in_order_and_what_was_returned_stays_closed() {
        let message = Message::parse(
            b"Content-Type: multipart/report; boundary=a\n\n--a\n\nnotice\n--a\n\
              Content-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n--ab--\n--a\n\
              Content-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ninner\n--c--\n--a--\n",
        );

        let kinds: Vec<&str> = message.leaves.iter().map(|leaf| leaf.kind.as_str()).collect();
        assert_eq!(kinds, ["text/plain", "text/plain", "message/rfc822"]);
        assert_eq!(message.returned().unwrap().first("subject"), Some("x"));
        assert!(!message.notice().contains("inner"));
    }

    #[test]
    fn a_bomb_of_parts_is_cut_short() {
        let deep: String = (0..5_000)
            .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
            .collect();
        let wide =
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(50_000));
        let fields = "X: y\n".repeat(50_000);

        assert!(Message::parse(deep.as_bytes()).leaves.len() <= 1);
        assert!(Message::parse(wide.as_bytes()).leaves.len() <= MOST_PARTS);
        assert!(Head::parse(fields.as_bytes()).0.len() <= MOST_FIELDS);
    }

    #[test]
    fn encodings_are_undone() {
        for (encoding, body) in [
            ("base64", "VXNlciB1bmtub3du\n"),
            ("quoted-printable", "User=20unk=\nnown"),
            ("8bit", "User unknown"),
        ] {
            let message = format!("Content-Transfer-Encoding: {encoding}\n\n{body}");
            assert_eq!(Message::parse(message.as_bytes()).leaves[0].text, "User unknown");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = crate::feedback::read(&bytes, None);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(Content-Type: (multipart/report|message/delivery-status); boundary=b\n|\n|--b\n|Status: [0-9.]{0,9}\n|Action: fa\n|\\PC{0,9}\n){0,20}") {
            let _ = crate::feedback::read(text.as_bytes(), None);
        }
    }
}
