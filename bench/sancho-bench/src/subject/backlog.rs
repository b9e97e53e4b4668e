//! What is slower beside jobs that wait elsewhere: drains, and cancels by key.
//!
//! Half of what waits is scheduled, with keys; the other half is ready in a queue that is not served. Each step has as
//! many of either.

use std::time::Instant;

use anyhow::{Context, Result};
use sancho::Client;

use super::{Figure, bulk};
use crate::figure::Samples;
use crate::turn::{Extent, Turn};
use crate::{drain, push, waiting};

/// How many wait, scheduled and ready, and how that is written.
const STEPS: [(u64, &str); 5] =
    [(0, "an empty store"), (1_000, "10^3"), (10_000, "10^4"), (100_000, "10^5"), (LARGEST, "10^6")];

/// The largest step, and that of a quick run.
const LARGEST: u64 = 1_000_000;
const QUICK_MAX: u64 = 100_000;

/// Cancels that are not measured, and cancels that are.
const CANCELS_WARM_UP: u64 = 100;
const CANCELS: u64 = 1_000;

pub fn figures() -> Vec<Figure> {
    let drain = |(waiting, written): (u64, &str)| {
        let label =
            if waiting == 0 { format!("drain, 100 slots, {written}") } else { format!("drain beside {written}") };
        let figure = Figure::new(format!("backlog{waiting}_drain100"), format!("{label}, jobs/s")).limit("limit_drain");
        if waiting > QUICK_MAX { figure.long() } else { figure }
    };
    let cancel = |share: &str| {
        let figure =
            Figure::new(format!("cancel_by_key_{share}_ms"), format!("cancel by key beside 10^6, {share}, ms"));
        figure.long()
    };
    STEPS.into_iter().map(drain).chain(["p50", "p99"].map(cancel)).collect()
}

/// The steps go up on one store. An empty one is measured with the first step and with the last, for each is compared
/// with it, and the machine may not be the same at both times.
pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let store = turn.store()?;
    let client = store.connect().await?;
    let mut waits = 0;
    for (waiting, _) in STEPS {
        if waiting > QUICK_MAX && turn.extent == Extent::Quick {
            break;
        }
        waiting::schedule(&client, waits..waiting, LARGEST).await?;
        waiting::enqueue(&client, waiting - waits).await?;
        waits = waiting;
        if waiting == LARGEST {
            let empty = turn.store()?;
            drain_beside(turn, &empty.connect().await?, 0).await?;
        }
        drain_beside(turn, &client, waiting).await?;
    }
    if waits == LARGEST {
        let measured = cancel(&client, LARGEST).await?;
        turn.add("cancel_by_key_p50_ms", measured.quantile(0.5));
        turn.add("cancel_by_key_p99_ms", measured.quantile(0.99));
    }
    Ok(())
}

async fn drain_beside(turn: &mut Turn<'_>, client: &Client, waiting: u64) -> Result<()> {
    let (warm_up, jobs) = turn.jobs(100_000);
    push::fill(client, "default", bulk::BATCH, warm_up + jobs).await?;
    let drained = drain::drain(client, "default", 100, warm_up, jobs).await?;
    turn.add(&format!("backlog{waiting}_drain100"), drained.jobs_per_second);
    Ok(())
}

/// Milliseconds of each cancel, awaited one by one, of keys from all over the store.
async fn cancel(client: &Client, count: u64) -> Result<Samples> {
    let mut took_ms = Samples::default();
    for number in 0..CANCELS_WARM_UP + CANCELS {
        let key = waiting::key(waiting::scatter(number, count));
        let began = Instant::now();
        client.cancel_key(&key).await.with_context(|| format!("failed to cancel {key}"))?;
        if number >= CANCELS_WARM_UP {
            took_ms.add(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(took_ms)
}
