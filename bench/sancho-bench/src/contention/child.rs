//! A process of the check, as the judge holds it: lines that it says, and a standard input whose end tells it to stop.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::scratch::Scratch;

/// How long a process has to end once it is told to.
const STOP_MAX: Duration = Duration::from_secs(30);

/// A running process, killed on drop.
pub struct Child {
    process: tokio::process::Child,
    input: Option<ChildStdin>,
    said: Arc<Said>,
    listening: Option<JoinHandle<()>>,
}

/// What it said last.
#[derive(Debug, Default)]
struct Said {
    performed: AtomicU64,
    locked: AtomicU64,
}

impl Child {
    /// Starts this program in a role.
    pub fn start(scratch: &Scratch, role: &[&str]) -> Result<Self> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = Command::new(program);
        command.arg("--scratch").arg(scratch.path()).arg("role").args(role);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("failed to start a {}", role[0]))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let said = Arc::new(Said::default());
        let output = output.context("a process has no standard output")?;
        let listening = Some(tokio::spawn(listen(output, Arc::clone(&said))));
        Ok(Child { process, input, said, listening })
    }

    /// Jobs that it has performed, as it said last.
    pub fn performed(&self) -> u64 {
        self.said.performed.load(Ordering::Relaxed)
    }

    /// Errors about locks that it has seen; whole once it has ended.
    pub fn locked(&self) -> u64 {
        self.said.locked.load(Ordering::Relaxed)
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time, or ends with a failure.
    pub async fn stop(&mut self) -> Result<()> {
        drop(self.input.take());
        match tokio::time::timeout(STOP_MAX, self.ended()).await {
            Ok(ended) => ended,
            Err(_) => {
                self.process.kill().await.context("failed to kill a process that does not stop")?;
                bail!("it did not stop within {STOP_MAX:?}")
            }
        }
    }

    /// Waits until it has ended by itself, and said everything.
    ///
    /// # Errors
    /// When it ends with a failure.
    pub async fn ended(&mut self) -> Result<()> {
        // `wait` of the process would close its input, which tells it to stop: the input is held apart.
        let status = self.process.wait().await.context("failed to wait for a process")?;
        if let Some(listening) = self.listening.take() {
            listening.await.context("listening to a process failed")?;
        }
        if !status.success() {
            bail!("it ended with {status}");
        }
        Ok(())
    }
}

async fn listen(output: ChildStdout, said: Arc<Said>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some((word, count)) = line.split_once(' ') else { continue };
        let Ok(count) = count.parse() else { continue };
        match word {
            "performed" => said.performed.store(count, Ordering::Relaxed),
            "locked" => said.locked.store(count, Ordering::Relaxed),
            _ => {}
        }
    }
}
