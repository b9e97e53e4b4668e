//! A store in memory, and what is in it.

use std::sync::Arc;

use sancho_core::inspect::{Filter, Set};
use sancho_core::model::ModelStore;
use sancho_core::{Direction, JobRow, limits};

use super::{ManualClock, SeededEntropy};
use crate::{ActError, Client};

/// A client of an empty store in memory, with the system's clock and chance. Its jobs go when its last clone goes.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sancho::{Job, testing};
///
/// #[derive(Job)]
/// struct WelcomeEmail {
///     user_id: u64,
/// }
///
/// let client = testing::memory();
/// client.push(WelcomeEmail { user_id: 7 }).await.unwrap();
/// let pushed = testing::waiting(&client).await.unwrap();
/// assert_eq!(pushed[0].payload.envelope().unwrap().args(), "[7]");
/// # });
/// ```
pub fn memory() -> Client {
    let store = ModelStore::new();
    Client::new(Arc::new(store.clone()), Arc::new(store))
}

/// A client of an empty store in memory, with this clock, and with chance from this seed: each run is the same.
pub fn memory_at(clock: &ManualClock, seed: u64) -> Client {
    let store = ModelStore::new();
    let entropy = Arc::new(SeededEntropy::new(seed));
    Client::with_parts(Arc::new(store.clone()), Arc::new(store), Arc::new(clock.clone()), entropy)
}

/// Every job that waits: queue by queue in the order that they run, then the scheduled ones by time. At most
/// [`limits::JOBS_PER_SCAN_MAX`] of each set.
///
/// # Errors
/// [`ActError::Store`].
pub async fn waiting(client: &Client) -> Result<Vec<JobRow>, ActError> {
    let queues = client.store().queue_names().await?;
    let mut rows = Vec::new();
    for set in queues.into_iter().map(Set::Queue).chain([Set::Scheduled]) {
        let page =
            client.inspect().page(&set, &Filter::all(), Direction::Forward, None, limits::JOBS_PER_SCAN_MAX).await?;
        rows.extend(page.rows);
    }
    Ok(rows)
}

/// Every job that has failed and is not done: those that wait for their next try, by time, then the dead ones. At most
/// [`limits::JOBS_PER_SCAN_MAX`] of each.
///
/// # Errors
/// [`ActError::Store`].
pub async fn failed(client: &Client) -> Result<Vec<JobRow>, ActError> {
    let mut rows = Vec::new();
    for set in [Set::Retries, Set::Dead] {
        let page =
            client.inspect().page(&set, &Filter::all(), Direction::Forward, None, limits::JOBS_PER_SCAN_MAX).await?;
        rows.extend(page.rows);
    }
    Ok(rows)
}
