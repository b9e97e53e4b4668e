//! Drives the snippets application and counts what is lost. `bench/snippets-check` builds and starts it.

#![forbid(unsafe_code)]

mod application;
mod flaky;
mod kill;
mod pages;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Checks the snippets application with real processes, over HTTP.
#[derive(Clone, Debug, Parser)]
#[command(name = "snippets-check")]
struct Options {
    /// The application's program.
    #[arg(long, hide = true)]
    application: PathBuf,

    /// The share of its calls that the highlighting service fails.
    #[arg(long, value_name = "SHARE", conflicts_with = "kill", required_unless_present = "kill")]
    flaky: Option<f64>,

    /// How often the worker is killed.
    #[arg(long, value_name = "TIMES")]
    kill: Option<usize>,

    /// Snippets to post.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,

    /// Where jobs are kept: an address, or `redis` for a redis-server of the check's own; a fresh file if not given.
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let verdict = match options.kill {
        Some(times) => kill::check(&options, times).await,
        None => flaky::check(&options, options.flaky.unwrap_or(0.0)).await,
    };
    match verdict {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("snippets-check: {error:#}");
            ExitCode::FAILURE
        }
    }
}
