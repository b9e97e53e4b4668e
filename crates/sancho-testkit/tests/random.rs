//! Random sequences run alike on two models: the comparison itself holds, and its seeds are fixed.

use sancho_testkit::{ModelFactory, random};

#[tokio::test]
async fn the_model_is_like_itself_for_two_hundred_seeds() {
    for seed in 0..200 {
        random::compare(&ModelFactory, seed, 60).await;
    }
    println!("random: model 200 seeds x 60 steps");
}
