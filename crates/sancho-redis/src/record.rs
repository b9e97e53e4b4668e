//! Places and new jobs, as the scripts read them.

use std::borrow::Cow;

use sancho_core::{End, NewJob, OnConflict, Place, State, Timestamp};

use crate::script::Args;
use crate::wire::score;

/// A place: its letter, its queue or reason, and its score.
pub(crate) fn place(place: &Place, now: Timestamp) -> (&'static str, Cow<'_, str>, String) {
    let nowhere = Cow::Borrowed("");
    match place {
        Place::Gone => ("G", nowhere, String::new()),
        Place::Queue { queue, end: End::Back } => ("B", queue.as_str().into(), String::new()),
        Place::Queue { queue, end: End::Front } => ("F", queue.as_str().into(), String::new()),
        Place::Scheduled { at } => ("S", nowhere, score::write(*at)),
        Place::Retries { at } => ("R", nowhere, score::write(*at)),
        Place::Dead => ("D", nowhere, score::write(now)),
        Place::Held { reason: why } => ("H", reason(why), score::write(now)),
    }
}

/// A reason on one line: it stands before the job's bytes and ends with the line.
pub(crate) fn reason(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { text.replace('\n', " ").into() } else { text.into() }
}

/// Adds a new job to a script's arguments, as `push_one` reads it.
pub(crate) fn new_job(args: &mut Args, job: &NewJob, now: Timestamp) {
    let (letter, place_of, score) = place(&job.place, now);
    let conflict = match job.on_conflict {
        OnConflict::Keep => "k",
        OnConflict::Replace => "r",
        OnConflict::Refuse => "f",
    };
    args.put(job.jid.as_str())
        .put(job.key.as_ref().map_or("", |key| key.as_str()))
        .put(conflict)
        .put(job.pushed_by.as_ref().map_or("", |jid| jid.as_str()))
        .put(letter)
        .put(place_of.as_bytes())
        .put(score)
        .put(job.payload.as_bytes());
}

/// The state of a letter.
pub(crate) fn state(letter: &str) -> State {
    match letter {
        "B" => State::Busy,
        "S" => State::Scheduled,
        "R" => State::Retries,
        "D" => State::Dead,
        "H" => State::Held,
        _ => State::Enqueued,
    }
}
