//! Header fields in relaxed canonical form (RFC 6376 section 3.4.2).

/// One field with its value: lower-case name, unfolded, one blank at most in
/// a row, none at either end. Without the CRLF at its end.
pub(super) fn relaxed(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    push_relaxed(field, &mut out);
    out
}

fn push_relaxed(field: &[u8], out: &mut Vec<u8>) {
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut blank = false;
    for byte in value.iter().skip(1) {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            blank = true;
            continue;
        }
        if blank && out.len() > start {
            out.push(b' ');
        }
        blank = false;
        out.push(*byte);
    }
}

/// The fields that `names` lists, as they are hashed: from the bottom up where
/// a name stands twice, nothing where there is none (section 5.4.2).
pub(super) fn hashed_fields(head: &[u8], names: &str) -> Vec<u8> {
    let mut fields = split(head);
    let mut out = Vec::with_capacity(head.len());
    for name in names.split(':') {
        let found = fields.iter().rposition(|field| {
            field.len() > name.len()
                && field[name.len()] == b':'
                && field[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        });
        if let Some(position) = found {
            push_relaxed(fields.remove(position), &mut out);
            out.extend_from_slice(b"\r\n");
        }
    }
    out
}

/// The fields of a header, folds included.
fn split(head: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::with_capacity(24);
    let mut start = 0;
    for (position, pair) in head.windows(2).enumerate() {
        let folded = matches!(head.get(position + 2), Some(b' ' | b'\t'));
        if pair == b"\r\n" && !folded {
            fields.push(&head[start..position]);
            start = position + 2;
        }
    }
    if start < head.len() {
        fields.push(&head[start..]);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_example_comes_out_as_it_says() {
        // RFC 6376 section 3.4.5.
        let head = b"A: X\r\nB : Y\t\r\n\tZ  \r\n";

        let fields = split(head);

        assert_eq!(relaxed(fields[0]), b"a:X");
        assert_eq!(relaxed(fields[1]), b"b:Y Z");
    }

    #[test]
    fn a_name_that_stands_twice_is_taken_from_the_bottom() {
        let head = b"To: one\r\nX: no\r\nto: two\r\n";

        assert_eq!(hashed_fields(head, "to:from:to:to"), b"to:two\r\nto:one\r\n");
    }
}
