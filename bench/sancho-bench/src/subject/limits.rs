//! The limits of a store itself: what its own tools reach with the least that any job queue does.

use anyhow::Result;

use super::Figure;
use crate::push;
use crate::raw_redis::{self, Limits};
use crate::raw_sqlite::{self, Commits};
use crate::scratch::Durability;
use crate::store::{Kind, Store};
use crate::turn::Turn;

/// Rows of one transaction beside a bulk push.
const BULK: u64 = 1_000;

pub fn figures(kind: Kind) -> Vec<Figure> {
    match kind {
        Kind::SqliteFull | Kind::SqliteNormal => vec![
            Figure::new("limit_push", "raw inserts, 1 a transaction, rows/s"),
            Figure::new("limit_bulk", "raw inserts, 1,000 a transaction, rows/s"),
            Figure::new("limit_drain_merged", "raw cycle, delete and claim in one, jobs/s"),
            Figure::new("limit_drain", "raw insert, claim, delete by 100, jobs/s"),
        ],
        Kind::Redis | Kind::RedisAof => vec![
            Figure::new("limit_push", "LPUSH round trips, 1 connection, a second"),
            Figure::new("limit_bulk", "LPUSH, pipelined, a second"),
            Figure::new("limit_lmove", "LMOVE, pipelined, a second"),
            Figure::new("limit_lrem", "LREM, pipelined, a second"),
            Figure::new("limit_drain", "1/(1/LPUSH + 1/LMOVE + 1/LREM), jobs/s"),
        ],
    }
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    match turn.kind.durability() {
        Some(durability) => measure_sqlite(turn, durability),
        None => measure_redis(turn).await,
    }
}

fn measure_sqlite(turn: &mut Turn<'_>, durability: Durability) -> Result<()> {
    for (figure, batch, rows) in [("limit_push", 1, 10_000), ("limit_bulk", BULK, 300_000)] {
        let (warm_up, rows) = turn.jobs(rows);
        let database = turn.scratch.database()?;
        turn.add(figure, raw_sqlite::inserts(database.file(), durability, batch, warm_up, rows)?);
    }
    for (figure, commits) in [("limit_drain_merged", Commits::SettleWithClaim), ("limit_drain", Commits::Each)] {
        let (warm_up, jobs) = turn.jobs(200_000);
        let database = turn.scratch.database()?;
        turn.add(figure, raw_sqlite::cycle(database.file(), durability, commits, warm_up, jobs)?);
    }
    Ok(())
}

async fn measure_redis(turn: &mut Turn<'_>) -> Result<()> {
    let store = turn.store()?;
    let Store::Redis { server, .. } = &store else { return Ok(()) };
    push::fill(&store.connect().await?, "default", 1, 1).await?;
    let payload_bytes = raw_redis::payload_bytes(server.port(), "queue:default")?;
    let (_, round_trips) = turn.jobs(100_000);
    turn.add("limit_push", raw_redis::round_trips(server.port(), payload_bytes, round_trips)?);
    let (_, commands) = turn.jobs(500_000);
    let limits = Limits::measure(server.port(), payload_bytes, commands)?;
    turn.add("limit_bulk", limits.lpush);
    turn.add("limit_lmove", limits.lmove);
    turn.add("limit_lrem", limits.lrem);
    turn.add("limit_drain", limits.all());
    Ok(())
}
