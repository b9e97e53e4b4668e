//! Small loops on a thread of their own: whatever jobs do to the program's runtime, they turn.

use std::io;

/// Runs a future on a thread of its own until it resolves.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn run<F: Future<Output = ()> + Send + 'static>(name: &str, future: F) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(future))?;
    Ok(())
}
