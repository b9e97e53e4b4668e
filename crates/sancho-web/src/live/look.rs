//! One look at the store, as it is told.

use std::time::Duration;

use sancho_core::{Stats, Timestamp};
use serde_json::json;

/// What a look found, as JSON on one line: `at` in milliseconds since the epoch, the store's totals by their names, and
/// `processed_per_second` and `failed_per_second` since the look before, `null` at the first.
pub(super) fn text(at: Timestamp, now: &Stats, before: Option<(&Stats, Duration)>) -> String {
    let rate = |of: fn(&Stats) -> u64| {
        let (before, apart) = before?;
        let seconds = apart.as_secs_f64();
        // Counters go back when a store is emptied: that is no work that was undone.
        (seconds > 0.0).then(|| (of(now).saturating_sub(of(before)) as f64 / seconds * 10.0).round() / 10.0)
    };
    json!({
        "at": at.as_unix_millis(),
        "processed": now.processed,
        "failed": now.failed,
        "busy": now.busy,
        "enqueued": now.enqueued,
        "scheduled": now.scheduled,
        "retries": now.retries,
        "dead": now.dead,
        "held": now.held,
        "processes": now.processes,
        "processed_per_second": rate(|stats| stats.processed),
        "failed_per_second": rate(|stats| stats.failed),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second_and_never_below_zero() {
        let before = Stats { processed: 100, failed: 9, ..Stats::default() };
        let now = Stats { processed: 125, failed: 1, ..Stats::default() };
        let told = |before| -> serde_json::Value {
            let text = text(Timestamp::from_unix_millis(1_795_000_000_123), &now, before);
            assert!(!text.contains('\n'));
            serde_json::from_str(&text).expect("JSON")
        };
        let second = told(Some((&before, Duration::from_secs(2))));
        assert_eq!(second["processed_per_second"], 12.5);
        assert_eq!(second["failed_per_second"], 0.0);
        assert_eq!(second["at"], 1_795_000_000_123_i64);
        assert!(told(None)["processed_per_second"].is_null());
        assert!(told(Some((&before, Duration::ZERO)))["failed_per_second"].is_null());
    }
}
