//! The store of a torment, and what is done to it.

mod redis;
mod sqlite;

use std::path::Path;

use anyhow::Result;
use sancho::Client;

pub(super) use self::redis::RedisHouse;
pub(super) use self::sqlite::{SqliteHouse, check};
use super::ground::Ground;

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
            "redis" => House::Redis(Box::new(RedisHouse::open(ground.path(), logs)?)),
            _ => House::Sqlite(SqliteHouse::at(ground.path())),
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

    /// What is wrong with the store, a line each.
    pub(super) async fn complaints(&self, client: &Client) -> Result<Vec<String>> {
        match self {
            House::Redis(_) => redis::complaints(client).await,
            House::Sqlite(house) => house.complaints(),
        }
    }
}
