//! What a person types: the options that every subcommand knows, and how jobs are named.

use std::ffi::OsString;

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

/// Commands that take a filter.
const FILTERED: [&str; 7] = ["ls", "busy", "cancel", "reschedule", "retry", "delete", "kill"];

/// Their options that stand alone: what follows any other is its value.
const FLAGS: [&str; 5] = ["-y", "--yes", "--dry-run", "--running", "--json"];

/// The command line, where the terms of a filter that begin with a hyphen begin with their other sign, `!`: the parser
/// would take them for options, or, if it took them as they are, would take options behind them for terms.
pub(crate) fn with_signs(line: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let (mut signed, mut is_filtered) = (Vec::<OsString>::new(), false);
    for argument in line {
        let before = signed.last().and_then(|before| before.to_str());
        let is_value = before.is_some_and(|before| before.starts_with("--") && !FLAGS.contains(&before));
        match argument.to_str().and_then(|text| text.strip_prefix('-')) {
            Some(term) if is_filtered && !is_value && !term.starts_with('-') && term.chars().count() > 1 => {
                signed.push(format!("!{term}").into());
            }
            _ => {
                is_filtered |= FILTERED.iter().any(|command| argument == *command);
                signed.push(argument);
            }
        }
    }
    signed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_begin_with_a_hyphen_are_no_options_and_options_are_no_terms() {
        for (line, want) in [
            ("sancho ls dead -class:A --limit 3", "sancho ls dead !class:A --limit 3"),
            ("sancho --json delete dead a -b:c -y --dry-run", "sancho --json delete dead a !b:c -y --dry-run"),
            ("sancho delete --yes -tag:a", "sancho delete --yes !tag:a"),
            ("sancho kill --key -abc", "sancho kill --key -abc"),
            ("sancho reschedule dead --in -5s", "sancho reschedule dead --in -5s"),
            ("sancho push A -ab", "sancho push A -ab"),
            ("sancho ls dead -h", "sancho ls dead -h"),
        ] {
            let signed = with_signs(line.split(' ').map(OsString::from));
            assert_eq!(signed.join(&OsString::from(" ")), want);
        }
    }
}
