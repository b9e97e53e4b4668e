//! From the command line to a server that has stopped.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use super::app::Pool;
use super::configured::{class_settings, configured};
use super::logs;
use super::serving::until_stopped;
use super::supervisor::{self, Leash, Supervision};
use super::systemd::Notifier;
use super::{App, CODES, Configuration, Exit, Options, probes, suggest, title};
use crate::server::signals::Signals;
use crate::{RunningServer, Server, ServerError};

/// The command line of a program that does nothing but perform jobs.
#[derive(Debug, Parser)]
#[command(after_help = CODES, max_term_width = 100)]
struct Line {
    #[command(flatten)]
    options: Options,

    /// Print the effective configuration, each value with where it came from, and end
    #[arg(long)]
    check_config: bool,

    /// With --check-config: print one JSON object
    #[arg(long, requires = "check_config")]
    json: bool,
}

/// Runs a program that performs jobs: reads the command line, and does as [`serve`] does. With `--check-config` it
/// prints the effective configuration instead.
///
/// The exit codes stand in [`CODES`]; a command line that is not understood is one that is wrong.
pub fn run<S: Send + Sync + 'static>(app: App<S>) -> ExitCode {
    let mut command = Line::command().name(app.name);
    if let Some(version) = app.version {
        command = command.version(version);
    }
    match command.try_get_matches().and_then(|matches| Line::from_arg_matches(&matches)) {
        Ok(Line { options, check_config: true, json }) => checked(app.name, &options, json),
        Ok(Line { options, .. }) => serve(app, options),
        Err(error) => {
            // Nobody may read it.
            _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}

fn checked(name: &str, options: &Options, json: bool) -> ExitCode {
    use std::io::Write;
    let configuration = Configuration::load(options);
    let text = if json { format!("{:#}\n", configuration.json()) } else { configuration.table() };
    // Nobody may read it.
    _ = std::io::stdout().write_all(text.as_bytes());
    if !json {
        tell(name, &configuration);
    }
    if configuration.errors().next().is_some() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

/// Prints what is wrong and what is worth a word.
fn tell(name: &str, configuration: &Configuration) {
    for line in configuration.errors().chain(configuration.warnings()) {
        eprintln!("{name}: {line}");
    }
}

/// Performs jobs until a signal stops the program, as these flags, the environment and the configuration say.
///
/// It makes a runtime of its own, and logs from then on, unless the program has set a subscriber of `tracing` before.
/// Whatever is wrong with the configuration is printed, all of it, before anything starts.
pub fn serve<S: Send + Sync + 'static>(app: App<S>, options: Options) -> ExitCode {
    // Before anything else has been opened: it changes what standard input is.
    let leash = Leash::take();
    let name = app.name;
    let configuration = Configuration::load(&options);
    if configuration.errors().next().is_some() {
        tell(name, &configuration);
        return Exit::Usage.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(name, &error),
    };
    match runtime.block_on(served(app, &configuration, leash)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Who looks for the reason in the log finds it there too.
            if configuration.settings.log.file.is_some() {
                tracing::error!("{error}");
            }
            failed(name, &*error)
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn served<S: Send + Sync + 'static>(
    app: App<S>,
    configuration: &Configuration,
    leash: Option<Leash>,
) -> Result<Exit, Failure> {
    let settings = &configuration.settings;
    let logs = logs::init(&settings.log)?;
    if leash.is_none() {
        for warning in configuration.warnings() {
            tracing::warn!("{warning}");
        }
    }
    let signals = Signals::listen()?;
    let notifier = Notifier::from_environment();
    let is_supervised = settings.processes.is_some() || settings.memory_max.is_some();
    if is_supervised && leash.is_none() {
        let processes = settings.processes.unwrap_or(std::num::NonZeroUsize::MIN);
        let (memory_max, stop_timeout) = (settings.memory_max, settings.timeout);
        let supervision = Supervision { processes, memory_max, stop_timeout };
        notifier.attend_supervisor(&settings.tag, processes.get());
        return Ok(supervisor::supervise(supervision, signals, &logs, &notifier).await);
    }
    let client = crate::connect(&settings.store).await?;
    let client = class_settings(client, settings);
    let state = (app.state)(client.clone()).await?;
    let server = Server::new(client.clone(), state).tag(app.name);
    let server = app.server.into_iter().fold(server, |server, more| more(server));
    warn_of_strange_classes(configuration, &server);
    let running = match configured(server, configuration).start().await {
        Ok(running) => running,
        Err(error @ ServerError::Invalid(_)) => {
            tracing::error!("{error}");
            return Ok(Exit::Usage);
        }
        Err(error) => return Err(error.into()),
    };
    warn_of_small_pools(&app.pools, &running);
    tokio::spawn(title::keep(running.clone()));
    if let Some(address) = settings.probes {
        let seat = leash.as_ref().map(Leash::seat);
        probes::serve(address, seat, running.clone(), client).await?;
    }
    notifier.ready();
    let tag = if settings.tag.is_empty() { app.name.to_owned() } else { settings.tag.clone() };
    notifier.attend(running.clone(), tag)?;
    if let Some(leash) = &leash {
        leash.tell_ready();
    }
    Ok(until_stopped(running, signals, &logs, &notifier, leash.as_ref()).await)
}

/// A class that is only pushed here is configured rightly, and is not registered; a slip is near one that is.
fn warn_of_strange_classes<S: Send + Sync + 'static>(configuration: &Configuration, server: &Server<S>) {
    let registered: Vec<&str> = server.classes().collect();
    for class in configuration.settings.classes.keys().filter(|class| !registered.contains(&class.as_str())) {
        if let Some(near) = suggest::nearest(class, registered.iter().copied()) {
            let key = format!("classes.{class}");
            tracing::warn!("{key}: no class of this name is registered: did you mean {near}?");
        }
    }
}

/// A job that waits for a connection holds a slot and does nothing.
fn warn_of_small_pools(pools: &[Pool], server: &RunningServer) {
    let slots: usize = server.capsules().iter().map(|capsule| capsule.slots).sum();
    let fewer = if server.capsules().len() == 1 { "with -c" } else { "by the concurrency of its capsules, in all" };
    for Pool { name, size } in pools.iter().filter(|pool| pool.size < slots) {
        tracing::warn!(
            "the pool {name} has {size} connections, and this process has {slots} slots: jobs will wait for each \
             other's connections. Make the pool {slots} connections, or the slots {size}, {fewer}"
        );
    }
}

fn failed(name: &str, error: &dyn std::error::Error) -> ExitCode {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Many errors say their causes themselves.
        if !told.contains(&said) {
            told = format!("{told}: {said}");
        }
        cause = error.source();
    }
    eprintln!("{name}: {told}");
    Exit::Failed.into()
}
