//! What a server costs that has nothing to do.

use std::time::Duration;

use anyhow::Result;

use super::{Figure, queue_names};
use crate::idle;
use crate::store::Kind;
use crate::turn::Turn;

/// Empty queues that it serves.
const QUEUES: usize = 10;

/// How long it is watched.
const SPAN: Duration = Duration::from_secs(10);

pub fn figures(kind: Kind) -> Vec<Figure> {
    let mut figures = vec![Figure::new("idle_ms_per_s", "10 queues, CPU ms a second: the server")];
    if kind == Kind::Redis {
        figures.push(Figure::new("idle_store_ms_per_s", "10 queues, CPU ms a second: redis-server"));
    }
    figures
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let store = turn.store()?;
    let client = store.connect().await?;
    let span = SPAN / turn.extent.divisor();
    let used = idle::watch(&client, &queue_names(QUEUES), store.pid(), span).await?;
    turn.add_told("idle_ms_per_s", used.map(|used| used.server_ms_per_s));
    if store.pid().is_some() {
        turn.add_told("idle_store_ms_per_s", used.and_then(|used| used.store_ms_per_s));
    }
    Ok(())
}
