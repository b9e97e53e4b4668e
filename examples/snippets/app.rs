//! What the pages and the jobs share.

use sancho::Client;

use crate::database::Database;
use crate::{highlight, publish};

/// The application: its database, the client that pushes its jobs, and a client for web services.
#[derive(Clone)]
pub(crate) struct App {
    /// The snippets.
    pub(crate) database: Database,
    /// Pushes and moves jobs.
    pub(crate) client: Client,
    /// Calls the highlighting service.
    pub(crate) http: reqwest::Client,
}

impl App {
    /// Pushes the jobs of every snippet that waits for one.
    ///
    /// A process that dies between saving a snippet and pushing its jobs leaves a snippet that nothing would ever
    /// highlight: the two live in two databases. Keys make the repetition harmless.
    pub(crate) async fn catch_up(&self) -> anyhow::Result<()> {
        for snippet in self.database.waiting().await? {
            if !snippet.highlighted() {
                highlight::push(&self.client, snippet.id).await?;
            }
            if let Some(at) = snippet.planned_at() {
                publish::push(&self.client, snippet.id, at).await?;
            }
        }
        Ok(())
    }
}
