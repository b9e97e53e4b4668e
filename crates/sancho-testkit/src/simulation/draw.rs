//! Draws a plan from a seed.

use super::plan::{Deed, Fault, Mishap, NewAct, Plan, PusherPlan, ServerPlan, StoreClock, Wakes, What, When};
use crate::chance::Seeded;

const QUEUES: [&str; 2] = ["default", "low"];
const KEYS: [&str; 3] = ["k1", "k2", "k3"];

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64) -> Plan {
        let draw = Draw(Seeded::new(seed));
        draw.plan(seed)
    }
}

struct Draw(Seeded);

impl Draw {
    fn below(&self, end: u64) -> u64 {
        self.0.below(usize::try_from(end).unwrap_or(usize::MAX)) as u64
    }

    /// A span from one millisecond to two to the power of `doublings`: each order of magnitude as likely as another.
    fn span(&self, doublings: u64) -> u64 {
        let base = 1u64 << self.below(doublings);
        base + self.below(base)
    }

    fn plan(&self, seed: u64) -> Plan {
        let store_clock = self.0.pick(&[StoreClock::Own, StoreClock::Echo]);
        let quiet_from_ms = 5_000 + self.below(75_000);
        let mut servers: Vec<_> = (0..1 + self.below(3)).map(|_| self.server(quiet_from_ms, store_clock)).collect();
        let pushers: Vec<_> = (0..1 + self.below(2)).map(|_| self.pusher(quiet_from_ms, store_clock)).collect();
        // From a stream of its own: what is drawn besides is the same with it and without.
        let other = Draw(Seeded::new(seed ^ 0x0071_6e65_7565_7300));
        servers.iter_mut().for_each(|server| other.serve_otherwise(server));
        let mut plan = Plan { seed, store_clock, quiet_from_ms, servers, pushers, mishaps: Vec::new() };
        // Some runs are calm, some are not.
        let mishaps = self.below(2 + self.span(5));
        for _ in 0..mishaps {
            let mishap = self.mishap(&plan);
            plan.mishaps.push(mishap);
        }
        for _ in 0..self.below(3) {
            let blow = self.blow(&plan);
            plan.mishaps.push(blow);
        }
        plan
    }

    fn server(&self, until: u64, store_clock: StoreClock) -> ServerPlan {
        let queues = match self.below(3) {
            0 => vec![QUEUES[1], QUEUES[0]],
            _ => QUEUES.to_vec(),
        };
        ServerPlan {
            starts_ms: if self.0.once_in(3) { self.below(until) } else { self.below(1_000) },
            slots: 1 + self.0.below(5),
            queues: queues.into_iter().map(str::to_owned).collect(),
            second_capsule: Vec::new(),
            stop_timeout_ms: self.0.pick(&[0, 100, 2_000, 25_000]),
            dead_jobs_max: if self.0.once_in(6) { 2 } else { 10_000 },
            skew_ms: self.skew(store_clock),
            wakes: match self.below(6) {
                0 => Wakes::Never,
                1 => Wakes::Late(self.span(12)),
                // Oftener would be a run of nothing but looking.
                2 => Wakes::Anyway(100 + self.span(11)),
                _ => Wakes::Well,
            },
        }
    }

    /// Some servers take their queues in turns, find them by a pattern, or have two capsules.
    fn serve_otherwise(&self, server: &mut ServerPlan) {
        let owned = |queues: &[&str]| queues.iter().map(|queue| (*queue).to_owned()).collect();
        match self.below(10) {
            0 => server.queues = owned(&["default,6", "low,2"]),
            1 => server.queues = owned(&["default,1", "low,1"]),
            2 => server.queues = owned(&["*"]),
            3 => (server.queues, server.second_capsule) = (owned(&["default"]), owned(&["low"])),
            4 => server.second_capsule = owned(&["*", "!nothing"]),
            _ => {}
        }
    }

    fn skew(&self, store_clock: StoreClock) -> i64 {
        let skew = i64::try_from(self.span(19)).unwrap_or(0);
        match (store_clock, self.below(4)) {
            // One host has one clock.
            (StoreClock::Echo, _) | (_, 0 | 1) => 0,
            (_, 2) => skew,
            _ => -skew,
        }
    }

    fn pusher(&self, until: u64, store_clock: StoreClock) -> PusherPlan {
        let skew_ms = self.skew(store_clock);
        let mut deeds: Vec<_> =
            (0..3 + self.below(12)).map(|_| Deed { at_ms: self.below(until * 3 / 4), what: self.what() }).collect();
        deeds.sort_by_key(|deed| deed.at_ms);
        PusherPlan { skew_ms, deeds }
    }

