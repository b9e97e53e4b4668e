//! Counts errors about locks: those that calls answer with, and those that are only logged.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::fmt::MakeWriter;

/// How often this process was told that the database is locked or busy. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct LockWatch(Arc<AtomicU64>);

impl LockWatch {
    /// Watches everything that is logged as a warning or worse from now on, and shows it on standard error.
    pub fn install() -> Self {
        let watch = LockWatch::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .with_ansi(false)
            .with_writer(watch.clone())
            .init();
        watch
    }

    /// Looks at an error that a call answered with.
    pub fn look_at(&self, error: &dyn std::error::Error) {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text.push_str(&error.to_string());
            source = error.source();
        }
        self.read(&text);
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn read(&self, text: &str) {
        let text = text.to_lowercase();
        if text.contains("locked") || text.contains("busy") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'a> MakeWriter<'a> for LockWatch {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for LockWatch {
    /// One call is one event of the log, whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.read(&String::from_utf8_lossy(event));
        io::stderr().write_all(event)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::LockWatch;

    #[test]
    fn an_error_about_a_lock_is_counted_and_others_are_not() {
        let watch = LockWatch::default();
        watch.look_at(&std::io::Error::other("failed to push: database is locked"));
        watch.look_at(&std::io::Error::other("failed to push: the disk is full"));
        assert_eq!(watch.count(), 1);
    }
}
