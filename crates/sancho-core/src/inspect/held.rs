//! What is held for a class that was paused.

use super::{Action, Filter, Inspect, Selection, Set};
use crate::{Clock, ErrorKind, StoreError, StoreResult, filter, limits};

/// Runs the held jobs of a class, which is no longer paused, and answers how many: step by step, until none is left.
///
/// Jobs that are held for another reason run too. What was run stays so where the store fails half-way.
///
/// # Errors
/// As [`Inspect::apply`]; [`ErrorKind::Invalid`] for an empty name.
pub async fn run_held(inspect: &dyn Inspect, clock: &dyn Clock, class: &str) -> StoreResult<u64> {
    let filter = Filter::parse(&filter::term("class", class), clock.now())
        .map_err(|slip| StoreError::new("apply", ErrorKind::Invalid, slip))?;
    let (mut done, mut after) = (0, None);
    loop {
        let selection = Selection::All { set: Set::Held, filter: filter.clone(), after };
        let applied = inspect.apply(&Action::RunNow, &selection, limits::JOBS_PER_MOVE_MAX, clock.now()).await?;
        done += applied.done as u64;
        match applied.next {
            Some(next) => after = Some(next),
            None => return Ok(done),
        }
    }
}
