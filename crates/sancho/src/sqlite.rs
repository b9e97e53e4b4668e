//! The embedded store by its own name, for what only it can do.

pub use sancho_sqlite::rusqlite;
pub use sancho_sqlite::{Durability, OpenError, Options, SqliteStore};

use crate::client::{Client, IntoDraft, PushError, PushedJob, one_answer};

/// Pushes a job inside a transaction of the application's own, on the store's file: the job is there exactly if
/// the transaction commits. Idle servers are woken by the commit.
///
/// Begin the transaction as [`Immediate`](rusqlite::TransactionBehavior::Immediate), or SQLite may refuse its first
/// write while another process writes.
///
/// The client's middleware runs; its clock and chance are used. The transaction is not changed in any other way: on
/// an error the application decides whether to go on. What the answer says holds once the transaction is committed.
///
/// # Errors
/// [`PushError`], as of a push; nothing was added then.
pub fn push_in(
    client: &Client,
    transaction: &rusqlite::Transaction<'_>,
    job: impl IntoDraft,
) -> Result<PushedJob, PushError> {
    let now = client.clock().now();
    let draft = client.drafted(job, now)?;
    let job = client.prepare(draft, now)?.ok_or(PushError::Stopped)?;
    let answers = SqliteStore::push_in(transaction, std::slice::from_ref(&job), client.clock().now())?;
    one_answer(job, answers.into_iter().next().expect("a store answers for each job"))
}
