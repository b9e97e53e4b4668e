//! Whose turn it is: which queues a claim asks, in which order, and for how many jobs.
//!
//! Pure: chance is handed in, and what became of a claim is told back. Weights are kept by credit. Each job that is
//! claimed is shared out as credit among the queues that had jobs, by their weights, and is paid by the queue that gave
//! it; the next lots go to the queues with the most credit. So each queue is at most about one claim away from its
//! share, however large claims are. (Smooth weighted round robin, as nginx chooses its servers, for many at a time.)

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use sancho_core::{QueueName, Source};

use crate::server::capsule::QueueOrder;
use crate::server::capsule::lineup::Lined;

/// The lots of one capsule.
#[derive(Clone, Debug)]
pub(crate) struct Lots {
    order: QueueOrder,
    lots: Vec<Lot>,
}

#[derive(Clone, Debug)]
struct Lot {
    queue: QueueName,
    weight: Option<u32>,
    /// Jobs that the queue is owed; less than zero where it had more than its share.
    credit: f64,
    /// Whether the queue had nothing left when it was last asked, or was not asked.
    was_empty: bool,
}

impl Lot {
    fn share(&self) -> f64 {
        f64::from(self.weight.unwrap_or(1))
    }
}

impl Lots {
    /// Lots for the queues of this line.
    pub(crate) fn new(order: QueueOrder, line: &[Lined]) -> Self {
        let mut lots = Lots { order, lots: Vec::new() };
        lots.line_up(order, line);
        lots
    }

    /// The line has changed: queues that stay keep what they are owed.
    pub(crate) fn line_up(&mut self, order: QueueOrder, line: &[Lined]) {
        let mut before: BTreeMap<QueueName, Lot> = self.lots.drain(..).map(|lot| (lot.queue.clone(), lot)).collect();
        let lot = |lined: &Lined| {
            let (credit, was_empty) =
                before.remove(&lined.queue).map_or((0.0, true), |lot| (lot.credit, lot.was_empty));
            Lot { queue: lined.queue.clone(), weight: lined.weight, credit, was_empty }
        };
        self.lots = line.iter().map(lot).collect();
        self.order = order;
    }

    /// The queues, in line.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &QueueName> {
        self.lots.iter().map(|lot| &lot.queue)
    }

    /// The sources of a claim of at most `limit` jobs, to be filled in their order, from the queues that may be asked.
    /// Chance is drawn from `seed`, where the order needs some.
    pub(crate) fn draw(
        &self,
        limit: usize,
        seed: impl FnOnce() -> u64,
        may: impl Fn(&QueueName) -> bool,
    ) -> Vec<Source> {
        let lots: Vec<&Lot> = self.lots.iter().filter(|lot| may(&lot.queue)).collect();
        match self.order {
            QueueOrder::Strict => strict(&lots, 0),
            QueueOrder::Random => random(&lots, limit, seed()),
            QueueOrder::Weighted => weighted(&lots, limit),
            QueueOrder::Mixed => {
                let (strictly, by_weight): (Vec<&Lot>, Vec<&Lot>) =
                    lots.into_iter().partition(|lot| lot.weight.is_none());
                let mut sources = strict(&strictly, limit);
                sources.extend(weighted(&by_weight, limit));
                sources
            }
        }
    }

    /// What became of a claim with these sources and this limit: the queue of each job that it brought.
    pub(crate) fn drawn<'a>(
        &mut self,
        sources: &[Source],
        limit: usize,
        claimed: impl IntoIterator<Item = &'a QueueName>,
    ) {
        if !matches!(self.order, QueueOrder::Weighted | QueueOrder::Mixed) {
            return;
        }
        let mut by_queue: BTreeMap<&QueueName, usize> = BTreeMap::new();
        for queue in claimed {
            *by_queue.entry(queue).or_default() += 1;
        }
        let emptied = emptied(sources, limit, &by_queue);
        for lot in &mut self.lots {
            match emptied.get(&lot.queue) {
                // A queue that was not asked saves nothing up either.
                None | Some(true) => (lot.credit, lot.was_empty) = (0.0, true),
                Some(false) => lot.was_empty &= !by_queue.contains_key(&lot.queue),
            }
        }
        let all_take_turns = self.order == QueueOrder::Weighted;
        let takes_turns = |lot: &Lot| all_take_turns || lot.weight.is_some();
        let serving: Vec<&mut Lot> = self.lots.iter_mut().filter(|lot| !lot.was_empty && takes_turns(lot)).collect();
        let jobs = |lot: &Lot| by_queue.get(&lot.queue).map_or(0.0, |jobs| *jobs as f64);
        let (mut given, mut owed, mut shares) = (0.0, 0.0, 0.0);
        for lot in &serving {
            given += jobs(lot);
            owed += lot.credit;
            shares += lot.share();
        }
        for lot in serving {
            // What is owed to all together is what those had that left meanwhile: it is nobody's.
            lot.credit += (given - owed) * lot.share() / shares - jobs(lot);
        }
    }
}

