//! Which faults, and when: drawn from the seed before anything happens.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use sancho::core::limits;

use crate::dice::roll;

/// What is done to the processes or to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// SIGKILL of a server.
    Kill,
    /// SIGKILL of a pusher that awaits an answer.
    KillPusher,
    /// TERM of a server, and SIGKILL before it has stopped.
    KillInStop,
    /// TERM of every server, one after the other, each replaced when it has stopped.
    Rolling,
    /// SIGSTOP of a server past its lease, and SIGCONT.
    Suspend,
    /// The store's file system is filled to the brim, and freed again.
    DiskFull,
    /// The power fails: everybody is gone at once, and the disk has lost what was not synced.
    PowerCut,
    /// SIGKILL of redis-server, and a start with the same files.
    RedisKill,
    /// SIGSTOP of redis-server for less than a process trusts its claims, and SIGCONT.
    RedisPause,
    /// The same for longer, so that every process loses its lease.
    RedisPauseLong,
    /// Memory beyond `maxmemory`, with the policy `noeviction`.
    RedisMemory,
    /// A replica takes over, once it has everything, and Sentinel follows.
    Failover,
    /// Connections are cut in the middle of a command or of an answer.
    Cut,
    /// Redis closes every client's connection.
    ClientKill,
    /// Redis forgets every script.
    ScriptFlush,
    /// Another program is killed in the middle of a transaction in the file.
    KillInTransaction,
    /// Another program holds the file's write lock.
    Lock,
    /// The same for longer than a process trusts its claims.
    LockLong,
    /// Another program reads for long, so that no checkpoint gets through.
    LongReader,
    /// A copy is made while everything runs, and has to be whole.
    Backup,
}

/// Faults of one lane come one after the other; the lanes run side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Processes,
    Sleep,
    Store,
}

impl Lane {
    pub(super) const ALL: [Lane; 3] = [Lane::Processes, Lane::Sleep, Lane::Store];

    /// Milliseconds between the end of a fault and the next.
    fn gap_ms(self) -> (u64, u64) {
        match self {
            Lane::Processes => (300, 1_500),
            Lane::Sleep => (3_000, 15_000),
            Lane::Store => (500, 2_000),
        }
    }
}

impl Kind {
    pub(super) const ALL: [Kind; 20] = [
        Kind::Kill,
        Kind::KillPusher,
        Kind::KillInStop,
        Kind::Rolling,
        Kind::Suspend,
        Kind::DiskFull,
        Kind::PowerCut,
        Kind::RedisKill,
        Kind::RedisPause,
        Kind::RedisPauseLong,
        Kind::RedisMemory,
        Kind::Failover,
        Kind::Cut,
        Kind::ClientKill,
        Kind::ScriptFlush,
        Kind::KillInTransaction,
        Kind::Lock,
        Kind::LockLong,
        Kind::LongReader,
        Kind::Backup,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Kill => "kill",
            Kind::KillPusher => "kill-pusher",
            Kind::KillInStop => "kill-in-stop",
            Kind::Rolling => "rolling",
            Kind::Suspend => "suspend",
            Kind::DiskFull => "disk-full",
            Kind::PowerCut => "power-cut",
            Kind::RedisKill => "redis-kill",
            Kind::RedisPause => "redis-pause",
            Kind::RedisPauseLong => "redis-pause-long",
            Kind::RedisMemory => "redis-memory",
            Kind::Failover => "failover",
            Kind::Cut => "cut",
            Kind::ClientKill => "client-kill",
            Kind::ScriptFlush => "script-flush",
            Kind::KillInTransaction => "kill-in-transaction",
            Kind::Lock => "lock",
            Kind::LockLong => "lock-long",
            Kind::LongReader => "long-reader",
            Kind::Backup => "backup",
        }
    }

    pub(super) fn lane(self) -> Lane {
        match self {
            Kind::Kill | Kind::KillPusher | Kind::KillInStop | Kind::Rolling => Lane::Processes,
            Kind::Suspend => Lane::Sleep,
            _ => Lane::Store,
        }
    }

    pub(super) fn is_for(self, redis: bool) -> bool {
        match self {
            Kind::RedisKill
            | Kind::RedisPause
            | Kind::RedisPauseLong
            | Kind::RedisMemory
            | Kind::Failover
            | Kind::Cut
            | Kind::ClientKill
            | Kind::ScriptFlush => redis,
            Kind::KillInTransaction | Kind::Lock | Kind::LockLong | Kind::LongReader | Kind::Backup => !redis,
            _ => true,
        }
    }

    /// Milliseconds for which it lasts, from and to.
    fn span_ms(self) -> (u64, u64) {
        let trust = limits::TRUST_FOR.as_millis() as u64;
        // Others look for ended leases now and then: one that wakes before they have looked loses nothing.
        let lost = (limits::LEASE + 2 * limits::REAP_EVERY).as_millis() as u64;
        match self {
            Kind::Suspend => (lost, lost + 4_000),
            Kind::RedisPauseLong | Kind::LockLong => (trust + 1_000, trust + 5_000),
            Kind::RedisPause | Kind::Lock => (500, 5_000),
            Kind::DiskFull | Kind::RedisMemory => (1_000, 3_000),
            Kind::LongReader => (3_000, 10_000),
            Kind::RedisKill => (0, 1_500),
            Kind::Cut => (5, 15),
            Kind::KillInStop => (0, 60),
            _ => (0, 0),
        }
    }

    /// What making it takes beside its span, on a machine that has something else to do: seconds that say when the
    /// next one is due, and nothing more.
    fn effort_ms(self) -> u64 {
        match self {
            Kind::Rolling | Kind::PowerCut => 4_000,
            Kind::Failover => 7_000,
            Kind::RedisKill | Kind::DiskFull => 1_000,
            Kind::Cut | Kind::Backup => 1_000,
            _ => 200,
        }
    }

    /// How often it stands in one round of draws.
    fn weight(self) -> usize {
        match self {
            Kind::Kill => 3,
            // What is not synced is remembered from one cut to the next.
            Kind::PowerCut => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
            Some(kind) => Ok(kind),
            None => {
                let names: Vec<_> = Kind::ALL.into_iter().map(Kind::name).collect();
                bail!("there is no fault {name:?}: name some of {}", names.join(", "))
            }
        }
    }
}

