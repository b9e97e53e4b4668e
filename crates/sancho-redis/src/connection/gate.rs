//! How often a lost Redis is knocked at.

use std::time::Duration;

use tokio::time::Instant;

use super::Failure;

/// The first wait between two tries to open, and the longest. A second is what a person hardly notices, and what
/// a Redis that comes up among thousands of clients can bear.
const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// Shut for a while after each failure, longer each time.
#[derive(Debug, Default)]
pub(super) struct Gate(Option<Shut>);

#[derive(Debug)]
struct Shut {
    until: Instant,
    wait: Duration,
    because: Failure,
}

impl Gate {
    /// Whether an open may be tried; otherwise why not.
    pub(super) fn check(&self, now: Instant) -> Result<(), Failure> {
        match &self.0 {
            Some(shut) if now < shut.until => {
                let wait = shut.until.duration_since(now).as_millis();
                let text = format!("{}; tried again in {wait} ms", shut.because.text);
                Err(Failure { text, ..shut.because.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Notes that an open failed, or that what was opened did not hold.
    pub(super) fn failed(&mut self, now: Instant, because: &Failure) {
        let wait = self.0.as_ref().map_or(FIRST, |shut| (shut.wait * 2).min(LONGEST));
        // A call may fail long after another noted the same loss: nothing was sent for those that meet the gate.
        self.0 = Some(Shut { until: now + wait, wait, because: because.clone().of_nothing_done() });
    }

    /// Notes that a socket held: the next loss is tried again at once.
    pub(super) fn passed(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::ErrorKind;

    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew_after_a_success() {
        let (mut gate, failure) = (Gate::default(), Failure::new(ErrorKind::OutcomeUnknown, "away"));
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..8 {
            assert!(gate.check(now).is_ok());
            gate.failed(now, &failure);
            let refused = gate.check(now).expect_err("shut");
            assert_eq!(refused.kind, ErrorKind::Unavailable, "nothing was sent");
            let wait = gate.0.as_ref().map(|shut| shut.wait).expect("shut");
            assert!(gate.check(now + wait - Duration::from_millis(1)).is_err());
            waits.push(wait.as_millis());
            now += wait;
        }
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1_000, 1_000]);
        gate.passed();
        assert!(gate.check(now).is_ok());
    }
}
