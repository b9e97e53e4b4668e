//! The subcommands.

mod act;
mod doctor;
mod ls;
mod push;
mod queues;
mod redis;
mod row;
mod show;
mod stats;

use clap::Subcommand;
use sancho_core::Action;

use crate::arguments::{Arguments, Target};
use crate::exit::Exit;
use crate::output::Output;
use crate::store::{self, Missing};

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Push a job, or a file of jobs
    Push(push::Push),
    /// Show the totals of the store
    Stats,
    /// List the queues
    Queues,
    /// List the jobs of a set or a queue
    Ls(ls::Ls),
    /// Show one job, with its whole payload
    Show(Target),
    /// Take away a job that has not started
    Cancel(Target),
    /// Move a job that has not started to another time
    Reschedule(act::Reschedule),
    /// Run a scheduled, retrying, dead or held job now
    Retry(Target),
    /// Delete a job that is not running, from wherever it is
    Delete(Target),
    /// Move a job that has not started to the dead set
    Kill(Target),
    /// Say whether the store is well, and whether its jobs are performed
    #[command(after_help = "Exit codes: 0 nothing is worse than a notice, 1 a warning or a problem.")]
    Doctor,
    /// What concerns a store on Redis alone
    #[command(subcommand)]
    Redis(redis::Redis),
}

/// Does what the command line asks for.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Exit> {
    let Arguments { store, json, command } = arguments;
    let mut output = Output::new(json);
    if let Command::Push(push) = command {
        // What is wrong with the command line is said before a store is made.
        let wanted = push.checked()?;
        let client = store::open(store, Missing::Make).await?;
        push::run(&client, wanted, &mut output).await?;
        return output.finish();
    }
    let command = match command {
        Command::Reschedule(reschedule) => Command::Reschedule(reschedule.checked()?),
        command => command,
    };
    if let Command::Doctor = command {
        let verdict = doctor::run(store::open(store, Missing::Refuse).await, &mut output).await;
        output.finish()?;
        return verdict;
    }
    if let Command::Redis(redis) = command {
        redis::run(store, redis, &mut output).await?;
        return output.finish();
    }
    let client = store::open(store, Missing::Refuse).await?;
    match command {
        Command::Push(_) | Command::Doctor | Command::Redis(_) => unreachable!("it has been handled"),
        Command::Stats => stats::run(&client, &mut output).await?,
        Command::Queues => queues::run(&client, &mut output).await?,
        Command::Ls(ls) => ls::run(&client, ls, &mut output).await?,
        Command::Show(target) => show::run(&client, target, &mut output).await?,
        Command::Cancel(target) => act::run(&client, target, Action::Cancel, &mut output).await?,
        Command::Reschedule(reschedule) => act::reschedule(&client, reschedule, &mut output).await?,
        Command::Retry(target) => act::run(&client, target, Action::RunNow, &mut output).await?,
        Command::Delete(target) => act::run(&client, target, Action::Delete, &mut output).await?,
        Command::Kill(target) => act::run(&client, target, Action::Kill, &mut output).await?,
    }
    output.finish()
}
