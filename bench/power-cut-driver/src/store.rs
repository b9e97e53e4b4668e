//! Where the run's jobs are kept: in the watched directory, by SQLite or by a redis-server of the run's own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driven::Process;
use power::{Supply, Survival};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::options::{Durability, Kind};

/// How long a redis-server may take to read its files, and how often it is asked.
const ANSWER_MAX: Duration = Duration::from_secs(20);
const ASK_EVERY: Duration = Duration::from_millis(5);

/// How often a redis-server is started before it counts as one that refuses its files.
const STARTS_MAX: u32 = 3;

/// The store of a run.
pub(crate) struct Store {
    kind: Kind,
    durability: Durability,
    directory: PathBuf,
    logs: PathBuf,
    port: u16,
}

impl Store {
    /// Makes what has to be there before the first cut.
    pub(crate) async fn make(kind: Kind, durability: Durability, directory: &Path, logs: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let (directory, logs) = (directory.to_owned(), logs.to_owned());
        let store = Store { kind, durability, directory, logs, port };
        if kind == Kind::Redis {
            // It makes the directory of its append-only file, and does not sync the name: whoever installs it has that
            // behind them.
            if let Some(server) = store.start(None).await? {
                server.kill().await?;
            }
        }
        Ok(store)
    }

    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Sqlite => format!("sqlite://{}?durability={}", self.file().display(), self.durability),
            Kind::Redis => format!("redis://127.0.0.1:{}/0", self.port),
        }
    }

    fn file(&self) -> PathBuf {
        self.directory.join("power.db")
    }

    /// What the disk may do to what was not synced. An append-only file only grows, and Redis refuses one with a hole:
    /// no file system that keeps its data in order leaves one.
    pub(crate) fn survival(&self) -> Survival {
        match self.kind {
            Kind::Sqlite => Survival::Any,
            Kind::Redis => Survival::InOrder,
        }
    }

    /// Starts the server of the store, where it has one, and waits until it answers or the power is off.
    ///
    /// One that ends by itself is started again, as service managers do. Redis needs that: it cuts a torn end off its
    /// file and does not sync that. When a rewrite adds the next file and the power is cut again, the torn end is back,
    /// no longer in the last file; Redis cuts it off, and ends for once.
    pub(crate) async fn start(&self, supply: Option<&Supply>) -> Result<Option<Process>> {
        if self.kind == Kind::Sqlite {
            return Ok(None);
        }
        let mut start = 1;
        loop {
            match self.start_once(supply).await {
                Err(refused) if start < STARTS_MAX => eprintln!("{refused:#}; starting it again"),
                other => return other.map(Some),
            }
            start += 1;
        }
    }

    async fn start_once(&self, supply: Option<&Supply>) -> Result<Process> {
        let mut command = Command::new("redis-server");
        if let Some(supply) = supply {
            command.envs(supply.environment()?);
        }
        let sync = match self.durability {
            Durability::Full => "always",
            Durability::Normal => "everysec",
        };
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--maxmemory-policy", "noeviction", "--appendfsync", sync])
            // Rewrites of the append-only file are under way at some of the cuts.
            .args(["--auto-aof-rewrite-percentage", "50", "--auto-aof-rewrite-min-size", "256kb"])
            .arg("--dir")
            .arg(&self.directory)
            .arg("--logfile")
            .arg(self.logs.join("redis-server.log"));
        let mut server = Process::start("redis-server", command, &self.logs)
            .context("redis-server is needed: install it, on Debian with apt-get install redis-server")?;
        let deadline = Instant::now() + ANSWER_MAX;
        while !self.answers().await && !supply.is_some_and(|supply| supply.is_off().unwrap_or(false)) {
            server.check_running().context("redis-server refuses what the cut has left")?;
            ensure!(Instant::now() < deadline, "redis-server did not answer within {ANSWER_MAX:?}");
            sleep(ASK_EVERY).await;
        }
        Ok(server)
    }

    async fn answers(&self) -> bool {
        let ask = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            stream.write_all(b"PING\r\n").await?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await?;
            std::io::Result::Ok(answer == *b"+PONG")
        };
        matches!(timeout(Duration::from_millis(200), ask).await, Ok(Ok(true)))
    }

    /// What is wrong with the file that a cut has left. It is a copy that is looked at: SQLite's own recovery is left
    /// to those who start next.
    pub(crate) fn check(&self) -> Result<Option<String>> {
        if self.kind == Kind::Redis || !self.file().exists() {
            return Ok(None);
        }
        let copy = self.logs.join("copy");
        std::fs::create_dir(&copy)?;
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.join(entry.file_name()))?;
        }
        let said = rusqlite::Connection::open(copy.join("power.db"))
            .and_then(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
        std::fs::remove_dir_all(&copy)?;
        Ok(match said {
            Ok(said) if said == "ok" => None,
            Ok(said) => Some(said),
            Err(error) => Some(error.to_string()),
        })
    }
}
