//! Debian's Sidekiq, as a process of its own: its bulk push, and its drain.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::scratch::Scratch;

const PUSH: &str = include_str!("ruby/push.rb");
const DRAIN: &str = include_str!("ruby/drain.rb");

/// How long Sidekiq may take: a time to start, and a millisecond a job, a tenth of its speed on a slow machine.
const START_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Sidekiq, as it is installed.
#[derive(Debug)]
pub struct Sidekiq {
    scripts: PathBuf,
}

impl Sidekiq {
    /// Lays the scripts out in the run's directory.
    ///
    /// # Errors
    /// When Sidekiq is not installed.
    pub fn find(scratch: &Scratch) -> Result<Self> {
        let scripts = scratch.path().to_owned();
        fs::write(scripts.join("push.rb"), PUSH)?;
        fs::write(scripts.join("drain.rb"), DRAIN)?;
        let version = Command::new("sidekiq").arg("-V").output();
        let version = version.context("Sidekiq is needed: install it, on Debian with apt-get install ruby-sidekiq")?;
        eprintln!("{}", String::from_utf8_lossy(&version.stdout).trim_end());
        Ok(Sidekiq { scripts })
    }

    /// Jobs a second that one thread pushes with `push_bulk`, `batch` in a call; `warm_up` go before in the same way.
    pub fn push_bulk(&self, url: &str, batch: u64, warm_up: u64, jobs: u64) -> Result<f64> {
        let mut ruby = Command::new("ruby");
        ruby.arg(self.scripts.join("push.rb")).env("BENCH_BATCH", batch.to_string());
        self.rate(ruby, url, warm_up, jobs)
    }

    /// Jobs a second that one process of so many threads performs, of no-op jobs that are in the queue.
    pub fn drain(&self, url: &str, threads: usize, warm_up: u64, jobs: u64) -> Result<f64> {
        let mut sidekiq = Command::new("sidekiq");
        sidekiq.arg("-r").arg(self.scripts.join("drain.rb")).args(["-c", &threads.to_string(), "-q", "default"]);
        self.rate(sidekiq, url, warm_up, jobs)
    }

    /// The figure that a script writes to a file of its own, once it has ended: Sidekiq greets on standard output.
    fn rate(&self, mut command: Command, url: &str, warm_up: u64, jobs: u64) -> Result<f64> {
        let (figure, log) = (self.scripts.join("figure"), self.scripts.join("ruby.log"));
        _ = fs::remove_file(&figure);
        let said = File::create(&log)?;
        command.env("REDIS_URL", url).env("BENCH_FIGURE", &figure).current_dir(&self.scripts);
        command.env("BENCH_WARM_UP", warm_up.to_string()).env("BENCH_JOBS", jobs.to_string());
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let mut child = Killed(command.spawn().context("Ruby is needed: on Debian, apt-get install ruby-sidekiq")?);
        let deadline = Instant::now() + START_MAX + Duration::from_millis(warm_up + jobs);
        while child.0.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("Sidekiq did not end in time: {}", last_words(&log));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let figure = fs::read_to_string(&figure).with_context(|| format!("Sidekiq failed: {}", last_words(&log)))?;
        figure.trim().parse().with_context(|| format!("Sidekiq wrote {figure:?}, which is no figure"))
    }
}

fn last_words(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

/// A process that is killed on drop.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has ended by itself, as a rule.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
