//! The canonical form of JSON: byte for byte what Ruby's own json writes for the same values.
//!
//! On Redis, Ruby's tools find a job again, to remove or to move it, by the bytes that they would write themselves. A job
//! in any other form could be seen there but not removed, or would stand there twice. So whoever pushes brings the
//! arguments to this form first: [`Draft::canonicalize`](crate::Draft::canonicalize).

mod number;

use serde_json::value::RawValue;

use crate::Wire;

pub use number::{float, single};

/// The text in canonical form: no space between tokens, strings and floats as the Ruby writes them that reads it.
/// Whole numbers of any size stay as they are, and so do members that stand twice.
///
/// ```
/// use sancho_core::{Wire, canonical};
///
/// assert_eq!(canonical::text(r#"[1e20, "caf\u00e9"]"#, Wire::Any).unwrap(), r#"[1.0e+20,"café"]"#);
/// assert_eq!(canonical::text(r#"[1e20, "caf\u00e9"]"#, Wire::Eight).unwrap(), r#"[1e+20,"café"]"#);
/// ```
///
/// # Errors
/// What is wrong with a text that is not JSON, has a string that is no Unicode text, or a number that is not finite.
pub fn text(text: &str, wire: Wire) -> Result<String, String> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut rest = raw.get();
    let mut out = String::with_capacity(rest.len());
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => rest.bytes().position(|byte| !is_numeric(byte)).unwrap_or(rest.len()),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        match first {
            b'"' => {
                let text: String =
                    serde_json::from_str(token).map_err(|error| format!("a string is no Unicode text: {error}"))?;
                string(&mut out, &text);
            }
            b'-' | b'0'..=b'9' => out.push_str(&numeral(token, wire)?),
            b' ' | b'\n' | b'\t' | b'\r' => {}
            _ => out.push_str(token),
        }
        rest = after;
    }
    Ok(out)
}

/// Whether a text, if it is JSON at all, is sure to be in canonical form for everybody: it has no space between tokens,
/// no escape and no float. Most arguments are like that, and one look at each byte tells.
pub(crate) fn is_plain(text: &str) -> bool {
    is_plainest(text.as_bytes()) || is_plain_outside_of_strings(text)
}

/// Whether a text has nothing at all, not in its strings either, that may be written in another way. What stands
/// between quotes is not told apart here, so that many bytes are looked at at a time.
fn is_plainest(text: &[u8]) -> bool {
    let doubtful = |byte: u8| byte <= b' ' || matches!(byte, b'\\' | b'.' | b'-');
    let doubt = text.iter().fold(false, |doubt, byte| doubt | doubtful(*byte));
    let exponent = |digit: u8, e: u8| digit.is_ascii_digit() & matches!(e, b'e' | b'E');
    let pairs = text.iter().zip(text.iter().skip(1));
    !doubt && !pairs.fold(false, |found, (digit, e)| found | exponent(*digit, *e))
}

fn is_plain_outside_of_strings(text: &str) -> bool {
    let (mut inside, mut before) = (false, b' ');
    text.bytes().all(|byte| {
        let is_plain = match byte {
            b'"' => true,
            b'\\' | 0..0x20 => false,
            _ if inside => true,
            b' ' | b'.' => false,
            b'e' | b'E' => !before.is_ascii_digit(),
            // Minus zero is zero.
            b'0' => before != b'-',
            _ => true,
        };
        inside ^= byte == b'"';
        before = byte;
        is_plain
    })
}

/// Adds a string as Ruby writes it: only quotes, backslashes and control characters are escaped.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => '"',
            b'\\' => '\\',
            0x08 => 'b',
            0x0c => 'f',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            0..0x20 => 'u',
            _ => continue,
        };
        out.push_str(&text[plain_from..index]);
        out.push('\\');
        out.push(short);
        if short == 'u' {
            out.push_str(&format!("{byte:04x}"));
        }
        plain_from = index + 1;
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

fn is_numeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The bytes from an opening quote to its closing one; the text is known to be JSON.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let inner = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    inner.map_or(text.len(), |position| position + 2)
}

fn numeral(token: &str, wire: Wire) -> Result<String, String> {
    if token == "-0" {
        return Ok("0".to_owned());
    }
    if !token.contains(['.', 'e', 'E']) {
        return Ok(token.to_owned());
    }
    match token.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(float(value, wire)),
        _ => Err(format!("the number {token} is too large for a float")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_comes_to_its_canonical_form() {
        for (text, want) in [
            (" [ 1 , 2.50 , \"a\" ] ", "[1,2.5,\"a\"]"),
            ("[1E5,1e20,-0,-0.0,0.00001]", "[100000.0,1.0e+20,0,-0.0,1.0e-05]"),
            ("[123456789012345678901234567890]", "[123456789012345678901234567890]"),
            (r#"["\u00e9\/\u2028\u0001\n\\\" x"]"#, "[\"é/\u{2028}\\u0001\\n\\\\\\\" x\"]"),
            (r#"{"b":{"a":[]},"a":[{}, null, true]}"#, r#"{"b":{"a":[]},"a":[{},null,true]}"#),
            (r#"["\\",1.0e0]"#, r#"["\\",1.0]"#),
        ] {
            assert_eq!(super::text(text, Wire::Any).as_deref(), Ok(want), "{text}");
            assert!(!is_plain(text) || text == want, "{text} is not plain");
        }
    }

    #[test]
    fn what_is_plain_is_canonical_already() {
        for text in ["[]", "[1,-20,\"a b: 1.5e3, [-0]\",{\"é\":[null,true,false]}]", "[1234567890123456789012,\"\"]"] {
            assert!(is_plain(text), "{text}");
            for wire in [Wire::Any, Wire::Eight] {
                assert_eq!(super::text(text, wire).as_deref(), Ok(text));
            }
        }
        for text in ["[1, 2]", "[1.5]", "[1e5]", "[2E5]", "[-0]", "[\"\\u00e9\"]", "[\"\u{1}\"]", " []", "[]\n"] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn for_8_floats_of_any_form_come_to_that_of_newer_json() {
        for (text, want) in [
            ("[1E5,1e20,-0,-0.0,0.00001]", "[100000.0,1e+20,0,-0.0,0.00001]"),
            ("[1.0e+20,1.0e-05,\"1.0e-05\"]", "[1e+20,0.00001,\"1.0e-05\"]"),
            ("[123456789012345678901234567890]", "[123456789012345678901234567890]"),
        ] {
            assert_eq!(super::text(text, Wire::Eight).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_ruby_could_not_read_is_refused() {
        for (text, said) in [
            ("", "EOF"),
            ("[1", "EOF"),
            ("[NaN]", "expected"),
            ("[1e400]", "1e400 is too large"),
            (r#"["\ud800"]"#, "no Unicode text"),
            ("[1] [2]", "trailing"),
        ] {
            let error = super::text(text, Wire::Any).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
