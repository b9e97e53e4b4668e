//! Times and spans, for people.

use std::fmt;
use std::time::Duration;

use sancho_core::Timestamp;

use crate::frame::Frame;

/// A time as a page shows it: in words, with the exact one beside it. Its text is HTML, and nothing in it
/// comes from a payload: pages show it as `|safe`.
#[derive(Clone, Debug)]
pub(crate) struct When {
    /// In UTC, as RFC 3339 has it: scripts show it in the person's zone.
    pub(crate) exact: String,
    /// As seen from now.
    pub(crate) words: String,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both are made of digits and of our own words.
        write!(f, r#"<time datetime="{}" title="{}">{}</time>"#, self.exact, plain(&self.exact), self.words)
    }
}

impl When {
    /// The exact time first, for where there is room: `2026-11-21 02:00:00 UTC`.
    pub(crate) fn plain(&self) -> String {
        plain(&self.exact)
    }
}

fn plain(exact: &str) -> String {
    exact.replacen('T', " ", 1).replace('Z', " UTC")
}

/// A time as seen from the page's now.
pub(crate) fn in_words(f: &Frame, at: Timestamp) -> String {
    let (ahead, behind) = (at.since(f.now), f.now.since(at));
    if ahead.as_secs() > 0 {
        f.with("time.in", length(f, ahead + Duration::from_millis(500)))
    } else if behind.as_secs() > 0 {
        f.with("time.ago", length(f, behind))
    } else {
        f.t("time.now").to_owned()
    }
}

/// A span in its largest unit, rounded down; below ten of one, with the next smaller unit too.
pub(crate) fn length(f: &Frame, span: Duration) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400, "time.day"), (3_600, "time.hour"), (60, "time.minute"), (1, "time.second")];
    let secs = span.as_secs();
    let (size, key) = UNITS.into_iter().find(|(size, _)| secs >= *size).unwrap_or((1, "time.second"));
    f.count(key, secs / size)
}

/// A run time: three digits, in the unit that shows them.
pub(crate) fn run_time(f: &Frame, span: Duration) -> String {
    match span.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        1_000..100_000 => format!("{} s", f.decimal(span.as_secs_f64(), 1)),
        100_000..3_600_000 => format!("{:.0} min", span.as_secs_f64() / 60.0),
        _ => format!("{} h", f.decimal(span.as_secs_f64() / 3_600.0, 1)),
    }
}

/// A time in UTC, to the second, as RFC 3339 has it.
pub(crate) fn exact(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.as_unix_micros().div_euclid(1_000_000)) {
        Ok(time) => time.to_string(),
        // Out of the calendar's range: the number itself is all that can be said.
        Err(_) => format!("{at:?}"),
    }
}
