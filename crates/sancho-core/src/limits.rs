//! Every bound of the system, with its unit and its reason.

use std::time::Duration;

/// Bytes of one payload. A job's arguments are names of things, not the things: Redis and SQLite both slow
/// down long before this, and a page has to show it.
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Levels of arrays and objects in a payload. Sidekiq's JSON reader refuses deeper ones, and buries them.
pub const PAYLOAD_DEPTH_MAX: usize = 100;

/// Bytes of a jid: long enough for every id that a foreign program is known to use.
pub const JID_BYTES_MAX: usize = 255;

/// Bytes of a queue name: it is part of Redis keys and of addresses of pages.
pub const QUEUE_NAME_BYTES_MAX: usize = 255;

/// Bytes of a key: it is indexed, so it stays short.
pub const KEY_BYTES_MAX: usize = 512;

/// Bytes of a class name.
pub const CLASS_BYTES_MAX: usize = 512;

/// Tags of one job: they are shown on one line of a page.
pub const TAGS_MAX: usize = 32;

/// Bytes of a `tracestate` that are carried on: what W3C's recommendation asks of everybody.
pub const TRACESTATE_BYTES_MAX: usize = 512;

/// Jobs of one atomic push: a larger one would hold the write lock, or a Redis script, for too long.
pub const JOBS_PER_PUSH_MAX: usize = 10_000;

/// Jobs of one claim: Lua's `unpack` and a reply's size are bounded.
pub const JOBS_PER_CLAIM_MAX: usize = 1_000;

/// Jobs moved by one call of promote, take-over, prune or apply, unless the caller asks for fewer.
pub const JOBS_PER_MOVE_MAX: usize = 1_000;

/// Jobs that one page or search request may read before it answers with a cursor: reading them and holding them against
/// a filter takes some tens of milliseconds, in either store, and a person waits for it.
pub const JOBS_PER_SCAN_MAX: usize = 5_000;

/// Jobs that one step of looking for an id goes through at most, where a store has no index of ids: they are compared
/// where they are kept, some tens of milliseconds of it.
pub const JOBS_PER_SEEK_MAX: usize = 20_000;

/// Characters of an error message that are kept, as Sidekiq keeps them.
pub const ERROR_MESSAGE_CHARS_MAX: usize = 10_000;

/// Characters of an error's class that are kept: the name of a generic type may be as long as a program.
pub const ERROR_CLASS_CHARS_MAX: usize = 512;

/// Lines of a backtrace that are kept when all are asked for.
pub const BACKTRACE_LINES_MAX: usize = 200;

/// Characters of one line of a backtrace that are kept: with all lines far less than the mebibyte that a reader of
/// backtraces inflates at most.
pub const BACKTRACE_LINE_CHARS_MAX: usize = 1_000;

/// How long a store remembers a pushed batch, so that a push of unknown outcome may be repeated. Whoever repeats
/// does so within seconds, and a store on Redis pays a hundred bytes for each batch of this time.
pub const PUSH_REPEAT: Duration = Duration::from_secs(60);

/// How often a process beats.
pub const BEAT_EVERY: Duration = Duration::from_secs(5);

/// How long after its last good beat a process trusts its own claims, on a clock that counts suspension.
pub const TRUST_FOR: Duration = Duration::from_secs(15);

/// How long after its last good beat others may take a process's claims over. Longer than [`TRUST_FOR`],
/// so that a process stops before others start.
pub const LEASE: Duration = Duration::from_secs(20);

/// How often a process looks for others whose lease has ended.
pub const REAP_EVERY: Duration = Duration::from_secs(2);

/// How many times within [`ORPHAN_WINDOW`] a job may be orphaned before it is buried as poison.
pub const ORPHANED_MAX: usize = 3;

/// The window in which orphanings count together.
pub const ORPHAN_WINDOW: Duration = Duration::from_secs(72 * 60 * 60);

/// How long a job that was orphaned twice waits for its process to be quiet, and then runs alone.
pub const ALONE_FOR: Duration = Duration::from_secs(60);

/// How long after a class was first met, and not known, its jobs go to the dead set.
pub const UNKNOWN_CLASS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A class not met for this long, on that queue, is met anew.
pub const UNKNOWN_CLASS_FORGET: Duration = Duration::from_secs(60 * 60);

/// The longest a server sleeps before it asks the store again, though nothing woke it.
pub const POLL_EVERY: Duration = Duration::from_secs(2);

/// How long running jobs may go on after a stop, unless configured.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(25);

/// How long a job may take over its last words, when its tries are over: it holds its slot meanwhile, and a stop must
/// not be used up by them.
pub const LAST_WORDS_FOR: Duration = Duration::from_secs(10);

/// How long a running job that was canceled may go on, to come to an end by itself, before its code is dropped.
pub const CANCEL_GRACE: Duration = Duration::from_secs(3);

/// How long code that was dropped has to be gone, before its job is settled although the code still runs.
pub const DROP_WITHIN: Duration = Duration::from_secs(3);

/// How long the code of a job on the runtime may run without yielding before it is named: the jobs, the application and
/// the timers beside it wait for as long.
pub const YIELD_WITHIN: Duration = Duration::from_secs(1);

