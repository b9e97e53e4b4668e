//! What a person types: the options that every subcommand knows, and how jobs are named.

use clap::{Args, Parser};
use sancho::Client;
use sancho_core::{Jid, JobRow, Key, Selection, StoreResult};

use crate::command::Command;
use crate::exit;

/// Push, look at and steer background jobs.
#[derive(Debug, Parser)]
#[command(name = "sancho", version, max_term_width = 100)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// The store of jobs: sqlite://FILE, redis://HOST:PORT/DATABASE, rediss://, redis+unix://, redis+sentinel://, or
    /// redis for the one that REDIS_URL names [default: $SANCHO_URL, else sqlite://sancho.db]
    #[arg(long, value_name = "URL", global = true, display_order = 900)]
    pub(crate) store: Option<String>,

    /// Print one JSON object instead of text
    #[arg(long, global = true, display_order = 901)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One job, named by its id or by its key.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// The job's id
    #[arg(value_name = "JID", value_parser = |text: &str| Jid::new(text))]
    jid: Option<Jid>,

    /// The job's key, instead of its id
    #[arg(long, value_name = "KEY", value_parser = |text: &str| Key::new(text))]
    key: Option<Key>,
}

/// A job's name, as it was typed.
#[derive(Debug)]
pub(crate) enum Named {
    Jid(Jid),
    Key(Key),
}

impl Target {
    /// The one name that was given.
    pub(crate) fn named(self) -> Named {
        match (self.jid, self.key) {
            (Some(jid), _) => Named::Jid(jid),
            (None, Some(key)) => Named::Key(key),
            (None, None) => unreachable!("the group of arguments requires one"),
        }
    }
}

impl Named {
    /// The job, wherever it is.
    pub(crate) async fn find(&self, client: &Client) -> StoreResult<Option<JobRow>> {
        match self {
            Named::Jid(jid) => client.inspect().find(jid).await,
            Named::Key(key) => client.inspect().find_key(key).await,
        }
    }

    /// The name, as a selection of one job.
    pub(crate) fn selection(&self) -> Selection {
        match self {
            Named::Jid(jid) => Selection::Jid(jid.clone()),
            Named::Key(key) => Selection::Key(key.clone()),
        }
    }

    /// What to say when there is no such job.
    pub(crate) fn missing(&self) -> String {
        match self {
            Named::Jid(jid) => {
                format!("no job has the id {:?}: it is done or was removed, or the id is wrong", jid.as_str())
            }
            Named::Key(key) => {
                format!("no job holds the key {key:?}: it is done, dead or was removed, or the key is wrong")
            }
        }
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Named::Jid(jid) => f.write_str(jid.as_str()),
            Named::Key(key) => write!(f, "the job with the key {key:?}"),
        }
    }
}
