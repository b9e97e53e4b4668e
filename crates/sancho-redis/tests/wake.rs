//! What others push wakes who waits.

mod common;

use std::time::Duration;

use common::Redis;
use sancho_core::{Interest, Store};
use sancho_redis::RedisStore;
use sancho_testkit::factory::queue;
use sancho_testkit::{at, job};

#[tokio::test]
async fn a_push_of_another_process_wakes() {
    let redis = Redis::default();
    let url = redis.url();
    let (here, there) = (RedisStore::connect(&url).await.unwrap(), RedisStore::connect(&url).await.unwrap());
    for round in 0..20 {
        let (mark, interest) = (here.mark(), Interest::Ready(vec![queue("default")]));
        let waiter = here.clone();
        let waiting = tokio::spawn(async move { waiter.wait(&interest, mark).await });
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        there.push(&[job(&format!("J{round}")).build()], at(0)).await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), waiting)
            .await
            .unwrap_or_else(|_| panic!("round {round}: not woken"))
            .unwrap();
        sancho_core::Inspect::clear(&here, &queue("default"), 10, at(0)).await.unwrap();
    }
}
