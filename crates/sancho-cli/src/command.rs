//! The subcommands.

mod act;
mod backup;
mod clear;
mod config;
mod demo;
mod doctor;
mod examples;
mod explain;
mod history;
mod ls;
mod mark;
mod metrics;
mod pause;
mod processes;
mod push;
mod queues;
mod redis;
mod row;
mod shell;
mod show;
mod stats;
mod stop;
mod tune;
mod watch;
mod web;
mod work;

use clap::Subcommand;
use sancho::Client;
use sancho_core::Action;

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::output::Output;
use crate::store::{self, Missing};

pub(crate) use work::run as work;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Push a job, or a file of jobs
    #[command(after_help = examples::PUSH)]
    Push(push::Push),
    /// Show the totals of the store
    #[command(after_help = examples::STATS)]
    Stats,
    /// Show what was performed and what failed, by day
    #[command(after_help = examples::HISTORY)]
    History(history::History),
    /// Show what was performed lately, by class, and how long it took
    #[command(after_help = examples::METRICS)]
    Metrics(metrics::Wanted),
    /// Mark a deploy, for those who look at the metrics
    #[command(after_help = examples::MARK)]
    Mark(mark::Mark),
    /// List the queues, and what is paused
    #[command(after_help = examples::QUEUES)]
    Queues,
    /// List the processes that perform jobs
    #[command(after_help = examples::PROCESSES)]
    Processes,
    /// List the jobs of a set or a queue
    #[command(after_help = examples::LS)]
    Ls(ls::Ls),
    /// List the jobs that run: for how long, how far they are, and who runs them
    #[command(after_help = examples::BUSY)]
    Busy(ls::Busy),
    /// Show one job, with its whole payload
    #[command(after_help = examples::SHOW)]
    Show(show::Show),
    /// Take away jobs that have not started, or have a running one canceled
    #[command(after_help = examples::CANCEL)]
    Cancel(act::Cancel),
    /// Move jobs that have not started to another time
    #[command(after_help = examples::RESCHEDULE)]
    Reschedule(act::Reschedule),
    /// Run scheduled, retrying, dead or held jobs now
    #[command(after_help = examples::RETRY)]
    Retry(act::Act),
    /// Delete jobs that are not running, from wherever they are
    #[command(after_help = examples::DELETE)]
    Delete(act::Act),
    /// Move jobs that have not started to the dead set
    #[command(after_help = examples::KILL)]
    Kill(act::Act),
    /// Delete the jobs of a queue, and forget it
    #[command(after_help = examples::CLEAR)]
    Clear(clear::Clear),
    /// Stop a queue, or a class, from being performed
    #[command(after_help = examples::PAUSE)]
    Pause(pause::What),
    /// Let a queue, or a class, be performed again
    #[command(after_help = examples::RESUME)]
    Resume(pause::What),
    /// Ask processes to take no more jobs, and wait until they do not
    #[command(after_help = examples::QUIET)]
    Quiet(stop::Whom),
    /// Ask processes to stop, and wait until they have
    #[command(after_help = examples::STOP)]
    Stop(stop::Stop),
    /// Change the slots or the queues of a process that runs
    #[command(after_help = examples::TUNE)]
    Tune(tune::Tune),
    /// Perform jobs by programs of any language, until told to stop
    #[command(after_help = examples::WORK)]
    Work(Box<work::Work>),
    /// Say what a server would be configured for
    #[command(subcommand, after_help = examples::CONFIG)]
    Config(config::Config),
    /// Show live numbers, until q or Ctrl-C
    #[command(after_help = examples::WATCH)]
    Watch(watch::Watch),
    /// Serve the pages, and the JSON API, of the store
    #[command(after_help = examples::WEB)]
    Web(web::Pages),
    /// Say whether the store is well, and whether its jobs are performed
    #[command(after_help = examples::DOCTOR)]
    Doctor,
    /// Copy the store's file while it is in use (SQLite)
    #[command(after_help = examples::BACKUP)]
    Backup(backup::Backup),
    /// Push sample jobs, to look at the command and the pages with
    #[command(after_help = examples::DEMO)]
    Demo(demo::Demo),
    /// Explain the code at the end of an error
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::Explain),
    /// Print what a shell needs to complete command lines
    #[command(after_help = examples::COMPLETIONS)]
    Completions(shell::Completions),
    /// Print the manual page, or write all of them
    #[command(after_help = examples::MAN)]
    Man(shell::Man),
    /// What concerns a store on Redis alone
    #[command(subcommand)]
    Redis(redis::Redis),
}

