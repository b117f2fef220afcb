//! Reads our own output again before anybody else does.

use quick_xml::escape::{resolve_xml_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::{NsReader, Reader};

use super::text;

/// Is this a well-formed, namespace-correct XML document with one root
/// element, no document type and only legal characters?
///
/// # Errors
/// The first thing that is wrong, and at which byte.
pub fn well_formed(xml: &str) -> Result<(), String> {
    legal(xml)?;
    let mut reader = NsReader::from_str(xml);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let at = reader.buffer_position();
        let wrong = |what: &str| Err(format!("{what} at byte {at}"));
        let (namespace, event) =
            reader.read_resolved_event().map_err(|error| format!("{error} at byte {at}"))?;
        match event {
            Event::Start(tag) | Event::Empty(tag)
                if matches!(namespace, ResolveResult::Unknown(_)) =>
            {
                return wrong(&format!(
                    "the prefix of <{}> is not declared",
                    String::from_utf8_lossy(tag.name().as_ref())
                ));
            }
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                attributes(tag).map_err(|error| format!("{error} at byte {at}"))?;
                roots += usize::from(depth == 0);
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Text(words) if depth == 0 && !words.iter().all(u8::is_ascii_whitespace) => {
                return wrong("text outside the root element");
            }
            Event::Text(words) if words.windows(3).any(|three| three == b"]]>") => {
                return wrong("`]]>` in text");
            }
            Event::GeneralRef(name) => {
                let whole = format!("&{};", String::from_utf8_lossy(&name));
                if unescape_with(&whole, resolve_xml_entity).is_err() {
                    return wrong(&format!("`{whole}` is no known reference"));
                }
            }
            Event::DocType(_) => return wrong("a document type"),
            Event::Eof if depth == 0 && roots == 1 => return Ok(()),
            Event::Eof => return wrong("the document does not end where it should"),
            _ => {}
        }
    }
}

/// Is this one well-formed element, without declarations of its own, whose
/// prefixes are all among `prefixes`? What [`well_formed`] asks of a document,
/// asked of a part of one, at a third of the time.
///
/// # Errors
/// The first thing that is wrong, and at which byte.
pub fn element(xml: &str, prefixes: &[&str]) -> Result<(), String> {
    legal(xml)?;
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let at = reader.buffer_position();
        let wrong = |what: &str| Err(format!("{what} at byte {at}"));
        match reader.read_event().map_err(|error| format!("{error} at byte {at}"))? {
            ref event @ (Event::Start(ref tag) | Event::Empty(ref tag)) => {
                let known = |name: &[u8]| match name.iter().position(|byte| *byte == b':') {
                    Some(colon) => prefixes.iter().any(|known| known.as_bytes() == &name[..colon]),
                    None => name != b"xmlns",
                };
                if !known(tag.name().as_ref()) {
                    return wrong("a prefix that is not declared");
                }
                attributes(tag).map_err(|error| format!("{error} at byte {at}"))?;
                for attribute in tag.attributes().with_checks(false).flatten() {
                    if !known(attribute.key.as_ref()) {
                        return wrong("a prefix that is not declared");
                    }
                }
                roots += usize::from(depth == 0);
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Text(words) if depth == 0 && !words.iter().all(u8::is_ascii_whitespace) => {
                return wrong("text outside the element");
            }
            Event::Text(words) if words.windows(3).any(|three| three == b"]]>") => {
                return wrong("`]]>` in text");
            }
            Event::GeneralRef(name) => reference(&name)
                .map_err(|name| format!("`{name}` at byte {at} is no known reference"))?,
            Event::CData(_) if depth > 0 => {}
            Event::Text(_) => {}
            Event::Eof if depth == 0 && roots == 1 => return Ok(()),
            Event::Eof => return wrong("the element does not end where it should"),
            _ => return wrong("something that has no place in an element"),
        }
    }
}

fn legal(xml: &str) -> Result<(), String> {
    match text::illegal(xml) {
        Some((at, c)) => {
            Err(format!("character U+{:04X} at byte {at} is not allowed", u32::from(c)))
        }
        None => Ok(()),
    }
}

/// Attributes come once each and are escaped.
fn attributes(tag: &BytesStart<'_>) -> Result<(), String> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = &attribute.value;
        if value.contains(&b'<') {
            return Err("an attribute is not escaped".to_owned());
        }
        if value.contains(&b'&') {
            let value = String::from_utf8_lossy(value);
            if unescape_with(&value, resolve_xml_entity).is_err() {
                return Err("an attribute is not escaped".to_owned());
            }
        }
    }
    Ok(())
}

fn reference(name: &[u8]) -> Result<(), String> {
    if matches!(name, b"amp" | b"lt" | b"gt" | b"quot" | b"apos" | b"#x26" | b"#x3C") {
        return Ok(());
    }
    let whole = format!("&{};", String::from_utf8_lossy(name));
    if unescape_with(&whole, resolve_xml_entity).is_err() {
        return Err(whole);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_formed_is_found() {
        let bad = [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a>\u{b}</a>",
            "<a>&nbsp;</a>",
            "<a>&</a>",
            "<a b='1' b='2'/>",
            "<a b='<'/>",
            "<a b='&x;'/>",
            "<dc:a/>",
            "<a>]]></a>",
            "<!DOCTYPE a><a/>",
            "<a><![CDATA[x</a>",
        ];
        for xml in bad {
            assert!(well_formed(xml).is_err(), "{xml:?}");
            assert!(element(xml, &["dc2"]).is_err(), "{xml:?}");
        }
        assert!(element("<a dc:b='1'/>", &[]).is_err());
        assert!(element("<a xmlns='x'/>", &[]).is_err());
        assert!(element("<?x?><a/>", &[]).is_err());
    }

    #[test]
    fn what_is_well_formed_passes() {
        let good = [
            "<?xml version=\"1.0\"?>\n<a x=\"&amp;&#x26;\">&lt;&#233;<![CDATA[<b>&nbsp;]]></a>\n",
            "<dc:a xmlns:dc='urn:x' dc:b='1'><dc:c/></dc:a>",
        ];
        for xml in good {
            assert_eq!(well_formed(xml), Ok(()), "{xml}");
        }
        let part = "<a x=\"&amp;&#x26;\">&lt;&#233;<dc:b>&amp;</dc:b><![CDATA[<b>&nbsp;]]></a>";
        assert_eq!(element(part, &["dc"]), Ok(()));
    }
}
