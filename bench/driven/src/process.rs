//! A process of the run, as the driver holds it: its log, and a standard input whose end tells it to stop.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};

/// How long a process has to end once it is told to: longer than a server gives its running jobs.
const STOP_MAX: Duration = Duration::from_secs(40);

/// A running process, killed on drop.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts it. What it says goes to the end of the file of the logs that has its name.
    ///
    /// # Errors
    /// When the log cannot be opened, or the program not be started.
    pub fn start(name: &str, mut command: Command, logs: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(logs.join(format!("{name}.log")));
        let log = log.context("failed to open a log")?;
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("failed to start {program}"))?;
        let input = child.stdin.take();
        Ok(Process { name: name.to_owned(), child, input })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("failed to kill {}", self.name))
    }

    /// Suspends it: it does nothing until it is resumed, and is not told.
    pub fn suspend(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Tells it to stop as an operator does, and does not wait.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// When it ended with a failure.
    pub fn has_ended(&mut self) -> Result<bool> {
        match self.child.try_wait()? {
            None => Ok(false),
            Some(status) if status.success() => Ok(true),
            Some(status) => bail!("{} ended with {status}", self.name),
        }
    }

    /// Writes a line to its standard input.
    pub async fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().with_context(|| format!("{} was told to stop", self.name))?;
        input.write_all(format!("{line}\n").as_bytes()).await.with_context(|| format!("failed to tell {}", self.name))
    }

    /// Ends its standard input, and does not wait.
    pub fn end_input(&mut self) {
        drop(self.input.take());
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let pid = pid.with_context(|| format!("{} has ended", self.name))?;
        kill_process(pid, signal).with_context(|| format!("failed to signal {}", self.name))
    }

    /// # Errors
    /// When it has ended though nobody ended it.
    pub fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself with {status}", self.name),
        }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it ends with a failure.
    pub async fn ended(&mut self) -> Result<()> {
        let status = self.child.wait().await.with_context(|| format!("failed to wait for {}", self.name))?;
        if !status.success() {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time, or ends with a failure.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        match tokio::time::timeout(STOP_MAX, self.ended()).await {
            Ok(ended) => ended,
            Err(_) => bail!("{} did not stop within {STOP_MAX:?}", self.name),
        }
    }
}
