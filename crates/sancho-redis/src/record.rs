//! Places and new jobs, as the scripts read them.

use sancho_core::{End, NewJob, OnConflict, Place, State, Timestamp};

use crate::script::Args;
use crate::wire::score;

/// A place: its letter, its queue or reason, and its score.
pub(crate) fn place(place: &Place, now: Timestamp) -> (&'static str, &str, String) {
    match place {
        Place::Gone => ("G", "", String::new()),
        Place::Queue { queue, end: End::Back } => ("B", queue.as_str(), String::new()),
        Place::Queue { queue, end: End::Front } => ("F", queue.as_str(), String::new()),
        Place::Scheduled { at } => ("S", "", score::write(*at)),
        Place::Retries { at } => ("R", "", score::write(*at)),
        Place::Dead => ("D", "", score::write(now)),
        Place::Held { reason } => ("H", reason, score::write(now)),
    }
}

/// Adds a new job to a script's arguments.
pub(crate) fn new_job(args: &mut Args, job: &NewJob, now: Timestamp) {
    let (letter, place_of, score) = place(&job.place, now);
    let conflict = match job.on_conflict {
        OnConflict::Replace => "r",
        OnConflict::Refuse => "f",
        _ => "k",
    };
    args.put(job.jid.as_str())
        .put(job.key.as_ref().map_or("", |key| key.as_str()))
        .put(conflict)
        .put(job.pushed_by.as_ref().map_or("", |jid| jid.as_str()))
        .put(letter)
        .put(place_of)
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
