//! What a person should look at.

use std::time::Duration;

use sancho_core::inspect::Paused;
use sancho_core::metrics::Metrics;
use sancho_core::{ProcessRow, QueueRow, Stats, UnknownClass, limits};

use super::super::metrics::all;
use crate::frame::Frame;
use crate::text::{names, shortened, visible};

/// How long the next job of a queue may wait before somebody should look.
const LATENCY_TARGET: Duration = Duration::from_secs(60);

/// The part of executions in the last hour that may fail, in percent, before somebody should look.
const FAILURES_PERCENT: u64 = 10;

/// Queues that are named because they are late, and that are named because they are paused.
const QUEUES_NAMED_MAX: usize = 5;

/// Classes not known that are named, and characters of a name: they come from payloads.
const CLASSES_NAMED_MAX: usize = 3;
const CLASS_CHARS_MAX: usize = 80;

/// Over how long retries are compared: short enough for a sudden trouble, and longer than a few unlucky minutes.
const GROWTH_OVER: Duration = Duration::from_secs(10 * 60);

/// How many more jobs have to wait for their next try than before, at least.
const GROWTH_JOBS_MIN: u64 = 10;

/// By how many percent more than before, at least: a store with thousands of them always has some more or less.
const GROWTH_PERCENT: u64 = 10;

/// Something that a person should look at.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    pub(super) is_bad: bool,
    pub(super) what: String,
    /// Where to look.
    pub(super) address: String,
}

/// What was seen of a store.
pub(super) struct Seen<'a> {
    pub(super) stats: &'a Stats,
    pub(super) queues: &'a [QueueRow],
    pub(super) processes: &'a [ProcessRow],
    /// The last hour.
    pub(super) hour: &'a Metrics,
    /// Classes that a process met in a queue and does not know.
    pub(super) unknown: &'a [UnknownClass],
}

/// What needs attention, the worst first.
pub(super) fn attention(f: &Frame, seen: &Seen<'_>) -> Vec<Attention> {
    let mut found: Vec<Attention> = nobody(f, seen).into_iter().collect();
    found.extend(silent(f, seen.processes));
    found.extend(unknown(f, seen.unknown));
    found.extend(late(f, seen.queues));
    found.extend(failing(f, seen.hour));
    found.extend(growing(f, seen));
    found.extend(paused(f, seen.queues));
    found
}

fn nobody(f: &Frame, seen: &Seen<'_>) -> Option<Attention> {
    let stats = seen.stats;
    let waits = stats.enqueued + stats.scheduled + stats.retries > 0;
    let what = f.t("attention.nobody").to_owned();
    (seen.processes.is_empty() && waits).then(|| Attention { is_bad: true, what, address: f.to("busy") })
}

/// Processes that have not beaten for so long that they trust their own claims no more.
fn silent(f: &Frame, processes: &[ProcessRow]) -> impl Iterator<Item = Attention> {
    let silent = processes.iter().filter(|process| f.now.since(process.beat_at) > limits::TRUST_FOR);
    silent.map(|process| {
        let name = visible(process.info.incarnation.as_str());
        let what = f.with2("attention.silent", name, f.span(f.now.since(process.beat_at)));
        Attention { is_bad: true, what, address: f.to("busy") }
    })
}

/// Classes that a process does not know, those that were met first first.
fn unknown(f: &Frame, classes: &[UnknownClass]) -> Vec<Attention> {
    let mut classes: Vec<&UnknownClass> = classes.iter().collect();
    classes.sort_by_key(|class| class.since);
    let named = classes.iter().take(CLASSES_NAMED_MAX).map(|class| {
        let name = visible(&shortened(&class.class, CLASS_CHARS_MAX)).into_owned();
        let what = f.with2("attention.unknown", name, class.queue.as_str());
        let since = f.with("attention.unknown_since", f.at(class.since).words);
        let what = format!("{what} ({since})");
        Attention { is_bad: true, what, address: f.to_queue(class.queue.as_str()) }
    });
    let mut found: Vec<Attention> = named.collect();
    if let more @ 1.. = classes.len().saturating_sub(CLASSES_NAMED_MAX) {
        let what = f.count("attention.unknown_more", more);
        found.push(Attention { is_bad: true, what, address: f.to("queues") });
    }
    found
}

/// Queues whose next job has waited for too long, in one sentence.
fn late(f: &Frame, queues: &[QueueRow]) -> Option<Attention> {
    let late = queues.iter().filter(|queue| queue.latency > LATENCY_TARGET && queue.paused == Paused::No);
    let mut late: Vec<&QueueRow> = late.collect();
    late.sort_by_key(|queue| std::cmp::Reverse(queue.latency));
    let worst = late.first()?;
    let waited = f.span(worst.latency);
    Some(match late.as_slice() {
        [queue] => {
            let what = f.with2("attention.late", queue.name.as_str(), waited);
            Attention { is_bad: false, what, address: f.to_queue(queue.name.as_str()) }
        }
        _ => {
            let what = f.with2("attention.late_many", named(&late), waited);
            Attention { is_bad: false, what, address: f.to("queues") }
        }
    })
}

fn failing(f: &Frame, hour: &Metrics) -> Option<Attention> {
    let performed = all(hour);
    if performed.failures * 100 <= performed.count * FAILURES_PERCENT {
        return None;
    }
    let mut what = f.with2("attention.failing", f.number(performed.failures), f.number(performed.count));
    if hour.left_out > 0 {
        what = format!("{what} ({})", f.count("attention.failing_of", hour.classes.len()));
    }
    Some(Attention { is_bad: false, what, address: f.to("metrics") })
}

/// Whether more jobs wait for their next try than ten minutes ago: by ten at least, and by a tenth at least.
fn growing(f: &Frame, seen: &Seen<'_>) -> Option<Attention> {
    let then = f.now.before(GROWTH_OVER);
    let before = seen.hour.sizes.iter().rev().find(|sizes| sizes.at <= then)?;
    // What was noted long before says nothing of these minutes: nobody beat since.
    if then.since(before.at) > GROWTH_OVER {
        return None;
    }
    let more = seen.stats.retries.saturating_sub(before.retries);
    let grows = more >= GROWTH_JOBS_MIN && more * 100 >= before.retries * GROWTH_PERCENT;
    let what = f.with2("attention.growing", f.number(before.retries), f.number(seen.stats.retries));
    grows.then(|| Attention { is_bad: false, what, address: f.to("retries?by=error") })
}

/// Queues that are paused with jobs in them, in one sentence.
fn paused(f: &Frame, queues: &[QueueRow]) -> Option<Attention> {
    let paused = queues.iter().filter(|queue| queue.paused == Paused::Yes && queue.size > 0);
    let mut paused: Vec<&QueueRow> = paused.collect();
    paused.sort_by_key(|queue| std::cmp::Reverse(queue.size));
    let jobs = f.count("job.jobs", paused.iter().map(|queue| queue.size).sum::<u64>());
    let (key, address) = match paused.as_slice() {
        [] => return None,
        [queue] => ("attention.paused", f.to_queue(queue.name.as_str())),
        _ => ("attention.paused_many", f.to("queues")),
    };
    Some(Attention { is_bad: false, what: f.with2(key, named(&paused), jobs), address })
}

/// The names of the first queues.
fn named(queues: &[&QueueRow]) -> String {
    names(queues.iter().map(|queue| queue.name.as_str()), QUEUES_NAMED_MAX)
}
