//! The processes of a run, and their files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driven::Process;
use sancho::Client;
use sancho::core::limits;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout_at};

use crate::ledger::{Verb, now_us};
use crate::options::{Fault, Options, ShareOptions};
use crate::pusher::Share;
use crate::record::Record;
use crate::server::connect;
use crate::store::{Durability, Store};

/// Server processes.
const SERVERS: usize = 3;

/// Pusher processes.
const PUSHERS: u64 = 2;

/// How long the servers have to begin their first jobs, and the Ruby worker its first.
const BEGIN_MAX: Duration = Duration::from_secs(30);

/// How often the driver looks, and says what it sees.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SAY_EVERY: Duration = Duration::from_secs(5);

/// What jobs may take beside two leases, once all faults are over: so many seconds, and one for so many jobs. That is a
/// tenth of what a busy machine does.
const SETTLE_SECONDS: u64 = 60;
const SETTLE_JOBS_PER_SECOND: u64 = 200;

/// The Ruby worker, where one runs.
const RUBY_WORKER: &str = include_str!("ruby/worker.rb");
pub(crate) const RUBY: &str = "ruby";

/// A run that has begun.
pub(crate) struct Stage {
    seed: u64,
    jobs: u64,
    // Processes go before the store under them, and the store before its files.
    servers: Vec<Process>,
    pushers: Vec<Process>,
    ruby: Option<Process>,
    generation: u64,
    /// What the processes wrote.
    pub(crate) record: Record,
    pub(crate) store: Store,
    files: TempDir,
}

