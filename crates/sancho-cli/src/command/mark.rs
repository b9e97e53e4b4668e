//! `sancho mark`: a mark of a deploy, for those who look at the metrics.

use clap::Args;
use sancho::Client;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::text::visible;
use crate::when;

#[derive(Debug, Args)]
pub(crate) struct Mark {
    /// What was deployed, such as a version or a revision
    label: String,
}

/// The mark that stands, for JSON output.
#[derive(Debug, Serialize)]
struct Stands<'a> {
    label: &'a str,
    /// Seconds since the epoch.
    at: f64,
}

pub(super) async fn run(client: &Client, mark: Mark, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let stands = client.inspect().mark_deploy(&mark.label, now).await?;
    if stands.label != mark.label.trim() {
        let said = "this minute has a mark already, and a minute has one";
        return Err(Exit::failed(format!("{said}: {:?}; try again in a minute", stands.label)));
    }
    output.either(&Stands { label: &stands.label, at: stands.at.as_unix_secs_f64() }, || {
        format!("marked the deploy {} at {}", visible(&stands.label), when::exact(stands.at))
    })
}
