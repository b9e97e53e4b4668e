//! Debian's Sidekiq, as a process of its own: its pushes, and its drain.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::scratch::Scratch;

const PUSH: &str = include_str!("ruby/push.rb");
const DRAIN: &str = include_str!("ruby/drain.rb");

/// How long Sidekiq may take: a time to start, and a millisecond a job, a tenth of its speed on a slow machine.
const START_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How Ruby runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruby {
    Interpreted,
    /// With Ruby's own compiler, which not every Ruby is built with.
    Yjit,
}

impl fmt::Display for Ruby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ruby::Interpreted => "plain",
            Ruby::Yjit => "yjit",
        })
    }
}

/// What a drain of Sidekiq's came to.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    pub jobs_per_second: f64,
    /// Seconds of processor time of its process for 100,000 jobs.
    pub cpu_seconds: f64,
    /// The most memory that it had resident.
    pub peak_mib: f64,
}

/// Sidekiq, as it is installed.
#[derive(Debug)]
pub struct Sidekiq {
    scripts: PathBuf,
    rubies: Vec<Ruby>,
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
        let compiled = Command::new("ruby").args(["--yjit", "-e", "exit RubyVM::YJIT.enabled?"]).output();
        let has_yjit = compiled.is_ok_and(|output| output.status.success());
        let rubies = if has_yjit { vec![Ruby::Interpreted, Ruby::Yjit] } else { vec![Ruby::Interpreted] };
        Ok(Sidekiq { scripts, rubies })
    }

    /// The ways in which this machine's Ruby can run it; the likely best is the last.
    pub fn rubies(&self) -> &[Ruby] {
        &self.rubies
    }

    /// Jobs a second that one thread pushes, `batch` in a call: with `push_bulk`, or one by one with `perform_async`.
    /// `warm_up` go before in the same way.
    pub fn push(&self, ruby: Ruby, url: &str, batch: u64, warm_up: u64, jobs: u64) -> Result<f64> {
        let mut command = Command::new("ruby");
        command.arg(self.scripts.join("push.rb")).env("BENCH_BATCH", batch.to_string());
        let figures = self.figures(ruby, command, url, warm_up, jobs)?;
        figures.first().copied().context("Sidekiq wrote no figure")
    }

    /// One process of so many threads performs no-op jobs that are in the queue.
    pub fn drain(&self, ruby: Ruby, url: &str, threads: usize, warm_up: u64, jobs: u64) -> Result<Drained> {
        let mut command = Command::new("sidekiq");
        command.arg("-r").arg(self.scripts.join("drain.rb")).args(["-c", &threads.to_string(), "-q", "default"]);
        let figures = self.figures(ruby, command, url, warm_up, jobs)?;
        let [jobs_per_second, cpu, peak_kib] = figures[..] else {
            bail!("Sidekiq wrote no three figures: {figures:?}")
        };
        let cpu_seconds = cpu * 100_000.0 / (warm_up + jobs) as f64;
        Ok(Drained { jobs_per_second, cpu_seconds, peak_mib: peak_kib / 1024.0 })
    }

    /// What a script writes to a file of its own, once it has ended: Sidekiq greets on standard output.
    fn figures(&self, ruby: Ruby, mut command: Command, url: &str, warm_up: u64, jobs: u64) -> Result<Vec<f64>> {
        let (figure, log) = (self.scripts.join("figure"), self.scripts.join("ruby.log"));
        _ = fs::remove_file(&figure);
        let said = File::create(&log)?;
        command.env("REDIS_URL", url).env("BENCH_FIGURE", &figure).current_dir(&self.scripts);
        command.env("BENCH_WARM_UP", warm_up.to_string()).env("BENCH_JOBS", jobs.to_string());
        // Sidekiq's own program takes no options of Ruby's.
        command.env("RUBYOPT", if ruby == Ruby::Yjit { "--yjit" } else { "" });
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let mut child = Killed(command.spawn().context("Ruby is needed: on Debian, apt-get install ruby-sidekiq")?);
        let deadline = Instant::now() + START_MAX + Duration::from_millis(warm_up + jobs);
        while child.0.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("Sidekiq did not end in time: {}", last_words(&log));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let text = fs::read_to_string(&figure).with_context(|| format!("Sidekiq failed: {}", last_words(&log)))?;
        let figures = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>();
        let figures = figures.with_context(|| format!("Sidekiq wrote {text:?}, which are no figures"))?;
        ensure!(figures.iter().all(|figure| *figure > 0.0), "Sidekiq wrote {text:?}");
        Ok(figures)
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
