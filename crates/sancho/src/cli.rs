//! The command line of a program that performs jobs: flags, configuration, logs and signals, by one call.
//!
//! A program says what it performs with, and [`run`] does the rest:
//!
//! ```no_run
//! # use serde::{Deserialize, Serialize};
//! # use sancho::{Client, Context, Job, JobResult, Perform};
//! # struct Shop;
//! # impl Shop { async fn new(_: Client) -> std::io::Result<Shop> { Ok(Shop) } }
//! # #[derive(Job, Serialize, Deserialize)]
//! # struct WelcomeEmail { user_id: u64 }
//! # impl Perform<Shop> for WelcomeEmail {
//! #     async fn perform(self, _: &Context<Shop>) -> JobResult { Ok(()) }
//! # }
//! use std::process::ExitCode;
//! use sancho::cli::{self, App};
//!
//! fn main() -> ExitCode {
//!     cli::run(App::new("shop", |client| Shop::new(client)).register::<WelcomeEmail>())
//! }
//! ```
//!
//! The program then has `-C config/sancho.yml -q critical,6 -q default,1 -c 10`, and all that `--help` names.

mod app;
mod configuration;
mod configured;
mod document;
mod exit;
mod keys;
mod limits;
mod logs;
mod options;
mod origin;
mod own_thread;
mod probes;
mod problem;
mod run;
mod serving;
mod settings;
mod show;
mod suggest;
mod supervisor;
mod systemd;
mod title;
mod values;
mod variables;

pub use app::App;
/// The library that reads command lines: [`Options`] are its `Args`.
pub use clap;
pub use configuration::Configuration;
pub use exit::{CODES, Exit};
pub use options::Options;
pub use run::{run, serve};
