use proptest::prelude::*;

use super::*;
use crate::server::capsule::lineup::Named;

/// Queues with so many jobs each, that are claimed from as a store claims: quotas first, then in order.
struct Toy {
    lots: Lots,
    jobs: BTreeMap<String, usize>,
    /// The queue of each job, in the order in which they were claimed.
    claimed: Vec<String>,
    chance: Chance,
}

const PLENTY: usize = usize::MAX / 2;

impl Toy {
    fn new(order: QueueOrder, queues: &[(&str, Option<u32>, usize)]) -> Self {
        let lined = |(queue, weight, _): &(&str, Option<u32>, usize)| Lined {
            queue: QueueName::new(queue).unwrap(),
            weight: *weight,
            named: Named::Yes,
        };
        let lots = Lots::new(order, &queues.iter().map(lined).collect::<Vec<_>>());
        let jobs = queues.iter().map(|(queue, _, jobs)| ((*queue).to_owned(), *jobs)).collect();
        Toy { lots, jobs, claimed: Vec::new(), chance: Chance(7) }
    }

    fn claim(&mut self, limit: usize) -> Vec<String> {
        let seed = self.chance.next();
        let sources = self.lots.draw(limit, || seed, |_| true);
        let mut brought = Vec::new();
        let quotas = sources.iter().map(|source| (source, source.quota));
        let fill = sources.iter().map(|source| (source, limit));
        for (source, most) in quotas.chain(fill) {
            let left = self.jobs.get_mut(source.queue.as_str()).unwrap();
            let taken = most.min(*left).min(limit - brought.len());
            *left -= taken;
            brought.extend(std::iter::repeat_n(source.queue.clone(), taken));
        }
        self.lots.drawn(&sources, limit, &brought);
        let brought: Vec<String> = brought.iter().map(ToString::to_string).collect();
        self.claimed.extend(brought.clone());
        brought
    }

    /// Claims so many jobs, a drawn number of 1 to `slots` at a time.
    fn run(&mut self, jobs: usize, slots: usize) {
        let end = self.claimed.len() + jobs;
        while self.claimed.len() < end {
            let limit = 1 + self.chance.below(slots as u64) as usize;
            self.claim(limit);
        }
    }

    fn count(&self, queue: &str, from: usize) -> usize {
        self.claimed[from..].iter().filter(|claimed| *claimed == queue).count()
    }
}

/// How far a queue's jobs in any window of so many are from its share, at the most.
fn worst(claimed: &[String], queue: &str, window: usize, share: f64) -> f64 {
    let upto: Vec<usize> = std::iter::once(0)
        .chain(claimed.iter().scan(0, |sum, claimed| {
            *sum += usize::from(claimed == queue);
            Some(*sum)
        }))
        .collect();
    let off = |ends: &[usize]| ((ends[window] - ends[0]) as f64 - window as f64 * share).abs();
    upto.windows(window + 1).map(off).fold(0.0, f64::max)
}

const SIX_THREE_ONE: [(&str, Option<u32>, usize); 3] =
    [("a", Some(6), PLENTY), ("b", Some(3), PLENTY), ("c", Some(1), PLENTY)];

#[test]
fn weights_are_kept_over_any_window_of_a_thousand_jobs_at_25_slots() {
    let mut toy = Toy::new(QueueOrder::Weighted, &SIX_THREE_ONE);
    toy.run(20_000, 25);
    for (queue, share) in [("a", 0.6), ("b", 0.3), ("c", 0.1)] {
        let off = worst(&toy.claimed, queue, 1_000, share);
        assert!(off < 15.0, "{queue} is off by {off}: no more than what two claims, cut in half, may hide");
    }
}

#[test]
fn single_lots_are_spread_evenly() {
    let mut toy = Toy::new(QueueOrder::Weighted, &SIX_THREE_ONE);
    (0..30).for_each(|_| _ = toy.claim(1));
    // The first three find out that there are jobs.
    assert_eq!(toy.claimed[10..20].concat().matches('a').count(), 6, "{:?}", toy.claimed);
    assert!(!toy.claimed.concat().contains("aaaa"), "{:?}", toy.claimed);
}

