//! A job of processes that died.

use sancho::core::{Draft, WireTime};
use sancho::{Client, QueueName};

/// Pushes a job that two processes died of a moment ago: it is to run alone.
pub(crate) async fn push_suspect(client: &Client, queue: &str) {
    let now = client.clock().now();
    let jid = sancho::Jid::new("orphanedtwiceorphanedtwi").expect("a jid");
    let mut draft = Draft::new(jid, "Act", r#"["poison"]"#);
    draft.queue = QueueName::new(queue).expect("a queue name");
    let mut job = draft.into_job(now, WireTime::default()).expect("a job");
    let mut members = job.payload.members().expect("readable");
    let at = now.as_unix_secs_f64();
    members.set("orphaned_at", &[at - 60.0, at - 30.0]);
    job.payload = members.to_payload();
    client.store().push(&[job], now).await.expect("pushed");
}
