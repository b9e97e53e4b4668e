//! A process of a run, as the judge holds it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::ledger;

/// How long a process has to end once it is told to: longer than a server gives its running jobs.
const STOP_MAX: Duration = Duration::from_secs(40);

/// A running process, killed on drop.
pub struct Process {
    pub name: String,
    pub ledger: PathBuf,
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts a build's program in a role. What it says goes to this process's standard error.
    pub fn start(program: &Path, name: String, arguments: &[&str], files: &Path) -> Result<Self> {
        let ledger = files.join(&name);
        let mut command = Command::new(program);
        command.args(arguments).arg("--ledger").arg(&ledger);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("failed to start {}", program.display()))?;
        let input = child.stdin.take();
        Ok(Process { name, ledger, child, input })
    }

    /// # Errors
    /// When it has ended though nobody ended it.
    pub fn check_running(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "{} ended by itself", self.name);
        Ok(())
    }

    /// How many jobs it has performed.
    pub fn performed(&self) -> Result<usize> {
        Ok(ledger::read(&self.ledger, "done")?.len())
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        match timeout(STOP_MAX, self.child.wait()).await {
            Ok(status) => ensure!(status?.success(), "{} ended with a failure", self.name),
            Err(_) => bail!("{} did not stop within {STOP_MAX:?}", self.name),
        }
        Ok(())
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }
}
