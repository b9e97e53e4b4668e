//! Panics in the engine: its runtime would swallow them, and a simulation must not.

use std::cell::{Cell, RefCell};
use std::sync::Once;

thread_local! {
    /// Whether this thread runs a simulation now.
    static SIMULATES: Cell<bool> = const { Cell::new(false) };
    /// What the first panic since then said, and where.
    static PANICKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes this thread's panics, and tells the terminal nothing of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Noted(());

impl Noted {
    pub(super) fn begin() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if SIMULATES.get() {
                    PANICKED.with_borrow_mut(|noted| _ = noted.get_or_insert_with(|| info.to_string()));
                } else {
                    previous(info);
                }
            }));
        });
        SIMULATES.set(true);
        PANICKED.set(None);
        Noted(())
    }

    /// What the first panic said, if there was one since the last call.
    pub(super) fn take(&self) -> Option<String> {
        PANICKED.take()
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        SIMULATES.set(false);
    }
}