/// One fault of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// When it is due, from the beginning. It comes later when those before it took long.
    pub(super) at: Duration,
    pub(super) kind: Kind,
    /// How long it lasts.
    pub(super) span: Duration,
    /// Chance for what the fault chooses itself: whom it hits, where it cuts.
    pub(super) dice: u64,
}

/// The faults of one lane. Every kind that fits comes once before any comes again.
pub(super) fn draw(seed: u64, total: Duration, kinds: &[Kind], lane: Lane) -> Vec<Plan> {
    let kinds: Vec<Kind> = kinds.iter().copied().filter(|kind| kind.lane() == lane).collect();
    let mut dice = Dice { seed: roll(seed, lane as u64), place: 0 };
    let total_ms = total.as_millis() as u64;
    let (mut plans, mut bag) = (Vec::new(), Vec::new());
    let mut at_ms = WARM_UP_MS;
    loop {
        at_ms += dice.between(lane.gap_ms());
        let fits = |kind: &Kind| at_ms + kind.span_ms().1 + kind.effort_ms() + COOL_DOWN_MS <= total_ms;
        if !bag.iter().any(fits) {
            bag = dice.shuffled(&kinds);
        }
        let Some(place) = bag.iter().position(fits) else { return plans };
        let kind = bag.remove(place);
        let span_ms = dice.between(kind.span_ms());
        let (at, span) = (Duration::from_millis(at_ms), Duration::from_millis(span_ms));
        plans.push(Plan { at, kind, span, dice: dice.next() });
        at_ms += span_ms + kind.effort_ms();
    }
}

/// Milliseconds at the beginning in which jobs get under way, and at the end in which nothing new befalls them.
const WARM_UP_MS: u64 = 500;
const COOL_DOWN_MS: u64 = 1_000;

struct Dice {
    seed: u64,
    place: u64,
}

impl Dice {
    fn next(&mut self) -> u64 {
        self.place += 1;
        roll(self.seed, self.place)
    }

    fn between(&mut self, (from, to): (u64, u64)) -> u64 {
        from + self.next() % (to - from + 1)
    }

    fn shuffled(&mut self, kinds: &[Kind]) -> Vec<Kind> {
        let mut bag: Vec<Kind> = kinds.iter().flat_map(|&kind| std::iter::repeat_n(kind, kind.weight())).collect();
        for last in (1..bag.len()).rev() {
            bag.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
        bag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn kinds(redis: bool) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| kind.is_for(redis)).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_faults_and_another_others() {
        for lane in Lane::ALL {
            assert_eq!(draw(7, MINUTE, &kinds(true), lane), draw(7, MINUTE, &kinds(true), lane));
        }
        assert_ne!(draw(7, MINUTE, &kinds(true), Lane::Store), draw(8, MINUTE, &kinds(true), Lane::Store));
    }

    #[test]
    fn five_minutes_have_every_fault_of_a_store() {
        for redis in [true, false] {
            let drawn: Vec<Kind> = Lane::ALL
                .into_iter()
                .flat_map(|lane| draw(3, 5 * MINUTE, &kinds(redis), lane))
                .map(|plan| plan.kind)
                .collect();
            assert!(kinds(redis).iter().all(|kind| drawn.contains(kind)), "{drawn:?}");
        }
    }

    #[test]
    fn what_does_not_fit_into_the_time_is_not_drawn() {
        let total = Duration::from_secs(20);
        assert!(draw(1, total, &kinds(true), Lane::Sleep).is_empty());
        for lane in Lane::ALL {
            for plan in draw(1, total, &kinds(true), lane) {
                assert!(plan.at + plan.span < total, "{plan:?}");
            }
        }
    }

    #[test]
    fn every_name_is_read_as_its_fault() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().expect("a name"), kind);
        }
        assert!("earthquake".parse::<Kind>().is_err());
    }
}
