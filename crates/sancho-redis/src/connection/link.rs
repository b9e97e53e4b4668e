//! One socket with Redis at its end, and whether it is still believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A socket that lived this long has held: its loss is news, not the same failure again.
const STEADY_AFTER: Duration = Duration::from_secs(1);

/// One socket. Gone with the last call that uses it.
#[derive(Debug)]
pub(crate) struct Link {
    connection: MultiplexedConnection,
    driver: AbortHandle,
    over: Arc<AtomicBool>,
    answered: AtomicBool,
    opened_at: Instant,
    warnings: Vec<String>,
}

impl Link {
    /// Starts driving the socket, on this runtime.
    pub(super) fn start(connection: MultiplexedConnection, driver: impl Future<Output = ()> + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        // Told on every way out: the socket closed, the task aborted, the runtime gone.
        let tell = TellOver(Arc::clone(&over));
        let driver = tokio::spawn(async move {
            let _tell = tell;
            driver.await;
        });
        let driver = driver.abort_handle();
        Link {
            connection,
            driver,
            over,
            answered: AtomicBool::new(false),
            opened_at: Instant::now(),
            warnings: Vec::new(),
        }
    }

    /// Notes what a person should know of the Redis at its end.
    pub(super) fn warn(&mut self, warnings: Vec<String>) {
        self.warnings = warnings;
    }

    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.over.load(Ordering::Acquire)
    }

    /// Believes it no more: no new call uses it.
    pub(super) fn condemn(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Notes that it was of use.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn was_steady(&self) -> bool {
        self.opened_at.elapsed() >= STEADY_AFTER
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A server that never answers would otherwise hold the task, and the socket, for ever.
        self.driver.abort();
    }
}

struct TellOver(Arc<AtomicBool>);

impl Drop for TellOver {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
