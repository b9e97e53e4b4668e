//! One class: its numbers, and its run times as bars of text.

use std::time::Duration;

use sancho_core::Execution;
use sancho_core::metrics::ClassMetrics;

use super::time;
use crate::table::Table;
use crate::text::{number, visible};

/// Characters of the longest bar.
const BAR_MAX: u64 = 40;

pub(super) fn page(class: &ClassMetrics) -> String {
    let total = &class.total;
    let percentile = |percent| time(total.percentile(percent));
    let facts = [
        ("class", visible(&total.class).into_owned()),
        ("executions", number(total.count)),
        ("failures", number(total.failures)),
        ("mean", time(total.mean())),
        ("median", percentile(50)),
        ("95 of 100", format!("within {}", percentile(95))),
        ("99 of 100", format!("within {}", percentile(99))),
        ("in all", time(Some(Duration::from_millis(total.millis)))),
    ];
    let known = facts.into_iter().filter(|(_, fact)| fact != "-" && fact != "within -");
    let facts: String = known.map(|(name, fact)| format!("{name:10}  {fact}\n")).collect();
    format!("{facts}{}", bars(total))
}

/// The buckets from the first to the last that has a run, each with a bar as long as its part of the fullest one.
fn bars(total: &Execution) -> String {
    let Some(first) = total.buckets.iter().position(|runs| *runs > 0) else { return String::new() };
    let last = total.buckets.iter().rposition(|runs| *runs > 0).unwrap_or(first);
    let most = u64::from(total.buckets.iter().copied().max().unwrap_or(1));
    let mut table = Table::new(&["took", "runs", ""], &[1]);
    for bucket in first..=last {
        let runs = u64::from(total.buckets[bucket]);
        let took = match (bucket.checked_sub(1), Execution::BOUNDS_MS.get(bucket)) {
            (_, Some(bound)) => format!("below {}", time(Some(Duration::from_millis(*bound)))),
            (below, None) => {
                let bound = below.map_or(0, |below| Execution::BOUNDS_MS[below]);
                format!("{} or more", time(Some(Duration::from_millis(bound))))
            }
        };
        let bar = "#".repeat(usize::try_from((runs * BAR_MAX).div_ceil(most)).unwrap_or(0));
        table.row([took.into(), number(runs).into(), bar.into()]);
    }
    format!("\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_how_the_runs_are_spread() {
        let mut total = Execution::of("A");
        (0..80).for_each(|_| total.add_run(Duration::from_millis(25)));
        total.add_run(Duration::from_millis(50));
        total.add_failure();
        let shown = bars(&total);
        let lines: Vec<&str> = shown.lines().collect();
        let longest = "#".repeat(40);
        assert_eq!(
            lines[2..],
            [format!("below 30 ms    80  {longest}"), "below 45 ms     0".into(), "below 65 ms     1  #".into()]
        );
        let mut long = Execution::of("A");
        long.add_run(Duration::from_secs(9_000));
        assert!(bars(&long).contains("6 min or more     1  ####"), "{}", bars(&long));
        assert_eq!(bars(&Execution::of("A")), "");
    }
}
