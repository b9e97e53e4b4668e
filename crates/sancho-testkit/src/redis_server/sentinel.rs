//! A Redis Sentinel of a test's own.

use std::path::PathBuf;
use std::process::{Child, Command};

use super::{ASK_EVERY, ASKS_MAX, RedisServer, directory_for, first_line, free_port, spawn};

/// A running Sentinel, gone when its owner is.
#[derive(Debug)]
pub struct RedisSentinel {
    child: Child,
    port: u16,
    directory: PathBuf,
}

impl RedisSentinel {
    /// Starts one that watches this master, which it takes to be down after a second without an answer. So many of
    /// the Sentinels of the test must agree.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    pub fn watch(name: &str, master: &RedisServer, quorum: u32) -> Self {
        Self::watch_at(name, master.port(), quorum)
    }

    /// As [`watch`](Self::watch), of a master that is reached at this port, which may be a proxy's.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    pub fn watch_at(name: &str, watched: u16, quorum: u32) -> Self {
        let port = free_port();
        let directory = directory_for(port);
        let file = directory.join("sentinel.conf");
        // A Sentinel writes what it learns into its own file, and wants no other arguments.
        let lines = [
            format!("port {port}"),
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", directory.display()),
            "logfile sentinel.log".to_owned(),
            format!("sentinel monitor {name} 127.0.0.1 {watched} {quorum}"),
            format!("sentinel down-after-milliseconds {name} 1000"),
            format!("sentinel failover-timeout {name} 5000"),
        ];
        std::fs::write(&file, lines.join("\n") + "\n").expect("a Sentinel's file can be written");
        let child = spawn(Command::new("redis-server").arg(&file).arg("--sentinel"));
        let mut sentinel = RedisSentinel { child, port, directory };
        for _ in 0..ASKS_MAX {
            if first_line(port).is_some() {
                return sentinel;
            }
            let ended = matches!(sentinel.child.try_wait(), Ok(Some(_)));
            assert!(!ended, "a Sentinel ended at once; its log: {}", sentinel.directory.join("sentinel.log").display());
            std::thread::park_timeout(ASK_EVERY);
        }
        panic!("a Sentinel on port {port} does not answer");
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for RedisSentinel {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
