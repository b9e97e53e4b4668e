//! Execution metrics, under the keys of Sidekiq's pages: counts and times by the minute and by ten minutes, and a
//! histogram of run times by the minute. All times are UTC, and those of the beat that brings the counts.

use std::collections::BTreeMap;

use sancho_core::execution::Buckets;
use sancho_core::metrics::Step;
use sancho_core::{Execution, Timestamp, Wire, limits};

use crate::beat::Commands;
use crate::wire::day;

/// Bytes of a histogram: numbers of two, the greatest first.
pub(crate) const HISTOGRAM_BYTES: usize = 2 * Execution::BUCKETS;

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
    for (key, kept_for) in [(Some(by_minute), limits::METRICS_KEPT_FOR), (by_ten, limits::METRICS_COARSE_KEPT_FOR)] {
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

/// The hashes that count what was performed in a step, of whatever version.
pub(crate) fn keys(step: Step, at: Timestamp) -> Vec<String> {
    let minute = Minute::of(at);
    let (by_minute, by_ten) = minute.counts(Wire::Eight);
    match step {
        Step::Minute => vec![by_minute, minute.counts(Wire::Seven).0],
        Step::TenMinutes => by_ten.into_iter().collect(),
    }
}

/// The histogram of a class in a minute.
pub(crate) fn histogram(class: &str, at: Timestamp, wire: Wire) -> String {
    Minute::of(at).histogram(class, wire)
}

/// The fields of one class in a hash of counts.
pub(crate) fn fields(class: &str) -> [String; 3] {
    ["p", "f", "ms"].map(|name| format!("{class}|{name}"))
}

/// What a hash of counts says, given as fields and values in turns. What is no count is left out.
pub(crate) fn read_counts(flat: &[String]) -> Vec<Execution> {
    let mut counted: BTreeMap<&str, Execution> = BTreeMap::new();
    for pair in flat.chunks_exact(2) {
        let (Some((class, name)), Ok(number)) = (pair[0].rsplit_once('|'), pair[1].parse::<u64>()) else { continue };
        let execution = counted.entry(class).or_insert_with(|| Execution::of(class));
        match name {
            "p" => execution.count = number,
            "f" => execution.failures = number,
            "ms" => execution.millis = number,
            _ => {}
        }
    }
    // A failure that is no execution is nobody's count.
    let whole = counted.into_values().filter(|execution| execution.count > 0);
    whole.map(|execution| Execution { failures: execution.failures.min(execution.count), ..execution }).collect()
}

/// What the bytes of a histogram say; those that are missing are zero.
pub(crate) fn read_histogram(bytes: &[u8]) -> Buckets {
    let mut buckets = Buckets::default();
    for (bucket, pair) in buckets.iter_mut().zip(bytes.chunks(2)) {
        let low = pair.get(1).copied().unwrap_or(0);
        *bucket = u32::from(u16::from_be_bytes([pair[0], low]));
    }
    buckets
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

    #[test]
    fn what_is_no_count_is_left_out() {
        let flat =
            ["A|p", "3", "A|f", "9", "A|ms", "x", "B|f", "1", "A|B|p", "2", "p", "7", "|p", "-1", "A|q", "5", "A|p"];
        let counted = read_counts(&flat.map(str::to_owned));
        let [a, ab] = &counted[..] else { panic!("two classes: {counted:?}") };
        assert_eq!((a.class.as_str(), a.count, a.failures, a.millis), ("A", 3, 3, 0));
        assert_eq!((ab.class.as_str(), ab.count), ("A|B", 2));
    }

    #[test]
    fn a_histogram_of_any_length_is_read() {
        assert_eq!(read_histogram(b""), Buckets::default());
        let [first, second, third, rest @ ..] = read_histogram(b"\x00\x07\xff\xff\x01");
        assert_eq!((first, second, third, rest.iter().sum::<u32>()), (7, 65_535, 256, 0));
        assert_eq!(read_histogram(&[0xff; 1_000]), [65_535; Execution::BUCKETS]);
    }
}
