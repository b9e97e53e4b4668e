//! Probes: whether the process lives, whether it is ready, and what it counts, by HTTP.
//!
//! | path | answers |
//! |---|---|
//! | `/livez` | 200 while the process's own loops turn, whatever the store does; 503 when a restart would help |
//! | `/readyz` | 200, or 503 with each reason why jobs wait |
//! | `/metrics` | what Prometheus reads |
//!
//! They are answered from a thread of their own, so that jobs which keep the program's runtime busy do not look like a
//! process that hangs. `page` decides what is answered; `http` listens.

mod exposition;
mod http;
mod metrics;
mod page;
mod performed;
mod readiness;
mod store;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::own_thread;
use crate::{Client, RunningServer};
use page::Pages;
use performed::Performed;
use store::StoreView;

/// Answers probes at this address until the server has stopped. Answers where: a port of zero is one that is free.
///
/// # Errors
/// When the address cannot be listened at, as when another program does.
pub(crate) async fn serve(address: SocketAddr, server: RunningServer, client: Client) -> io::Result<SocketAddr> {
    let failed = |error: io::Error| io::Error::new(error.kind(), told(address, &error));
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;

    let performed = Arc::new(Performed::default());
    let events = server.subscribe();
    let view = StoreView::new(client, tokio::runtime::Handle::current());
    let pages = Arc::new(Pages { server: server.clone(), performed: Arc::clone(&performed), view });
    own_thread::run("sancho-probes", async move {
        tokio::select! {
            biased;
            () = server.stopped() => {}
            () = performed.listen(events) => {}
            () = http::listen(listener, pages) => {}
        }
    })?;
    tracing::info!(%address, "probes are answered");
    Ok(address)
}

fn told(address: SocketAddr, error: &io::Error) -> String {
    let fix = match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there: give the probes another port",
        io::ErrorKind::AddrNotAvailable => "; this host has no such address: 127.0.0.1 and 0.0.0.0 always work",
        io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: give the probes a higher one",
        _ => "",
    };
    format!("failed to answer probes at {address}: {error}{fix}")
}
