//! What happens in a run, drawn up before it begins: who takes part, what they do, and what goes wrong.
//!
//! A plan is all there is to a run but the fine interleaving, which its seed draws. It can be written down, changed and
//! run again: that is how a failing seed is shrunk, and how a regression is kept.

use serde::{Deserialize, Serialize};

use super::request::Request;

/// The name of the server that is started when the last fault is over.
const LAST: char = 'Z';

/// A run. Times are milliseconds since its beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What the interleaving, the latencies and the engine's own chance are drawn from.
    pub seed: u64,
    /// Whether the store tells its own time.
    pub store_clock: StoreClock,
    /// When the last fault is over: a quiet time follows, in which all has to come to its end.
    pub quiet_from_ms: u64,
    /// The servers; their number is their name.
    pub servers: Vec<ServerPlan>,
    /// The clients that push; they come after the servers.
    pub pushers: Vec<PusherPlan>,
    /// What goes wrong.
    pub mishaps: Vec<Mishap>,
}

/// Whether a store tells its own time at a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreClock {
    /// It does, as Redis: processes may be on hosts whose clocks disagree.
    Own,
    /// It answers with what it was told, as SQLite: all processes are on one host, and share its clock.
    Echo,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerPlan {
    /// When it is started.
    pub starts_ms: u64,
    /// Its slots.
    pub slots: usize,
    /// Its queues, as a server is told them.
    pub queues: Vec<String>,
    /// The queues of a second capsule, if it has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second_capsule: Vec<String>,
    /// How long it lets jobs finish when it stops.
    pub stop_timeout_ms: u64,
    /// How many dead jobs it keeps.
    pub dead_jobs_max: u64,
    /// How far its host's clock is ahead of the true time.
    pub skew_ms: i64,
    /// How it is woken.
    pub wakes: Wakes,
}

/// What a wait for wake-ups is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wakes {
    /// It wakes when there is something.
    Well,
    /// It never wakes.
    Never,
    /// It wakes so long after there was something.
    Late(u64),
    /// It wakes so long after the wait began, whatever happened.
    Anyway(u64),
}

/// One client that pushes, and does other things to jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PusherPlan {
    /// How far its host's clock is ahead of the true time.
    pub skew_ms: i64,
    /// What it does, one after another.
    pub deeds: Vec<Deed>,
}

/// One thing that a client does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// Not before this time.
    pub at_ms: u64,
    /// What.
    pub what: What,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// Pushes one job.
    Push(NewAct),
    /// Pushes jobs as one batch.
    PushBulk(Vec<NewAct>),
    /// Pushes a job of a class that nobody knows.
    PushStranger,
    /// Pushes bytes that are no payload.
    PushGarbage,
    /// Cancels the job of its own that was pushed so many acknowledgements ago.
    Cancel(usize),
    /// Cancels the job that holds a key.
    CancelKey(String),
    /// Moves the job that holds a key.
    RescheduleKey {
        /// The key.
        key: String,
        /// To so long from now.
        after_ms: u64,
    },
    /// Runs every dead job again.
    RunDead,
    /// Buries every job that waits for its retry.
    KillRetries,
    /// Stops a queue from being claimed, for so long.
    PauseQueue {
        /// The queue.
        queue: String,
        /// How long.
        for_ms: u64,
    },
    /// Has the running job cancelled that was pushed so many acknowledgements ago.
    CancelRunning(usize),
    /// Leaves an order for the process that was seen first, or last.
    Order {
        /// Which of those that live, counted round.
        process: usize,
        /// What it is told.
        stop: bool,
    },
}

/// A job that is to be pushed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewAct {
    /// What the job does, run by run: see [`super::act::Script`].
    pub script: String,
    /// Its queue.
    pub queue: String,
    /// When it is due, after the push; zero means at once.
    pub after_ms: u64,
    /// Its key.
    pub key: Option<String>,
    /// What happens when the key is taken: `keep`, `replace` or `refuse`.
    pub on_conflict: String,
    /// How often it is retried.
    pub retry: u32,
    /// Whether each run of it has a timeout of 400 ms.
    pub brief: bool,
}

