//! Faults and contention lose no job on the model.

use sancho_testkit::{ModelFactory, contention, fail_nth};

#[tokio::test]
async fn each_failing_call_leaves_each_job_in_one_place() {
    assert!(fail_nth::fail_every_call(&ModelFactory).await >= 16, "each of the script's calls failed in both ways");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_tasks_perform_each_job_once() {
    contention::drain(&ModelFactory, 16, 2_000).await;
}
