//! Fresh databases on a Redis that the tests of one program share, and that goes with the last of them.

use std::sync::{Arc, Mutex, Weak};

use sancho_core::{BoxFuture, Inspect, Store};
use sancho_redis::RedisStore;
use sancho_testkit::{Factory, RedisServer};

/// Makes stores, each on a database of its own.
pub(crate) struct Redis(pub(crate) Arc<RedisServer>);

impl Default for Redis {
    fn default() -> Self {
        static SHARED: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().expect("a redis-server started");
        let server = shared.upgrade().unwrap_or_else(|| Arc::new(RedisServer::start()));
        *shared = Arc::downgrade(&server);
        Redis(server)
    }
}

impl Redis {
    /// The address of a fresh database.
    pub(crate) fn url(&self) -> String {
        self.0.fresh_url()
    }

    /// A store on a fresh database.
    pub(crate) async fn store(&self) -> RedisStore {
        RedisStore::connect(&self.url()).await.expect("connect")
    }
}

impl Factory for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        Box::pin(async move {
            let store = Arc::new(self.store().await);
            (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>)
        })
    }
}
