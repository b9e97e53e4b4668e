//! Through what jobs are pushed, for those who have no client: the pages, and what else stands before a store.

use std::fmt::Debug;
use std::sync::Arc;

use crate::{BoxFuture, Clock, Draft, Inspect, Invalid, Pushed, StoreError};

/// Something that pushes jobs to a store, and by which that store can be looked at: an application's client.
///
/// It is how an application's own way of pushing reaches what must not know that application, such as the JSON API of
/// the pages: with its middleware, its settings of classes and its [`Wire`](crate::Wire).
pub trait Pusher: Send + Sync + Debug + 'static {
    /// What people see of the store that is pushed to.
    fn inspect(&self) -> &Arc<dyn Inspect>;

    /// Where `now` comes from.
    fn clock(&self) -> &Arc<dyn Clock>;

    /// A job that is about to be pushed: a class, the text of a JSON array, an id that no other job has, and what is
    /// configured for the class.
    fn draft(&self, class: &str, args_json: &str) -> Draft;

    /// Pushes drafts, all or none, in [canonical form](Draft::canonicalize), and answers for each in order; `None` for one
    /// that was stopped on its way.
    ///
    /// A push of unknown outcome may be repeated under the same ids: see [`Store::push`](crate::Store::push).
    ///
    /// # Errors
    /// [`PushFailure`]; nothing has been pushed then, unless the store says that the outcome is unknown.
    fn push(&self, drafts: Vec<Draft>) -> BoxFuture<'_, Result<Vec<Option<Pushed>>, PushFailure>>;
}

/// Why a push failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushFailure {
    /// A job breaks a rule: pushing it again is of no use.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store failed; its error's kind says what to do next.
    #[error(transparent)]
    Store(#[from] StoreError),
}
