//! The same jobs in a file.

use std::sync::Arc;

use sancho_sqlite::{Options, SqliteStore};

use crate::{stock, tour};

#[tokio::test]
async fn every_page_and_operation_shows_a_hostile_file_and_nothing_comes_alive() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).expect("the file opens");
    stock::fill(&store).await;
    tour::whole(Arc::new(store)).await;
}
