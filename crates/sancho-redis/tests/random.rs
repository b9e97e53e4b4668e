//! Random sequences of moves: Redis and the model differ in nothing.

mod common;

use common::Redis;
use sancho_testkit::random;

#[tokio::test]
async fn redis_is_as_the_model() {
    for seed in 0..40 {
        random::compare(&Redis::default(), seed, 60).await;
    }
}
