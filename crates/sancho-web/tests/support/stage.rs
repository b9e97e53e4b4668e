//! The same sample on each store that needs no server: what a page does is the same on all of them.

use std::sync::Arc;

use axum::Router;
use sancho_core::model::ModelStore;
use sancho_core::{Inspect, JobRow, State, Store};
use sancho_sqlite::{Options, SqliteStore};

use super::router_over;
use super::store::{fill, jid};

/// A store with its pages.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) inspect: Arc<dyn Inspect>,
    pub(crate) router: Router,
}

impl Stage {
    fn of<S: Store + Inspect>(name: &'static str, store: S) -> Stage {
        let store = Arc::new(store);
        let router = router_over(store.clone(), store.clone());
        Stage { name, store: store.clone(), inspect: store, router }
    }

    pub(crate) async fn job(&self, id: &str) -> Option<JobRow> {
        self.inspect.find(&jid(id)).await.expect("the store finds")
    }

    pub(crate) async fn state(&self, id: &str) -> Option<State> {
        self.job(id).await.map(|row| row.state)
    }
}

/// Checks something on the model and on a file, each filled with the sample.
pub(crate) async fn on_each(check: impl AsyncFn(&Stage)) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).expect("the file opens");
    for stage in [Stage::of("model", ModelStore::new()), Stage::of("sqlite", file)] {
        fill(&*stage.store).await;
        check(&stage).await;
    }
}
