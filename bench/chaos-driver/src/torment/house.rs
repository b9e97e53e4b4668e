//! The store of a torment, and what is done to it.

mod redis;
mod sqlite;

use std::path::Path;

use anyhow::Result;
use power::Survival;
use sancho::Client;

pub(super) use self::redis::RedisHouse;
pub(super) use self::sqlite::{SqliteHouse, check};
use super::ground::Ground;
use super::mains::Environment;

/// Whether a fault was made, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Yes,
    No(String),
}

/// Where the jobs are kept.
#[derive(Debug)]
pub(super) enum House {
    Redis(Box<RedisHouse>),
    Sqlite(SqliteHouse),
}

impl House {
    /// Opens a store on this ground; its logs go to the run's other files.
    pub(super) fn open(store: &str, ground: &Ground, logs: &Path) -> Result<Self> {
        Ok(match store {
            "redis" => House::Redis(Box::new(RedisHouse::open(ground.store(), logs)?)),
            _ => House::Sqlite(SqliteHouse::at(ground.store(), ground.aside())),
        })
    }

    /// The address for those who push and perform.
    pub(super) fn url(&self) -> String {
        match self {
            House::Redis(house) => house.url(),
            House::Sqlite(house) => house.url(),
        }
    }

    /// Brings back what the fault that is just over has ended.
    pub(super) fn recover(&mut self) -> Result<()> {
        match self {
            House::Redis(house) => house.recover(),
            House::Sqlite(_) => Ok(()),
        }
    }

    /// Ends what works on the store's files, where that is not those who push and perform.
    pub(super) fn end(&mut self) {
        if let House::Redis(house) = self {
            house.end();
        }
    }

    /// The same, once those who push and perform have left, or not come yet; waits until nobody has the files open.
    pub(super) fn close(&mut self) -> Result<()> {
        match self {
            House::Redis(house) => house.end(),
            House::Sqlite(house) => house.wait_until_closed()?,
        }
        Ok(())
    }

    /// Starts it again after [`end`](Self::end), with this environment.
    pub(super) fn begin(&mut self, environment: &Environment) -> Result<()> {
        match self {
            House::Redis(house) => house.begin(environment),
            House::Sqlite(_) => Ok(()),
        }
    }

    /// What a disk may do to what was not synced. An append-only file only grows, and Redis refuses one with a hole: no
    /// file system that keeps its data in order leaves one.
    pub(super) fn survival(&self) -> Survival {
        match self {
            House::Redis(_) => Survival::InOrder,
            House::Sqlite(_) => Survival::Any,
        }
    }

    /// What is wrong with the store, a line each.
    pub(super) async fn complaints(&self, client: &Client) -> Result<Vec<String>> {
        match self {
            House::Redis(_) => redis::complaints(client).await,
            House::Sqlite(house) => house.complaints(),
        }
    }
}
