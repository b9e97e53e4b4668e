//! `sancho`: the command with which people look at a store of jobs and steer it.

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod consent;
mod exec;
mod exit;
mod ndjson;
mod output;
mod selection;
mod store;
mod table;
mod text;
mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::command::Command;
use crate::exit::Exit;

fn main() -> ExitCode {
    if exec::is_shim(std::env::args_os()) {
        return exec::shim_main(std::env::args_os());
    }
    match Arguments::try_parse_from(arguments::with_signs(std::env::args_os())) {
        Ok(Arguments { store, json, command: Command::Work(work) }) => command::work(store, json, work),
        Ok(arguments) => exit::code(run(arguments)),
        Err(error) => exit::from_clap(&error),
    }
}

fn run(arguments: Arguments) -> Result<(), Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Exit::failed(format!("failed to start: {error}")))?;
    runtime.block_on(command::run(arguments))
}
