//! The job that has a snippet highlighted.

use std::time::Duration;

use anyhow::Context as _;
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Client, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::highlighter::Call;

/// The longest wait before a failed call is tried again: a person is watching the page.
const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// How long the service may take. It answers in milliseconds, or has gone.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Has a snippet highlighted by the service and saves what it answers.
///
/// The job carries the id alone; the code is read when it runs. Run twice, it saves the same HTML twice.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(queue = "default", retry = 25)]
pub(crate) struct Highlight {
    snippet_id: i64,
}

/// Pushes the job, unless it is already on its way.
pub(crate) async fn push(client: &Client, snippet_id: i64) -> anyhow::Result<()> {
    client.push(Highlight { snippet_id }).key(format!("highlight:{snippet_id}")).await?;
    Ok(())
}

impl Perform<App> for Highlight {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        let app = cx.state();
        let Some(snippet) = app.database.find(self.snippet_id).await? else {
            return Ok(());
        };
        let call = Call { id: snippet.id, language: snippet.language.tag.into(), code: snippet.code };
        let html = call_service(app, &call).await?;
        app.database.save_html(call.id, html).await?;
        Ok(())
    }

    fn backoff(retry_count: u32, _failure: &Failure) -> Backoff {
        Backoff::After(Duration::from_secs(1_u64 << retry_count.min(3)).min(BACKOFF_MAX))
    }
}

async fn call_service(app: &App, call: &Call) -> anyhow::Result<String> {
    let address = app.database.highlighter().await?;
    let address = address.context("no highlighting service has started yet: start the web process")?;
    let request = app.http.post(format!("{address}/highlight")).timeout(CALL_TIMEOUT).json(call);
    Ok(request.send().await?.error_for_status()?.text().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_doubles_up_to_eight_seconds() {
        let waits = [0, 1, 2, 3, 4, 24].map(|count| Highlight::backoff(count, &Failure::default()));
        let seconds = |s| Backoff::After(Duration::from_secs(s));
        assert_eq!(waits, [1, 2, 4, 8, 8, 8].map(seconds));
    }
}
