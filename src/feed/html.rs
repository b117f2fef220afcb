//! Safe HTML as it stands in feeds.

use std::borrow::Cow;

use memchr::memmem::Finder;

/// Attributes that a page makes use of and a feed does not: validators take
/// them for a danger, readers drop them.
const FOR_PAGES: [&str; 5] = ["srcset", "sizes", "loading", "decoding", "fetchpriority"];

/// Safe HTML without what is for pages only. Its attributes are all quoted
/// with `"`, because that is how safe HTML is written.
pub(super) fn portable(html: &str) -> Cow<'_, str> {
    let images = Finder::new("<img ");
    if images.find(html.as_bytes()).is_none() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = images.find(rest.as_bytes()) {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end = end_of_tag(tag);
        without(&tag[..end], &mut out);
        rest = &tag[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the tag at the beginning ends; a `>` in quotes does not end it.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

fn without(tag: &str, out: &mut String) {
    let mut rest = tag;
    while let Some(at) = rest.find("=\"") {
        let name_at = rest[..at].rfind(' ').map_or(0, |space| space + 1);
        let Some(length) = rest[at + 2..].find('"') else { break };
        let end = at + 2 + length + 1;
        if FOR_PAGES.contains(&&rest[name_at..at]) {
            out.push_str(rest[..name_at].trim_end());
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_for_pages_is_left_out() {
        let table = [
            ("<p>a srcset=\"x\"</p>", "<p>a srcset=\"x\"</p>"),
            (
                "<p><img src=\"https://a.example/i.png\" srcset=\"https://a.example/i.png 1x\" alt=\"A > B\">x</p>",
                "<p><img src=\"https://a.example/i.png\" alt=\"A > B\">x</p>",
            ),
            (
                "<img srcset=\"a 1x\" src=\"b\"><img src=\"c\" sizes=\"1\">",
                "<img src=\"b\"><img src=\"c\">",
            ),
            ("<img src=\"a", "<img src=\"a"),
        ];
        for (given, written) in table {
            assert_eq!(portable(given), written);
        }
    }
}
