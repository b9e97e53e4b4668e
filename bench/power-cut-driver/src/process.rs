//! A process of a run, as the driver holds it: its log, and a standard input whose end tells it to stop.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use power::Supply;
use tokio::process::{Child, ChildStdin, Command};

/// How long a process has to end once it is told to.
const STOP_MAX: Duration = Duration::from_secs(40);

/// A running process, killed on drop.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts it, on the supply if there is one. What it says goes to the end of the log that has its name.
    pub(crate) fn start(name: &str, mut command: Command, supply: Option<&Supply>, logs: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(logs.join(format!("{name}.log")));
        let log = log.context("failed to open a log")?;
        if let Some(supply) = supply {
            command.envs(supply.environment()?);
        }
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("failed to start {name}"))?;
        let input = child.stdin.take();
        Ok(Process { name: name.to_owned(), child, input })
    }

    /// # Errors
    /// When it has ended with a failure.
    pub(crate) fn must_not_fail(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) if !status.success() => bail!("{} ended with {status}", self.name),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// When it has ended.
    pub(crate) fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended with {status}", self.name),
            None => Ok(()),
        }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }

    /// Waits until it has ended by itself, once its standard input has ended.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        match tokio::time::timeout(STOP_MAX, self.child.wait()).await {
            Ok(status) => match status? {
                status if status.success() => Ok(()),
                status => bail!("{} ended with {status}", self.name),
            },
            Err(_) => bail!("{} did not stop within {STOP_MAX:?}", self.name),
        }
    }
}
