//! One action on the jobs of a set that a filter means: counted, asked for, and done step by step.

use sancho::Client;
use sancho_core::lifecycle::{Refusal, permits};
use sancho_core::{Action, Jid, Selection, Set, State, limits};
use serde::Serialize;

use super::{participle, verb};
use crate::consent::Consent;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::selection::Many;
use crate::text::{counted, visible};

/// What would be done, for JSON output.
#[derive(Debug, Serialize)]
pub(super) struct Would {
    pub(super) would: &'static str,
    pub(super) jobs: u64,
}

/// What was done, for JSON output.
#[derive(Debug, Default, Serialize)]
struct Sum {
    done: &'static str,
    jobs: u64,
    refused: u64,
}

pub(super) async fn run(
    client: &Client,
    many: &Many,
    action: &Action,
    consent: Consent,
    output: &mut Output,
) -> Result<(), Exit> {
    let state = state_of(&many.set);
    if let Err(refusal) = permits(state, action) {
        let why = match refusal {
            Refusal::Started => "they have started: sancho cancel busy --running asks their processes".to_owned(),
            _ => format!("they are {state}, where this has no meaning"),
        };
        return Err(exit::refused(format!("failed to {} the jobs {many}: {why}", verb(action)), &refusal));
    }
    let count = many.count(client).await?;
    let what = format!("{} {} {many}", verb(action), counted(count, "job", "jobs"));
    if consent.is_dry_run() {
        return output.either(&Would { would: verb(action), jobs: count }, || visible(&format!("would {what}")).into());
    }
    if count > 0 {
        consent.ask(&what)?;
    }
    let mut sum = Sum { done: participle(action), ..Sum::default() };
    let mut first_refused = None;
    if count > 0 {
        apply(client, many, action, &mut sum, &mut first_refused).await?;
    }
    output.either(&sum, || format!("{} {}", sum.done, counted(sum.jobs, "job", "jobs")))?;
    match first_refused {
        None => Ok(()),
        Some((jid, refusal)) => {
            let others = counted(sum.refused, "job was", "jobs were");
            Err(exit::refused(format!("{others} refused, the first being {jid}: {refusal}"), &refusal))
        }
    }
}

/// Applies the action to all of them; `sum` grows with each step.
async fn apply(
    client: &Client,
    many: &Many,
    action: &Action,
    sum: &mut Sum,
    first_refused: &mut Option<(Jid, Refusal)>,
) -> Result<(), Exit> {
    let mut after = None;
    loop {
        let selection = Selection::All { set: many.set.clone(), filter: many.filter.clone(), after };
        let now = client.clock().now();
        let applied = match client.inspect().apply(action, &selection, limits::JOBS_PER_MOVE_MAX, now).await {
            Ok(applied) => applied,
            Err(error) if sum.jobs == 0 => return Err(error.into()),
            Err(error) => {
                exit::note(&format!("{} {} before it failed", sum.done, counted(sum.jobs, "job", "jobs")));
                return Err(error.into());
            }
        };
        sum.jobs += applied.done as u64;
        sum.refused += applied.refused.len() as u64;
        if first_refused.is_none() {
            *first_refused = applied.refused.into_iter().next();
        }
        match applied.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The state that the jobs of a set are in.
fn state_of(set: &Set) -> State {
    match set {
        Set::Busy => State::Busy,
        Set::Scheduled => State::Scheduled,
        Set::Retries => State::Retries,
        Set::Dead => State::Dead,
        Set::Held => State::Held,
        _ => State::Enqueued,
    }
}
