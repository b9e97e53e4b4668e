//! What is compared with what: ratios of medians, by name.

use std::collections::BTreeMap;

use crate::figure::Figures;
use crate::peers::PEERS;
use crate::store::Kind;

/// A ratio's name behind the store's, the figure, and what it is compared with, both of the same store.
const WITHIN_STORE: [(&str, &str, &str); 18] = [
    ("push1_vs_limit", "push1", "limit_push"),
    ("push50_vs_limit", "push50", "limit_push"),
    ("push50_vs_push1", "push50", "push1"),
    ("bulk_vs_limit", "bulk", "limit_bulk"),
    ("drain1_vs_limit", "drain1", "limit_drain"),
    ("drain10_vs_limit", "drain10", "limit_drain"),
    ("drain25_vs_limit", "drain25", "limit_drain"),
    ("drain100_vs_limit", "drain100", "limit_drain"),
    ("drain100_vs_merged_limit", "drain100", "limit_drain_merged"),
    ("drain100_vs_drain25", "drain100", "drain25"),
    ("drain_backlog_vs_empty", "backlog1000000_drain100", "backlog0_drain100"),
    ("drain_backlog_100000_vs_empty", "backlog100000_drain100", "backlog0_drain100"),
    ("drain_failures_vs_drain100", "failures100", "drain100"),
    ("drain_10_queues_vs_1", "queues10_drain100", "queues1_drain100"),
    ("drain_100_queues_vs_1", "queues100_drain100", "queues1_drain100"),
    ("two_processes_vs_one", "two_processes", "one_process"),
    ("sidekiq_drain_vs_limit", "sidekiq_drain", "limit_drain"),
    ("sidekiq_bulk_vs_limit", "sidekiq_bulk", "limit_bulk"),
];

/// The same against Ruby's Sidekiq, on a Redis that keeps nothing on disk: its best, whatever Sancho's store keeps.
const WITH_SIDEKIQ: [(&str, &str, &str); 7] = [
    ("push1_vs_sidekiq", "push1", "sidekiq_push1"),
    ("bulk_vs_sidekiq", "bulk", "sidekiq_bulk"),
    ("drain10_vs_sidekiq", "drain10", "sidekiq_drain"),
    ("drain25_vs_sidekiq", "drain25", "sidekiq_drain"),
    ("drain100_vs_sidekiq", "drain100", "sidekiq_drain"),
    ("far_drain25_vs_sidekiq", "far_drain25", "sidekiq_far_drain"),
    ("far_drain100_vs_sidekiq", "far_drain100", "sidekiq_far_drain"),
];

/// What a peer is compared in.
const WITH_PEERS: [&str; 4] = ["push1", "push50", "bulk", "drain100"];

/// Every ratio of which both figures are there.
pub fn ratios(figures: &Figures) -> BTreeMap<String, f64> {
    let mut ratios = BTreeMap::new();
    let mut compare = |name: String, figure: String, to: String| {
        ratios.extend(figures.ratio(&figure, &to).map(|ratio| (name, ratio)));
    };
    for kind in Kind::ALL {
        for (name, figure, to) in WITHIN_STORE {
            compare(kind.figure(name), kind.figure(figure), kind.figure(to));
        }
        for (name, figure, to) in WITH_SIDEKIQ {
            compare(kind.figure(name), kind.figure(figure), Kind::Redis.figure(to));
        }
    }
    for peer in PEERS {
        for figure in WITH_PEERS {
            let (name, to) = (format!("{figure}_vs_{}", peer.name), format!("{}_{figure}", peer.name));
            compare(peer.kind.figure(&name), peer.kind.figure(figure), peer.kind.figure(&to));
        }
    }
    // The limit of a push on Redis is that of one connection's round trips, by another name.
    let limit = Kind::Redis.figure("limit_push");
    compare(Kind::Redis.figure("push50_vs_round_trips"), Kind::Redis.figure("push50"), limit);
    ratios
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Subject;

    #[test]
    fn a_ratio_is_of_medians_and_only_where_both_are_there() {
        let mut figures = Figures::default();
        for (name, samples) in [
            ("redis_drain100", [80.0, 100.0, 300.0]),
            ("redis_sidekiq_drain", [10.0, 5.0, 4.0]),
            ("redis_oxana_drain100", [50.0, 40.0, 60.0]),
            ("redis_aof_drain100", [60.0, 50.0, 40.0]),
        ] {
            samples.into_iter().for_each(|sample| figures.add(name, sample));
        }
        let due = [
            ("redis_aof_drain100_vs_sidekiq", 10.0),
            ("redis_drain100_vs_oxana", 2.0),
            ("redis_drain100_vs_sidekiq", 20.0),
        ];
        assert_eq!(ratios(&figures), due.map(|(name, ratio)| (name.to_owned(), ratio)).into());
    }

    #[test]
    fn a_whole_run_has_every_ratio_that_is_promised() {
        let mut figures = Figures::default();
        for kind in Kind::ALL {
            for subject in <Subject as clap::ValueEnum>::value_variants() {
                subject.figures(kind).into_iter().for_each(|figure| figures.add(kind.figure(&figure.name), 1.0));
            }
        }
        let ratios = ratios(&figures);
        for name in [
            "redis_drain25_vs_sidekiq",
            "redis_drain100_vs_sidekiq",
            "redis_drain100_vs_limit",
            "redis_bulk_vs_sidekiq",
            "redis_push50_vs_push1",
            "redis_push50_vs_round_trips",
            "redis_drain_backlog_vs_empty",
            "redis_drain100_vs_rusty_sidekiq",
            "redis_drain100_vs_apalis_redis",
            "redis_drain100_vs_oxana",
            "redis_drain100_vs_bullmq",
            "sqlite_full_drain100_vs_limit",
            "sqlite_full_bulk_vs_limit",
            "sqlite_full_push50_vs_push1",
            "sqlite_full_drain100_vs_apalis_sqlite",
            "sqlite_full_drain_backlog_vs_empty",
        ] {
            assert!(ratios.contains_key(name), "{name} is missing");
        }
    }
}
