//! What befell whom, and when: what a job that was performed twice is explained by.
//!
//! A fault counts as a cause only where it can have come between a performance and its settlement. What no fault
//! explains has no cause, and that is a defect of the product or of this program.

use std::collections::HashMap;

use super::account::{Account, Performance};
use super::number::Number;

/// How long a result may be on its way to a store that answers, on a machine that has something else to do.
const SETTLE_MAX_US: u64 = 10_000_000;

/// How long after it was sent a signal may arrive.
const SIGNAL_MAX_US: u64 = 1_000_000;

/// How long after the end of a store's fault a process may notice that its lease was lost: it waits with growing
/// patience between two tries, and a try itself waits for an answer.
const NOTICE_MAX_US: u64 = 40_000_000;

/// Why a job was performed once more than it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Its process was killed after the work and before the settlement.
    Killed,
    /// The same, for everybody, by a power cut; or the disk had not kept that it was claimed.
    PowerCut,
    /// Its process was suspended, and others took its jobs over.
    Suspended,
    /// The store was away for so long that its process lost its lease, or had to stop without it.
    StoreAway,
}

impl Cause {
    pub(super) fn name(self) -> &'static str {
        match self {
            Cause::Killed => "killed",
            Cause::PowerCut => "power cut",
            Cause::Suspended => "suspended",
            Cause::StoreAway => "store away",
        }
    }
}

/// Everything that was done. Times are microseconds since the epoch.
#[derive(Debug, Default)]
pub(super) struct Fates {
    killed: HashMap<usize, (u64, Cause)>,
    stopped: HashMap<usize, (u64, u64)>,
    suspended: Vec<(usize, u64, u64)>,
    away: Vec<(u64, u64)>,
}

impl Fates {
    /// By a signal of its own, or by a power cut.
    pub(super) fn was_killed(&mut self, actor: u32, at_us: u64, cause: Cause) {
        self.killed.insert(actor as usize, (at_us, cause));
    }

    /// Told to stop, and gone.
    pub(super) fn was_stopped(&mut self, actor: u32, from_us: u64, until_us: u64) {
        self.stopped.insert(actor as usize, (from_us, until_us));
    }

    pub(super) fn was_suspended(&mut self, actor: u32, from_us: u64, until_us: u64) {
        self.suspended.push((actor as usize, from_us, until_us));
    }

    /// The store did not answer, or took no writes.
    pub(super) fn store_was_away(&mut self, from_us: u64, until_us: u64) {
        self.away.push((from_us, until_us));
    }

    /// The causes of a job's performances beyond the one that counts, one for each.
    ///
    /// # Errors
    /// What is wrong, when a performance began after the job was settled, or nothing explains one.
    pub(super) fn causes(&self, account: &Account, number: Number, all: &[Performance]) -> Result<Vec<Cause>, String> {
        let settled: Vec<&Performance> = all.iter().filter(|performance| performance.settled_us.is_some()).collect();
        if settled.len() > 1 {
            return Err(format!("job {number} was settled {} times: {all:?}", settled.len()));
        }
        if let Some(settled_us) = settled.first().and_then(|performance| performance.settled_us)
            && all.iter().any(|performance| performance.began_us > settled_us)
        {
            return Err(format!("job {number} was begun again after it was settled: {all:?}"));
        }
        let unsettled = all.iter().filter(|performance| performance.settled_us.is_none());
        let mut causes: Vec<Option<Cause>> =
            unsettled.map(|performance| self.cause(account, number, performance)).collect();
        if settled.is_empty() {
            // One of them counts, though nobody wrote so: the last that nothing else explains, or else any.
            let counting = causes.iter().rposition(Option::is_none).unwrap_or(causes.len() - 1);
            causes.remove(counting);
        }
        let causes: Option<Vec<Cause>> = causes.into_iter().collect();
        causes.ok_or_else(|| format!("nothing explains that job {number} was performed twice: {all:?}"))
    }