/// All queues in their order; each gives up to `quota` before the next is asked.
fn strict(lots: &[&Lot], quota: usize) -> Vec<Source> {
    lots.iter().map(|lot| Source { queue: lot.queue.clone(), quota }).collect()
}

/// Quotas by weight and credit, for the queues that had jobs; before them those that had none, which may have some by
/// now, with no more than their share.
fn weighted(lots: &[&Lot], limit: usize) -> Vec<Source> {
    let (mut empty, mut serving): (Vec<&Lot>, Vec<&Lot>) = lots.iter().partition(|lot| lot.was_empty);
    let whole = |lot: &&Lot| lot.weight.unwrap_or(1) as usize;
    let all: usize = lots.iter().map(whole).sum();
    empty.sort_by_key(|lot| std::cmp::Reverse(whole(lot)));
    let probe = |lot: &&Lot| Source { queue: lot.queue.clone(), quota: (limit * whole(lot)).div_ceil(all) };
    let mut sources: Vec<Source> = empty.iter().map(probe).collect();

    let shares: f64 = serving.iter().map(|lot| lot.share()).sum();
    let next = |lot: &Lot| lot.credit + lot.share() / shares;
    serving.sort_by(|one, other| next(other).total_cmp(&next(one)));
    let due = |(index, lot): (usize, &&Lot)| Due { jobs: lot.credit + limit as f64 * lot.share() / shares, index };
    let mut heap: BinaryHeap<Due> = serving.iter().enumerate().map(due).collect();
    let mut quotas = vec![0; serving.len()];
    for _ in 0..limit {
        let Some(mut due) = heap.peek_mut() else { break };
        quotas[due.index] += 1;
        due.jobs -= 1.0;
    }
    sources.extend(serving.iter().zip(quotas).map(|(lot, quota)| Source { queue: lot.queue.clone(), quota }));
    sources
}

/// How many jobs a queue is due; of two that are due as many, the earlier one comes first.
#[derive(PartialEq)]
struct Due {
    jobs: f64,
    index: usize,
}

impl Eq for Due {}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.jobs.total_cmp(&other.jobs).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A queue drawn for each slot, with a chance in proportion to the weights, and a drawn order to fill in.
fn random(lots: &[&Lot], limit: usize, seed: u64) -> Vec<Source> {
    let mut chance = Chance(seed);
    let mut quotas = vec![0; lots.len()];
    let upto: Vec<u64> = lots
        .iter()
        .scan(0, |sum, lot| {
            *sum += u64::from(lot.weight.unwrap_or(1));
            Some(*sum)
        })
        .collect();
    if let Some(all) = upto.last() {
        for _ in 0..limit {
            let drawn = chance.below(*all);
            quotas[upto.partition_point(|upto| *upto <= drawn)] += 1;
        }
    }
    // The first of several queues is each of them with a chance in proportion to its weight, when each draws a time
    // after which it comes and these times are on average as its weight is small (Efraimidis and Spirakis, 2006).
    let mut drawn: Vec<(f64, &&Lot, usize)> =
        lots.iter().zip(quotas).map(|(lot, quota)| (-(1.0 - chance.unit()).ln() / lot.share(), lot, quota)).collect();
    drawn.sort_by(|one, other| one.0.total_cmp(&other.0));
    drawn.into_iter().map(|(_, lot, quota)| Source { queue: lot.queue.clone(), quota }).collect()
}

/// For each source, whether it had nothing left after a claim that brought so many jobs of each: it gave less than it
/// was asked for, or a later one was asked to fill.
fn emptied<'a>(
    sources: &'a [Source],
    limit: usize,
    given: &BTreeMap<&QueueName, usize>,
) -> BTreeMap<&'a QueueName, bool> {
    let mut room = limit;
    let mut found = BTreeMap::new();
    let mut last_to_fill = None;
    for (index, source) in sources.iter().enumerate() {
        let (quota, gave) = (source.quota.min(room), given.get(&source.queue).copied().unwrap_or(0));
        if gave > quota {
            last_to_fill = Some(index);
        }
        found.insert(&source.queue, gave < quota);
        room -= gave.min(quota);
    }
    let all: usize = given.values().sum();
    let dry = if all < limit { sources.len() } else { last_to_fill.unwrap_or(0) };
    for source in &sources[..dry] {
        found.insert(&source.queue, true);
    }
    found
}

/// Chance from one draw of the process's own: a claim needs many numbers, and each of those is a call to the system
/// (the SplitMix64 sequence).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another; the sum of weights is so small that no number is noticeably likelier.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
#[path = "lots/tests.rs"]
mod tests;
