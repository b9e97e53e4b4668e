//! A fresh store of each kind.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use sancho_core::model::ModelStore;
use sancho_core::{Inspect, Store};
use sancho_redis::RedisStore;
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::RedisServer;

use super::support;

/// A store by its two faces, and what has to outlive it.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) inspect: Arc<dyn Inspect>,
    _beneath: Box<dyn Any>,
}

impl Fresh {
    fn of(store: impl Store + Inspect, beneath: impl Any) -> Self {
        let store = Arc::new(store);
        Fresh { store: store.clone(), inspect: store, _beneath: Box::new(beneath) }
    }

    pub(crate) fn model() -> Self {
        Fresh::of(ModelStore::new(), ())
    }

    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let store = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).expect("the file opens");
        Fresh::of(store, directory)
    }

    pub(crate) async fn redis() -> Self {
        let server = RedisServer::start();
        let store = RedisStore::connect(&server.fresh_url()).await.expect("redis-server answers");
        Fresh::of(store, server)
    }

    pub(crate) fn router(&self) -> Router {
        support::router_over(Arc::clone(&self.store), Arc::clone(&self.inspect))
    }
}
