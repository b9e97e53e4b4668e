//! Jobs while they run: what they are told, how they are brought to an end, and what is seen of them. The facts hold on
//! each store; what has nothing to do with a store is told once.

#[path = "running/deeds.rs"]
mod deeds;
#[path = "server/log.rs"]
mod log;
#[path = "running/stage.rs"]
mod stage;

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sancho::Client;
use sancho_testkit::RedisServer;

/// A client of an empty store, and what has to stay for as long as it.
struct Home {
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

#[path = "running"]
mod on_model {
    async fn home() -> super::Home {
        super::Home { client: sancho::testing::memory(), _folder: None, _redis: None }
    }

    mod facts;
}

#[path = "running"]
mod on_sqlite {
    async fn home() -> super::Home {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
        let client = sancho::connect(&url).await.expect("opens");
        super::Home { client, _folder: Some(folder), _redis: None }
    }

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
}

#[path = "running"]
mod on_redis {
    async fn home() -> super::Home {
        let redis = super::redis();
        let client = sancho::connect(&redis.fresh_url()).await.expect("connects");
        super::Home { client, _folder: None, _redis: Some(redis) }
    }

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod facts;
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

#[path = "running/alone.rs"]
mod alone;
