//! From the command line to a server that has stopped.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use super::logs::{self, LogFormat, LogSettings, Logs};
use super::supervisor::{self, Leash, Supervision};
use super::systemd::Notifier;
use super::{App, CODES, Exit, Options, probes, title};
use crate::server::signals::{Signal, Signals};
use crate::{RunningServer, Server};

/// The command line of a program that does nothing but perform jobs.
#[derive(Debug, Parser)]
#[command(after_help = CODES)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// Runs a program that performs jobs: reads the command line, and does as [`serve`] does.
///
/// A command line that is not understood ends with exit code 2.
pub fn run<S: Send + Sync + 'static>(app: App<S>) -> ExitCode {
    let mut command = Line::command().name(app.name);
    if let Some(version) = app.version {
        command = command.version(version);
    }
    match command.try_get_matches().and_then(|matches| Line::from_arg_matches(&matches)) {
        Ok(line) => serve(app, line.options),
        Err(error) => {
            _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}

/// Performs jobs until a signal stops the program, as these flags, the environment and the configuration say.
pub fn serve<S: Send + Sync + 'static>(app: App<S>, options: Options) -> ExitCode {
    // Before anything else has been opened: it changes what standard input is.
    let leash = Leash::take();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(app.name, &error),
    };
    let name = app.name;
    match runtime.block_on(served(app, options, leash)) {
        Ok(exit) => exit.into(),
        Err(error) => failed(name, &*error),
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn served<S: Send + Sync + 'static>(
    app: App<S>,
    options: Options,
    leash: Option<Leash>,
) -> Result<Exit, Failure> {
    let level = if options.verbose { "debug" } else { "info" };
    let format = match options.log_format.as_deref() {
        Some("json") => LogFormat::Json,
        Some("logfmt") => LogFormat::Logfmt,
        _ => LogFormat::Pretty,
    };
    let logs = logs::init(&LogSettings { format, level: level.to_owned(), file: None })?;
    let signals = Signals::listen()?;
    let notifier = Notifier::from_environment();
    let processes = options.processes.as_ref().and_then(|processes| processes.parse().ok());
    if let Some(processes) = processes.filter(|_| leash.is_none()) {
        let memory_max = options.memory_max.as_ref().and_then(|bytes| bytes.parse().ok());
        let supervision = Supervision { processes, memory_max, stop_timeout: crate::core::limits::STOP_TIMEOUT };
        return Ok(supervisor::supervise(supervision, signals, &logs, &notifier).await);
    }
    let client = crate::connect(options.store.as_deref().unwrap_or("sqlite://sancho.db")).await?;
    let state = (app.state)(client.clone()).await?;
    let server = app.server.into_iter().fold(Server::new(client.clone(), state), |server, more| more(server));
    let running = server.start().await?;
    tokio::spawn(title::keep(running.clone(), options.tag.unwrap_or_default()));
    if let Some(address) = &options.probes {
        probes::serve(address.parse()?, running.clone(), client).await?;
    }
    notifier.ready();
    if let Some(leash) = &leash {
        leash.tell_ready();
    }
    Ok(until_stopped(running, signals, &logs, &notifier, leash.as_ref()).await)
}

async fn until_stopped(
    server: RunningServer,
    mut signals: Signals,
    logs: &Logs,
    notifier: &Notifier,
    leash: Option<&Leash>,
) -> Exit {
    let (mut exit, mut interrupted) = (Exit::Stopped, false);
    let mut stopped = std::pin::pin!(server.stopped());
    let mut let_go = std::pin::pin!(let_go(leash));
    let mut is_held = true;
    loop {
        let signal = tokio::select! {
            biased;
            () = &mut stopped => return exit,
            signal = signals.next() => signal,
            () = &mut let_go, if is_held => {
                is_held = false;
                tracing::warn!("the supervisor is gone: the server stops");
                Signal::Stop
            }
        };
        tracing::info!(?signal, "a signal came");
        match signal {
            Signal::Quiet => server.quiet(),
            Signal::Dump => server.dump(),
            Signal::Reopen => {
                if let Err(error) = logs.reopen() {
                    tracing::error!(%error, "failed to open the log again");
                }
            }
            Signal::Interrupt if interrupted => {
                exit = Exit::Forced;
                server.stop_now();
            }
            Signal::Stop | Signal::Interrupt | Signal::Hangup => {
                interrupted |= signal == Signal::Interrupt;
                notifier.stopping();
                server.begin_stop();
            }
        }
    }
}

/// Resolves when this process had a supervisor and has none any longer.
async fn let_go(leash: Option<&Leash>) {
    match leash {
        Some(leash) => leash.let_go().await,
        None => std::future::pending().await,
    }
}

fn failed(name: &str, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{name}: {error}");
    Exit::Failed.into()
}
