//! Times as scores of sorted sets: seconds with a fraction.

use sancho_core::Timestamp;

/// The score of a time, to the microsecond.
pub(crate) fn write(time: Timestamp) -> String {
    let micros = time.as_unix_micros().max(0);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The time of a score.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    Timestamp::from_unix_secs_f64(text.parse().ok()?)
}
