//! The application's processes, in a working directory of their own.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use sancho_testkit::RedisServer;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::Options;
use crate::pages::Pages;

/// How long a web process may take to answer for the first time.
const START_TIME_MAX: Duration = Duration::from_secs(15);

/// One application: its program, its files, and the port of its pages.
pub(crate) struct Application {
    program: PathBuf,
    store: Option<String>,
    /// Under `store`, where it is the check's own.
    _redis: Option<RedisServer>,
    folder: TempDir,
    port: u16,
}

impl Application {
    /// A fresh directory, a free port, and a fresh redis-server if one is asked for.
    pub(crate) async fn new(options: &Options) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("snippets-check-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let redis = (options.store.as_deref() == Some("redis")).then(RedisServer::start);
        let store = redis.as_ref().map(RedisServer::url).or_else(|| options.store.clone());
        Ok(Application { program: options.application.clone(), store, _redis: redis, folder, port })
    }

    /// Starts a process. It is killed when the child is dropped; what it says goes to a file of the directory.
    pub(crate) fn start(&self, role: &str, flaky: f64) -> anyhow::Result<Child> {
        let log = File::options().create(true).append(true).open(self.folder.path().join(format!("{role}.log")))?;
        let mut command = Command::new(&self.program);
        command.args(["--role", role, "--port", &self.port.to_string(), "--flaky", &flaky.to_string()]);
        if let Some(store) = &self.store {
            command.args(["--store", store]);
        }
        command.current_dir(self.folder.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.spawn().with_context(|| format!("failed to start {}", self.program.display()))
    }

    /// The pages of a web process that was just started, once they answer.
    pub(crate) async fn pages(&self, web: &mut Child) -> anyhow::Result<Pages> {
        let pages = Pages::new(self.port);
        let deadline = Instant::now() + START_TIME_MAX;
        loop {
            if let Ok(counts) = pages.counts().await {
                anyhow::ensure!(counts.snippets == 0, "port {} answers, but it is another application", self.port);
                return Ok(pages);
            }
            if let Some(status) = web.try_wait()? {
                anyhow::bail!("the web process has ended with {status}:\n{}", self.last_words("all", "web"));
            }
            anyhow::ensure!(Instant::now() < deadline, "the web process does not answer on port {}", self.port);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the check: the files stay if it went wrong.
    pub(crate) fn finish(self, good: bool) {
        if !good {
            eprintln!("files and logs of the application: {}", self.folder.keep().display());
        }
    }

    fn last_words(&self, one: &str, other: &str) -> String {
        let read = |role: &str| std::fs::read_to_string(self.folder.path().join(format!("{role}.log")));
        read(one).or_else(|_| read(other)).unwrap_or_default()
    }
}
