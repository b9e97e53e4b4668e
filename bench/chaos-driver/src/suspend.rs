//! SIGSTOP of a server in the middle of its jobs, past its lease, and SIGCONT.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use crate::dice::roll;
use crate::job::{ChaosJob, SLOW_MS};
use crate::ledger::{Verb, now_us};
use crate::stage::Stage;
use crate::verdict::{Counts, Verdict};

/// How long the server may take to have a slow job in hand, and how often it is looked at.
const BUSY_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Suspends one server for so long, and waits until everything is settled.
pub(crate) async fn run(stage: &mut Stage, span: Duration) -> Result<Verdict> {
    let slot = roll(stage.seed(), u64::MAX / 2) as usize % stage.servers().len();
    let name = stage.servers()[slot].name().to_owned();
    let deadline = Instant::now() + BUSY_MAX;
    let is_slow = |seed, number: &u64| ChaosJob::new(seed, *number).lasts_ms >= SLOW_MS;
    while !stage.record.in_hand(&name).iter().any(|number| is_slow(stage.seed(), number)) {
        ensure!(Instant::now() < deadline, "{name} had no slow job in hand within {BUSY_MAX:?}");
        stage.look()?;
        sleep(LOOK_EVERY).await;
    }

    stage.servers()[slot].suspend()?;
    let stopped_at_us = now_us();
    stage.record.read_on()?;
    let in_hand = stage.record.in_hand(&name);
    eprintln!("suspended {name} with {} jobs in hand", in_hand.len());
    sleep(span).await;
    stage.record.read_on()?;
    let taken_over = in_hand.iter().filter(|&&number| stage.record.is_done(number)).count();
    stage.servers()[slot].resume()?;
    let resumed_at_us = now_us();
    eprintln!("resumed {name}: others have performed {taken_over} of its {} jobs", in_hand.len());
    let left = stage.settle().await?;

    let record = &stage.record;
    let refused = record.count(Verb::ClaimLost, &name);
    let went_on = record.next_start_after(&name, resumed_at_us).is_some();
    let recovered_us = record.all_begun_after(&in_hand, stopped_at_us).map_or(0, |begun_at| begun_at - stopped_at_us);
    let had = in_hand.len();
    let line = |counts: Counts| {
        let Counts { pushed, performed, lost, twice, dead } = counts;
        let (seconds, recovery, stranded) = (span.as_secs(), recovered_us as f64 / 1e6, left.stranded);
        format!(
            "chaos: pushed {pushed} performed {performed} twice {twice} suspended {seconds} s in-hand {had} dead {dead} \
             longest-recovery {recovery:.1} s lost {lost} stranded {stranded} refused {refused}"
        )
    };
    Ok(Verdict::new(record, left, line)
        .require(taken_over == had, || format!("{name} had {had} jobs in hand, and others performed {taken_over}"))
        .require(refused > 0, || format!("no result of {name} was refused"))
        .require(record.count(Verb::LeaseLost, &name) > 0, || format!("{name} did not notice that its lease was lost"))
        .require(went_on, || format!("{name} began no job after it was resumed")))
}
