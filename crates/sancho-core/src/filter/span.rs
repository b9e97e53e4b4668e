//! Spans of time, as a filter has them.

use std::time::Duration;

/// The units and their seconds, largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span such as `90s`, `1h30m` or `3d`; `None` for anything else.
pub(super) fn read(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let unit = behind.chars().next()?;
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*size)?)?;
        rest = &behind[unit.len_utf8()..];
    }
    (!text.is_empty()).then(|| Duration::from_secs(seconds))
}

/// Writes a span as it is read.
pub(super) fn write(span: Duration) -> String {
    let mut seconds = span.as_secs();
    let mut text = String::new();
    for (name, size) in UNITS {
        if seconds >= size {
            text.push_str(&format!("{}{name}", seconds / size));
            seconds %= size;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_with_their_units() {
        for (text, secs) in [("90s", 90), ("1h30m", 5_400), ("3d", 259_200), ("2w", 1_209_600), ("0s", 0)] {
            assert_eq!(read(text), Some(Duration::from_secs(secs)), "{text}");
            assert_eq!(read(&write(Duration::from_secs(secs))), Some(Duration::from_secs(secs)), "{text}");
        }
        for text in ["", "1", "h", "1y", "-1h", "1 h", "1h5", "99999999999999999999s", "9999999999999999999w"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(write(Duration::from_secs(5_400)), "1h30m");
    }
}
