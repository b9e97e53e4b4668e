//! An empty store of each kind, for facts that hold on all of them.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sancho::Client;
use sancho_testkit::RedisServer;

/// A client of an empty store, and what has to stay for as long as the store is used.
pub(crate) struct Home {
    client: Client,
    _folder: Option<tempfile::TempDir>,
    _redis: Option<Arc<RedisServer>>,
}

impl Deref for Home {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A store in memory.
pub(crate) async fn on_model() -> Home {
    Home { client: sancho::testing::memory(), _folder: None, _redis: None }
}

/// A file in a folder of its own.
pub(crate) async fn on_sqlite() -> Home {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
    let client = sancho::connect(&url).await.expect("opens");
    Home { client, _folder: Some(folder), _redis: None }
}

/// A database of a Redis that the tests share that run at this time.
pub(crate) async fn on_redis() -> Home {
    let redis = redis();
    let client = sancho::connect(&redis.fresh_url()).await.expect("connects");
    Home { client, _folder: None, _redis: Some(redis) }
}

/// One `redis-server` for the tests that run now; it goes with the last of them.
fn redis() -> Arc<RedisServer> {
    static SHARED: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(RedisServer::start());
        *shared = Arc::downgrade(&server);
        server
    })
}
