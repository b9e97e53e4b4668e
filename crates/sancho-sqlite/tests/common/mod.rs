//! Fresh stores in directories of their own.

use std::sync::{Arc, Mutex};

use sancho_core::{BoxFuture, Inspect, Store};
use sancho_sqlite::{Durability, Options, SqliteStore};
use sancho_testkit::Factory;
use tempfile::TempDir;

/// Makes fresh SQLite stores; their directories go with it.
#[derive(Debug, Default)]
pub(crate) struct SqliteFactory {
    directories: Mutex<Vec<TempDir>>,
}

impl Factory for SqliteFactory {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        Box::pin(async move {
            let directory = tempfile::tempdir().expect("a directory");
            let options = Options::default().durability(Durability::Normal);
            let store = SqliteStore::open(&directory.path().join("jobs.db"), options).expect("a store");
            self.directories.lock().expect("no panic").push(directory);
            let store = Arc::new(store);
            (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>)
        })
    }
}