/// Does what the command line asks for.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Exit> {
    let Arguments { store, json, command } = arguments;
    let mut output = Output::new(json);
    // What is wrong with the command line is said before a store is opened, and before one is made.
    match command {
        Command::Completions(wanted) => shell::completions(&wanted, &mut output)?,
        Command::Man(wanted) => shell::man(wanted, &mut output)?,
        Command::Config(wanted) => config::run(store, wanted, &mut output)?,
        Command::Explain(wanted) => explain::run(&wanted, &mut output)?,
        Command::Push(push) => {
            let wanted = push.checked()?;
            push::run(&store::open(store, Missing::Make).await?, wanted, &mut output).await?;
        }
        Command::Demo(demo) => demo::run(&store::open(store, Missing::Make).await?, demo, &mut output).await?,
        Command::Backup(backup) => backup::run(store, backup, &mut output).await?,
        Command::Redis(redis) => redis::run(store, redis, &mut output).await?,
        Command::Doctor => {
            let verdict = doctor::run(store::open(store, Missing::Refuse).await, &mut output).await;
            output.finish()?;
            return verdict;
        }
        Command::Reschedule(reschedule) => {
            let wanted = reschedule.checked()?;
            act::reschedule(&store::open(store, Missing::Refuse).await?, wanted, &mut output).await?;
        }
        Command::Tune(tune) => {
            let wanted = tune.checked()?;
            tune::run(&store::open(store, Missing::Refuse).await?, wanted, &mut output).await?;
        }
        Command::Watch(watch) => {
            let wanted = watch.checked()?;
            watch::run(&store::open(store, Missing::Refuse).await?, wanted, &mut output).await?;
        }
        Command::Web(pages) => {
            let wanted = pages.checked()?;
            return web::run(&store::open(store, Missing::Refuse).await?, wanted, output).await;
        }
        command => on_store(&store::open(store, Missing::Refuse).await?, command, &mut output).await?,
    }
    output.finish()
}

/// The commands that want nothing but a store that is there.
async fn on_store(client: &Client, command: Command, output: &mut Output) -> Result<(), Exit> {
    match command {
        Command::Stats => stats::run(client, output).await,
        Command::History(history) => history::run(client, history, output).await,
        Command::Metrics(wanted) => metrics::run(client, wanted, output).await,
        Command::Mark(mark) => mark::run(client, mark, output).await,
        Command::Queues => queues::run(client, output).await,
        Command::Processes => processes::run(client, output).await,
        Command::Ls(ls) => ls::run(client, ls, output).await,
        Command::Busy(busy) => ls::run(client, busy.into(), output).await,
        Command::Show(show) => show::run(client, show, output).await,
        Command::Cancel(cancel) => act::cancel(client, cancel, output).await,
        Command::Retry(act) => act::run(client, act, Action::RunNow, output).await,
        Command::Delete(act) => act::run(client, act, Action::Delete, output).await,
        Command::Kill(act) => act::run(client, act, Action::Kill, output).await,
        Command::Clear(clear) => clear::run(client, clear, output).await,
        Command::Pause(what) => pause::pause(client, what, output).await,
        Command::Resume(what) => pause::resume(client, what, output).await,
        Command::Quiet(whom) => stop::quiet(client, whom, output).await,
        Command::Stop(stop) => stop::stop(client, stop, output).await,
        _ => unreachable!("it has been handled"),
    }
}
