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
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use super::own_thread;
use crate::{Client, RunningServer, Subscription};
use page::Pages;
use performed::Performed;
use store::StoreView;

/// How often a port that a predecessor still has is tried.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// Answers probes at this address until the server has stopped.
///
/// One of several processes, with a `seat` counted from zero, has a port of its own: that of the address and its seat.
/// When its predecessor still has that, it is waited for.
///
/// # Errors
/// When the address cannot be listened at, as when another program does.
pub(crate) async fn serve(
    address: SocketAddr,
    seat: Option<u16>,
    server: RunningServer,
    client: Client,
) -> io::Result<()> {
    // What is counted begins here, and not when a predecessor is gone.
    let events = server.subscribe();
    let Some(seat) = seat else { return listen(bind(address)?, events, server, client) };
    let address = seated(address, seat)?;
    match bind(address) {
        Ok(listener) => listen(listener, events, server, client),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            tokio::spawn(async move {
                tokio::select! {
                    biased;
                    () = server.stopped() => {}
                    listener = bind_at_last(address) => {
                        if let Err(error) = listen(listener, events, server.clone(), client) {
                            tracing::error!(%error, "probes cannot be answered");
                        }
                    }
                }
            });
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn seated(address: SocketAddr, seat: u16) -> io::Result<SocketAddr> {
    if address.port() == 0 {
        return Ok(address);
    }
    let port = address.port().checked_add(seat).ok_or_else(|| {
        let what = format!("failed to answer probes at {address}: there is no port {seat} above it; take a lower one");
        io::Error::new(io::ErrorKind::InvalidInput, what)
    })?;
    Ok(SocketAddr::new(address.ip(), port))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| io::Error::new(error.kind(), told(address, &error)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn bind_at_last(address: SocketAddr) -> TcpListener {
    let mut told = false;
    loop {
        match bind(address) {
            Ok(listener) => return listener,
            Err(error) if !told => {
                told = true;
                tracing::info!(%error, "probes are answered when the address is free");
            }
            Err(_) => {}
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

fn listen(listener: TcpListener, events: Subscription, server: RunningServer, client: Client) -> io::Result<()> {
    let address = listener.local_addr()?;
    let performed = Arc::new(Performed::default());
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
    Ok(())
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
