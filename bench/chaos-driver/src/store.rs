//! Where the run's jobs are kept.

use std::path::Path;

use anyhow::{Result, ensure};
use sancho_testkit::RedisServer;

use crate::server::connect;

/// A store of the run's own, or one that was given.
pub(crate) enum Store {
    /// A redis-server of the run's own, gone with this.
    Redis(RedisServer),
    /// A file of the run's own, or a store that somebody else keeps.
    At(String),
}

impl Store {
    /// Opens what was asked for: `redis`, `sqlite` or an address.
    pub(crate) async fn open(asked: &str, durability: Durability, logs: &Path) -> Result<Self> {
        match asked {
            "redis" => Ok(Store::Redis(start_redis(durability, logs))),
            "sqlite" => Ok(Store::At(format!("sqlite://{}", logs.join("chaos.db").display()))),
            url => {
                let client = connect(url).await?;
                let stats = client.inspect().stats(client.clock().now()).await?;
                let held = stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.dead + stats.held;
                ensure!(held == 0, "the store holds {held} jobs of somebody else: name an empty one");
                Ok(Store::At(url.to_owned()))
            }
        }
    }

    /// The store's address.
    pub(crate) fn url(&self) -> String {
        match self {
            Store::Redis(server) => server.url(),
            Store::At(url) => url.clone(),
        }
    }

    pub(crate) fn is_redis(&self) -> bool {
        self.url().starts_with("redis")
    }
}

/// What a redis-server of the run's own keeps when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    Nothing,
    /// Every write that was answered.
    EveryWrite,
}

fn start_redis(durability: Durability, logs: &Path) -> RedisServer {
    let log = logs.join("redis.log");
    let kept: &[&str] = match durability {
        Durability::Nothing => &["--appendonly", "no"],
        Durability::EveryWrite => &["--appendonly", "yes", "--appendfsync", "always"],
    };
    RedisServer::start_with(&[&["--save", "", "--logfile", &log.to_string_lossy()], kept].concat())
}
