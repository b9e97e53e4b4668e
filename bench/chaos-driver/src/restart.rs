//! SIGKILL of redis-server under load.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::ledger::now_us;
use crate::stage::Stage;
use crate::store::Store;
use crate::verdict::{Counts, Verdict};

/// How long redis-server lives between two kills. Jobs are pushed all the while.
pub(crate) const EVERY: Duration = Duration::from_secs(4);

/// Kills and starts redis-server so often, and waits until everything is settled.
pub(crate) async fn run(stage: &mut Stage, times: u64) -> Result<Verdict> {
    let mut faults = Vec::new();
    for restart in 1..=times {
        sleep(EVERY / 2).await;
        stage.look()?;
        let Store::Redis(server) = &mut stage.store else {
            bail!("only a redis-server of the run's own can be killed: give --store redis");
        };
        let killed_at_us = now_us();
        // It blocks until the server answers again, having read its whole file.
        block_in_place(|| server.restart());
        faults.push((killed_at_us, now_us()));
        eprintln!("restarted redis-server, {restart} of {times}");
        sleep(EVERY / 2).await;
    }
    let left = stage.settle().await?;

    let record = &stage.record;
    // What is begun before the server answers again was claimed before the fault, and says nothing.
    let recovery_us = |&(killed_at, back_at): &(u64, u64)| record.next_begun_after(back_at).map(|at| at - killed_at);
    let longest_us = faults.iter().filter_map(recovery_us).max().unwrap_or(0);
    let line = |counts: Counts| {
        let Counts { pushed, performed, lost, twice, dead } = counts;
        let recovery = longest_us as f64 / 1e6;
        format!(
            "chaos: pushed {pushed} performed {performed} lost {lost} twice {twice} restarts {times} dead {dead} \
             longest-recovery {recovery:.1} s"
        )
    };
    Ok(Verdict::new(record, left, line))
}