#[test]
fn what_an_empty_queue_does_not_take_goes_to_the_others_in_their_proportion() {
    let mut toy = Toy::new(QueueOrder::Weighted, &[("a", Some(6), 0), ("b", Some(3), PLENTY), ("c", Some(1), PLENTY)]);
    toy.run(10_000, 25);
    for (queue, share) in [("b", 0.75), ("c", 0.25)] {
        let off = worst(&toy.claimed, queue, 1_000, share);
        assert!(off < 15.0, "{queue} is off by {off}");
    }
}

#[test]
fn an_empty_queue_saves_nothing_up() {
    let mut toy = Toy::new(QueueOrder::Weighted, &[("a", Some(1), 0), ("b", Some(1), PLENTY)]);
    toy.run(5_000, 25);
    let from = toy.claimed.len();
    toy.jobs.insert("a".to_owned(), PLENTY);
    toy.run(200, 25);
    let (have, all) = (toy.count("a", from), toy.claimed.len() - from);
    assert!(have.abs_diff(all / 2) <= 25, "{have} of {all}");
}

#[test]
fn a_queue_that_is_left_alone_saves_nothing_up() {
    let mut toy = Toy::new(QueueOrder::Weighted, &[("a", Some(1), PLENTY), ("b", Some(1), PLENTY)]);
    toy.run(100, 25);
    let only_b = |queue: &QueueName| queue.as_str() == "b";
    for _ in 0..100 {
        let sources = toy.lots.draw(25, || 0, only_b);
        assert_eq!(sources.len(), 1);
        let brought = vec![sources[0].queue.clone(); 25];
        toy.lots.drawn(&sources, 25, &brought);
    }
    let from = toy.claimed.len();
    toy.run(200, 25);
    let (have, all) = (toy.count("a", from), toy.claimed.len() - from);
    assert!(have.abs_diff(all / 2) <= 25, "{have} of {all}");
}

#[test]
fn a_queue_that_gets_a_job_now_and_then_has_it_served_at_once() {
    let mut toy = Toy::new(QueueOrder::Weighted, &[("rare", Some(1), 0), ("b", Some(100), PLENTY)]);
    for _ in 0..50 {
        toy.run(500, 4);
        toy.jobs.insert("rare".to_owned(), 1);
        assert!(toy.claim(2).contains(&"rare".to_owned()));
    }
    assert_eq!(toy.count("rare", 0), 50);
}

#[test]
fn mixed_serves_queues_without_a_weight_first_and_the_rest_by_weight() {
    let queues = [("w1", Some(3), PLENTY), ("s1", None, 40), ("w2", Some(1), PLENTY), ("s2", None, 40)];
    let mut toy = Toy::new(QueueOrder::Mixed, &queues);
    let strict: Vec<String> = (0..16).flat_map(|_| toy.claim(5)).collect();
    assert_eq!(strict, [["s1"; 40], ["s2"; 40]].concat());
    toy.run(5_000, 25);
    let off = worst(&toy.claimed[80..], "w1", 1_000, 0.75);
    assert!(off < 15.0, "off by {off}");
    toy.jobs.insert("s2".to_owned(), 1);
    assert_eq!(toy.claim(3)[0], "s2");
}

/// Whatever strict queues leave, if it is one slot of 25 a claim, is served by weight too.
#[test]
fn mixed_keeps_weights_in_what_strict_queues_leave() {
    let queues = [("s", None, 0), ("a", Some(6), PLENTY), ("b", Some(3), PLENTY), ("c", Some(1), PLENTY)];
    let mut toy = Toy::new(QueueOrder::Mixed, &queues);
    for _ in 0..5_000 {
        toy.jobs.insert("s".to_owned(), 24);
        toy.claim(25);
    }
    toy.claimed.retain(|queue| queue != "s");
    for (queue, share) in [("a", 0.6), ("b", 0.3), ("c", 0.1)] {
        let off = worst(&toy.claimed, queue, 1_000, share);
        assert!(off < 5.0, "{queue} is off by {off}");
    }
}

#[test]
fn strict_asks_in_line_and_for_all() {
    let queues = [("b", None, 3), ("a", Some(9), 4), ("c", None, PLENTY)];
    let mut toy = Toy::new(QueueOrder::Strict, &queues);
    assert_eq!(toy.claim(5), ["b", "b", "b", "a", "a"]);
    assert_eq!(toy.claim(3), ["a", "a", "c"]);
}

