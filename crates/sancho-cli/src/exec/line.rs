//! A payload on one line.

/// The same JSON without space between its tokens, on one line, with its end. Names, numbers and strings stay as they
/// were written, to the byte.
///
/// Stores keep what was pushed, and other programs may push text that was laid out for people.
pub(super) fn line(json: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(json.len() + 1);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json {
        if in_string {
            line.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if !byte.is_ascii_whitespace() {
            line.push(byte);
            in_string = byte == b'"';
        }
    }
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_goes_between_tokens_and_stays_in_strings() {
        for (json, want) in [
            (r#"{"class":"A","args":[1]}"#, r#"{"class":"A","args":[1]}"#),
            ("{ \"a\" :\r\n\t[ 1 , 1.50e+3 ] }", r#"{"a":[1,1.50e+3]}"#),
            (r#"{"a": "b  c\" , d\\" , "e": " "}"#, r#"{"a":"b  c\" , d\\","e":" "}"#),
            ("[\"\u{2028} \u{1f600}\"]", "[\"\u{2028} \u{1f600}\"]"),
        ] {
            assert_eq!(String::from_utf8(line(json.as_bytes())).unwrap(), format!("{want}\n"));
        }
    }
}
