//! What every store does, one named fact at a time.
//!
//! A fact is given a fresh store, tells the time itself, and never sleeps. New behavior enters here first.

mod act;
mod claims;
mod counts;
mod filters;
mod keys;
mod list;
mod look;
mod metrics;
mod pages;
mod processes;
mod promote;
mod prune;
mod push;
mod settle;
mod take_over;
mod wake;

use std::fmt;
use std::sync::Arc;

use sancho_core::model::ModelStore;
use sancho_core::{BoxFuture, Inspect, Store};

use crate::stage::Stage;

/// Makes stores for the suite.
pub trait Factory: Send + Sync {
    /// The store's name, for the count that is printed.
    fn name(&self) -> &'static str;

    /// A fresh, empty store. The factory keeps alive what the store lives on.
    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)>;
}

/// Makes model stores.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModelFactory;

impl Factory for ModelFactory {
    fn name(&self) -> &'static str {
        "model"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        let store = Arc::new(ModelStore::new());
        Box::pin(async move { (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>) })
    }
}

/// Something that holds for every store; it panics where it does not.
#[derive(Clone, Copy)]
pub struct Fact {
    /// What holds, as a sentence with underscores.
    pub name: &'static str,
    /// Whether it holds.
    pub run: fn(Stage) -> BoxFuture<'static, ()>,
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every fact.
pub fn facts() -> Vec<Fact> {
    list::facts()
}

/// A stage with a fresh store.
pub async fn stage(factory: &dyn Factory) -> Stage {
    let (store, inspect) = factory.make().await;
    Stage::new(store, inspect)
}

/// Runs the fact with this name.
///
/// # Panics
/// When it does not hold, or there is none of this name.
pub async fn check(factory: &dyn Factory, name: &str) {
    let fact = facts().into_iter().find(|fact| fact.name == name).expect("a fact has this name");
    (fact.run)(stage(factory).await).await;
}

/// Runs every fact, prints how many there are, and answers with that number.
///
/// # Panics
/// When one does not hold.
pub async fn run_all(factory: &dyn Factory) -> usize {
    let facts = facts();
    for fact in &facts {
        (fact.run)(stage(factory).await).await;
    }
    println!("conformance: {} {} facts", factory.name(), facts.len());
    facts.len()
}
