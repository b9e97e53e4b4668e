//! A server that runs, until it has stopped: what each signal does to it.

use super::Exit;
use super::logs::Logs;
use super::supervisor::Leash;
use super::systemd::Notifier;
use crate::RunningServer;
use crate::server::signals::{Signal, Signals};

/// Does what signals ask for, until the server has stopped by one of them, by an order, or by itself.
pub(super) async fn until_stopped(
    server: RunningServer,
    mut signals: Signals,
    logs: &Logs,
    notifier: &Notifier,
    leash: Option<&Leash>,
) -> Exit {
    let (mut exit, mut interrupted) = (Exit::Stopped, false);
    let mut stopped = std::pin::pin!(server.stopped());
    let mut let_go = std::pin::pin!(let_go(leash));
    let mut is_held = true;
    loop {
        let signal = tokio::select! {
            biased;
            () = &mut stopped => return exit,
            signal = signals.next() => signal,
            () = &mut let_go, if is_held => {
                is_held = false;
                tracing::warn!("the supervisor is gone: the server stops");
                Signal::Stop
            }
        };
        tracing::info!(?signal, "a signal came");
        match signal {
            Signal::Quiet => server.quiet(),
            Signal::Dump => server.dump(),
            Signal::Reopen => {
                notifier.reloading();
                if let Err(error) = logs.reopen() {
                    tracing::error!(%error, "failed to open the log again");
                }
                notifier.ready();
            }
            Signal::Interrupt if interrupted => {
                exit = Exit::Forced;
                server.stop_now();
            }
            Signal::Stop | Signal::Interrupt | Signal::Hangup => {
                interrupted |= signal == Signal::Interrupt;
                notifier.stopping();
                server.begin_stop();
            }
        }
    }
}

/// Resolves when this process had a supervisor and has none any longer.
async fn let_go(leash: Option<&Leash>) {
    match leash {
        Some(leash) => leash.let_go().await,
        None => std::future::pending().await,
    }
}
