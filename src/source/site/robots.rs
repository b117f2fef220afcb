//! What a site lets programs ask for (RFC 9309): pure.

use std::time::Duration;

use url::Url;

/// What of a robots.txt is read, in bytes; the RFC asks for this much at least.
pub const LARGEST: usize = 500 * 1024;
/// However much patience a site asks for, it gets no more.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Rules that are kept.
const MOST: usize = 5000;
/// `Sitemap` lines that are kept.
const SITEMAPS: usize = 100;

/// The rules that hold for one program.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
    /// `Crawl-delay`: not in the RFC, but meant.
    pub delay: Option<Duration>,
    /// `Sitemap` lines, which hold for all.
    pub sitemaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: String,
}

impl Robots {
    /// Reads the rules for the program called `agent`: those of the groups
    /// that name it, else those for everybody.
    #[must_use]
    pub fn read(bytes: &[u8], agent: &str) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LARGEST)]);
        let mut own = Self::default();
        let mut general = Self::default();
        let (mut named, mut sitemaps) = (false, Vec::new());
        let (mut for_us, mut for_all, mut in_head) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if !in_head {
                        (for_us, for_all, in_head) = (false, false, true);
                    }
                    let ends = |c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_';
                    let token = value.split(ends).next().unwrap_or_default();
                    for_us |= !token.is_empty() && token.eq_ignore_ascii_case(agent);
                    for_all |= value.starts_with('*');
                    named |= for_us;
                }
                "allow" | "disallow" => {
                    in_head = false;
                    let rule = Rule { allow: key == "allow", pattern: encoded(value) };
                    for (holds, set) in [(for_us, &mut own), (for_all, &mut general)] {
                        if holds && !value.is_empty() && set.rules.len() < MOST {
                            set.rules.push(rule.clone());
                        }
                    }
                }
                "crawl-delay" => {
                    in_head = false;
                    let delay =
                        value.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
                    for (holds, set) in [(for_us, &mut own), (for_all, &mut general)] {
                        if holds {
                            set.delay = delay.map(|d| d.min(LONGEST_DELAY)).or(set.delay);
                        }
                    }
                }
                "sitemap" if sitemaps.len() < SITEMAPS => sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        Self { sitemaps, ..if named { own } else { general } }
    }

    /// May this address be asked for? The longest rule that fits decides; of
    /// two as long, the kinder.
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        let mut path = url.path().to_owned();
        if path == "/robots.txt" {
            return true;
        }
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        let path = encoded(&path);
        self.rules
            .iter()
            .filter(|rule| fits(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

/// Paths are compared as they are sent: what is not ASCII is encoded, and
/// hexadecimal digits are large.
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if let (b'%', Some(digits)) = (b, digits) {
            out.push('%');
            out.extend(digits.iter().map(|digit| digit.to_ascii_uppercase() as char));
            rest = &after[2..];
        } else if b.is_ascii_graphic() {
            out.push(b as char);
        } else {
            // Writing to a String cannot fail.
            _ = write!(out, "%{b:02X}");
        }
    }
    out
}

/// Does a pattern fit the beginning of a path? `*` is anything, `$` at the end
/// is the end. Each part is sought once, so no pattern takes long.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = pattern.strip_suffix('$').map_or((pattern, false), |p| (p, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !whole || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if whole && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        let url = Url::parse("https://m.example").unwrap().join(path).unwrap();
        Robots::read(text.as_bytes(), "gazetted").allow(&url)
    }

    #[test]
    fn the_longest_rule_that_fits_decides() {
        let text = "user-agent: *\ndisallow: /a\nallow: /a/b\ndisallow: /*.pdf$\ndisallow: /x?y=\n\
                    allow: /same\ndisallow: /same\ndisallow: /*aba$\ndisallow: /end$\r\ndisallow:/p*q*r";
        for (path, may) in [
            ("/", true),
            ("/a", false),
            ("/abc", false),
            ("/a/b/c", true),
            ("/n/file.pdf", false),
            ("/n/file.pdf.pdf", false),
            ("/n/file.pdf.html", true),
            ("/x?y=1", false),
            ("/x?z=1", true),
            ("/same", true),
            ("/n/ababa", false),
            ("/end", false),
            ("/ends", true),
            ("/p/1/q/2/r/3", false),
            ("/p/1/r/2/q", true),
            ("/robots.txt", true),
        ] {
            assert_eq!(allows(text, path), may, "{path}");
        }
    }

    #[test]
    fn groups_that_name_us_hold_alone_and_together() {
        let text = "User-agent: *\nDisallow: /\n\nUser-Agent: other\nUser-agent: Gazetted/1.0\n\
                    Sitemap: /s.xml\nDisallow: /private # not for us\n\nUser-agent: gazetted\nDisallow: /more\n";
        assert!(allows(text, "/open"));
        assert!(!allows(text, "/private/x"));
        assert!(!allows(text, "/more"));
        assert!(!allows("user-agent: *\ndisallow: /", "/open"));
        assert!(allows("user-agent: gazettedbot\ndisallow: /", "/open"));
        assert!(allows("user-agent: *\ndisallow:", "/open"));
        assert!(allows("user-agent: *\ndisallow: /\nuser-agent: gazetted\ndisallow:", "/open"));
        assert!(allows("<html>no rules</html>", "/open"));
        assert!(allows("disallow: /", "/open"));
    }

    #[test]
    fn letters_of_any_script_are_compared_as_they_are_sent() {
        let text = "user-agent: *\ndisallow: /ü\ndisallow: /%e3%81%82\n";
        assert!(!allows(text, "/%C3%BC/x"));
        assert!(!allows(text, "/あ"));
    }

    #[test]
    fn delays_are_bounded_and_sitemaps_hold_for_all() {
        let robots = Robots::read(
            b"sitemap: https://m.example/s.xml\nuser-agent: *\ncrawl-delay: 100000\ndisallow: /a\n",
            "gazetted",
        );
        assert_eq!(robots.delay, Some(LONGEST_DELAY));
        assert_eq!(robots.sitemaps, ["https://m.example/s.xml"]);
        for odd in ["-1", "NaN", "inf", "soon", "1e400"] {
            let text = format!("user-agent: *\ncrawl-delay: {odd}");
            let delay = Robots::read(text.as_bytes(), "gazetted").delay;
            assert!(delay.is_none_or(|delay| delay <= LONGEST_DELAY), "{odd}");
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_time() {
        let pattern = "*a".repeat(2000);
        assert!(!fits(&format!("/{pattern}$"), &format!("/{}b", "a".repeat(2000))));
    }
}
