//! A `redis-server` of a test's own: on a free loopback port, in a directory of its own, gone when its owner is.

mod sentinel;

pub use sentinel::RedisSentinel;

use std::ffi::OsString;
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
    /// Whether the directory goes when the server does.
    owns_directory: bool,
    arguments: Vec<String>,
    environment: Vec<(OsString, OsString)>,
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
        let port = free_port();
        Self::start_at(port, directory_for(port), true, arguments)
    }

    /// As [`start_with`](Self::start_with), but keeps its files in a directory of the caller's, which is there already
    /// and stays when the server is gone.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    pub fn start_in(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_at(free_port(), directory.to_owned(), false, arguments)
    }

    fn start_at(port: u16, directory: PathBuf, owns_directory: bool, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let next_database = AtomicU32::new(0);
        let environment = Vec::new();
        let mut server =
            RedisServer { child: None, port, directory, owns_directory, arguments, environment, next_database };
        server.restart();
        server
    }

    /// What its environment has beside this program's, from its next start on.
    pub fn set_environment(&mut self, variables: Vec<(OsString, OsString)>) {
        self.environment = variables;
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

    /// Where its unix socket is, if it was started with `--unixsocket redis.sock`.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("redis.sock")
    }

    /// Whether it runs; it may have ended by itself, as one does that cannot append to its file.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Stops it as SIGSTOP does: it keeps its connections and answers nothing.
    ///
    /// # Panics
    /// When it does not run, or cannot be told.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    ///
    /// # Panics
    /// When it does not run, or cannot be told.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.pid().expect("redis-server runs");
        let told = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
        assert!(told.expect("a shell runs").success(), "redis-server {pid} can be sent SIG{name}");
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
        self.restart_within(1);
    }

    /// As [`restart`](Self::restart), but one that ends by itself is started again, so many times in all, as service
    /// managers do: after a power cut Redis may need that, to mend the end of its file.
    ///
    /// # Panics
    /// When none of them stays.
    pub fn restart_within(&mut self, starts: u32) {
        for _ in 0..starts {
            self.launch();
            if self.says(|line| !line.contains("LOADING")) {
                return;
            }
        }
        self.must_run(false);
    }

    /// As [`restart`](Self::restart), but waits only until it says anything, be it that it is still loading.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart_loading(&mut self) {
        self.launch();
        let runs = self.says(|_| true);
        self.must_run(runs);
    }

    fn launch(&mut self) {
        self.kill();
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--databases", &DATABASES.to_string(), "--maxmemory-policy", "noeviction"])
            .arg("--dir")
            .arg(&self.directory)
            .args(["--logfile", "redis.log"])
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.child = Some(spawn(&mut command));
    }

    /// Waits until it says something that will do; `false` when it ends before.
    fn says(&mut self, will_do: impl Fn(&str) -> bool) -> bool {
        for _ in 0..ASKS_MAX {
            if first_line(self.port).is_some_and(|line| will_do(&line)) {
                return true;
            }
            if !self.is_running() {
                return false;
            }
            std::thread::park_timeout(ASK_EVERY);
        }
        panic!("redis-server on port {} does not answer", self.port);
    }

    fn must_run(&self, runs: bool) {
        assert!(runs, "redis-server ended at once; its log: {}", self.directory.join("redis.log").display());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        if self.owns_directory {
            // A directory that stays behind in the temporary directory harms nobody.
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    free.expect("a loopback port is free").port()
}

fn directory_for(port: u16) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("sancho-redis-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for redis-server can be made");
    directory
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
        panic!("redis-server does not start ({error}): install it, on Debian with apt-get install redis-server")
    })
}

/// What whoever listens there answers to a PING.
fn first_line(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    (!line.is_empty()).then_some(line)
}