#[test]
fn random_gives_each_queue_its_chance_and_nothing_that_is_there_is_left() {
    let mut toy =
        Toy::new(QueueOrder::Random, &[("a", Some(1), PLENTY), ("b", Some(1), PLENTY), ("c", Some(2), PLENTY)]);
    toy.run(40_000, 25);
    for (queue, share) in [("a", 0.25), ("b", 0.25), ("c", 0.5)] {
        let have = toy.count(queue, 0) as f64 / toy.claimed.len() as f64;
        assert!((have - share).abs() < 0.02, "{queue}: {have}");
    }
    let first: Vec<&String> = toy.claimed.iter().take(40).collect();
    assert!(first.windows(2).any(|pair| pair[0] > pair[1]), "the order is drawn: {first:?}");
    let mut toy = Toy::new(QueueOrder::Random, &[("a", None, 3), ("b", None, 0), ("c", None, 4)]);
    assert_eq!(toy.claim(25).len(), 7);
}

#[test]
fn a_line_that_changes_keeps_what_its_queues_are_owed() {
    let lined = |queue: &str| Lined { queue: QueueName::new(queue).unwrap(), weight: None, named: Named::Yes };
    let mut toy = Toy::new(QueueOrder::Weighted, &[("a", None, PLENTY), ("b", None, PLENTY), ("c", None, PLENTY)]);
    toy.run(1_000, 25);
    toy.lots.line_up(QueueOrder::Weighted, &[lined("c"), lined("b")]);
    assert_eq!(toy.lots.queues().map(QueueName::as_str).collect::<Vec<_>>(), ["c", "b"]);
    let from = toy.claimed.len();
    toy.run(2_000, 25);
    assert_eq!(toy.count("a", from), 0);
    let off = worst(&toy.claimed[from..], "b", 1_000, 0.5);
    assert!(off < 15.0, "off by {off}");
}

fn any_weights() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(1u32..=30, 1..8)
}

proptest! {
    /// Between two claims no queue is further from its share than about one claim, over any number of them.
    #[test]
    fn any_weights_are_kept_whatever_the_claims_are(weights in any_weights(), slots in 1usize..60, seed: u64) {
        let names: Vec<String> = (0..weights.len()).map(|n| format!("q{n}")).collect();
        let queues: Vec<(&str, Option<u32>, usize)> =
            names.iter().zip(&weights).map(|(name, weight)| (name.as_str(), Some(*weight), PLENTY)).collect();
        let mut toy = Toy::new(QueueOrder::Weighted, &queues);
        toy.chance = Chance(seed);
        toy.run(2_000, slots);
        let all: u32 = weights.iter().sum();
        for (name, weight) in names.iter().zip(&weights) {
            let share = f64::from(*weight) / f64::from(all);
            let off = worst(&toy.claimed, name, 1_000, share);
            prop_assert!(off <= slots as f64 + names.len() as f64, "{} is off by {}", name, off);
        }
    }

    /// Jobs come and go in all queues: every claim takes what it can, and nothing starves.
    #[test]
    fn nothing_that_waits_starves(weights in any_weights(), slots in 1usize..30, seed: u64) {
        let names: Vec<String> = (0..weights.len()).map(|n| format!("q{n}")).collect();
        let queues: Vec<(&str, Option<u32>, usize)> =
            names.iter().zip(&weights).map(|(name, weight)| (name.as_str(), Some(*weight), 0)).collect();
        let mut toy = Toy::new(QueueOrder::Weighted, &queues);
        toy.chance = Chance(seed);
        // The first queue never runs dry; the others get jobs in bursts, but for the last.
        let (first, last) = (names[0].clone(), names[names.len() - 1].clone());
        toy.jobs.insert(first.clone(), PLENTY);
        for _ in 0..300 {
            let lucky = names[toy.chance.below(names.len() as u64) as usize].clone();
            if lucky != first && lucky != last {
                let more = toy.chance.below(40) as usize;
                *toy.jobs.get_mut(&lucky).unwrap() += more;
            }
            let limit = 1 + toy.chance.below(slots as u64) as usize;
            prop_assert_eq!(toy.claim(limit).len(), limit, "the first queue has enough for all");
        }
        let mut waited = 0;
        toy.jobs.insert(last.clone(), PLENTY);
        while !toy.claim(1).contains(&last) {
            waited += 1;
            prop_assert!(waited <= 8 * 30 + 60, "it waits while {} others are served", waited);
        }
    }
}
