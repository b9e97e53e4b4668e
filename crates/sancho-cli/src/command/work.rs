//! `sancho work`: performs jobs by starting a program for each.

use std::convert::Infallible;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use sancho::cli::{self, App, Options};

use crate::exec::{self, Exec, Program, Runs};
use crate::exit::{self, Exit};

#[derive(Debug, Args)]
pub(crate) struct Work {
    /// The line that performs each job, whatever its class: sh runs it
    #[arg(long, value_name = "CMD", conflicts_with = "program")]
    exec: Option<String>,

    /// The program that performs each job, and its arguments, without a shell between
    #[arg(last = true, value_name = "PROG ARGS")]
    program: Vec<OsString>,

    /// How long one job may take, such as 5m; then its program is asked to end (TERM), is killed if it does not, and
    /// the job has failed
    #[arg(long, value_name = "SPAN", value_parser = job_timeout)]
    job_timeout: Option<Duration>,

    #[command(flatten)]
    options: Options,
}

/// Performs jobs until a signal, an order or the end of a burst stops it.
pub(crate) fn run(store: Option<String>, json: bool, work: Box<Work>) -> ExitCode {
    let Work { exec, program, job_timeout, mut options } = *work;
    let program = match named(exec, program) {
        Ok(program) => program,
        Err(exit) => return exit::code(Err(exit)),
    };
    options.store = options.store.or(store);
    if json && options.log_format.is_none() {
        options.log_format = Some("json".to_owned());
    }
    let runs = Runs::default();
    let exec = Exec { program, job_timeout, runs: runs.clone() };
    let app = App::new("sancho", |_| async { Ok::<_, Infallible>(()) }).version(env!("CARGO_PKG_VERSION"));
    let code = cli::serve(app.server(|server| server.fallback(exec)), options);
    // The loops are gone, and with them the sockets that let shims live.
    runs.wait_until_gone();
    code
}

/// What is started for each job.
fn named(exec: Option<String>, program: Vec<OsString>) -> Result<Program, Exit> {
    match exec {
        Some(line) if line.trim().is_empty() => Err(Exit::usage("--exec is empty: give the line that performs a job")),
        Some(line) => Ok(Program::shell(&line)),
        None => Program::words(program).map_err(|_| {
            Exit::usage(
                "say what performs the jobs: --exec CMD, or -- PROG ARGS. Jobs that are written in Rust are performed \
                 by your own program: see sancho::cli::run in the documentation",
            )
        }),
    }
}

fn job_timeout(text: &str) -> Result<Duration, String> {
    match exec::span(text) {
        Some(span) if span > Duration::ZERO => Ok(span),
        _ => Err("write a span such as 30s, 5m or 2h".to_owned()),
    }
}
