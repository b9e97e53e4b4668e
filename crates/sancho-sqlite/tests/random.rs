//! Random sequences of moves answer as the model does, and leave what it leaves.

mod common;

use common::SqliteFactory;
use sancho_testkit::random;

#[tokio::test]
async fn sqlite_is_like_the_model_for_forty_seeds() {
    let factory = SqliteFactory::default();
    for seed in 0..40 {
        random::compare(&factory, seed, 60).await;
    }
    println!("random: sqlite 40 seeds x 60 steps");
}
