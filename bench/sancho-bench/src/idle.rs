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
    /// Of the store's process, if it is one.
    pub store_ms_per_s: Option<f64>,
}

/// Watches a server of 25 slots over some empty queues, and the process that is its store, if there is one; `None`
/// where the system does not tell.
pub async fn watch(client: &Client, queues: &[String], store: Option<u32>, span: Duration) -> Result<Option<Used>> {
    let counter = Arc::new(Counter::new(1, 1));
    let server = Server::new(client.clone(), counter).register::<NoOp>().queues(queues).slots(25);
    let running = server.start().await?;
    sleep(REST).await;
    let began = Instant::now();
    let look = || (cpu::nanos(std::process::id()), store.and_then(cpu::nanos));
    let before = look();
    sleep(span).await;
    let after = look();
    let elapsed = began.elapsed();
    running.stop().await;
    let ms_per_s = |before: Option<u64>, after: Option<u64>| {
        let nanos = after?.saturating_sub(before?);
        Some(nanos as f64 / 1e6 / elapsed.as_secs_f64())
    };
    let server = ms_per_s(before.0, after.0);
    Ok(server.map(|server| Used { server_ms_per_s: server, store_ms_per_s: ms_per_s(before.1, after.1) }))
}
