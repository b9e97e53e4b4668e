//! `sancho backup`: a copy of the store's file, made while it is in use.

use std::path::PathBuf;

use clap::Args;
use sancho_sqlite::{Options, SqliteStore};
use serde::Serialize;

use crate::exit::{Exit, with_causes};
use crate::output::Output;
use crate::store;
use crate::text::{counted, number, visible};

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Where the copy goes: a file that is not there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What was copied, for JSON output.
#[derive(Debug, Serialize)]
struct Copied<'a> {
    file: &'a str,
    jobs: u64,
    bytes: u64,
}

pub(super) async fn run(named: Option<String>, backup: Backup, output: &mut Output) -> Result<(), Exit> {
    let source = store::sqlite_file(named)?;
    let file = backup.file.clone();
    let copying = tokio::task::spawn_blocking(move || {
        let store = SqliteStore::open(&source, Options::default()).map_err(|error| {
            Exit::coded(format!("failed to open {}: {}", source.display(), with_causes(&error)), "open")
        })?;
        store.backup(&file).map_err(Exit::from)
    });
    let copied = copying.await.map_err(|error| Exit::coded(format!("failed to back up: {error}"), "internal"))??;
    let file = backup.file.display().to_string();
    output.either(&Copied { file: &file, jobs: copied.jobs, bytes: copied.bytes }, || {
        format!(
            "copied {} to {} ({} bytes), as they were at one moment",
            counted(copied.jobs, "job", "jobs"),
            visible(&file),
            number(copied.bytes)
        )
    })
}