    /// Why a performance was not settled by its process.
    fn cause(&self, account: &Account, number: Number, performance: &Performance) -> Option<Cause> {
        let Performance { actor, began_us, done_us, .. } = *performance;
        let book = &account.books()[actor];
        let lost_later = book.leases_lost.iter().any(|&at_us| at_us >= began_us);
        let is_lost = book.claims_lost.contains(&number) || lost_later;
        let mut sleeps = self.suspended.iter().filter(|(sleeper, ..)| *sleeper == actor);
        if is_lost && sleeps.any(|&(_, from, until)| began_us <= until && done_us + SETTLE_MAX_US >= from) {
            return Some(Cause::Suspended);
        }
        if is_lost && self.was_away_between(began_us, done_us) {
            return Some(Cause::StoreAway);
        }
        // A line may be written while the signal is on its way.
        if let Some(&(killed_us, cause)) = self.killed.get(&actor)
            && killed_us + SIGNAL_MAX_US >= done_us
            && self.could_settle_for(done_us, killed_us) <= SETTLE_MAX_US
        {
            return Some(cause);
        }
        let stopped = self.stopped.get(&actor).is_some_and(|&(_, until_us)| until_us >= done_us);
        (stopped && self.was_away_between(began_us, done_us)).then_some(Cause::StoreAway)
    }

    fn was_away_between(&self, began_us: u64, done_us: u64) -> bool {
        self.away.iter().any(|&(from, until)| from <= done_us + SETTLE_MAX_US && until + NOTICE_MAX_US >= began_us)
    }

    /// For how long after the last fault of the store, if one lies between, a result could have been settled.
    fn could_settle_for(&self, done_us: u64, killed_us: u64) -> u64 {
        let away = self.away.iter().filter(|&&(from, until)| from <= killed_us && until >= done_us);
        let since_us = away.map(|&(_, until)| until).fold(done_us, u64::max);
        killed_us.saturating_sub(since_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn performance(actor: usize, done: u64, settled: Option<u64>) -> Performance {
        let us = |seconds: u64| seconds * SECOND;
        Performance { actor, began_us: us(done) - 1, done_us: us(done), settled_us: settled.map(us) }
    }

    fn account(second: &str) -> Account {
        let directory = tempfile::tempdir().expect("a directory");
        let mut account = Account::new(1);
        for (name, text) in [("0", ""), ("1", second)] {
            std::fs::write(directory.path().join(name), text).expect("a ledger");
            account.add(&directory.path().join(name)).expect("a ledger");
        }
        account.read_on().expect("whole lines");
        account
    }

    #[test]
    fn a_kill_explains_what_it_came_right_after() {
        let (account, number) = (account(""), Number::from_parts(0, 5));
        let mut fates = Fates::default();
        let all = [performance(1, 100, None), performance(0, 130, Some(131))];
        assert!(fates.causes(&account, number, &all).is_err(), "nothing befell the process");
        fates.was_killed(1, 101 * SECOND, Cause::Killed);
        assert_eq!(fates.causes(&account, number, &all), Ok(vec![Cause::Killed]));
        fates.was_killed(1, 125 * SECOND, Cause::Killed);
        assert!(fates.causes(&account, number, &all).is_err(), "it had 25 seconds to settle");
        fates.store_was_away(99 * SECOND, 120 * SECOND);
        assert_eq!(fates.causes(&account, number, &all), Ok(vec![Cause::Killed]));
    }

    #[test]
    fn a_lost_lease_needs_a_reason_too() {
        let (account, number) = (account("lease-lost 0 b 0 125000000\n"), Number::from_parts(0, 5));
        let mut fates = Fates::default();
        let all = [performance(1, 100, None), performance(0, 130, Some(131))];
        assert!(fates.causes(&account, number, &all).is_err());
        fates.was_suspended(1, 101 * SECOND, 124 * SECOND);
        assert_eq!(fates.causes(&account, number, &all), Ok(vec![Cause::Suspended]));
    }

    #[test]
    fn nothing_explains_a_job_that_begins_after_it_was_settled() {
        let (account, number) = (account(""), Number::from_parts(0, 5));
        let mut fates = Fates::default();
        fates.was_killed(1, 131 * SECOND, Cause::Killed);
        let all = [performance(0, 100, Some(101)), performance(1, 130, None)];
        assert!(fates.causes(&account, number, &all).is_err_and(|what| what.contains("after it was settled")));
        let all = [performance(0, 100, Some(101)), performance(1, 130, Some(131))];
        assert!(fates.causes(&account, number, &all).is_err_and(|what| what.contains("settled 2 times")));
    }
}
