//! `sancho work` as a process of its own: what it logs, what it starts, and what is left of it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Bench;
use crate::marked::Mark;

/// How often, and how many times, what nobody tells of is looked at: far longer than anything here takes, so that a
/// hang becomes a failure.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: u32 = 6_000;

/// A worker, and all that it starts. Dropped, it is killed.
pub(crate) struct Worker {
    child: Child,
    log: Arc<Log>,
    /// Dropped last: it ends what is left.
    mark: Mark,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    came: Condvar,
}

impl Worker {
    /// Starts `sancho work` with these arguments, and waits until it takes jobs.
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let worker = Worker::launch(bench, arguments);
        worker.until(&["the server takes jobs"]);
        worker
    }

    /// Starts it, and does not wait.
    pub(crate) fn launch(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command();
        command.arg("work").args(arguments);
        Worker::of(command)
    }

    /// Starts this command, and does not wait.
    pub(crate) fn of(mut command: Command) -> Self {
        let mark = Mark::new();
        command.envs([mark.variable()]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let log = Arc::new(Log::default());
        let to = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                to.lines.lock().expect("nobody panics with it").push(line);
                to.came.notify_all();
            }
        });
        Worker { child, mark, log }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a line of the log has all of these texts; answers the first such line.
    #[track_caller]
    pub(crate) fn until(&self, texts: &[&str]) -> String {
        self.until_times(texts, 1)
    }

    /// Waits until so many lines of the log have all of these texts; answers the last of them.
    #[track_caller]
    pub(crate) fn until_times(&self, texts: &[&str], times: usize) -> String {
        let mut lines = self.log.lines.lock().expect("nobody panics with it");
        for _ in 0..LOOKS_MAX {
            if let Some(line) = lines.iter().filter(|line| texts.iter().all(|text| line.contains(text))).nth(times - 1)
            {
                return line.clone();
            }
            lines = self.log.came.wait_timeout(lines, LOOK_EVERY).expect("nobody panics with it").0;
        }
        panic!("the log never has {texts:?} {times} times:\n{}", lines.join("\n"));
    }

    /// All that was logged yet.
    pub(crate) fn log(&self) -> String {
        self.log.lines.lock().expect("nobody panics with it").join("\n")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let mut status = None;
        wait_until("the worker ends", || {
            status = child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// Waits for its end, which is to be this exit code.
    #[track_caller]
    pub(crate) fn ends_with(&mut self, code: i32) {
        let status = self.ended();
        assert_eq!(status.code(), Some(code), "{status}:\n{}", self.log());
    }

    /// Kills it, as `kill -9` does, and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        assert_eq!(self.ended().signal(), Some(9));
    }

    /// The ids and command lines of all that it started and that is there, itself not.
    pub(crate) fn offspring(&self) -> Vec<(u32, String)> {
        self.mark.processes().into_iter().filter(|(pid, _)| *pid != self.pid()).collect()
    }

    /// Waits until nothing is left of what it started.
    #[track_caller]
    pub(crate) fn leaves_nothing(&self) {
        let mut left = Vec::new();
        let is_gone = looks(|| {
            left = self.offspring();
            left.is_empty()
        });
        assert!(is_gone, "these are left: {left:?}");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It has ended as a rule: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that may be gone.
pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process has an id");
    let _ = kill_process(pid, signal);
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(looks(is_so), "it never comes to pass: {what}");
}

fn looks(mut is_so: impl FnMut() -> bool) -> bool {
    (0..LOOKS_MAX).any(|_| {
        let so = is_so();
        if !so {
            std::thread::park_timeout(LOOK_EVERY);
        }
        so
    })
}

/// Waits until one of the store's totals has this value.
#[track_caller]
pub(crate) fn wait_for_total(bench: &Bench, name: &str, value: u64) {
    let mut last = 0;
    let is_so = looks(|| {
        last = bench.total(name);
        last == value
    });
    assert!(is_so, "{name} never becomes {value}: it is {last}");
}
