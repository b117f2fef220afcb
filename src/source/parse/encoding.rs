//! From bytes to text: byte order mark, XML declaration, header, guess.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes a document. Never fails: what fits nothing is read as best it can.
#[must_use]
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some(text) = utf32(bytes) {
        return text;
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[length..]);
        if !broken || encoding != UTF_8 {
            return text.into_owned();
        }
        return guess(&bytes[length..]);
    }
    if let Some(encoding) = bare_utf16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    let declared = [declared(bytes), content_type.and_then(charset)];
    for encoding in declared.into_iter().flatten() {
        // A text whose declaration can be read as ASCII is not in UTF-16.
        if encoding == UTF_16BE || encoding == UTF_16LE {
            continue;
        }
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return text.into_owned();
        }
    }
    let ours = declared.into_iter().flatten().find(|e| *e != UTF_8 && !e.is_single_byte());
    match (std::str::from_utf8(bytes), ours) {
        (Ok(text), _) => text.to_owned(),
        // A few broken characters in a large multi-byte text.
        (Err(_), Some(encoding)) if encoding != UTF_16BE && encoding != UTF_16LE => {
            encoding.decode_without_bom_handling(bytes).0.into_owned()
        }
        _ => guess(bytes),
    }
}

/// UTF-8 with a few slips, or an old single-byte text.
fn guess(bytes: &[u8]) -> String {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if bad <= good {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

fn bare_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0, b'<' | b'{', 0, _, ..] => Some(UTF_16BE),
        [b'<' | b'{', 0, _, 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

fn utf32(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => u32::from_be_bytes,
        [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => u32::from_le_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<4>();
    let text = units.iter().map(|unit| char::from_u32(read(*unit)).unwrap_or('\u{fffd}'));
    Some(text.filter(|c| *c != '\u{feff}').collect())
}

/// `encoding="…"` in the first line of XML, or `charset=…` in the head of HTML.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let xml = head.trim_start();
    if xml.starts_with("<?xml") {
        let declaration = &xml[..xml.find("?>").unwrap_or(xml.len())];
        let (_, value) = declaration.split_once("encoding")?;
        return label(value);
    }
    let (_, value) = head.split_once("charset")?;
    label(value)
}

fn charset(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    label(lower.split_once("charset")?.1)
}

/// The encoding named behind an equals sign, quoted or not.
fn label(value: &str) -> Option<&'static Encoding> {
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| matches!(c, '"' | '\'' | ';' | '>' | '?' | '/') || c.is_whitespace());
    let name = &value[..end.unwrap_or(value.len())];
    // ASCII is what programs say that never looked.
    if name.eq_ignore_ascii_case("us-ascii") || name.eq_ignore_ascii_case("ascii") {
        return None;
    }
    Encoding::for_label(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whatever_it_says_about_itself() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>";
        let utf16: Vec<u8> = "\u{feff}<a>é</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let bare: Vec<u8> = "<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf32: Vec<u8> = "<a>é</a>".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();

        for (bytes, header) in [
            (&latin[..], None),
            (&utf16, Some("text/xml; charset=iso-8859-1")),
            (&bare, None),
            (&utf32, None),
            ("\u{feff}<a>é</a>".as_bytes(), Some("text/xml; charset=iso-8859-1")),
            ("<?xml version='1.0' encoding='utf-16'?><a>é</a>".as_bytes(), None),
            (b"<a>\xe9</a>", Some("application/rss+xml; charset=\"ISO-8859-1\"")),
            (b"<a>\xe9</a>", None),
            (b"<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>", None),
        ] {
            assert!(decode(bytes, header).ends_with("<a>é</a>"), "{header:?} {bytes:?}");
        }
    }

    #[test]
    fn one_broken_byte_does_not_spoil_a_text() {
        let mut bytes = "<a>éàü €</a>".as_bytes().to_vec();
        bytes.push(0xff);

        assert!(decode(&bytes, None).starts_with("<a>éàü €</a>"));
    }
}
