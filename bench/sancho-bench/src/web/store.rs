//! The store under the pages: a file in the scratch directory, or a redis-server of the run's own.

use anyhow::{Context, Result};
use sancho::Client;
use sancho_testkit::RedisServer;

use super::slowlog::{NOTED_MICROS, Slowlog};
use crate::scratch::{Database, Durability, Scratch};

pub enum Store {
    Sqlite(Database),
    Redis(RedisServer),
}

impl Store {
    pub fn sqlite(scratch: &Scratch) -> Result<Self> {
        scratch.database().map(Store::Sqlite)
    }

    pub fn redis() -> Result<Self> {
        let noted = NOTED_MICROS.to_string();
        let server = RedisServer::start_with(&[
            "--save",
            "",
            "--appendonly",
            "no",
            "--slowlog-log-slower-than",
            &noted,
            "--slowlog-max-len",
            "100000",
        ]);
        Ok(Store::Redis(server))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Store::Sqlite(_) => "sqlite",
            Store::Redis(_) => "redis",
        }
    }

    /// A client with connections of its own.
    pub async fn client(&self) -> Result<Client> {
        match self {
            Store::Sqlite(database) => database.connect(Durability::Full).await,
            Store::Redis(server) => sancho::connect(&server.url()).await.context("failed to open the store"),
        }
    }

    /// What holds Redis up; there is no such thing for a file.
    pub fn slowlog(&self) -> Result<Option<Slowlog>> {
        match self {
            Store::Sqlite(_) => Ok(None),
            Store::Redis(server) => Slowlog::open(&server.url()).map(Some),
        }
    }
}
