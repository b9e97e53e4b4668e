//! What can be seen of a store, written so that two stores can be compared.

use std::time::Duration;

use sancho_core::{JobRow, MetricsRequest, Set};

use super::world::{KEYS, QUEUES, World};
use crate::stage::{Stage, essence, name_of};

/// How far the metrics are looked at: further back than a sequence goes as a rule, and soon read.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Everything that can be seen, a line for each thing.
pub(super) async fn see(s: &Stage, world: &World) -> Vec<String> {
    let now = world.now();
    let mut seen = vec![format!("{:?}", s.inspect.stats(now).await.expect("stats"))];
    for name in QUEUES {
        seen.push(format!("queue {name}: {:?}", s.queued(name).await));
    }
    for set in [Set::Scheduled, Set::Retries, Set::Dead, Set::Held, Set::Busy] {
        let rows = s.rows(set.clone()).await;
        assert_ordered(&set, &rows);
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.sort();
        seen.push(format!("{set:?}: {lines:#?}"));
    }
    for name in KEYS {
        seen.push(format!("key {name}: {:?}", s.holder(name).await));
    }
    for row in s.inspect.queues(now).await.expect("queues") {
        if row.size > 0 {
            seen.push(format!("{} {} {:?}", row.name, row.size, row.paused));
        }
    }
    for row in s.inspect.processes(now).await.expect("processes") {
        seen.push(format!("{} {:?}", row.info.incarnation, row.beat_at));
    }
    let metrics = s.inspect.metrics(&MetricsRequest::last(HOUR), now).await.expect("metrics");
    seen.push(format!("{:?} {}", metrics.classes, metrics.left_out));
    seen.push(format!("{:?} {:?}", metrics.queues, metrics.sizes));
    seen.push(format!("paused {:?}", s.inspect.paused().await.expect("paused")));
    let days = s.inspect.history(1, now).await.expect("history");
    seen.push(format!("{days:?}"));
    seen
}

fn assert_ordered(set: &Set, rows: &[JobRow]) {
    let ordered = match set {
        Set::Dead => rows.is_sorted_by(|a, b| a.at >= b.at),
        _ => rows.is_sorted_by(|a, b| a.at <= b.at),
    };
    assert!(ordered, "{set:?} is out of order: {rows:#?}");
}

fn line(row: &JobRow) -> String {
    // When a job was taken over, its start may be either its first or its second.
    let at = if row.incarnation.is_some() { String::new() } else { format!("{:?}", row.at) };
    let (key, held, who) = (&row.key, &row.held, &row.incarnation);
    let kept = row.kept.get("cursor");
    format!(
        "{} {} {at} {key:?} {held:?} {who:?} {kept:?} {:?}",
        name_of(&row.payload),
        row.state,
        essence(&row.payload)
    )
}