    fn what(&self) -> What {
        match self.below(24) {
            0..=10 => What::Push(self.act()),
            11..=13 => What::PushBulk((0..1 + self.below(5)).map(|_| self.act()).collect()),
            14 => match self.below(3) {
                0 => What::PushStranger,
                _ => What::PushGarbage,
            },
            15 => What::Cancel(self.0.below(4)),
            16 | 17 => What::CancelKey(self.key()),
            18 | 19 => What::RescheduleKey { key: self.key(), after_ms: self.span(15) },
            20 => What::RunDead,
            21 => What::KillRetries,
            22 => match self.below(2) {
                0 => What::PauseQueue { queue: self.0.pick(&QUEUES).to_owned(), for_ms: self.span(15) },
                _ => What::Order { process: self.0.below(4), stop: self.0.once_in(2) },
            },
            _ => What::CancelRunning(self.0.below(4)),
        }
    }

    fn key(&self) -> String {
        self.0.pick(&KEYS).to_owned()
    }

    fn act(&self) -> NewAct {
        let runs: Vec<String> = (0..1 + self.below(1 + self.span(2))).map(|_| self.run()).collect();
        let on_conflict = self.0.pick(&["keep", "replace", "refuse"]).to_owned();
        NewAct {
            script: runs.join(" "),
            queue: self.0.pick(&QUEUES).to_owned(),
            after_ms: if self.0.once_in(3) { self.span(15) } else { 0 },
            key: self.0.once_in(3).then(|| self.key()),
            on_conflict,
            retry: u32::try_from(self.below(4)).unwrap_or(0),
            brief: self.0.once_in(10),
        }
    }

    /// One run of a script: how long it works, how it ends, what it pushes.
    fn run(&self) -> String {
        let works_ms = match self.below(4) {
            0 => 0,
            // Longer than a lease.
            1 if self.0.once_in(4) => 20_000 + self.below(20_000),
            _ => self.span(13),
        };
        let ends = self.0.pick(&['d', 'd', 'd', 'd', 'd', 'f', 'r', 'r', 'p', 's', 'x', 'k']);
        let pushes = match self.below(8) {
            0 => "+",
            1 => "*",
            _ => "",
        };
        format!("{works_ms}{ends}{pushes}")
    }

    /// What costs a server its lease, or nearly.
    fn blow(&self, plan: &Plan) -> Mishap {
        let process = self.0.below(plan.servers.len());
        let (at, for_ms) = (When::At(self.below(plan.quiet_from_ms)), 12_000 + self.below(30_000));
        let (when, what) = match self.below(5) {
            0 | 1 => (at, Fault::Crash { restart_ms: self.span(15) }),
            2 | 3 => (at, Fault::Freeze { for_ms }),
            _ => (at, Fault::Away { for_ms, fails_after_ms: self.0.pick(&[0, 0, 5, 3_000]) }),
        };
        Mishap { process, when, what }
    }

    fn mishap(&self, plan: &Plan) -> Mishap {
        let process = self.0.below(plan.processes());
        let is_server = process < plan.servers.len();
        let at = When::At(self.below(plan.quiet_from_ms));
        let call = When::Call(1 + self.below(if is_server { 1 << (4 + self.below(5)) } else { 12 }));
        let restart_ms = self.span(15);
        let (when, what) = match self.below(20) {
            0 | 1 => (at, Fault::Crash { restart_ms }),
            2 => (call, Fault::CrashBefore { restart_ms }),
            3 => (call, Fault::CrashAfter { restart_ms }),
            4 | 5 => (at, Fault::Freeze { for_ms: self.span(16) }),
            6 if is_server => (at, Fault::Stop { restart_ms }),
            7 if is_server => (at, Fault::Quiet { stop_ms: self.span(14) }),
            8 if is_server => (at, Fault::StopNow { restart_ms }),
            9 | 10 => (at, Fault::Away { for_ms: self.span(16), fails_after_ms: self.0.pick(&[0, 0, 5, 3_000]) }),
            11 => (at, Fault::ClockStep { by_ms: self.step() }),
            12 | 13 => (call, Fault::Slow { before_ms: self.slow(), after_ms: self.slow() }),
            14 => (call, Fault::Refused),
            15 => (call, Fault::RequestLost),
            16 | 17 => (call, Fault::ReplyLost),
            _ => (call, Fault::Twice),
        };
        Mishap { process, when, what }
    }

    fn slow(&self) -> u64 {
        if self.0.once_in(3) { 0 } else { self.span(15) }
    }

    fn step(&self) -> i64 {
        let by = i64::try_from(self.span(19)).unwrap_or(0);
        if self.0.once_in(2) { by } else { -by }
    }
}
