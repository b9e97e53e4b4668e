//! A `redis-server` of a test's own: on a free loopback port, in a directory of its own, gone when its owner is.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often a server that starts is asked whether it is there, and how many times.
const ASK_EVERY: Duration = Duration::from_millis(5);
const ASKS_MAX: u32 = 6_000;

/// How many databases one server has: each test may take one of its own.
const DATABASES: u32 = 4_096;

/// A running `redis-server`.
#[derive(Debug)]
pub struct RedisServer {
    child: Option<Child>,
    port: u16,
    directory: PathBuf,
    arguments: Vec<String>,
    next_database: AtomicU32,
}

impl RedisServer {
    /// Starts one that keeps nothing on disk.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    pub fn start() -> Self {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// Starts one with arguments of its own, as `redis-server` takes them. They come last, and so may
    /// override the port's companions, such as `--requirepass` or `--unixsocket`.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    pub fn start_with(arguments: &[&str]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = free.expect("a loopback port is free").port();
        let directory = std::env::temp_dir().join(format!("sancho-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for redis-server can be made");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut server = RedisServer { child: None, port, directory, arguments, next_database: AtomicU32::new(0) };
        server.restart();
        server
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id; `None` after a kill.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it keeps its files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The address of database 0.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The address of a database that no earlier call named.
    pub fn fresh_url(&self) -> String {
        let database = self.next_database.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(database < DATABASES, "a test took every database of its redis-server");
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }

    /// Kills it as `kill -9` does: what it has not written is lost.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("redis-server can be killed");
            child.wait().expect("redis-server ends");
        }
    }

    /// Kills it if it runs, starts it again on the same port with the same files, and waits until it answers.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--databases", &DATABASES.to_string(), "--maxmemory-policy", "noeviction"])
            .arg("--dir")
            .arg(&self.directory)
            .args(["--logfile", "redis.log"])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| {
            panic!("redis-server does not start ({error}): install it, on Debian with apt-get install redis-server")
        }));
        for _ in 0..ASKS_MAX {
            if self.answers() {
                return;
            }
            let exited = self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
            assert!(!exited, "redis-server ended at once; its log: {}", self.directory.join("redis.log").display());
            std::thread::park_timeout(ASK_EVERY);
        }
        panic!("redis-server on port {} does not answer", self.port);
    }

    /// Whether it answers anything that is not "still loading".
    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return false };
        let mut line = String::new();
        let asked = stream.set_read_timeout(Some(Duration::from_secs(1))).and_then(|()| stream.write_all(b"PING\r\n"));
        asked.and_then(|()| BufReader::new(stream).read_line(&mut line)).is_ok() && !line.contains("LOADING")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        // A directory that stays behind in the temporary directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
