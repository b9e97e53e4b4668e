//! Job systems beside Sancho, each a program of its own that measures itself. `bench/peers/build` builds them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::store::Kind;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name of its program.
    pub program: &'static str,
    /// Its name in figures.
    pub name: &'static str,
    /// The kind of store that it is measured on.
    pub kind: Kind,
    /// Jobs of its drain: about a second's work, for they are not all as fast.
    pub drain: u64,
}

pub const PEERS: [Peer; 5] = [
    Peer { program: "rusty-sidekiq", name: "rusty_sidekiq", kind: Kind::Redis, drain: 40_000 },
    Peer { program: "apalis-redis", name: "apalis_redis", kind: Kind::Redis, drain: 100_000 },
    Peer { program: "oxana", name: "oxana", kind: Kind::Redis, drain: 20_000 },
    Peer { program: "bullmq", name: "bullmq", kind: Kind::Redis, drain: 40_000 },
    // It slows with every job that it has performed: ten thousand do not come to an end.
    Peer { program: "apalis-sqlite", name: "apalis_sqlite", kind: Kind::SqliteFull, drain: 2_000 },
];

/// What a program is asked to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    Push {
        pushers: u64,
    },
    Bulk {
        batch: u64,
    },
    /// It fills its queue itself, which is not measured.
    Drain {
        slots: usize,
    },
}

/// What a program says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Measured {
    pub jobs_per_second: f64,
    /// Of its drain: seconds of processor time of its process, and its peak memory.
    pub cpu_seconds_per_100k: Option<f64>,
    pub rss_mib: Option<f64>,
}

/// One line of a program: a figure, or why there is none.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Said {
    Unsupported { unsupported: String },
    Measured(Measured),
}

/// How long a program may take: a time to start, and one for each job. It bounds itself, by less than that.
const START_MAX: Duration = Duration::from_secs(60);
const JOB_MAX: Duration = Duration::from_millis(12);

/// The programs that are built, by name.
#[derive(Clone, Debug, Default)]
pub struct Peers(BTreeMap<String, PathBuf>);

impl Peers {
    /// Reads a list of paths, one a line. A program goes by its file's name, less an ending.
    ///
    /// # Errors
    /// When the list cannot be read, or names a file that is not there.
    pub fn read(list: &Path) -> Result<Self> {
        let text = fs::read_to_string(list).with_context(|| format!("failed to read {}", list.display()))?;
        let mut programs = BTreeMap::new();
        for path in text.lines().filter(|line| !line.trim().is_empty()).map(PathBuf::from) {
            ensure!(path.is_file(), "{} is not there: build it with bench/peers/build", path.display());
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            programs.insert(name, path);
        }
        Ok(Peers(programs))
    }

    pub fn has(&self, peer: Peer) -> bool {
        self.0.contains_key(peer.program)
    }

    /// Has a program measure itself on a fresh store.
    ///
    /// # Errors
    /// When it is not built, does not end in time, ends with a failure, or says something else than it should.
    pub async fn measure(&self, peer: Peer, task: Task, url: &str, warm_up: u64, jobs: u64) -> Result<Said> {
        let path = self.0.get(peer.program).with_context(|| format!("{} is not built", peer.program))?;
        let mut command = if path.extension().is_some_and(|ending| ending == "mjs") {
            let mut node = Command::new("node");
            node.arg(path);
            node
        } else {
            Command::new(path)
        };
        command.args(arguments(task, url, warm_up, jobs));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let patience = START_MAX + JOB_MAX * u32::try_from(warm_up + jobs).unwrap_or(u32::MAX);
        let output = tokio::time::timeout(patience, command.output());
        let output = output.await.with_context(|| format!("it did not end within {patience:?}"))?;
        let output = output.with_context(|| format!("failed to start {}", path.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "it ended with {}: {}", output.status, last_line(&complaint));
        understand(&String::from_utf8_lossy(&output.stdout))
    }
}

fn arguments(task: Task, url: &str, warm_up: u64, jobs: u64) -> Vec<String> {
    let (command, option, value) = match task {
        Task::Push { pushers } => ("push", "--pushers", pushers),
        Task::Bulk { batch } => ("bulk", "--batch", batch),
        Task::Drain { slots } => ("drain", "--slots", slots as u64),
    };
    let (warm_up, jobs, value) = (warm_up.to_string(), jobs.to_string(), value.to_string());
    [command, "--url", url, "--jobs", &jobs, "--warm-up", &warm_up, option, &value].map(str::to_owned).into()
}

/// What the one line on standard output says.
fn understand(output: &str) -> Result<Said> {
    let said = serde_json::from_str(output.trim()).with_context(|| format!("it said no figure, but {output:?}"))?;
    if let Said::Measured(Measured { jobs_per_second, .. }) = said {
        ensure!(jobs_per_second > 0.0, "it said that it does {jobs_per_second} jobs a second");
    }
    Ok(said)
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program of this name that says its arguments on standard error, and does what the script does.
    fn peers(directory: &Path, name: &str, script: &str) -> Peers {
        let (program, list) = (directory.join(name), directory.join("list"));
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&list, format!("{}\n", program.display())).unwrap();
        Peers::read(&list).unwrap()
    }

    /// A program that is being written cannot be started, and a process that is being started holds, for a moment,
    /// every file that this one has open: one test after the other.
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    async fn measure(script: &str, task: Task) -> Result<Said> {
        let _turn = TURN.lock().await;
        let directory = tempfile::tempdir().unwrap();
        let peers = peers(directory.path(), "oxana", script);
        assert!(peers.has(PEERS[2]) && !peers.has(PEERS[0]));
        peers.measure(PEERS[2], task, "redis://127.0.0.1:1/0", 5, 50).await
    }

    #[tokio::test]
    async fn a_peer_is_given_the_task_and_says_its_figures() {
        let script = r#"[ "$*" = "drain --url redis://127.0.0.1:1/0 --jobs 50 --warm-up 5 --slots 100" ] || exit 3
            echo '{"jobs_per_second": 10.5, "cpu_seconds_per_100k": 2, "rss_mib": 7.5}'"#;
        let said = measure(script, Task::Drain { slots: 100 }).await.unwrap();
        let due = Measured { jobs_per_second: 10.5, cpu_seconds_per_100k: Some(2.0), rss_mib: Some(7.5) };
        assert_eq!(said, Said::Measured(due));
    }

    #[tokio::test]
    async fn a_peer_says_that_it_cannot() {
        let said = measure(r#"echo '{"unsupported": "it has no bulk push"}'"#, Task::Bulk { batch: 1_000 }).await;
        assert_eq!(said.unwrap(), Said::Unsupported { unsupported: "it has no bulk push".to_owned() });
    }

    #[tokio::test]
    async fn a_peer_that_fails_or_says_nothing_is_an_error_with_its_words() {
        let failed = measure("echo first >&2; echo it lost a job >&2; exit 1", Task::Push { pushers: 1 }).await;
        assert!(format!("{:#}", failed.unwrap_err()).ends_with("it lost a job"));
        let silent = measure("echo done", Task::Push { pushers: 1 }).await;
        assert!(format!("{:#}", silent.unwrap_err()).contains("no figure"));
        let idle = measure(r#"echo '{"jobs_per_second": 0.0}'"#, Task::Push { pushers: 1 }).await;
        assert!(idle.is_err());
    }

    #[test]
    fn a_list_that_names_no_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let list = directory.path().join("list");
        fs::write(&list, "/nowhere/oxana\n").unwrap();
        assert!(Peers::read(&list).is_err());
    }
}
