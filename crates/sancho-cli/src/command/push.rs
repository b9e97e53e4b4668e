//! `sancho push`: one job, or a file of jobs.

mod file;
mod one;

use std::path::PathBuf;

use clap::Args;
use sancho::{Client, PushError};
use sancho_core::{Draft, Key, QueueName, Retry, Timestamp, WireTime};

use super::act::Time;
use crate::exit::{Exit, with_causes};
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The name of the job's class
    #[arg(required_unless_present = "file")]
    class: Option<String>,

    /// The arguments, as a JSON array [default: []]
    #[arg(value_name = "ARGS-JSON")]
    args: Option<String>,

    /// The queue [default: default]
    #[arg(long, value_parser = |text: &str| QueueName::new(text))]
    queue: Option<QueueName>,

    #[command(flatten)]
    time: Time,

    /// A name of your own for the job: while it lives, no other takes it
    #[arg(long, value_parser = |text: &str| Key::new(text))]
    key: Option<Key>,

    /// How often a failure is retried, or false for never
    #[arg(long, value_name = "N|false", value_parser = retry)]
    retry: Option<Retry>,

    /// A tag, for people and filters; may be given again
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Push the jobs of a file, one JSON object a line: class, args, and any of queue, at (seconds since the epoch),
    /// retry, key, tags; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["class", "args", "queue", "after", "at", "key", "retry", "tags"])]
    file: Option<PathBuf>,
}

/// What is to be pushed.
#[derive(Debug)]
pub(super) enum Wanted {
    /// The job that the command line describes.
    One(Box<Push>),
    /// The jobs of a file that has been opened.
    File(file::Source),
}

impl Push {
    /// Checks what can be checked without a store.
    pub(super) fn checked(self) -> Result<Wanted, Exit> {
        if let Some(path) = &self.file {
            return Ok(Wanted::File(file::Source::open(path)?));
        }
        one::check(&self)?;
        Ok(Wanted::One(Box::new(self)))
    }
}

pub(super) async fn run(client: &Client, wanted: Wanted, output: &mut Output) -> Result<(), Exit> {
    match wanted {
        Wanted::One(push) => one::run(client, *push, output).await,
        Wanted::File(source) => file::run(client, source, output).await,
    }
}

/// Checks a draft as the push itself does, so that the one of many that is wrong can be named.
fn check_draft(draft: Draft, now: Timestamp) -> Result<(), String> {
    let (class, args) = (draft.class.clone(), draft.args.clone());
    draft.into_job(now, WireTime::Seconds).map_err(|error| error.to_string())?;
    // A number such as 1e400 is JSON by its grammar, but no program can read it back.
    serde_json::from_str::<serde_json::Value>(&args).map(drop).map_err(|error| {
        let fix = if error.to_string().starts_with("number out of range") { ": write it as a string" } else { "" };
        format!("the arguments of {class} are not JSON: {error}{fix}")
    })
}

fn retry(text: &str) -> Result<Retry, String> {
    match text {
        "true" => Ok(Retry::Default),
        "false" => Ok(Retry::Never),
        number => number.parse().map(Retry::Limit).map_err(|_| "give a number of retries, or false".to_owned()),
    }
}

impl From<PushError> for Exit {
    fn from(error: PushError) -> Self {
        Exit::failed(with_causes(&error))
    }
}
