//! A job that starts too late is not worth starting.

use std::time::Duration;

use sancho::core::lifecycle::Verdict;

use super::home;
use crate::jobs::{Journal, Say};
use crate::watching::{server, settled, stop};

#[tokio::test]
async fn a_job_that_has_expired_when_it_is_claimed_is_gone_unperformed() {
    let (client, journal) = (home().await, Journal::default());
    let late = client.push(Say::new("late")).expires_in(Duration::ZERO).await.expect("pushed").jid;
    let in_time = client.push(Say::new("in time")).expires_in(Duration::from_secs(3_600)).await.expect("pushed").jid;
    let server = server(&client, &journal).slots(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events).await, (Some(late.clone()), Verdict::Dropped));
    assert_eq!(settled(&mut events).await, (Some(in_time), Verdict::Done));
    stop(&server).await;
    assert_eq!(journal.said(), ["in time"]);
    assert!(client.find(&late).await.expect("answered").is_none());
    let stats = client.inspect().stats(client.clock().now()).await.expect("answered");
    assert_eq!((stats.failed, stats.dead), (0, 0));
}
