//! Processes of other programs: they take no order to cancel a job.

use sancho_core::{JobRow, ProcessInfo, State, StoreResult, Timestamp};

use crate::site::Site;

/// How the versions of our own programs begin.
const OURS: &str = "sancho ";

/// Whether a process is another program's. It tells so by its version, as [`sancho_core::Inspect::processes`] has it.
pub(crate) fn is_foreign(info: &ProcessInfo) -> bool {
    !info.version.is_empty() && !info.version.starts_with(OURS)
}

/// Whether the job runs in the process of another program.
pub(crate) async fn runs_in_foreign(site: &Site, row: &JobRow, now: Timestamp) -> StoreResult<bool> {
    let Some(process) = row.incarnation.as_ref().filter(|_| row.state == State::Busy) else { return Ok(false) };
    let rows = site.inspect.processes(now).await?;
    Ok(rows.iter().any(|it| it.info.incarnation == *process && is_foreign(&it.info)))
}
