//! Documents that are brought up to date: what has not changed is taken over
//! from the last one, byte for byte.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::Format;

/// Where an entry lies in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which entry, and at which revision: equal means equal bytes.
    pub key: (i64, i64),
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A document that knows where its entries lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Composed {
    /// The document; UTF-8.
    pub text: Bytes,
    /// Its entries, in order.
    pub parts: Vec<Part>,
}

/// The entries of `wanted` that `last` does not have.
#[must_use]
pub fn missing(wanted: &[(i64, i64)], last: Option<&Composed>) -> Vec<(i64, i64)> {
    let Some(last) = last else { return wanted.to_vec() };
    let places = places(wanted, &last.parts);
    let absent = wanted.iter().zip(places).filter(|(_, place)| place.is_none());
    absent.map(|(key, _)| *key).collect()
}

/// So far ahead in the last document an entry is looked for, if it is not next.
const AHEAD: usize = 16;

/// Where the entries of `wanted` are in the last document. Mostly both are in
/// the same order but for a few, so that only those few are looked up.
fn places(wanted: &[(i64, i64)], last: &[Part]) -> Vec<Option<usize>> {
    let mut places = Vec::with_capacity(wanted.len());
    let (mut next, mut passed, mut unplaced) = (0, vec![], vec![]);
    for key in wanted {
        let ahead = last[next..].iter().take(AHEAD).position(|part| part.key == *key);
        if let Some(ahead) = ahead {
            passed.extend(next..next + ahead);
            places.push(Some(next + ahead));
            next += ahead + 1;
        } else {
            unplaced.push(places.len());
            places.push(None);
        }
    }
    if unplaced.is_empty() {
        return places;
    }
    passed.extend(next..last.len());
    let passed: HashMap<_, _> = passed.into_iter().map(|at| (last[at].key, at)).collect();
    for at in unplaced {
        places[at] = passed.get(&wanted[at]).copied();
    }
    places
}

/// Puts a document together: `head`, the entries of `wanted` in order, and the
/// end. An entry comes from `fresh` or else from `last`; one that is in
/// neither is left out.
#[must_use]
pub fn compose(
    head: &str,
    wanted: &[(i64, i64)],
    fresh: &BTreeMap<(i64, i64), String>,
    last: Option<&Composed>,
    format: Format,
) -> Composed {
    let empty = Composed::default();
    let last = last.unwrap_or(&empty);
    let places = places(wanted, &last.parts);
    let separator = format.separator();
    let more: usize = fresh.values().map(|text| text.len() + separator.len()).sum();
    let mut out = Vec::with_capacity(head.len() + last.text.len() + more + 64);
    let mut parts = Vec::with_capacity(wanted.len());
    out.extend_from_slice(head.as_bytes());
    let mut run = Run::default();
    for (key, place) in wanted.iter().zip(places) {
        if let Some(text) = fresh.get(key) {
            run.copy(&last.text, &mut out);
            if !parts.is_empty() {
                out.extend_from_slice(separator.as_bytes());
            }
            let start = out.len();
            out.extend_from_slice(text.as_bytes());
            parts.push(Part { key: *key, start, end: out.len() });
        } else if let Some(at) = place {
            let part = last.parts[at];
            if run.next != Some(at) {
                run.copy(&last.text, &mut out);
                if !parts.is_empty() {
                    out.extend_from_slice(separator.as_bytes());
                }
                run = Run { from: part.start, to: part.start, next: None };
            }
            // Neighbours are copied with what stands between them.
            let start = out.len() + (part.start - run.from);
            run.to = part.end;
            run.next = Some(at + 1);
            parts.push(Part { key: *key, start, end: start + (part.end - part.start) });
        }
    }
    run.copy(&last.text, &mut out);
    out.extend_from_slice(format.tail().as_bytes());
    Composed { text: out.into(), parts }
}

/// A stretch of the last document that is copied as a whole.
#[derive(Default)]
struct Run {
    from: usize,
    to: usize,
    /// Which entry of the last document would go on with it.
    next: Option<usize>,
}

impl Run {
    fn copy(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&text[self.from..self.to]);
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feed::assemble;

    fn entry(key: (i64, i64)) -> String {
        format!("<entry>{}-{}</entry>", key.0, key.1)
    }

    fn made(keys: &[(i64, i64)], last: Option<&Composed>, format: Format) -> Composed {
        let fresh = missing(keys, last).into_iter().map(|key| (key, entry(key))).collect();
        compose("<head>", keys, &fresh, last, format)
    }

    proptest! {
        #[test]
        fn a_document_brought_up_to_date_is_the_one_made_from_nothing(
            before in proptest::collection::vec((0i64..30, 0i64..2), 0..30),
            after in proptest::collection::vec((0i64..30, 0i64..2), 0..30),
        ) {
            let unique = |keys: Vec<(i64, i64)>| {
                let mut seen = std::collections::HashSet::new();
                keys.into_iter().filter(|key| seen.insert(key.0)).collect::<Vec<_>>()
            };
            let (before, after) = (unique(before), unique(after));
            for format in Format::ALL {
                let last = made(&before, None, format);
                let brought = made(&after, Some(&last), format);
                let texts: Vec<String> = after.iter().map(|key| entry(*key)).collect();

                prop_assert_eq!(&brought, &made(&after, None, format));
                let whole = assemble("<head>", &texts, format);
                prop_assert_eq!(&brought.text[..], whole.as_bytes());
                for part in &brought.parts {
                    let entry = entry(part.key);
                    prop_assert_eq!(&brought.text[part.start..part.end], entry.as_bytes());
                }
            }
        }
    }

    #[test]
    fn only_what_is_new_or_changed_is_missing() {
        let last = made(&[(3, 1), (2, 1), (1, 1)], None, Format::Rss);

        assert_eq!(missing(&[(4, 1), (3, 1), (2, 2), (1, 1)], Some(&last)), [(4, 1), (2, 2)]);
        assert_eq!(missing(&[(3, 1), (1, 1)], Some(&last)), []);
        assert_eq!(missing(&[(1, 1), (3, 1)], Some(&last)), []);
    }

    #[test]
    fn an_entry_that_cannot_be_written_is_left_out() {
        let last = made(&[(2, 1), (1, 1)], None, Format::Json);

        let made = compose("[", &[(3, 1), (2, 1)], &BTreeMap::new(), Some(&last), Format::Json);

        assert_eq!(made.parts.len(), 1);
        assert_eq!(&made.text[..], format!("[{}\n]}}\n", entry((2, 1))).as_bytes());
    }
}
