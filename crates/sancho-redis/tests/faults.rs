//! Random sequences, failing calls and contention lose no job on Redis.

mod common;

use common::Redis;
use sancho_testkit::{contention, fail_nth};

#[tokio::test]
async fn each_failing_call_leaves_each_job_in_one_place() {
    let cases = fail_nth::fail_every_call(&Redis::default()).await;
    assert!(cases >= 16, "each of the script's calls failed in both ways");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_tasks_perform_each_job_once() {
    contention::drain(&Redis::default(), 16, 2_000).await;
}
