//! SIGKILL of one server a second.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval};

use crate::dice::roll;
use crate::ledger::Verb;
use crate::stage::{RUBY, Stage};
use crate::verdict::{Counts, Verdict};

/// How often a server is killed.
const KILL_EVERY: Duration = Duration::from_secs(1);

/// Of so many kills, at least so many have to hit a process in the middle of a job; otherwise nothing was tried.
const MID_JOB: (u64, u64) = (20, 30);

/// Kills so often, and waits until everything is settled.
pub(crate) async fn run(stage: &mut Stage, times: u64) -> Result<Verdict> {
    let mut killed = Vec::new();
    let mut second = interval(KILL_EVERY);
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for kill in 0..times {
        second.tick().await;
        stage.look()?;
        // Apart from the jobs' own dice, which begin at zero.
        let slot = roll(stage.seed(), u64::MAX / 2 + kill) % stage.servers().len() as u64;
        killed.push(stage.replace(slot as usize).await?);
    }
    eprintln!("killed {times} times; waiting until everything is settled");
    let left = stage.settle().await?;

    let record = &stage.record;
    let (mut mid_job, mut longest_us) = (0, 0);
    for (process, at_us) in &killed {
        let in_hand = record.in_hand(process);
        mid_job += u64::from(!in_hand.is_empty());
        let recovered = record.all_begun_after(&in_hand, *at_us).map_or(0, |begun_at| begun_at - at_us);
        longest_us = longest_us.max(recovered);
    }
    eprintln!("performed by Ruby: {}", record.count(Verb::Done, RUBY));
    let wanted = times * MID_JOB.0 / MID_JOB.1;
    let line = |counts: Counts| {
        let Counts { pushed, performed, lost, twice, dead } = counts;
        let recovery = longest_us as f64 / 1e6;
        format!(
            "chaos: pushed {pushed} performed {performed} lost {lost} twice {twice} kills {times} mid-job {mid_job} \
             dead {dead} longest-recovery {recovery:.1} s"
        )
    };
    Ok(Verdict::new(record, left, line)
        .require(mid_job >= wanted, || format!("only {mid_job} of {times} kills hit a job; {wanted} have to")))
}
