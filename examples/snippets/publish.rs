//! The job that publishes a snippet at its time, and the key by which that job is moved and cancelled.

use jiff::Timestamp;
use sancho::{ActError, Client, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::snippet::Snippet;

/// Publishes a snippet. Run twice, it changes nothing the second time.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(queue = "default", retry = 25)]
pub(crate) struct Publish {
    snippet_id: i64,
}

impl Perform<App> for Publish {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        cx.state().database.publish(self.snippet_id).await?;
        Ok(())
    }
}

/// What became of a wish about a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done.
    Done,
    /// It came too late: the job has started, or has run.
    TooLate,
}

/// The application's own name for the job that publishes a snippet.
pub(crate) fn key(snippet_id: i64) -> String {
    format!("snippet:{snippet_id}")
}

/// Pushes the job for this time, unless it is already planned.
pub(crate) async fn push(client: &Client, snippet_id: i64, at: Timestamp) -> anyhow::Result<()> {
    client.push(Publish { snippet_id }).key(key(snippet_id)).at(time(at)).await?;
    Ok(())
}

/// Plans a publication, or moves the one that is planned.
pub(crate) async fn plan(app: &App, snippet: &Snippet, at: Timestamp) -> anyhow::Result<Answer> {
    if snippet.published {
        return Ok(Answer::TooLate);
    }
    match app.client.reschedule_key(&key(snippet.id), time(at)).await {
        Ok(_) => {}
        // Nothing is planned, or the job has just run; pushed again, it publishes what is published.
        Err(ActError::NotFound) => push(&app.client, snippet.id, at).await?,
        Err(ActError::Refused(_)) => return Ok(Answer::TooLate),
        Err(error) => return Err(error.into()),
    }
    app.database.plan(snippet.id, Some(at)).await?;
    Ok(Answer::Done)
}

/// Cancels the publication that is planned.
pub(crate) async fn cancel(app: &App, snippet: &Snippet) -> anyhow::Result<Answer> {
    match app.client.cancel_key(&key(snippet.id)).await {
        Ok(_) => {}
        Err(ActError::NotFound | ActError::Refused(_)) => return Ok(Answer::TooLate),
        Err(error) => return Err(error.into()),
    }
    app.database.plan(snippet.id, None).await?;
    Ok(Answer::Done)
}

fn time(at: Timestamp) -> sancho::core::Timestamp {
    sancho::core::Timestamp::from_unix_millis(at.as_millisecond())
}
