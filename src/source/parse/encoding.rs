//! From bytes to text: byte order mark, XML declaration, header, guess.

mod pages;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use pages::Page;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    /// One of the encodings of the web.
    Web(&'static Encoding),
    /// An older one.
    Page(&'static Page),
}

/// Bytes that are looked at to guess an encoding.
const GUESSED_FROM: usize = 256 * 1024;
/// So many characters that make sense in UTF-8 are no accident.
const NO_ACCIDENT: usize = 3;

/// Decodes a document. Never fails: what fits nothing is read as best it can.
/// `domain` is the host it came from: its last label helps where only a guess
/// is left.
#[must_use]
pub fn decode(bytes: &[u8], content_type: Option<&str>, domain: Option<&str>) -> String {
    if let Some(text) = utf32(bytes) {
        return text;
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = &bytes[length..];
        let (text, broken) = encoding.decode_without_bom_handling(rest);
        return if broken && encoding == UTF_8 { patched(rest) } else { text.into_owned() };
    }
    if let Some(encoding) = bare_utf16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    if let Some(page) = ebcdic(bytes) {
        return page.decode(bytes);
    }
    // A text whose declaration can be read as ASCII is in no other kind.
    let fits = |script: &Script| match script {
        Script::Web(encoding) => *encoding != UTF_16BE && *encoding != UTF_16LE,
        Script::Page(page) => !page.is_ebcdic(),
    };
    let said: Vec<Script> = [declared(bytes), content_type.and_then(charset)]
        .into_iter()
        .flatten()
        .filter(fits)
        .collect();
    match std::str::from_utf8(bytes) {
        Ok(text) => whole(text, bytes, &said),
        Err(_) => said
            .iter()
            .find_map(|script| strictly(*script, bytes))
            .unwrap_or_else(|| broken(bytes, &said, domain)),
    }
}

/// Bytes that are good UTF-8: is that what they are meant to be?
fn whole(text: &str, bytes: &[u8], said: &[Script]) -> String {
    let meant = said.is_empty() || said.contains(&Script::Web(UTF_8));
    let single = |script: &Script| match script {
        Script::Web(encoding) => encoding.is_single_byte(),
        Script::Page(_) => true,
    };
    // Many say Latin-1 and write UTF-8; by chance Latin-1 never looks like it for long.
    let chance = |text: &str| text.chars().filter(|c| !c.is_ascii()).take(NO_ACCIDENT).count();
    if meant || said.iter().all(single) && chance(text) == NO_ACCIDENT {
        return text.to_owned();
    }
    let other = |script: &&Script| !text.is_ascii() || **script == Script::Web(ISO_2022_JP);
    said.iter()
        .filter(other)
        .find_map(|script| strictly(*script, bytes))
        .unwrap_or_else(|| text.to_owned())
}

/// Bytes that nothing said of them fits.
fn broken(bytes: &[u8], said: &[Script], domain: Option<&str>) -> String {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if bad <= good {
        return patched(bytes);
    }
    // A few slips in a text of many bytes a letter.
    let many = said.iter().find_map(|script| match script {
        Script::Web(encoding) if *encoding != UTF_8 && !encoding.is_single_byte() => Some(encoding),
        _ => None,
    });
    if let Some(encoding) = many {
        let text = encoding.decode_without_bom_handling(bytes).0;
        let (slips, letters) = text.chars().fold((0_usize, 0_usize), |(slips, letters), c| {
            (slips + usize::from(c == '\u{fffd}'), letters + usize::from(!c.is_ascii()))
        });
        if slips * 10 <= letters {
            return text.into_owned();
        }
    }
    guess(bytes, domain).decode_without_bom_handling(bytes).0.into_owned()
}

fn strictly(script: Script, bytes: &[u8]) -> Option<String> {
    match script {
        Script::Page(page) => Some(page.decode(bytes)),
        Script::Web(encoding) => {
            let (text, broken) = encoding.decode_without_bom_handling(bytes);
            (!broken).then(|| text.into_owned())
        }
    }
}

/// UTF-8 with slips: a lone byte is a letter of Windows-1252 that somebody
/// pasted, a cut sequence is nothing anymore.
fn patched(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            lone @ [0x80..=0xff] => {
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(lone).0);
            }
            _ => out.push('\u{fffd}'),
        }
    }
    out
}

fn guess(bytes: &[u8], domain: Option<&str>) -> &'static Encoding {
    let start = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
    let sample = &bytes[start..bytes.len().min(start + GUESSED_FROM)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, start + sample.len() == bytes.len());
    let country = domain
        .and_then(|domain| domain.trim_end_matches('.').rsplit('.').next())
        .filter(|label| label.len() >= 2 && label.bytes().all(|b| b.is_ascii_alphabetic()))
        .map(str::to_ascii_lowercase);
    detector.guess(country.as_deref().map(str::as_bytes), Utf8Detection::Deny)
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

/// The mainframe's code page, if a text begins with `<?xml` in one.
fn ebcdic(bytes: &[u8]) -> Option<&'static Page> {
    if !bytes.starts_with(&[0x4c, 0x6f, 0xa7, 0x94]) {
        return None;
    }
    // The letters of a declaration are the same in all of them.
    let usual = Page::named("cp037")?;
    let head = usual.decode(&bytes[..bytes.len().min(256)]);
    match named_in(&head) {
        Some(Script::Page(page)) if page.is_ebcdic() => Some(page),
        _ => Some(usual),
    }
}