impl Stage {
    /// Opens the store, starts everything, and waits until every server has begun a job.
    pub(crate) async fn set(options: &Options, fault: Fault) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("chaos.").tempdir_in(options.scratch())?;
        let durability = match fault {
            Fault::Restart(_) => Durability::EveryWrite,
            Fault::Kill(_) | Fault::Suspend(_) => Durability::Nothing,
        };
        let store = Store::open(&options.store, durability, files.path()).await?;
        let record = Record::open(&files.path().join("ledger"))?;
        let (servers, pushers) = (Vec::new(), Vec::new());
        let (seed, jobs) = (options.seed, options.jobs);
        let mut stage = Stage { seed, jobs, servers, pushers, ruby: None, generation: 0, record, store, files };
        let begun = stage.begin(fault).await;
        if begun.is_err() {
            stage.strike(false);
            begun?;
            unreachable!("an error was just returned");
        }
        Ok(stage)
    }

    async fn begin(&mut self, fault: Fault) -> Result<()> {
        // A file's tables are made once, before many open it.
        drop(connect(&self.store.url()).await?);
        for slot in 0..SERVERS {
            let server = self.start_server(slot)?;
            self.servers.push(server);
        }
        if matches!(fault, Fault::Kill(_)) && self.store.is_redis() {
            self.ruby = Some(self.start_ruby()?);
        }
        let over = match fault {
            Fault::Kill(times) => Duration::from_secs(times),
            Fault::Suspend(span) => span + Duration::from_secs(10),
            Fault::Restart(times) => crate::restart::EVERY * times as u32,
        };
        for pusher in 0..PUSHERS {
            let share = self.jobs * pusher / PUSHERS..self.jobs * (pusher + 1) / PUSHERS;
            let share = Share { numbers: share, seed: self.seed, over };
            let name = format!("pusher-{pusher}");
            let pusher = self.start(&name, "pusher", &ShareOptions::arguments(&share))?;
            self.pushers.push(pusher);
        }
        let names: Vec<String> =
            self.servers.iter().chain(&self.ruby).map(|process| process.name().to_owned()).collect();
        let deadline = Instant::now() + BEGIN_MAX;
        for name in names {
            while self.record.count(Verb::Start, &name) == 0 {
                self.look()?;
                ensure!(Instant::now() < deadline, "{name} began no job within {BEGIN_MAX:?}");
                sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// The server of a slot, which has another name each time it is started.
    fn start_server(&mut self, slot: usize) -> Result<Process> {
        self.generation += 1;
        let name = format!("server-{slot}-{}", self.generation);
        self.start(&name, "server", &[])
    }

    fn start(&self, name: &str, role: &str, arguments: &[String]) -> Result<Process> {
        let mut command = Command::new(std::env::current_exe().context("failed to find this program")?);
        command.arg(role).args(["--url", &self.store.url(), "--name", name]).arg("--ledger").arg(self.ledger());
        command.args(arguments);
        Process::start(name, command, self.files.path())
    }

    /// A worker of Debian's Sidekiq. Nobody kills it: it takes jobs off the queue before it performs them.
    fn start_ruby(&self) -> Result<Process> {
        let worker = self.files.path().join("worker.rb");
        std::fs::write(&worker, RUBY_WORKER)?;
        let mut command = Command::new("sidekiq");
        command.args(["-c", "5", "-q", crate::job::SHARED_QUEUE, "-r"]).arg(worker).current_dir(self.files.path());
        command.env("REDIS_URL", self.store.url()).env("CHAOS_LEDGER", self.ledger()).env("CHAOS_NAME", RUBY);
        Process::start(RUBY, command, self.files.path())
            .context("Sidekiq is needed: install it, on Debian with apt-get install ruby-sidekiq")
    }

    fn ledger(&self) -> PathBuf {
        self.files.path().join("ledger")
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn servers(&self) -> &[Process] {
        &self.servers
    }

    /// Kills the server of a slot and starts another in its place. Answers its name, and when it was killed.
    pub(crate) async fn replace(&mut self, slot: usize) -> Result<(String, u64)> {
        let next = self.start_server(slot)?;
        let killed = std::mem::replace(&mut self.servers[slot], next);
        let (name, at_us) = (killed.name().to_owned(), now_us());
        killed.kill().await?;
        Ok((name, at_us))
    }

    /// Reads on, and checks that nobody has ended who should not.
    pub(crate) fn look(&mut self) -> Result<()> {
        self.record.read_on()?;
        self.servers.iter_mut().chain(&mut self.ruby).try_for_each(Process::check_running)
    }

    /// Waits until all jobs are pushed, all are performed, and the store holds none; or until time is up. Then stops
    /// everything, reads the ledger to its end, and answers what the store still holds.
    pub(crate) async fn settle(&mut self) -> Result<Left> {
        let patience = Duration::from_secs(SETTLE_SECONDS + self.jobs / SETTLE_JOBS_PER_SECOND) + 2 * limits::LEASE;
        let deadline = Instant::now() + patience;
        for pusher in &mut self.pushers {
            timeout_at(deadline, pusher.ended()).await.context("a pusher did not come to its end in time")??;
        }
        let client = connect(&self.store.url()).await?;
        let mut said = Instant::now();
        let left = loop {
            self.look()?;
            let left = Left::look(&client).await;
            let settled = matches!(&left, Ok(left) if left.stranded == 0) && self.record.lost().is_empty();
            if settled || Instant::now() > deadline {
                break left;
            }
            if said.elapsed() > SAY_EVERY {
                self.say(&left);
                said = Instant::now();
            }
            sleep(LOOK_EVERY).await;
        };
        for process in self.servers.drain(..).chain(self.ruby.take()) {
            process.stop().await?;
        }
        self.record.read_on()?;
        left
    }

    fn say(&self, left: &Result<Left>) {
        let held =
            left.as_ref().map_or_else(|error| format!("{error:#}"), |left| format!("{} in the store", left.stranded));
        eprintln!("pushed {}, performed {}, {held}", self.record.pushed(), self.record.performed());
    }

    /// Ends the run: the files stay if it went wrong.
    pub(crate) fn strike(self, good: bool) {
        let Stage { files, servers, pushers, ruby, store, .. } = self;
        drop((servers, pushers, ruby));
        drop(store);
        if !good {
            eprintln!("logs, ledger and files of the run: {}", show(&files.keep()));
        }
    }
}

fn show(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// What the store holds at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// Jobs that should have been performed.
    pub(crate) stranded: u64,
    /// Jobs in the dead set.
    pub(crate) dead: u64,
}

impl Left {
    async fn look(client: &Client) -> Result<Self> {
        let stats = client.inspect().stats(client.clock().now()).await.context("failed to look at the store")?;
        let stranded = stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held;
        Ok(Left { stranded, dead: stats.dead })
    }
}