/// How often what a running job says of its progress is kept, at most.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// How long a thread for blocking jobs waits for the next one before it ends.
pub const BLOCKING_THREAD_IDLE: Duration = Duration::from_secs(10);

/// Threads for blocking jobs of one server: each takes memory for its stack, and the system has only so many.
pub const BLOCKING_THREADS_MAX: usize = 1_000;

/// Slots of a capsule, unless configured.
pub const SLOTS: usize = 25;

/// Slots of a process, over all its capsules: a beat names every claim that is held, and each has to be looked at.
pub const SLOTS_PER_PROCESS_MAX: usize = 10_000;

/// Capsules of a process: each asks the store by itself.
pub const CAPSULES_MAX: usize = 100;

/// Queues that one capsule serves, patterns expanded: each claim names them all, and a store looks at each.
pub const QUEUES_PER_CAPSULE_MAX: usize = 1_000;

/// The weight of a queue: proportions are kept over a thousand jobs, and a larger one could not be seen there.
pub const QUEUE_WEIGHT_MAX: u32 = 1_000;

/// How often a server whose queues are named by patterns asks which queues there are: the longest that the first job of
/// a new queue waits for a slot that is free.
pub const DISCOVER_EVERY: Duration = Duration::from_secs(2);

/// Retries of a job whose `retry` is `true`, unless configured: about 21 days.
pub const RETRIES: u32 = 25;

/// Jobs that the dead set keeps, unless configured.
pub const DEAD_JOBS_MAX: u64 = 10_000;

/// How long the dead set keeps a job, unless configured: six months of 30 days.
pub const DEAD_KEPT_FOR: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// How long counters by day are kept: five years.
pub const HISTORY_KEPT_FOR: Duration = Duration::from_secs(5 * 365 * 24 * 60 * 60);

/// Classes whose executions one beat tells, or waits to tell while the store is away: more than a program has, since
/// the names inside wrappers come from payloads.
pub const CLASSES_PER_BEAT_MAX: usize = 1_000;

/// Queues whose jobs one beat counts, or waits to tell of while the store is away: as many as a capsule serves. A beat is
/// one step of the store, and each queue is a write in it.
pub const QUEUES_PER_BEAT_MAX: usize = 1_000;

/// Processes of other programs whose running jobs one look at a store reads: more than a fleet has.
pub const OTHER_PROCESSES_LOOKED_AT_MAX: usize = 1_000;

/// Classes not known that one server, or one look at a store, tells of: their names come from payloads.
pub const UNKNOWN_CLASSES_TOLD_MAX: usize = 1_000;

/// How long execution metrics by the minute are kept: eight hours.
pub const METRICS_KEPT_FOR: Duration = Duration::from_secs(8 * 60 * 60);

/// How long execution metrics by ten minutes are kept: three days, as Sidekiq keeps them.
pub const METRICS_COARSE_KEPT_FOR: Duration = Duration::from_secs(72 * 60 * 60);

/// Classes of which one look at the metrics tells: more than a table that people read has rows.
pub const METRICS_CLASSES_MAX: usize = 100;

/// Classes that one look at the metrics compares to find those that it tells of.
pub const METRICS_CLASSES_GATHERED_MAX: usize = 10_000;

/// Classes that are counted in one step, where a store does not leave that to Redis: names come from payloads, and
/// one of a thousand forms is none that a person looks for.
pub const METRICS_CLASSES_PER_STEP_MAX: usize = 5_000;

/// Queues of which one look at the metrics tells, the busiest: as many as a capsule serves.
pub const METRICS_QUEUES_MAX: usize = 1_000;

/// Queues that one look at the metrics compares to find those that it tells of.
pub const METRICS_QUEUES_GATHERED_MAX: usize = 10_000;

/// Queues that are counted in one step, where a store does not leave that to Redis: a program may make a queue for each
/// of its tenants, and a step stays one that is soon read.
pub const METRICS_QUEUES_PER_STEP_MAX: usize = 5_000;

/// The span over which the throughput of a queue is told: long enough to be steady, short enough to be of now.
pub const THROUGHPUT_OVER: Duration = Duration::from_secs(5 * 60);

/// How long deploy marks are kept: ninety days, as Sidekiq keeps them.
pub const MARKS_KEPT_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Deploy marks that one look tells of, the latest: they stand side by side on one chart.
pub const MARKS_MAX: usize = 1_000;

/// How long after a deploy was marked the same label means the same deploy: each of its processes may tell of it.
pub const MARK_REPEAT: Duration = Duration::from_secs(60);

/// Characters of a deploy mark's label: it stands beside a line on a chart.
pub const MARK_LABEL_CHARS_MAX: usize = 200;

/// Bytes of a running job's checkpoint: a cursor, progress and a step, which are written while the job runs.
pub const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;

/// Characters of a named step that are kept: it stands on one line of a page.
pub const STEP_CHARS_MAX: usize = 200;

/// Bytes of one order: the longest names every queue of a capsule.
pub const ORDER_BYTES_MAX: usize = 64 * 1024;

/// Capsules of one process that its beats tell of: they are shown in one row of a page.
pub const CAPSULES_TOLD_MAX: usize = 100;

/// Queues of one capsule that its process's beats tell of: a pattern may mean thousands, and each beat tells them all.
pub const QUEUES_TOLD_MAX: usize = 1_000;
