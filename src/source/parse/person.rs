//! Names of authors, however they are written.

use crate::article::clean::inline_text;

/// The names in one author field: `a@b.example (Name)`, `Name <a@b.example>`,
/// `By Name`, several parted by semicolons. An address alone names nobody.
#[must_use]
pub fn names(field: &str) -> Vec<String> {
    if let Some(name) = field
        .trim()
        .strip_suffix('>')
        .and_then(|f| f.split_once('<'))
        .filter(|(_, mail)| mail.contains('@'))
    {
        return names(name.0);
    }
    let field = inline_text(field);
    let field =
        field.strip_suffix('.').filter(|f| !f.ends_with(char::is_uppercase)).unwrap_or(&field);
    let field = without_by(field);
    let parts: Vec<&str> = if field.contains(';') {
        field.split(';').collect()
    } else {
        let parts: Vec<&str> = field.split(", ").flat_map(|part| part.split(" and ")).collect();
        let full =
            |part: &&str| (2..=4).contains(&part.split_whitespace().count()) && !part.contains('@');
        if parts.iter().all(full) { parts } else { vec![field] }
    };
    parts.into_iter().filter_map(name).take(50).collect()
}

fn name(part: &str) -> Option<String> {
    let part = part.trim().trim_matches(['"', ',']);
    let part = if let Some((before, rest)) = part.split_once('(') {
        let inside = rest.split(')').next().unwrap_or_default();
        // `a@b.example (Name)` or `Name (a@b.example)`.
        if before.contains('@') {
            inside
        } else if inside.contains('@') {
            before
        } else {
            part
        }
    } else {
        part
    };
    let kept: Vec<&str> = part
        .split_whitespace()
        .filter(|word| !word.contains('@') && !word.starts_with("mailto:"))
        .collect();
    let name = kept.join(" ");
    (name.chars().any(char::is_alphanumeric) && name.len() <= 200 && !name.starts_with("http"))
        .then_some(name)
}

/// The name behind "By".
#[must_use]
pub fn without_by(field: &str) -> &str {
    let trimmed = field.trim();
    for by in ["By ", "by ", "BY ", "By: ", "Von ", "Par ", "Por "] {
        if let Some(rest) = trimmed.strip_prefix(by) {
            return rest.trim();
        }
    }
    trimmed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_form() {
        for (field, expected) in [
            ("desk@news.example (Africa desk)", &["Africa desk"][..]),
            ("Africa desk <desk@news.example>", &["Africa desk"]),
            ("Africa desk (desk@news.example)", &["Africa desk"]),
            ("desk@news.example", &[]),
            ("By Africa desk", &["Africa desk"]),
            ("Africa desk and Asia desk", &["Africa desk", "Asia desk"]),
            ("Africa desk; Asia desk", &["Africa desk", "Asia desk"]),
            ("Desk, Africa", &["Desk, Africa"]),
            ("Caf&eacute; <b>desk</b>", &["Café desk"]),
            ("", &[]),
        ] {
            assert_eq!(names(field), expected, "{field}");
        }
    }
}
