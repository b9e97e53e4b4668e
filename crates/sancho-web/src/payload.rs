//! A payload, printed so that people can read it.

use sancho_core::Payload;

use crate::text::visible;

/// Bytes of a payload that a page shows.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// Levels of arrays and objects that are set apart by their distance from the edge.
const LEVELS_MAX: usize = 40;

/// The payload as text, a member a line where it is JSON, and how many bytes are left out.
///
/// It is printed by looking at its signs alone: numbers stay as they are written, members in their order, and what is
/// no JSON is shown too.
pub(crate) fn shown(payload: &Payload) -> (String, usize) {
    let bytes = payload.as_bytes();
    let cut = &bytes[..bytes.len().min(SHOWN_BYTES_MAX)];
    let text = String::from_utf8_lossy(cut);
    let printed = if payload.envelope().is_ok() { pretty(&text) } else { text.into_owned() };
    (visible(&printed).into_owned(), bytes.len() - cut.len())
}

/// JSON with a line for each member. Text between quotes is left alone.
fn pretty(text: &str) -> String {
    let mut printed = String::with_capacity(text.len() * 2);
    let (mut level, mut in_text, mut escaped) = (0_usize, false, false);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if in_text {
            printed.push(sign);
            in_text = escaped || sign != '"';
            escaped = sign == '\\' && !escaped;
            continue;
        }
        match sign {
            '"' => {
                in_text = true;
                printed.push(sign);
            }
            '[' | '{' => {
                printed.push(sign);
                while signs.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match signs.next_if(|next| matches!(next, ']' | '}')) {
                    Some(end) => printed.push(end),
                    None => {
                        level += 1;
                        new_line(&mut printed, level);
                    }
                }
            }
            ']' | '}' => {
                level = level.saturating_sub(1);
                new_line(&mut printed, level);
                printed.push(sign);
            }
            ',' => {
                printed.push(sign);
                new_line(&mut printed, level);
            }
            ':' => printed.push_str(": "),
            sign if sign.is_ascii_whitespace() => {}
            sign => printed.push(sign),
        }
    }
    printed
}

fn new_line(printed: &mut String, level: usize) {
    printed.push('\n');
    printed.extend(std::iter::repeat_n("  ", level.min(LEVELS_MAX)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_a_line_for_each_member_and_keeps_its_text() {
        let text = r#"{"class":"A","args":[1.00,"a, \"b\": [c]\\",[],{ }],"big":123456789012345678901234567890}"#;
        let printed = pretty(text);
        assert_eq!(
            printed,
            "{\n  \"class\": \"A\",\n  \"args\": [\n    1.00,\n    \"a, \\\"b\\\": [c]\\\\\",\n    [],\n    {}\n  ],\n  \"big\": 123456789012345678901234567890\n}"
        );
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is_and_what_is_long_is_cut() {
        assert_eq!(shown(&Payload::from_bytes(*b"no \xff{[")), ("no \u{fffd}{[".to_owned(), 0));
        let long = vec![b'x'; SHOWN_BYTES_MAX + 7];
        assert_eq!(shown(&Payload::from_bytes(long)).1, 7);
    }
}
