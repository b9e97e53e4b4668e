//! Ruby's Sidekiq: what Sancho is compared with is the best of its ways.

use anyhow::{Context, Result};

use super::{Figure, bulk};
use crate::figure::Figures;
use crate::sidekiq::{Ruby, Sidekiq};
use crate::store::Kind;
use crate::turn::{Extent, Turn};

/// Threads of its drains.
const THREADS: [usize; 2] = [10, 25];

const RUBIES: [Ruby; 2] = [Ruby::Interpreted, Ruby::Yjit];

pub fn figures() -> Vec<Figure> {
    let way = |(threads, ruby)| {
        let label = match ruby {
            Ruby::Interpreted => format!("drain, {threads} threads, jobs/s"),
            Ruby::Yjit => format!("drain, {threads} threads, YJIT, jobs/s"),
        };
        Figure::new(format!("sidekiq_{}", way_of_drain(threads, ruby)), label)
    };
    let mut figures = vec![
        Figure::new("sidekiq_push1", "push, 1 pusher, the best way, jobs/s").limit("limit_push"),
        Figure::new("sidekiq_bulk", "bulk push by 1,000, the best way, jobs/s").limit("limit_bulk"),
        Figure::new("sidekiq_drain", "drain, the best way, jobs/s").limit("limit_drain"),
        Figure::new("sidekiq_drain_cpu_seconds", "drain, the best way, CPU s per 100,000"),
        Figure::new("sidekiq_drain_peak_mib", "drain, the best way, peak memory, MiB"),
    ];
    figures.extend(ways().map(way));
    figures
}

fn ways() -> impl Iterator<Item = (usize, Ruby)> {
    THREADS.into_iter().flat_map(|threads| RUBIES.map(|ruby| (threads, ruby)))
}

fn way_of_drain(threads: usize, ruby: Ruby) -> String {
    format!("drain{threads}_{ruby}")
}

pub fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let sidekiq = turn.sidekiq.context("nobody looked for Sidekiq")?;
    let likely_best = sidekiq.rubies().last().copied();
    for ruby in RUBIES {
        if !sidekiq.rubies().contains(&ruby) {
            miss(turn, ruby, "this Ruby has none");
        } else if turn.extent == Extent::Quick && likely_best != Some(ruby) {
            miss(turn, ruby, "left out of a quick run");
        } else {
            measure_with(turn, sidekiq, ruby)?;
        }
    }
    Ok(())
}

fn miss(turn: &mut Turn<'_>, ruby: Ruby, why: &str) {
    for threads in THREADS {
        turn.miss(&format!("sidekiq_{}", way_of_drain(threads, ruby)), why);
    }
}

fn measure_with(turn: &mut Turn<'_>, sidekiq: &Sidekiq, ruby: Ruby) -> Result<()> {
    let (warm_up, jobs) = turn.jobs(20_000);
    let store = turn.store()?;
    let pushed = sidekiq.push(ruby, &store.url(), 1, warm_up, jobs)?;
    turn.add(&format!("sidekiq_push1_{ruby}"), pushed);
    let (warm_up, jobs) = turn.jobs(100_000);
    for threads in THREADS {
        // Each drain is of what its bulk push has left.
        let store = turn.store()?;
        let pushed = sidekiq.push(ruby, &store.url(), bulk::BATCH, warm_up, jobs)?;
        turn.add(&format!("sidekiq_bulk_{ruby}"), pushed);
        let drained = sidekiq.drain(ruby, &store.url(), threads, warm_up, jobs)?;
        let way = way_of_drain(threads, ruby);
        turn.add(&format!("sidekiq_{way}"), drained.jobs_per_second);
        turn.add(&format!("sidekiq_{way}_cpu_seconds"), drained.cpu_seconds);
        turn.add(&format!("sidekiq_{way}_peak_mib"), drained.peak_mib);
    }
    Ok(())
}

/// Names the best of each: a drain's processor time and memory are those of the best drain.
pub fn choose(figures: &mut Figures) {
    let name = |of: &str| Kind::Redis.figure(&format!("sidekiq_{of}"));
    for what in ["push1", "bulk"] {
        let names = RUBIES.map(|ruby| name(&format!("{what}_{ruby}")));
        if let Some(best) = figures.best(&names) {
            figures.rename(&name(what), &names[best]);
        }
    }
    let names: Vec<_> = ways().map(|(threads, ruby)| name(&way_of_drain(threads, ruby))).collect();
    if let Some(best) = figures.best(&names) {
        for ending in ["", "_cpu_seconds", "_peak_mib"] {
            figures.rename(&name(&format!("drain{ending}")), &format!("{}{ending}", names[best]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sancho_is_compared_with_the_best_way() {
        let mut figures = Figures::default();
        for (way, rate, cpu) in [("drain10_plain", 10.0, 1.0), ("drain10_yjit", 30.0, 2.0), ("drain25_yjit", 20.0, 3.0)]
        {
            figures.add(format!("redis_sidekiq_{way}"), rate);
            figures.add(format!("redis_sidekiq_{way}_cpu_seconds"), cpu);
        }
        choose(&mut figures);
        let median = |name: &str| figures.get(name).map(|samples| samples.median());
        assert_eq!(median("redis_sidekiq_drain"), Some(30.0));
        assert_eq!(median("redis_sidekiq_drain_cpu_seconds"), Some(2.0));
        assert_eq!(median("redis_sidekiq_bulk"), None);
    }
}
