//! The title of the process: what `ps` shows.

use crate::RunningServer;

/// Keeps the title true until the server has stopped.
pub(crate) async fn keep(server: RunningServer, tag: String) {
    server.stopped().await;
    drop(tag);
}
