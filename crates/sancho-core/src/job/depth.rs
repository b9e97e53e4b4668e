//! How deep a JSON text nests, found without reading it.

/// Whether brackets outside of strings nest deeper than `levels`.
///
/// The reader of JSON that follows may use the stack for each level; this does not.
pub(crate) fn depth_exceeds(text: &[u8], levels: usize) -> bool {
    // Few payloads have as many brackets as they may have levels, and to count these takes next to no time.
    if text.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= levels {
        return false;
    }
    let mut depth = 0usize;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > levels {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    false
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::depth_exceeds;

    #[test]
    fn counts_brackets_outside_of_strings_only() {
        assert!(!depth_exceeds(br#"{"a":[1,"[[[[\"[[",{}]}"#, 3));
        assert!(depth_exceeds(br#"{"a":[1,"[[[[\"[[",{}]}"#, 2));
    }

    #[test]
    fn a_hundred_levels_pass_and_one_more_does_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!depth_exceeds(nested(100).as_bytes(), 100));
        assert!(depth_exceeds(nested(101).as_bytes(), 100));
    }
}
