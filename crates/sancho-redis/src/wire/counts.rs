//! What beats bring by queue, and the sizes of the sets, under keys of our own: Sidekiq counts neither. A step of time has
//! a hash. It holds the jobs performed and failed of each queue, under `p|` and `f|` and its name, and the sizes.

use std::collections::BTreeMap;

use sancho_core::metrics::{SizeSample, Step};
use sancho_core::{QueueCount, QueueName, Timestamp};

use super::keys::COUNTS_PREFIX;
use crate::beat::Commands;

/// The fields of the sizes, in the order in which `beat.lua` writes them.
pub(crate) const SIZES: [&str; 4] = ["enqueued", "scheduled", "retries", "dead"];

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// The hash of a step, by the whole minutes since the epoch at which it starts.
pub(crate) fn key(step: Step, at: Timestamp) -> String {
    let minute = step.start_of(at).as_unix_micros().div_euclid(MICROS_PER_MINUTE);
    format!("{COUNTS_PREFIX}{}:{minute}", step.minutes())
}

/// How long the hash of a step is kept, in seconds.
pub(crate) fn kept_for(step: Step) -> u64 {
    step.kept_for().as_secs()
}

/// Counts what a beat brings by queue.
pub(crate) fn count(commands: &mut Commands, counts: &[QueueCount], now: Timestamp) {
    let counts: Vec<_> = counts.iter().filter(|count| count.count > 0).collect();
    if counts.is_empty() {
        return;
    }
    for step in Step::ALL {
        let key = key(step, now);
        for QueueCount { queue, count, failures } in &counts {
            for (field, by) in [('p', *count), ('f', *failures)].into_iter().filter(|(_, by)| *by > 0) {
                commands.add(["HINCRBY", &key, &format!("{field}|{queue}"), &by.to_string()]);
            }
        }
        commands.add(["EXPIRE", &key, &kept_for(step).to_string()]);
    }
}

/// What a hash says of queues, given as fields and values in turns. What is no count is left out.
pub(crate) fn read_queues(flat: &[String]) -> Vec<QueueCount> {
    let mut counted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for pair in flat.chunks_exact(2) {
        let (Some((field, queue)), Ok(number)) = (pair[0].split_once('|'), pair[1].parse::<u64>()) else { continue };
        match field {
            "p" => counted.entry(queue).or_default().0 = number,
            "f" => counted.entry(queue).or_default().1 = number,
            _ => {}
        }
    }
    // A failure that is no execution is nobody's count.
    let whole = counted.into_iter().filter(|(_, (count, _))| *count > 0);
    whole
        .filter_map(|(name, (count, failures))| {
            let queue = QueueName::new(name).ok()?;
            Some(QueueCount { queue, count, failures: failures.min(count) })
        })
        .collect()
}

/// What a hash says of the sizes in the step that starts at `at`, given as the [fields](SIZES) and their values in turns;
/// `None` where it does not name all of them.
pub(crate) fn read_sizes(at: Timestamp, flat: &[String]) -> Option<SizeSample> {
    let size = |field: &str| flat.chunks_exact(2).find(|pair| pair[0] == field)?[1].parse::<u64>().ok();
    let [enqueued, scheduled, retries, dead] = SIZES.map(size);
    Some(SizeSample { at, enqueued: enqueued?, scheduled: scheduled?, retries: retries?, dead: dead? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_the_start_of_their_step() {
        // 2026-12-03 09:05:59 UTC.
        let now = Timestamp::from_unix_millis(1_796_288_759_999);
        assert_eq!(key(Step::Minute, now), "sancho:counts:1:29938145");
        assert_eq!(key(Step::TenMinutes, now), "sancho:counts:10:29938140");
        assert_eq!(key(Step::Minute, Timestamp::from_unix_micros(-1)), "sancho:counts:1:-1");
    }

    #[test]
    fn what_is_no_count_of_a_queue_is_left_out() {
        let flat = [
            "p|a|b", "3", "f|a|b", "9", "p|c", "-1", "p|d", "x", "f|e", "1", "p|", "5", "q|f", "5", "enqueued", "7",
            "p|g\n", "4", "p|h",
        ];
        let queue = QueueName::new("a|b").expect("a name");
        assert_eq!(read_queues(&flat.map(str::to_owned)), [QueueCount { queue, count: 3, failures: 3 }]);
    }

    #[test]
    fn sizes_are_read_whole_or_not_at_all() {
        let at = Timestamp::EPOCH;
        let flat = ["dead", "4", "enqueued", "1", "retries", "3", "scheduled", "2"].map(str::to_owned);
        let sizes = SizeSample { at, enqueued: 1, scheduled: 2, retries: 3, dead: 4 };
        assert_eq!(read_sizes(at, &flat), Some(sizes));
        assert_eq!(read_sizes(at, &flat[2..]), None);
        let strange = flat.map(|word| word.replace('4', "-4"));
        assert_eq!(read_sizes(at, &strange), None);
    }
}
