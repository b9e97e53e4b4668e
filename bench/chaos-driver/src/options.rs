//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::pusher::Share;
use crate::torment::{Ask, TormentRole};

/// Kills and suspends servers, and the store under them, and counts what is lost.
#[derive(Debug, Parser)]
#[command(name = "bench/chaos", args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// A directory in which the files of the run are made.
    #[arg(long, hide = true, default_value = ".")]
    scratch: PathBuf,

    /// Where jobs are kept: `redis` or `sqlite` for a store of the run's own, or the address of an empty one.
    #[arg(long, value_name = "STORE", default_value = "redis")]
    pub(crate) store: String,

    /// SIGKILL one of the three servers, by chance, each second, so often; each is started again at once.
    #[arg(long, value_name = "N", group = "fault")]
    kill: Option<u64>,

    /// SIGSTOP one server in the middle of its jobs for so many seconds, past its lease, and then SIGCONT it.
    #[arg(long, value_name = "SECONDS", group = "fault", value_parser = clap::value_parser!(u64).range(SUSPEND_MIN..))]
    suspend: Option<u64>,

    /// SIGKILL redis-server so often, and start it again with the same files, each time under load.
    #[arg(long, value_name = "N", group = "fault")]
    restart: Option<u64>,

    /// Do everything for so many minutes: processes push and perform all the while, and faults are drawn from the seed.
    #[arg(long, value_name = "N", conflicts_with = "fault", value_parser = clap::value_parser!(u64).range(..=MINUTES_MAX))]
    minutes: Option<u64>,

    /// The same, for so many seconds; with --minutes, so many more.
    #[arg(long, value_name = "N", conflicts_with = "fault", value_parser = clap::value_parser!(u64).range(..60 * MINUTES_MAX))]
    seconds: Option<u64>,

    /// With --minutes or --seconds: the faults to draw from, instead of all that the store can suffer.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    faults: Vec<String>,

    /// With --minutes or --seconds: jobs to push a second. Pushers wait when too many have not been performed.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(20..=5_000))]
    rate: u32,

    /// The program runs where it may mount what nobody else sees.
    #[arg(long = "private-mounts", hide = true)]
    has_mounts: bool,

    /// Jobs to push.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) jobs: u64,

    /// Decides how each job is, and whom each fault hits.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// Seconds of the shortest suspension: others look for ended leases now and then, and one that wakes before they have
/// taken its jobs loses nothing.
const SUSPEND_MIN: u64 = sancho::core::limits::LEASE.as_secs() + 2 * sancho::core::limits::REAP_EVERY.as_secs();

/// Minutes of the longest torment: jobs and processes have numbers of a fixed size.
const MINUTES_MAX: u64 = 30;

/// What is done to the processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill(u64),
    Suspend(Duration),
    Restart(u64),
}

/// One process of a run.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    #[command(hide = true)]
    Server(RoleOptions),
    #[command(hide = true)]
    Pusher {
        #[command(flatten)]
        role: RoleOptions,
        #[command(flatten)]
        share: ShareOptions,
    },
    #[command(flatten)]
    Torment(TormentRole),
}

#[derive(Debug, Args)]
pub(crate) struct RoleOptions {
    /// The store's address.
    #[arg(long)]
    pub(crate) url: String,

    /// Where it writes what it does.
    #[arg(long)]
    pub(crate) ledger: PathBuf,

    /// Its name there.
    #[arg(long)]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShareOptions {
    #[arg(long)]
    first: u64,
    #[arg(long)]
    end: u64,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    over_ms: u64,
}

impl Options {
    /// The one fault that was asked for.
    pub(crate) fn fault(&self) -> Result<Fault> {
        match (self.kill, self.suspend, self.restart) {
            (Some(times), None, None) => Ok(Fault::Kill(times)),
            (None, Some(seconds), None) => Ok(Fault::Suspend(Duration::from_secs(seconds))),
            (None, None, Some(times)) => Ok(Fault::Restart(times)),
            _ => bail!("nothing to do: give --minutes N, --seconds N, --kill N, --suspend SECONDS or --restart N"),
        }
    }

    /// The torment that was asked for, if one was.
    ///
    /// # Errors
    /// When options of a torment were given without its time.
    pub(crate) fn torment(&self) -> Result<Option<Ask>> {
        let total = Duration::from_secs(self.minutes.unwrap_or(0) * 60 + self.seconds.unwrap_or(0));
        if total.is_zero() {
            ensure!(self.faults.is_empty(), "--faults needs a time: give --minutes N or --seconds N");
            return Ok(None);
        }
        Ok(Some(Ask {
            store: self.store.clone(),
            scratch: self.scratch.clone(),
            total,
            seed: self.seed,
            faults: self.faults.clone(),
            rate: self.rate,
            has_mounts: self.has_mounts,
        }))
    }

    /// A directory in which the files of the run are made.
    pub(crate) fn scratch(&self) -> &std::path::Path {
        &self.scratch
    }
}

impl ShareOptions {
    pub(crate) fn share(&self) -> Share {
        Share { numbers: self.first..self.end, seed: self.seed, over: Duration::from_millis(self.over_ms) }
    }

    /// The same, as arguments.
    pub(crate) fn arguments(share: &Share) -> Vec<String> {
        let Share { numbers, seed, over } = share;
        let given =
            [("first", numbers.start), ("end", numbers.end), ("seed", *seed), ("over-ms", over.as_millis() as u64)];
        given.into_iter().flat_map(|(name, value)| [format!("--{name}"), value.to_string()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fault_at_a_time() {
        let parsed = Options::try_parse_from(["chaos", "--kill", "3"]).expect("arguments");
        assert_eq!(parsed.fault().expect("a fault"), Fault::Kill(3));
        assert!(Options::try_parse_from(["chaos", "--kill", "3", "--restart", "1"]).is_err());
        assert!(Options::try_parse_from(["chaos"]).expect("arguments").fault().is_err());
    }

    #[test]
    fn a_share_survives_the_command_line() {
        let share = Share { numbers: 3..9, seed: 7, over: Duration::from_millis(250) };
        let role = ["chaos", "pusher", "--url", "u", "--ledger", "l", "--name", "n"].map(str::to_owned);
        let given = role.into_iter().chain(ShareOptions::arguments(&share));
        let Some(Role::Pusher { share: read, .. }) = Options::try_parse_from(given).expect("arguments").role else {
            panic!("no pusher");
        };
        assert_eq!((read.share().numbers, read.share().seed, read.share().over), (3..9, 7, share.over));
    }
}
