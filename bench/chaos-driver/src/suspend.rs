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

/// How long after a suspension it is seen whether the others go on.
const OTHERS_GO_ON: Duration = Duration::from_secs(1);

/// Suspends one server for so long, and waits until everything is settled.
pub(crate) async fn run(stage: &mut Stage, span: Duration) -> Result<Verdict> {
    let slot = roll(stage.seed(), u64::MAX / 2) as usize % stage.servers().len();
    let name = stage.servers()[slot].name().to_owned();
    let stopped_at_us = suspend(stage, slot, &name).await?;
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

/// Suspends a server that has a slow job in hand, and answers when.
///
/// One that is in the middle of a commit to a file keeps the file's lock, and nobody can do anything until it goes on:
/// such a moment says nothing about leases. The server is resumed then, and suspended at another.
async fn suspend(stage: &mut Stage, slot: usize, name: &str) -> Result<u64> {
    let deadline = Instant::now() + BUSY_MAX;
    loop {
        let seed = stage.seed();
        let is_slow = |number: &u64| ChaosJob::new(seed, *number).lasts_ms >= SLOW_MS;
        while !stage.record.in_hand(name).iter().any(is_slow) {
            ensure!(Instant::now() < deadline, "{name} had no slow job in hand within {BUSY_MAX:?}");
            stage.look()?;
            sleep(LOOK_EVERY).await;
        }
        stage.servers()[slot].suspend()?;
        let at_us = now_us();
        sleep(OTHERS_GO_ON).await;
        stage.record.read_on()?;
        let going_on = now_us() - OTHERS_GO_ON.as_micros() as u64 / 2;
        if stage.record.next_done_after(going_on).is_some() && !stage.record.in_hand(name).is_empty() {
            return Ok(at_us);
        }
        eprintln!("{name} was suspended in the middle of a commit: resumed, and suspended at another moment");
        stage.servers()[slot].resume()?;
        ensure!(Instant::now() < deadline, "nobody went on while {name} was suspended");
        sleep(OTHERS_GO_ON).await;
        stage.look()?;
    }
}
