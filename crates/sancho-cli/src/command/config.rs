//! `sancho config`: what a server would be configured for.

use clap::{Args, Subcommand};
use sancho::cli::{Configuration, Options};

use crate::exit::{self, Exit};
use crate::output::Output;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every setting, with its value and where that came from
    #[command(after_help = super::examples::CONFIG)]
    Check(Box<Check>),
}

/// The flags are those of a server: what it would make of them is told.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(store: Option<String>, wanted: Config, output: &mut Output) -> Result<(), Exit> {
    let Config::Check(check) = wanted;
    let mut options = check.options;
    options.store = options.store.or(store);
    let configuration = Configuration::load(&options);
    output.either(&configuration.json(), || configuration.table())?;
    // What is written first is read first.
    output.flush()?;
    if !output.is_json() {
        for line in configuration.errors().chain(configuration.warnings()) {
            exit::note(&line);
        }
    }
    if configuration.errors().next().is_some() { Err(Exit::Misconfigured) } else { Ok(()) }
}
