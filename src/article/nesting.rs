//! Where an element may stand, so that a browser's parser builds exactly the
//! tree that is written down (HTML Living Standard, section 13.2.6). What is
//! nested like this reads the same however often it is parsed.

/// What happens before an element is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// So many of the open elements stay open.
    pub keep: usize,
    /// These are opened first.
    pub open: &'static [&'static str],
}

/// The room for a start tag `name` inside the `open` elements, outermost first;
/// `None` if it has no place there and loses its tags.
#[must_use]
pub fn room(open: &[&'static str], name: &str) -> Option<Room> {
    if is_table_part(name) {
        return part(open, name);
    }
    if let Some(room) = cell(open) {
        return Some(room);
    }
    let mut keep = match name {
        "a" => through(open, |outer| outer == "a", is_marker),
        "li" => through(open, |outer| outer == "li", is_special),
        "dd" | "dt" => through(open, |outer| matches!(outer, "dd" | "dt"), is_special),
        "rp" | "rt" if open.contains(&"ruby") => {
            open.len() - open.iter().rev().take_while(|outer| ends_by_itself(outer)).count()
        }
        _ => open.len(),
    };
    if closes_paragraph(name) {
        keep = through(&open[..keep], |outer| outer == "p", is_wall);
    }
    if is_heading(name) && open[..keep].last().is_some_and(|outer| is_heading(outer)) {
        keep -= 1;
    }
    Some(Room { keep, open: &[] })
}

/// The cell that text and elements need which stand in a table and in no cell.
#[must_use]
pub fn cell(open: &[&'static str]) -> Option<Room> {
    let missing: &[&str] = match *open.last()? {
        "table" => &["tbody", "tr", "td"],
        "thead" | "tbody" | "tfoot" => &["tr", "td"],
        "tr" => &["td"],
        _ => return None,
    };
    Some(Room { keep: open.len(), open: missing })
}

/// The room for a part of a table.
fn part(open: &[&'static str], name: &str) -> Option<Room> {
    let inside = open.iter().rposition(|outer| *outer == "table")? + 1;
    let section = open.get(inside).is_some_and(|outer| *outer != "caption");
    let row = section && open.get(inside + 1).is_some();
    let (keep, missing): (usize, &[&str]) = match name {
        "tr" if section => (inside + 1, &[]),
        "tr" => (inside, &["tbody"]),
        "td" | "th" if row => (inside + 2, &[]),
        "td" | "th" if section => (inside + 1, &["tr"]),
        "td" | "th" => (inside, &["tbody", "tr"]),
        _ => (inside, &[]),
    };
    Some(Room { keep, open: missing })
}

/// How many stay open when the innermost that is `wanted` closes; all if there
/// is none inside the innermost `wall`.
fn through(
    open: &[&'static str],
    wanted: impl Fn(&str) -> bool,
    wall: impl Fn(&str) -> bool,
) -> usize {
    for (at, outer) in open.iter().enumerate().rev() {
        if wanted(outer) {
            return at;
        }
        if wall(outer) {
            break;
        }
    }
    open.len()
}

fn is_table_part(name: &str) -> bool {
    matches!(name, "caption" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th")
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// What formatting does not reach across.
fn is_marker(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption")
}

/// What the end of a paragraph does not reach across.
fn is_wall(name: &str) -> bool {
    is_marker(name) || name == "table"
}

fn ends_by_itself(name: &str) -> bool {
    matches!(name, "dd" | "dt" | "li" | "p" | "rp" | "rt")
}

/// What a list item does not reach across: "special" but for `div` and `p`.
fn is_special(name: &str) -> bool {
    is_table_part(name)
        || is_heading(name)
        || matches!(
            name,
            "blockquote"
                | "dd"
                | "dl"
                | "dt"
                | "figcaption"
                | "figure"
                | "li"
                | "ol"
                | "pre"
                | "table"
                | "ul"
        )
}

fn closes_paragraph(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "blockquote"
                | "dd"
                | "div"
                | "dl"
                | "dt"
                | "figcaption"
                | "figure"
                | "hr"
                | "li"
                | "ol"
                | "p"
                | "pre"
                | "table"
                | "ul"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_ends_those_it_cannot_stand_in() {
        for (open, name, keep) in [
            (&["div", "a", "b"][..], "a", Some(1)),
            (&["a", "table", "tbody", "tr", "td"], "a", Some(5)),
            (&["p", "i"], "p", Some(0)),
            (&["p", "i"], "b", Some(2)),
            (&["p", "ruby", "rt"], "rt", Some(2)),
            (&["ul", "li", "p"], "li", Some(1)),
            (&["ul", "li", "ul"], "li", Some(3)),
            (&["dl", "dt", "b"], "dd", Some(1)),
            (&["h2"], "h3", Some(0)),
            (&["table", "tbody", "tr", "td", "p"], "td", Some(3)),
            (&["div"], "tr", None),
        ] {
            assert_eq!(room(open, name).map(|room| room.keep), keep, "{name} in {open:?}");
        }
    }

    #[test]
    fn what_stands_in_a_table_stands_in_a_cell() {
        assert_eq!(cell(&["table"]).map(|room| room.open), Some(&["tbody", "tr", "td"][..]));
        assert_eq!(room(&["table", "tbody"], "b").map(|room| room.open), Some(&["tr", "td"][..]));
        assert_eq!(room(&["table"], "td"), Some(Room { keep: 1, open: &["tbody", "tr"] }));
        assert_eq!(
            room(&["table", "caption", "b"], "tr"),
            Some(Room { keep: 1, open: &["tbody"] })
        );
        assert_eq!(cell(&["table", "caption"]), None);
    }
}
