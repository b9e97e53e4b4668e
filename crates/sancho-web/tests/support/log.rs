//! What a test's thread has logged.
//!
//! There is one subscriber for the whole program, and each thread has its own lines. With a subscriber for each test's
//! thread instead, `tracing` may find out about a place in the code while a thread without one passes it, and remember
//! for all threads that nobody wants to hear of it.

use std::cell::RefCell;
use std::io::Write;
use std::sync::OnceLock;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The lines that this thread writes while this lives. A test that runs on one thread has its handlers there too.
pub(crate) struct Log(());

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn start() -> Self {
        static INSTALLED: OnceLock<()> = OnceLock::new();
        INSTALLED.get_or_init(|| {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(|| Writer).finish();
            tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
        });
        LINES.take();
        Log(())
    }

    /// Every line.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(LINES.with_borrow(Clone::clone)).expect("lines are text")
    }

    /// The lines of the audit.
    pub(crate) fn audit(&self) -> Vec<String> {
        self.text().lines().filter(|line| line.contains("sancho::audit")).map(str::to_owned).collect()
    }
}
