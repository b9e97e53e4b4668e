//! A service that fails often: everything is highlighted all the same, by retries.

use std::time::Duration;

use tokio::time::Instant;

use crate::Options;
use crate::application::Application;

/// How long it may take until everything is highlighted: some jobs are unlucky many times in a row.
const TIME_MAX: Duration = Duration::from_secs(180);

/// Whether every snippet is highlighted and some of them needed a retry.
pub(crate) async fn check(options: &Options, flaky: f64) -> anyhow::Result<bool> {
    let application = Application::new(options).await?;
    let mut process = application.start("all", flaky)?;
    let pages = application.pages(&mut process).await?;
    let start = Instant::now();
    let addresses = pages.clone().post_all(options.count).await?;
    println!("posted {} in {:.1} s", addresses.len(), start.elapsed().as_secs_f64());

    let mut told = Instant::now();
    while start.elapsed() < TIME_MAX {
        let counts = pages.counts().await?;
        if counts.highlighted >= options.count {
            break;
        }
        if told.elapsed() > Duration::from_secs(5) {
            println!("highlighted {}/{} after {} calls", counts.highlighted, options.count, counts.service.calls);
            told = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let highlighted = pages.count_highlighted(&addresses).await?;
    let seen = pages.counts().await?.service;
    let retries = seen.calls.saturating_sub(seen.distinct);
    let good = highlighted == options.count && retries > 0;
    application.finish(good);
    println!("{:.1} s, {} calls, {retries} of them failed", start.elapsed().as_secs_f64(), seen.calls);
    println!("highlighted {highlighted}/{} retries{}", options.count, if retries > 0 { ">0" } else { "=0" });
    Ok(good)
}
