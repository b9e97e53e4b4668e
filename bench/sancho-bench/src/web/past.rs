//! What has been performed: hours of metrics, some deploys, and processes that live.

use std::time::Duration;

use anyhow::{Context, Result};
use sancho::Client;
use sancho::core::process::{Greeting, Quiet};
use sancho::core::{Beat, CapsuleInfo, Execution, Incarnation, ProcessInfo, QueueCount, QueueName};

use super::backlog::DEEP;

/// Classes that were performed.
const CLASSES: u64 = 40;

/// Queues of which it is known how much was performed.
const QUEUES: u64 = 20;

/// Minutes of metrics: as long as they are kept.
const MINUTES: u64 = 480;

/// Steps of ten minutes of metrics: as long as these are kept.
const TEN_MINUTES: u64 = 432;

/// Processes that live.
const PROCESSES: u32 = 20;

/// Deploys that were marked.
const DEPLOYS: u64 = 12;

/// Has a past recorded, and processes beat as of now, with leases that outlast the run.
pub async fn live(client: &Client) -> Result<()> {
    let now = client.clock().now();
    let tens = (MINUTES / 10..TEN_MINUTES).rev().map(|ten| ten * 10);
    for (index, back) in tens.chain((0..MINUTES).rev()).enumerate() {
        let at = now.before(Duration::from_secs(back * 60));
        let greeting = if index == 0 { Greeting::Hello } else { Greeting::StillHere };
        let mut beat = beat(1, greeting)?;
        beat.executions = (0..CLASSES).map(|class| execution(class, back)).collect();
        beat.by_queue = (0..QUEUES).map(|queue| counted(queue, back)).collect::<Result<_>>()?;
        client.store().beat(&beat, at).await.context("failed to beat")?;
    }
    for pid in 2..=PROCESSES {
        client.store().beat(&beat(pid, Greeting::Hello)?, now).await.context("failed to beat")?;
    }
    for deploy in 0..DEPLOYS {
        let at = now.before(Duration::from_secs(deploy * 2_400));
        client.inspect().mark_deploy(&format!("v2.{deploy}.0"), at).await.context("failed to mark a deploy")?;
    }
    Ok(())
}

fn execution(class: u64, back: u64) -> Execution {
    let mut execution = Execution {
        class: format!("App::Jobs::Number{class:02}"),
        count: 10 + (class * 7 + back) % 50,
        failures: (class + back) % 3,
        millis: 40 * (class + 1),
        ..Execution::default()
    };
    let ran = execution.count - execution.failures;
    execution.buckets[usize::try_from(class + back).unwrap_or(0) % 12] = u32::try_from(ran).unwrap_or(0);
    execution
}

fn counted(queue: u64, back: u64) -> Result<QueueCount> {
    let count = 20 + (queue * 11 + back) % 70;
    Ok(QueueCount { queue: QueueName::new(format!("queue-{queue:02}"))?, count, failures: (queue + back) % 2 })
}

fn beat(pid: u32, greeting: Greeting) -> Result<Beat> {
    let incarnation = Incarnation::new(format!("bench:{pid}:0123456789ab"));
    let capsule = CapsuleInfo {
        name: "default".to_owned(),
        slots: 25,
        order: "strict".to_owned(),
        queues: vec![DEEP.to_owned()],
    };
    Ok(Beat {
        process: ProcessInfo {
            incarnation,
            hostname: "bench".to_owned(),
            pid,
            started_at: sancho::Timestamp::EPOCH,
            slots: 25,
            queues: vec![QueueName::new(DEEP)?],
            capsules: vec![capsule],
            tag: "bench".to_owned(),
            labels: Vec::new(),
            version: "sancho".to_owned(),
        },
        greeting,
        quiet: Quiet::No,
        lease: Duration::from_secs(86_400),
        running: Vec::new(),
        rss_bytes: 50_000_000,
        round_trip: Duration::from_micros(300),
        executions: Vec::new(),
        by_queue: Vec::new(),
    })
}
