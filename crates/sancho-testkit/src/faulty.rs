//! A store whose calls fail when they are told to, before or after they did what was asked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sancho_core::{BoxFuture, ErrorKind, Store, StoreError, StoreResult};

use crate::interposed::{Interpose, Interposed};

/// When a call fails, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it did anything.
    Before(ErrorKind),
    /// After it did all: its caller is told something else.
    After(ErrorKind),
}

/// One call of a store's move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The move, as the trait names it.
    pub op: &'static str,
    /// Which call of the store it is: the first is number one.
    pub number: u64,
}

/// A store that fails the calls that it is told to fail.
pub type FaultyStore = Interposed<Faults>;

/// Which calls fail.
pub struct Faults {
    inner: Arc<dyn Store>,
    of: Box<dyn Fn(Call) -> Option<Fault> + Send + Sync>,
    calls: AtomicU64,
}

impl FaultyStore {
    /// A store that asks `faults` about every call of a move; marks and waits never fail.
    pub fn new(inner: Arc<dyn Store>, faults: impl Fn(Call) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Interposed::of(Faults { inner, of: Box::new(faults), calls: AtomicU64::new(0) })
    }

    /// How many calls of moves there were.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }
}

impl Interpose for Faults {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn around<'a, T: Send + 'a>(
        &'a self,
        op: &'static str,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            match (self.of)(Call { op, number }) {
                None => call.await,
                Some(Fault::Before(kind)) => Err(StoreError::new(op, kind, "told to fail before")),
                Some(Fault::After(kind)) => {
                    call.await?;
                    Err(StoreError::new(op, kind, "told to fail after"))
                }
            }
        })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("inner", &self.inner).field("calls", &self.calls).finish_non_exhaustive()
    }
}
