//! The store under a soak: what it takes up, and what is left in it at the end.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use sancho_testkit::RedisServer;

use crate::scratch::{Database, Durability, Scratch};

/// What a store takes up at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Bytes of the database file, or of Redis' memory.
    pub bytes: u64,
    /// Bytes of the write-ahead log and its index; none on Redis.
    pub log_bytes: u64,
    /// Keys in Redis; none on SQLite.
    pub keys: u64,
}

/// A store of the run's own.
pub enum Store {
    Sqlite(Database),
    Redis(RedisServer, Box<redis::Connection>),
}

impl Store {
    pub fn sqlite(scratch: &Scratch) -> Result<Self> {
        scratch.database().map(Store::Sqlite)
    }

    pub fn redis() -> Result<Self> {
        let server = RedisServer::start();
        let connection = redis::Client::open(server.url())?.get_connection().context("failed to ask Redis")?;
        Ok(Store::Redis(server, Box::new(connection)))
    }

    /// The store's name.
    pub fn name(&self) -> &'static str {
        match self {
            Store::Sqlite(_) => "sqlite",
            Store::Redis(..) => "redis",
        }
    }

    /// The store's address.
    pub fn url(&self) -> String {
        match self {
            Store::Sqlite(database) => database.url(Durability::Full),
            Store::Redis(server, _) => server.url(),
        }
    }

    /// What it takes up now.
    pub fn space(&mut self) -> Result<Space> {
        match self {
            Store::Sqlite(database) => {
                let beside = |suffix: &str| {
                    let mut name = database.file().as_os_str().to_owned();
                    name.push(suffix);
                    bytes_of(name.into())
                };
                Ok(Space { bytes: beside("")?, log_bytes: beside("-wal")? + beside("-shm")?, keys: 0 })
            }
            Store::Redis(_, connection) => {
                let said: String = redis::cmd("INFO").arg("memory").query(connection)?;
                let bytes = said.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok());
                let keys = redis::cmd("DBSIZE").query(connection)?;
                Ok(Space { bytes: bytes.context("Redis does not tell its memory")?, log_bytes: 0, keys })
            }
        }
    }

    /// What is left once every job is over and every process has said goodbye: a line for each table or key that holds
    /// anything, and whether that may be.
    pub fn leftovers(&mut self, dead: u64) -> Result<Vec<Leftover>> {
        match self {
            Store::Sqlite(database) => rows_left(database, dead),
            Store::Redis(_, connection) => keys_left(connection, dead),
        }
    }
}

/// A table or key that holds something at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    pub name: String,
    pub holds: u64,
    /// Whether it is bounded, by a limit or by a time to live.
    pub bounded: bool,
}

fn bytes_of(file: PathBuf) -> Result<u64> {
    match std::fs::metadata(&file) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error).with_context(|| format!("failed to look at {}", file.display())),
    }
}

fn rows_left(database: &Database, dead: u64) -> Result<Vec<Leftover>> {
    let connection = Connection::open_with_flags(database.file(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(whole == "ok", "the file is damaged: {whole}");
    let mut find = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables = find.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let mut left = Vec::new();
    for name in tables {
        let holds = number(&connection, &format!("SELECT count(*) FROM {name}"))?;
        let bounded = match name.as_str() {
            "sancho_jobs" | "sancho_waiting" => holds == dead,
            "sancho_away" => holds <= dead,
            "sancho_schema" | "sancho_totals" | "sancho_queues" => holds == 1,
            "sancho_days" => holds <= 2,
            // Pushes go away with later pushes, and with pruning.
            "sancho_batches" => true,
            _ => holds == 0,
        };
        left.push(Leftover { name, holds, bounded });
    }
    let (pages, free) = (number(&connection, "PRAGMA page_count")?, number(&connection, "PRAGMA freelist_count")?);
    left.push(Leftover { name: "(pages of the file)".to_owned(), holds: pages, bounded: true });
    left.push(Leftover { name: "(of which free)".to_owned(), holds: free, bounded: true });
    left.retain(|it| it.holds > 0);
    Ok(left)
}

fn number(connection: &Connection, sql: &str) -> Result<u64> {
    let number: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(number.try_into()?)
}

fn keys_left(connection: &mut redis::Connection, dead: u64) -> Result<Vec<Leftover>> {
    let mut names: Vec<String> = redis::cmd("KEYS").arg("*").query(connection)?;
    names.sort();
    let mut left = Vec::new();
    for name in names {
        let kind: String = redis::cmd("TYPE").arg(&name).query(connection)?;
        let count = match kind.as_str() {
            "zset" => "ZCARD",
            "set" => "SCARD",
            "hash" => "HLEN",
            "list" => "LLEN",
            _ => "STRLEN",
        };
        let holds = redis::cmd(count).arg(&name).query(connection)?;
        let lives: i64 = redis::cmd("TTL").arg(&name).query(connection)?;
        let bounded = match name.as_str() {
            "dead" => holds == dead,
            "queues" => holds == 1,
            // Days, which expire or are pruned after five years, and two totals of some digits each.
            "sancho:days" => holds <= 2,
            "stat:processed" | "stat:failed" => true,
            _ => lives > 0,
        };
        let name = if lives > 0 { format!("{name} (expires)") } else { name };
        left.push(Leftover { name, holds, bounded });
    }
    Ok(left)
}
