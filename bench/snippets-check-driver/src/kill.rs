//! Workers that are killed in the middle of jobs: nothing is lost.

use std::time::Duration;

use tokio::time::Instant;

use crate::Options;
use crate::application::Application;
use crate::pages::{Counts, Pages};

/// How long everything may take. A killed process's jobs come back once its lease has ended.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Between two looks while waiting for the moment to kill.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Whether every snippet is highlighted although the worker was killed this often.
pub(crate) async fn check(options: &Options, times: usize) -> anyhow::Result<bool> {
    let application = Application::new(options).await?;
    let mut web = application.start("web", 0.0)?;
    let pages = application.pages(&mut web).await?;
    let start = Instant::now();
    let posting = tokio::spawn(pages.clone().post_all(options.count));
    let mut worker = application.start("worker", 0.0)?;

    let mut killed = 0;
    for kill in 1..=times {
        // All kills fall into the first half, so that there is always more to kill.
        let threshold = options.count * kill as u64 / (2 * times as u64 + 1);
        let ready = |counts: &Counts| counts.highlighted >= threshold && counts.service.in_hand > 0;
        let Some(counts) = wait_until(&pages, start, ready).await? else { break };
        worker.kill().await?;
        killed += 1;
        println!(
            "{:>5.1} s: killed worker {kill} with {} calls in hand, {} highlighted",
            start.elapsed().as_secs_f64(),
            counts.service.in_hand,
            counts.highlighted
        );
        worker = application.start("worker", 0.0)?;
    }

    let addresses = posting.await??;
    let all_highlighted = |counts: &Counts| counts.highlighted >= options.count;
    wait_until(&pages, start, all_highlighted).await?;
    let highlighted = pages.count_highlighted(&addresses).await?;
    let seen = pages.counts().await?.service;
    let lost = options.count.saturating_sub(highlighted.min(seen.distinct));
    let good = lost == 0 && seen.distinct == options.count && killed == times;
    application.finish(good);
    println!("{:.1} s, killed {killed} of {times}, {} calls answered", start.elapsed().as_secs_f64(), seen.calls);
    println!("service saw {} distinct ids, lost {lost}", seen.distinct);
    Ok(good)
}

/// The counts that were waited for, or none when the time is up.
async fn wait_until(pages: &Pages, start: Instant, ready: impl Fn(&Counts) -> bool) -> anyhow::Result<Option<Counts>> {
    while start.elapsed() < TIME_MAX {
        let counts = pages.counts().await?;
        if ready(&counts) {
            return Ok(Some(counts));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(None)
}
