//! What `/metrics` tells: this process's own counters, and what the store holds.

use super::exposition::{Exposition, Kind, Samples};
use super::performed::{BOUNDS, ClassCounters, Counters, Performed};
use super::store::{Contents, Seen};
use crate::core::inspect::{Paused, QueueRow};
use crate::{CapsuleStatus, Health, RunningServer};

/// The whole text.
pub(super) fn write(server: &RunningServer, performed: &Performed, seen: &Seen) -> String {
    let mut text = Exposition::default();
    this_process(&mut text, &server.capsules(), &server.health());
    counters(&mut text, &performed.read());
    let up = if seen.store.is_some() { 1.0 } else { 0.0 };
    text.single("sancho_store_up", Kind::Gauge, "Whether the store answered this scrape.", up);
    let help = "How long the store took to answer this scrape.";
    text.single("sancho_store_answer_seconds", Kind::Gauge, help, seen.took.as_secs_f64());
    if let Some(contents) = &seen.store {
        store(&mut text, contents);
    }
    text.finish()
}

fn this_process(text: &mut Exposition, capsules: &[CapsuleStatus], health: &Health) {
    text.family("sancho_build_info", Kind::Gauge, "The version of Sancho.", |samples| {
        samples.add(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    });
    let of_capsules = |part: fn(&CapsuleStatus) -> usize| {
        move |samples: &mut Samples<'_>| {
            for capsule in capsules {
                samples.add(&[("capsule", &capsule.name)], part(capsule) as f64);
            }
        }
    };
    let help = "Jobs that this process can run at a time.";
    text.family("sancho_slots", Kind::Gauge, help, of_capsules(|capsule| capsule.slots));
    text.family("sancho_busy", Kind::Gauge, "Jobs that this process runs.", of_capsules(|capsule| capsule.busy));
    let truth = |truth| if truth { 1.0 } else { 0.0 };
    let quiet = truth(health.quiet || health.stopping);
    text.single("sancho_quiet", Kind::Gauge, "Whether this process takes no more jobs.", quiet);
    let help = "Classes that this build does not know and whose jobs wait, once for each queue.";
    text.single("sancho_unknown_classes", Kind::Gauge, help, health.unknown_classes.len() as f64);
    if let Some(ago) = health.fetched_ago {
        let help = "How long ago this process last asked the store for jobs with success.";
        text.single("sancho_fetched_ago_seconds", Kind::Gauge, help, ago.as_secs_f64());
    }
    let memory = crate::server::resident_bytes();
    if memory > 0 {
        text.single("sancho_memory_bytes", Kind::Gauge, "Resident memory of this process.", memory as f64);
    }
}

fn counters(text: &mut Exposition, counters: &Counters) {
    let by_class = |part: fn(&ClassCounters) -> u64| {
        move |samples: &mut Samples<'_>| {
            for (class, of_class) in &counters.classes {
                samples.add(&[("class", class)], part(of_class) as f64);
            }
        }
    };
    let help = "Jobs that this process performed, whatever came of them.";
    text.family("sancho_processed_total", Kind::Counter, help, by_class(|class| class.processed));
    let help = "Jobs of this process that failed, each time they did.";
    text.family("sancho_failed_total", Kind::Counter, help, by_class(|class| class.failed));
    text.family("sancho_run_seconds", Kind::Histogram, "How long jobs of this process ran.", |samples| {
        for (class, of_class) in &counters.classes {
            histogram(samples, class, of_class);
        }
    });
    let totals = [
        (
            "sancho_claims_lost_total",
            "Results that came too late: others had taken the job over.",
            counters.claims_lost,
        ),
        ("sancho_leases_lost_total", "Times that this process was taken for dead.", counters.leases_lost),
        ("sancho_store_outages_total", "Times that the store could not be reached.", counters.store_outages),
        ("sancho_promoted_total", "Due jobs that this process sent to their queues.", counters.promoted),
        ("sancho_taken_over_total", "Jobs of processes that died, which this one took over.", counters.taken_over),
    ];
    for (name, help, value) in totals {
        text.single(name, Kind::Counter, help, value as f64);
    }
}

fn histogram(samples: &mut Samples<'_>, class: &str, of_class: &ClassCounters) {
    let mut below = 0;
    for (bound, runs) in BOUNDS.iter().zip(of_class.buckets) {
        below += runs;
        samples.add_as("_bucket", &[("class", class), ("le", &bound.as_secs_f64().to_string())], below as f64);
    }
    samples.add_as("_bucket", &[("class", class), ("le", "+Inf")], of_class.runs as f64);
    samples.add_as("_sum", &[("class", class)], of_class.seconds);
    samples.add_as("_count", &[("class", class)], of_class.runs as f64);
}

fn store(text: &mut Exposition, contents: &Contents) {
    let by_queue = |part: fn(&QueueRow) -> f64| {
        move |samples: &mut Samples<'_>| {
            for queue in &contents.queues {
                samples.add(&[("queue", queue.name.as_str())], part(queue));
            }
        }
    };
    text.family("sancho_queue_depth", Kind::Gauge, "Jobs in a queue.", by_queue(|queue| queue.size as f64));
    let help = "How long the next job of a queue has waited.";
    text.family("sancho_queue_latency_seconds", Kind::Gauge, help, by_queue(|queue| queue.latency.as_secs_f64()));
    let help = "Whether nothing is claimed from a queue.";
    let paused = |queue: &QueueRow| if queue.paused == Paused::Yes { 1.0 } else { 0.0 };
    text.family("sancho_queue_paused", Kind::Gauge, help, by_queue(paused));
    text.family("sancho_class_paused", Kind::Gauge, "Classes whose jobs are held, each 1.", |samples| {
        for class in &contents.paused_classes {
            samples.add(&[("class", class)], 1.0);
        }
    });
    let help = "Queues that are not told by name, for their number.";
    text.single("sancho_queues_left_out", Kind::Gauge, help, contents.queues_left_out as f64);

    let stats = &contents.stats;
    text.family("sancho_jobs", Kind::Gauge, "Jobs of the store, by state.", |samples| {
        let states = [
            ("enqueued", stats.enqueued),
            ("busy", stats.busy),
            ("scheduled", stats.scheduled),
            ("retries", stats.retries),
            ("dead", stats.dead),
            ("held", stats.held),
        ];
        for (state, jobs) in states {
            samples.add(&[("state", state)], jobs as f64);
        }
    });
    let help = "Jobs that all processes performed since the store was made.";
    text.single("sancho_store_processed_total", Kind::Counter, help, stats.processed as f64);
    let help = "Jobs of all processes that failed since the store was made.";
    text.single("sancho_store_failed_total", Kind::Counter, help, stats.failed as f64);
    text.single("sancho_processes", Kind::Gauge, "Processes that live.", stats.processes as f64);
    text.single("sancho_store_slots", Kind::Gauge, "Slots of all processes that live.", contents.slots as f64);
    if let Some(round_trip) = contents.round_trip {
        let help = "How long the last beat of this process took.";
        text.single("sancho_round_trip_seconds", Kind::Gauge, help, round_trip.as_secs_f64());
    }
}
