//! How long it takes until what a fault hit goes on.

use std::collections::HashMap;

use super::number::Number;

/// How long after a fault is over its recovery is waited for: whoever begins no job for so long has not recovered.
const RECOVERY_MAX_US: u64 = 120_000_000;

/// Recoveries under way, and the longest so far. Times are microseconds since the epoch.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Jobs that a killed process had in hand, and when it was killed.
    hit: HashMap<Number, u64>,
    /// Faults of the store: when each began, when it was over, and when the first job was begun after that.
    away: Vec<(u64, u64, Option<u64>)>,
    longest_us: u64,
}

impl Recovery {
    /// A process was killed with these jobs in hand.
    pub(super) fn hit(&mut self, numbers: impl Iterator<Item = Number>, killed_us: u64) {
        self.hit.extend(numbers.map(|number| (number, killed_us)));
    }

    /// A fault of the store is over.
    pub(super) fn was_away(&mut self, from_us: u64, until_us: u64) {
        self.away.push((from_us, until_us, None));
    }

    /// A job was begun. Ledgers are read one after the other, and so the moments do not come in order.
    pub(super) fn begun(&mut self, number: Number, at_us: u64) {
        if self.hit.get(&number).is_some_and(|&killed_us| at_us > killed_us) {
            let killed_us = self.hit.remove(&number).unwrap_or(at_us);
            self.longest_us = self.longest_us.max(at_us - killed_us);
        }
        for (_, until_us, begun_us) in &mut self.away {
            if at_us >= *until_us {
                *begun_us = Some(begun_us.map_or(at_us, |begun_us| begun_us.min(at_us)));
            }
        }
        let longest_us = &mut self.longest_us;
        self.away.retain(|(from_us, until_us, begun_us)| {
            let is_over = at_us > until_us + RECOVERY_MAX_US;
            if let (true, Some(begun_us)) = (is_over, begun_us) {
                *longest_us = (*longest_us).max(begun_us - from_us);
            }
            !is_over
        });
    }

    /// The longest recovery, in seconds.
    pub(super) fn longest(&self) -> f64 {
        let away = self.away.iter().filter_map(|(from_us, _, begun_us)| Some((*begun_us)? - from_us));
        away.fold(self.longest_us, u64::max) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_recovery_is_told() {
        let mut recovery = Recovery::default();
        let number = Number::from_parts(1, 1);
        recovery.hit([number].into_iter(), 1_000_000);
        recovery.begun(number, 900_000);
        assert_eq!(recovery.longest(), 0.0);
        recovery.begun(number, 3_000_000);
        recovery.begun(number, 9_000_000);
        assert_eq!(recovery.longest(), 2.0);
        recovery.was_away(10_000_000, 14_000_000);
        recovery.begun(number, 16_000_000);
        recovery.begun(number, 15_000_000);
        assert_eq!(recovery.longest(), 5.0);
    }
}
