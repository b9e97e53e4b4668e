//! What Redis itself says of commands that took long.

use anyhow::{Context, Result};
use redis::Connection;

/// Commands that took longer are noted, in microseconds.
pub const NOTED_MICROS: u64 = 1_000;

/// Redis' own slow log, read and emptied by turns.
pub struct Slowlog(Connection);

/// A command that took long.
#[derive(Clone, Debug)]
pub struct Slow {
    pub micros: u64,
    /// Its first arguments.
    pub what: String,
}

impl Slowlog {
    pub fn open(url: &str) -> Result<Self> {
        let connection = redis::Client::open(url)?.get_connection().context("failed to ask Redis")?;
        let mut slowlog = Slowlog(connection);
        slowlog.take()?;
        Ok(slowlog)
    }

    /// What was noted since the last time, the slowest first.
    pub fn take(&mut self) -> Result<Vec<Slow>> {
        type Entry = (u64, u64, u64, Vec<Vec<u8>>, Vec<u8>, Vec<u8>);
        let entries: Vec<Entry> = redis::cmd("SLOWLOG").arg("GET").arg(-1).query(&mut self.0)?;
        redis::cmd("SLOWLOG").arg("RESET").exec(&mut self.0)?;
        let mut slow: Vec<Slow> =
            entries.into_iter().map(|entry| Slow { micros: entry.2, what: what(&entry.3) }).collect();
        slow.retain(|slow| !slow.what.starts_with("SLOWLOG"));
        slow.sort_by_key(|slow| std::cmp::Reverse(slow.micros));
        Ok(slow)
    }
}

/// A command's beginning, each argument cut short.
fn what(arguments: &[Vec<u8>]) -> String {
    let short = |argument: &Vec<u8>| String::from_utf8_lossy(&argument[..argument.len().min(24)]).into_owned();
    arguments.iter().take(8).map(short).collect::<Vec<_>>().join(" ")
}
