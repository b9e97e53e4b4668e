//! `sancho cancel --running`: the process that runs a job is asked to cancel it.

use sancho::{ActError, Client};
use sancho_core::{Action, ErrorKind, JobRow, Set, State};
use serde::Serialize;

use super::many::Would;
use crate::arguments::Named;
use crate::consent::Consent;
use crate::exit::Exit;
use crate::output::Output;
use crate::selection::Many;
use crate::text::{counted, visible};

/// What was asked, for JSON output.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    jid: &'a str,
    /// The process.
    asked: &'a str,
}

/// What was asked of many, for JSON output.
#[derive(Debug, Serialize)]
struct Sum {
    asked: u64,
}

/// Cancels one job, wherever it is.
pub(super) async fn one(client: &Client, named: &Named, consent: Consent, output: &mut Output) -> Result<(), Exit> {
    let row = named.find(client).await?.ok_or_else(|| Exit::coded(named.missing(), "not-found"))?;
    if consent.is_dry_run() {
        let Some(incarnation) = row.incarnation.filter(|_| row.state == State::Busy) else {
            return super::would(client, named, &Action::Cancel, output).await;
        };
        return output.either(&Would { would: "cancel", jobs: 1 }, || {
            visible(&format!("would ask {incarnation} to cancel {}", row.jid)).into_owned()
        });
    }
    let incarnation = match client.cancel_running(&row.jid).await {
        Ok(incarnation) => incarnation,
        // It has not started, or no more: what `cancel` says of it is right.
        Err(ActError::NotFound | ActError::NotRunning { .. }) => {
            return super::one(client, named, Action::Cancel, output).await;
        }
        Err(ActError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Exit::failed(error)),
    };
    let asked = Asked { jid: row.jid.as_str(), asked: incarnation.as_str() };
    output.either(&asked, || visible(&format!("asked {incarnation} to cancel {}", row.jid)).into_owned())
}

/// Cancels the running jobs that a filter means.
pub(super) async fn many(client: &Client, many: &Many, consent: Consent, output: &mut Output) -> Result<(), Exit> {
    if many.set != Set::Busy {
        return Err(Exit::usage("--running goes with one job or with the set busy: leave it out for other sets"));
    }
    let mut rows: Vec<JobRow> = Vec::new();
    many.each_page(client, |page| rows.extend(page)).await?;
    let count = rows.len() as u64;
    let what = format!("cancel {} {many}", counted(count, "job", "jobs"));
    if consent.is_dry_run() {
        return output
            .either(&Would { would: "cancel", jobs: count }, || visible(&format!("would {what}")).into_owned());
    }
    if count > 0 {
        consent.ask(&what)?;
    }
    let mut asked = 0;
    for row in &rows {
        match client.cancel_running(&row.jid).await {
            Ok(_) => asked += 1,
            // It has ended since it was listed, or its process has.
            Err(ActError::NotFound | ActError::NotRunning { .. }) => {}
            Err(ActError::Store(error)) if error.kind == ErrorKind::NotFound => {}
            Err(ActError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(Exit::failed(error)),
        }
    }
    output.either(&Sum { asked }, || format!("asked to cancel {}", counted(asked, "job", "jobs")))
}
