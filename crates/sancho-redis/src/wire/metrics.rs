//! Execution metrics, under the keys of Sidekiq's pages: counts and times by the minute and by ten minutes, and a
//! histogram of run times by the minute. All times are UTC, and those of the beat that brings the counts.

use std::time::Duration;

use sancho_core::{Execution, Timestamp, Wire, limits};

use crate::beat::Commands;
use crate::wire::day;

/// How long counts of ten minutes are kept: three days, as Sidekiq keeps them.
const TEN_MINUTES_KEPT_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Counts executions, under the keys of version 8 unless 7 is asked for: a page shows those of its own version only.
///
/// A class whose name has a `|` in it is left out: readers split the fields there.
pub(crate) fn count(commands: &mut Commands, executions: &[Execution], wire: Wire, now: Timestamp) {
    let executions: Vec<_> = executions.iter().filter(|execution| !execution.class.contains('|')).collect();
    if executions.is_empty() {
        return;
    }
    let minute = Minute::of(now);
    let (by_minute, by_ten) = minute.counts(wire);
    for execution in &executions {
        // A bucket saturates at what 16 bits hold: an increment beyond that is the same as that.
        let buckets = execution.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        let words: Vec<String> = buckets
            .flat_map(|(bucket, count)| ["INCRBY".into(), "u16".into(), format!("#{bucket}"), count.to_string()])
            .collect();
        if !words.is_empty() {
            let key = minute.histogram(&execution.class, wire);
            let head = ["BITFIELD", &key, "OVERFLOW", "SAT"].map(str::to_owned);
            commands.add(head.into_iter().chain(words));
            commands.add(["EXPIRE", &key, &limits::METRICS_KEPT_FOR.as_secs().to_string()]);
        }
    }
    for (key, kept_for) in [(Some(by_minute), limits::METRICS_KEPT_FOR), (by_ten, TEN_MINUTES_KEPT_FOR)] {
        let Some(key) = key else { continue };
        for execution in &executions {
            let numbers = [("p", execution.count), ("f", execution.failures), ("ms", execution.millis)];
            for (name, by) in numbers.into_iter().filter(|(_, by)| *by > 0) {
                commands.add(["HINCRBY", &key, &format!("{}|{name}", execution.class), &by.to_string()]);
            }
        }
        commands.add(["EXPIRE", &key, &kept_for.as_secs().to_string()]);
    }
}

/// A minute in UTC, as keys spell it.
struct Minute {
    /// Year, month and day of the month, each with its zeros.
    date: [String; 3],
    hour: i64,
    minute: i64,
}

impl Minute {
    fn of(now: Timestamp) -> Self {
        let date = day::date(now.unix_day());
        let mut parts = date.split('-').map(str::to_owned);
        let date = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let (hour, minute) = day::hour_and_minute(now);
        Minute { date, hour, minute }
    }

    /// The hash of the minute, and that of ten minutes, which version 7 does not have.
    fn counts(&self, wire: Wire) -> (String, Option<String>) {
        let Minute { date: [year, month, day], hour, minute } = self;
        if wire == Wire::Seven {
            return (format!("j|{year}{month}{day}|{hour}:{minute}"), None);
        }
        let short = &year[year.len().saturating_sub(2)..];
        let ten = format!("j|{short}{month}{day}|{hour}:{}", minute / 10);
        (format!("{ten}{}", minute % 10), Some(ten))
    }

    fn histogram(&self, class: &str, wire: Wire) -> String {
        let Minute { date: [_, _, day], hour, minute } = self;
        match wire {
            Wire::Seven => format!("{class}-{day}-{hour:02}:{minute}"),
            _ => format!("h|{class}-{}-{hour}:{minute}", day.trim_start_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_padded_as_each_version_pads_them() {
        // 2026-12-03 09:05 UTC, and 2026-11-20 22:49.
        let (early, late) =
            (Timestamp::from_unix_millis(1_796_288_700_000), Timestamp::from_unix_millis(1_795_214_970_000));
        let (early, late) = (Minute::of(early), Minute::of(late));
        let ten = |key: &str| Some(key.to_owned());
        assert_eq!(early.counts(Wire::Eight), ("j|261203|9:05".to_owned(), ten("j|261203|9:0")));
        assert_eq!(late.counts(Wire::Any), ("j|261120|22:49".to_owned(), ten("j|261120|22:4")));
        assert_eq!(early.counts(Wire::Seven), ("j|20261203|9:5".to_owned(), None));
        assert_eq!(early.histogram("A", Wire::Eight), "h|A-3-9:5");
        assert_eq!(late.histogram("A", Wire::Eight), "h|A-20-22:49");
        assert_eq!(early.histogram("A", Wire::Seven), "A-03-09:5");
    }
}
