//! Broken engines, which prove that the simulation can fail.
//!
//! The engine is the real one. A mutant stands between it and its store, or its clock, and does there what an engine
//! with the bug would do: it sends another thing than the engine said, or hears another than the store answered.

mod clock;
mod front;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sancho_core::{Clock, Store};

use crate::interposed::Interposed;
use crate::simulation::{self, Subject, Verdict};
use clock::BentClock;
use front::Front;

/// What an engine gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EngineBug {
    /// Nothing: what stands between is sound.
    None,
    /// Settlements whose call failed are not sent again once the store is back.
    SettleDroppedOnReconnect,
    /// A claim whose reply was lost is made anew, under other numbers.
    ClaimNotRepeated,
    /// The numbers of claims begin again and again.
    ClaimNumbersReused,
    /// A push that is repeated gets another id.
    PushRepeatedWithNewId,
    /// A push that failed counts as done.
    PushAcknowledgedUnheard,
    /// Jobs are claimed when a wake-up came, and only then.
    WakeTrusted,
    /// Due jobs are looked for at the time that was last told, and only then.
    DueTimeTrusted,
    /// The clock by which claims are trusted runs at half speed.
    SlowUptime,
    /// That clock stands still while the process is suspended.
    UptimeWithoutSuspension,
    /// A lost lease is not noticed: the clock stands still while the process is suspended, and what the store says of
    /// it is not heard.
    LostLeaseNotHeard,
    /// Others' claims are taken over ten seconds before their lease ends.
    TakeOverBeforeTrustEnds,
    /// Leases are measured by the process's own clock.
    StoreTimeIgnored,
    /// A process keeps its name when it begins anew.
    NameKept,
    /// Claims that were taken over are not settled.
    OrphansForgotten,
    /// A job is buried the first time that its process dies.
    BuriedWhenOrphaned,
    /// A job that is to be tried again is settled as gone, and pushed again afterwards.
    RetryInTwoSteps,
    /// A job that was cut short is settled as gone.
    InterruptedDropped,
    /// A job of a class that is not known is settled as gone.
    UnknownClassDropped,
    /// A process says goodbye when it begins to stop.
    GoodbyeTooEarly,
}

impl EngineBug {
    /// Every one, with the first seed that finds it. Where the simulation draws other plans from its seeds, or the engine
    /// makes other calls, others find it: a build with optimization tells which.
    pub const FOUND_BY: &[(EngineBug, u64)] = &[
        (EngineBug::SettleDroppedOnReconnect, 134),
        (EngineBug::ClaimNotRepeated, 42),
        (EngineBug::ClaimNumbersReused, 0),
        (EngineBug::PushRepeatedWithNewId, 4),
        (EngineBug::PushAcknowledgedUnheard, 93),
        (EngineBug::WakeTrusted, 72),
        (EngineBug::DueTimeTrusted, 0),
        (EngineBug::SlowUptime, 77),
        (EngineBug::UptimeWithoutSuspension, 13),
        (EngineBug::LostLeaseNotHeard, 13),
        (EngineBug::TakeOverBeforeTrustEnds, 19),
        (EngineBug::StoreTimeIgnored, 11),
        (EngineBug::NameKept, 13),
        (EngineBug::OrphansForgotten, 1),
        (EngineBug::BuriedWhenOrphaned, 1),
        (EngineBug::RetryInTwoSteps, 1),
        (EngineBug::InterruptedDropped, 20),
        (EngineBug::UnknownClassDropped, 8),
        (EngineBug::GoodbyeTooEarly, 26),
    ];
}

/// An engine with a bug, in every process of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct MutantEngine(pub EngineBug);

impl Subject for MutantEngine {
    fn store(&self, _process: char, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Interposed::of(Front::new(self.0, store)))
    }

    fn clock(&self, _process: char, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        match self.0 {
            EngineBug::SlowUptime | EngineBug::UptimeWithoutSuspension | EngineBug::LostLeaseNotHeard => {
                Arc::new(BentClock::new(self.0, clock))
            }
            _ => clock,
        }
    }
}

/// A seed that finds a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The rule that was broken.
    pub invariant: &'static str,
}

/// Whether a seed finds a bug: a rule is broken with it, and none without it.
pub fn find_by(bug: EngineBug, seed: u64) -> Option<Found> {
    let Verdict::Violated(violation) = simulation::run(seed, &MutantEngine(bug)) else { return None };
    let Verdict::Held(_) = simulation::run(seed, &MutantEngine(EngineBug::None)) else { return None };
    Some(Found { seed, invariant: violation.invariant })
}

/// Runs seeds in order, on as many threads as asked for, until one finds the bug. `None` when no seed does.
pub fn find(bug: EngineBug, seeds: Range<u64>, threads: usize) -> Option<Found> {
    let (next, over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let search = || {
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return None;
            }
            if let Some(found) = find_by(bug, seed) {
                over.store(true, Ordering::Relaxed);
                return Some(found);
            }
        }
        None
    };
    std::thread::scope(|scope| {
        let searches: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(search)).collect();
        let found = searches.into_iter().filter_map(|search| search.join().expect("a simulation does not panic"));
        // Whoever ends first may not have the lowest seed; of those that were under way the lowest is told.
        found.min_by_key(|found| found.seed)
    })
}