/// Something that goes wrong with one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mishap {
    /// The process: servers first, then pushers.
    pub process: usize,
    /// When.
    pub when: When,
    /// What.
    pub what: Fault,
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// At a time.
    At(u64),
    /// At this call of the process's store, counted from one over all its lives.
    Call(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// At a time: the process is killed, and started again so long after.
    Crash {
        /// How long it is gone.
        restart_ms: u64,
    },
    /// At a time: the process is frozen for so long.
    Freeze {
        /// How long.
        for_ms: u64,
    },
    /// At a time: a server is stopped, and started again so long after it has stopped.
    Stop {
        /// How long it is gone.
        restart_ms: u64,
    },
    /// At a time: a server is made quiet, and stopped so long after.
    Quiet {
        /// How long it stays quiet.
        stop_ms: u64,
    },
    /// At a time: a server is told to stop now.
    StopNow {
        /// How long it is gone.
        restart_ms: u64,
    },
    /// From a time on: the store cannot be reached by this process.
    Away {
        /// How long.
        for_ms: u64,
        /// How long each call takes to fail.
        fails_after_ms: u64,
    },
    /// At a time: the wall clock of the process's host steps.
    ClockStep {
        /// By so much.
        by_ms: i64,
    },
    /// At a call: it fails, and nothing happened.
    Refused,
    /// At a call: it is not known what came of it, and nothing happened.
    RequestLost,
    /// At a call: it is not known what came of it, and it happened.
    ReplyLost,
    /// At a call: it happens twice.
    Twice,
    /// At a call: it takes so long before it happens, and so long after.
    Slow {
        /// Before.
        before_ms: u64,
        /// After.
        after_ms: u64,
    },
    /// At a call: the process is killed before it happens.
    CrashBefore {
        /// How long it is gone.
        restart_ms: u64,
    },
    /// At a call: the process is killed when it has happened.
    CrashAfter {
        /// How long it is gone.
        restart_ms: u64,
    },
}

impl Plan {
    /// Reads a plan that was written down; lines that begin with `#` are for people.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Plan, serde_json::Error> {
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        serde_json::from_str(&lines.join("\n"))
    }

    /// Writes the plan down.
    ///
    /// # Panics
    /// Never: a plan is plain data.
    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).expect("a plan is plain data")
    }

    /// How many processes take part.
    pub fn processes(&self) -> usize {
        self.servers.len() + self.pushers.len()
    }

    /// The name of a process: servers have capitals, clients small letters.
    pub fn name(&self, process: usize) -> char {
        if process >= self.processes() {
            return LAST;
        }
        let (first, index) = match process.checked_sub(self.servers.len()) {
            None => (b'A', process),
            Some(pusher) => (b'p', pusher),
        };
        char::from(first + u8::try_from(index).unwrap_or(0))
    }

    /// The name of the server that is there at the end, whatever became of the others.
    pub fn last_name(&self) -> char {
        LAST
    }

    /// What goes wrong at a call of a process.
    pub fn at_call(&self, process: usize, number: u64) -> Option<Fault> {
        let here = |mishap: &&Mishap| mishap.process == process && mishap.when == When::Call(number);
        self.mishaps.iter().find(here).map(|mishap| mishap.what)
    }

    /// Whether a take-over comes to a store without a clock after the clock of the one host has stepped back, and was
    /// begun before. Its time is then later than that of younger leases. No engine can see that, and on one host a call
    /// hardly takes so long: it is left out of the simulation.
    pub(super) fn is_overtaken(&self, request: &Request, begun_ms: u64, at_ms: u64) -> bool {
        let steps_back = |mishap: &Mishap| match (mishap.when, mishap.what) {
            (When::At(at), Fault::ClockStep { by_ms }) => by_ms < 0 && begun_ms < at && at <= at_ms,
            _ => false,
        };
        self.store_clock == StoreClock::Echo
            && matches!(request, Request::TakeOver { .. })
            && self.mishaps.iter().any(steps_back)
    }

    /// By how much wall clocks step back in all.
    pub(super) fn stepped_back_ms(&self) -> u64 {
        let back = |mishap: &Mishap| match mishap.what {
            Fault::ClockStep { by_ms } if by_ms < 0 => by_ms.unsigned_abs(),
            _ => 0,
        };
        self.mishaps.iter().map(back).sum()
    }

    /// What goes wrong with a process at times, in their order.
    pub fn at_times(&self, process: usize) -> Vec<(u64, Fault)> {
        let timed = |mishap: &Mishap| match mishap.when {
            When::At(at) if mishap.process == process => Some((at, mishap.what)),
            _ => None,
        };
        let mut timed: Vec<_> = self.mishaps.iter().filter_map(timed).collect();
        timed.sort_by_key(|(at, _)| *at);
        timed
    }
}
