//! What a server costs that has nothing to do.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use sancho::{Client, Server};
use tokio::time::{Instant, sleep};

use crate::cpu;
use crate::noop::{Counter, NoOp};

/// How long a server has to come to rest.
const REST: Duration = Duration::from_secs(1);

/// Milliseconds of processor time a second.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// Of this process, which is the server.
    pub server_ms_per_s: f64,
    /// Of the store's process.
    pub store_ms_per_s: f64,
}

/// Watches a server of 25 slots over some empty queues; `None` where the system does not tell.
pub async fn watch(client: &Client, queues: &[String], store: u32, span: Duration) -> Result<Option<Used>> {
    let counter = Arc::new(Counter::new(1, 1));
    let server = Server::new(client.clone(), counter).register::<NoOp>().queues(queues).slots(25);
    let running = server.start().await?;
    sleep(REST).await;
    let began = Instant::now();
    let before = (cpu::nanos(std::process::id()), cpu::nanos(store));
    sleep(span).await;
    let after = (cpu::nanos(std::process::id()), cpu::nanos(store));
    let elapsed = began.elapsed();
    running.stop().await;
    let ms_per_s = |before: u64, after: u64| after.saturating_sub(before) as f64 / 1e6 / elapsed.as_secs_f64();
    let (before, after) = (before.0.zip(before.1), after.0.zip(after.1));
    Ok(before.zip(after).map(|((server_before, store_before), (server_after, store_after))| Used {
        server_ms_per_s: ms_per_s(server_before, server_after),
        store_ms_per_s: ms_per_s(store_before, store_after),
    }))
}
