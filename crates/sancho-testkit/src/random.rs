//! Random sequences of moves, made by a store and by the model side by side.
//!
//! After each step the two must have answered alike and look alike. Where the contract leaves a store room
//! (what runs first among jobs that became ready in one instant, in which order a take-over lists claims) the
//! sequence either avoids the case or compares without order.

mod look;
mod step;
mod world;

use std::sync::Arc;

use sancho_core::model::ModelStore;

use crate::chance::Seeded;
use crate::conformance::Factory;
use crate::stage::Stage;
use step::Side;
use world::World;

/// Makes `steps` random moves of the seed on a fresh store and on the model.
///
/// # Panics
/// When the two differ; the message tells the seed, the step and the moves before it.
pub async fn compare(factory: &dyn Factory, seed: u64, steps: usize) {
    let (store, inspect) = factory.make().await;
    let subject = Stage::new(store, inspect);
    let model = ModelStore::new();
    let model = Stage::new(Arc::new(model.clone()), Arc::new(model));
    let mut world = World::new(Seeded::new(seed));
    for step in 0..steps {
        let next = world.draw();
        let left = next.make(&subject, Side::Subject).await;
        let right = next.make(&model, Side::Model).await;
        let tale = || format!("{} differs from the model: seed {seed}, step {step}\n{}", factory.name(), world.tale());
        assert_eq!(left.said, right.said, "{}", tale());
        let (seen, want) = (look::see(&subject, &world).await, look::see(&model, &world).await);
        assert_eq!(seen, want, "{}", tale());
        world.learn(left, right);
    }
}
