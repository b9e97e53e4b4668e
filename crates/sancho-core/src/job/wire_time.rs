//! Times inside a payload, in both of Sidekiq's generations.

use serde_json::value::RawValue;

use crate::Timestamp;

/// How times are written into payloads.
///
/// Sidekiq 6 and 7 write seconds with a fraction, 8 writes whole milliseconds; 8 reads both, by the form of
/// the number. Whole seconds are never written: 8 would take them for milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireTime {
    /// Seconds with a fraction, which Sidekiq 6, 7 and 8 all read rightly.
    #[default]
    Seconds,
    /// Whole milliseconds, as Sidekiq 8 itself writes.
    Millis,
}

impl WireTime {
    /// The JSON number for `time`.
    ///
    /// ```
    /// use sancho_core::{Timestamp, WireTime};
    /// let t = Timestamp::from_unix_micros(1_795_214_970_500_000);
    /// assert_eq!(WireTime::Seconds.write(t), "1795214970.5");
    /// assert_eq!(WireTime::Seconds.write(Timestamp::from_unix_millis(1000)), "1.0");
    /// assert_eq!(WireTime::Millis.write(t), "1795214970500");
    /// ```
    pub fn write(self, time: Timestamp) -> String {
        match self {
            WireTime::Seconds => {
                let micros = time.as_unix_micros().max(0);
                let mut text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                let length = text.trim_end_matches('0').len();
                // One digit stays behind the point.
                text.truncate(if text.as_bytes()[length - 1] == b'.' { length + 1 } else { length });
                text
            }
            WireTime::Millis => time.as_unix_millis().max(0).to_string(),
        }
    }

    /// Reads a number of either generation: with a fraction or an exponent it is seconds, else milliseconds.
    ///
    /// A whole number too small to be milliseconds of this century is taken for seconds, and a fraction too
    /// large to be seconds for milliseconds. Anything but a number is `None`.
    pub fn read(raw: &RawValue) -> Option<Timestamp> {
        const MILLIS_AT_LEAST: f64 = 1e11;
        let text = raw.get();
        let number: f64 = text.parse().ok()?;
        if number >= MILLIS_AT_LEAST {
            return text
                .parse()
                .ok()
                .map(Timestamp::from_unix_millis)
                .or_else(|| Timestamp::from_unix_secs_f64(number / 1e3));
        }
        Timestamp::from_unix_secs_f64(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        let raw: &RawValue = serde_json::from_str(text).expect("valid JSON");
        WireTime::read(raw).map(Timestamp::as_unix_micros)
    }

    #[test]
    fn both_generations_are_read_and_odd_ones_guessed() {
        assert_eq!(read("1795214975777"), Some(1_795_214_975_777_000));
        assert_eq!(read("1795214975.5"), Some(1_795_214_975_500_000));
        assert_eq!(read("1795214975"), Some(1_795_214_975_000_000), "whole seconds");
        assert_eq!(read("1795214975777.0"), Some(1_795_214_975_777_000), "milliseconds as a float");
        assert_eq!(read("1e400"), None);
        assert_eq!(read("\"2026-11-20\""), None);
        assert_eq!(read("null"), None);
    }
}
