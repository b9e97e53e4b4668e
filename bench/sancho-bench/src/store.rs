//! The stores that are measured, each fresh for each figure.

use std::fmt;

use anyhow::{Context, Result};
use sancho::Client;
use sancho_testkit::RedisServer;
use tempfile::TempDir;

use crate::cpu;
use crate::scratch::{Database, Durability, Scratch};

/// A kind of store, by what a push that has returned survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SQLite with `synchronous=FULL`, Sancho's default: a power cut.
    SqliteFull,
    /// SQLite with `synchronous=NORMAL`: a crash of the process.
    SqliteNormal,
    /// Redis that keeps nothing on disk: a crash of the process that pushed.
    Redis,
    /// Redis with `appendfsync everysec`: a power cut, but for the last second.
    RedisAof,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::SqliteFull, Kind::SqliteNormal, Kind::Redis, Kind::RedisAof];

    /// Whether this is the kind on which what does not depend on durability is measured, one for each store.
    pub fn is_first(self) -> bool {
        matches!(self, Kind::SqliteFull | Kind::Redis)
    }

    /// What SQLite promises; `None` for Redis.
    pub fn durability(self) -> Option<Durability> {
        match self {
            Kind::SqliteFull => Some(Durability::Full),
            Kind::SqliteNormal => Some(Durability::Normal),
            Kind::Redis | Kind::RedisAof => None,
        }
    }

    /// Its name before a figure's.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SqliteFull => "sqlite_full",
            Kind::SqliteNormal => "sqlite_normal",
            Kind::Redis => "redis",
            Kind::RedisAof => "redis_aof",
        }
    }

    /// A figure's whole name.
    pub fn figure(self, name: &str) -> String {
        format!("{}_{name}", self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::SqliteFull => "SQLite, FULL",
            Kind::SqliteNormal => "SQLite, NORMAL",
            Kind::Redis => "Redis, no persistence",
            Kind::RedisAof => "Redis, AOF everysec",
        })
    }
}

/// A fresh store, which goes on drop. Drop whoever has it open first.
#[derive(Debug)]
pub enum Store {
    Sqlite(Database, Durability),
    /// The server before its directory: it ends before its files go.
    Redis {
        server: RedisServer,
        _directory: Option<TempDir>,
    },
}

impl Store {
    pub fn fresh(kind: Kind, scratch: &Scratch) -> Result<Self> {
        if let Some(durability) = kind.durability() {
            return Ok(Store::Sqlite(scratch.database()?, durability));
        }
        if kind == Kind::Redis {
            return Ok(Store::Redis { server: RedisServer::start(), _directory: None });
        }
        // On the disk that is measured: the system's own directory for such files may be in memory.
        let directory = scratch.directory()?;
        let keeping = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
        let server = RedisServer::start_in(directory.path(), &keeping);
        Ok(Store::Redis { server, _directory: Some(directory) })
    }

    /// The store's address, as Sancho has it.
    pub fn url(&self) -> String {
        match self {
            Store::Sqlite(database, durability) => database.url(*durability),
            Store::Redis { server, .. } => server.url(),
        }
    }

    /// The store's address without anything that only Sancho knows.
    pub fn plain_url(&self) -> String {
        match self {
            Store::Sqlite(database, _) => format!("sqlite://{}", database.file().display()),
            Store::Redis { server, .. } => server.url(),
        }
    }

    /// A client with connections of its own.
    pub async fn connect(&self) -> Result<Client> {
        sancho::connect(&self.url()).await.context("failed to open the store")
    }

    /// The process that is the store; `None` for a file.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Store::Sqlite(..) => None,
            Store::Redis { server, .. } => server.pid(),
        }
    }

    /// Seconds of processor time that the store's own process has used; `None` for a file, and where the system does
    /// not tell.
    pub fn cpu_seconds(&self) -> Option<f64> {
        Some(cpu::nanos(self.pid()?)? as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_figure_is_named_after_its_store() {
        let names = Kind::ALL.map(|kind| kind.figure("bulk"));
        assert_eq!(names, ["sqlite_full_bulk", "sqlite_normal_bulk", "redis_bulk", "redis_aof_bulk"]);
    }
}