/// `encoding="…"` in the first line of XML, or `charset=…` in the head of HTML.
fn declared(bytes: &[u8]) -> Option<Script> {
    named_in(&String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]))
}

fn named_in(head: &str) -> Option<Script> {
    let xml = head.trim_start();
    if xml.starts_with("<?xml") {
        let declaration = &xml[..xml.find("?>").unwrap_or(xml.len())];
        let (_, value) = declaration.split_once("encoding")?;
        return label(value);
    }
    let (_, value) = head.split_once("charset")?;
    label(value)
}

fn charset(content_type: &str) -> Option<Script> {
    let lower = content_type.to_ascii_lowercase();
    label(lower.split_once("charset")?.1)
}

/// The encoding named behind an equals sign, quoted or not.
fn label(value: &str) -> Option<Script> {
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| matches!(c, '"' | '\'' | ';' | '>' | '?' | '/') || c.is_whitespace());
    named(&value[..end.unwrap_or(value.len())])
}

/// The encoding of that name, as standards and programs write it.
fn named(name: &str) -> Option<Script> {
    let web = |name: &str| Encoding::for_label_no_replacement(name.as_bytes()).map(Script::Web);
    let bare: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match bare.as_str() {
        // What programs say that never looked.
        "usascii" | "ascii" | "ansix341968" | "iso646us" => return None,
        "utf8mb4" | "unicode11utf8" => return Some(Script::Web(UTF_8)),
        "macroman" | "macosroman" | "applemacroman" => return web("macintosh"),
        "maccyrillic" => return web("x-mac-cyrillic"),
        _ => {}
    }
    let windows = || {
        let number =
            ["windows", "win", "cp", "mscp", "xcp"].iter().find_map(|p| bare.strip_prefix(p))?;
        web(&format!("windows-{number}"))
    };
    let iso = || web(&format!("iso-8859-{}", bare.strip_prefix("iso8859")?));
    web(name.trim())
        .or_else(|| web(&bare))
        .or_else(|| Page::named(&bare).map(Script::Page))
        .or_else(windows)
        .or_else(iso)
        .or_else(|| web(&name.trim().replace('_', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], header: Option<&str>) -> String {
        decode(bytes, header, None)
    }

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
            (b"<?xml version='1.0' encoding='IBM437'?><a>\x82</a>", None),
            (b"<?xml version='1.0' encoding='windows_1252'?><a>\xe9</a>", None),
            (b"<?xml version='1.0' encoding='no-such-thing'?><a>\xe9</a>", None),
            (b"<?xml version='1.0' encoding='iso-2022-kr'?><a>\xe9</a>", None),
        ] {
            assert!(read(bytes, header).ends_with("<a>é</a>"), "{header:?} {bytes:?}");
        }
    }

    #[test]
    fn a_mainframe_is_understood() {
        let mut bytes =
            b"\x4c\x6f\xa7\x94\x93\x40\x85\x95\x83\x96\x84\x89\x95\x87\x7e\x7f".to_vec();
        bytes.extend(b"\xc3\xd7\xf5\xf0\xf0\x7f\x6f\x6e\x51");

        assert_eq!(read(&bytes, None), "<?xml encoding=\"CP500\"?>é");
    }

    #[test]
    fn slips_do_not_spoil_a_text() {
        let pasted = b"<a>\xc3\xa9\xc3\xa0 Espa\xf1a</a>";
        let cut = b"<a>\xc3\xa9\xc3\xa0 \xe2\x80</a>";

        assert_eq!(read(pasted, None), "<a>éà España</a>");
        assert_eq!(read(cut, None), "<a>éà \u{fffd}</a>");
        assert_eq!(read(&[b"\xef\xbb\xbf".as_slice(), pasted].concat(), None), "<a>éà España</a>");
    }

    #[test]
    fn utf_8_under_a_false_name_is_still_utf_8() {
        let source = "<?xml version='1.0' encoding='iso-8859-1'?><a>Zürich, Genève, Malmö</a>";

        assert_eq!(read(source.as_bytes(), Some("text/xml; charset=windows-1251")), source);
    }

    #[test]
    fn what_says_nothing_is_guessed_by_its_letters() {
        for (text, encoding) in [
            ("Гавань столицы закрыта с весны, и корабли ждут снаружи", encoding_rs::KOI8_R),
            ("首都の港は春から閉鎖されており、船は外で待っている", encoding_rs::SHIFT_JIS),
            ("首都の港は春から閉鎖されており、船は外で待っている", encoding_rs::EUC_JP),
            ("首都的港口自春天以来一直关闭,船只在外面等待", encoding_rs::GBK),
            ("首都的港口自春天以來一直關閉,船隻在外面等待", encoding_rs::BIG5),
            ("수도의 항구는 봄부터 닫혀 있고 배들은 밖에서 기다린다", encoding_rs::EUC_KR),
            ("Το λιμάνι της πρωτεύουσας είναι κλειστό από την άνοιξη", encoding_rs::WINDOWS_1253),
        ] {
            let source = format!("<rss><channel><title>{text}</title></channel></rss>");
            let (bytes, _, _) = encoding.encode(&source);

            assert_eq!(read(&bytes, Some("text/xml; charset=us-ascii")), source);
        }
    }
}
