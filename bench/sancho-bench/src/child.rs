//! A process of a check, as the judge holds it: lines that it says, and a standard input whose end tells it to stop.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
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

/// What it said last, by the word in front of the count.
type Said = Mutex<HashMap<String, u64>>;

impl Child {
    /// Starts this program in a role of a check: the check's hidden command, the role, and its arguments.
    pub fn start(scratch: &Scratch, role: &[&str]) -> Result<Self> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = Command::new(program);
        command.arg("--scratch").arg(scratch.path()).args(role);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("failed to start {}", role.join(" ")))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let said = Arc::new(Said::default());
        let output = output.context("a process has no standard output")?;
        let listening = Some(tokio::spawn(listen(output, Arc::clone(&said))));
        Ok(Child { process, input, said, listening })
    }

    /// The count that it said last behind a word, zero before the first; whole once it has ended.
    pub fn said(&self, word: &str) -> u64 {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).get(word).copied().unwrap_or_default()
    }

    /// The counts that it said last behind words that begin so, each with the rest of its word.
    pub fn said_under(&self, prefix: &str) -> Vec<(String, u64)> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().filter_map(|(word, count)| Some((word.strip_prefix(prefix)?.to_owned(), *count))).collect()
    }

    /// Its process id; `None` once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
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
        said.lock().unwrap_or_else(PoisonError::into_inner).insert(word.to_owned(), count);
    }
}

/// Resolves when the judge closes this process's standard input, or is gone: the other end of [`Child::stop`].
pub async fn end_of_input() {
    let mut input = tokio::io::stdin();
    let mut byte = [0];
    while matches!(input.read(&mut byte).await, Ok(1..)) {}
}
