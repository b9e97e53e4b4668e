//! Times, as people type and read them.

use std::time::Duration;

use jiff::SpanRelativeTo;
use sancho_core::Timestamp;

/// The last point in time that can be typed: what lies beyond is a slip, such as milliseconds for seconds.
const YEAR_10000: i64 = 253_402_300_800;

/// Reads a span such as `10s`, `90m`, `1h30m` or `3d`; a day has 24 hours.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err("a duration needs a unit, such as 10s, 5m, 2h or 3d".into());
    }
    let span: jiff::Span = text.parse().map_err(|_| "write a duration such as 10s, 5m, 1h30m or 3d".to_owned())?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| {
        "months and years have no fixed length: write days, such as 30d, or give the time with --at".to_owned()
    })?;
    Duration::try_from(exact).map_err(|_| "a duration is not negative: leave out the minus".to_owned())
}

/// Reads a time such as `2026-11-21T09:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let read: jiff::Timestamp = text.parse().map_err(|_| {
        "write a time with its offset, such as 2026-11-21T09:00:00Z or 2026-11-21T16:00:00+07:00".to_owned()
    })?;
    Ok(Timestamp::from_unix_micros(read.as_microsecond()))
}

/// Reads seconds since the epoch.
pub(crate) fn epoch_seconds(seconds: f64) -> Result<Timestamp, String> {
    if seconds >= YEAR_10000 as f64 {
        return Err("\"at\" lies after the year 9999: give seconds since the epoch, not milliseconds".into());
    }
    if seconds < 0.0 {
        return Err("\"at\" is negative: give seconds since the epoch".into());
    }
    Timestamp::from_unix_secs_f64(seconds).ok_or_else(|| "\"at\" is no time: give seconds since the epoch".into())
}

/// A time for people: in words, and exactly.
pub(crate) fn told(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", in_words(at, now), exact(at))
}

/// A time as seen from `now`: `in 3 hours`, `2 minutes ago`, `now`.
pub(crate) fn in_words(at: Timestamp, now: Timestamp) -> String {
    // A moment has gone by since a person typed `--in 3h`: it is still three hours, not two.
    let ahead = at.since(now) + Duration::from_millis(500);
    let behind = now.since(at);
    if ahead.as_secs() > 0 {
        format!("in {}", length(ahead))
    } else if behind.as_secs() > 0 {
        format!("{} ago", length(behind))
    } else {
        "now".into()
    }
}

/// A span in its largest unit, rounded down.
pub(crate) fn length(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let secs = span.as_secs();
    let (size, name) = UNITS.into_iter().find(|(size, _)| secs >= *size).unwrap_or((1, "second"));
    let count = secs / size;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// A time in UTC, to the second, as RFC 3339 has it.
pub(crate) fn exact(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.as_unix_micros().div_euclid(1_000_000)) {
        Ok(time) => time.to_string(),
        // Out of the calendar's range: the number itself is all that can be said.
        Err(_) => format!("{at:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_units() {
        for (text, secs) in
            [("10s", 10), ("5m", 300), ("1h30m", 5400), ("3d", 259_200), ("2 hours", 7200), ("1w", 604_800)]
        {
            assert_eq!(span(text), Ok(Duration::from_secs(secs)), "{text}");
        }
        assert_eq!(span("1.5s"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn a_span_that_is_no_fixed_time_ahead_is_refused_with_the_fix() {
        for (text, said) in [
            ("10", "needs a unit"),
            ("", "needs a unit"),
            ("soon", "such as 10s"),
            ("1mo", "30d"),
            ("-5s", "not negative"),
        ] {
            let error = span(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_read_and_written_in_utc() {
        let at = moment("2026-11-21T09:00:00.5+07:00").expect("a time");
        assert_eq!(at.as_unix_millis(), 1_795_226_400_500);
        assert_eq!(exact(at), "2026-11-21T02:00:00Z");
        assert!(moment("2026-11-21T09:00:00").expect_err("no offset").contains("offset"));
    }

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let now = Timestamp::from_unix_millis(1_795_226_400_000);
        let told = |secs: u64| in_words(now + Duration::from_secs(secs), now);
        assert_eq!(told(0), "now");
        assert_eq!(told(1), "in 1 second");
        assert_eq!(in_words(now + Duration::from_millis(10_799_900), now), "in 3 hours");
        assert_eq!(told(7200), "in 2 hours");
        assert_eq!(in_words(now.before(Duration::from_secs(200_000)), now), "2 days ago");
    }

    #[test]
    fn milliseconds_are_not_taken_for_seconds() {
        assert!(epoch_seconds(1_795_226_400_000.0).expect_err("milliseconds").contains("not milliseconds"));
        assert_eq!(epoch_seconds(1_795_226_400.5).map(Timestamp::as_unix_millis), Ok(1_795_226_400_500));
    }
}
