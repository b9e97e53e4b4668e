//! Queues and capsules, on each store: orders, weights, patterns, what is changed at run time, and bursts.

#[path = "queues/jobs.rs"]
mod jobs;
#[path = "queues/orphan.rs"]
mod orphan;
#[path = "queues/refusals.rs"]
mod refusals;
#[path = "queues/stage.rs"]
mod stage;

use std::ops::Deref;

use sancho::Client;
use sancho_testkit::RedisServer;

/// A client of an empty store, and what the store needs to live.
struct Home {
    client: Client,
    _folder: Option<tempfile::TempDir>,
    _redis: Option<RedisServer>,
}

impl Deref for Home {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

#[path = "queues"]
mod on_model {
    async fn home() -> super::Home {
        super::Home { client: sancho::testing::memory(), _folder: None, _redis: None }
    }

    mod bursts;
    mod capsules;
    mod orders;
    mod patterns;
    mod tuning;
}

#[path = "queues"]
mod on_sqlite {
    async fn home() -> super::Home {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
        let client = sancho::connect(&url).await.expect("opens");
        super::Home { client, _folder: Some(folder), _redis: None }
    }

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod bursts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod capsules;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod orders;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod patterns;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod tuning;
}

#[path = "queues"]
mod on_redis {
    async fn home() -> super::Home {
        let redis = super::RedisServer::start();
        let client = sancho::connect(&redis.url()).await.expect("connects");
        super::Home { client, _folder: None, _redis: Some(redis) }
    }

    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod bursts;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod capsules;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod orders;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod patterns;
    #[expect(clippy::duplicate_mod, reason = "the same facts, on another store")]
    mod tuning;
}
