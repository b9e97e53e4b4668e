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
        let mut text = Vec::with_capacity(NUMBER_BYTES_MAX);
        self.write_to(&mut text, time);
        String::from_utf8(text).expect("digits and a point are text")
    }

    /// Adds the JSON number for `time`. Every push writes two, so no formatting machine is started for it.
    pub(super) fn write_to(self, out: &mut Vec<u8>, time: Timestamp) {
        let micros = time.as_unix_micros().max(0).unsigned_abs();
        match self {
            WireTime::Seconds => {
                digits(out, micros / 1_000_000, 1);
                out.push(b'.');
                digits(out, micros % 1_000_000, 6);
                // One digit stays behind the point.
                while out.ends_with(b"0") && !out.ends_with(b".0") {
                    out.pop();
                }
            }
            WireTime::Millis => digits(out, micros / 1_000, 1),
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

/// A sign less, and a point more, than the digits of the largest number.
const NUMBER_BYTES_MAX: usize = 20;

/// Adds a number in decimal, of so many digits at least.
fn digits(out: &mut Vec<u8>, number: u64, at_least: usize) {
    let (mut text, mut first, mut rest) = ([b'0'; NUMBER_BYTES_MAX], NUMBER_BYTES_MAX, number);
    while rest > 0 {
        first -= 1;
        text[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text[first.min(NUMBER_BYTES_MAX - at_least)..]);
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

    #[test]
    fn seconds_keep_their_fraction_and_one_digit_at_least() {
        for (micros, seconds, millis) in [
            (0, "0.0", "0"),
            (-5, "0.0", "0"),
            (1, "0.000001", "0"),
            (100_000, "0.1", "100"),
            (10_000_000, "10.0", "10000"),
            (1_795_214_970_050_300, "1795214970.0503", "1795214970050"),
            (i64::MAX, "9223372036854.775807", "9223372036854775"),
        ] {
            let time = Timestamp::from_unix_micros(micros);
            assert_eq!(WireTime::Seconds.write(time), seconds);
            assert_eq!(WireTime::Millis.write(time), millis);
        }
    }
}
